// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

const comparedSecret = `
resource "roboto_secret" "test" {
  name     = "db"
  value_wo = "the value of db"
}

ephemeral "roboto_secret" "test" {
  uri        = roboto_secret.test.uri
  version_id = roboto_secret.test.version_id
}
`

// A value that turns out unusable only while applying is refused before anything
// is created.
func TestValueIsCheckedWhenItBecomesKnown(t *testing.T) {
	for name, value := range map[string]any{"null": nil, "empty": ""} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
				s := c.MustStart()
				config := fields{"name": "db", "value_wo": value, "value_wo_version": "1"}
				if err := s.Change(config); err == nil {
					t.Error("it was applied")
				}
				if n := server.Count(robototest.CreateSecret); n != 0 {
					t.Errorf("%d records were created", n)
				}

				c.Must(c.Apply(versionedSecret))
				config["value_wo_version"] = "2"
				if err := s.Change(config); err == nil || c.State["value_wo_version"] != "1" {
					t.Errorf("the update was applied: %s (%v)", c.State, err)
				}
			})
		})
	}
}

// The first attempt counted, its answer was lost, and AWS refuses the others.
func TestWriteThatCountedBeforeARefusal(t *testing.T) {
	inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
		c.Must(c.Apply(versionedSecret))
		server.Inject(robototest.Fault{Operation: robototest.PutValue, Drop: true, After: true, Times: 1})
		server.Inject(robototest.Fault{Operation: robototest.PutValue, AWSError: "ThrottlingException", Message: "Rate exceeded"})
		rotated := fields{"name": "db", "value_wo": canary + "2", "value_wo_version": "2"}
		if err := c.Apply(rotated); err != nil {
			t.Error(err)
		}
		if n := len(server.Versions(robototest.DefaultOrg, "db")); n != 2 {
			t.Errorf("%d versions were written", n)
		}
	})
}

// AWS's lag just after a create hits readers too: of the same apply, and of the
// next plan.
func TestNewSecretsAreReadInSpiteOfLag(t *testing.T) {
	lag := robototest.Fault{Operation: robototest.GetValue, AWSError: "AccessDeniedException", Message: "not authorized", Times: 2}
	plain := fields{"name": "db", "value_wo": canary}
	inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
		c.Must(c.Apply(plain))
		server.Inject(lag)
		if err := c.OpenEphemeral(fields{"name": "db"}); err != nil {
			t.Errorf("the reader: %v", err)
		}
		server.ClearFaults()
		server.Inject(lag)
		if empty, err := c.PlanIsEmpty(plain); !empty || err != nil {
			t.Errorf("the next plan: %v", err)
		}
		time.Sleep(3 * time.Minute)
		server.ClearFaults()
		server.Inject(lag)
		if _, err := c.PlanIsEmpty(plain); err == nil {
			t.Error("a refusal long after the create is retried")
		}
	})
}

// A replacement writes the value into the new secret, so ignore_changes hides nothing.
func TestTerraformReplacesSecretOfIgnoredValue(t *testing.T) {
	t.Parallel()
	server := robototest.Start(t, robototest.Options{})
	ignoring := strings.Replace(oneSecret, "}\n", "  lifecycle {\n    ignore_changes = [value_wo]\n  }\n}\n", 1)
	tf := newTerraform(t, server, ignoring)
	tf.succeeds(applyNow...)
	tf.configure(strings.NewReplacer(`"db"`, `"other"`, `"1"`, `"2"`).Replace(ignoring))
	tf.succeeds(applyNow...)
	tf.endsRight(map[string]string{"test": "the value of db"})
}

// With Terraform: the same value in another version.
func TestTerraformTakesCurrentVersionOver(t *testing.T) {
	t.Parallel()
	server := robototest.Start(t, robototest.Options{})
	tf := newTerraform(t, server, comparedSecret)
	tf.succeeds(applyNow...)
	current := server.SetValue(robototest.DefaultOrg, "db", "the value of db")
	result, err := tf.Run(t.Context(), nil, "plan", "-detailed-exitcode")
	if err != nil || result.ExitCode != 2 {
		t.Fatalf("%v\n\n%s", err, result.Output())
	}
	tf.succeeds(applyNow...)
	if got := tf.state()["test"].VersionID; got == nil || *got != current {
		t.Errorf("version_id is %v, want %q", got, current)
	}
	if n := server.Count(robototest.PutValue); n != 1 {
		t.Errorf("%d values were written, want 1", n)
	}
	tf.succeeds("plan", "-detailed-exitcode")
}

// With Terraform: AWS's lag just after a create.
func TestTerraformReadsNewSecretInSpiteOfLag(t *testing.T) {
	t.Parallel()
	server := robototest.Start(t, robototest.Options{})
	tf := newTerraform(t, server, comparedSecret)
	for _, args := range [][]string{applyNow, {"plan"}} {
		server.Inject(robototest.Fault{Operation: robototest.GetValue, AWSError: "AccessDeniedException", Message: "not authorized", Times: 1})
		tf.succeeds(args...)
		server.ClearFaults()
	}
}

// With ignore_changes, the provider sees a new version and no new value.
func TestTerraformRefusesVersionOfIgnoredValue(t *testing.T) {
	t.Parallel()
	server := robototest.Start(t, robototest.Options{})
	ignoring := strings.Replace(oneSecret, "}\n", "  lifecycle {\n    ignore_changes = [value_wo]\n  }\n}\n", 1)
	tf := newTerraform(t, server, ignoring)
	tf.succeeds(applyNow...)
	tf.succeeds("plan", "-detailed-exitcode")
	tf.configure(strings.ReplaceAll(ignoring, `"1"`, `"2"`))
	tf.fails(t.Context(), applyNow, "ignore_changes keeps it from the provider")
	tf.configure(strings.ReplaceAll(strings.ReplaceAll(ignoring, `"1"`, `"2"`), "[value_wo]", "[value_wo, value_wo_version]"))
	tf.succeeds("plan", "-detailed-exitcode")
}

// version_id names the current version: after a write that the state missed, and
// after somebody wrote the same value.
func TestVersionIDIsNeverStale(t *testing.T) {
	plain := fields{"name": "db", "value_wo": canary}
	inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
		c.Must(c.Apply(plain))
		current := server.SetValue(robototest.DefaultOrg, "db", canary)
		if empty, err := c.PlanIsEmpty(plain); empty || err != nil {
			t.Errorf("the plan is empty: %t (%v)", empty, err)
		}
		c.Must(c.Apply(plain))
		if got := c.State["version_id"]; got != current || len(server.Versions(robototest.DefaultOrg, "db")) != 2 {
			t.Errorf("version_id is %q, want %q, of %d versions", got, current, len(server.Versions(robototest.DefaultOrg, "db")))
		}
		if empty, err := c.PlanIsEmpty(plain); !empty || err != nil {
			t.Errorf("the plan after it is empty: %t (%v)", empty, err)
		}
	})
}

// The SDK signs once more with the time of the refusal.
func TestWrongClockIsCorrected(t *testing.T) {
	for _, ahead := range []time.Duration{30 * time.Minute, -30 * time.Minute, 4 * time.Hour, -4 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			server := robototest.Start(t, robototest.Options{InMemory: true, ClockAhead: ahead})
			c := protocol.NewCore(t, server)
			c.Must(c.Apply(versionedSecret))
			if n := server.Count(robototest.PutValue); n != 2 {
				t.Errorf("AWS is %s ahead: %d requests, want a second one", ahead, n)
			}
		})
	}
}

func TestImportedSecretKeepsItsEmptyPlan(t *testing.T) {
	inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
		server.AddSecret(robototest.DefaultOrg, "db")
		server.SetValue(robototest.DefaultOrg, "db", canary)
		c.Must(c.ImportID("db@og_test"))
		if empty, err := c.PlanIsEmpty(fields{"name": "db", "value_wo": canary}); !empty || err != nil {
			t.Errorf("the plan is empty: %t (%v)", empty, err)
		}
	})
}
