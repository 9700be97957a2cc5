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
	refuses := func(newName string, env []string, reason string, options ...string) {
		t.Helper()
		tf.configure(secretBlock("test", newName))
		must(one, slices.Concat(planNow, []string{"-out=saved"}, options)...)
		if newName == "cache" {
			server.AddSecret("og_one", "cache")
		}
		server.ResetRequests()
		said, ok := tf.runs(env, "apply", "saved")
		if n := server.Count(robototest.DeleteSecret); ok || n != 0 || !strings.Contains(said, reason) {
			t.Errorf("the apply succeeds: %t, with %d deletions, or does not say %q:\n%s", ok, n, reason, said)
		}
		untouched(t, server, record, "the value of test")
		tf.holds("test")
	}
	refuses("db", two, "og_two", "-replace=roboto_secret.test")
	refuses("cache", one, otherPrincipal)
	tf.succeeds("taint", "roboto_secret.test")
	refuses("db", two, "og_two")

	server.DeleteSecret("og_one", "cache")
	tf.configure(secretBlock("test", "cache"))
	must(one, applyNow...)
	if value, _, _ := server.Value("og_one", "cache"); value != "the value of test" || len(server.Records("og_one")) != 1 {
		t.Errorf("the value is %q; the secrets are %v", value, server.Records("og_one"))
	}
}
