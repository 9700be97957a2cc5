// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package transport

import (
	"context"
	"net"
	"net/http"
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

// maxHeader limits the header of an answer, with all informational answers before it, in bytes.
const maxHeader = 1 << 20

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
