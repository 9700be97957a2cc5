// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package robototest_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// A test that counts on a fault asks whether it happened.
func TestFaultsThatHappenAreCounted(t *testing.T) {
	replace := func(answer []byte) []byte { return bytes.ReplaceAll(answer, []byte("us-west-2"), []byte("evil.s3")) }
	for name, test := range map[string]struct {
		fault robototest.Fault
		count int
	}{
		"an answer in place of the service's own": {robototest.Fault{Status: 503}, 1},
		"an answer without a date":                {robototest.Fault{Header: http.Header{"Date": nil}}, 1},
		"a delay":                                 {robototest.Fault{Delay: time.Nanosecond}, 1},
		"half an answer":                          {robototest.Fault{Truncate: true}, 1},
		"a change of the answer":                  {robototest.Fault{Mutate: replace}, 1},
		"a change that changes nothing":           {robototest.Fault{Mutate: bytes.Clone}, 0},
		"a fault of another operation":            {robototest.Fault{Operation: robototest.ListOrgs, Status: 503}, 0},
	} {
		c := newClient(t, robototest.Options{})
		c.s.Inject(test.fault)
		c.must(getDB)
		if got := c.s.Faulted(); got != test.count {
			t.Errorf("%s is counted as %d faults, want %d", name, got, test.count)
		}
	}
}

// get asks for a secret until release, and is not to be answered.
func (c *client) get(release <-chan struct{}) {
	c.s.Inject(robototest.Fault{Operation: robototest.GetSecret, Mutate: func(body []byte) []byte { <-release; return body }})
	go func() {
		if a, err := c.Get(c.t.Context(), "db"); err == nil {
			c.t.Errorf("a closed connection answered %s", a)
		}
	}()
	synctest.Wait()
}

func TestAnOutageEndsWhatIsBeingAnswered(t *testing.T) {
	inBubble(t, robototest.Options{}, func(t *testing.T, c *client) {
		release := make(chan struct{})
		c.get(release)
		c.s.Inject(robototest.Fault{Times: 1, Outage: time.Minute})
		for range 2 { // the first begins the outage, the second is refused
			if a, err := c.call(listed); err == nil {
				t.Errorf("answered %s", a)
			}
		}
		if n := c.s.Count(robototest.ListSecrets); n != 1 {
			t.Errorf("%d requests came in, want one: no connection can be made in an outage", n)
		}
		close(release)
		time.Sleep(time.Minute)
		c.must(listed)
	})
}

func TestCloseWaitsForRequestsInProgress(t *testing.T) {
	inBubble(t, robototest.Options{}, func(t *testing.T, c *client) {
		release, closed := make(chan struct{}), false
		c.get(release)
		go func() { c.s.Close(); closed = true }()
		synctest.Wait()
		if closed {
			t.Error("closed while a request was in progress")
		}
		close(release)
		synctest.Wait()
		if !closed {
			t.Error("not closed when all requests had ended")
		}
	})
}

func TestEchoes(t *testing.T) {
	c := newClient(t, robototest.Options{})
	a := c.access()
	c.s.Inject(robototest.Fault{Echo: true})
	got := c.must(getDB)
	repeated := string(got.Body) + got.Header.Get("X-Echo") + c.put(a, `some "value"`)
	for _, want := range []string{c.APIKey + " ", a.Creds.Text("session_token"), ` value some "value"`, `\"value\"`} {
		if !strings.Contains(repeated, want) {
			t.Errorf("%s does not repeat %s", repeated, want)
		}
	}
}

// Without these, a test under load would pass for nothing.
func TestThrottleAndLatency(t *testing.T) {
	tooMany := robototest.Fault{Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"1"}}}
	for name, test := range map[string]struct {
		begin func(*robototest.Server)
		// took is for how long 25 requests wait, which the client repeats after a second.
		took time.Duration
		aws  string
	}{
		"ten in a second": {func(s *robototest.Server) { s.Throttle(10, tooMany) }, 2 * time.Second, "success"},
		"AWS only":        {func(s *robototest.Server) { s.Throttle(2, robototest.Fault{AWSError: "ThrottlingException"}) }, 0, "ThrottlingException: "},
		"a latency":       {func(s *robototest.Server) { s.Latency(time.Second) }, 25 * time.Second, "success"},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, robototest.Options{}, func(t *testing.T, c *client) {
				a := c.access()
				time.Sleep(time.Second - time.Duration(time.Now().Nanosecond()))
				test.begin(c.s)
				start := time.Now()
				for range 25 {
					c.must(getDB)
				}
				if took := time.Since(start); took != test.took {
					t.Errorf("25 requests took %s, want %s", took, test.took)
				}
				for _, want := range []string{"success", "success", test.aws} {
					if got := c.put(a, "some value"); got != want {
						t.Errorf("AWS answered %q, want %q", got, want)
					}
				}
			})
		})
	}
}
