// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// A proxy that is in the way is named, without the password in its URL.
func TestProxies(t *testing.T) {
	var requests atomic.Int32
	proxy := func(handle http.HandlerFunc) string {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			requests.Add(1)
			handle(w, r)
		}))
		t.Cleanup(server.Close)
		return server.Listener.Addr().String()
	}
	status := func(code int) string {
		return proxy(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) })
	}
	unused, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it ends at once
	if err != nil {
		t.Fatal(err)
	}
	if err := unused.Close(); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		proxy, want string
		timeout     time.Duration
		requests    int32
	}{
		"nobody listens":        {unused.Addr().String(), "the proxy cannot be reached: connection refused", time.Minute, 0},
		"it wants a password":   {status(http.StatusProxyAuthRequired), "the proxy answered 407 Proxy Authentication Required", time.Minute, 1},
		"it forbids":            {status(http.StatusForbidden), "the proxy answered 403 Forbidden", time.Minute, 2},
		"it finds no service":   {status(http.StatusBadGateway), "the proxy answered 502 Bad Gateway", time.Minute, 2},
		"it never says a thing": {proxy(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }), "the request timed out", time.Second, 2},
	} {
		t.Run(name, func(t *testing.T) {
			requests.Store(0)
			c := NewClient(Config{
				APIKey: NewSensitive("key"), Endpoint: parseURL(t, "https://roboto.example.com"), RequestTimeout: test.timeout, MaxAttempts: 2,
			}, Options{})
			defer c.Close()
			c.pool.Proxy = http.ProxyURL(&url.URL{Scheme: "http", User: url.UserPassword("robot", "hunter2"), Host: test.proxy})
			c.route = newRoute(c.pool, c.config.Endpoint)
			_, err := c.Organizations(t.Context())
			failure, ok := err.(*Error) //nolint:errorlint // the type is part of the contract
			if !ok || failure.Kind != KindNoAnswer || failure.Problem != test.want {
				t.Fatalf("%v, want %q", err, test.want)
			}
			if failure.Route.Host != "roboto.example.com" || failure.Route.Proxy != test.proxy {
				t.Errorf("the route is %+v", failure.Route)
			}
			if text := failure.Route.Proxy + err.Error(); strings.Contains(text, "hunter2") || strings.Contains(text, "robot:") {
				t.Errorf("the error holds the password: %s", text)
			}
			if n := requests.Load(); n != test.requests {
				t.Errorf("%d requests to the proxy, want %d", n, test.requests)
			}
			_, err = c.Record(t.Context(), SecretRef{Name: "db", OrgID: "og_1"})
			next, ok := err.(*Error) //nolint:errorlint // as above
			if !ok || next.Verdict == nil || next.Verdict != failure.Verdict {
				t.Errorf("the next call does not share the verdict: %v", err)
			}
			if n := requests.Load(); n != test.requests {
				t.Errorf("the next call made %d more requests", n-test.requests)
			}
		})
	}
}

func TestSecretsManagerRoute(t *testing.T) {
	for region, host := range map[string]string{
		"us-west-2":  "secretsmanager.us-west-2.amazonaws.com",
		"cn-north-1": "secretsmanager.cn-north-1.amazonaws.com.cn",
	} {
		c := NewClient(Config{APIKey: NewSensitive("key"), APIKeySource: KeySource{From: "here"}, Endpoint: parseURL(t, "https://roboto.example.com")}, Options{})
		c.pool.Proxy = nil
		if got := c.secretsManagerRoute(region); got != (Route{Host: host}) {
			t.Errorf("%s: %+v", region, got)
		}
	}
}
