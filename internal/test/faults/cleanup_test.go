// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// The clean-up's deadline is shorter than the pause that a 429 may ask for.
func TestCleanUpIsNotPaused(t *testing.T) {
	for _, seconds := range []string{"60", "30"} {
		t.Run(seconds, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := robototest.Start(t, robototest.Options{InMemory: true})
				server.Latency(150 * time.Millisecond)
				c := protocol.NewCore(t, server)
				fault := tooMany(seconds)
				fault.Operation = robototest.GetCredentials
				server.Inject(fault)
				if err := c.Apply(versionedSecret); err == nil {
					t.Error("there was no error")
				}
				if n := len(server.Records(robototest.DefaultOrg)); n != 0 || c.State != nil {
					t.Errorf("%d records are left", n)
				}
			})
		})
	}
}

// Nor does it use up its attempts while the service is too busy for a moment.
func TestCleanUpOutlastsAMomentOfThrottling(t *testing.T) {
	inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
		server.Inject(robototest.Fault{Operation: robototest.PutValue, AWSError: "InvalidParameterException", Message: "no"})
		var since time.Time
		fault := tooMany("60")
		fault.Operation = robototest.DeleteSecret
		fault.Match = func(r robototest.Request) bool {
			if since.IsZero() {
				since = r.Time
			}
			return r.Time.Sub(since) < 5*time.Second
		}
		server.Inject(fault)
		if err := c.Apply(versionedSecret); err == nil || c.State != nil {
			t.Errorf("left in the state: %t (%v)", c.State != nil, err)
		}
	})
}

// Clean-ups have a deadline that is shorter than the pause, and keep the pace.
func TestCleanUpsTogetherAreNotPaused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := robototest.Start(t, robototest.Options{InMemory: true})
		f := newFleet(t, server, 10)
		fault := tooMany("60")
		fault.Operation = robototest.GetCredentials
		server.Inject(fault)
		err := f.each(10, func(s *protocol.Session, name string) error {
			return s.Change(fields{"name": name, "org_id": robototest.DefaultOrg, "value_wo": canary})
		})
		if n := len(server.Records(robototest.DefaultOrg)); err == nil || n != 0 {
			t.Errorf("%d records are left (%v)", n, err)
		}
	})
}

// One bad answer must not use up the clean-up's deadline.
func TestCleanUpHasTimeForAnotherAttempt(t *testing.T) {
	for name, fault := range map[string]robototest.Fault{
		"503":  {Status: http.StatusServiceUnavailable, Header: http.Header{"Retry-After": {"60"}}},
		"hung": {Delay: time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
				server.Inject(robototest.Fault{Operation: robototest.PutValue, AWSError: "InvalidParameterException", Message: "no"})
				fault.Operation, fault.Times = robototest.DeleteSecret, 1
				server.Inject(fault)
				if err := c.Apply(versionedSecret); err == nil || c.State != nil {
					t.Errorf("left in the state: %t (%v)", c.State != nil, err)
				}
			})
		})
	}
}

// The record that the clean-up is to delete may be gone by then.
func TestCleanUpOfWhatIsGone(t *testing.T) {
	inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
		server.Inject(robototest.Fault{Operation: robototest.PutValue, Status: http.StatusNotFound, Body: "Not Found"})
		server.Inject(robototest.Fault{Operation: robototest.DeleteSecret, Drop: true, After: true, Times: 1})
		if err := c.Apply(versionedSecret); err == nil || !strings.Contains(err.Error(), "its new record was deleted again") {
			t.Errorf("the error is %v", err)
		}
		if c.State != nil {
			t.Error("there is a state")
		}
	})
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
			text := fmt.Sprint(err)
			if !strings.Contains(text, "could not be deleted again") || !strings.Contains(text, "The secret may have been deleted anyway.") {
				t.Errorf("the error is %s", text)
			}
			if strings.Contains(text, "run terraform apply, which replaces the record") {
				advised++
			}
		}
		if advised != 1 {
			t.Errorf("%d errors say what to do, want 1", advised)
		}
	})
}
