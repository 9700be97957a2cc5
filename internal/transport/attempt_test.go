// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package transport

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
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

func TestTimeOfAnAttempt(t *testing.T) {
	for name, test := range map[string]struct {
		timeout, deadline time.Duration
		dial              dialer
		want              time.Duration
	}{
		"connecting":                          {timeout: time.Minute, dial: hanging, want: connectTimeout},
		"connecting, and the timeout is less": {timeout: 4 * time.Second, dial: hanging, want: 4 * time.Second},
		"silence":                             {timeout: time.Minute, dial: talking(silent), want: time.Minute},
		"an answer that comes in pieces":      {timeout: time.Minute, dial: talking(trickle), want: time.Minute},
		"half of the time to a deadline":      {timeout: 30 * time.Second, deadline: 40 * time.Second, dial: talking(silent), want: 20 * time.Second},
		"a deadline that is far":              {timeout: 30 * time.Second, deadline: time.Hour, dial: talking(silent), want: 30 * time.Second},
		"a deadline that is near":             {timeout: 30 * time.Second, deadline: 8 * time.Second, dial: talking(silent), want: 5 * time.Second},
		"a deadline that is nearer":           {timeout: 30 * time.Second, deadline: 3 * time.Second, dial: talking(silent), want: 3 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				transport := New(Options{Timeout: test.timeout, DialContext: test.dial})
				defer transport.pool.CloseIdleConnections()
				ctx := t.Context()
				if test.deadline > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, test.deadline)
					defer cancel()
				}
				began := time.Now()
				failure := get(ctx, t, transport.Client(one), "http://api.example.com").failure
				if took := time.Since(began); failure == nil || took != test.want {
					t.Errorf("it took %s, want %s: %v", took, test.want, failure)
				}
			})
		})
	}
}

// The failure of a canceled request says whether the request may have been carried out.
func TestCanceledAttempt(t *testing.T) {
	for name, test := range map[string]struct {
		dial dialer
		sent bool
	}{
		"connecting": {hanging, false},
		"waiting":    {talking(silent), true},
		"reading":    {talking(trickle), true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				transport := New(Options{Timeout: time.Hour, DialContext: test.dial})
				defer transport.pool.CloseIdleConnections()
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(5*time.Second, cancel)
				failure := get(ctx, t, transport.Client(one), "http://api.example.com").failure
				if want := (Failure{Reason: "the request was canceled", Sent: test.sent}); *failure != want {
					t.Errorf("%+v, want %+v", failure, want)
				}
			})
		})
	}
}

func TestBounds(t *testing.T) {
	const mib = 1 << 20
	body := func(size int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("x", size)) }
	}
	for name, test := range map[string]struct {
		handler http.HandlerFunc
		reason  string
	}{
		"the largest body": {body(mib), ""},
		"a larger body":    {body(mib + 1), "the answer is larger than 1 MiB"},
		"an endless body":  {body(100 * mib), "the answer is larger than 1 MiB"},
		"a compressed body": {
			func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Encoding", "gzip")
				zip := gzip.NewWriter(w)
				_, _ = zip.Write(make([]byte, 2*mib))
				_ = zip.Close()
			}, "the answer is larger than 1 MiB",
		},
		"a large error": {
			func(w http.ResponseWriter, r *http.Request) {
				w.WriteHeader(http.StatusForbidden)
				body(mib+1)(w, r)
			}, "the answer is larger than 1 MiB",
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBoth(t, test.handler, func(t *testing.T, network *memory, transport *Transport) {
				failure := get(t.Context(), t, transport.Client(one), network.url).failure
				want := &Failure{Reason: test.reason, Sent: true, Final: true}
				if test.reason == "" && failure != nil || test.reason != "" && (failure == nil || *failure != *want) {
					t.Errorf("%+v, want %q", failure, test.reason)
				}
			})
		})
	}
}

// What is read of an answer is handed on, and a redirect is not followed.
func TestAnswers(t *testing.T) {
	inBoth(t, func(w http.ResponseWriter, r *http.Request) {
		var status int
		_, _ = fmt.Sscan(r.URL.Path[1:], &status)
		w.Header().Set("Location", "/200")
		w.WriteHeader(status)
		if status != http.StatusNoContent {
			_, _ = io.WriteString(w, `{"incomplete in an error`)
		}
	}, func(t *testing.T, network *memory, transport *Transport) {
		for _, status := range []int{204, 302, 307, 308, 400, 429, 503} {
			got := get(t.Context(), t, transport.Client(one), fmt.Sprintf("%s/%d", network.url, status))
			if got.status != status || got.failure != nil || (got.body == "") != (status == 204) {
				t.Errorf("%d: %+v", status, got)
			}
		}
	})
}

// The log has one entry for each attempt, and nothing from headers or bodies.
func TestLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logged []map[string]any
		dial := saying("HTTP/1.1 503 canary\r\nContent-Length: 6\r\n\r\ncanary")
		transport := New(Options{Timeout: time.Minute, Log: func(_ context.Context, e map[string]any) { logged = append(logged, e) }, DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			time.Sleep(2 * time.Second)
			return dial(ctx, network, addr)
		}})
		defer transport.pool.CloseIdleConnections()
		client := transport.Client(one)
		_ = get(t.Context(), t, client, "http://api.example.com:8080/v1/a%2Fb?query=canary")
		dial = failing(errors.New("canary"))
		_ = get(t.Context(), t, client, "http://api.example.com/")
		want := []map[string]any{
			{"host": "api.example.com:8080", "method": http.MethodGet, "path": "/v1/a%2Fb", "status": 503, "duration_ms": 2000},
			{"host": "api.example.com", "method": http.MethodGet, "path": "/", "duration_ms": 2000, "failure": "the connection failed, or the answer was not HTTP"},
		}
		if fmt.Sprint(logged) != fmt.Sprint(want) {
			t.Errorf("logged\n%+v, want\n%+v", logged, want)
		}
	})
}
