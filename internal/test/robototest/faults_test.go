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
		t.Run(name, func(t *testing.T) {
			c := newClient(t, robototest.Options{})
			c.s.Inject(test.fault)
			_, _ = c.call(getDB) // may be a fault
			if got := c.s.Faulted(); got != test.count {
				t.Errorf("counted as %d faults, want %d", got, test.count)
			}
		})
	}
}

func TestAnOutageEndsWhatIsBeingAnswered(t *testing.T) {
	inBubble(t, robototest.Options{}, func(t *testing.T, c *client) {
		release := make(chan struct{})
		c.s.Inject(robototest.Fault{Operation: robototest.GetSecret, Mutate: func(body []byte) []byte { <-release; return body }})
		c.s.Inject(robototest.Fault{Times: 1, Outage: time.Minute})
		failed := make(chan error, 1)
		go func() {
			_, err := c.Get(t.Context(), "db")
			failed <- err
		}()
		synctest.Wait()
		for range 2 { // the first begins the outage, the second is refused
			if a, err := c.call(listed); err == nil {
				t.Errorf("answered %s", a)
			}
		}
		if n := c.s.Count(robototest.ListSecrets); n != 1 {
			t.Errorf("%d requests came in, want one: no connection can be made in an outage", n)
		}
		close(release)
		if err := <-failed; err == nil {
			t.Error("a request was answered during the outage")
		}
		time.Sleep(time.Minute)
		c.wants(http.StatusOK, "", listed)
	})
}

func TestHostileEchoes(t *testing.T) {
	c := newClient(t, robototest.Options{})
	a := c.access()
	c.s.Inject(robototest.Fault{Echo: true})
	if got := c.wants(http.StatusBadRequest, c.APIKey, getDB); !strings.Contains(got.Header.Get("X-Echo"), c.APIKey) {
		t.Error("no echo in the headers")
	}
	got := c.put(a, `some "value"`)
	for _, want := range []string{` value some "value"`, `\"value\"`, a.Creds.Text("session_token")} {
		if !strings.Contains(got, want) {
			t.Errorf("%s does not repeat %s", got, want)
		}
	}
}

// Without these, a test under load would pass for nothing.
func TestThrottleAndLatency(t *testing.T) {
	for name, test := range map[string]struct {
		begin func(*robototest.Server)
		// took is for how long 25 requests wait: until the client is told to try again, or else for two seconds.
		took time.Duration
		aws  string
	}{
		"ten in a second":       {func(s *robototest.Server) { s.Throttle(10, true) }, 2 * time.Second, "success"},
		"without a Retry-After": {func(s *robototest.Server) { s.Throttle(10, false) }, 4 * time.Second, "success"},
		"AWS only":              {func(s *robototest.Server) { s.ThrottleAWS(2) }, 0, "ThrottlingException: Rate exceeded"},
		"a latency":             {func(s *robototest.Server) { s.Latency(time.Second) }, 25 * time.Second, "success"},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, robototest.Options{}, func(t *testing.T, c *client) {
				a := c.access()
				time.Sleep(time.Second - time.Duration(time.Now().Nanosecond()))
				test.begin(c.s)
				start := time.Now()
				for range 25 {
					c.wants(http.StatusOK, "", getDB)
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
