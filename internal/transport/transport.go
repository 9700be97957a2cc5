// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// Package transport makes single attempts of requests, for Roboto and AWS alike. It lies below
// the retries of both services' clients, and decides what all requests to a host have in common:
// whether the host gets requests at all, when it has to be left alone, how long an attempt may
// take, how much of an answer is read, and what is logged.
package transport

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Options configure a Transport.
type Options struct {
	// Timeout limits one attempt.
	Timeout time.Duration
	// DialContext opens connections. If it is nil, the network is used, with the proxies
	// from the environment of the process.
	DialContext func(ctx context.Context, network, addr string) (net.Conn, error)
	// Log, if set, is called after each attempt with fields that describe it.
	Log func(context.Context, map[string]any)
}

// Transport shares connections, and what is known of each host, between clients.
type Transport struct {
	options Options
	pool    *http.Transport
	mu      sync.Mutex
	hosts   map[string]*host
}

// host is what is known of one host.
type host struct {
	breaker breaker
	pause   pause
}

// New makes no request.
func New(options Options) *Transport {
	return &Transport{options: options, pool: newPool(options.DialContext), hosts: map[string]*host{}}
}

// Proxy is the host of the proxy on the way to a URL, or "". It is the host alone, because the
// URL of a proxy may hold a password. If anything follows the host, that may be the rest of a
// password with a "/", "?" or "#", and what is taken for the host its beginning.
func (t *Transport) Proxy(to *url.URL) string {
	if t.pool.Proxy == nil {
		return ""
	}
	proxy, err := t.pool.Proxy(&http.Request{URL: to})
	if err != nil || proxy == nil || strings.Trim(proxy.Path, "/")+proxy.RawQuery+proxy.Fragment != "" {
		return ""
	}
	return proxy.Host
}

// Service says how a client uses the Transport.
type Service struct {
	// MaxAnswer is how many bytes of an answer are read.
	MaxAnswer int
	// Throttled reports whether an answer refuses the request because there are too many.
	Throttled func(status int, header http.Header, body []byte) bool
	// MustSend sends requests even to a host that is out of reach. It is for those that find out
	// or undo what an earlier request did.
	MustSend bool
}

// Client returns a client that makes one attempt of each request. Its errors hold a *Failure. It
// follows no redirect, which would send credentials or a secret to another host.
func (t *Transport) Client(service Service) *http.Client {
	return &http.Client{
		Transport:     &attempts{t, service},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func (t *Transport) host(name string) *host {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.hosts[name] == nil {
		t.hosts[name] = &host{}
	}
	return t.hosts[name]
}

// attempts is a http.RoundTripper.
type attempts struct {
	*Transport
	service Service
}

func (a *attempts) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, host := req.Context(), a.host(req.URL.Host)
	host.pause.wait(ctx)
	probe, refusal := host.breaker.allow(a.service.MustSend)
	if refusal != nil {
		return nil, refusal
	}
	began := time.Now()
	resp, body, failure := exchange(req, a.pool, a.options.Timeout, a.service.MaxAnswer)
	switch {
	case resp != nil:
		host.breaker.answered()
		if a.service.Throttled(resp.StatusCode, resp.Header, body) {
			host.pause.extend(cmp.Or(RetryAfter(resp.Header), defaultPause))
		}
	case ctx.Err() == nil:
		host.breaker.lost(began, failure)
	case probe:
		host.breaker.giveBack()
	}
	if a.options.Log != nil {
		a.options.Log(ctx, logFields(req, resp, failure, time.Since(began)))
	}
	if failure != nil {
		return nil, failure
	}
	return resp, nil
}

// logFields describe one attempt, with nothing from headers or bodies.
func logFields(req *http.Request, resp *http.Response, failure *Failure, duration time.Duration) map[string]any {
	fields := map[string]any{
		"host":        req.URL.Host,
		"method":      req.Method,
		"path":        req.URL.EscapedPath(), // AWS's is always "/"
		"duration_ms": duration.Milliseconds(),
	}
	if operation := req.Header.Get("X-Amz-Target"); operation != "" {
		fields["operation"] = operation
	}
	if failure != nil {
		fields["failure"] = failure.Reason
	} else {
		fields["status"] = resp.StatusCode
	}
	return fields
}
