// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package leaks_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// lifecycleModule has a secret of each kind of value for each way in which a value's
// change is noticed.
const lifecycleModule = required + `
variable "values" {
  type      = map(string)
  ephemeral = true
}

variable "kinds" { type = set(string) }
variable "generation" { type = string }
variable "protected" { default = false }

resource "roboto_secret" "compared" {
  for_each = var.kinds
  name     = "compared-${each.key}"
  value_wo = var.values["compared-${each.key}"]
}

resource "roboto_secret" "versioned" {
  for_each            = var.kinds
  name                = "versioned-${each.key}"
  value_wo            = var.values["versioned-${each.key}"]
  value_wo_version    = var.generation
  detect_value_drift  = true
  deletion_protection = var.protected
}

resource "roboto_secret" "renamed" {
  name = "renamed-${var.generation}"
}
`

// lifecycleReaders adopt, read and hand on what exists.
const lifecycleReaders = `
import {
  for_each = var.kinds
  to       = roboto_secret.imported[each.key]
  id       = "imported-${each.key}"
}

resource "roboto_secret" "imported" {
  for_each = var.kinds
  name     = "imported-${each.key}"
  value_wo = var.values["compared-${each.key}"]
}

data "roboto_secret" "one" {
  for_each        = var.kinds
  name            = "versioned-${each.key}"
  read_version_id = true
}

# The value before the last rotation is read, and written back.
data "roboto_secret" "before" {
  for_each        = var.kinds
  name            = "versioned-${each.key}"
  read_version_id = true
  version_stage   = "AWSPREVIOUS"
}

ephemeral "roboto_secret" "before" {
  for_each   = var.kinds
  name       = "versioned-${each.key}"
  version_id = data.roboto_secret.before[each.key].version_id
}

resource "roboto_secret" "undone" {
  for_each = var.kinds
  name     = "undone-${each.key}"
  value_wo = ephemeral.roboto_secret.before[each.key].value
}

data "roboto_secrets" "all" {}

data "roboto_organizations" "mine" {}

ephemeral "roboto_secret" "source" {
  for_each = var.kinds
  name     = "elsewhere-${each.key}"
}

resource "roboto_secret" "copy" {
  for_each = var.kinds
  name     = "copy-${each.key}"
  value_wo = ephemeral.roboto_secret.source[each.key].value
}

output "secrets" {
  value = [data.roboto_secret.one, data.roboto_secret.before, data.roboto_secrets.all, data.roboto_organizations.mine]
}

output "copies" {
  value     = roboto_secret.copy
  sensitive = true
}
`

const lifecycleRemoved = `
ephemeral "roboto_secret" "removed" {
  name       = "versioned-quotes"
  version_id = %q
}

resource "roboto_secret" "removed" {
  name     = "removed"
  value_wo = ephemeral.roboto_secret.removed.value
}
`

// lifecycle goes from the first plan to destroy, with services that behave.
func lifecycle(s *scene) {
	all := slices.Sorted(maps.Keys(kinds))
	values := map[string]string{}
	generate := func(what string) {
		for _, kind := range all {
			for _, name := range []string{"compared-", "versioned-"} {
				values[name+kind] = s.canary(kind, name+what)
			}
		}
		s.variable("values", values)
		s.variable("generation", what)
	}
	elsewhere := func(name, kind string) {
		s.roboto.SetValue(robototest.DefaultOrg, name+kind, s.canary(kind, name+" by somebody"))
	}
	s.module("main.tf", lifecycleModule)
	s.variable("kinds", all)
	s.run(0, "init")

	for _, generation := range []string{"created", "updated"} {
		generate(generation)
		s.saved(generation)
		for _, kind := range all {
			elsewhere("compared-", kind)
			elsewhere("versioned-", kind)
		}
		s.roboto.SetValue(robototest.DefaultOrg, "renamed-"+generation, s.canary(longKind, "that a renaming loses"))
	}
	s.saved("drift")

	for _, kind := range all {
		for _, name := range []string{"imported-", "elsewhere-"} {
			s.roboto.AddSecret(robototest.DefaultOrg, name+kind)
			elsewhere(name, kind)
		}
	}
	decomposed := norm.NFD.String(s.canary("non-ascii", "that Terraform changes"))
	s.hide(secretValue, "value before Terraform changes it", decomposed)
	s.roboto.SetValue(robototest.DefaultOrg, "elsewhere-non-ascii", decomposed)
	s.module("readers.tf", lifecycleReaders)
	s.variable("protected", true)
	if !strings.Contains(s.run(0, "apply", "-auto-approve"), `Value of Roboto Secret "elsewhere-non-ascii" Is Changed by Terraform`) {
		s.t.Error("nothing warns of the value that Terraform changes")
	}
	s.run(0, "show", "-json")
	s.run(0, "output", "-json")
	if !strings.Contains(s.run(1, "destroy", "-auto-approve"), "Roboto Secret Is Protected") {
		s.t.Error("the destruction of protected secrets failed for another reason")
	}

	// The error about a version that AWS has removed names other versions.
	removed := s.roboto.Versions(robototest.DefaultOrg, "versioned-quotes")[0].ID
	s.roboto.RemoveOldVersions(robototest.DefaultOrg, "versioned-quotes")
	s.module("removed.tf", fmt.Sprintf(lifecycleRemoved, removed))
	s.run(1, "plan")
	s.module("removed.tf", "")

	// What is refused is not repeated either.
	values["compared-"+longKind] += strings.Repeat("x", 6_000)
	s.variable("values", values)
	s.run(1, "plan")

	s.variable("protected", false)
	generate("unprotected")
	s.run(0, "apply", "-auto-approve")
	generate("destroyed")
	s.run(0, "destroy", "-auto-approve")
	if left := s.roboto.Records(robototest.DefaultOrg); len(left) > len(all) {
		s.t.Errorf("%d secrets are left, want those that Terraform only read", len(left))
	}
}

// saved makes a plan that has something to do, saves, shows and applies it.
func (s *scene) saved(name string) {
	s.t.Helper()
	file := name + ".tfplan"
	s.run(2, "plan", "-detailed-exitcode", "-out="+file)
	s.run(0, "show", "-json", file)
	s.run(0, "apply", file)
}
