// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package transport

import (
	"context"
	"errors"
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
		busy := one
		busy.Throttled = func(status int, header http.Header, body []byte) bool {
			return status == http.StatusBadRequest && header.Get("Retry-After") == "7" && string(body) == "slow down"
		}
		var requests atomic.Int32
		transport := playing(func(req *http.Request) (*http.Response, error) {
			if requests.Add(1) == 1 {
				resp, err := answering(http.StatusBadRequest, "slow down")(req)
				resp.Header.Set("Retry-After", "7")
				return resp, err
			}
			return fine(req)
		})
		began := time.Now()
		_ = get(t.Context(), t, transport.Client(busy), "http://busy.example.com")
		_ = get(t.Context(), t, transport.Client(busy), "http://other.example.com")
		if waited := time.Since(began); waited > 0 {
			t.Errorf("a request to another host waited for %s", waited)
		}
		var group sync.WaitGroup
		for _, mustSend := range []bool{false, false, true} {
			service := one
			service.MustSend = mustSend
			group.Go(func() {
				_ = get(t.Context(), t, transport.Client(service), "http://busy.example.com")
				if waited := time.Since(began); waited < 7*time.Second || waited > 7*time.Second+spread {
					t.Errorf("a request waited for %s, want 7s or a little more", waited)
				}
			})
		}
		group.Wait()
	})
}

func TestPauseAndTheCallersContext(t *testing.T) {
	cause := errors.New("interrupted")
	for name, test := range map[string]struct {
		deadline, cancel, want time.Duration
		err                    error
	}{
		"none":                          {want: 20 * time.Second},
		"the deadline is far":           {deadline: 26 * time.Second, want: 20 * time.Second},
		"no time is left for an answer": {deadline: 24 * time.Second, want: 0},
		"canceled":                      {cancel: 3 * time.Second, want: 3 * time.Second, err: cause},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sent := false
				transport := playing(func(req *http.Request) (*http.Response, error) {
					sent = true
					return fine(req)
				})
				transport.host("api.example.com").pause.refused(http.Header{"Retry-After": {"20"}}, time.Now())
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				if test.deadline > 0 {
					var stop context.CancelFunc
					ctx, stop = context.WithTimeout(ctx, test.deadline)
					defer stop()
				}
				if test.cancel > 0 {
					time.AfterFunc(test.cancel, func() { cancel(cause) })
				}
				began := time.Now()
				failure := get(ctx, t, transport.Client(one), "http://api.example.com").failure
				if waited := time.Since(began); waited < test.want || waited > test.want+spread {
					t.Errorf("it waited for %s, want %s", waited, test.want)
				}
				if sent != (test.err == nil) || (failure == nil) != sent || failure != nil && (failure.Sent || !errors.Is(failure, test.err)) {
					t.Errorf("sent %t: %+v", sent, failure)
				}
			})
		})
	}
}

// Without a Retry-After, pauses grow until there is another answer.
func TestPausesGrow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		status := http.StatusTooManyRequests
		transport := playing(func(req *http.Request) (*http.Response, error) { return answering(status, "")(req) })
		busy := one
		busy.Throttled = func(status int, _ http.Header, _ []byte) bool { return status == http.StatusTooManyRequests }
		// request returns how long it waited, in seconds.
		request := func() float64 {
			began := time.Now()
			_ = get(t.Context(), t, transport.Client(busy), "http://api.example.com")
			return time.Since(began).Seconds()
		}
		request()
		for i, limit := range []float64{1, 2, 4, 8, 15, 15, 15} {
			if waited := request(); waited < limit/2 || waited >= limit+spread.Seconds() {
				t.Errorf("the request after refusal %d waited for %g s", i+1, waited)
			}
		}
		status = http.StatusServiceUnavailable
		request()
		status = http.StatusTooManyRequests
		request()
		if waited := request(); waited >= 2 {
			t.Errorf("the request after another answer and a refusal waited for %g s", waited)
		}
	})
}

// Many requests may be refused at once. They make one pause.
func TestOldRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p pause
		sent := time.Now()
		p.refused(nil, sent)
		end := p.end()
		for range 20 {
			p.refused(nil, sent)
		}
		time.Sleep(time.Until(end))
		p.refused(nil, sent)
		if p.end() != end || p.refusals != 1 {
			t.Errorf("%d refusals, and the pause takes %s more", p.refusals, time.Until(p.end()))
		}
		p.refused(http.Header{"Retry-After": {"60"}}, time.Now())
		end = p.end()
		p.refused(http.Header{"Retry-After": {"1"}}, time.Now())
		p.answered()
		if p.end() != end {
			t.Errorf("the pause was changed by %s", p.end().Sub(end))
		}
	})
}

// After a pause, the requests do not come all at once.
func TestRequestsAreSpreadAfterAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var (
			p     pause
			group sync.WaitGroup
			sent  [10]atomic.Int32
		)
		p.refused(http.Header{"Retry-After": {"7"}}, time.Now())
		end := p.end()
		for range 1000 {
			group.Go(func() {
				if err := p.wait(t.Context()); err != nil {
					t.Error(err)
				}
				sent[int(time.Since(end)*10/spread)].Add(1)
			})
		}
		group.Wait()
		for i := range sent {
			if n := sent[i].Load(); n < 50 || n > 150 {
				t.Errorf("%d of 1000 requests were sent in the tenth %d of a second", n, i)
			}
		}
	})
}

// A service that always refuses holds no request back for longer than MaxRetryAfter.
func TestEndlessPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p pause
		began := time.Now()
		var group sync.WaitGroup
		group.Go(func() {
			for range 100 {
				p.refused(http.Header{"Retry-After": {"59"}}, began)
				time.Sleep(5 * time.Second)
			}
		})
		for i := range 5 {
			group.Go(func() {
				time.Sleep(time.Duration(i) * 7 * time.Second)
				came := time.Now()
				if err := p.wait(t.Context()); err != nil || time.Since(came) > MaxRetryAfter {
					t.Errorf("it waited for %s: %v", time.Since(came), err)
				}
			})
		}
		group.Wait()
	})
}
