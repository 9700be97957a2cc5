// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// throttle makes all requests to one service pause after a 429. Separate back-offs of many
// concurrent requests would keep the service flooded.
type throttle struct {
	mu sync.Mutex
	// until is when the pause ends.
	until time.Time
	// refusals counts the pauses without another answer in between.
	refusals int
}

// wait blocks until a request may be sent, and returns that time. It returns an error if
// the context ends first.
//
// Pauses delay one request by at most retryAfterCap in total, so that a service that
// always refuses does not delay it forever. A pause that would exceed the context's
// deadline is skipped, because an attempt may still succeed.
func (t *throttle) wait(ctx context.Context) (time.Time, error) {
	for paused := time.Duration(0); ; {
		left := time.Until(t.pauseEnd())
		if left <= 0 || paused >= retryAfterCap || !leavesTime(ctx, left) {
			return time.Now(), ctx.Err()
		}
		paused += left
		if err := sleep(ctx, left); err != nil {
			return time.Time{}, err
		}
	}
}

func (t *throttle) pauseEnd() time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.until
}

// learn starts, extends or ends a pause after the answer to a request that was sent at the given
// time. The refusal of a request that was sent before the last pause ended is not news.
func (t *throttle) learn(resp *http.Response, sent time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if resp.StatusCode != http.StatusTooManyRequests {
		t.refusals = 0
		return
	}
	wait, asked := retryAfter(resp)
	if news := !sent.Before(t.until); news {
		t.refusals++
		if !asked {
			wait = backoff(t.refusals)
		}
	}
	if until := time.Now().Add(wait); until.After(t.until) {
		t.until = until
	}
}
