// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// How the pacer goes about a service's limit: additive increase would take
// minutes to find a high limit again, so both steps are factors.
const (
	slowDownFactor = 1.5    // on the interval between requests, after a 429
	speedUpFactor  = 0.9995 // on the interval, after each other answer: 5% a second at 100 requests a second

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
	// lastCut is when interval was last made longer: a 429 to a request from before
	// says nothing new. cuts counts those without another answer in between.
	lastCut time.Time
	cuts    int
	// answered counts answers since burst, to learn what was possible.
	burst, lastSent time.Time
	answered        int
}

// wait returns the time at which a request may be sent when it has come, or the
// context's error. A request waits for one pause at the most, so that a service
// that refuses for ever is given up on in the time of its own attempts, and it does
// not wait beyond the context's deadline: an attempt may still succeed.
func (p *pacer) wait(ctx context.Context) (time.Time, error) {
	for _, next := range []func() time.Time{p.pauseEnd, p.reserve} {
		at := next()
		if deadline, ok := ctx.Deadline(); ok && at.After(deadline) {
			break
		}
		if pause := time.Until(at); pause > 0 {
			if err := sleep(ctx, pause); err != nil {
				return time.Time{}, err
			}
		}
	}
	return time.Now(), ctx.Err()
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
	if resp.StatusCode != http.StatusTooManyRequests {
		p.answered++
		p.cuts = 0
		p.interval = time.Duration(float64(p.interval) * speedUpFactor)
		if p.interval < unpacedBelow {
			p.interval = 0
		}
		return
	}
	now := time.Now()
	pause, asked := retryAfter(resp)
	first := sent.After(p.lastCut)
	if first {
		p.cuts++
		if !asked {
			pause = backoff(p.cuts)
		}
	}
	if until := now.Add(pause); until.After(p.until) {
		p.until = until
	}
	if first {
		p.slowDown()
		p.lastCut = now
	}
}

// slowDown sets the pace for the time after the pause; the lock is held. What
// was answered until now is what the service allows until the pause is over.
func (p *pacer) slowDown() {
	interval := maxInterval
	switch {
	case p.interval > 0:
		interval = time.Duration(float64(p.interval) * slowDownFactor)
	case p.answered > 0:
		interval = p.until.Sub(p.burst) / time.Duration(p.answered)
	}
	p.interval = min(interval, maxInterval)
	p.next = time.Time{}
}
