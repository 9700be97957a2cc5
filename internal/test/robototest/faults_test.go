// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package robototest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

const post = `POST /v1/secrets {"name":"new"}`

func TestAnswersInPlaceOfTheServicesOwn(t *testing.T) {
	for name, test := range map[string]struct {
		fault  robototest.Fault
		status int
		text   string
		header string // "name: value"
	}{
		"envelope":      {robototest.Fault{Status: 503, Code: "RobotoServiceUnavailableException", Message: "later"}, 503, `{"error":{"error_code":"RobotoServiceUnavailableException","message":"later"}}`, "Content-Type: application/json"},
		"gateway":       {robototest.Fault{Status: 404, Message: "Not Found"}, 404, `{"message":"Not Found"}`, "Content-Type: application/json"},
		"HTML":          {robototest.Fault{Body: "<html></html>"}, 200, "<html></html>", "Content-Type: text/html; charset=utf-8"},
		"wrong shape":   {robototest.Fault{Body: `{"data":[3]}`}, 200, `{"data":[3]}`, "Content-Type: application/json"},
		"empty":         {robototest.Fault{Status: 502}, 502, "", "Content-Length: 0"},
		"throttled":     {robototest.Fault{Status: 429, Message: "Slow", Header: http.Header{"Retry-After": {"7"}}}, 429, "Slow", "Retry-After: 7"},
		"redirect":      {robototest.Fault{Status: 307, Header: http.Header{"Location": {"http://192.0.2.1/"}}}, 307, "", "Location: http://192.0.2.1/"},
		"AWS":           {robototest.Fault{AWSError: "ThrottlingException", Message: "Rate exceeded"}, 400, `"__type":"ThrottlingException"`, "Content-Type: application/x-amz-json-1.1"},
		"echo":          {robototest.Fault{Echo: true}, 400, "Bearer ", "Content-Type: application/json"},
		"huge":          {robototest.Fault{Huge: 1 << 20}, 200, `{"data":"xxxx`, "Content-Type: application/json"},
		"huge, refused": {robototest.Fault{Huge: 1 << 20, Status: 500}, 500, `{"data":"xxxx`, ""},
	} {
		for when, after := range map[string]bool{"before": false, "after": true} {
			t.Run(name+" "+when, func(t *testing.T) {
				c := newClient(t, robototest.Options{})
				c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
				test.fault.Operation, test.fault.After = robototest.CreateSecret, after
				c.s.Inject(test.fault)
				got := c.call(post).want(t, test.status, test.text)
				if key, value, _ := strings.Cut(test.header, ": "); got.header.Get(key) != value {
					t.Errorf("%s is %q", key, got.header.Get(key))
				}
				if test.fault.Huge > 0 && (len(got.body) != 1<<20 || json.Valid([]byte(got.body)) || strings.Count(got.body, `"`) != 3) {
					t.Errorf("%d bytes", len(got.body))
				}
				if _, exists := c.s.Record(org, "new"); exists != after {
					t.Errorf("created: %v", exists)
				}
			})
		}
	}
}

func TestChangesOfTheServicesOwnAnswer(t *testing.T) {
	c := newClient(t, robototest.Options{})
	c.s.AddSecret(org, "db")
	whole := c.call(getDB).want(t, http.StatusOK)

	c.s.Inject(robototest.Fault{Truncate: true, Times: 1})
	if got := c.call(getDB).want(t, http.StatusOK).body; got != whole.body[:len(whole.body)/2] {
		t.Errorf("truncated: %s", got)
	}
	c.s.Inject(robototest.Fault{Times: 1, Mutate: func(body []byte) []byte {
		return bytes.ReplaceAll(body, []byte(`"region":"us-west-2"`), []byte(`"region":"evil.s3"`))
	}})
	c.call(creds).want(t, http.StatusOK, `"region":"evil.s3"`)
	c.s.Inject(robototest.Fault{Times: 1, Wire: func(answer []byte) []byte {
		return bytes.Replace(answer, []byte("200 OK"), []byte("299 Odd"), 1)
	}})
	if got := c.call(getDB).want(t, 299).body; got != whole.body {
		t.Errorf("on another wire: %s", got)
	}
	c.s.Inject(robototest.Fault{Times: 1, Header: http.Header{"Date": nil}})
	if got := c.call(getDB).want(t, http.StatusOK); got.body != whole.body || got.header.Get("Date") != "" || whole.header.Get("Date") == "" {
		t.Errorf("Date %q, then %q", whole.header.Get("Date"), got.header.Get("Date"))
	}
	c.s.Inject(robototest.Fault{Times: 1, Header: http.Header{"Content-Length": {"100000"}}})
	if got := c.call(getDB); !errors.Is(got.err, io.ErrUnexpectedEOF) {
		t.Errorf("a connection that breaks in the body: %v", got.err)
	}
	if got := c.call(getDB); got.body != whole.body || got.header.Get("Date") == "" {
		t.Error("a fault outlasted its times")
	}
}

func TestWhichRequestsAFaultHappensTo(t *testing.T) {
	c := newClient(t, robototest.Options{})
	c.s.AddSecret(org, "db")
	c.s.AddSecret(org, "other")
	statuses := func(calls ...string) (got []int) {
		for _, call := range calls {
			got = append(got, c.call(call).status)
		}
		return got
	}
	equal := func(got []int, want ...int) {
		t.Helper()
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("statuses %v, want %v", got, want)
				return
			}
		}
	}
	c.s.Inject(robototest.Fault{Operation: robototest.GetSecret, Skip: 1, Times: 2, Status: 500})
	equal(statuses(getDB, listed, getDB, getDB, getDB), 200, 200, 500, 500, 200)
	c.s.Inject(robototest.Fault{Status: 501, Times: 1})
	c.s.Inject(robototest.Fault{Status: 502, Times: 1})
	equal(statuses(listed, getDB, getDB), 501, 502, 200)
	// Match may ask the server.
	c.s.Inject(robototest.Fault{Status: 503, Match: func(r robototest.Request) bool {
		return r.Name == "db" && c.s.Count(robototest.DeleteSecret) == 0
	}})
	equal(statuses(getDB, "GET /v1/secrets/name/other", creds, "DELETE /v1/secrets/name/other", getDB), 503, 200, 503, 204, 200)
	c.s.Inject(robototest.Fault{Status: 504})
	equal(statuses(getDB), 504)
	c.s.ClearFaults()
	equal(statuses(getDB), 200)
}

func TestDroppedConnections(t *testing.T) {
	for name, after := range map[string]bool{"before": false, "after": true} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, robototest.Options{})
			c.s.AddSecret(org, "db")
			a := c.access("db")
			c.s.Inject(robototest.Fault{Drop: true, After: after})
			if got := c.call(post); got.err == nil {
				t.Errorf("answered with %d", got.status)
			}
			if _, err := c.put(a, "some value", ""); err == nil {
				t.Error("AWS answered")
			}
			if _, exists := c.s.Record(org, "new"); exists != after {
				t.Errorf("created: %v", exists)
			}
			if _, _, written := c.s.Value(org, "db"); written != after {
				t.Errorf("written: %v", written)
			}
			if requests := c.s.Requests(); requests[len(requests)-1].Status != 0 {
				t.Errorf("recorded %+v", requests[len(requests)-1])
			}
		})
	}
}

func TestDelaysInFakeTime(t *testing.T) {
	for name, after := range map[string]bool{"before": false, "after": true} {
		t.Run("patient client, "+name, func(t *testing.T) {
			inBubble(t, robototest.Options{}, func(t *testing.T, c client) {
				c.s.Inject(robototest.Fault{Delay: time.Hour, After: after})
				start := time.Now()
				c.call(post).want(t, http.StatusOK)
				if took := time.Since(start); took != time.Hour {
					t.Errorf("took %v", took)
				}
			})
		})
		t.Run("client with a timeout, "+name, func(t *testing.T) {
			inBubble(t, robototest.Options{}, func(t *testing.T, c client) {
				c.http.Timeout = time.Minute
				c.s.Inject(robototest.Fault{Delay: time.Hour, After: after, Times: 1})
				if got := c.call(post); got.err == nil {
					t.Errorf("answered with %d", got.status)
				}
				synctest.Wait()
				if _, exists := c.s.Record(org, "new"); exists != after {
					t.Errorf("created: %v", exists)
				}
			})
		})
		t.Run("until released, "+name, func(t *testing.T) {
			inBubble(t, robototest.Options{}, func(t *testing.T, c client) {
				release := make(chan struct{})
				c.s.Inject(robototest.Fault{Until: release, After: after})
				answered := make(chan answer, 1)
				go func() { answered <- c.call(post) }()
				synctest.Wait()
				if _, exists := c.s.Record(org, "new"); exists != after || c.s.Count(robototest.CreateSecret) != 1 {
					t.Errorf("while it waits, created: %v", exists)
				}
				close(release)
				got := <-answered
				got.want(t, http.StatusOK)
			})
		})
	}
	t.Run("latency", func(t *testing.T) {
		inBubble(t, robototest.Options{}, func(t *testing.T, c client) {
			c.s.Latency(50 * time.Millisecond)
			start := time.Now()
			if _, err := c.put(c.access("db"), "some value", ""); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(start); took != 100*time.Millisecond {
				t.Errorf("two calls took %v", took)
			}
		})
	})
}

func TestAnOutageEndsWhatIsBeingAnswered(t *testing.T) {
	inBubble(t, robototest.Options{}, func(t *testing.T, c client) {
		release := make(chan struct{})
		c.s.Inject(robototest.Fault{Operation: robototest.GetSecret, Mutate: func(body []byte) []byte { <-release; return body }})
		c.s.Inject(robototest.Fault{Times: 1, Outage: time.Minute})
		failed := make(chan error, 1)
		go func() { failed <- c.call(getDB).err }()
		synctest.Wait()
		for range 2 {
			if got := c.call(listed); got.err == nil {
				t.Errorf("answered with %d", got.status)
			}
		}
		close(release)
		if err := <-failed; err == nil {
			t.Error("a request was answered during the outage")
		}
		time.Sleep(time.Minute)
		c.call(listed).want(t, http.StatusOK)
	})
}

func TestCloseEndsWaitingRequests(t *testing.T) {
	ended := 0
	inBubble(t, robototest.Options{OnRequest: func(robototest.Request) { ended++ }}, func(t *testing.T, c client) {
		c.s.Inject(robototest.Fault{Until: make(chan struct{})})
		failed := make(chan error, 1)
		go func() { failed <- c.call(getDB).err }()
		synctest.Wait()
		c.s.Close()
		if ended != 1 {
			t.Error("a request outlasts Close")
		}
		if err := <-failed; err == nil {
			t.Error("the call was answered")
		}
		if _, err := c.s.DialContext(context.Background(), "tcp", strings.TrimPrefix(c.s.Endpoint(), "http://")); err == nil {
			t.Error("a closed server took a connection")
		}
	})
}

func TestThrottle(t *testing.T) {
	inBubble(t, robototest.Options{}, func(t *testing.T, c client) {
		a := c.access("db")
		count := func(n int) (refused int, last answer) {
			for range n {
				if got := c.call(getDB); got.status == http.StatusTooManyRequests {
					refused, last = refused+1, got
				}
			}
			return refused, last
		}
		c.s.Throttle(10, true)
		time.Sleep(time.Second - time.Duration(time.Now().Nanosecond()))
		refused, last := count(15)
		if refused != 5 || last.header.Get("Retry-After") != "1" {
			t.Errorf("%d refused, Retry-After %q", refused, last.header.Get("Retry-After"))
		}
		if _, err := c.get(a, ""); code(err) != "ResourceNotFoundException" {
			t.Errorf("AWS is throttled too: %v", err)
		}
		time.Sleep(time.Second)
		if refused, _ := count(11); refused != 1 {
			t.Errorf("%d refused in the next second", refused)
		}
		time.Sleep(time.Second)
		c.s.Throttle(10, false)
		if refused, last := count(11); refused != 1 || last.header.Get("Retry-After") != "" {
			t.Errorf("%d refused, Retry-After %q", refused, last.header.Get("Retry-After"))
		}
		c.s.ClearFaults()
		if refused, _ := count(20); refused != 0 {
			t.Errorf("%d refused after the end", refused)
		}
	})
}

func TestThrottleOfAWS(t *testing.T) {
	inBubble(t, robototest.Options{}, func(t *testing.T, c client) {
		a := c.access("db")
		c.s.ThrottleAWS(3)
		for range 2 {
			time.Sleep(time.Second)
			for i := range 5 {
				want := "ResourceNotFoundException"
				if i >= 3 {
					want = "ThrottlingException"
				}
				if _, err := c.get(a, ""); code(err) != want {
					t.Errorf("request %d: %v, want %s", i, err, want)
				}
			}
		}
		for range 10 {
			c.call(getDB).want(t, http.StatusOK, "")
		}
		c.s.ThrottleAWS(0)
		if _, err := c.get(a, ""); code(err) != "ResourceNotFoundException" {
			t.Errorf("after the end: %v", err)
		}
	})
}

func TestHostileEchoes(t *testing.T) {
	c := newClient(t, robototest.Options{})
	c.s.AddSecret(org, "db")
	a := c.access("db")
	c.s.Inject(robototest.Fault{Echo: true})
	got := c.call(getDB).want(t, http.StatusBadRequest, c.s.APIKey())
	if !strings.Contains(got.header.Get("X-Echo"), c.s.APIKey()) {
		t.Error("no echo in the headers")
	}
	value := `some "value"`
	for _, want := range []string{value, a.Creds.SessionToken} {
		if _, err := c.put(a, value, ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not repeat what it was sent", err)
		}
	}
}
