// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package leaks_test

import (
	"strings"
	"syscall"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

const undoModule = required + variable + `
variable "generation" {
  type = string
}

variable "good" {
  type    = string
  default = null
}

resource "roboto_secret" "db" {
  name             = "db"
  value_wo         = var.good == null ? var.value : ephemeral.roboto_secret.good[0].value
  value_wo_version = var.generation
}

ephemeral "roboto_secret" "good" {
  count      = var.good == null ? 0 : 1
  name       = "db"
  version_id = var.good
}

data "roboto_secret" "before" {
  count           = var.generation == "created" ? 0 : 1
  name            = "db"
  read_version_id = true
  version_stage   = "AWSPREVIOUS"
}

output "before" {
  value = data.roboto_secret.before
}
`

// undo writes the value before a rotation back, once more after it was killed.
func undo(s *scene) {
	s.module("main.tf", undoModule)
	s.run(0, "init")
	good := s.canary("template-like", "that the rotation replaces")
	s.variable("generation", "created")
	s.variable("value", good)
	s.saved("created")
	s.wasWritten(1)
	_, versionID, _ := s.roboto.Value(robototest.DefaultOrg, "db")

	s.variable("value", s.canary("quotes", "that is bad"))
	s.variable("generation", "rotated")
	s.run(0, "apply", "-auto-approve", "-target=roboto_secret.db")
	s.wasWritten(1)
	if shown := s.run(0, "plan"); !strings.Contains(shown, versionID) {
		s.t.Error("the plan does not show the version before")
	}

	s.variable("good", versionID)
	s.variable("generation", "undone")
	s.run(2, "plan", "-detailed-exitcode", "-out=undone.tfplan")
	s.run(0, "show", "-json", "undone.tfplan")
	s.crashing(syscall.SIGKILL, "signal: killed")
	s.run(0, "apply", "-auto-approve")
	if value, _, _ := s.roboto.Value(robototest.DefaultOrg, "db"); value != good {
		s.t.Error("the undo did not write the good value")
	}
	if n := len(s.roboto.Versions(robototest.DefaultOrg, "db")); n != 4 {
		s.t.Errorf("%d versions, want 4", n)
	}
	s.run(0, "apply", "-auto-approve") // the outputs change
	s.run(0, "plan", "-detailed-exitcode")
	s.run(0, "output", "-json")

	// The error about a version that AWS has removed names other versions.
	s.roboto.RemoveOldVersions(robototest.DefaultOrg, "db")
	s.run(1, "plan")
}
