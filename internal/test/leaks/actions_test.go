// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package leaks_test

import (
	"strconv"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

const actionModule = required + variable + `
variable "generation" { type = string }

resource "roboto_secret" "db" {
  name             = "db"
  value_wo         = var.value
  value_wo_version = var.generation
  lifecycle {
    action_trigger {
      events  = [after_create, after_update]
      actions = [action.roboto_action_invoke.check]
    }
  }
}

action "roboto_action_invoke" "check" {
  config {
    name             = "check"
    parameter_values = { key = "roboto-secret://db" }
  }
}
`

// actions rotates to a value that the action refuses, and back.
func actions(s *scene) {
	if !s.release.HasActions() {
		s.t.Skip("Terraform has actions as of 1.14; TestGarbledAnswers searched at the level of the protocol only")
	}
	s.module("main.tf", actionModule)
	s.run(0, "init")
	good := s.canary("quotes", "that the action expects")
	s.roboto.AddAction(robototest.Action{Name: "check", Parameters: []robototest.Parameter{{Name: "key", Required: true}}, Expect: map[string]string{"key": good}})
	for i, rotation := range []struct {
		value string
		code  int
	}{{good, 0}, {s.canary("quotes", "that it refuses"), 1}, {good, 0}} {
		s.variable("value", rotation.value)
		s.variable("generation", strconv.Itoa(i))
		s.run(rotation.code, "apply", "-auto-approve")
	}
	s.run(0, "apply", "-auto-approve", "-invoke=action.roboto_action_invoke.check")
	if n := len(s.roboto.Invocations()); n != 4 {
		s.t.Errorf("%d invocations, want 4", n)
	}
}
