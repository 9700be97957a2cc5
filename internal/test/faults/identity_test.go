// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"strings"
	"testing"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// A name is not an identity: whoever takes over a name keeps the secret.

// Another ARN alone makes another secret, and so does another creation time alone.
func TestEitherDifferenceMakesAnotherSecret(t *testing.T) {
	for what, successor := range map[string]func(old robototest.Record) robototest.Record{
		"ARN":           func(old robototest.Record) robototest.Record { return robototest.Record{Created: old.Created} },
		"creation time": func(old robototest.Record) robototest.Record { return robototest.Record{ARN: old.ARN} },
	} {
		for how, test := range map[string]struct {
			act func(s *protocol.Session) error
			// bulk is whether the refresh reads a listing.
			bulk bool
			// says is what the error says. Without one, the old secret is forgotten.
			says string
		}{
			"refreshed":                {act: (*protocol.Session).Refresh},
			"refreshed from a listing": {act: (*protocol.Session).Refresh, bulk: true},
			"destroyed":                {act: func(s *protocol.Session) error { return s.Core.Apply(nil) }},
			"destroyed unrefreshed":    {act: func(s *protocol.Session) error { return s.Change(nil) }},
			"renamed unrefreshed":      {act: func(s *protocol.Session) error { return s.Change(renamedSecret) }},
			"tainted unrefreshed":      {act: func(s *protocol.Session) error { return s.ReplaceTainted(versionedSecret) }, says: "exists already"},
			"updated unrefreshed":      {act: func(s *protocol.Session) error { return s.Change(rotatedSecret) }, says: "another secret of this name"},
		} {
			t.Run(what+"/"+how, func(t *testing.T) {
				inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
					c.Settings["bulk_refresh"] = test.bulk
					c.Must(c.Apply(versionedSecret))
					old, _ := server.Record(robototest.DefaultOrg, "db")
					time.Sleep(2 * time.Minute)
					next := successor(old)
					next.OrgID, next.Name = old.OrgID, old.Name
					server.DeleteSecret(robototest.DefaultOrg, "db")
					next = server.AddRecord(next)
					server.SetValue(robototest.DefaultOrg, "db", successorValue)
					err := test.act(c.MustStart())
					if test.says != "" {
						says(t, err, test.says)
					} else if err != nil || c.State != nil && c.State["name"] == "db" {
						t.Errorf("the error is %v, the state %v", err, c.State)
					}
					untouched(t, server, next, successorValue)
					if strings.HasPrefix(how, "refreshed") {
						// Terraform folds warnings of one title.
						says(t, c.Warning, append(origin(next), `Roboto Secret "db" Was Replaced Elsewhere`)...)
					}
				})
			})
		}
	}
}

// Terraform's -minimal-refresh plans what is in state, refreshes what is to change, and plans
// again. A gone secret without a version has to be planned so, although its value is compared.
func TestGoneSecretIsPlannedWithoutARefresh(t *testing.T) {
	for name, change := range map[string]func(*robototest.Server){
		"gone":          func(server *robototest.Server) { server.DeleteSecret(robototest.DefaultOrg, "db") },
		"another's now": handOn,
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
				c.Must(c.Apply(comparedFields))
				change(server)
				s := c.MustStart()
				planned, _, out := s.Provider.Plan(c.Instance, comparedFields)
				c.Must(out.Err())
				if planned["version_id"] != protocol.Unknown {
					t.Errorf("the plan is %v", planned)
				}
				if err := c.MustStart().Change(comparedFields); err == nil {
					t.Error("it was updated")
				}
				c.Must(s.Refresh())
				for range 2 {
					c.Must(second(s.Plan(comparedFields)))
				}
				err := s.Change(comparedFields)
				if name == "gone" {
					c.Must(err)
					c.Must(disagreement(c, canary, 1))
				} else {
					says(t, err, "exists already")
					c.Must(successorIsSafe(server))
				}
			})
		})
	}
}

// What one resource plans is not changed by what another one of the same secret plans.
func TestPlannedWriteOfASecretAtTwoAddressesHappens(t *testing.T) {
	for name, configs := range map[string][2]fields{
		"with a version":    {versionedSecret, rotatedSecret},
		"without a version": {comparedFields, {"name": "db", "value_wo": canary + "2"}},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
				c.Must(c.Apply(configs[0]))
				other := protocol.NewCore(t, server)
				other.Instance = c.Instance
				s := c.MustStart()
				planned, err := s.Plan(configs[1])
				c.Must(err)
				for _, later := range []fields{configs[0], bareSecret} {
					c.Must(second(s.With(other).Plan(later)))
				}
				c.Must(s.ApplyPlanned(planned))
				c.Must(disagreement(c, configs[1]["value_wo"], 2))
			})
		})
	}
}

// A secret that has taken the name over is no second address of the old one.
func TestPlanDeletesWhatIsGoneBesideItsSuccessor(t *testing.T) {
	inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
		c.Must(c.Apply(versionedSecret))
		handOn(server)
		other := protocol.NewCore(t, server)
		c.Must(other.ImportID("db"))
		s := other.MustStart()
		c.Must(s.Refresh())
		deletion, err := s.With(c).Plan(nil)
		c.Must(err)
		c.Must(second(s.Plan(bareSecret)))
		c.Must(s.With(c).ApplyPlanned(deletion))
		if c.State != nil {
			t.Errorf("the state holds %v", c.State)
		}
		c.Must(successorIsSafe(server))
	})
}
