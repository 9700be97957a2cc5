// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"math"
	"time"
)

// How the pace follows the limit of a service. Both steps are factors, because additive
// steps would take minutes to reach a high limit again.
const (
	slowDownFactor = 1.5 // on the interval between requests, after a 429, once a second at most
	speedUpRate    = 0.1 // a second, on the rate of requests, while there are answers

	maxInterval    = 100 * time.Millisecond // the pace is never slower than ten requests a second
	unpacedBelow   = 100 * time.Microsecond // a shorter interval has no effect
	burstEndsAfter = time.Second            // without requests; the measurement then starts over
)

// pace spreads requests over time. It has no limit until slowDown sets one.
type pace struct {
	// interval is the time between two requests, 0 for no limit, and next the first
	// moment that is free.
	interval time.Duration
	next     time.Time
	// slowed and eased are when interval was last made longer and shorter.
	slowed, eased time.Time
	// answered counts the answers since burst. They show what the service allows.
	burst, lastSent time.Time
	answered        int
}

// reserve takes the next free moment.
func (p *pace) reserve(now time.Time) time.Time {
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

// answer speeds up the pace in proportion to the time that has passed, except for pauses.
func (p *pace) answer(now time.Time) {
	p.answered++
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

// slowDown sets the pace for the time after a pause, at most once a second. It assumes
// that the service allows as many requests as it has answered until now, for the time
// until the pause ends, or for a second if that is longer.
func (p *pace) slowDown(now, pauseEnd time.Time) {
	if now.Sub(p.slowed) < time.Second {
		return
	}
	interval := maxInterval
	switch {
	case p.interval > 0:
		interval = time.Duration(float64(p.interval) * slowDownFactor)
	case p.answered > 0:
		interval = max(pauseEnd.Sub(p.burst), time.Second) / time.Duration(p.answered)
	}
	p.interval = min(interval, maxInterval)
	p.next = time.Time{}
	p.slowed, p.eased = now, pauseEnd
}
