// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package leaks_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/leaks"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// actionAnswers are the answers, and one that only an invocation has room for.
var actionAnswers = append(slices.Clone(answers), answer{"detail", body(func(body []byte, words string) []byte {
	quoted, _ := json.Marshal(words)
	return bytes.ReplaceAll(body, []byte(`"detail":"None"`), append([]byte(`"detail":`), quoted...))
})})

// At the level of the protocol, because Terraform has actions as of 1.14.
func TestNothingLeaksFromActions(t *testing.T) {
	for _, operation := range []robototest.Operation{
		robototest.GetAction, robototest.GetSecret, robototest.InvokeAction, robototest.GetInvocation, robototest.CancelInvocation,
	} {
		for _, answer := range actionAnswers {
			if answer.name == "detail" && operation != robototest.GetInvocation && operation != robototest.InvokeAction {
				continue
			}
			t.Run(string(operation)+"/"+answer.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { attackAction(t, operation, answer) })
			})
		}
	}
}

// attackAction invokes an action while Roboto repeats all that it knows, and searches what
// a practitioner sees and what Roboto gets.
func attackAction(t *testing.T, operation robototest.Operation, answer answer) {
	server := robototest.Start(t, robototest.Options{InMemory: true})
	s := &scene{t: t, name: "actions", roboto: server}
	value := s.canary("template-like", "of the action")
	server.AddAction(robototest.Action{Name: "check", Parameters: []robototest.Parameter{{Name: "key"}}, Hang: true})
	c := protocol.NewCore(t, server)
	c.Must(c.Apply(protocol.Fields{"name": "db", "value_wo": value, "value_wo_version": "1"}))

	fault := answer.fault(false, func() string { return s.words(&attack{}) })
	fault.Operation = operation
	server.Inject(fault)
	progress, err := c.RunAction(protocol.Fields{"name": "check", "parameter_values": map[string]any{"key": "roboto-secret://db"}, "wait_timeout": "1m"})
	if server.Faulted() == 0 && fault.Wire == nil {
		t.Error("the attack never happened")
	}
	if err == nil {
		t.Error("the action hangs, and there was no error")
	}
	artifacts := append(s.requests(), leaks.Bytes("progress", []byte(strings.Join(progress, "\n"))), leaks.Bytes("errors", fmt.Append(nil, err, c.Warning)))
	for i := range artifacts {
		artifacts[i].Name = s.name + "/" + artifacts[i].Name
	}
	v, err := (&scan{artifacts: artifacts, needles: s.needles()}).search()
	if err != nil {
		t.Fatal(err)
	}
	v.judge(t)
}

const actionModule = required + `
variable "value" {
  type      = string
  ephemeral = true
}

variable "generation" {
  type = string
}

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
		s.t.Skip("Terraform has actions as of 1.14; TestNothingLeaksFromActions searched at the level of the protocol only")
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
