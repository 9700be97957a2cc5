// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package transport

import (
	"context"
	"math"
	"math/rand/v2"
	"time"
)

const (
	// The back-off grows from the first limit to the second.
	minBackoff = time.Second
	maxBackoff = 15 * time.Second

	// minAttemptTime is the time before a deadline that a wait must leave for an attempt.
	minAttemptTime = 5 * time.Second
)

// Wait is the wait after the given attempt, counted from 1, until the next one: the one that the
// service asked for, if that is not 0 and leaves time for an attempt. Else it is between half of a
// limit, which doubles each time, and the limit. Ten attempts take at least 45 seconds. A deadline
// leaves time for another attempt, unless it is too near for one anyway.
func Wait(ctx context.Context, attempt int, asked time.Duration) time.Duration {
	if asked > 0 && asked <= timeLeft(ctx) {
		return asked
	}
	limit := min(minBackoff<<min(attempt-1, 4), maxBackoff)
	wait := limit/2 + rand.N(limit/2) //nolint:gosec // jitter, not a secret
	if left := timeLeft(ctx); left > 0 {
		wait = min(wait, left)
	}
	return wait
}

// TimeLeft reports whether the deadline leaves time for another attempt. Whoever makes one
// nevertheless makes all that are left at once.
func TimeLeft(ctx context.Context) bool { return timeLeft(ctx) > 0 }

// timeLeft is how long a wait may take if an attempt is to follow it.
func timeLeft(ctx context.Context) time.Duration {
	if deadline, ok := ctx.Deadline(); ok {
		return time.Until(deadline) - minAttemptTime
	}
	return math.MaxInt64
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
