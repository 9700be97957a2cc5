// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package robototest_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/wire"
)

const (
	org    = robototest.DefaultOrg
	create = `POST /v1/secrets {"name":"new"}`
	getDB  = "GET /v1/secrets/name/db"
	listed = "GET /v1/secrets"
)

// client speaks to a server as a correct client does, but for its edit.
type client struct {
	*wire.Client
	t *testing.T
	s *robototest.Server
	// edit changes requests after they were signed.
	edit func(*http.Request)
	next http.RoundTripper
}

func newClient(t *testing.T, options robototest.Options) *client {
	t.Helper()
	c := &client{t: t, s: robototest.Start(t, options)}
	transport := &http.Transport{}
	if options.InMemory {
		transport.DialContext = c.s.DialContext
	}
	t.Cleanup(transport.CloseIdleConnections)
	c.next = transport
	c.Client = &wire.Client{
		Endpoint: c.s.Endpoint(), SecretsManagerEndpoint: c.s.SecretsManagerEndpoint(), APIKey: c.s.APIKey(), OrgID: org, Transport: c,
	}
	c.s.AddSecret(org, "db")
	return c
}

// inBubble runs a test in fake time against a server in memory.
func inBubble(t *testing.T, options robototest.Options, test func(*testing.T, *client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		options.InMemory = true
		test(t, newClient(t, options))
	})
}

func (c *client) RoundTrip(r *http.Request) (*http.Response, error) {
	if c.edit != nil {
		r = r.Clone(r.Context())
		c.edit(r)
	}
	return c.next.RoundTrip(r)
}

type edit = func(*http.Request)

func header(name string, values ...string) edit {
	return func(r *http.Request) { r.Header[name] = values }
}

func owner(id string) edit { return header("X-Roboto-Resource-Owner-Id", id) }

func bearer(key string) edit { return header("Authorization", "Bearer "+key) }

// call makes a call to Roboto: a method and a path, then a body if there is one.
func (c *client) call(what string, edits ...edit) (wire.Answer, error) {
	method, rest, _ := strings.Cut(what, " ")
	path, body, _ := strings.Cut(rest, " ")
	call := wire.Call{Method: method, Path: path}
	if body != "" {
		call.Body = rawJSON(body)
	}
	c.edit = func(r *http.Request) {
		for _, change := range edits {
			if change != nil {
				change(r)
			}
		}
	}
	defer func() { c.edit = nil }()
	return c.Roboto(c.t.Context(), call)
}

type rawJSON string

func (raw rawJSON) MarshalJSON() ([]byte, error) { return []byte(raw), nil }

// wants fails the test unless a call is answered with the status, and with the text in the body.
func (c *client) wants(status int, text, what string, edits ...edit) wire.Answer {
	c.t.Helper()
	a, err := c.call(what, edits...)
	if err != nil || a.Status != status || !strings.Contains(string(a.Body), text) {
		c.t.Errorf("%s was answered %d %s (%v), want %d with %q", what, a.Status, a.Body, err, status, text)
	}
	return a
}

// wantViolation expects exactly one, and takes it from the server's cleanup. "" is none.
func (c *client) wantViolation(text string) {
	c.t.Helper()
	if text == "" {
		return
	}
	c.s.AllowViolations()
	if got := c.s.Violations(); len(got) != 1 || !strings.Contains(got[0], text) {
		c.t.Errorf("violations are %q, want one with %q", got, text)
	}
}

// judgedTest is a test that may fail.
type judgedTest struct {
	testing.TB
	cleanup  func()
	failures int
}

func (j *judgedTest) Cleanup(f func())      { j.cleanup = f }
func (j *judgedTest) Errorf(string, ...any) { j.failures++ }

func TestStartFailsTheTestOfAWrongClient(t *testing.T) {
	for calls, want := range map[string]int{"/v1/secrets": 0, "/nowhere /nowhere": 1, "/nowhere /nowhere/else": 2} {
		judged := &judgedTest{TB: t}
		s := robototest.Start(judged, robototest.Options{})
		c := &wire.Client{Endpoint: s.Endpoint(), APIKey: s.APIKey()}
		for path := range strings.FieldsSeq(calls) {
			_, _ = c.Roboto(t.Context(), wire.Call{Path: path})
		}
		judged.cleanup()
		if judged.failures != want {
			t.Errorf("after %s: %d failures, want %d", calls, judged.failures, want)
		}
		if _, err := c.Get(t.Context(), "db"); err == nil {
			t.Error("the server outlived its test")
		}
	}
}

func TestCloseWaitsForRequestsInProgress(t *testing.T) {
	inBubble(t, robototest.Options{}, func(t *testing.T, c *client) {
		release, closed := make(chan struct{}), false
		c.s.Inject(robototest.Fault{Times: 1, Mutate: func(body []byte) []byte { <-release; return body }})
		c.s.Inject(robototest.Fault{Until: make(chan struct{})}) // Close ends what waits by itself
		for range 2 {
			go func() {
				if a, err := c.Get(context.Background(), "db"); err == nil {
					t.Errorf("a closed connection answered %s", a)
				}
			}()
			synctest.Wait()
		}
		go func() { c.s.Close(); closed = true }()
		synctest.Wait()
		if closed {
			t.Error("closed while a request was in progress")
		}
		close(release)
		synctest.Wait()
		if !closed {
			t.Error("not closed when all requests had ended")
		}
	})
}
