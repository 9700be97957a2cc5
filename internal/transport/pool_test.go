// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

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

// A router may forget a connection without a word. Others can be made. HTTP/2 is spoken where it is offered.
func TestForgottenConnections(t *testing.T) {
	for version, http2 := range map[int]bool{1: false, 2: true} {
		t.Run(fmt.Sprintf("HTTP/%d", version), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network, transport := serve(t, http2, func(_ http.ResponseWriter, r *http.Request) {
					if r.ProtoMajor != version {
						t.Errorf("spoke %s", r.Proto)
					}
				})
				call := func() {
					failure := get(t.Context(), t, transport.Client(one), network.url)
					for attempt := 1; failure != nil && !failure.Final; attempt++ {
						time.Sleep(Wait(t.Context(), attempt, 0))
						failure = get(t.Context(), t, transport.Client(one), network.url)
					}
					if failure != nil {
						t.Error(failure)
					}
				}
				call()
				network.forget()
				var calls sync.WaitGroup
				for range 10 {
					calls.Go(call)
				}
				calls.Wait()
			})
		})
	}
}

// Terraform's -parallelism may be high. Each of so many calls finds a connection that an earlier
// one has left.
func TestConnectionsAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network, transport := serve(t, false, func(http.ResponseWriter, *http.Request) { time.Sleep(time.Second) })
		for range 3 {
			var calls sync.WaitGroup
			for range 64 {
				calls.Go(func() { _ = get(t.Context(), t, transport.Client(one), network.url) })
			}
			calls.Wait()
		}
		if n := network.dialed.Load(); n != 64 {
			t.Errorf("%d connections, want 64", n)
		}
	})
}
