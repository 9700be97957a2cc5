// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"
)

// All calls of a Client share what they know about a host. Without that, each of hundreds of
// calls would find out for itself, with all its attempts, that a host is out of reach.

const (
	// patience is how long a host may leave all requests without an answer.
	patience = 30 * time.Second

	// patienceWithUnknown is for a host that never answered and whose name DNS does not know.
	patienceWithUnknown = 3 * time.Second

	// shortOutage is how long a host that has answered may be silent before a call that has
	// used up its attempts gives up for all.
	shortOutage = 10 * time.Second

	// connectTimeout is less than patience, so that a host that swallows packets has several
	// attempts. After ten seconds, the system has asked for the connection four times.
	connectTimeout = 10 * time.Second

	// lastAttemptTime limits an attempt that starts when the patience with a host that never
	// answered has run out.
	lastAttemptTime = 8 * time.Second
)

// Verdict is why a host gets no more requests: it answered none for a while. The errors of all
// calls that fail for this reason share one Verdict.
type Verdict struct { //nolint:errname // the error is the one that has it
	reason string
	// err is how the last request failed, or nil if its text might not be harmless.
	err error
}

func (v *Verdict) Error() string { return v.reason }

func (v *Verdict) Unwrap() error { return v.err }

// verdictIn returns nil if the request did not fail because of a verdict.
func verdictIn(err error) *Verdict {
	verdict, _ := errors.AsType[*Verdict](err)
	return verdict
}

// isOutage reports whether the call failed because the host is out of reach.
func isOutage(err error) bool {
	verdict := verdictIn(err)
	if e, ok := errors.AsType[*Error](err); ok && e.Verdict != nil {
		verdict = e.Verdict
	}
	return verdict != nil
}

// hosts holds what is known of each host.
type hosts struct {
	mu    sync.Mutex
	known map[string]*host
}

func (h *hosts) get(name string) *host {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.known == nil {
		h.known = map[string]*host{}
	}
	if h.known[name] == nil {
		h.known[name] = &host{decided: make(chan struct{})}
	}
	return h.known[name]
}

// host is what is known of one host.
type host struct {
	mu sync.Mutex
	// answered is when the host last answered, or zero.
	answered time.Time
	// failed is when a request first remained without an answer since then, or zero. silent is
	// when it was sent, and patience how long that may go on.
	failed, silent time.Time
	patience       time.Duration
	// failure is how the last request without an answer failed.
	failure error
	// verdict is nil as long as the host gets requests. decided is closed when it is not.
	verdict *Verdict
	decided chan struct{}
}

// answer is for an answer of any kind that is complete, or larger than is read. A partial
// answer proves nothing: a host may trickle it until the attempt times out, again and again.
// An answer ends an outage, but a refused API key stays refused.
func (h *host) answer() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.answered, h.failed = time.Now(), time.Time{}
	if h.verdict != nil {
		h.verdict, h.decided = nil, make(chan struct{})
	}
}

// fail is for a request that was sent at the given time and not answered, or not to the end.
// It returns the verdict, if there is one.
//
// Requests lost at the same time do not prove an outage, however long they took, because they
// may have shared a connection. It takes a request that was sent after the first failure. A
// failure that no retry can change counts at once, unless the host has answered before.
func (h *host) fail(sent time.Time, err error) *Verdict {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failed.IsZero() {
		h.failed, h.silent = time.Now(), sent
	} else if sent.Before(h.silent) {
		h.silent = sent
	}
	if h.silent.Before(h.answered) {
		h.silent = h.answered
	}
	h.failure, h.patience = err, h.patienceWith(err)
	outOfReach := !sent.Before(h.failed) && time.Since(h.silent) >= h.patience
	if outOfReach || h.patience == 0 {
		h.giveUp()
	}
	return h.verdict
}

// exhausted is for a call that has used up its attempts without an answer. If the host did
// not answer other calls either, they need not use up theirs. One attempt proves nothing.
func (h *host) exhausted(attempts int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.failed.IsZero() && (h.answered.IsZero() && attempts > 1 || time.Since(h.silent) >= shortOutage) {
		h.giveUp()
	}
}

// giveUp decides that the host is out of reach, unless there is a verdict already.
func (h *host) giveUp() {
	if h.verdict != nil {
		return
	}
	verdict := &Verdict{err: h.failure}
	var safe bool
	if verdict.reason, safe = failureReason(h.failure); !safe {
		verdict.err = nil
	}
	h.decide(verdict)
}

// patienceWith is short if the endpoint is likely to be wrong, which it is not if it has
// ever answered.
func (h *host) patienceWith(err error) time.Duration {
	switch unknown, ok := errors.AsType[*net.DNSError](err); {
	case !h.answered.IsZero():
		return patience
	case isFinalFailure(err):
		return 0
	case ok && unknown.IsNotFound:
		return patienceWithUnknown
	}
	return patience
}

// standing returns the verdict, or nil.
func (h *host) standing() *Verdict {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.verdict
}

func (h *host) decide(verdict *Verdict) {
	if h.verdict == nil {
		close(h.decided)
	}
	h.verdict = verdict
}

// admits returns the verdict if a request must not be sent because of it.
func (h *host) admits(ctx context.Context) error {
	verdict := h.standing()
	if verdict == nil || isSettling(ctx) {
		return nil
	}
	return verdict
}

// attemptTime is how long the next request may take.
func (h *host) attemptTime(requestTimeout time.Duration) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.answered.IsZero() && !h.failed.IsZero() && time.Since(h.silent) >= h.patience {
		return min(requestTimeout, lastAttemptTime)
	}
	return requestTimeout
}

// sleep waits before another attempt. The wait ends early with a verdict, and when a
// silent host has used up the patience, because the next attempt decides then. It returns
// an error only if the context ends.
func (h *host) sleep(ctx context.Context, d time.Duration) error {
	h.mu.Lock()
	if left := time.Until(h.silent.Add(h.patience)); !h.failed.IsZero() && (left > 0 || h.verdict == nil) {
		d = min(d, max(left, 0))
	}
	decided := h.decided
	if h.verdict != nil && isSettling(ctx) {
		decided = nil // the request is sent in spite of it, so it waits as usual
	}
	h.mu.Unlock()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-decided:
	case <-timer.C:
	}
	return nil
}

type settlingKey struct{}

// settling marks requests that find out what an earlier one did, or undo it. They are sent
// in spite of a verdict, once each. Otherwise a record could be left behind.
func settling(ctx context.Context) context.Context {
	return context.WithValue(ctx, settlingKey{}, true)
}

func isSettling(ctx context.Context) bool { return ctx.Value(settlingKey{}) != nil }
