// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package transport

import (
	"context"
	"crypto/tls"
	"errors"
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
// carried out.
func TestFailure(t *testing.T) {
	const plain, secure, viaProxy = "http://api.example.com", "https://api.example.com", "proxy"
	const canary = "canary"
	untrusted := httptest.NewTLSServer(http.NotFoundHandler()) // only for its certificate
	untrusted.Close()
	speakTLS := func(config *tls.Config) dialer {
		return talking(func(conn net.Conn) { _ = tls.Server(conn, config).HandshakeContext(context.Background()) })
	}
	refused := os.NewSyscallError("connect", syscall.ECONNREFUSED)
	const closed = "the connection was closed before the answer was complete"
	for name, test := range map[string]struct {
		url  string
		dial dialer
		want Failure
	}{
		"refused port":        {plain, failing(refused), Failure{Reason: "connection refused"}},
		"resolver that fails": {plain, failing(&net.DNSError{Name: "api.example.com", Err: "server misbehaving", IsTemporary: true}), Failure{Reason: "the host name cannot be resolved"}},
		"resolver too slow":   {plain, failing(&net.DNSError{Name: "api.example.com", Err: "i/o timeout", IsTimeout: true}), Failure{Reason: "the request timed out"}},
		"unknown host":        {plain, failing(&net.DNSError{Name: "api.example.com", Err: "no such host", IsNotFound: true}), Failure{Reason: "the host name cannot be resolved", Final: true, OutOfReach: true, wrongHost: true}},
		"packets swallowed":   {plain, hanging, Failure{Reason: "the request timed out"}},
		"TLS refused":         {secure, speakTLS(&tls.Config{MinVersion: tls.VersionTLS12}), Failure{Reason: "the server refused the TLS connection"}},
		"silent about TLS":    {secure, talking(silent), Failure{Reason: "the request timed out"}},
		"no TLS": {secure, talking(func(conn net.Conn) {
			_, _ = conn.Read(make([]byte, 1<<12))
			_, _ = conn.Write([]byte("HTTP/1.1 400 canary\r\n\r\n"))
		}), Failure{Reason: "the server does not speak TLS, which https needs", Final: true, OutOfReach: true, wrongHost: true}},
		"not trusted":         {secure, speakTLS(&tls.Config{Certificates: untrusted.TLS.Certificates, MinVersion: tls.VersionTLS12}), Failure{Reason: "the server's TLS certificate is not trusted", Final: true, OutOfReach: true, Untrusted: true}},
		"closed":              {plain, saying(""), Failure{Reason: closed, Sent: true}},
		"closed in the body":  {plain, saying("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ncanary"), Failure{Reason: closed, Sent: true}},
		"endless header":      {plain, saying("HTTP/1.1 200 OK\r\nX: " + strings.Repeat(canary, 1<<18)), Failure{Reason: "the header of the answer is larger than 1 MiB", Sent: true, Final: true, OutOfReach: true}},
		"endless early hints": {plain, saying(strings.Repeat("HTTP/1.1 103 canary\r\n\r\n", 1<<16)), Failure{Reason: "the header of the answer is larger than 1 MiB", Sent: true, Final: true, OutOfReach: true}},
		"cut JSON":            {plain, saying("HTTP/1.1 200 OK\r\n\r\n{\"data\": \"canary"), Failure{Reason: "the answer is incomplete JSON", Sent: true}},
		"silent":              {plain, talking(silent), Failure{Reason: "the request timed out", Sent: true}},
		"not HTTP":            {plain, saying("canary\r\n\r\n"), Failure{Reason: "the connection failed, or the answer was not HTTP", Sent: true}},
		"bad gzip":            {plain, saying("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 25\r\n\r\n0123456789canary012345678"), Failure{Reason: "the connection failed, or the answer was not HTTP", Sent: true}},

		"proxy that wants a password":   {viaProxy, saying("HTTP/1.1 407 canary\r\nContent-Length: 0\r\n\r\n"), Failure{Reason: "the proxy answered 407 Proxy Authentication Required", Final: true, OutOfReach: true}},
		"proxy that forbids":            {viaProxy, saying("HTTP/1.1 403 canary\r\nContent-Length: 0\r\n\r\n"), Failure{Reason: "the proxy answered 403 Forbidden"}},
		"proxy that finds no service":   {viaProxy, saying("HTTP/1.1 502 canary\r\nContent-Length: 0\r\n\r\n"), Failure{Reason: "the proxy answered 502 Bad Gateway"}},
		"proxy on whose port is nobody": {viaProxy, failing(refused), Failure{Reason: "the proxy of HTTPS_PROXY cannot be reached: connection refused"}},
		"proxy that swallows packets":   {viaProxy, hanging, Failure{Reason: "the proxy of HTTPS_PROXY cannot be reached: the request timed out"}},
		"proxy of no known name":        {viaProxy, failing(&net.DNSError{Name: canary, Err: "no such host", IsNotFound: true}), Failure{Reason: "the proxy of HTTPS_PROXY cannot be reached: the host name cannot be resolved", Final: true, OutOfReach: true, wrongHost: true}},
		"proxy that is silent":          {viaProxy, talking(silent), Failure{Reason: "the request timed out"}},
		"proxy that connects to a silent service": {viaProxy, talking(func(conn net.Conn) {
			_, _ = conn.Read(make([]byte, 1<<12))
			_, _ = conn.Write([]byte("HTTP/1.1 200 OK\r\n\r\n"))
			silent(conn)
		}), Failure{Reason: "the request timed out"}},
		"proxy that closes": {viaProxy, saying(""), Failure{Reason: closed}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				transport := New(Options{Timeout: 30 * time.Second, DialContext: test.dial})
				defer transport.pool.CloseIdleConnections()
				if test.url == viaProxy {
					transport.pool.Proxy = http.ProxyURL(&url.URL{Scheme: "http", User: url.UserPassword("robot", canary), Host: "proxy.example.com:3128"})
					test.url = secure
				}
				failure := get(t.Context(), t, transport.Client(one), test.url).failure
				if failure == nil || *failure != test.want {
					t.Errorf("%+v\nwant %+v", failure, test.want)
				}
				if failure != nil && strings.Contains(failure.Reason, canary) {
					t.Error("the answer is repeated")
				}
			})
		})
	}
}

func TestFailureOf(t *testing.T) {
	failure := &Failure{Reason: "connection refused"}
	if got := FailureOf(&url.Error{Op: "Get", Err: failure}); got != failure {
		t.Errorf("%v", got)
	}
	if got := FailureOf(errors.New("connection refused")); got != nil {
		t.Errorf("%v", got)
	}
}
