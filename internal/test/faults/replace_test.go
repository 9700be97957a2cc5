// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// A replacement whose create is known to fail deletes nothing. What was planned for it does not
// count for a later deletion.
func TestReplacementKeepsTheSecretIfItsCreateFails(t *testing.T) {
	for name, test := range map[string]struct {
		config fields
		// orgID is the default organization when the plan is applied.
		orgID string
		// taken says that somebody has the new name by then.
		taken bool
		says  []string
	}{
		"renamed, and the default is another organization":  {config: renamedSecret, orgID: "og_two", says: []string{"og_one", "og_two"}},
		"renamed, and there is no default":                  {config: renamedSecret, says: []string{"og_one", "og_two"}},
		"replaced, and the default is another organization": {config: versionedSecret, orgID: "og_two", says: []string{"og_one", "og_two"}},
		"replaced, and there is no default":                 {config: versionedSecret, says: []string{"og_one", "og_two"}},
		"the new name is taken":                             {config: renamedSecret, orgID: "og_one", taken: true, says: []string{`"cache"`, otherPrincipal}},
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
				if test.taken {
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

// A deletion that failed is repeated without what was planned for the replacement.
func TestDestroyAfterAFailedReplacement(t *testing.T) {
	inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
		server.AddOrg("og_two", "Two")
		c.Vars["ROBOTO_ORG_ID"] = robototest.DefaultOrg
		c.Must(c.Apply(versionedSecret))
		server.Inject(robototest.Fault{Operation: robototest.DeleteSecret, Status: http.StatusForbidden, Message: "Forbidden", Times: 1})
		says(t, c.MustStart().ReplaceTainted(versionedSecret), "403")
		c.Vars["ROBOTO_ORG_ID"] = "og_two"
		c.Must(c.Apply(nil))
	})
}

// After a deletion, Roboto may show the record for a while, and refuse its name.
func TestReplacementWaitsForItsName(t *testing.T) {
	inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
		c.Must(c.Apply(versionedSecret))
		old, _ := server.Record(robototest.DefaultOrg, "db")
		time.Sleep(time.Minute)
		s := c.MustStart()
		c.Must(s.Refresh())
		shown := robototest.Fault{Operation: robototest.GetSecret}
		taken := robototest.Fault{Operation: robototest.CreateSecret, Status: http.StatusConflict, Code: "RobotoConflictException", Message: "exists"}
		var until time.Time
		for _, fault := range []robototest.Fault{shown, taken} {
			fault.Match = func(robototest.Request) bool { return time.Now().Before(until) }
			if fault.Operation == robototest.GetSecret {
				fault.Body = recordJSON(old)
			}
			server.Inject(fault)
		}
		before(server, robototest.DeleteSecret, 0, func() { until = time.Now().Add(3 * time.Second) })
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

// An API key that may not list organizations can rename a secret.
func TestRenameWithoutTheListOfOrganizations(t *testing.T) {
	for _, status := range []int{http.StatusForbidden, http.StatusServiceUnavailable} {
		inBubble(t, func(_ *testing.T, server *robototest.Server, c *protocol.Core) {
			server.Inject(robototest.Fault{Operation: robototest.ListOrgs, Status: status})
			for _, name := range []string{"db", "cache"} {
				c.Must(c.Apply(versionedNamed(name)))
			}
			c.Must(c.Apply(nil))
		})
	}
}

// Terraform: -replace, a tainted secret and a saved plan tell the provider different things.
func TestTerraformReplacementKeepsTheSecretIfItsCreateFails(t *testing.T) {
	t.Parallel()
	server := robototest.Start(t, robototest.Options{Orgs: []string{"og_one", "og_two"}})
	tf := newTerraform(t, server, secretBlock("test", "db"))
	one, two := []string{"ROBOTO_ORG_ID=og_one"}, []string{"ROBOTO_ORG_ID=og_two"}
	must := func(env []string, args ...string) {
		t.Helper()
		if said, ok := tf.runs(env, args...); !ok {
			t.Fatal(said)
		}
	}
	must(one, applyNow...)
	record, _ := server.Record("og_one", "db")
	for _, step := range []struct {
		name    string
		newName string
		prepare []string
		plan    []string
		env     []string
		says    string
	}{
		{name: "-replace, another organization", newName: "db", plan: []string{"-replace=roboto_secret.test"}, env: two, says: "og_two"},
		{name: "the new name is taken", newName: "cache", env: one, says: otherPrincipal},
		{name: "tainted, another organization", newName: "db", prepare: []string{"taint", "roboto_secret.test"}, env: two, says: "og_two"},
	} {
		tf.configure(secretBlock("test", step.newName))
		if step.prepare != nil {
			tf.succeeds(step.prepare...)
		}
		must(one, slices.Concat(planNow, []string{"-out=saved"}, step.plan)...)
		if step.newName == "cache" {
			server.AddSecret("og_one", "cache")
		}
		server.ResetRequests()
		if said, ok := tf.runs(step.env, "apply", "saved"); ok || !strings.Contains(said, step.says) {
			t.Errorf("%s: the apply succeeded: %t; it does not say %q:\n%s", step.name, ok, step.says, said)
		}
		if n := server.Count(robototest.DeleteSecret); n != 0 {
			t.Errorf("%s: %d deletions were sent", step.name, n)
		}
		untouched(t, server, record, "the value of test")
		tf.holds("test")
	}
	server.DeleteSecret("og_one", "cache")
	tf.configure(secretBlock("test", "cache"))
	must(one, applyNow...)
	if value, _, _ := server.Value("og_one", "cache"); value != "the value of test" || len(server.Records("og_one")) != 1 {
		t.Errorf("the value is %q; the secrets are %v", value, server.Records("og_one"))
	}
}
