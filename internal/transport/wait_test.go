// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package transport

import (
	"context"
	"errors"
	"net/http"
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
			wait := Backoff(attempt)
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

func TestWait(t *testing.T) {
	const backoff = 0 // any of the first attempt's
	for name, test := range map[string]struct {
		attempt               int
		asked, deadline, want time.Duration
	}{
		"nothing is asked":                    {attempt: 1, want: backoff},
		"a wait is asked":                     {attempt: 1, asked: 7 * time.Second, want: 7 * time.Second},
		"a short wait is asked":               {attempt: 9, asked: time.Second, want: time.Second},
		"the deadline is far":                 {attempt: 1, asked: 25 * time.Second, deadline: 30 * time.Second, want: 25 * time.Second},
		"the wait would exceed the deadline":  {attempt: 1, asked: 26 * time.Second, deadline: 30 * time.Second, want: backoff},
		"the deadline is too near":            {attempt: 1, deadline: 5 * time.Second, want: backoff},
		"a back-off ends before the deadline": {attempt: 9, deadline: 10 * time.Second, want: 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				if test.deadline > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, test.deadline)
					defer cancel()
				}
				got := Wait(ctx, test.attempt, test.asked)
				if test.want == backoff && (got < time.Second/2 || got >= time.Second) || test.want != backoff && got != test.want {
					t.Errorf("%s, want %s", got, test.want)
				}
			})
		})
	}
}

func TestRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := func(wait time.Duration) string { return time.Now().Add(wait).UTC().Format(http.TimeFormat) }
		for text, want := range map[string]time.Duration{
			"7": 7 * time.Second, "60": time.Minute, "61": time.Minute, "86400": time.Minute, "9223372036": time.Minute,
			in(20 * time.Second): 20 * time.Second, in(1000 * time.Hour): time.Minute,
			in(-time.Hour): 0, "0": 0, "-5": 0, "1.5": 0, "soon": 0, "": 0,
		} {
			wait, asked := RetryAfter(http.Header{"Retry-After": {text}})
			if asked != (want > 0) || wait != want {
				t.Errorf("%q: %s, %t, want %s", text, wait, asked, want)
			}
		}
		if wait, asked := RetryAfter(nil); asked || wait != 0 {
			t.Errorf("without a header: %s, %t", wait, asked)
		}
	})
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
