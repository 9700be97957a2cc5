// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"net/http"
	"time"
)

// pause is the time in which a service that answered 429 gets no requests.
type pause struct {
	until time.Time
	// refusals counts the pauses without another answer in between.
	refusals int
}

// refused starts or extends the pause. It returns false if the request was sent before
// the last pause ended, because its refusal is not news.
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
