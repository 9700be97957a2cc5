// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// What the other tests of this package prove at protocol level for every call,
// these prove with a real Terraform for a few.

var (
	planNow    = []string{"plan"}
	applyNow   = []string{"apply", "-auto-approve"}
	destroyNow = []string{"destroy", "-auto-approve"}
)

const oneSecret = `
resource "roboto_secret" "test" {
  name             = "db"
  value_wo         = "the value of db"
  value_wo_version = "1"
}
`

// A Ctrl-C ends the run although an answer is still missing; what was done before
// it is in the state.
func TestTerraformInterrupted(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot be sent an interrupt on Windows; TestCancel covers the provider's part")
	}
	const config = `
resource "roboto_secret" "first" {
  name             = "first"
  value_wo         = "the value of first"
  value_wo_version = "1"
}

resource "roboto_secret" "second" {
  name             = "second"
  value_wo         = "the value of second"
  value_wo_version = "1"
  depends_on       = [roboto_secret.first]
}
`
	// Terraform 1.11.4 passes an interrupt on to the provider while it plans in terraform plan,
	// but not while it plans in terraform apply.
	plan := []string{"plan"}
	both := []string{"first", "second"}
	tests := []struct {
		name  string
		fault robototest.Fault
		// existing secrets were applied before.
		existing bool
		act      []string
		// state and records are what is there after the interrupt.
		state, records []string
	}{
		{name: "organization look-up", fault: robototest.Fault{Operation: robototest.ListOrgs}, act: plan},
		{name: "create, not done", fault: robototest.Fault{Operation: robototest.CreateSecret, Skip: 1}, act: applyNow, state: both[:1], records: both[:1]},
		{name: "create, done", fault: robototest.Fault{Operation: robototest.CreateSecret, Skip: 1, After: true}, act: applyNow, state: both[:1], records: both[:1]},
		{name: "credentials", fault: robototest.Fault{Operation: robototest.GetCredentials, Skip: 1}, act: applyNow, state: both[:1], records: both[:1]},
		{name: "put, not done", fault: robototest.Fault{Operation: robototest.PutValue, Skip: 1}, act: applyNow, state: both[:1], records: both[:1]},
		{name: "put, done", fault: robototest.Fault{Operation: robototest.PutValue, Skip: 1, After: true}, act: applyNow, state: both, records: both},
		{name: "get during refresh", fault: robototest.Fault{Operation: robototest.GetSecret, Skip: 1}, existing: true, act: plan, state: both, records: both},
		{name: "delete, not done", fault: robototest.Fault{Operation: robototest.DeleteSecret, Skip: 1}, existing: true, act: destroyNow, state: both[:1], records: both[:1]},
		// That it is gone turns out in the next refresh.
		{name: "delete, done", fault: robototest.Fault{Operation: robototest.DeleteSecret, Skip: 1, After: true}, existing: true, act: destroyNow, state: both[:1]},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := robototest.Start(t, robototest.Options{})
			tf := newTerraform(t, server, config)
			if test.existing {
				tf.succeeds(applyNow...)
			}
			tf.failsHeld(tf.hold(test.fault), func(interrupt func()) { interrupt() }, test.act)
			tf.holds(test.state...)
			if got := recordNames(server); !slices.Equal(got, test.records) {
				t.Errorf("the service holds %q, want %q", got, test.records)
			}
			server.ClearFaults()
			tf.succeeds(applyNow...)
			tf.endsRight(map[string]string{"first": "the value of first", "second": "the value of second"})
		})
	}
}

// A provider that dies between the record and the value leaves a record that no
// state knows. The error of the next apply holds the block that adopts it.
func TestTerraformProviderKilled(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the provider's process is found in /proc, which is Linux's")
	}
	configs := map[string]string{
		"with a version":    oneSecret,
		"without a version": strings.Replace(oneSecret, `value_wo_version = "1"`, "", 1),
	}
	faults := map[string]robototest.Fault{
		"after the record":              {Operation: robototest.CreateSecret, After: true},
		"while the value is on its way": {Operation: robototest.PutValue},
	}
	for configName, config := range configs {
		for faultName, fault := range faults {
			t.Run(configName+"/"+faultName, func(t *testing.T) {
				t.Parallel()
				server := robototest.Start(t, robototest.Options{})
				tf := newTerraform(t, server, config)
				tf.failsHeld(tf.hold(fault), func(func()) { killProvider(t, tf.Dir) }, applyNow)
				if got := recordNames(server); !slices.Equal(got, []string{"db"}) {
					t.Fatalf("the service holds %q, want the record alone", got)
				}
				server.ClearFaults()

				tf.importsAsAdvised("exists already in the organization")
				tf.endsRight(map[string]string{"test": "the value of db"})
			})
		}
	}
}

// importsAsAdvised applies, which has to fail with an import block beside the words, and once
// more with that block in the configuration.
func (tf *terraform) importsAsAdvised(words ...string) {
	tf.t.Helper()
	tf.pastes(tf.fails(tf.t.Context(), applyNow, words...))
	tf.succeeds(applyNow...)
}

// killProvider ends the provider that Terraform started in a module, as kill -9 does.
func killProvider(t *testing.T, module string) {
	processes, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Error(err)
	}
	killed := 0
	for _, process := range processes {
		// Either link is missing of a process that has just ended.
		executable, _ := os.Readlink(filepath.Join(process, "exe"))
		directory, _ := os.Readlink(filepath.Join(process, "cwd"))
		if directory != module || !strings.HasPrefix(filepath.Base(executable), "terraform-provider-roboto") {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(process))
		if err != nil {
			t.Error(err)
			continue
		}
		child, err := os.FindProcess(pid)
		if err == nil {
			err = child.Kill()
		}
		if err != nil {
			t.Error(err)
		}
		killed++
	}
	if killed != 1 {
		t.Errorf("%d providers were running, want 1", killed)
	}
}

// A create that could neither write the value nor clean up leaves a tainted
// record. What the error then advises is what works.
func TestTerraformLeftoverRecord(t *testing.T) {
	const provider = "provider \"roboto\" {\n  max_attempts = 1\n}\n"
	dependent := `
resource "terraform_data" "dependent" {
  input = roboto_secret.test.uri
  lifecycle {
    create_before_destroy = true
  }
}
`
	tests := []struct {
		name, addition string
		// lifecycle goes into the secret's block.
		lifecycle string
		// obstacle is what a plain apply says; "" if it repairs.
		obstacle string
	}{
		{name: "alone"},
		{name: "with a dependent under create_before_destroy", addition: dependent, obstacle: "create_before_destroy is a likely cause"},
		{name: "under prevent_destroy", lifecycle: "lifecycle {\n    prevent_destroy = true\n  }\n}", obstacle: "lifecycle.prevent_destroy"},
	}
	for _, test := range tests {
		for version, line := range map[string]string{"with a version": `value_wo_version = "1"`, "without a version": ""} {
			t.Run(test.name+"/"+version, func(t *testing.T) {
				t.Parallel()
				config := strings.Replace(oneSecret, `value_wo_version = "1"`, line, 1)
				if test.lifecycle != "" {
					config = strings.Replace(config, "}", test.lifecycle, 1)
				}
				server := robototest.Start(t, robototest.Options{})
				tf := newTerraform(t, server, provider+config+test.addition)
				server.Inject(robototest.Fault{Operation: robototest.PutValue, AWSError: "AccessDeniedException", Message: "Denied."})
				server.Inject(robototest.Fault{Operation: robototest.DeleteSecret, Status: http.StatusForbidden, Code: "RobotoUnauthorizedException", Message: "Not permitted."})
				tf.fails(t.Context(), applyNow,
					"It is in Terraform's state, without a value and marked as tainted.", "run terraform apply, which replaces the record", "run terraform untaint")

				leftover, held := tf.state()["test"]
				record, exists := server.Record(robototest.DefaultOrg, "db")
				if !held || !exists || leftover.ARN != record.ARN || !leftover.tainted || leftover.VersionID != nil || leftover.ValueWOVersion != nil {
					t.Fatalf("the state holds %+v, the service %+v", leftover, record)
				}
				server.ClearFaults()

				if test.obstacle != "" {
					tf.fails(t.Context(), applyNow, test.obstacle)
					if got := tf.state()["test"]; got != leftover {
						t.Errorf("the state holds %+v, want still %+v", got, leftover)
					}
					tf.succeeds("untaint", "roboto_secret.test")
				}
				tf.succeeds(applyNow...)
				tf.endsRight(map[string]string{"test": "the value of db"})
				if kept := tf.state()["test"].ARN == leftover.ARN; kept != (test.obstacle != "") {
					t.Errorf("whether the record was kept is %t", kept)
				}
			})
		}
	}
}

// A 404 that is not Roboto's own says nothing about the secret.
func TestTerraformForeign404(t *testing.T) {
	answers := map[string]robototest.Fault{
		"HTML":    {Status: http.StatusNotFound, Body: "<html>Not Found</html>", Header: http.Header{"Content-Type": {"text/html"}}},
		"gateway": {Status: http.StatusNotFound, Message: "Not Found"},
	}
	for name, fault := range answers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := robototest.Start(t, robototest.Options{})
			tf := newTerraform(t, server, oneSecret)
			tf.succeeds(applyNow...)
			for operation, args := range map[robototest.Operation][]string{
				robototest.GetSecret:    {"apply", "-refresh-only", "-auto-approve"},
				robototest.DeleteSecret: {"destroy", "-refresh=false", "-auto-approve"},
			} {
				fault.Operation = operation
				server.Inject(fault)
				tf.fails(t.Context(), args, "This is not how Roboto itself says that something does not exist")
				tf.holds("test")
				server.ClearFaults()
			}
			tf.endsRight(map[string]string{"test": "the value of db"})
		})
	}
}

// Under create_before_destroy a secret can move to another name or organization.
// In its own place it cannot be replaced, and the error says why.
func TestTerraformCreateBeforeDestroy(t *testing.T) {
	config := func(name, orgID string) string {
		return fmt.Sprintf(`
resource "roboto_secret" "test" {
  name             = %q
  org_id           = %q
  value_wo         = "the value of db"
  value_wo_version = "1"
  lifecycle {
    create_before_destroy = true
  }
}
`, name, orgID)
	}
	moves := map[string]struct{ name, orgID string }{
		"to another name":         {"db2", "og_one"},
		"to another organization": {"db", "og_two"},
	}
	start := func(t *testing.T) *terraform {
		t.Parallel()
		server := robototest.Start(t, robototest.Options{Orgs: []string{"og_one", "og_two"}})
		tf := newTerraform(t, server, config("db", "og_one"))
		tf.succeeds(applyNow...)
		server.ResetRequests()
		return tf
	}
	for name, to := range moves {
		t.Run(name, func(t *testing.T) {
			tf := start(t)
			tf.configure(config(to.name, to.orgID))
			tf.succeeds(applyNow...)
			order := []robototest.Operation{}
			for _, request := range tf.roboto.Requests() {
				if request.Operation == robototest.CreateSecret || request.Operation == robototest.DeleteSecret {
					order = append(order, request.Operation)
				}
			}
			if !slices.Equal(order, []robototest.Operation{robototest.CreateSecret, robototest.DeleteSecret}) {
				t.Errorf("the requests were %q", order)
			}
			if _, exists := tf.roboto.Record("og_one", "db"); exists {
				t.Error("the old secret is left behind")
			}
			tf.endsRight(map[string]string{"test": "the value of db"})
		})
	}
	t.Run("in its own place", func(t *testing.T) {
		tf := start(t)
		old := tf.state()["test"]
		tf.fails(t.Context(), append(applyNow, "-replace=roboto_secret.test"),
			"A secret of this name exists already", "create_before_destroy is a likely cause: names are unique, so the old secret has to be deleted first")
		tf.endsRight(map[string]string{"test": "the value of db"})
		if got := tf.state()["test"]; got.ARN != old.ARN {
			t.Errorf("the state holds %+v, want still %+v", got, old)
		}
	})
}

// Of two configurations in one organization, one deletes what the other is just
// reading. The reader says so, keeps nothing wrong, and recovers with the secret.
func TestTerraformDeletedWhileRead(t *testing.T) {
	const reader = `
data "roboto_secret" "theirs" {
  name = "db"
}

ephemeral "roboto_secret" "theirs" {
  name = "db"
}

resource "roboto_secret" "copy" {
  name             = "copy"
  value_wo         = ephemeral.roboto_secret.theirs.value
  value_wo_version = "1"
}
`
	// Reads in this order: the data source in the plan, the ephemeral resource in the plan
	// and once more in the apply.
	tests := []struct {
		name  string
		fault robototest.Fault
		// from is what reads, and says what Terraform shows of its error.
		from, says string
	}{
		{"data source", robototest.Fault{Operation: robototest.GetSecret}, "data.roboto_secret.theirs", "RobotoNotFoundException"},
		{"ephemeral resource in the plan", robototest.Fault{Operation: robototest.GetCredentials}, "ephemeral.roboto_secret.theirs", "RobotoNotFoundException"},
		{"ephemeral resource in the apply", robototest.Fault{Operation: robototest.GetCredentials, Skip: 1}, "ephemeral.roboto_secret.theirs", "RobotoNotFoundException"},
		{"value of the ephemeral resource", robototest.Fault{Operation: robototest.GetValue, Skip: 1}, "ephemeral.roboto_secret.theirs", "ResourceNotFoundException"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := robototest.Start(t, robototest.Options{})
			writing, reading := newTerraform(t, server, oneSecret), newTerraform(t, server, reader)
			writing.succeeds(applyNow...)

			deleted := make(chan struct{})
			fault := test.fault
			fault.Until = deleted
			reading.failsHeld(reading.hold(fault), func(func()) {
				defer close(deleted)
				if _, err := writing.Terraform(t.Context(), destroyNow...); err != nil {
					t.Error(err)
				}
			}, applyNow, "with "+test.from, test.says)
			writing.holds()
			reading.holds()
			if got := recordNames(server); len(got) != 0 {
				t.Errorf("the service holds %q", got)
			}

			writing.succeeds(applyNow...)
			reading.succeeds(applyNow...)
			writing.endsRight(map[string]string{"test": "the value of db"})
			reading.endsRight(map[string]string{"copy": "the value of db"})
		})
	}
}

// With Terraform: a key of one character, which each ARN contains.
func TestTerraformUsesShortAPIKey(t *testing.T) {
	t.Parallel()
	server := robototest.Start(t, robototest.Options{APIKey: "r"})
	tf := newTerraform(t, server, oneSecret)
	tf.succeeds(applyNow...)
	tf.endsRight(map[string]string{"test": "the value of db"})
	tf.succeeds(destroyNow...)
}
