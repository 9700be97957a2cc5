// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package transport

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// How each way in which an attempt can fail is described, and whether the request may have been
// carried out. TestAnswersWithoutEnd of package hostile has answers that are much larger.
func TestFailure(t *testing.T) {
	const plain, secure, viaProxy = "http://api.example.com", "https://api.example.com", "proxy"
	const canary = "canary"
	untrusted := httptest.NewTLSServer(http.NotFoundHandler()) // only for its certificate
	untrusted.Close()
	speakTLS := func(config *tls.Config) dialer {
		return talking(func(conn net.Conn) { _ = tls.Server(conn, config).HandshakeContext(context.Background()) })
	}
	refused := os.NewSyscallError("connect", syscall.ECONNREFUSED)
	unresolved := func(err net.DNSError) dialer { return failing(&err) }
	unsent := func(reason string) Failure { return Failure{Reason: reason} }
	sent := func(reason string) Failure { return Failure{Reason: reason, Sent: true} }
	wrongHost := func(reason string) Failure {
		return Failure{Reason: reason, Final: true, OutOfReach: true, wrongHost: true}
	}
	const (
		ok        = "HTTP/1.1 200 OK\r\n"
		closed    = "the connection was closed before the answer was complete"
		timedOut  = "the request timed out"
		notHTTP   = "the connection failed, or the answer was not HTTP"
		noAddress = "the host name cannot be resolved"
		ofProxy   = "the proxy of HTTPS_PROXY cannot be reached: "
	)
	endless := Failure{Reason: "the header of the answer is larger than 1 MiB", Sent: true, Final: true, OutOfReach: true}
	for name, test := range map[string]struct {
		url  string
		dial dialer
		want Failure
	}{
		"refused port":        {plain, failing(refused), unsent("connection refused")},
		"resolver that fails": {plain, unresolved(net.DNSError{IsTemporary: true}), unsent(noAddress)},
		"resolver too slow":   {plain, unresolved(net.DNSError{IsTimeout: true}), unsent(timedOut)},
		"unknown host":        {plain, unresolved(net.DNSError{IsNotFound: true}), wrongHost(noAddress)},
		"packets swallowed":   {plain, hanging, unsent(timedOut)},
		"TLS refused":         {secure, speakTLS(&tls.Config{MinVersion: tls.VersionTLS12}), unsent("the server refused the TLS connection")},
		"silent about TLS":    {secure, talking(silent), unsent(timedOut)},
		"no TLS": {secure, talking(func(conn net.Conn) {
			_, _ = conn.Read(make([]byte, 1<<12))
			_, _ = conn.Write([]byte("HTTP/1.1 400 canary\r\n\r\n"))
		}), wrongHost("the server does not speak TLS, which https needs")},
		"not trusted": {
			secure, speakTLS(&tls.Config{Certificates: untrusted.TLS.Certificates, MinVersion: tls.VersionTLS12}),
			Failure{Reason: "the server's TLS certificate is not trusted", Final: true, OutOfReach: true, Untrusted: true},
		},
		"closed":              {plain, saying(""), sent(closed)},
		"closed in the body":  {plain, saying(ok + "Content-Length: 100\r\n\r\ncanary"), sent(closed)},
		"endless header":      {plain, saying(ok + "X: " + strings.Repeat(canary, 1<<18)), endless},
		"endless early hints": {plain, saying(strings.Repeat("HTTP/1.1 103 canary\r\n\r\n", 1<<16)), endless},
		"cut JSON":            {plain, saying(ok + "\r\n{\"data\": \"canary"), sent("the answer is incomplete JSON")},
		"silent":              {plain, talking(silent), sent(timedOut)},
		"not HTTP":            {plain, saying("canary\r\n\r\n"), sent(notHTTP)},
		"the largest body":    {plain, saying(ok + "\r\n" + strings.Repeat("x", 1<<20)), Failure{}},
		"a larger body": {
			plain, saying(ok + "\r\n" + strings.Repeat("x", 1<<20+1)), Failure{Reason: "the answer is larger than 1 MiB", Sent: true, Final: true},
		},
		"bad gzip": {plain, saying(ok + "Content-Encoding: gzip\r\nContent-Length: 25\r\n\r\n0123456789canary012345678"), sent(notHTTP)},

		"proxy that wants a password": {
			viaProxy, saying("HTTP/1.1 407 canary\r\nContent-Length: 0\r\n\r\n"),
			Failure{Reason: "the proxy answered 407 Proxy Authentication Required", Final: true, OutOfReach: true},
		},
		"proxy that forbids":            {viaProxy, saying("HTTP/1.1 403 canary\r\nContent-Length: 0\r\n\r\n"), unsent("the proxy answered 403 Forbidden")},
		"proxy that finds no service":   {viaProxy, saying("HTTP/1.1 502 canary\r\nContent-Length: 0\r\n\r\n"), unsent("the proxy answered 502 Bad Gateway")},
		"proxy on whose port is nobody": {viaProxy, failing(refused), unsent(ofProxy + "connection refused")},
		"proxy that swallows packets":   {viaProxy, hanging, unsent(ofProxy + timedOut)},
		"proxy of no known name":        {viaProxy, unresolved(net.DNSError{IsNotFound: true}), wrongHost(ofProxy + noAddress)},
		"proxy that is silent":          {viaProxy, talking(silent), unsent(timedOut)},
		"proxy that connects to a silent service": {viaProxy, talking(func(conn net.Conn) {
			_, _ = conn.Read(make([]byte, 1<<12))
			_, _ = conn.Write([]byte(ok + "\r\n"))
			silent(conn)
		}), unsent(timedOut)},
		"proxy that closes": {viaProxy, saying(""), unsent(closed)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				transport := New(Options{Timeout: 30 * time.Second, DialContext: test.dial})
				defer transport.pool.CloseIdleConnections()
				if test.url == viaProxy {
					transport.pool.Proxy = http.ProxyURL(&url.URL{Scheme: "http", User: url.UserPassword("robot", canary), Host: "proxy.example.com:3128"})
					test.url = secure
				}
				var got Failure
				if failure := get(t.Context(), t, transport.Client(one), test.url); failure != nil {
					got = *failure
				}
				if got != test.want {
					t.Errorf("%+v\nwant %+v", got, test.want)
				}
			})
		})
	}
}
