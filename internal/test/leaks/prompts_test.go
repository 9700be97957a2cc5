// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package leaks_test

import (
	"errors"
	"fmt"
	"strings"

	"github.com/creack/pty"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terminal"
)

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
	session, err := terminal.Start(s.Command(s.t.Context(), []string{"TF_INPUT=1", "TF_LOG_PATH=" + record + ".trace.log"}, command))
	if errors.Is(err, pty.ErrUnsupported) {
		s.t.Skipf("skipped: there are no pseudo-terminals here: %v", err)
	}
	must(s.t, err)
	defer func() { s.keep(record+".screen", session.Screen()) }()
	const prompt = "Enter a value: "
	must(s.t, session.Expect("var.value"))
	must(s.t, session.Expect(prompt))
	must(s.t, session.ExpectSilence())
	must(s.t, session.Type(value))
	must(s.t, session.Expect(prompt))
	must(s.t, session.Type(answer))
	code, _, err := session.Wait()
	must(s.t, err)
	s.ran(record, code, 0)
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
	module := required + variable
	for i, function := range functions {
		module += fmt.Sprintf("\nresource \"roboto_secret\" \"refused_%d\" {\n  name     = \"refused\"\n  value_wo = %s\n}\n", i, function)
	}
	s.module("main.tf", module)
	printed := s.run(1, "plan")
	for _, function := range functions {
		if !strings.Contains(printed, function) {
			s.t.Errorf("terraform plan printed no error of %s", function)
		}
	}
}
