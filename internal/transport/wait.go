// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package transport

import (
	"context"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

const (
	// MaxRetryAfter limits the wait that a server can ask for.
	MaxRetryAfter = 60 * time.Second

	// The back-off grows from the first limit to the second.
	minBackoff = time.Second
	maxBackoff = 15 * time.Second

	// minAttemptTime is the time before a deadline that a wait must leave for an attempt.
	minAttemptTime = 5 * time.Second
)

// Backoff is the wait after the given attempt, counted from 1: between half of a limit, which
// doubles each time, and the limit. Ten attempts take at least 45 seconds.
func Backoff(attempt int) time.Duration {
	limit := maxBackoff
	if attempt < 5 {
		limit = minBackoff << (attempt - 1)
	}
	return limit/2 + rand.N(limit/2) //nolint:gosec // jitter, not a secret
}

// Wait is the wait after the given attempt, counted from 1, until the next one. asked is the
// wait that the service asked for, or 0. A deadline leaves time for another attempt, unless it is
// too near for one anyway.
func Wait(ctx context.Context, attempt int, asked time.Duration) time.Duration {
	wait := Backoff(attempt)
	if asked > 0 && leavesTime(ctx, asked) {
		wait = asked
	}
	if deadline, ok := ctx.Deadline(); ok && TimeLeft(ctx) {
		wait = min(wait, time.Until(deadline)-minAttemptTime)
	}
	return wait
}

// TimeLeft reports whether the deadline leaves time for another attempt. Whoever makes one
// nevertheless makes all that are left at once.
func TimeLeft(ctx context.Context) bool { return leavesTime(ctx, time.Nanosecond) }

// RetryAfter is the wait that an answer asks for, up to MaxRetryAfter. It returns false if
// the answer asks for none.
func RetryAfter(header http.Header) (time.Duration, bool) {
	// DefaultBackoff with no bounds gives the wait of the header, or nothing.
	wait := retryablehttp.DefaultBackoff(0, 0, 0, &http.Response{StatusCode: http.StatusTooManyRequests, Header: header})
	return min(wait, MaxRetryAfter), wait > 0
}

// leavesTime reports whether an attempt after the wait still makes sense.
func leavesTime(ctx context.Context, wait time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return !ok || wait <= time.Until(deadline)-minAttemptTime
}

// Sleep returns early, with the cause, if the context ends.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
