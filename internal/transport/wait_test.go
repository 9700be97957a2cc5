// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package transport

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// An outage of which a call with ten attempts notices nothing lasts for 45 seconds.
func TestBackoff(t *testing.T) {
	for attempt, limit := range map[int]time.Duration{
		1: time.Second, 2: 2 * time.Second, 3: 4 * time.Second, 4: 8 * time.Second, 5: 15 * time.Second, 6: 15 * time.Second,
		7: 15 * time.Second, 8: 15 * time.Second, 9: 15 * time.Second, 64: 15 * time.Second, 1000: 15 * time.Second,
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

// A back-off of up to 15 seconds leaves time for an attempt before a deadline, if there is any.
func TestWaitBeforeADeadline(t *testing.T) {
	const second = time.Second
	for _, test := range []struct{ deadline, asked, least, most time.Duration }{
		{30 * second, 0, 7 * second, 15 * second},
		{10 * second, 0, 5 * second, 5 * second},
		{5 * second, 0, 7 * second, 15 * second},
		{30 * second, 25 * second, 25 * second, 25 * second},
		{30 * second, 26 * second, 7 * second, 15 * second},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), test.deadline)
			defer cancel()
			if got := Wait(ctx, 9, test.asked); got < test.least || got > test.most {
				t.Errorf("%s before a deadline, the wait is %s if %s is asked for", test.deadline, got, test.asked)
			}
			if left := TimeLeft(ctx); left != (test.deadline > 5*second) {
				t.Errorf("%s before a deadline, there is time left: %t", test.deadline, left)
			}
		})
	}
}
