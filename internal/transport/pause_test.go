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
	for name, test := range map[string]struct {
		deadline, cancel, want time.Duration
	}{
		"none":                          {want: 20 * time.Second},
		"the deadline is far":           {deadline: 26 * time.Second, want: 20 * time.Second},
		"no time is left for an answer": {deadline: 24 * time.Second, want: 0},
		"canceled":                      {cancel: 3 * time.Second, want: 3 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sent := false
				transport := playing(func(req *http.Request) (*http.Response, error) {
					if err := req.Context().Err(); err != nil { // as net/http does
						return nil, err
					}
					sent = true
					return fine(req)
				})
				transport.host("api.example.com").pause.extend(20 * time.Second)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if test.deadline > 0 {
					var stop context.CancelFunc
					ctx, stop = context.WithTimeout(ctx, test.deadline)
					defer stop()
				}
				if test.cancel > 0 {
					time.AfterFunc(test.cancel, cancel)
				}
				began := time.Now()
				failure := get(ctx, t, transport.Client(one), "http://api.example.com").failure
				if waited := time.Since(began); waited < test.want || waited > test.want+spread {
					t.Errorf("it waited for %s, want %s", waited, test.want)
				}
				if canceled := test.cancel > 0; sent == canceled || (failure != nil) != canceled || failure != nil && failure.Sent {
					t.Errorf("sent %t: %+v", sent, failure)
				}
			})
		})
	}
}

// A refusal that asks for no wait makes a short pause, and none ends an earlier one.
func TestPausesAreNotShortened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		busy := one
		busy.Throttled = func(int, http.Header, []byte) bool { return true }
		transport := playing(fine)
		_ = get(t.Context(), t, transport.Client(busy), "http://api.example.com")
		host := transport.host("api.example.com")
		if pause := time.Until(host.pause.until); pause != defaultPause {
			t.Errorf("the pause takes %s, want %s", pause, defaultPause)
		}
		host.pause.extend(time.Minute)
		host.pause.extend(time.Second)
		if pause := time.Until(host.pause.until); pause != time.Minute {
			t.Errorf("the pause takes %s, want a minute", pause)
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
		p.extend(7 * time.Second)
		end := p.until
		for range 1000 {
			group.Go(func() {
				p.wait(t.Context())
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

// A service that always refuses holds no request back for longer than a pause.
func TestEndlessPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p pause
		var group sync.WaitGroup
		group.Go(func() {
			for range 100 {
				p.extend(maxPause)
				time.Sleep(5 * time.Second)
			}
		})
		for i := range 5 {
			group.Go(func() {
				time.Sleep(time.Duration(i) * 7 * time.Second)
				came := time.Now()
				p.wait(t.Context())
				if waited := time.Since(came); waited < 50*time.Second || waited > maxPause+spread {
					t.Errorf("it waited for %s", waited)
				}
			})
		}
		group.Wait()
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
		if got := RetryAfter(nil); got != 0 {
			t.Errorf("without a header: %s", got)
		}
	})
}
