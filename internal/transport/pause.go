// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package transport

import (
	"context"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// spread is the time over which requests are sent after a pause. All at once, most would be
// refused again.
const spread = time.Second

// pause makes all requests to a host wait after one was refused because there were too many.
// Separate back-offs of many concurrent requests would keep the service flooded.
type pause struct {
	mu sync.Mutex
	// until is when the pause ends.
	until time.Time
	// refusals counts the pauses without another answer in between.
	refusals int
}

// wait blocks until a request may be sent. It returns an error if the context ends first.
//
// Pauses delay one request by at most MaxRetryAfter in total, so that a service that always
// refuses does not delay it forever. A pause that would exceed the context's deadline is skipped,
// because an attempt may still succeed.
func (p *pause) wait(ctx context.Context) error {
	for paused := time.Duration(0); ; {
		left := time.Until(p.end())
		if left > 0 {
			left = min(left+rand.N(spread), MaxRetryAfter-paused) //nolint:gosec // jitter, not a secret
		}
		if left <= 0 || !leavesTime(ctx, left) {
			return context.Cause(ctx)
		}
		paused += left
		if err := Sleep(ctx, left); err != nil {
			return err
		}
	}
}

func (p *pause) end() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.until
}

// refused starts or extends a pause. The refusal of a request that was sent before the last pause
// ended is not news.
func (p *pause) refused(header http.Header, sent time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	wait, asked := RetryAfter(header)
	if news := !sent.Before(p.until); news {
		p.refusals++
		if !asked {
			wait = Backoff(p.refusals)
		}
	}
	if until := time.Now().Add(wait); until.After(p.until) {
		p.until = until
	}
}

func (p *pause) answered() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refusals = 0
}
