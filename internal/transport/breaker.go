// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package transport

import (
	"sync"
	"time"
)

// patience is how long a host may leave requests without an answer, and the time between two
// probes of a host that is out of reach.
const patience = 30 * time.Second

// breaker keeps requests from a host that is out of reach. Otherwise each of hundreds of calls
// would find that out for itself, with all its attempts.
//
// A host is out of reach when patience has passed since the first request without an answer, and
// one that was sent after that failure is lost too: requests lost at one time prove nothing,
// because they may have shared a connection. It then gets one probe each patience. Any complete
// answer ends that. A partial one does not: a host may trickle it until the attempt times out.
type breaker struct {
	mu sync.Mutex
	// known is whether the host has ever answered.
	known bool
	// silent is when the first request without an answer was sent, and failed when it failed. They
	// are zero after an answer.
	silent, failed time.Time
	// outOfReach is how the last request failed, or nil if the host gets requests.
	outOfReach *Failure
	nextProbe  time.Time
}

// allow reports whether a request is a probe, or returns why it must not be sent.
func (b *breaker) allow(mustSend bool) (probe bool, refusal *Failure) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	switch {
	case b.outOfReach == nil || mustSend:
		return false, nil
	case now.Before(b.nextProbe):
		unsent := *b.outOfReach
		unsent.Sent = false
		return false, &unsent
	}
	b.nextProbe = now.Add(patience)
	return true, nil
}

// giveBack is for a probe that was canceled.
func (b *breaker) giveBack() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.nextProbe = time.Time{}
}

func (b *breaker) answered() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.known, b.silent, b.failed, b.outOfReach = true, time.Time{}, time.Time{}, nil
}

// lost is for a request that was sent at the given time and not answered. It completes the
// failure.
func (b *breaker) lost(sent time.Time, failure *Failure) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.known && (failure.Final || failure.wrongHost) {
		failure.OutOfReach, failure.Final = true, true // the address is likely to be wrong
	}
	now := time.Now()
	if b.failed.IsZero() {
		b.silent, b.failed = sent, now
	}
	if b.outOfReach == nil {
		if sent.Before(b.failed) || now.Sub(b.silent) < patience {
			return
		}
		b.nextProbe = now.Add(patience)
	}
	failure.OutOfReach, failure.Final = true, true
	b.outOfReach = failure
}
