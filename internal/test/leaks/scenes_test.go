// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package leaks_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terraformcli"
)

// variable is how the documentation says to declare the variable of a value.
const variable = `
variable "value" {
  type      = string
  ephemeral = true
  sensitive = true
}
`

const oneSecret = variable + `
resource "roboto_secret" "db" {
  name     = "db"
  value_wo = var.value
}
`

// literals has a practitioner who writes an API key and a value down. Terraform copies both, the provider must not.
func literals(s *scene) {
	key, value := strconv.Quote(s.roboto.APIKey()), strconv.Quote(s.canary("quotes", "in the configuration"))
	module := func(key, value string) string {
		return fmt.Sprintf(`
provider "roboto" {
  api_key  = %s
  endpoint = %q
}

resource "roboto_secret" "literal" {
  name             = "literal"
  value_wo         = %s
  value_wo_version = "1"
}
`, key, s.roboto.Endpoint(), value)
	}
	s.start(module(key, value))
	s.saved("literals")
	s.run(0, "show", "-json")

	// A value of a wrong type makes Terraform print its line.
	s.module("main.tf", module("["+key+"]", "["+value+"]"))
	s.run(1, "validate")
}

// functions has a practitioner who puts the value through functions of Terraform that it is not fit for.
// The first ones quote their argument in an error unless it is sensitive, the others always.
func functions(s *scene) {
	s.start(variable)
	s.variable("value", s.canary("regexp-like", "that functions refuse"))
	for _, calls := range [][]string{
		{
			"file(var.value)", "filebase64(var.value)", "templatefile(var.value, {})",
			"base64decode(var.value)", "tonumber(var.value)", "tobool(var.value)",
		},
		{"parseint(var.value, 10)", `regex(var.value, "text")`, `lookup({ a = "b" }, var.value)`},
	} {
		module := variable
		for i, call := range calls {
			module += fmt.Sprintf("resource roboto_secret refused_%d {\n  name     = \"refused\"\n  value_wo = %s\n}\n", i, call)
		}
		s.module("main.tf", module)
		printed := s.run(1, "plan")
		for _, call := range calls {
			if !strings.Contains(printed, call) {
				s.t.Errorf("terraform plan printed no error of %s", call)
			}
		}
	}
}

const actionModule = variable + `
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
	release, err := terraformcli.Identify(s.t.Context(), s.terraform)
	must(s.t, err)
	if !release.HasActions() {
		s.t.Skip("Terraform has actions as of 1.14; TestDisguises searched at the level of the protocol only")
	}
	s.start(actionModule)
	good := s.canary("quotes", "that the action expects")
	s.roboto.AddAction(robototest.Action{
		Name: "check", Parameters: []robototest.Parameter{{Name: "key", Required: true}}, Expect: map[string]string{"key": good},
	})
	for i, value := range []string{good, s.canary("quotes", "that it refuses"), good} {
		s.variable("value", value)
		s.variable("generation", strconv.Itoa(i))
		s.run(i%2, "apply", "-auto-approve")
	}
	s.run(0, "apply", "-auto-approve", "-invoke=action.roboto_action_invoke.check")
	if n := len(s.roboto.Invocations()); n != 4 {
		s.t.Errorf("%d invocations, want 4", n)
	}
}

// hostile has services that repeat all that they know. TestDisguises has more of them for the
// provider alone; this is about what Terraform, go-plugin and the provider's own process log of it.
func hostile(s *scene) {
	s.start(oneSecret + `
provider "roboto" { max_attempts = 2 }

data "roboto_secrets" "all" {}
`)
	s.variable("value", s.canary("quotes", "of a secret"))
	s.run(0, "apply", "-auto-approve")

	value := s.canary("template-like", "that services repeat")
	s.variable("value", value)
	words := func() string { return fmt.Sprint(s.roboto.APIKey(), s.roboto.IssuedCredentials()) }
	for _, attack := range []struct {
		exitCode int
		fault    robototest.Fault
	}{
		{1, robototest.Fault{Echo: true}},
		{1, robototest.Fault{Operation: robototest.PutValue, Echo: true}},
		{1, robototest.Fault{Operation: robototest.PutValue, Echo: true, Status: 500}},
		// It is written all the same, which the provider finds out.
		{0, robototest.Fault{Operation: robototest.PutValue, Wire: func([]byte) []byte { return []byte("HTTP/1.1 " + value + "\r\n\r\n") }}},
		{1, robototest.Fault{Operation: robototest.ListSecrets, Wire: func([]byte) []byte { return []byte(words() + " 200 OK\r\n\r\n") }}},
		{0, robototest.Fault{Wire: func(answer []byte) []byte { return append(answer, words()...) }}},
	} {
		s.roboto.Inject(attack.fault)
		s.run(attack.exitCode, "apply", "-auto-approve")
		s.roboto.ClearFaults()
	}
}

// crash ends the provider while it waits for the answer to a write: once so that Go
// prints all stacks, once without a chance to print anything.
func crash(s *scene) {
	s.start(oneSecret)
	s.variable("value", s.canary("quotes", "whose create crashes"))
	s.crashing(syscall.SIGQUIT, "SIGQUIT: quit")
	s.roboto.DeleteSecret(robototest.DefaultOrg, "db")

	s.variable("value", s.canary(longKind, "of a create"))
	s.run(0, "apply", "-auto-approve")
	s.variable("value", s.canary("newlines", "whose update crashes"))
	s.crashing(syscall.SIGKILL, "signal: killed")
	s.run(0, "apply", "-auto-approve")
}

// crashing applies, and sends the provider a signal while AWS holds its answer back. The log has to show the sign.
func (s *scene) crashing(signal syscall.Signal, sign string) {
	s.t.Helper()
	arrived := make(chan struct{})
	arrive := sync.OnceFunc(func() { close(arrived) })
	s.roboto.Inject(robototest.Fault{Operation: robototest.PutValue, After: true, Delay: time.Hour, Times: 1, Match: func(robototest.Request) bool {
		arrive()
		return true
	}})
	log := filepath.Join(s.records, fmt.Sprintf("%02d-apply.trace.log", s.runs+1))
	var crash sync.WaitGroup
	crash.Go(func() {
		<-arrived
		content, _ := os.ReadFile(log)
		all := regexp.MustCompile(`plugin started: path=\S+ pid=(\d+)`).FindAllSubmatch(content, -1)
		pid, _ := strconv.Atoi(string(all[len(all)-1][1])) // these are digits
		if provider, err := os.FindProcess(pid); err != nil || provider.Signal(signal) != nil {
			s.t.Errorf("the provider, process %d, cannot be sent the signal", pid)
		}
	})
	s.run(1, "apply", "-auto-approve")
	crash.Wait()
	s.roboto.ClearFaults()
	if content, _ := os.ReadFile(log); !bytes.Contains(content, []byte(sign)) {
		s.t.Errorf("%q is not in the log: the provider did not crash", sign)
	}
}

// planted has a practitioner who makes Terraform and the provider leak.
func planted(s *scene) {
	s.roboto.AllowViolations()
	s.start(`
variable "leaked" { type = string }

resource "roboto_secret" "leaked" { name = var.leaked }

output "leaked" { value = base64encode(var.leaked) }
`)
	s.variable("leaked", s.canary("quotes", "that leaks"))
	s.saved("planted")
	s.module("refused.tf", `data "roboto_secret" "leaked" { name = "${var.leaked}, which is not there" }`)
	s.run(1, "plan")
}

// lifecycleModule has a secret of each kind of value for each way in which a value's change is noticed.
const lifecycleModule = `
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
	s.variable("kinds", all)
	s.start(lifecycleModule)

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
	s.module("removed.tf", fmt.Sprintf("ephemeral roboto_secret removed {\n  name       = \"versioned-quotes\"\n  version_id = %q\n}\n", removed))
	if !strings.Contains(s.run(1, "plan"), removed) {
		s.t.Error("the plan failed for another reason")
	}
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
