// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"testing"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

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
