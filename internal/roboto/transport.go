// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-cleanhttp"
)

const (
	// idleConnectionsPerHost is enough for 64 concurrent calls. go-cleanhttp keeps three
	// connections on a machine with two cores.
	idleConnectionsPerHost = 64

	// maxRobotoAnswer is far more than a page of records. maxAWSAnswer is far more than a
	// value of 65,536 bytes with any JSON escaping. It is small, because the AWS SDK can take
	// a hundred times the memory of the JSON that it decodes.
	maxRobotoAnswer = 8 << 20
	maxAWSAnswer    = 1 << 20

	// maxAnswerHeader also limits all informational answers before the final one.
	maxAnswerHeader = 1 << 20
)

var errAnswerTruncated = fmt.Errorf("the answer is incomplete JSON: %w", io.ErrUnexpectedEOF)

// tooLargeError is for an answer that was not read to its end.
type tooLargeError struct {
	part string
	mib  int
}

func (e *tooLargeError) Error() string {
	return fmt.Sprintf("the %s is larger than %d MiB", e.part, e.mib)
}

// Exchange describes one attempt of one request, for logging. It contains nothing from
// headers or bodies.
type Exchange struct {
	Host   string
	Method string
	// Path is the request path, percent-encoded. AWS's is always "/".
	Path string
	// Operation is AWS's operation, or "" for Roboto.
	Operation string
	// StatusCode is 0 when no answer came.
	StatusCode int
	Duration   time.Duration
	// Failure is why no answer came, or "".
	Failure string
}

// newConnectionPool is shared by all calls to Roboto and AWS.
func newConnectionPool(dial func(ctx context.Context, network, addr string) (net.Conn, error)) *http.Transport {
	pool := cleanhttp.DefaultPooledTransport()
	pool.MaxIdleConnsPerHost = idleConnectionsPerHost
	pool.MaxIdleConns = 2 * idleConnectionsPerHost
	pool.MaxResponseHeaderBytes = maxAnswerHeader
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

// attemptTransport makes one attempt. It waits for the throttle, limits the time, and
// reads the whole answer, so that the retry layer sees every failure of the connection as
// one error.
type attemptTransport struct {
	next    http.RoundTripper
	timeout time.Duration
	// maxAnswer is in bytes.
	maxAnswer int
	hosts     *hosts
	throttle  *throttle
	log       func(context.Context, Exchange)
}

func (t *attemptTransport) client() *http.Client {
	return &http.Client{
		Transport: t,
		// A redirect would send the API key or the value to another host.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func (t *attemptTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	host := t.hosts.get(req.URL.Host)
	if err := host.admits(req.Context()); err != nil {
		return nil, err
	}
	sent, err := t.throttle.wait(req.Context())
	if err != nil {
		return nil, err
	}
	if err := host.admits(req.Context()); err != nil { // again, because the wait may have been long
		return nil, err
	}
	resp, err := t.attempt(req, host)
	if err == nil {
		t.throttle.learn(resp, sent)
	}
	if t.log != nil {
		t.log(req.Context(), newExchange(req, resp, err, time.Since(sent)))
	}
	return resp, err
}

func (t *attemptTransport) attempt(req *http.Request, host *host) (*http.Response, error) {
	var connected atomic.Bool
	started := time.Now()
	resp, err := t.exchange(host.attemptTime(t.timeout), req.WithContext(httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) {
			connected.Store(true)
			noteSent(req.Context())
		},
	})))
	_, tooLarge := errors.AsType[*tooLargeError](err)
	switch {
	case err == nil || tooLarge:
		host.answer()
	case req.Context().Err() == nil:
		if verdict := host.fail(started, err); verdict != nil {
			err = verdict
		}
	}
	if err != nil && connected.Load() {
		return nil, &sentError{err}
	}
	return resp, err
}

func (t *attemptTransport) exchange(timeout time.Duration, req *http.Request) (*http.Response, error) {
	if deadline, ok := req.Context().Deadline(); ok {
		// An attempt that hangs must leave time for another one.
		timeout = min(timeout, max(time.Until(deadline)/2, minAttemptTime))
	}
	ctx, cancel := context.WithTimeout(req.Context(), timeout)
	defer cancel()
	resp, err := t.next.RoundTrip(req.WithContext(ctx))
	if isHeaderTooLarge(err) {
		return nil, &tooLargeError{"header of the answer", maxAnswerHeader >> 20}
	}
	if err != nil {
		return nil, attemptError(req.Context(), ctx, err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, int64(t.maxAnswer)+1))
	switch {
	case err != nil:
		return nil, attemptError(req.Context(), ctx, err)
	case len(body) > t.maxAnswer:
		return nil, &tooLargeError{"answer", t.maxAnswer >> 20}
	case isSuccess(resp.StatusCode) && bytes.HasPrefix(body, []byte("{")) && !json.Valid(body):
		return nil, errAnswerTruncated
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	resp.Request = req
	return resp, nil
}

// isHeaderTooLarge recognizes the texts of net/http for HTTP/1 and HTTP/2, which are all
// that it offers.
func isHeaderTooLarge(err error) bool {
	return err != nil && (strings.Contains(err.Error(), "response headers exceeded") || strings.Contains(err.Error(), "response header list larger"))
}

// sentError is the failure of an attempt that had a connection. The server may have
// received and carried out the request.
type sentError struct{ error }

func (e *sentError) Unwrap() error { return e.error }

type sentKey struct{}

// watchSent returns a context for requests, and a flag that is set once any of their attempts
// has a connection.
func watchSent(ctx context.Context) (context.Context, *atomic.Bool) {
	sent := &atomic.Bool{}
	return context.WithValue(ctx, sentKey{}, sent), sent
}

func noteSent(ctx context.Context) {
	if sent, ok := ctx.Value(sentKey{}).(*atomic.Bool); ok {
		sent.Store(true)
	}
}

// wasSent reports whether the request that failed with err may have been carried out.
func wasSent(err error) bool {
	_, ok := errors.AsType[*sentError](err)
	return ok
}

// attemptError distinguishes the timeout of the attempt from the end of the caller's
// context.
func attemptError(caller, attempt context.Context, err error) error {
	if caller.Err() != nil {
		return caller.Err()
	}
	if errors.Is(attempt.Err(), context.DeadlineExceeded) {
		return context.DeadlineExceeded
	}
	return err
}

func newExchange(req *http.Request, resp *http.Response, err error, duration time.Duration) Exchange {
	exchange := Exchange{
		Host:      req.URL.Host,
		Method:    req.Method,
		Path:      req.URL.EscapedPath(),
		Operation: req.Header.Get("X-Amz-Target"),
		Duration:  duration,
	}
	if err != nil {
		exchange.Failure, _ = failureReason(err)
	} else {
		exchange.StatusCode = resp.StatusCode
	}
	return exchange
}

func isSuccess(status int) bool { return status/100 == 2 }
