// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// pacer makes all requests to a service wait together after it said that there
// were too many: with many requests under way, a back-off for each alone would
// keep the service flooded.
type pacer struct {
	mu     sync.Mutex
	until  time.Time
	streak int
}

// wait returns when a request may be sent, or with the context's error.
func (p *pacer) wait(ctx context.Context) error {
	for {
		p.mu.Lock()
		pause := time.Until(p.until)
		p.mu.Unlock()
		if pause <= 0 {
			return ctx.Err()
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
	}
}

// observe learns from an answer.
func (p *pacer) observe(resp *http.Response) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if resp.StatusCode != http.StatusTooManyRequests {
		p.streak = 0
		return
	}
	p.streak++
	pause, ok := retryAfter(resp)
	if !ok {
		pause = backoff(p.streak)
	}
	if until := time.Now().Add(pause); until.After(p.until) {
		p.until = until
	}
}
