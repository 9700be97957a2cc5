// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// throttle keeps all requests to one service together below the limit that the service
// shows with a 429: all of them pause, and then keep a pace. With many requests under way, a back-off for
// each alone would keep the service flooded.
type throttle struct {
	mu    sync.Mutex
	pause pause
	pace  pace
}

// wait returns when a request may be sent, with the time, or with the context's error.
//
// Pauses hold one request back for retryAfterCap in all. A service that refuses for ever is
// then given up on in the time of its own attempts. A pause that would use up the context's deadline is
// skipped, because an attempt may still succeed.
func (t *throttle) wait(ctx context.Context) (time.Time, error) {
	deadline, hasDeadline := ctx.Deadline()
	paused := time.Duration(0)
	// left is what is left of a pause that holds this request back.
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

// learn takes the answer to a request that was sent at the given time into account.
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
