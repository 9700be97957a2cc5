// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"context"
	"math"
	"net/http"
	"sync"
	"time"
)

// How the pacer goes about a service's limit: additive increase would take
// minutes to find a high limit again, so both steps are factors.
const (
	slowDownFactor = 1.5 // on the interval between requests, after a 429, once a second at most
	speedUpRate    = 0.1 // a second, on the rate of requests, while there are answers

	maxInterval    = 100 * time.Millisecond // no limit is worth fewer requests than ten a second
	unpacedBelow   = 100 * time.Microsecond // an interval that no longer slows anything down
	burstEndsAfter = time.Second            // without a request, the measurement begins anew
)

// pacer keeps all requests to a service together below a limit that the service
// has shown: after a 429 all wait, and then go on at the pace that was possible
// before. With many requests under way, a back-off for each alone would keep the
// service flooded.
type pacer struct {
	mu sync.Mutex
	// until is the end of the common pause.
	until time.Time
	// interval is the time between two requests, 0 for no limit, and next the first
	// moment that is free.
	interval time.Duration
	next     time.Time
	// refusals counts the pauses without another answer in between. A 429 to a request
	// that was sent before the last pause was over says nothing new.
	refusals int
	// slowed and eased are when interval was last made longer and shorter.
	slowed, eased time.Time
	// answered counts answers since burst, to learn what was possible.
	burst, lastSent time.Time
	answered        int
}

// wait returns the time at which a request may be sent when it has come, or the
// context's error. Pauses hold a request back for retryAfterCap together, so that a
// service that refuses for ever is given up on in the time of its own attempts; and
// not when they would use up the context's deadline, as an attempt may still succeed.
func (p *pacer) wait(ctx context.Context) (time.Time, error) {
	deadline, hasDeadline := ctx.Deadline()
	paused := time.Duration(0)
	// pause is what is left of a common pause that holds this request back.
	pause := func() time.Duration {
		left := time.Until(p.pauseEnd())
		if paused >= retryAfterCap || !leavesTime(ctx, left) {
			return 0
		}
		return left
	}
	for {
		if left := pause(); left > 0 {
			paused += left
			if err := sleep(ctx, left); err != nil {
				return time.Time{}, err
			}
		}
		at := p.reserve()
		if hasDeadline && at.After(deadline) {
			return time.Now(), ctx.Err()
		}
		if time.Until(at) <= 0 {
			return time.Now(), ctx.Err()
		}
		if err := sleep(ctx, time.Until(at)); err != nil {
			return time.Time{}, err
		}
		if pause() <= 0 {
			return time.Now(), ctx.Err()
		}
	}
}

func (p *pacer) pauseEnd() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.until
}

// reserve takes the next free moment of the pace.
func (p *pacer) reserve() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if now.Sub(p.lastSent) > burstEndsAfter {
		p.burst, p.answered = now, 0
	}
	p.lastSent = now
	if p.interval == 0 {
		return now
	}
	at := now
	if p.next.After(now) {
		at = p.next
	}
	p.next = at.Add(p.interval)
	return at
}

// observe learns from the answer to a request that was sent at the given time.
func (p *pacer) observe(resp *http.Response, sent time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if resp.StatusCode != http.StatusTooManyRequests {
		p.answered++
		p.refusals = 0
		p.speedUp(now)
		return
	}
	pause, asked := retryAfter(resp)
	news := !sent.Before(p.until)
	if news {
		p.refusals++
		if !asked {
			pause = backoff(p.refusals)
		}
	}
	if until := now.Add(pause); until.After(p.until) {
		p.until = until
	}
	if news && now.Sub(p.slowed) >= time.Second {
		p.slowDown(now)
	}
}

// slowDown sets the pace for the time after the pause; the lock is held. What
// was answered until now is taken for what the service allows until the pause is
// over, or in a second if that is longer.
func (p *pacer) slowDown(now time.Time) {
	interval := maxInterval
	switch {
	case p.interval > 0:
		interval = time.Duration(float64(p.interval) * slowDownFactor)
	case p.answered > 0:
		interval = max(p.until.Sub(p.burst), time.Second) / time.Duration(p.answered)
	}
	p.interval = min(interval, maxInterval)
	p.next = time.Time{}
	p.slowed, p.eased = now, p.until
}

// speedUp eases the pace with the time, pauses excepted; the lock is held.
func (p *pacer) speedUp(now time.Time) {
	if p.interval == 0 || !now.After(p.eased) {
		return
	}
	answering := min(now.Sub(p.eased), time.Second).Seconds()
	p.interval = time.Duration(float64(p.interval) * math.Exp(-speedUpRate*answering))
	p.eased = now
	if p.interval < unpacedBelow {
		p.interval = 0
	}
}
