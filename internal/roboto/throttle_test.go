// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// load sends requests from workers to a service that allows limit requests a
// second, and returns how many were refused, the most attempts for one, and how long it all took.
func load(t *testing.T, workers, requests, limit int, latency time.Duration, header http.Header) (refused, attempts int, took time.Duration) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var (
			p      throttle
			mu     sync.Mutex
			second time.Time
			count  int
			group  sync.WaitGroup
		)
		queue := make(chan struct{}, requests)
		for range requests {
			queue <- struct{}{}
		}
		close(queue)
		service := func() int {
			time.Sleep(latency)
			mu.Lock()
			defer mu.Unlock()
			if now := time.Now().Truncate(time.Second); now != second {
				second, count = now, 0
			}
			if count++; count > limit {
				refused++
				return http.StatusTooManyRequests
			}
			return http.StatusOK
		}
		start := time.Now()
		for range workers {
			group.Go(func() {
				for range queue {
					made := 0
					for status := 0; status != http.StatusOK; made++ {
						sent, err := p.wait(context.Background())
						if err != nil {
							t.Error(err)
							return
						}
						status = service()
						p.learn(&http.Response{StatusCode: status, Header: header}, sent)
					}
					mu.Lock()
					attempts = max(attempts, made)
					mu.Unlock()
				}
			})
		}
		group.Wait()
		took = time.Since(start)
	})
	return refused, attempts, took
}

func TestThrottleKeepsBelowAThrottle(t *testing.T) {
	for name, header := range map[string]http.Header{
		"with Retry-After":    {"Retry-After": {"1"}},
		"without Retry-After": {},
	} {
		t.Run(name, func(t *testing.T) {
			refused, attempts, took := load(t, 50, 2000, 100, 20*time.Millisecond, header)
			if refused > 2000*13/10 || attempts > 10 {
				t.Errorf("%d of 2000 requests were refused, one of them %d times", refused, attempts-1)
			}
			if took > 60*time.Second {
				t.Errorf("2000 requests at 100 a second took %s on the fake clock", took)
			}
			t.Logf("%d refused, at most %d attempts for one, %s on the fake clock", refused, attempts, took)
		})
	}
}

func TestThrottleDoesNotSlowAServiceThatNeverRefuses(t *testing.T) {
	refused, _, took := load(t, 50, 2000, 1<<30, 20*time.Millisecond, nil)
	if refused != 0 || took != 2000/50*20*time.Millisecond {
		t.Errorf("%d refused, %s on the fake clock", refused, took)
	}
}

func TestThrottlePausesEverybody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p throttle
		sent, _ := p.wait(t.Context())
		p.learn(&http.Response{StatusCode: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"7"}}}, sent)
		if again, _ := p.wait(t.Context()); again.Sub(sent) < 7*time.Second {
			t.Errorf("the next request was sent after %s", again.Sub(sent))
		}
		canceled, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := p.wait(canceled); err == nil {
			t.Error("a canceled request was sent")
		}
	})
}

// answer lets the throttle see an answer to a request that was sent at a time.
func (t *throttle) answer(status int, retryAfter string, sent time.Time) {
	t.learn(answerWith(status, retryAfter), sent)
}

func TestThrottleLearnsNothingFromOldRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p throttle
		sent := time.Now()
		p.answer(http.StatusTooManyRequests, "60", sent)
		until := p.until
		time.Sleep(5 * time.Second)
		p.answer(http.StatusTooManyRequests, "1", sent)
		p.answer(http.StatusOK, "", sent)
		if p.until != until {
			t.Errorf("the pause ends at %s, want %s", p.until, until)
		}
	})
}

func TestThrottlePausesGrow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		longest := time.Duration(0)
		for range 300 {
			p := throttle{refusals: 7}
			p.answer(http.StatusTooManyRequests, "", time.Now())
			longest = max(longest, time.Until(p.until))
		}
		if longest < 15*time.Second || longest >= backoffCap {
			t.Errorf("after eight refusals the longest of 300 pauses is %s", longest)
		}
	})
}

// A pause that never ends holds nobody back for longer than retryAfterCap.
func TestThrottleGivesUpOnEndlessPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p throttle
		sent := time.Now()
		p.answer(http.StatusTooManyRequests, "60", sent)
		go func() {
			for range 20 {
				time.Sleep(30 * time.Second)
				p.answer(http.StatusTooManyRequests, "60", sent)
			}
		}()
		var group sync.WaitGroup
		for range 5 {
			group.Go(func() {
				if at, _ := p.wait(t.Context()); at.Sub(sent) > retryAfterCap+time.Second {
					t.Errorf("a request was sent after %s", at.Sub(sent))
				}
			})
		}
		group.Wait()
		time.Sleep(20 * 30 * time.Second)
	})
}
