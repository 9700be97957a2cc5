// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// A name is not an identity: whoever takes over a name keeps the secret.

const successorValue = "the value of the successor"

// successor takes the name "db" over in the moment in which it is free, before the
// client has the answer to its request.
type successor struct {
	// server is nil before the name may be taken, and once it is.
	server atomic.Pointer[robototest.Server]
}

func (s *successor) watch() {
	server := s.server.Load()
	if server == nil {
		return
	}
	if _, exists := server.Record(robototest.DefaultOrg, "db"); !exists && s.server.CompareAndSwap(server, nil) {
		takeOver(server)
	}
}

// handOn gives the name "db" to another secret, which was created at another time.
func handOn(server *robototest.Server) {
	time.Sleep(time.Second)
	takeOver(server)
}

func takeOver(server *robototest.Server) {
	server.DeleteSecret(robototest.DefaultOrg, "db")
	server.AddSecret(robototest.DefaultOrg, "db")
	server.SetValue(robototest.DefaultOrg, "db", successorValue)
}

func successorIsSafe(server *robototest.Server) error {
	value, _, _ := server.Value(robototest.DefaultOrg, "db")
	if versions := server.Versions(robototest.DefaultOrg, "db"); value != successorValue || len(versions) != 1 {
		return fmt.Errorf("the successor has %d versions, the last one %q", len(versions), value)
	}
	return nil
}

// With Terraform: four ways in which the answer to the deletion of one secret used
// to cost another one.
func TestTerraformHandsNamesOn(t *testing.T) {
	one := func(resource, name string) string {
		return fmt.Sprintf("resource \"roboto_secret\" %q {\n  name = %q\n  value_wo = \"the value of %s\"\n  value_wo_version = \"1\"\n}\n\n", resource, name, resource)
	}
	gatewayTimeout := robototest.Fault{Status: http.StatusGatewayTimeout, Code: "RobotoServiceTimeoutException", Message: "late", After: true}
	lost := robototest.Fault{Drop: true, After: true}
	for name, test := range map[string]struct {
		before, after string
		fault         robototest.Fault
		times         int
		kill          bool
		values        map[string]string
	}{
		"renamed without moved, one answer lost":  {one("old", "db"), one("new", "db"), lost, 1, false, map[string]string{"new": "the value of new"}},
		"renamed without moved, all answers lost": {one("old", "db"), one("new", "db"), lost, 0, false, map[string]string{"new": "the value of new"}},
		"renamed without moved, killed":           {one("old", "db"), one("new", "db"), lost, 1, true, map[string]string{"new": "the value of new"}},
		"names handed on, 504": {
			one("s0", "a") + one("s1", "b"), one("s0", "b") + one("s1", "c"), gatewayTimeout, 1, false,
			map[string]string{"s0": "the value of s0", "s1": "the value of s1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if test.kill && runtime.GOOS != "linux" {
				t.Skip("the provider's process is found in /proc, which is Linux's")
			}
			t.Parallel()
			server := robototest.Start(t, robototest.Options{})
			tf := newTerraform(t, server, test.before)
			tf.succeeds(applyNow...)
			tf.configure(test.after)
			fault := test.fault
			fault.Operation, fault.Times = robototest.DeleteSecret, test.times
			if test.kill {
				fault.Drop = false
				tf.failsHeld(tf.hold(fault), func(func()) {
					for value := ""; value != "the value of new"; value, _, _ = server.Value(robototest.DefaultOrg, "db") {
						time.Sleep(100 * time.Millisecond)
					}
					time.Sleep(time.Second) // the new secret gets into the state
					killProvider(t, tf.Dir)
				}, applyNow)
			} else {
				server.Inject(fault)
				// Whether the creation had to wait too long for the name is Terraform's luck.
				if _, err := tf.Run(t.Context(), nil, applyNow...); err != nil {
					t.Fatal(err)
				}
			}
			if server.Count(robototest.DeleteSecret) == 0 {
				t.Fatal("nothing was deleted")
			}
			server.ClearFaults()
			tf.succeeds(applyNow...)
			tf.endsRight(test.values)
		})
	}
}

// Without a refresh nobody has looked, so the replacement does.
func TestTerraformLooksBeforeItReplaces(t *testing.T) {
	t.Parallel()
	server := robototest.Start(t, robototest.Options{})
	tf := newTerraform(t, server, oneSecret)
	tf.succeeds(applyNow...)
	handOn(server)
	tf.configure(strings.ReplaceAll(oneSecret, `"db"`, `"other"`))
	tf.succeeds("apply", "-auto-approve", "-refresh=false")
	tf.holds("test")
	if err := successorIsSafe(server); err != nil {
		t.Error(err)
	}
}

// Nor is a plan believed that is applied later.
func TestOldPlanLooksBeforeItDeletes(t *testing.T) {
	inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
		c.Must(c.Apply(versionedSecret))
		s := c.MustStart()
		c.Must(s.Refresh())
		plan, err := s.Plan(nil)
		c.Must(err)
		time.Sleep(2 * time.Minute)
		handOn(server)
		c.Must(s.ApplyPlanned(plan))
		if c.State != nil {
			t.Error("the secret is still in the state")
		}
		c.Must(successorIsSafe(server))
	})
}

// A secret that was replaced elsewhere.
func TestTerraformFindsAnotherSecret(t *testing.T) {
	for _, bulk := range []bool{false, true} {
		t.Run(fmt.Sprintf("bulk_refresh %t", bulk), func(t *testing.T) {
			t.Parallel()
			server := robototest.Start(t, robototest.Options{})
			tf := newTerraform(t, server, fmt.Sprintf("provider \"roboto\" {\n  bulk_refresh = %t\n}\n%s", bulk, oneSecret))
			tf.succeeds(applyNow...)
			handOn(server)
			result, err := tf.Run(t.Context(), nil, "plan")
			if err != nil || result.ExitCode != 0 {
				t.Fatalf("%v\n\n%s", err, result.Output())
			}
			said := strings.Join(strings.Fields(strings.ReplaceAll(result.Output(), "│", " ")), " ")
			for _, words := range []string{"Roboto Secret Was Replaced Elsewhere", "Another secret has its name now", `id = "db@og_test"`, "1 to add"} {
				if !strings.Contains(said, words) {
					t.Errorf("the plan does not say %q:\n\n%s", words, result.Output())
				}
			}
			tf.fails(t.Context(), applyNow, "exists already")
			tf.succeeds("apply", "-auto-approve", "-refresh-only")
			tf.succeeds(destroyNow...)
			tf.holds()
			if err := successorIsSafe(server); err != nil {
				t.Error(err)
			}
		})
	}
}

// Whoever reads the value of the configured secret waits for it to be made again.
func TestTerraformReadsNoValueOfAnotherSecret(t *testing.T) {
	t.Parallel()
	server := robototest.Start(t, robototest.Options{})
	tf := newTerraform(t, server, oneSecret+"ephemeral \"roboto_secret\" \"test\" {\n  uri        = roboto_secret.test.uri\n  version_id = roboto_secret.test.version_id\n}\n")
	tf.succeeds(applyNow...)
	time.Sleep(time.Second)
	server.DeleteSecret(robototest.DefaultOrg, "db")
	server.AddSecret(robototest.DefaultOrg, "db") // and nobody wrote a value
	for _, args := range [][]string{{"plan"}, {"plan", "-refresh-only"}, {"plan", "-destroy"}} {
		server.ResetRequests()
		tf.succeeds(args...)
		if n := server.Count(robototest.GetValue); n != 0 {
			t.Errorf("%v: %d values were read", args, n)
		}
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

// Roboto's own SDK does not find a secret by such a name.
func TestTerraformWarnsOfUnresolvableName(t *testing.T) {
	t.Parallel()
	server := robototest.Start(t, robototest.Options{})
	tf := newTerraform(t, server, oneSecret)
	for name, warned := range map[string]bool{"db": false, "a-b_c.d~": false, "a b": true, "grün": true, "a%20b": true, "a#b": true, "a?b": true} {
		tf.configure(strings.Replace(oneSecret, `"db"`, strconv.Quote(name), 1))
		result, err := tf.Run(t.Context(), nil, "plan", "-no-color")
		if err != nil || result.ExitCode != 0 {
			t.Fatalf("%v\n\n%s", err, result.Output())
		}
		if got := strings.Contains(result.Output(), "Actions Cannot Use This Secret Name"); got != warned {
			t.Errorf("the plan for the name %q warns: %t, want %t", name, got, warned)
		}
	}
}

// The first deletion of a plain destroy or replacement is one request.
func TestTerraformDeletesWithOneRequest(t *testing.T) {
	server := robototest.Start(t, robototest.Options{})
	tf := newTerraform(t, server, oneSecret)
	tf.succeeds(applyNow...)
	for _, step := range []struct {
		do   func()
		want map[robototest.Operation]int
	}{
		{
			func() { tf.configure(strings.ReplaceAll(oneSecret, `"db"`, `"other"`)); tf.succeeds(applyNow...) },
			map[robototest.Operation]int{robototest.GetSecret: 1, robototest.DeleteSecret: 1, robototest.CreateSecret: 1, robototest.GetCredentials: 1, robototest.PutValue: 1},
		},
		{
			func() { tf.succeeds(destroyNow...) },
			map[robototest.Operation]int{robototest.GetSecret: 1, robototest.DeleteSecret: 1},
		},
	} {
		server.ResetRequests()
		step.do()
		got := map[robototest.Operation]int{}
		for _, request := range server.Requests() {
			got[request.Operation]++
		}
		delete(got, robototest.ListOrgs)
		if !maps.Equal(got, step.want) {
			t.Errorf("the requests are %v, want %v", got, step.want)
		}
	}
}

// What an update is to write into another secret is not written.
func TestUpdateRefusesAnotherSecret(t *testing.T) {
	inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
		c.Must(c.Apply(versionedSecret))
		handOn(server)
		s := c.MustStart()
		err := s.Change(fields{"name": "db", "value_wo": "another value", "value_wo_version": "2"})
		if err == nil || !strings.Contains(err.Error(), "Another secret has its name now") {
			t.Errorf("the error is %v", err)
		}
		c.Must(successorIsSafe(server))
	})
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

// A token that has lost its organization is told so, and no secret is forgotten.
func TestGoneIsBelievedOnlyInTheCallersOrganizations(t *testing.T) {
	notFound := robototest.Fault{
		Status: http.StatusNotFound, Code: "RobotoNotFoundException", Message: "no such secret",
		Match: func(r robototest.Request) bool { return r.Operation != robototest.ListOrgs },
	}
	for name, test := range map[string]struct {
		orgs robototest.Fault
		want string
	}{
		"another organization": {robototest.Fault{Mutate: func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("og_test"), []byte("og_other")) }}, "does not belong to the organization og_test"},
		"no answer":            {robototest.Fault{Status: http.StatusServiceUnavailable}, "could not be looked up"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := robototest.Start(t, robototest.Options{InMemory: true})
				f := newFleet(t, server, 5)
				if err := f.each(5, func(s *protocol.Session, name string) error {
					return s.Change(fields{"name": name, "org_id": robototest.DefaultOrg})
				}); err != nil {
					t.Fatal(err)
				}
				server.Inject(notFound)
				test.orgs.Operation = robototest.ListOrgs
				server.Inject(test.orgs)
				server.ResetRequests()
				var mu sync.Mutex
				var all error
				_ = f.each(5, func(s *protocol.Session, name string) error {
					err := s.Refresh()
					mu.Lock()
					defer mu.Unlock()
					if err == nil || !strings.Contains(err.Error(), test.want) {
						all = errors.Join(all, fmt.Errorf("%s: %w", name, err))
					}
					return nil
				})
				if all != nil {
					t.Error(all)
				}
				if n := server.Count(robototest.ListOrgs); test.orgs.Status == 0 && n != 1 {
					t.Errorf("%d requests for the organizations, want 1", n)
				}
				for _, c := range f.cores {
					if c.State == nil {
						t.Error("a secret was forgotten")
					}
				}
			})
		})
	}
}

// A gateway that answers 200 has not deleted anything.
func TestDeleteBelievesOnlyRoboto(t *testing.T) {
	inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
		c.Must(c.Apply(versionedSecret))
		server.Inject(robototest.Fault{Operation: robototest.DeleteSecret, Status: http.StatusOK, Body: `{"message":"scheduled maintenance"}`})
		if err := c.Apply(nil); err == nil || c.State == nil {
			t.Errorf("gone from the state: %t (%v)", c.State == nil, err)
		}
	})
}

// Others have been at work between plan and apply.
func TestUpdateOfWhatWasDeletedSincePlanning(t *testing.T) {
	inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
		c.Must(c.Apply(versionedSecret))
		s := c.MustStart()
		rotated := fields{"name": "db", "value_wo": canary, "value_wo_version": "2"}
		for _, step := range []struct {
			change func()
			want   string
		}{
			{func() { server.DeleteSecret(robototest.DefaultOrg, "db") }, "deleted after the last refresh"},
			{func() { time.Sleep(time.Second); server.AddSecret(robototest.DefaultOrg, "db") }, "Another secret has its name now"},
		} {
			step.change()
			if err := s.Change(rotated); err == nil || !strings.Contains(err.Error(), step.want) {
				t.Errorf("want %q: %v", step.want, err)
			}
		}
	})
}
