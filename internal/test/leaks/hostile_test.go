// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package leaks_test

import (
	"strings"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

const hostileModule = required + variable + `
provider "roboto" {
  max_attempts = 2
}

resource "roboto_secret" "db" {
  name     = "db"
  value_wo = var.value
}

data "roboto_secrets" "all" {}
`

// hostile has services that repeat all that they know. TestGarbledAnswers has more of them for the
// provider alone; this is about what Terraform, go-plugin and the provider's own process log of it.
func hostile(s *scene) {
	s.module("main.tf", hostileModule)
	s.run(0, "init")
	s.variable("value", s.canary("quotes", "of a secret"))
	s.run(0, "apply", "-auto-approve")

	value := s.canary("template-like", "that services repeat")
	s.variable("value", value)
	words := func() string {
		all := []string{s.roboto.APIKey()}
		for _, c := range s.roboto.IssuedCredentials() {
			all = append(all, c.SessionToken, c.SecretAccessKey, c.AccessKeyID)
		}
		return strings.Join(all, " ")
	}
	instead := func([]byte) []byte { return []byte(words() + " 200 OK\r\n\r\n") }
	after := func(answer []byte) []byte { return append(answer, words()...) }
	for _, attack := range []struct {
		exitCode int
		fault    robototest.Fault
	}{
		{1, robototest.Fault{Echo: true}},
		{1, robototest.Fault{Operation: robototest.PutValue, Echo: true}},
		{1, robototest.Fault{Operation: robototest.PutValue, Echo: true, Status: 500}},
		// It is written all the same, which the provider finds out.
		{0, robototest.Fault{Operation: robototest.PutValue, Wire: func([]byte) []byte { return []byte("HTTP/1.1 " + value + "\r\n\r\n") }}},
		{1, robototest.Fault{Operation: robototest.ListSecrets, Wire: instead}},
		{0, robototest.Fault{Wire: after}},
	} {
		s.roboto.Inject(attack.fault)
		s.run(attack.exitCode, "apply", "-auto-approve")
		s.roboto.ClearFaults()
	}
}
