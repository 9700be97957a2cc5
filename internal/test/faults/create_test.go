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
					c.Must(disagreement(c, canary, 1))
					return
				}
				says(t, err, test.says...)
				keepsNothing(t, c)
				if test.says[0] == inDoubt {
					server.ClearFaults()
					_, exists := server.Record(robototest.DefaultOrg, "db")
					imported, err := repair(c, versionedSecret)
					c.Must(err)
					if imported != exists {
						t.Errorf("the record exists: %t, and the next apply asks for an import: %t", exists, imported)
					}
					c.Must(disagreement(c, canary, 1))
				}
				if err != nil && strings.Contains(err.Error(), "exists already") {
					t.Errorf("there is no secret of the name: %v", err)
				}
			})
		})
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
