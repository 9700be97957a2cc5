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
// second, and returns how many were refused and how long it all took.
func load(t *testing.T, workers, requests, limit int, latency time.Duration, header http.Header) (refused int, took time.Duration) {
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
					for status := 0; status != http.StatusOK; {
						sent, err := p.wait(context.Background())
						if err != nil {
							t.Error(err)
							return
						}
						status = service()
						p.learn(&http.Response{StatusCode: status, Header: header}, sent)
					}
				}
			})
		}
		group.Wait()
		took = time.Since(start)
	})
	return refused, took
}

func TestThrottleKeepsBelowAThrottle(t *testing.T) {
	for name, header := range map[string]http.Header{
		"with Retry-After":    {"Retry-After": {"1"}},
		"without Retry-After": {},
	} {
		t.Run(name, func(t *testing.T) {
			refused, took := load(t, 50, 2000, 100, 20*time.Millisecond, header)
			if refused > 2000*3/10 {
				t.Errorf("%d of 2000 requests were refused", refused)
			}
			if took > 60*time.Second {
				t.Errorf("2000 requests at 100 a second took %s on the fake clock", took)
			}
			t.Logf("%d refused, %s on the fake clock", refused, took)
		})
	}
}

func TestThrottleDoesNotSlowAServiceThatNeverRefuses(t *testing.T) {
	refused, took := load(t, 50, 2000, 1<<30, 20*time.Millisecond, nil)
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

// The pace after a 429 is what was answered before: not what an earlier burst was,
// and not slower for more 429s to requests that were under way.
func TestThrottleMeasuresThePace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p throttle
		for range 2 {
			p.pace.interval = 0
			for range 50 {
				sent, _ := p.wait(t.Context())
				time.Sleep(20 * time.Millisecond)
				p.answer(http.StatusOK, "", sent)
			}
			for range 3 {
				p.answer(http.StatusTooManyRequests, "1", time.Now())
				p.pause.until = time.Time{} // a pause as short as a back-off can be
			}
			if want := 2 * time.Second / 50; p.pace.interval != want {
				t.Errorf("the interval is %s, want %s", p.pace.interval, want)
			}
			time.Sleep(time.Hour)
		}
	})
}

// Neither a long pause after a few answers nor many refusals make the pace slower than its
// floor.
func TestThrottlePaceHasAFloor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p throttle
		p.answer(http.StatusOK, "", time.Now())
		for range 5 {
			p.answer(http.StatusTooManyRequests, "60", time.Now())
			if p.pace.interval > maxInterval {
				t.Errorf("the interval is %s", p.pace.interval)
			}
			time.Sleep(61 * time.Second)
		}
	})
}

func TestThrottleLearnsNothingFromOldRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p throttle
		sent := time.Now()
		p.pace.interval = 10 * time.Millisecond
		p.answer(http.StatusTooManyRequests, "60", sent)
		until, interval := p.pause.until, p.pace.interval
		time.Sleep(5 * time.Second)
		p.answer(http.StatusTooManyRequests, "1", sent)
		p.answer(http.StatusOK, "", sent)
		if p.pause.until != until || p.pace.interval != interval {
			t.Errorf("the pause ends at %s with %s, want %s with %s", p.pause.until, p.pace.interval, until, interval)
		}
	})
}

func TestThrottleSpeedsUpWhileThereAreAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := throttle{pace: pace{interval: maxInterval, eased: time.Now()}}
		time.Sleep(time.Hour)
		p.answer(http.StatusOK, "", time.Now())
		if p.pace.interval < maxInterval*9/10 || p.pace.interval >= maxInterval {
			t.Errorf("after an hour without requests the interval is %s", p.pace.interval)
		}
		for range 100 {
			time.Sleep(time.Second)
			p.answer(http.StatusOK, "", time.Now())
		}
		if p.pace.interval != 0 {
			t.Errorf("after 100 good seconds the interval is %s", p.pace.interval)
		}
	})
}

func TestThrottlePausesGrow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		longest := time.Duration(0)
		for range 300 {
			p := throttle{pause: pause{refusals: 7}}
			p.answer(http.StatusTooManyRequests, "", time.Now())
			longest = max(longest, time.Until(p.pause.until))
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

// A deadline beats the pace too: an attempt may still succeed.
func TestThrottleKeepsNobodyBeyondTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		p := throttle{pace: pace{interval: maxInterval, next: start.Add(time.Hour)}}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if at, err := p.wait(ctx); err != nil || at != start {
			t.Errorf("it was sent after %s (%v)", at.Sub(start), err)
		}
	})
}
