// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"net/http"
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

// A replacement whose create is known to fail deletes nothing. What was planned for it does not
// count for a later deletion.
func TestReplacementKeepsTheSecretIfItsCreateFails(t *testing.T) {
	both := []string{"og_one", "og_two"}
	for name, test := range map[string]struct {
		config fields
		// orgID is the default organization when the plan is applied.
		orgID string
		says  []string
	}{
		"renamed, and the default is another organization":  {renamedSecret, "og_two", both},
		"renamed, and there is no default":                  {renamedSecret, "", both},
		"replaced, and the default is another organization": {versionedSecret, "og_two", both},
		"replaced, and there is no default":                 {versionedSecret, "", both},
		"the new name is taken":                             {renamedSecret, "og_one", []string{`"cache"`, otherPrincipal}},
	} {
		t.Run(name, func(t *testing.T) {
			for later, config := range map[string]fields{"the same": test.config, "another name": {"name": "third"}, "destroy": nil} {
				server := robototest.Start(t, robototest.Options{InMemory: true, Orgs: []string{"og_one", "og_two"}})
				c := protocol.NewCore(t, server)
				c.Vars["ROBOTO_ORG_ID"] = "og_one"
				c.Must(c.Apply(versionedSecret))
				record, _ := server.Record("og_one", "db")
				deletion, err := c.MustStart().PlanReplacement(test.config)
				c.Must(err)
				if test.orgID == "og_one" {
					server.AddSecret("og_one", "cache")
				}
				c.Vars["ROBOTO_ORG_ID"] = test.orgID
				says(t, c.MustStart().ApplyPlanned(deletion), test.says...)
				if n := server.Count(robototest.DeleteSecret); n != 0 {
					t.Errorf("%d deletions were sent", n)
				}
				untouched(t, server, record, canary)

				if config != nil {
					c.Vars["ROBOTO_ORG_ID"] = "og_one"
					server.DeleteSecret("og_one", "cache")
				}
				if err := c.Apply(config); err != nil {
					t.Errorf("afterwards, %s: %v", later, err)
				}
			}
		})
	}
}

// After a deletion, Roboto may show the record for a while, and refuse its name.
func TestReplacementWaitsForItsName(t *testing.T) {
	inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
		c.Must(c.Apply(versionedSecret))
		old, _ := server.Record(robototest.DefaultOrg, "db")
		time.Sleep(time.Minute)
		s := c.MustStart()
		c.Must(s.Refresh())
		var until time.Time
		for _, fault := range []robototest.Fault{
			{Operation: robototest.GetSecret, Body: recordJSON(old)},
			{Operation: robototest.CreateSecret, Status: http.StatusConflict, Code: "RobotoConflictException", Message: "exists"},
		} {
			fault.Match = func(robototest.Request) bool { return time.Now().Before(until) }
			server.Inject(fault)
		}
		before(server, robototest.DeleteSecret, func() { until = time.Now().Add(3 * time.Second) })
		if err := s.ReplaceTainted(versionedSecret); err != nil {
			t.Errorf("the secret is gone, and its replacement failed: %v", err)
		}
	})
}

// Of two replacements by one name, the second deletes nothing.
func TestTwoRenamesToOneName(t *testing.T) {
	inBubble(t, func(t *testing.T, server *robototest.Server, _ *protocol.Core) {
		server.Latency(20 * time.Millisecond)
		f := newFleet(t, server, 2)
		f.cores[0].Must(f.each(2, applyVersioned))
		err := f.each(2, func(s *protocol.Session, _ string) error { return s.Change(versionedNamed("same")) })
		if got := recordNames(server); err == nil || len(got) != 2 {
			t.Errorf("the secrets are %q, the error is %v", got, err)
		}
	})
}

// Terraform: -replace, a tainted secret and a saved plan tell the provider different things.
func TestTerraformReplacementKeepsTheSecretIfItsCreateFails(t *testing.T) {
	t.Parallel()
	server := robototest.Start(t, robototest.Options{Orgs: []string{"og_one", "og_two"}})
	tf := newTerraform(t, server, secretBlock("test", "db"))
	const one, two, replace = "ROBOTO_ORG_ID=og_one", "ROBOTO_ORG_ID=og_two", "-replace=roboto_secret.test"
	must := func(args ...string) {
		t.Helper()
		if said, ok := tf.runs([]string{one}, args...); !ok {
			t.Fatal(said)
		}
	}
	must(applyNow...)
	record, _ := server.Record("og_one", "db")
	for _, row := range []struct{ what, name, options, env, reason string }{
		{"-replace", "db", replace, two, "og_two"},
		{"another name", "cache", "-refresh=true", one, otherPrincipal},
		{"tainted", "db", "-refresh=true", two, "og_two"},
	} {
		tf.configure(secretBlock("test", row.name))
		if row.what == "tainted" {
			tf.succeeds("taint", "roboto_secret.test")
		}
		must("plan", "-out=saved", row.options)
		if row.name == "cache" {
			server.AddSecret("og_one", "cache")
		}
		server.ResetRequests()
		said, ok := tf.runs([]string{row.env}, "apply", "saved")
		if n := server.Count(robototest.DeleteSecret); ok || n != 0 || !strings.Contains(said, row.reason) {
			t.Errorf("%s: the apply succeeds: %t, with %d deletions, or does not say %q:\n%s", row.what, ok, n, row.reason, said)
		}
		untouched(t, server, record, "the value of test")
		tf.holds("test")
	}
	server.DeleteSecret("og_one", "cache")
	tf.configure(secretBlock("test", "cache"))
	must(applyNow...)
	if value, _, _ := server.Value("og_one", "cache"); value != "the value of test" || len(server.Records("og_one")) != 1 {
		t.Errorf("the value is %q; the secrets are %v", value, server.Records("og_one"))
	}
}
