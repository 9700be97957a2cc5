// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package transport

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/hashicorp/go-cleanhttp"
)

const (
	// idleConnectionsPerHost is enough for 64 concurrent calls. go-cleanhttp keeps three
	// connections on a machine with two cores.
	idleConnectionsPerHost = 64

	// connectTimeout is less than patience, so that a host that swallows packets has several
	// attempts. After ten seconds, the system has asked for the connection four times.
	connectTimeout = 10 * time.Second
)

// newPool is shared by all requests.
func newPool(dial func(ctx context.Context, network, addr string) (net.Conn, error)) *http.Transport {
	pool := cleanhttp.DefaultPooledTransport()
	pool.MaxIdleConnsPerHost = idleConnectionsPerHost
	pool.MaxIdleConns = 2 * idleConnectionsPerHost
	pool.MaxResponseHeaderBytes = maxHeader
	// A request that times out over HTTP/2 leaves its connection open, and all others would
	// follow it onto one that is dead.
	pool.HTTP2 = &http.HTTP2Config{SendPingTimeout: connectTimeout, PingTimeout: connectTimeout / 2}
	pool.OnProxyConnectResponse = refusalOfProxy
	if dial != nil {
		pool.DialContext = dial
		pool.Proxy = nil
	}
	connect := pool.DialContext
	pool.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		ctx, cancel := context.WithTimeout(ctx, connectTimeout)
		defer cancel()
		return connect(ctx, network, addr)
	}
	return pool
}

// Proxy is the host of the proxy on the way to a URL, or "". It is the host alone, because the
// URL of a proxy may hold a password.
func (t *Transport) Proxy(to *url.URL) string {
	if t.pool.Proxy == nil {
		return ""
	}
	proxy, err := t.pool.Proxy(&http.Request{URL: to})
	if err != nil || proxy == nil {
		return ""
	}
	return proxy.Host
}

// proxyError is the answer of a proxy that does not connect to the service.
type proxyError struct{ status int }

func (e *proxyError) Error() string {
	return fmt.Sprintf("the proxy answered %d %s", e.status, http.StatusText(e.status))
}

// refusalOfProxy keeps the status code. net/http keeps only its text.
func refusalOfProxy(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode != http.StatusOK {
		return &proxyError{resp.StatusCode}
	}
	return nil
}
