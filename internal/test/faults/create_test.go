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

// at is a fault of an operation, as often as times; 0 is for ever.
func at(operation robototest.Operation, times int, fault robototest.Fault) robototest.Fault {
	fault.Operation, fault.Times = operation, times
	return fault
}

// What several faults, or a fault and an event, make of one create. The matrix has those of one fault.
func TestCreate(t *testing.T) {
	const post, get, remove = robototest.CreateSecret, robototest.GetSecret, robototest.DeleteSecret
	const creds, put = robototest.GetCredentials, robototest.PutValue
	const (
		isCreated = "the secret, written once"
		isUndone  = "nothing"
		isInDoubt = "nothing in the state, and perhaps a record"
		isLeft    = "a tainted record"
		isTheirs  = "somebody else's secret, and nothing in the state"
		undone    = "its new record was deleted again"
	)
	const years, lag = 3 * 365 * 24 * time.Hour, 5 * time.Second
	type faults = []robototest.Fault
	lost, lostAfter := at(post, 1, robototest.Fault{Drop: true}), at(post, 1, robototest.Fault{Drop: true, After: true})
	limit := robototest.Fault{Status: http.StatusForbidden, Code: "RobotoLimitExceededException", Message: "too many secrets"}
	limitAfter := limit
	limitAfter.After = true
	notFree := robototest.Fault{Status: http.StatusConflict, Code: "RobotoConflictException", Message: "Being deleted."}
	unavailable := robototest.Fault{Status: http.StatusServiceUnavailable, Header: tooMany("45").Header}
	refused := at(put, 0, robototest.Fault{AWSError: "InvalidParameterException", Message: "no"})
	hanging := robototest.Fault{Delay: time.Hour}
	hidden := robototest.Fault{Status: http.StatusNotFound, Code: codeNotFound, Message: "No secret."}
	var since time.Time
	forAMoment := at(remove, 0, tooMany("60"))
	forAMoment.Match = func(r robototest.Request) bool {
		if since.IsZero() {
			since = r.Time
		}
		return r.Time.Sub(since) < 5*time.Second
	}

	// theirs is the record of somebody else, and its value.
	type theirs struct {
		robototest.Record
		value string
	}
	type event func(*protocol.Core, *theirs)
	takenOver := func(operation robototest.Operation) event {
		return func(c *protocol.Core, others *theirs) {
			before(c.Roboto, operation, func() {
				handOn(c.Roboto)
				record, _ := c.Roboto.Record(testOrg, "db")
				*others = theirs{record, successorValue}
			})
		}
	}
	takenOverInterrupted := func(c *protocol.Core, others *theirs) {
		takenOver(put)(c, others)
		c.Roboto.Inject(at(put, 0, hanging))
		time.AfterFunc(5*time.Second, c.Interrupt)
	}
	createdInterrupted := func(c *protocol.Core, others *theirs) {
		time.AfterFunc(time.Second, func() {
			others.Record = c.Roboto.AddRecord(robototest.Record{OrgID: testOrg, Name: "db", CreatedBy: callerPrincipal})
			c.Interrupt()
		})
	}
	// answered answers with a record of that age.
	answered := func(age time.Duration, header http.Header) event {
		return func(c *protocol.Core, others *theirs) {
			others.Record = c.Roboto.AddRecord(robototest.Record{
				OrgID: testOrg, Name: "db", CreatedBy: callerPrincipal, Created: time.Now().Add(-age).UTC(),
			})
			c.Roboto.Inject(robototest.Fault{Operation: post, Body: recordJSON(others.Record), Header: header})
		}
	}
	for name, test := range map[string]struct {
		faults faults
		event  event
		ends   string
		says   string
		// least is how long it has to take, and lag the time after which AWS grants access to a new secret.
		least, lag time.Duration
	}{
		"the answer is lost, and then Roboto is busy":     {faults: faults{lost, at(post, 0, tooMany("1"))}, ends: isInDoubt, says: "Too Many Requests"},
		"the answer is lost, and then a limit is reached": {faults: faults{lost, at(post, 0, limit)}, ends: isInDoubt, says: limit.Message},
		"the answer is lost, and a refusal took effect":   {faults: faults{lost, at(post, 1, limitAfter)}, ends: isCreated},
		"the answer is lost, and AWS lags":                {faults: faults{lostAfter}, ends: isCreated, lag: lag},
		"Roboto is busy, and AWS lags":                    {faults: faults{at(post, 3, tooMany("45"))}, ends: isCreated, lag: lag, least: 2 * time.Minute},
		"the name is not free yet":                        {faults: faults{at(post, 3, notFree)}, ends: isCreated},
		"a gateway says when to come back":                {faults: faults{at(post, 1, unavailable)}, ends: isCreated, least: 45 * time.Second},
		"a gateway says 409, which is no word about the secret": {
			faults: faults{at(post, 0, robototest.Fault{Status: http.StatusConflict, Body: "<html>"})}, ends: isUndone, says: "409",
		},

		// If the value cannot be written, the record is deleted again. That has half a minute, which is less
		// than a service may ask to wait.
		"undo: Roboto asks for a minute":                 {faults: faults{at(creds, 0, tooMany("60"))}, ends: isUndone, says: undone},
		"undo: Roboto asks for half a minute":            {faults: faults{at(creds, 0, tooMany("30"))}, ends: isUndone, says: undone},
		"undo: it is refused for a moment":               {faults: faults{refused, forAMoment}, ends: isUndone, says: undone},
		"undo: it is to be repeated later":               {faults: faults{refused, at(remove, 1, unavailable)}, ends: isUndone, says: undone},
		"undo: it hangs once":                            {faults: faults{refused, at(remove, 1, hanging)}, ends: isUndone, says: undone},
		"undo: its answer is lost":                       {faults: faults{refused, at(remove, 1, lostAfter)}, ends: isUndone, says: undone},
		"undo: Roboto does not show the record at first": {faults: faults{refused, at(get, 3, hidden)}, ends: isUndone, says: undone},
		"undo: Roboto does not show the record":          {faults: faults{refused, at(get, 0, hidden)}, ends: isLeft},

		"somebody takes the name before there are credentials":    {event: takenOver(creds), ends: isTheirs},
		"somebody takes the name before the write":                {event: takenOver(put), ends: isTheirs},
		"somebody takes the name during a write, and then Ctrl-C": {event: takenOverInterrupted, ends: isTheirs},
		// What was refused cannot have made the record.
		"somebody takes the name while Roboto is busy, and then Ctrl-C": {
			faults: faults{at(post, 0, tooMany("5"))}, event: createdInterrupted, ends: isTheirs,
		},
		"somebody takes the name while it is not free, and then Ctrl-C": {
			faults: faults{at(post, 0, notFree)}, event: createdInterrupted, ends: isTheirs,
		},

		// A POST that is answered with a record of long ago, by the clock of the same answer, has not created it.
		"the record is 61 minutes old":            {event: answered(61*time.Minute, nil), ends: isTheirs, says: "import {"},
		"the record is 59 minutes old":            {event: answered(59*time.Minute, nil), ends: isCreated},
		"the record is years old, without a Date": {event: answered(years, http.Header{"Date": nil}), ends: isCreated},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := robototest.Start(t, robototest.Options{InMemory: true, PermissionLag: test.lag})
				server.Latency(150 * time.Millisecond)
				c := protocol.NewCore(t, server)
				for _, fault := range test.faults {
					server.Inject(fault)
				}
				var others theirs
				if test.event != nil {
					test.event(c, &others)
				}
				began := time.Now()
				err := c.Apply(versionedSecret)
				if took := time.Since(began); took < test.least {
					t.Errorf("it took %s, want at least %s", took, test.least)
				}
				record, exists := server.Record(testOrg, "db")
				if test.ends == isCreated {
					c.Must(err)
					c.Must(disagreement(c, canary, 1))
					if others.ARN != "" && others.ARN != record.ARN {
						t.Errorf("the record is %v, want %v", record, others)
					}
					return
				}
				if err == nil || strings.Contains(err.Error(), "exists already") && test.ends != isTheirs {
					t.Errorf("it ends with %v", err)
				}
				says(t, err, test.says)
				if test.ends == isInDoubt {
					says(t, err, "A record of this name may have been created.")
				}
				if stays := test.ends == isLeft; c.Tainted != stays || (c.State != nil) != stays {
					t.Errorf("the state holds %v (tainted: %t), want %s", c.State, c.Tainted, test.ends)
				}
				if test.ends == isUndone && exists {
					t.Errorf("the record %v is left", record)
				}
				server.ClearFaults()
				if test.ends == isTheirs {
					untouched(t, server, others.Record, others.value)
					says(t, c.Apply(versionedSecret), origin(others.Record)...)
					return
				}
				imported, err := repair(c, versionedSecret)
				c.Must(err)
				if imported != (exists && test.ends == isInDoubt) {
					t.Errorf("the record exists: %t, and the next apply asks for an import: %t", exists, imported)
				}
				c.Must(disagreement(c, canary, 1))
			})
		})
	}
}

// A value that turns out unusable only while applying is refused before anything is created.
func TestValueIsCheckedWhenItBecomesKnown(t *testing.T) {
	for name, value := range map[string]any{"null": nil, "empty": ""} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
				config := func(version string) fields {
					return fields{"name": "db", "value_wo": value, "value_wo_version": version}
				}
				s := c.MustStart()
				if err := s.Change(config("1")); err == nil || server.Count(robototest.CreateSecret) != 0 {
					t.Errorf("%d records were created: %v", server.Count(robototest.CreateSecret), err)
				}
				c.Must(c.Apply(versionedSecret))
				if err := s.Change(config("2")); err == nil || c.State["value_wo_version"] != "1" {
					t.Errorf("the update was applied: %s (%v)", c.State, err)
				}
			})
		})
	}
}

// A key of a few characters occurs in an ARN by chance, and a longer one may hold the name of an
// organization. What was asked for is no echo of it.
func TestAPIKeysThatOccurInAnswers(t *testing.T) {
	for orgID, key := range map[string]string{"og_test": "r", "og_production": "rbt_og_production_4711_x9f8e7d6c5b4a"} {
		synctest.Test(t, func(t *testing.T) {
			server := robototest.Start(t, robototest.Options{InMemory: true, APIKey: key, Orgs: []string{orgID}})
			c := protocol.NewCore(t, server)
			c.Must(c.Apply(fields{"name": "db", "org_id": orgID, "value_wo": canary, "value_wo_version": "1"}))
			_, err := c.ReadData(protocol.TypeOrganizations, nil)
			if len(key) < 8 {
				c.Must(err)
			} else {
				says(t, err, "repeats a part of the API key")
			}
		})
	}
}
