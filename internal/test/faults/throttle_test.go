// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

func tooMany(seconds string) robototest.Fault {
	return robototest.Fault{Status: http.StatusTooManyRequests, Message: "Too Many Requests", Header: http.Header{"Retry-After": {seconds}}}
}

func refreshAll(t *testing.T, server *robototest.Server, secrets int, settings fields, prepare func()) (time.Duration, error) {
	t.Helper()
	f := newFleet(t, server, secrets)
	f.cores[0].Settings = settings
	err := f.each(10, applyVersioned)
	if err != nil {
		t.Fatal(err)
	}
	prepare()
	start := time.Now()
	err = f.each(10, func(s *protocol.Session, _ string) error { return s.Refresh() })
	return time.Since(start), err
}

// One 429 must not slow an apply down for long after the pause that it asks for.
func TestOneThrottledRequestCostsItsPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := robototest.Start(t, robototest.Options{InMemory: true})
		took, err := refreshAll(t, server, 100, nil, func() {
			fault := tooMany("60")
			fault.Operation, fault.Times = robototest.GetSecret, 1
			server.Inject(fault)
		})
		if err != nil || took > 2*time.Minute {
			t.Errorf("it took %s (%v)", took, err)
		}
	})
}

// A service that refuses for ever is given up on in the time of one request's
// attempts, however many requests there are.
func TestEndlessThrottleIsGivenUpOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := robototest.Start(t, robototest.Options{InMemory: true})
		took, err := refreshAll(t, server, 10, nil, func() {
			fault := tooMany("60")
			fault.Operation = robototest.GetSecret
			server.Inject(fault)
		})
		if err == nil || took > 15*time.Minute {
			t.Errorf("it took %s (%v)", took, err)
		}
	})
}

// A listing that fails holds reads up once, however many there are.
func TestBulkRefreshWithoutAListing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := robototest.Start(t, robototest.Options{InMemory: true})
		bulk := fields{"bulk_refresh": true}
		took, err := refreshAll(t, server, 1000, bulk, func() {
			server.Latency(time.Second)
			server.Inject(robototest.Fault{Operation: robototest.ListSecrets, Status: http.StatusServiceUnavailable})
			server.ResetRequests()
		})
		if n := server.Count(robototest.ListSecrets); err != nil || n != 10 {
			t.Errorf("%d requests for pages in %s, want the ten attempts of one (%v)", n, took, err)
		}
	})
}

// The provider block bounds each attempt and their number.
func TestSettingsBoundAttempts(t *testing.T) {
	inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
		c.Must(c.Apply(versionedSecret))
		c.Settings = fields{"request_timeout": "2s", "max_attempts": 1}
		server.Inject(robototest.Fault{Operation: robototest.GetSecret, Delay: time.Hour})
		server.ResetRequests()
		start := time.Now()
		if err := c.Apply(versionedSecret); err == nil || time.Since(start) != 2*time.Second || server.Count(robototest.GetSecret) != 1 {
			t.Errorf("%d attempts took %s (%v)", server.Count(robototest.GetSecret), time.Since(start), err)
		}
	})
}

// However many writes AWS throttles, each has all its attempts.
func TestManyThrottledWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := robototest.Start(t, robototest.Options{InMemory: true})
		f := newFleet(t, server, 100)
		var mu sync.Mutex
		seen := map[string]int{}
		server.Inject(robototest.Fault{Operation: robototest.PutValue, AWSError: "ThrottlingException", Message: "Rate exceeded", Match: func(r robototest.Request) bool {
			mu.Lock()
			defer mu.Unlock()
			seen[r.Name]++
			return seen[r.Name] <= 5
		}})
		err := f.each(50, func(s *protocol.Session, name string) error {
			return s.Change(versionedNamed(name))
		})
		if err != nil {
			t.Error(err)
		}
	})
}
