// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

func parseURL(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// pipes is a network in memory, whose connections can be forgotten: what the client sends
// over them then goes nowhere, and nobody is told.
type pipes struct {
	accepted chan net.Conn
	closed   sync.Once
	mu       sync.Mutex
	dialed   []*forgettable
}

func (p *pipes) Accept() (net.Conn, error) {
	if conn, ok := <-p.accepted; ok {
		return conn, nil
	}
	return nil, net.ErrClosed
}

func (p *pipes) Close() error {
	p.closed.Do(func() { close(p.accepted) })
	return nil
}

func (*pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 443} }

func (p *pipes) dial(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	conn := &forgettable{Conn: client}
	p.mu.Lock()
	p.dialed = append(p.dialed, conn)
	p.mu.Unlock()
	p.accepted <- server
	return conn, nil
}

func (p *pipes) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range p.dialed {
		conn.forgotten.Store(true)
	}
}

type forgettable struct {
	net.Conn
	forgotten atomic.Bool
}

func (c *forgettable) Write(b []byte) (int, error) {
	if c.forgotten.Load() {
		return len(b), nil
	}
	return c.Conn.Write(b)
}

// A router may forget a connection without a word. Others can be made.
func TestForgottenConnections(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		t.Run(fmt.Sprintf("HTTP/2 %t", http2), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network := &pipes{accepted: make(chan net.Conn)}
				server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					_, _ = w.Write([]byte(`{"data": [{"org_id": "og_1"}]}`))
				}))
				_ = server.Listener.Close()
				server.Listener, server.EnableHTTP2 = network, http2
				server.StartTLS()
				defer server.Close()
				c := NewClient(Config{
					APIKey: NewSensitive("key"), Endpoint: parseURL(t, server.URL), RequestTimeout: 30 * time.Second, MaxAttempts: 10,
				}, Options{DialContext: network.dial})
				defer c.Close()
				roots := x509.NewCertPool()
				roots.AddCert(server.Certificate())
				c.pool.TLSClientConfig = &tls.Config{RootCAs: roots}
				if _, err := c.callerOrgs(t.Context()); err != nil {
					t.Fatal(err)
				}
				network.forget()
				var calls sync.WaitGroup
				for range 10 {
					calls.Go(func() {
						if _, err := c.callerOrgs(t.Context()); err != nil {
							t.Error(err)
						}
					})
				}
				calls.Wait()
			})
		})
	}
}

func TestHTTP2IsSpokenWhereOffered(t *testing.T) {
	for _, offered := range []bool{true, false} {
		t.Run(fmt.Sprint(offered), func(t *testing.T) {
			protocols := make(chan string, 1)
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				protocols <- r.Proto
				_, _ = w.Write([]byte(`{"data": [{"org_id": "og_1"}]}`))
			}))
			server.EnableHTTP2 = offered
			server.StartTLS()
			defer server.Close()
			c := NewClient(Config{
				APIKey: NewSensitive("key"), Endpoint: parseURL(t, server.URL), RequestTimeout: time.Minute, MaxAttempts: 1,
			}, Options{})
			defer c.Close()
			roots := x509.NewCertPool()
			roots.AddCert(server.Certificate())
			c.pool.TLSClientConfig = &tls.Config{RootCAs: roots}
			if _, err := c.OnlyOrgID(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got, want := <-protocols, map[bool]string{true: "HTTP/2.0", false: "HTTP/1.1"}[offered]; got != want {
				t.Errorf("spoke %s, want %s", got, want)
			}
		})
	}
}

// Terraform's -parallelism may be high; each of so many calls finds a connection
// that an earlier one has left.
func TestConnectionsAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const atOnce, rounds = 64, 3
		server := robototest.Start(t, robototest.Options{InMemory: true})
		server.Latency(time.Second)
		var connections atomic.Int32
		c := NewClient(Config{
			APIKey:                 NewSensitive(server.APIKey()),
			Endpoint:               parseURL(t, server.Endpoint()),
			SecretsManagerEndpoint: parseURL(t, server.SecretsManagerEndpoint()),
			RequestTimeout:         time.Minute,
			MaxAttempts:            1,
		}, Options{ToolName: "transport-test", DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			connections.Add(1)
			return server.DialContext(ctx, network, addr)
		}})
		defer c.Close()
		for round := range rounds {
			var calls sync.WaitGroup
			for i := range atOnce {
				calls.Go(func() {
					record, err := c.CreateSecret(t.Context(), SecretRef{Name: fmt.Sprintf("secret-%d-%d", round, i), OrgID: robototest.DefaultOrg})
					if err == nil {
						_, err = c.ValueAccess(record).Write(t.Context(), NewSensitive("some value"))
					}
					if err != nil {
						t.Error(err)
					}
				})
			}
			calls.Wait()
		}
		if n := connections.Load(); n > 2*atOnce {
			t.Errorf("%d connections to two services, want %d of each at most", n, atOnce)
		}
	})
}

// Whatever goes wrong before there is a connection, no record can be left behind.
func TestNothingIsSentWithoutAConnection(t *testing.T) {
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	for name, endpoint := range map[string]string{
		"no TLS":     "https" + strings.TrimPrefix(plain.URL, "http"),
		"no service": "http://127.0.0.1:1",
	} {
		t.Run(name, func(t *testing.T) {
			c := NewClient(Config{
				APIKey: NewSensitive("key"), Endpoint: parseURL(t, endpoint), RequestTimeout: time.Minute, MaxAttempts: 1,
			}, Options{})
			defer c.Close()
			_, err := c.CreateSecret(t.Context(), SecretRef{Name: "db", OrgID: "og_1"})
			if err == nil || KindOf(err) == KindUnsettledCreate {
				t.Errorf("the error is %v", err)
			}
		})
	}
}
