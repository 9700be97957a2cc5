// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package leaks_test

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/creack/pty"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terminal"
)

// variable is how the documentation says to declare the variable of a value.
const variable = `
variable "value" {
  type      = string
  ephemeral = true
  sensitive = true
}
`

const promptModule = required + variable + `
resource "roboto_secret" "typed" {
  name     = "typed"
  value_wo = var.value
}
`

// prompts has a practitioner who types the value when Terraform asks for it.
func prompts(s *scene) {
	s.module("main.tf", promptModule)
	s.run(0, "init")
	value := s.canary("quotes", "typed at the prompt")
	s.typed("apply", value, "yes")
	s.wasWritten(1)
	if stored, _, _ := s.roboto.Value(robototest.DefaultOrg, "typed"); stored != value {
		s.t.Error("what was typed is not what was stored")
	}
	// A destroy asks too.
	s.typed("destroy", s.canary("regexp-like", "typed at the prompt of a destroy"), "yes")
}

// typed runs Terraform in a terminal, where it asks for a value first, and then for
// something that everybody may see. It keeps what was on the screen.
func (s *scene) typed(command, value, answer string) {
	s.t.Helper()
	record := s.next(command)
	s.runs++
	cmd := s.Command(s.t.Context(), []string{"TF_INPUT=1", "TF_LOG_PATH=" + record + ".trace.log"}, command)
	session, err := terminal.Start(cmd)
	if errors.Is(err, pty.ErrUnsupported) {
		s.t.Skipf("skipped: there are no pseudo-terminals here: %v", err)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	const prompt = "Enter a value: "
	for _, step := range []func() error{
		func() error { return session.Expect("var.value") },
		func() error { return session.Expect(prompt) },
		session.ExpectSilence,
		func() error { return session.Type(value) },
		func() error { return session.Expect(prompt) },
		func() error { return session.Type(answer) },
	} {
		if err := step(); err != nil {
			s.keep(record+".screen", session.Screen())
			s.t.Fatalf("terraform %s: %v", command, err)
		}
	}
	code, screen, err := session.Wait()
	s.keep(record+".screen", screen)
	s.snapshot(record)
	if code != 0 || err != nil {
		s.t.Fatalf("terraform %s ended with exit code %d (%v); go test -artifacts keeps %s.screen", command, code, err, record)
	}
}

// quoted are functions of Terraform that quote their argument in an error, unless it is sensitive.
var quoted = []string{
	`file(var.value)`,
	`filebase64(var.value)`,
	`templatefile(var.value, {})`,
	`base64decode(var.value)`,
	`tonumber(var.value)`,
	`tobool(var.value)`,
}

// alwaysQuoted quote even a sensitive one.
var alwaysQuoted = []string{
	`parseint(var.value, 10)`,
	`regex(var.value, "text")`,
	`lookup({ a = "b" }, var.value)`,
}

// functions has a practitioner who puts the value through functions of Terraform that it
// is not fit for.
func functions(s *scene) {
	s.module("main.tf", required+variable)
	s.run(0, "init")
	s.variable("value", s.canary("regexp-like", "that functions refuse"))
	s.refused(quoted)
	s.refused(alwaysQuoted)
}

// refused plans with functions that all have to fail.
func (s *scene) refused(functions []string) {
	s.t.Helper()
	record := s.next("plan")
	var module strings.Builder
	module.WriteString(required + variable)
	for i, function := range functions {
		fmt.Fprintf(&module, "\nresource \"roboto_secret\" \"refused_%d\" {\n  name     = \"refused\"\n  value_wo = %s\n}\n", i, function)
	}
	s.module("main.tf", module.String())
	s.run(1, "plan")
	stderr, err := os.ReadFile(record + ".stderr")
	if err != nil {
		s.t.Fatal(err)
	}
	for _, function := range functions {
		if !strings.Contains(string(stderr), function) {
			s.t.Errorf("terraform plan printed no error of %s", function)
		}
	}
}
