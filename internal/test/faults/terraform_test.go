// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"context"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
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
	both := []string{"first", "second"}
	for name, test := range map[string]struct {
		fault robototest.Fault
		act   []string
		// left are the secrets that are there after the interrupt, in the state as well.
		left []string
	}{
		// Terraform 1.11.4 passes an interrupt on to the provider while it plans in terraform plan,
		// but not while it plans in terraform apply.
		"organization look-up": {robototest.Fault{Operation: robototest.ListOrgs}, planNow, nil},
		"create, done":         {robototest.Fault{Operation: robototest.CreateSecret, Skip: 1, After: true}, applyNow, both[:1]},
		"put, done":            {robototest.Fault{Operation: robototest.PutValue, Skip: 1, After: true}, applyNow, both},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := robototest.Start(t, robototest.Options{})
			tf := newTerraform(t, server, config)
			ctx, interrupt := context.WithCancel(t.Context())
			defer interrupt()
			fault := test.fault
			fault.Until, fault.Times = make(chan struct{}), 1 // no answer comes
			var seen atomic.Int64
			fault.Match = func(robototest.Request) bool {
				if seen.Add(1) > int64(fault.Skip) {
					interrupt()
				}
				return true
			}
			server.Inject(fault)
			result, err := tf.Run(ctx, nil, test.act...)
			tf.must(err)
			if result.ExitCode != 1 || server.Faulted() == 0 {
				t.Errorf("terraform ended with %d, after %d requests without an answer:\n%s", result.ExitCode, server.Faulted(), result.Output())
			}
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
