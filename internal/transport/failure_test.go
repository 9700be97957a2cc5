// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package transport

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"io"
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

	gocmp "github.com/google/go-cmp/cmp"
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

// How each way in which an attempt can fail is described, whether the request may have been carried out, and how
// long it takes. TestAnswersWithoutEnd of package hostile has answers that are much larger, TestTimeWithDefaults
// those that come in pieces.
func TestFailure(t *testing.T) {
	const plain, secure, viaProxy = "http://api.example.com", "https://api.example.com", "proxy"
	const canary, second = "canary", time.Second
	untrusted := httptest.NewTLSServer(http.NotFoundHandler()) // only for its certificate
	untrusted.Close()
	speakTLS := func(config *tls.Config) dialer {
		return talking(func(conn net.Conn) { _ = tls.Server(conn, config).HandshakeContext(context.Background()) })
	}
	answers := func(text string) func(net.Conn) { // to the first bytes that come
		return func(conn net.Conn) {
			_, _ = conn.Read(make([]byte, 1<<12))
			_, _ = conn.Write([]byte(text))
			silent(conn)
		}
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
		empty     = "\r\nContent-Length: 0\r\n\r\n"
		begun     = ok + "Content-Length: 9\r\n\r\n"
		closed    = "the connection was closed before the answer was complete"
		canceled  = "the request was canceled"
		timedOut  = "the request timed out"
		notHTTP   = "the connection failed, or the answer was not HTTP"
		noAddress = "the host name cannot be resolved"
		ofProxy   = "the proxy of HTTPS_PROXY cannot be reached: "
	)
	endless := Failure{Reason: "the header of the answer is larger than 1 MiB", Sent: true, Final: true, OutOfReach: true}
	for name, test := range map[string]struct {
		url  string // plain by default
		dial dialer
		want Failure
		// deadline and cancel are those of the caller. took is checked if it is not 0.
		deadline, cancel, took time.Duration
	}{
		"a connection that hangs":        {dial: hanging, want: unsent(timedOut), took: connectTimeout},
		"silence":                        {dial: talking(silent), want: sent(timedOut), took: 30 * second},
		"half of the time to a deadline": {dial: talking(silent), want: sent(timedOut), deadline: 40 * second, took: 20 * second},
		"a deadline that is far":         {dial: talking(silent), want: sent(timedOut), deadline: time.Hour, took: 30 * second},
		"a deadline that is near":        {dial: talking(silent), want: sent(timedOut), deadline: 8 * second, took: 5 * second},
		"a deadline that is nearer":      {dial: talking(silent), want: sent(timedOut), deadline: 3 * second, took: 3 * second},
		"connecting before a deadline":   {dial: hanging, want: unsent(timedOut), deadline: 8 * second, took: 5 * second},
		"canceled while connecting":      {dial: hanging, want: unsent(canceled), cancel: 5 * second, took: 5 * second},
		"canceled while waiting":         {dial: talking(silent), want: sent(canceled), cancel: 5 * second, took: 5 * second},
		"canceled while reading":         {dial: talking(answers(begun)), want: sent(canceled), cancel: 5 * second, took: 5 * second},

		"refused port":        {dial: failing(refused), want: unsent("connection refused")},
		"resolver that fails": {dial: unresolved(net.DNSError{IsTemporary: true}), want: unsent(noAddress)},
		"resolver too slow":   {dial: unresolved(net.DNSError{IsTimeout: true}), want: unsent(timedOut)},
		"unknown host":        {dial: unresolved(net.DNSError{IsNotFound: true}), want: wrongHost(noAddress)},
		"TLS refused":         {url: secure, dial: speakTLS(&tls.Config{MinVersion: tls.VersionTLS12}), want: unsent("the server refused the TLS connection")},
		"silent about TLS":    {url: secure, dial: talking(silent), want: unsent(timedOut)},
		"no TLS": {
			url: secure, dial: talking(answers("HTTP/1.1 400 canary\r\n\r\n")), want: wrongHost("the server does not speak TLS, which https needs"),
		},
		"not trusted": {
			url: secure, dial: speakTLS(&tls.Config{Certificates: untrusted.TLS.Certificates, MinVersion: tls.VersionTLS12}),
			want: Failure{Reason: "the server's TLS certificate is not trusted", Final: true, OutOfReach: true, Untrusted: true},
		},
		"closed":           {dial: saying(""), want: sent(closed)},
		"endless header":   {dial: saying(ok + "X: " + strings.Repeat(canary, 1<<18)), want: endless},
		"cut JSON":         {dial: saying(ok + "\r\n{\"data\": \"canary"), want: sent("the answer is incomplete JSON")},
		"not HTTP":         {dial: saying("canary\r\n\r\n"), want: sent(notHTTP)},
		"the largest body": {dial: saying(ok + "\r\n" + strings.Repeat("x", 1<<20))},
		"a larger body": {
			dial: saying(ok + "\r\n" + strings.Repeat("x", 1<<20+1)), want: Failure{Reason: "the answer is larger than 1 MiB", Sent: true, Final: true},
		},
		"bad gzip": {dial: saying(ok + "Content-Encoding: gzip\r\nContent-Length: 25\r\n\r\n0123456789canary012345678"), want: sent(notHTTP)},

		"proxy that wants a password": {
			url: viaProxy, dial: saying("HTTP/1.1 407 canary" + empty),
			want: Failure{Reason: "the proxy answered 407 Proxy Authentication Required", Final: true, OutOfReach: true},
		},
		"proxy that forbids":            {url: viaProxy, dial: saying("HTTP/1.1 403 canary" + empty), want: unsent("the proxy answered 403 Forbidden")},
		"proxy that finds no service":   {url: viaProxy, dial: saying("HTTP/1.1 502 canary" + empty), want: unsent("the proxy answered 502 Bad Gateway")},
		"proxy on whose port is nobody": {url: viaProxy, dial: failing(refused), want: unsent(ofProxy + "connection refused")},
		"proxy that swallows packets":   {url: viaProxy, dial: hanging, want: unsent(ofProxy + timedOut)},
		"proxy of no known name":        {url: viaProxy, dial: unresolved(net.DNSError{IsNotFound: true}), want: wrongHost(ofProxy + noAddress)},
		"proxy that is silent":          {url: viaProxy, dial: talking(silent), want: unsent(timedOut)},
		"proxy of a silent service":     {url: viaProxy, dial: talking(answers(ok + "\r\n")), want: unsent(timedOut)},
		"proxy that closes":             {url: viaProxy, dial: saying(""), want: unsent(closed)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				transport := New(Options{Timeout: 30 * time.Second, DialContext: test.dial})
				defer transport.pool.CloseIdleConnections()
				if test.url == viaProxy {
					transport.pool.Proxy = http.ProxyURL(&url.URL{Scheme: "http", User: url.UserPassword("robot", canary), Host: "proxy.example.com:3128"})
					test.url = secure
				}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if test.deadline > 0 {
					ctx, cancel = context.WithTimeout(ctx, test.deadline)
					defer cancel()
				}
				if test.cancel > 0 {
					time.AfterFunc(test.cancel, cancel)
				}
				began := time.Now()
				got := cmp.Or(get(ctx, t, transport.Client(one), cmp.Or(test.url, plain)), &Failure{})
				if took := time.Since(began); *got != test.want || test.took != 0 && took != test.took {
					t.Errorf("after %s, want %s: %+v\nwant %+v", took, test.took, *got, test.want)
				}
			})
		})
	}
}

// The log has one entry for each attempt, and nothing from headers or bodies.
func TestLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		become := answering(http.StatusServiceUnavailable, "canary")
		transport := playing(func(req *http.Request) (*http.Response, error) {
			time.Sleep(2 * time.Second)
			return become(req)
		})
		var logged []map[string]any
		transport.options.Log = func(_ context.Context, e map[string]any) { logged = append(logged, e) }
		_ = get(t.Context(), t, transport.Client(one), "http://api.example.com:8080/v1/a%2Fb?query=canary")
		become = lostBy(errors.New("canary"))
		_ = get(t.Context(), t, transport.Client(one), "http://api.example.com/")
		const failure = "the connection failed, or the answer was not HTTP"
		want := []map[string]any{
			{"host": "api.example.com:8080", "method": "GET", "path": "/v1/a%2Fb", "status": 503, "duration_ms": int64(2000)},
			{"host": "api.example.com", "method": "GET", "path": "/", "failure": failure, "duration_ms": int64(2000)},
		}
		if diff := gocmp.Diff(want, logged); diff != "" {
			t.Errorf("logged (-want +got):\n%s", diff)
		}
	})
}
