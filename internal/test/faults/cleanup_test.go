// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// A create whose value cannot be written deletes its record again. It has half a minute for that, which
// is less than a service may ask to wait.
func TestCleanUp(t *testing.T) {
	const remove = robototest.DeleteSecret
	refused := robototest.Fault{Operation: robototest.PutValue, AWSError: "InvalidParameterException", Message: "no"}
	hidden := robototest.Fault{Operation: robototest.GetSecret, Status: 404, Code: "RobotoNotFoundException", Message: "No secret."}
	of := func(operation robototest.Operation, times int, fault robototest.Fault) robototest.Fault {
		fault.Operation, fault.Times = operation, times
		return fault
	}
	later := of(remove, 1, robototest.Fault{Status: http.StatusServiceUnavailable, Header: tooMany("60").Header})
	forAMoment := of(remove, 0, tooMany("60"))
	var since time.Time
	forAMoment.Match = func(r robototest.Request) bool {
		if since.IsZero() {
			since = r.Time
		}
		return r.Time.Sub(since) < 5*time.Second
	}
	for name, test := range map[string]struct {
		faults []robototest.Fault
		// secrets is how many there are, one by default.
		secrets int
		// stays is whether the records are left, and in the state.
		stays bool
	}{
		"Roboto asks for a minute":                 {faults: []robototest.Fault{of(robototest.GetCredentials, 0, tooMany("60"))}},
		"Roboto asks for half a minute":            {faults: []robototest.Fault{of(robototest.GetCredentials, 0, tooMany("30"))}},
		"Roboto asks ten for a minute":             {faults: []robototest.Fault{of(robototest.GetCredentials, 0, tooMany("60"))}, secrets: 10},
		"the deletion is refused for a moment":     {faults: []robototest.Fault{refused, forAMoment}},
		"the deletion is to be repeated later":     {faults: []robototest.Fault{refused, later}},
		"the deletion hangs once":                  {faults: []robototest.Fault{refused, of(remove, 1, robototest.Fault{Delay: time.Hour})}},
		"the answer to the deletion is lost":       {faults: []robototest.Fault{refused, of(remove, 1, robototest.Fault{Drop: true, After: true})}},
		"Roboto does not show the record at first": {faults: []robototest.Fault{refused, of(robototest.GetSecret, 3, hidden)}},
		"Roboto does not show the record":          {faults: []robototest.Fault{refused, hidden}, stays: true},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, server *robototest.Server, _ *protocol.Core) {
				server.Latency(150 * time.Millisecond)
				for _, fault := range test.faults {
					server.Inject(fault)
				}
				f := newFleet(t, server, max(test.secrets, 1))
				for i, err := range f.errors(10, applyVersioned) {
					if stays := f.cores[i].State != nil; err == nil || stays != test.stays {
						t.Errorf("the record is in the state: %t (%v)", stays, err)
					} else if !stays {
						says(t, err, "its new record was deleted again")
					}
				}
				if n := len(recordNames(server)); (n > 0) != test.stays {
					t.Errorf("%d records are left", n)
				}
			})
		})
	}
}

// Each error says that the record may be gone, and one says what to do.
func TestCleanUpWhoseOutcomeIsUnknown(t *testing.T) {
	inBubble(t, func(t *testing.T, server *robototest.Server, _ *protocol.Core) {
		f := newFleet(t, server, 3)
		f.cores[0].Settings = fields{"max_attempts": 1}
		server.Inject(robototest.Fault{Operation: robototest.PutValue, Status: http.StatusInternalServerError})
		server.Inject(robototest.Fault{Operation: robototest.DeleteSecret, Status: http.StatusBadGateway, After: true})
		n := 0
		server.Inject(robototest.Fault{Operation: robototest.GetSecret, Status: http.StatusServiceUnavailable, Match: func(robototest.Request) bool {
			n++
			return n%2 == 0 // after the deletion
		}})
		advised := 0
		for _, err := range f.errors(1, applyVersioned) {
			says(t, err, "could not be deleted again", "The secret may have been deleted anyway.")
			advised += strings.Count(fmt.Sprint(err), "run terraform apply, which replaces the record")
		}
		if advised != 1 {
			t.Errorf("%d errors say what to do, want 1", advised)
		}
	})
}
