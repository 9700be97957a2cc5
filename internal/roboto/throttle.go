// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// throttle keeps the requests to one service below the limit that a 429 reveals. After a
// 429, all requests pause, and then keep a common pace. Separate back-offs of many
// concurrent requests would keep the service flooded.
type throttle struct {
	mu    sync.Mutex
	pause pause
	pace  pace
}

// wait blocks until a request may be sent, and returns that time. It returns an error if
// the context ends first.
//
// Pauses delay one request by at most retryAfterCap in total, so that a service that
// always refuses does not delay it forever. A pause that would exceed the context's
// deadline is skipped, because an attempt may still succeed.
func (t *throttle) wait(ctx context.Context) (time.Time, error) {
	deadline, hasDeadline := ctx.Deadline()
	paused := time.Duration(0)
	// left is the rest of a pause that applies to this request.
	left := func() time.Duration {
		left := time.Until(t.pauseEnd())
		if paused >= retryAfterCap || !leavesTime(ctx, left) {
			return 0
		}
		return left
	}
	for {
		if left := left(); left > 0 {
			paused += left
			if err := sleep(ctx, left); err != nil {
				return time.Time{}, err
			}
		}
		at := t.reserve()
		if hasDeadline && at.After(deadline) || time.Until(at) <= 0 {
			return time.Now(), ctx.Err()
		}
		if err := sleep(ctx, time.Until(at)); err != nil {
			return time.Time{}, err
		}
		if left() <= 0 {
			return time.Now(), ctx.Err()
		}
	}
}

func (t *throttle) pauseEnd() time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.pause.until
}

func (t *throttle) reserve() time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.pace.reserve(time.Now())
}

// learn adjusts pause and pace to the answer to a request that was sent at the given time.
func (t *throttle) learn(resp *http.Response, sent time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	if resp.StatusCode != http.StatusTooManyRequests {
		t.pause.answered()
		t.pace.answer(now)
		return
	}
	if t.pause.refused(resp, sent, now) {
		t.pace.slowDown(now, t.pause.until)
	}
}
