// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"bytes"
	"fmt"
	"net/http"
	"runtime"
	"strings"
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

// Without a refresh, the replacement alone looks.
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
		c.Must(c.MustStart().ApplyPlanned(plan))
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
			for _, words := range []string{`Roboto Secret "db" Was Replaced Elsewhere`, "Another secret has its name now", `id = "db@og_test"`, "1 to add"} {
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

// Terraform folds warnings of one title, and each names another secret.
func TestTerraformNamesEachReplacedSecret(t *testing.T) {
	t.Parallel()
	server := robototest.Start(t, robototest.Options{})
	other := strings.NewReplacer(`"test"`, `"other"`, `"db"`, `"cache"`).Replace(oneSecret)
	tf := newTerraform(t, server, oneSecret+other)
	tf.succeeds(applyNow...)
	handOn(server)
	server.DeleteSecret(robototest.DefaultOrg, "cache")
	server.AddSecret(robototest.DefaultOrg, "cache")
	result, err := tf.Run(t.Context(), nil, "plan", "-no-color")
	if err != nil || result.ExitCode != 0 {
		t.Fatalf("%v\n\n%s", err, result.Output())
	}
	for _, name := range []string{"db", "cache"} {
		if !strings.Contains(result.Output(), `id = "`+name+"@og_test\"") {
			t.Errorf("the plan does not say how to import the secret %q:\n\n%s", name, result.Output())
		}
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

// A listing may still show a secret that is gone.
func TestDeletionLooksBehindAListing(t *testing.T) {
	for name, config := range map[string]fields{
		"destroyed": nil,
		"renamed":   {"name": "cache", "value_wo": "v", "value_wo_version": "1"},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(_ *testing.T, server *robototest.Server, c *protocol.Core) {
				c.Settings["bulk_refresh"] = true
				c.Must(c.Apply(versionedSecret))
				var old []byte
				server.Inject(robototest.Fault{Operation: robototest.ListSecrets, Mutate: func(listing []byte) []byte {
					if old == nil {
						old = bytes.Clone(listing)
					}
					return old
				}})
				c.Must(c.MustStart().Refresh())
				handOn(server)
				c.Must(c.Apply(config))
				c.Must(successorIsSafe(server))
			})
		})
	}
}

// What an update is to write into another secret is not written.
func TestUpdateRefusesAnotherSecret(t *testing.T) {
	inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
		c.Must(c.Apply(versionedSecret))
		handOn(server)
		s := c.MustStart()
		err := s.Change(fields{"name": "db", "value_wo": "another value", "value_wo_version": "2"})
		if err == nil || !strings.Contains(err.Error(), "another secret of this name") {
			t.Errorf("the error is %v", err)
		}
		c.Must(successorIsSafe(server))
	})
}

// takeOverBefore gives the name "db" to another secret when the first request of the
// operation comes in.
func takeOverBefore(server *robototest.Server, operation robototest.Operation) {
	taken := false
	server.Inject(robototest.Fault{Operation: operation, Match: func(robototest.Request) bool {
		if !taken {
			taken = true
			handOn(server)
		}
		return false
	}})
}

// A create that cannot write its value deletes its record, and not the one that has taken
// the name over since.
func TestCleanUpLeavesAnotherSecretAlone(t *testing.T) {
	for _, operation := range []robototest.Operation{robototest.GetCredentials, robototest.PutValue} {
		t.Run(string(operation), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := robototest.Start(t, robototest.Options{InMemory: true})
				c := protocol.NewCore(t, server)
				c.Settings = fields{"max_attempts": 2}
				takeOverBefore(server, operation)
				if err := c.Apply(versionedSecret); err == nil {
					t.Error("there was no error")
				}
				c.Must(successorIsSafe(server))
				if c.State != nil {
					t.Error("the state holds a secret")
				}
				server.ClearFaults()
				if _, found := importBlockID(fmt.Sprint(c.Apply(versionedSecret))); !found {
					t.Error("the next apply does not say how to import the other secret")
				}
			})
		})
	}
}

// What somebody else wrote into a record must not control the terminal.
func TestAnotherSecretIsNamedSafely(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := robototest.Start(t, robototest.Options{InMemory: true})
		c := protocol.NewCore(t, server)
		c.Must(c.Apply(versionedSecret))
		handOn(server)
		server.Inject(robototest.Fault{Operation: robototest.GetSecret, Mutate: func(body []byte) []byte {
			return bytes.Replace(body, []byte("somebody@"), []byte(`\u001b[2J\nsomebody@`), 1)
		}})
		s := c.MustStart()
		c.Must(s.Refresh())
		if c.Warning == nil || !strings.Contains(c.Warning.Error(), "somebody@example.com") || strings.Contains(c.Warning.Error(), "\x1b") {
			t.Errorf("the warning is %q", c.Warning)
		}
	})
}

// A secret that create_before_destroy has left for later is another one too.
func TestTerraformFindsAnotherSecretInPlaceOfADeposedOne(t *testing.T) {
	t.Parallel()
	server := robototest.Start(t, robototest.Options{})
	config := strings.Replace(oneSecret, "}\n", "  lifecycle {\n    create_before_destroy = true\n  }\n}\n", 1)
	tf := newTerraform(t, server, config)
	tf.succeeds(applyNow...)
	tf.configure(strings.Replace(config, `"db"`, `"other"`, 1))
	server.Inject(robototest.Fault{Operation: robototest.DeleteSecret, Status: http.StatusForbidden, Message: "no"})
	tf.fails(t.Context(), applyNow, "403")
	server.ClearFaults()
	tf.succeeds("plan", "-out=old.tfplan") // Terraform plans the deletion again when it applies
	handOn(server)
	tf.succeeds("apply", "old.tfplan")
	tf.holds("test")
	if err := successorIsSafe(server); err != nil {
		t.Error(err)
	}
}
