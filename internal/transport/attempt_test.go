// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package transport

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// trickle answers with a byte each second.
func trickle(conn net.Conn) {
	gone := make(chan struct{})
	go func() {
		silent(conn)
		close(gone)
	}()
	for _, b := range []byte("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + strings.Repeat("x", 100000)) {
		select {
		case <-gone:
			return
		case <-time.After(time.Second):
			_, _ = conn.Write([]byte{b})
		}
	}
}

// How long an attempt takes, and whether the request may have been carried out.
func TestTimeOfAnAttempt(t *testing.T) {
	const second = time.Second
	for name, test := range map[string]struct {
		dial                      dialer
		timeout, deadline, cancel time.Duration
		want                      time.Duration
		sent                      bool
	}{
		"connecting":                          {dial: hanging, timeout: time.Minute, want: connectTimeout},
		"connecting, and the timeout is less": {dial: hanging, timeout: 4 * second, want: 4 * second},
		"silence":                             {dial: talking(silent), timeout: time.Minute, want: time.Minute, sent: true},
		"an answer that comes in pieces":      {dial: talking(trickle), timeout: time.Minute, want: time.Minute, sent: true},
		"half of the time to a deadline":      {dial: talking(silent), timeout: 30 * second, deadline: 40 * second, want: 20 * second, sent: true},
		"a deadline that is far":              {dial: talking(silent), timeout: 30 * second, deadline: time.Hour, want: 30 * second, sent: true},
		"a deadline that is near":             {dial: talking(silent), timeout: 30 * second, deadline: 8 * second, want: 5 * second, sent: true},
		"a deadline that is nearer":           {dial: talking(silent), timeout: 30 * second, deadline: 3 * second, want: 3 * second, sent: true},
		"canceled while connecting":           {dial: hanging, timeout: time.Hour, cancel: 5 * second, want: 5 * second},
		"canceled while waiting":              {dial: talking(silent), timeout: time.Hour, cancel: 5 * second, want: 5 * second, sent: true},
		"canceled while reading":              {dial: talking(trickle), timeout: time.Hour, cancel: 5 * second, want: 5 * second, sent: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				transport := New(Options{Timeout: test.timeout, DialContext: test.dial})
				defer transport.pool.CloseIdleConnections()
				ctx, want := t.Context(), Failure{Reason: "the request timed out", Sent: test.sent}
				var cancel context.CancelFunc
				switch {
				case test.deadline > 0:
					ctx, cancel = context.WithTimeout(ctx, test.deadline)
					defer cancel()
				case test.cancel > 0:
					ctx, cancel = context.WithCancel(ctx)
					time.AfterFunc(test.cancel, cancel)
					want.Reason = "the request was canceled"
				}
				began := time.Now()
				failure := get(ctx, t, transport.Client(one), "http://api.example.com")
				if took := time.Since(began); failure == nil || *failure != want || took != test.want {
					t.Errorf("%+v after %s, want %+v after %s", failure, took, want, test.want)
				}
			})
		})
	}
}

// The log has one entry for each attempt, and nothing from headers or bodies.
func TestLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logged []map[string]any
		dial := saying("HTTP/1.1 503 canary\r\nContent-Length: 6\r\n\r\ncanary")
		transport := New(Options{
			Timeout: time.Minute, Log: func(_ context.Context, e map[string]any) { logged = append(logged, e) },
			DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
				time.Sleep(2 * time.Second)
				return dial(ctx, network, addr)
			},
		})
		defer transport.pool.CloseIdleConnections()
		client := transport.Client(one)
		_ = get(t.Context(), t, client, "http://api.example.com:8080/v1/a%2Fb?query=canary")
		dial = failing(errors.New("canary"))
		_ = get(t.Context(), t, client, "http://api.example.com/")
		want := []map[string]any{
			{"host": "api.example.com:8080", "method": "GET", "path": "/v1/a%2Fb", "status": 503, "duration_ms": int64(2000)},
			{
				"host": "api.example.com", "method": "GET", "path": "/", "duration_ms": int64(2000),
				"failure": "the connection failed, or the answer was not HTTP",
			},
		}
		if diff := cmp.Diff(want, logged); diff != "" {
			t.Errorf("logged (-want +got):\n%s", diff)
		}
	})
}
