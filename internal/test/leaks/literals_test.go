// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package leaks_test

import "strconv"

// literals has a practitioner who writes an API key and a value into the
// configuration. Terraform copies both, the provider must not.
func literals(s *scene) {
	key, value := strconv.Quote(s.roboto.APIKey()), strconv.Quote(s.canary("quotes", "in the configuration"))
	s.module("main.tf", s.literals(key, value))
	s.run(0, "init")
	s.saved("literals")
	s.wasWritten(1)
	s.run(0, "show", "-json")

	// A value of a wrong type makes Terraform print its line.
	s.module("main.tf", s.literals("["+key+"]", "["+value+"]"))
	s.run(1, "validate")
}

func (s *scene) literals(key, value string) string {
	return required + `
provider "roboto" {
  api_key  = ` + key + `
  endpoint = ` + strconv.Quote(s.roboto.Endpoint()) + `
}

resource "roboto_secret" "literal" {
  name             = "literal"
  value_wo         = ` + value + `
  value_wo_version = "1"
}
`
}
