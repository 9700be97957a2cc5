// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"net/http"
	"time"
)

// pause is the time for which a service that answered 429 gets no request at all.
type pause struct {
	until time.Time
	// refusals counts the pauses without another answer in between.
	refusals int
}

// refused begins or prolongs the pause. It returns false for a request that was sent before
// the last pause was over: its refusal says nothing new.
func (p *pause) refused(resp *http.Response, sent, now time.Time) (news bool) {
	wait, asked := retryAfter(resp)
	if news = !sent.Before(p.until); news {
		p.refusals++
		if !asked {
			wait = backoff(p.refusals)
		}
	}
	if until := now.Add(wait); until.After(p.until) {
		p.until = until
	}
	return news
}

func (p *pause) answered() { p.refusals = 0 }
