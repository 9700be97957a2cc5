// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package transport

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// What a service counts as too many requests makes all requests to its host wait, whatever the
// status, and those to no other host.
func TestPauseOfAHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		busy, must := one, one
		must.MustSend = true
		busy.Throttled = func(status int, header http.Header, body []byte) bool {
			return status == http.StatusBadRequest && header.Get("X") == "throttled" && string(body) == "slow down"
		}
		header := http.Header{"X": {"throttled"}, "Retry-After": {"7"}}
		transport := playing(func(req *http.Request) (*http.Response, error) {
			resp, err := answering(http.StatusBadRequest, "slow down")(req)
			resp.Header = header
			return resp, err
		})
		began := time.Now()
		send := func(service Service, host string, want time.Duration) {
			_ = get(t.Context(), t, transport.Client(service), "http://"+host+".example.com")
			if waited := time.Since(began); waited < want || want == 0 && waited > 0 || waited > want+spread {
				t.Errorf("a request to the host %s waited for %s, want %s or a little more", host, waited, want)
			}
		}
		send(busy, "busy", 0)
		send(one, "other", 0)
		var group sync.WaitGroup
		for _, service := range []Service{one, one, must} {
			group.Go(func() { send(service, "busy", 7*time.Second) })
		}
		group.Wait()

		header.Del("Retry-After") // a refusal that asks for no wait
		send(busy, "other", 7*time.Second)
		if pause := time.Until(transport.host("other.example.com").pause.until); pause != defaultPause {
			t.Errorf("the pause takes %s, want %s", pause, defaultPause)
		}
	})
}

// A pause keeps nobody for longer than is left for an attempt, ends with the caller's context, and is
// not shortened.
func TestPauseAndTheCallersContext(t *testing.T) {
	const second = time.Second
	for _, test := range []struct{ deadline, cancel, want time.Duration }{
		{time.Hour, time.Hour, 20 * second},
		{26 * second, time.Hour, 20 * second},
		{24 * second, time.Hour, 0}, // no time is left for an answer
		{time.Hour, 3 * second, 3 * second},
	} {
		synctest.Test(t, func(t *testing.T) {
			var p pause
			p.extend(20 * second)
			p.extend(second)
			ctx, cancel := context.WithTimeout(t.Context(), test.deadline)
			defer cancel()
			defer time.AfterFunc(test.cancel, cancel).Stop()
			began := time.Now()
			p.wait(ctx)
			if waited := time.Since(began); waited < test.want || test.want == 0 && waited > 0 || waited > test.want+spread {
				t.Errorf("with %s to the deadline, canceled after %s, it waited for %s, want %s", test.deadline, test.cancel, waited, test.want)
			}
		})
	}
}

// After a pause, the requests do not come all at once.
func TestRequestsAreSpreadAfterAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p pause
		var group sync.WaitGroup
		var sent [10]atomic.Int32 // in each tenth of the time
		p.extend(7 * time.Second)
		for range 1000 {
			group.Go(func() {
				p.wait(t.Context())
				sent[int(time.Since(p.until)*10/spread)].Add(1)
			})
		}
		group.Wait()
		for i := range sent {
			if n := sent[i].Load(); n < 50 || n > 150 {
				t.Errorf("%d of 1000 requests were sent in tenth %d of the time", n, i)
			}
		}
	})
}

func TestRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := func(wait time.Duration) string { return time.Now().Add(wait).UTC().Format(http.TimeFormat) }
		for text, want := range map[string]time.Duration{
			"7": 7 * time.Second, "60": time.Minute, "61": time.Minute, "86400": time.Minute, "9223372036": time.Minute,
			in(20 * time.Second): 20 * time.Second, in(1000 * time.Hour): time.Minute,
			in(-time.Hour): 0, "0": 0, "-5": 0, "1.5": 0, "soon": 0, "": 0,
		} {
			if got := RetryAfter(http.Header{"Retry-After": {text}}); got != want {
				t.Errorf("%q: %s, want %s", text, got, want)
			}
		}
	})
}

// An outage of which a call with ten attempts notices nothing lasts for 45 seconds.
func TestBackoff(t *testing.T) {
	for attempt, limit := range map[int]time.Duration{
		1: time.Second, 2: 2 * time.Second, 3: 4 * time.Second, 4: 8 * time.Second, 5: 15 * time.Second, 6: 15 * time.Second,
		7: 15 * time.Second, 8: 15 * time.Second, 9: 15 * time.Second, 64: 15 * time.Second, 1000: 15 * time.Second,
	} {
		least, most := limit, time.Duration(0)
		for range 300 {
			wait := Wait(t.Context(), attempt, 0)
			least, most = min(least, wait), max(most, wait)
		}
		if least < limit/2 || most >= limit || least > limit*6/10 || most < limit*9/10 {
			t.Errorf("after attempt %d: between %s and %s, want all from %s to %s", attempt, least, most, limit/2, limit)
		}
	}
}

// A back-off of up to 15 seconds leaves time for an attempt before a deadline, if there is any.
func TestWaitBeforeADeadline(t *testing.T) {
	const second = time.Second
	for _, test := range []struct{ deadline, asked, least, most time.Duration }{
		{30 * second, 0, 7 * second, 15 * second},
		{10 * second, 0, 5 * second, 5 * second},
		{5 * second, 0, 7 * second, 15 * second},
		{30 * second, 25 * second, 25 * second, 25 * second},
		{30 * second, 26 * second, 7 * second, 15 * second},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), test.deadline)
			defer cancel()
			if got := Wait(ctx, 9, test.asked); got < test.least || got > test.most {
				t.Errorf("%s before a deadline, the wait is %s if %s is asked for", test.deadline, got, test.asked)
			}
			if left := TimeLeft(ctx); left != (test.deadline > 5*second) {
				t.Errorf("%s before a deadline, there is time left: %t", test.deadline, left)
			}
		})
	}
}
