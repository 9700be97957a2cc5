// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func answerWith(status int, retryAfter string) *http.Response {
	resp := &http.Response{StatusCode: status, Header: http.Header{}}
	if retryAfter != "" {
		resp.Header.Set("Retry-After", retryAfter)
	}
	return resp
}

func TestShouldRetry(t *testing.T) {
	const never, ifIdempotent, always = "never", "if idempotent", "always"
	check := func(t *testing.T, resp *http.Response, err error, want string) {
		t.Helper()
		for _, idempotent := range []bool{true, false} {
			if got := shouldRetry(t.Context(), resp, err, idempotent); got != (want == always || want == ifIdempotent && idempotent) {
				t.Errorf("idempotent %t: %t, want %s", idempotent, got, want)
			}
			canceled, cancel := context.WithCancel(t.Context())
			cancel()
			if shouldRetry(canceled, resp, err, idempotent) {
				t.Errorf("idempotent %t: another attempt after a cancel", idempotent)
			}
		}
	}
	for status, want := range map[int]string{
		200: never, 204: never, 302: never, 400: never, 401: never, 403: never, 404: never, 409: never, 410: never, 501: never,
		429: always,
		408: ifIdempotent, 500: ifIdempotent, 502: ifIdempotent, 503: ifIdempotent, 504: ifIdempotent,
	} {
		t.Run(fmt.Sprint(status), func(t *testing.T) { check(t, answerWith(status, ""), nil, want) })
	}
	for _, tc := range []struct {
		name string
		err  error
		want string
	}{
		{"DNS", &net.OpError{Op: "dial", Err: &net.DNSError{Name: "x"}}, always},
		{"refused", &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, always},
		{"TLS handshake", io.EOF, always},
		{"timeout while connecting", context.DeadlineExceeded, always},
		{"reset", &sentError{&net.OpError{Op: "read", Err: syscall.ECONNRESET}}, ifIdempotent},
		{"broken pipe", &sentError{&net.OpError{Op: "write", Err: syscall.EPIPE}}, ifIdempotent},
		{"timeout", &sentError{context.DeadlineExceeded}, ifIdempotent},
		{"closed", &sentError{io.EOF}, ifIdempotent},
		{"cut JSON", &sentError{errAnswerTruncated}, ifIdempotent},
		{"not HTTP", &sentError{errors.New("malformed HTTP response")}, ifIdempotent},
		{"certificate", &tls.CertificateVerificationError{Err: errors.New("x509")}, never},
		{"too large", &sentError{&tooLargeError{"answer", 8}}, never},
	} {
		t.Run(tc.name, func(t *testing.T) {
			check(t, nil, tc.err, tc.want)
			check(t, nil, &url.Error{Op: "Get", URL: "https://x", Err: tc.err}, tc.want)
		})
	}
}

func TestBackoffIsJitterBelowADoublingLimit(t *testing.T) {
	for attempt, limit := range map[int]time.Duration{
		1: time.Second, 2: 2 * time.Second, 3: 4 * time.Second, 4: 8 * time.Second, 5: 16 * time.Second,
		6: 30 * time.Second, 7: 30 * time.Second, 64: 30 * time.Second, 1000: 30 * time.Second,
	} {
		least, most := limit, time.Duration(0)
		for range 300 {
			wait := backoff(attempt)
			least, most = min(least, wait), max(most, wait)
		}
		if least < 0 || most >= limit || least > limit/2 || most < limit/2 {
			t.Errorf("after attempt %d: between %v and %v, want all of 0 to %v", attempt, least, most, limit)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := func(wait time.Duration) string { return time.Now().Add(wait).UTC().Format(http.TimeFormat) }
		for _, tc := range []struct {
			name string
			resp *http.Response
			want time.Duration
		}{
			{"seconds with a 429", answerWith(429, "7"), 7 * time.Second},
			{"seconds with a 503", answerWith(503, "7"), 7 * time.Second},
			{"date", answerWith(429, in(20*time.Second)), 20 * time.Second},
			{"greatest wait", answerWith(429, "60"), time.Minute},
			{"more than the greatest wait", answerWith(503, "61"), time.Minute},
			{"a day", answerWith(429, "86400"), time.Minute},
			{"distant date", answerWith(429, in(1000*time.Hour)), time.Minute},
			{"past date", answerWith(429, in(-time.Hour)), 0},
			{"zero", answerWith(429, "0"), 0},
			{"negative", answerWith(429, "-5"), 0},
			{"fraction", answerWith(429, "1.5"), 0},
			{"words", answerWith(429, "soon"), 0},
			{"header missing", answerWith(429, ""), 0},
			{"no answer", nil, 0},
		} {
			wait, ok := retryAfter(tc.resp)
			if ok != (tc.want > 0) || ok && wait != tc.want {
				t.Errorf("%s: %v, %t, want %v", tc.name, wait, ok, tc.want)
			}
		}
	})
}

func TestRetrier(t *testing.T) {
	synctest.Test(t, testRetrier)
}

func testRetrier(t *testing.T) {
	client := NewClient(Config{Endpoint: parseURL(t, "https://roboto.example.com"), MaxAttempts: 3}, Options{})
	retrier := client.retrier(t.Context(), request{method: http.MethodGet})
	if retrier.RetryMax != 2 {
		t.Errorf("%d retries for 3 attempts", retrier.RetryMax)
	}
	wait := func(resp *http.Response) time.Duration {
		start := time.Now()
		again := retrier.Backoff(0, 0, 0, resp)
		return time.Since(start) + again
	}
	if got := wait(answerWith(429, "7")); got != 0 {
		t.Errorf("after a 429 it waits %v besides the throttle", got)
	}
	if got := wait(answerWith(503, "7")); got != 7*time.Second {
		t.Errorf("after a 503 with Retry-After: 7 it waits %v", got)
	}
	for _, resp := range []*http.Response{nil, answerWith(500, "7")} {
		longest := time.Duration(0)
		for range 300 {
			longest = max(longest, wait(resp))
		}
		if longest < 500*time.Millisecond || longest >= time.Second {
			t.Errorf("after %v it waits up to %v, want the first back-off", resp, longest)
		}
	}
	for method, idempotent := range map[string]bool{http.MethodGet: true, http.MethodPost: false} {
		retry, err := client.retrier(t.Context(), request{method: method}).CheckRetry(t.Context(), answerWith(500, ""), nil)
		if retry != idempotent || err != nil {
			t.Errorf("%s: %t, %v", method, retry, err)
		}
	}
	if n := client.retrier(t.Context(), request{method: http.MethodDelete, once: true}).RetryMax; n != 0 {
		t.Errorf("%d retries of a request that is sent once", n)
	}
}
