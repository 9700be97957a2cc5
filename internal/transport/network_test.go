// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package transport

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
)

// dialer opens connections.
type dialer = func(ctx context.Context, network, addr string) (net.Conn, error)

// one is for tests of a client that never waits for a pause.
var one = Service{MaxAnswer: 1 << 20, Throttled: func(int, http.Header, []byte) bool { return false }}

// get makes one attempt, and returns how it failed, or nil.
func get(ctx context.Context, t *testing.T, client *http.Client, url string) *Failure {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		failure := FailureOf(err)
		if failure == nil {
			t.Fatalf("no Failure: %v", err)
		}
		return failure
	}
	if _, err := io.ReadAll(resp.Body); err != nil {
		t.Error(err)
	}
	return nil
}

// talking dials servers in memory that are played by a function.
func talking(play func(net.Conn)) dialer {
	return func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go func() {
			defer func() { _ = server.Close() }()
			play(server)
		}()
		return client, nil
	}
}

// saying dials servers that read one request, say something, and hang up.
func saying(answer string) dialer {
	return talking(func(conn net.Conn) {
		if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
			_, _ = io.WriteString(conn, answer)
		}
	})
}

// silent reads all that comes.
func silent(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

func failing(err error) dialer {
	return func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: err}
	}
}

// hanging never connects.
func hanging(ctx context.Context, _, _ string) (net.Conn, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// memory is a network in memory. What the client sends after forget, over connections that it has then, goes
// nowhere, and nobody is told.
type memory struct {
	net.Listener // whose address httptest takes
	url          string
	accepted     chan net.Conn
	dialed       atomic.Int32
	forgotten    atomic.Int32 // connections, the oldest ones
}

// serve returns a network with a server that speaks TLS, and a Transport that reaches it.
func serve(t *testing.T, http2 bool, handler http.HandlerFunc) (*memory, *Transport) {
	server := httptest.NewUnstartedServer(handler)
	network := &memory{Listener: server.Listener, accepted: make(chan net.Conn)}
	server.Listener, server.EnableHTTP2 = network, http2
	server.StartTLS()
	network.url = server.URL
	transport := New(Options{Timeout: 30 * time.Second, DialContext: network.dial})
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	transport.pool.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	t.Cleanup(func() {
		transport.pool.CloseIdleConnections()
		close(network.accepted)
		server.Close()
	})
	return network, transport
}

func (m *memory) Accept() (net.Conn, error) {
	if conn, ok := <-m.accepted; ok {
		return conn, nil
	}
	return nil, net.ErrClosed
}

func (m *memory) dial(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	conn := connection{client, m, m.dialed.Add(1)}
	m.accepted <- server
	return conn, nil
}

func (m *memory) forget() { m.forgotten.Store(m.dialed.Load()) }

// connection is one of the network, of which it is the number-th.
type connection struct {
	net.Conn
	network *memory
	number  int32
}

func (c connection) Write(b []byte) (int, error) {
	if c.number <= c.network.forgotten.Load() {
		return len(b), nil
	}
	return c.Conn.Write(b)
}
