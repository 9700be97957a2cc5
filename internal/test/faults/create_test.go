// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// leavesInDoubt checks that a create says that a record may be there, and keeps nothing in the
// state. The next apply puts everything right, or says with which import block it does.
func leavesInDoubt(t *testing.T, server *robototest.Server, c *protocol.Core, err error) {
	t.Helper()
	says(t, err, "A record of this name may have been created.")
	keepsNothing(t, c)
	server.ClearFaults()
	_, exists := server.Record(robototest.DefaultOrg, "db")
	imported, err := repair(c, versionedSecret)
	c.Must(err)
	if imported != exists {
		t.Errorf("the record exists: %t, and the next apply asks for an import: %t", exists, imported)
	}
	c.Must(disagreement(c, faultCall{after: versionedSecret, versions: 1}))
}

// What several faults make of one create. The matrix has those of one fault.
func TestCreateWithSeveralFaults(t *testing.T) {
	lost := robototest.Fault{Drop: true, Times: 1}
	lostAfter := robototest.Fault{Drop: true, Times: 1, After: true}
	limit := robototest.Fault{Status: http.StatusForbidden, Code: "RobotoLimitExceededException", Message: "too many secrets"}
	limitAfter := limit
	limitAfter.After, limitAfter.Times = true, 1
	notFree := robototest.Fault{Status: http.StatusConflict, Code: "RobotoConflictException", Message: "Being deleted.", Times: 3}
	busy := tooMany("45")
	busy.Times = 3
	unavailable := robototest.Fault{Status: http.StatusServiceUnavailable, Header: http.Header{"Retry-After": {"45"}}, Times: 1}
	const inDoubt = "A record of this name may have been created."
	for name, test := range map[string]struct {
		// lag is the time after which AWS grants access to a new secret.
		lag    time.Duration
		faults []robototest.Fault
		// says is what the error says. Without one, the create succeeds.
		says []string
		// least is how long it has to take.
		least time.Duration
	}{
		"the answer is lost, and then Roboto is busy":           {faults: []robototest.Fault{lost, tooMany("1")}, says: []string{inDoubt, "Too Many Requests"}},
		"the answer is lost, and then a limit is reached":       {faults: []robototest.Fault{lost, limit}, says: []string{inDoubt, limit.Message}},
		"the answer is lost, and a refusal took effect":         {faults: []robototest.Fault{lost, limitAfter}},
		"the answer is lost, and AWS lags":                      {lag: 5 * time.Second, faults: []robototest.Fault{lostAfter}},
		"Roboto is busy, and AWS lags":                          {lag: 5 * time.Second, faults: []robototest.Fault{busy}, least: 2 * time.Minute},
		"the name is not free yet":                              {faults: []robototest.Fault{notFree}},
		"a gateway says when to come back":                      {faults: []robototest.Fault{unavailable}, least: 45 * time.Second},
		"a gateway says 409, which is no word about the secret": {faults: []robototest.Fault{{Status: 409, Body: "<html>"}}, says: []string{"409"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := robototest.Start(t, robototest.Options{InMemory: true, PermissionLag: test.lag})
				c := protocol.NewCore(t, server)
				for _, fault := range test.faults {
					fault.Operation = robototest.CreateSecret
					server.Inject(fault)
				}
				began := time.Now()
				err := c.Apply(versionedSecret)
				if took := time.Since(began); took < test.least {
					t.Errorf("it took %s, want at least %s", took, test.least)
				}
				if test.says == nil {
					c.Must(err)
					c.Must(disagreement(c, faultCall{after: versionedSecret, versions: 1}))
					return
				}
				says(t, err, test.says...)
				keepsNothing(t, c)
				if test.says[0] == inDoubt {
					leavesInDoubt(t, server, c, err)
				}
				if err != nil && strings.Contains(err.Error(), "exists already") {
					t.Errorf("there is no secret of the name: %v", err)
				}
			})
		})
	}
}

// A record that a create did not make stays as it is. The error says whose it is.
func TestCreateLeavesOtherRecordsAlone(t *testing.T) {
	lost := robototest.Fault{Operation: robototest.CreateSecret, Drop: true, Times: 1}
	for how, act := range map[string]func(c *protocol.Core, add func()) error{
		"the name is taken": func(c *protocol.Core, add func()) error {
			add()
			return c.Apply(versionedSecret)
		},
		"the name is taken, and an answer is lost": func(c *protocol.Core, add func()) error {
			add()
			time.Sleep(time.Minute)
			c.Roboto.Inject(lost)
			return c.Apply(versionedSecret)
		},
		"the name is taken between two attempts": func(c *protocol.Core, add func()) error {
			before(c.Roboto, robototest.CreateSecret, 1, add)
			c.Roboto.Inject(robototest.Fault{Operation: robototest.CreateSecret, Status: http.StatusServiceUnavailable, Times: 1})
			return c.Apply(versionedSecret)
		},
		"it is made after a create of which nobody knows": func(c *protocol.Core, add func()) error {
			for _, operation := range []robototest.Operation{robototest.CreateSecret, robototest.GetSecret} {
				c.Roboto.Inject(robototest.Fault{Operation: operation, Status: http.StatusServiceUnavailable})
			}
			if err := c.Apply(versionedSecret); err == nil || !strings.Contains(err.Error(), "import {") {
				return err
			}
			c.Roboto.ClearFaults()
			time.Sleep(5 * time.Minute)
			add()
			s := c.MustStart()
			c.Must(s.Refresh())
			return s.Change(versionedSecret)
		},
	} {
		for _, by := range []string{otherPrincipal, callerPrincipal} {
			t.Run(how+"/"+by, func(t *testing.T) {
				inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
					var record robototest.Record
					err := act(c, func() {
						record = server.AddRecord(robototest.Record{OrgID: robototest.DefaultOrg, Name: "db", CreatedBy: by})
						server.SetValue(robototest.DefaultOrg, "db", successorValue)
						record, _ = server.Record(robototest.DefaultOrg, "db")
						time.Sleep(time.Minute)
					})
					says(t, err, origin(record)...)
					untouched(t, server, record, successorValue)
					keepsNothing(t, c)
				})
			})
		}
	}
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
				server.Inject(robototest.Fault{Operation: robototest.CreateSecret, Body: recordJSON(record), Header: test.date})
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

// What was refused cannot have made the record that somebody makes before Ctrl-C.
func TestCanceledCreateLeavesOthersRecordsAlone(t *testing.T) {
	for name, fault := range map[string]robototest.Fault{
		"too many requests":        tooMany("5"),
		"the name is not free yet": {Status: http.StatusConflict, Code: "RobotoConflictException", Message: "Being deleted."},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
				fault.Operation = robototest.CreateSecret
				server.Inject(fault)
				var record robototest.Record
				time.AfterFunc(time.Second, func() {
					record = server.AddSecret(robototest.DefaultOrg, "db")
					c.Interrupt()
				})
				if err := c.Apply(versionedSecret); err == nil {
					t.Error("the create succeeded")
				}
				untouched(t, server, record, "")
				keepsNothing(t, c)
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
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, server *robototest.Server, _ *protocol.Core) {
				fault.Operation = robototest.CreateSecret
				server.Inject(fault)
				f := newFleet(t, server, 2)
				errs := f.errors(2, func(s *protocol.Session, _ string) error { return s.Change(versionedSecret) })
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
