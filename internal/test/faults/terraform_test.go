// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"errors"
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

// A Ctrl-C ends the run although an answer is still missing; what was done before it is in the state.
// TestFaults does the same for each call, without Terraform.
func TestTerraformInterrupted(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot be sent an interrupt on Windows; TestFaults covers the provider's part")
	}
	config := secretBlock("first", "first") + with(strings.TrimSpace(secretBlock("second", "second")), "depends_on = [roboto_secret.first]")
	// Terraform 1.11.4 passes an interrupt on to the provider while it plans in terraform plan,
	// but not while it plans in terraform apply.
	plan := []string{"plan"}
	both := []string{"first", "second"}
	for name, test := range map[string]struct {
		fault robototest.Fault
		act   []string
		// left are the secrets that are there after the interrupt, in the state as well.
		left []string
	}{
		"organization look-up": {robototest.Fault{Operation: robototest.ListOrgs}, plan, nil},
		"create, done":         {robototest.Fault{Operation: robototest.CreateSecret, Skip: 1, After: true}, applyNow, both[:1]},
		"put, done":            {robototest.Fault{Operation: robototest.PutValue, Skip: 1, After: true}, applyNow, both},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := robototest.Start(t, robototest.Options{})
			tf := newTerraform(t, server, config)
			tf.failsHeld(tf.hold(test.fault), func(interrupt func()) { interrupt() }, test.act)
			tf.holds(test.left...)
			if got := recordNames(server); !slices.Equal(got, test.left) {
				t.Errorf("the service holds %q, want %q", got, test.left)
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
	t.Parallel()
	server := robototest.Start(t, robototest.Options{})
	tf := newTerraform(t, server, oneSecret)
	tf.failsHeld(tf.hold(robototest.Fault{Operation: robototest.PutValue}), func(func()) { killProvider(t, tf.Dir) }, applyNow,
		"ApplyResourceChange") // Terraform says "Request cancelled" or "Plugin did not respond"
	if got := recordNames(server); !slices.Equal(got, []string{"db"}) {
		t.Fatalf("the service holds %q, want the record alone", got)
	}
	server.ClearFaults()
	block := importBlock.FindString(tf.fails(t.Context(), applyNow, "exists already in the organization"))
	tf.writes("import.tf", strings.Replace(block, "ADDRESS_OF_THIS_RESOURCE", "test", 1))
	tf.succeeds(applyNow...)
	tf.endsRight(map[string]string{"test": "the value of db"})
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
		pid, invalid := strconv.Atoi(filepath.Base(process))
		child, missing := os.FindProcess(pid)
		if err := errors.Join(invalid, missing, child.Kill()); err != nil {
			t.Error(err)
		}
		killed++
	}
	if killed != 1 {
		t.Errorf("%d providers were running, want 1", killed)
	}
}

// A create that could neither write the value nor clean up leaves a tainted record. If a plain apply
// cannot replace it, what the error advises works.
func TestTerraformLeftoverRecord(t *testing.T) {
	const dependent = `
resource "terraform_data" "dependent" {
  input = roboto_secret.test.uri
  lifecycle {
    create_before_destroy = true
  }
}
`
	t.Parallel()
	server := robototest.Start(t, robototest.Options{})
	tf := newTerraform(t, server, "provider \"roboto\" {\n  max_attempts = 1\n}\n"+oneSecret+dependent)
	server.Inject(robototest.Fault{Operation: robototest.PutValue, AWSError: "AccessDeniedException", Message: "Denied."})
	server.Inject(robototest.Fault{Operation: robototest.DeleteSecret, Status: http.StatusForbidden, Code: codeDenied, Message: "Not permitted."})
	tf.fails(t.Context(), applyNow,
		"It is in Terraform's state, without a value and marked as tainted.",
		"run terraform apply, which replaces the record", "run terraform untaint")
	leftover := tf.state()["test"]
	record, _ := server.Record(robototest.DefaultOrg, "db")
	if leftover.ARN != record.ARN || !leftover.tainted || leftover.VersionID != nil || leftover.ValueWOVersion != nil {
		t.Fatalf("the state holds %+v, the service %+v", leftover, record)
	}
	server.ClearFaults()

	tf.fails(t.Context(), applyNow, "create_before_destroy is a likely cause")
	tf.succeeds("untaint", "roboto_secret.test")
	tf.succeeds(applyNow...)
	tf.endsRight(map[string]string{"test": "the value of db"})
	if arn := tf.state()["test"].ARN; arn != leftover.ARN {
		t.Errorf("the record is %s, want still %s", arn, leftover.ARN)
	}
}
