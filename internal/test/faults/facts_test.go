// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// Whose a record is, and whether it is still the same one, is decided by facts: who created
// it and when, its ARN, and what is looked up. These tests are about the cases in which a
// guess by clocks, names or memory costs somebody a secret.

const (
	callerPrincipal = "user:caller@example.com"
	otherPrincipal  = "user:somebody@example.com"
)

var (
	bareSecret     = fields{"name": "db"}
	comparedFields = fields{"name": "db", "value_wo": canary}
	rotatedSecret  = fields{"name": "db", "value_wo": canary + "2", "value_wo_version": "2"}
	renamedSecret  = fields{"name": "cache", "value_wo": canary, "value_wo_version": "1"}
)

// says checks that an error or a warning has each of the words.
func says(t *testing.T, said error, words ...string) {
	t.Helper()
	text := fmt.Sprint(said)
	missing := slices.DeleteFunc(words, func(word string) bool { return strings.Contains(text, word) })
	if len(missing) > 0 {
		t.Errorf("%q is not in: %s", missing, text)
	}
}

// origin is what an error about a record "db" has to say of it.
func origin(record robototest.Record) []string {
	return []string{record.CreatedBy, record.Created.Format("2006-01-02T15:04:05"), "import {", `id = "db@og_test"`}
}

// untouched checks that a secret is as somebody left it; the value "" is none.
func untouched(t *testing.T, server *robototest.Server, record robototest.Record, value string) {
	t.Helper()
	if got, exists := server.Record(record.OrgID, record.Name); !exists || got != record {
		t.Errorf("the record exists: %t; it is\n%+v, want\n%+v", exists, got, record)
	}
	got, _, _ := server.Value(record.OrgID, record.Name)
	if versions := server.Versions(record.OrgID, record.Name); got != value || len(versions) > 1 {
		t.Errorf("the value is %q, the last of %d; want %q alone", got, len(versions), value)
	}
}

// keepsNothing checks that the state is empty.
func keepsNothing(t *testing.T, c *protocol.Core) {
	t.Helper()
	if c.State != nil || c.Tainted {
		t.Errorf("the state holds %v (tainted: %t)", c.State, c.Tainted)
	}
}

// before runs a step when a request of the operation comes in, after skip others.
func before(server *robototest.Server, operation robototest.Operation, skip int64, step func()) {
	var seen atomic.Int64
	server.Inject(robototest.Fault{Operation: operation, Match: func(robototest.Request) bool {
		if seen.Add(1) == skip+1 {
			step()
		}
		return false
	}})
}

// What cannot be found out of a create is said, and not kept. The advice of the error helps.
func TestUnsettledCreateKeepsNothing(t *testing.T) {
	for name, test := range map[string]struct {
		created bool
		fails   robototest.Operation
	}{
		"nothing was created":    {false, robototest.GetSecret},
		"the record is not read": {true, robototest.GetSecret},
		"the caller is not read": {true, robototest.GetUser},
		"no credentials":         {true, robototest.GetCredentials},
		"the value is not read":  {true, robototest.GetValue},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
				server.Inject(robototest.Fault{Operation: robototest.CreateSecret, Status: http.StatusServiceUnavailable, After: test.created})
				server.Inject(robototest.Fault{Operation: test.fails, Status: http.StatusServiceUnavailable})
				err := c.Apply(versionedSecret)
				says(t, err, "may", "import {", `id = "db@og_test"`)
				if record, exists := server.Record(robototest.DefaultOrg, "db"); exists && test.fails != robototest.GetSecret {
					says(t, err, origin(record)...)
				}
				keepsNothing(t, c)
				server.ClearFaults()
				if test.created {
					c.Must(c.ImportID("db@og_test"))
				}
				c.Must(c.Apply(versionedSecret))
				empty, err := c.PlanIsEmpty(versionedSecret)
				value, _, _ := server.Value(robototest.DefaultOrg, "db")
				if !empty || err != nil || value != canary || len(server.Versions(robototest.DefaultOrg, "db")) != 1 {
					t.Errorf("the plan is empty: %t (%v), the value %q", empty, err, value)
				}
			})
		})
	}
}

// After a create during an outage, somebody creates a secret of the name, and writes its value
// between our plan and our apply.
func TestUnsettledCreateLeavesALaterRecordAlone(t *testing.T) {
	for _, by := range []string{otherPrincipal, callerPrincipal} {
		t.Run(by, func(t *testing.T) {
			inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
				for _, operation := range []robototest.Operation{robototest.CreateSecret, robototest.GetSecret} {
					server.Inject(robototest.Fault{Operation: operation, Status: http.StatusServiceUnavailable})
				}
				says(t, c.Apply(versionedSecret), "import {")
				server.ClearFaults()
				time.Sleep(5 * time.Minute)
				later := server.AddRecord(robototest.Record{OrgID: robototest.DefaultOrg, Name: "db", CreatedBy: by})
				s := c.MustStart()
				c.Must(s.Refresh())
				server.SetValue(robototest.DefaultOrg, "db", successorValue)
				change := s.Change
				if c.Tainted {
					change = s.ReplaceTainted
				}
				says(t, change(versionedSecret), origin(later)...)
				untouched(t, server, later, successorValue)
				keepsNothing(t, c)
			})
		})
	}
}

// After a lost answer, a record of the name is ours if it has our principal, was created
// between our first attempt and the answer that shows it, and has no value. Dates are whole
// seconds, so one second is forgiven.
func TestLostCreateKnowsItsRecordByFacts(t *testing.T) {
	type test struct {
		by string
		// shift is how much later than the first attempt it was created.
		shift time.Duration
		value string
		// user is what goes wrong with the look-up of the caller.
		user robototest.Fault
		ours bool
	}
	tests := map[string]test{
		"the caller's":               {by: callerPrincipal, ours: true},
		"the caller's bare ID":       {by: "caller@example.com", ours: true},
		"0.9 s before our attempt":   {by: callerPrincipal, shift: -900 * time.Millisecond, ours: true},
		"2 s before our attempt":     {by: callerPrincipal, shift: -2 * time.Second},
		"a minute before":            {by: callerPrincipal, shift: -time.Minute},
		"after the answer":           {by: callerPrincipal, shift: time.Hour},
		"one with a value":           {by: callerPrincipal, value: successorValue},
		"somebody else's":            {by: otherPrincipal},
		"somebody's, with a value":   {by: otherPrincipal, value: successorValue},
		"the caller is not told":     {by: callerPrincipal, user: robototest.Fault{Status: http.StatusServiceUnavailable}},
		"the caller is kept secret":  {by: callerPrincipal, user: robototest.Fault{Status: http.StatusForbidden, Message: "Forbidden"}},
		"the caller is no JSON":      {by: callerPrincipal, user: robototest.Fault{Body: "<html>Log in</html>"}},
		"the caller has no ID":       {by: "user:", user: robototest.Fault{Body: `{"data":{"user_id":"","is_service_user":false,"name":null}}`}},
		"the caller has a null ID":   {by: "user:", user: robototest.Fault{Body: `{"data":{"user_id":null}}`}},
		"the caller is another type": {by: callerPrincipal, user: robototest.Fault{Body: `{"data":{"user_id":["caller@example.com"]}}`}},
	}
	for _, by := range []string{
		"user:Caller@example.com", "User:caller@example.com", "user:caller@example.com ", "user:user:caller@example.com", "user:caller@example.co",
		"invocation:caller@example.com", "device:caller@example.com@og_test", "not" + callerPrincipal,
	} {
		tests[by] = test{by: by}
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
				time.Sleep(700 * time.Millisecond)
				var found robototest.Record
				before(server, robototest.CreateSecret, 0, func() {
					found = server.AddRecord(robototest.Record{OrgID: robototest.DefaultOrg, Name: "db", CreatedBy: test.by, Created: time.Now().Add(test.shift).UTC()})
					if test.value != "" {
						server.SetValue(robototest.DefaultOrg, "db", test.value)
					}
				})
				server.Inject(robototest.Fault{Operation: robototest.CreateSecret, Drop: true, Times: 1})
				if test.user.Status != 0 || test.user.Body != "" {
					test.user.Operation = robototest.GetUser
					server.Inject(test.user)
				}
				err := c.Apply(versionedSecret)
				if test.ours {
					c.Must(err)
					untouched(t, server, found, canary)
					if c.State["arn"] != found.ARN {
						t.Errorf("the state holds %v", c.State)
					}
					return
				}
				says(t, err, origin(found)...)
				untouched(t, server, found, test.value)
				keepsNothing(t, c)
			})
		})
	}
}

// Of two runs, the other one creates the secret while ours fails. What our failure cleans up is
// not the other's, whose value somebody writes meanwhile.
func TestTwoRunsCreateOneName(t *testing.T) {
	for name, refused := range map[string]bool{"our write would succeed": false, "our write would be refused": true} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
				other := protocol.NewCore(t, server)
				other.Vars["ROBOTO_API_KEY"] = server.AddAPIKey(robototest.Grant{User: "other@example.com"})
				var otherErr error
				before(server, robototest.CreateSecret, 1, func() { otherErr = other.Apply(bareSecret) })
				before(server, robototest.PutValue, 0, func() { server.SetValue(robototest.DefaultOrg, "db", successorValue) })
				server.Inject(robototest.Fault{Operation: robototest.CreateSecret, Status: http.StatusServiceUnavailable, Times: 1})
				if refused {
					server.Inject(robototest.Fault{Operation: robototest.PutValue, AWSError: "AccessDeniedException", Message: "not authorized"})
				}
				err := c.Apply(versionedSecret)
				c.Must(otherErr)
				theirs, exists := server.Record(robototest.DefaultOrg, "db")
				if !exists {
					t.Fatalf("the other run's secret is gone: %v", err)
				}
				says(t, err, origin(theirs)...)
				untouched(t, server, theirs, "")
				keepsNothing(t, c)
				if empty, err := other.PlanIsEmpty(bareSecret); !empty || err != nil {
					t.Errorf("the other run's plan is empty: %t (%v)", empty, err)
				}
			})
		})
	}
}

// Two blocks of one name: one has the secret, the other an error, whichever answers are lost.
func TestTwoBlocksCreateOneName(t *testing.T) {
	for name, fault := range map[string]robototest.Fault{
		"none lost":               {Drop: true, Skip: 9},
		"one lost without effect": {Status: http.StatusServiceUnavailable, Times: 1},
		"one lost after effect":   {Drop: true, After: true, Times: 1},
		"both lost":               {Drop: true, After: true, Times: 2},
	} {
		for kind, config := range map[string]fields{"with a value": versionedSecret, "without": bareSecret} {
			t.Run(name+"/"+kind, func(t *testing.T) {
				inBubble(t, func(t *testing.T, server *robototest.Server, _ *protocol.Core) {
					fault.Operation = robototest.CreateSecret
					server.Inject(fault)
					f := newFleet(t, server, 2)
					errs := f.errors(2, func(s *protocol.Session, _ string) error { return s.Change(config) })
					record, exists := server.Record(robototest.DefaultOrg, "db")
					owners := 0
					for i, c := range f.cores {
						if errs[i] == nil && c.State["arn"] == record.ARN {
							owners++
							continue
						}
						says(t, errs[i], "Another resource block of this configuration")
						keepsNothing(t, c)
					}
					if !exists || owners != 1 {
						t.Errorf("the secret exists: %t, and has %d owners: %v", exists, owners, errs)
					}
				})
			})
		}
	}
}

// A name that is taken: the error says whose record has it.
func TestTakenNameSaysWhoseItIs(t *testing.T) {
	for _, by := range []string{otherPrincipal, callerPrincipal} {
		t.Run(by, func(t *testing.T) {
			inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
				record := server.AddRecord(robototest.Record{OrgID: robototest.DefaultOrg, Name: "db", CreatedBy: by})
				time.Sleep(time.Minute)
				says(t, c.Apply(versionedSecret), origin(record)...)
				untouched(t, server, record, "")
				keepsNothing(t, c)
			})
		})
	}
}

// Who the caller is, is asked once, and only if an answer was lost.
func TestCallerIsAskedOnceAndOnlyIfNeeded(t *testing.T) {
	inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
		for _, config := range []fields{versionedSecret, rotatedSecret, renamedSecret, nil} {
			c.Must(c.Apply(config))
		}
		if n := server.Count(robototest.GetUser); n != 0 {
			t.Errorf("the caller was asked for %d times, and nothing was lost", n)
		}
		f := newFleet(t, server, 5)
		server.Inject(robototest.Fault{Operation: robototest.CreateSecret, Drop: true, After: true, Times: 5})
		c.Must(f.each(5, applyVersioned))
		if n := server.Count(robototest.GetUser); n != 1 {
			t.Errorf("the caller was asked for %d times, want once", n)
		}
	})
}

// A clean-up looks before it deletes, behind a cancel too.
func TestCleanUpLooksBehindACancel(t *testing.T) {
	inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
		takeOverBefore(server, robototest.PutValue)
		server.Inject(robototest.Fault{Operation: robototest.PutValue, Delay: time.Hour})
		var group sync.WaitGroup
		group.Go(func() {
			if err := c.Apply(versionedSecret); err == nil {
				t.Error("there was no error")
			}
		})
		time.Sleep(5 * time.Second)
		c.Interrupt()
		group.Wait()
		keepsNothing(t, c)
		c.Must(successorIsSafe(server))
	})
}

// A gateway with a slow clock, a cached Date or none makes no record ours, neither an older
// one of the caller's nor that of this create.
func TestGatewayClockMakesNoRecordOurs(t *testing.T) {
	for clock, slow := range map[string]time.Duration{"a minute slow": time.Minute, "cached": 24 * time.Hour, "missing": 0} {
		for whose, age := range map[string]time.Duration{"an older record": 50 * time.Second, "the create's own": 0} {
			t.Run(clock+"/"+whose, func(t *testing.T) {
				inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
					if age > 0 {
						server.AddRecord(robototest.Record{OrgID: robototest.DefaultOrg, Name: "db", CreatedBy: callerPrincipal})
						time.Sleep(age)
					}
					var date []string
					if slow > 0 {
						date = []string{time.Now().Add(-slow).UTC().Format(http.TimeFormat)}
					}
					server.Inject(robototest.Fault{Operation: robototest.CreateSecret, Drop: true, After: true, Times: 1})
					server.Inject(robototest.Fault{Operation: robototest.GetSecret, Header: http.Header{"Date": date}})
					err := c.Apply(versionedSecret)
					record, exists := server.Record(robototest.DefaultOrg, "db")
					if !exists {
						t.Fatalf("the record is gone: %v", err)
					}
					says(t, err, origin(record)...)
					untouched(t, server, record, "")
					keepsNothing(t, c)
				})
			})
		}
	}
}

// Another ARN alone makes another secret, and so does another creation time alone.
func TestEitherDifferenceMakesAnotherSecret(t *testing.T) {
	for what, successor := range map[string]func(old robototest.Record) robototest.Record{
		"ARN":           func(old robototest.Record) robototest.Record { return robototest.Record{Created: old.Created} },
		"creation time": func(old robototest.Record) robototest.Record { return robototest.Record{ARN: old.ARN} },
	} {
		for how, test := range map[string]struct {
			bulk bool
			act  func(c *protocol.Core) error
			// fails says that this is an error; otherwise the old secret is forgotten.
			fails bool
		}{
			"refreshed":                {false, func(c *protocol.Core) error { return c.MustStart().Refresh() }, false},
			"refreshed from a listing": {true, func(c *protocol.Core) error { return c.MustStart().Refresh() }, false},
			"destroyed":                {false, func(c *protocol.Core) error { return c.Apply(nil) }, false},
			"destroyed unrefreshed":    {false, func(c *protocol.Core) error { return c.MustStart().Change(nil) }, false},
			"renamed unrefreshed":      {false, func(c *protocol.Core) error { return c.MustStart().Change(renamedSecret) }, false},
			"updated unrefreshed":      {false, func(c *protocol.Core) error { return c.MustStart().Change(rotatedSecret) }, true},
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
					err := test.act(c)
					if test.fails != (err != nil) || !test.fails && c.State != nil && c.State["name"] == "db" {
						t.Errorf("the error is %v, the state %v", err, c.State)
					}
					untouched(t, server, next, successorValue)
					if strings.HasPrefix(how, "refreshed") {
						says(t, c.Warning, origin(next)...)
					}
				})
			})
		}
	}
}

var createdPattern = regexp.MustCompile(`"created":"([^"]*)"`)

// rewriteCreated writes the creation times in an answer in another way.
func rewriteCreated(write func(time.Time) string) func([]byte) []byte {
	return func(body []byte) []byte {
		return createdPattern.ReplaceAllFunc(body, func(match []byte) []byte {
			created, err := time.Parse(time.RFC3339, string(createdPattern.FindSubmatch(match)[1]))
			if err != nil {
				panic(err)
			}
			return fmt.Appendf(nil, `"created":%q`, write(created))
		})
	}
}

// Each answer may write a creation time in its own way, and to the second where others give
// microseconds. It is the same secret, and its state does not change.
func TestNotationOfATimeIsNoDifference(t *testing.T) {
	layout := func(layout string) func(time.Time) string {
		return func(at time.Time) string { return at.Format(layout) }
	}
	for notation, write := range map[string]func(time.Time) string{
		"whole seconds":  layout("2006-01-02T15:04:05Z07:00"),
		"milliseconds":   layout("2006-01-02T15:04:05.000Z07:00"),
		"no offset":      layout("2006-01-02 15:04:05.000000"),
		"another offset": func(at time.Time) string { return at.In(time.FixedZone("", 2*60*60)).Format(time.RFC3339Nano) },
	} {
		for _, operation := range []robototest.Operation{robototest.CreateSecret, robototest.GetSecret, robototest.ListSecrets, robototest.GetCredentials} {
			t.Run(notation+"/"+string(operation), func(t *testing.T) {
				inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
					time.Sleep(123456 * time.Microsecond)
					c.Settings["bulk_refresh"] = operation == robototest.ListSecrets
					fault := robototest.Fault{Operation: operation, Mutate: rewriteCreated(write)}
					if operation == robototest.CreateSecret {
						server.Inject(fault)
					}
					c.Must(c.Apply(comparedFields))
					server.ClearFaults()
					if operation != robototest.CreateSecret {
						server.Inject(fault)
					}
					was := maps.Clone(c.State)
					if empty, err := c.PlanIsEmpty(comparedFields); !empty || err != nil || c.Warning != nil || !maps.Equal(c.State, was) {
						t.Errorf("the plan is empty: %t (%v, %v); the state was\n%v, and is\n%v", empty, err, c.Warning, was, c.State)
					}
					c.Must(c.Apply(fields{"name": "db", "value_wo": "another value"}))
					if value, _, _ := server.Value(robototest.DefaultOrg, "db"); value != "another value" {
						t.Errorf("the value is %q", value)
					}
					c.Must(c.Apply(nil))
					if _, exists := server.Record(robototest.DefaultOrg, "db"); exists {
						t.Error("the secret is still there")
					}
				})
			})
		}
	}
}

// The name is handed on between a refresh and the deletion that follows at once.
func TestEveryDeletionLooksFirst(t *testing.T) {
	for name, change := range map[string]func(s *protocol.Session) error{
		"destroyed": func(s *protocol.Session) error { return s.Change(nil) },
		"renamed":   func(s *protocol.Session) error { return s.Change(renamedSecret) },
		"tainted":   func(s *protocol.Session) error { return s.ReplaceTainted(versionedSecret) },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
				c.Must(c.Apply(versionedSecret))
				s := c.MustStart()
				c.Must(s.Refresh())
				handOn(server)
				if err := change(s); (err != nil) != (name == "tainted") {
					t.Errorf("the error is %v", err) // where the name is needed again, it is taken
				}
				c.Must(successorIsSafe(server))
			})
		})
	}
}

// A secret at two addresses: a plan that deletes it at one of them is refused while the other
// keeps it, whichever is planned first. Nothing is deleted, and without one of them all works.
func TestPlanRefusesToDeleteWhatAnotherAddressKeeps(t *testing.T) {
	for _, refreshed := range []bool{true, false} {
		for name, changes := range map[string][2]fields{
			"deleted, then kept":  {nil, versionedSecret},
			"kept, then deleted":  {versionedSecret, nil},
			"updated and deleted": {rotatedSecret, nil},
			"renamed, then kept":  {renamedSecret, versionedSecret},
			"kept, then renamed":  {versionedSecret, renamedSecret},
		} {
			t.Run(fmt.Sprintf("%s/refreshed %t", name, refreshed), func(t *testing.T) {
				inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
					c.Must(c.Apply(versionedSecret))
					record, _ := server.Record(robototest.DefaultOrg, "db")
					other := protocol.NewCore(t, server)
					other.Instance = c.Instance
					first := c.MustStart()
					second := first.With(other)
					if refreshed {
						c.Must(first.Refresh())
						if c.Warning != nil {
							t.Errorf("the first read warns: %v", c.Warning)
						}
						c.Must(second.Refresh())
						says(t, other.Warning, `"db"`, "terraform state rm")
					}
					_, err := first.Plan(changes[0])
					c.Must(err)
					_, err = second.Plan(changes[1])
					says(t, err, `"db"`, "terraform state rm")
					untouched(t, server, record, canary)

					c.Must(c.Apply(versionedSecret))
					if c.Warning != nil {
						t.Errorf("one address warns: %v", c.Warning)
					}
					c.Must(c.Apply(nil))
					if _, exists := server.Record(robototest.DefaultOrg, "db"); exists {
						t.Error("the secret is still there")
					}
				})
			})
		}
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
		_, err = s.Plan(bareSecret)
		c.Must(err)
		c.Must(s.With(c).ApplyPlanned(deletion))
		keepsNothing(t, c)
		c.Must(successorIsSafe(server))
	})
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
					_, err = s.With(other).Plan(later)
					c.Must(err)
				}
				c.Must(s.ApplyPlanned(planned))
				value, versionID, _ := server.Value(robototest.DefaultOrg, "db")
				if value != configs[1]["value_wo"] || c.State["version_id"] != versionID {
					t.Errorf("the value is %q of version %s, the state %v", value, versionID, c.State)
				}
			})
		})
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
				if out.Err() != nil || planned["version_id"] != protocol.Unknown {
					t.Errorf("the plan is %v: %v", planned, out.Err())
				}
				if err := c.MustStart().Change(comparedFields); err == nil {
					t.Error("it was updated")
				}
				c.Must(s.Refresh())
				keepsNothing(t, c)
				for range 2 {
					_, err := s.Plan(comparedFields)
					c.Must(err)
				}
				if err := s.Change(comparedFields); (err != nil) != (name != "gone") {
					t.Errorf("the create: %v", err)
				}
				want := canary
				if name != "gone" {
					want = successorValue
				}
				if value, _, _ := server.Value(robototest.DefaultOrg, "db"); value != want {
					t.Errorf("the value is %q, want %q", value, want)
				}
			})
		})
	}
}

// wire is an answer that shows a record.
func wire(r robototest.Record) string {
	return fmt.Sprintf(`{"data":{"name":%q,"org_id":%q,"store_type":"aws","location":{"store_type":"aws","arn":%q},"created":%q,"created_by":%q,"modified":%[4]q,"modified_by":%q,"last_used":null}}`,
		r.Name, r.OrgID, r.ARN, r.Created.Format(time.RFC3339Nano), r.CreatedBy, r.ModifiedBy)
}

// A POST that is answered with a record of long ago, by the clock of the same answer, has not
// created it.
func TestCreateBelievesNoOldRecord(t *testing.T) {
	const years = 3 * 365 * 24 * time.Hour
	for name, test := range map[string]struct {
		age  time.Duration
		date http.Header
		ours bool
	}{
		"years old":               {age: years},
		"61 minutes old":          {age: 61 * time.Minute},
		"59 minutes old":          {age: 59 * time.Minute, ours: true},
		"years old, without Date": {age: years, date: http.Header{"Date": nil}, ours: true},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
				record := server.AddRecord(robototest.Record{
					OrgID: robototest.DefaultOrg, Name: "db", CreatedBy: callerPrincipal, Created: time.Now().Add(-test.age).UTC(),
				})
				server.Inject(robototest.Fault{Operation: robototest.CreateSecret, Body: wire(record), Header: test.date})
				err := c.Apply(versionedSecret)
				if test.ours {
					c.Must(err)
					untouched(t, server, record, canary)
					return
				}
				says(t, err, origin(record)...)
				untouched(t, server, record, "")
				keepsNothing(t, c)
			})
		})
	}
}

// A state cannot hold a year beyond 9999.
func TestYearsBeyond9999AreRefused(t *testing.T) {
	for _, operation := range []robototest.Operation{robototest.GetSecret, robototest.GetCredentials, robototest.ListSecrets} {
		t.Run(string(operation), func(t *testing.T) {
			inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
				c.Must(c.Apply(comparedFields))
				state := maps.Clone(c.State)
				versions := len(server.Versions(robototest.DefaultOrg, "db"))
				server.Inject(robototest.Fault{Operation: operation, Mutate: rewriteCreated(func(time.Time) string { return "9999-12-31T23:59:59-01:00" })})
				var err error
				if operation == robototest.ListSecrets {
					_, err = readSecrets(c)
				} else {
					err = c.Apply(fields{"name": "db", "value_wo": "another value"})
				}
				if err == nil || !maps.Equal(c.State, state) || len(server.Versions(robototest.DefaultOrg, "db")) != versions {
					t.Errorf("the error is %v, the state %v", err, c.State)
				}
			})
		})
	}
}

// This machine's clock is an hour slow. The caller made the record half an hour ago.
func TestSlowClockMakesNoRecordOurs(t *testing.T) {
	inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
		const slow = time.Hour
		hand := server.AddRecord(robototest.Record{
			OrgID: robototest.DefaultOrg, Name: "db", CreatedBy: callerPrincipal,
			Created: time.Now().Add(slow - 30*time.Minute).UTC().Truncate(time.Microsecond),
		})
		server.Inject(robototest.Fault{Operation: robototest.CreateSecret, Status: http.StatusServiceUnavailable, Times: 1})
		server.Inject(robototest.Fault{Operation: robototest.GetSecret, Header: http.Header{"Date": {time.Now().Add(slow).UTC().Format(http.TimeFormat)}}})
		err := c.Apply(versionedSecret)
		untouched(t, server, hand, "")
		keepsNothing(t, c)
		if err == nil {
			server.ClearFaults()
			c.Must(c.Apply(nil))
			if _, exists := server.Record(robototest.DefaultOrg, "db"); !exists {
				t.Error("destroy deleted it")
			}
		}
	})
}

// Right after a create, Roboto may not find the record that a clean-up has to delete.
func TestCleanUpDoesNotBelieveALaggingGet(t *testing.T) {
	for _, times := range []int{3, 0} {
		inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
			server.Inject(robototest.Fault{Operation: robototest.GetCredentials, Status: http.StatusForbidden, Message: "Forbidden"})
			server.Inject(robototest.Fault{Operation: robototest.GetSecret, Status: http.StatusNotFound, Code: "RobotoNotFoundException", Message: "No secret.", Times: times})
			err := c.Apply(versionedSecret)
			if _, exists := server.Record(robototest.DefaultOrg, "db"); exists != (c.State != nil) || exists != (times == 0) || err == nil {
				t.Errorf("the record is there: %t, in state: %t: %v", exists, c.State != nil, err)
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
		before(server, robototest.DeleteSecret, 0, func() {
			until := time.Now().Add(3 * time.Second)
			server.Inject(robototest.Fault{
				Operation: robototest.CreateSecret, Status: http.StatusConflict, Code: "RobotoConflictException", Message: "exists",
				Match: func(robototest.Request) bool { return time.Now().Before(until) },
			})
			server.Inject(robototest.Fault{Operation: robototest.GetSecret, Body: wire(old), Match: func(robototest.Request) bool { return time.Now().Before(until) }})
		})
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
	for name, fault := range map[string]robototest.Fault{"403": {Status: 403, Message: "Forbidden"}, "503": {Status: 503}} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(_ *testing.T, server *robototest.Server, c *protocol.Core) {
				fault.Operation = robototest.ListOrgs
				server.Inject(fault)
				for _, name := range []string{"db", "cache"} {
					c.Must(c.Apply(versionedNamed(name)))
				}
				c.Must(c.Apply(nil))
			})
		})
	}
}

// The record in the answer with credentials may repeat them.
func TestARNBesideCredentialsIsNotShown(t *testing.T) {
	inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
		c.Must(c.Apply(versionedSecret))
		server.Inject(robototest.Fault{Operation: robototest.GetCredentials, Mutate: func(body []byte) []byte {
			text := string(body)
			_, rest, _ := strings.Cut(text, `"secret_access_key":"`)
			key, _, _ := strings.Cut(rest, `"`)
			record, _ := server.Record(robototest.DefaultOrg, "db")
			return []byte(strings.ReplaceAll(text, record.ARN, record.ARN+key))
		}})
		s := c.MustStart()
		err := s.Change(rotatedSecret)
		for _, creds := range server.IssuedCredentials() {
			if strings.Contains(fmt.Sprint(err), creds.SecretAccessKey) {
				t.Errorf("the secret access key is shown: %v", err)
			}
		}
	})
}

// A text of Roboto's could control a terminal.
func TestUnprintableCreatorIsNotShown(t *testing.T) {
	inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
		server.AddRecord(robototest.Record{OrgID: robototest.DefaultOrg, Name: "db", CreatedBy: "user:x\u202emoc.\u2028y\u200b"})
		err := c.Apply(versionedSecret)
		if strings.ContainsAny(fmt.Sprint(err), "\u202e\u2028\u200b") {
			t.Errorf("shown: %q", fmt.Sprint(err))
		}
	})
}
