// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package transport

import (
	"context"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

const (
	// defaultPause is for a refusal that asks for no wait. The back-offs of the refused requests
	// grow in any case.
	defaultPause = time.Second

	// maxPause limits the pause that a server can ask for.
	maxPause = 60 * time.Second

	// spread is the time over which requests are sent after a pause. All at once, most would be
	// refused again.
	spread = 2 * time.Second
)

// pause makes all requests to a host wait after one was refused because there were too many.
// Separate back-offs of many concurrent requests would keep the service flooded.
type pause struct {
	mu    sync.Mutex
	until time.Time
}

// wait blocks until a request may be sent, or the context ends. It waits for one pause: the request
// may be refused, and comes again then. A pause that would exceed the context's deadline is
// skipped, because an attempt may still succeed.
func (p *pause) wait(ctx context.Context) {
	p.mu.Lock()
	left := time.Until(p.until)
	p.mu.Unlock()
	if most := timeLeft(ctx); left > 0 && left <= most {
		_ = Sleep(ctx, min(left+rand.N(spread), most)) //nolint:gosec // jitter, not a secret
	}
}

// extend starts a pause, or makes it longer.
func (p *pause) extend(wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if until := time.Now().Add(wait); until.After(p.until) {
		p.until = until
	}
}

// RetryAfter is the wait that an answer asks for, up to maxPause, or 0.
func RetryAfter(header http.Header) time.Duration {
	// DefaultBackoff with no bounds gives the wait of the header, or nothing.
	wait := retryablehttp.DefaultBackoff(0, 0, 0, &http.Response{StatusCode: http.StatusTooManyRequests, Header: header})
	return min(wait, maxPause)
}
