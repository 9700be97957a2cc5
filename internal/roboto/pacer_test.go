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
			p      pacer
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
						p.observe(&http.Response{StatusCode: status, Header: header}, sent)
					}
				}
			})
		}
		group.Wait()
		took = time.Since(start)
	})
	return refused, took
}

func TestPacerKeepsBelowAThrottle(t *testing.T) {
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

func TestPacerDoesNotSlowAServiceThatNeverRefuses(t *testing.T) {
	refused, took := load(t, 50, 2000, 1<<30, 20*time.Millisecond, nil)
	if refused != 0 || took != 2000/50*20*time.Millisecond {
		t.Errorf("%d refused, %s on the fake clock", refused, took)
	}
}

func TestPacerPausesEverybody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p pacer
		sent, _ := p.wait(t.Context())
		p.observe(&http.Response{StatusCode: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"7"}}}, sent)
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
