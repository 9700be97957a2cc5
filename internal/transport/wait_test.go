// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package transport

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestBackoff(t *testing.T) {
	for attempt, limit := range map[int]time.Duration{
		1: time.Second, 2: 2 * time.Second, 3: 4 * time.Second, 4: 8 * time.Second,
		5: 15 * time.Second, 6: 15 * time.Second, 64: 15 * time.Second, 1000: 15 * time.Second,
	} {
		least, most := limit, time.Duration(0)
		for range 300 {
			wait := Wait(t.Context(), attempt, 0)
			least, most = min(least, wait), max(most, wait)
		}
		if least < limit/2 || most >= limit || least > limit*6/10 || most < limit*9/10 {
			t.Errorf("after attempt %d: between %s and %s, want all from %s to %s", attempt, least, most, limit/2, limit)
		}
	}
}

// An outage of which a call with ten attempts notices nothing lasts for 45 seconds.
func TestTenAttempts(t *testing.T) {
	shortest := time.Hour
	for range 300 {
		sum := time.Duration(0)
		for attempt := 1; attempt < 10; attempt++ {
			sum += Wait(t.Context(), attempt, 0)
		}
		shortest = min(shortest, sum)
	}
	if shortest < 45*time.Second {
		t.Errorf("the waits between ten attempts can take only %s", shortest)
	}
}

// A back-off of up to 15 seconds leaves time for an attempt before a deadline.
func TestWaitBeforeADeadline(t *testing.T) {
	for deadline, want := range map[time.Duration]struct{ least, most time.Duration }{
		30 * time.Second: {7 * time.Second, 15 * time.Second},
		10 * time.Second: {5 * time.Second, 5 * time.Second},
		5 * time.Second:  {7 * time.Second, 15 * time.Second}, // there is no time for one anyway
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), deadline)
			defer cancel()
			if got := Wait(ctx, 9, 0); got < want.least || got > want.most {
				t.Errorf("%s before a deadline, the wait is %s", deadline, got)
			}
			if left := TimeLeft(ctx); left != (deadline > 5*time.Second) {
				t.Errorf("%s before a deadline, there is time left: %t", deadline, left)
			}
		})
	}
}

func TestSleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, cause := time.Now(), errors.New("interrupted")
		if err := Sleep(t.Context(), 3*time.Second); err != nil || time.Since(began) != 3*time.Second {
			t.Errorf("%v after %s", err, time.Since(began))
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(cause) })
		if err := Sleep(ctx, time.Hour); !errors.Is(err, cause) || time.Since(began) != 4*time.Second {
			t.Errorf("%v after %s", err, time.Since(began))
		}
	})
}
