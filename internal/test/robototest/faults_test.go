// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package robototest_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

func TestAnswersInPlaceOfTheServicesOwn(t *testing.T) {
	const jsonType = "Content-Type: application/json"
	for name, test := range map[string]struct {
		fault  robototest.Fault
		status int
		text   string
		header string // "name: value"
	}{
		"envelope":      {robototest.Fault{Status: 503, Code: "Later", Message: "later"}, 503, `{"error":{"error_code":"Later","message":"later"}}`, jsonType},
		"gateway":       {robototest.Fault{Status: 404, Message: "Not Found"}, 404, `{"message":"Not Found"}`, jsonType},
		"HTML":          {robototest.Fault{Body: "<html></html>"}, 200, "<html></html>", "Content-Type: text/html; charset=utf-8"},
		"wrong shape":   {robototest.Fault{Body: `{"data":[3]}`}, 200, `{"data":[3]}`, jsonType},
		"empty":         {robototest.Fault{Status: 502}, 502, "", "Content-Length: 0"},
		"retry later":   {robototest.Fault{Status: 503, Message: "Slow", Header: http.Header{"Retry-After": {"7"}}}, 503, "Slow", "Retry-After: 7"},
		"redirect":      {robototest.Fault{Status: 307, Header: http.Header{"Location": {"http://192.0.2.1/"}}}, 307, "", "Location: http://192.0.2.1/"},
		"AWS":           {robototest.Fault{AWSError: "Busy"}, 400, `"__type":"Busy"`, "Content-Type: application/x-amz-json-1.1"},
		"huge":          {robototest.Fault{Huge: 1 << 20}, 200, `{"data":"xxxx`, jsonType},
		"huge, refused": {robototest.Fault{Huge: 1 << 20, Status: 500}, 500, `{"data":"xxxx`, jsonType},
		"echo":          {robototest.Fault{Echo: true}, 400, "Bearer ", jsonType},
		"no date":       {robototest.Fault{Status: 500, Header: http.Header{"Date": nil}}, 500, "", "Date: "},
	} {
		for when, after := range map[string]bool{"before": false, "after": true} {
			t.Run(name+" "+when, func(t *testing.T) {
				c := newClient(t, robototest.Options{})
				test.fault.Operation, test.fault.After = robototest.CreateSecret, after
				c.s.Inject(test.fault)
				got := c.wants(test.status, test.text, create)
				if key, value, _ := strings.Cut(test.header, ": "); got.Header.Get(key) != value {
					t.Errorf("%s is %q, want %q", key, got.Header.Get(key), value)
				}
				if test.fault.Huge > 0 && (len(got.Body) != 1<<20 || json.Valid(got.Body)) {
					t.Errorf("%d bytes, complete: %v", len(got.Body), json.Valid(got.Body))
				}
				c.wantExists("new", after)
			})
		}
	}
}

func TestChangesOfTheServicesOwnAnswer(t *testing.T) {
	c := newClient(t, robototest.Options{})
	whole := string(c.wants(200, "us-west-2", getDB).Body)
	replaced := strings.ReplaceAll(whole, "us-west-2", "evil.s3")
	replace := func(answer []byte) []byte { return bytes.ReplaceAll(answer, []byte("us-west-2"), []byte("evil.s3")) }
	status := func(answer []byte) []byte { return bytes.Replace(answer, []byte("200 OK"), []byte("299 Odd"), 1) }
	for name, test := range map[string]struct {
		fault  robototest.Fault
		status int
		body   string
		count  int
	}{
		"cut in half":         {robototest.Fault{Truncate: true}, 200, whole[:len(whole)/2], 1},
		"replaced":            {robototest.Fault{Mutate: replace}, 200, replaced, 1},
		"unchanged after all": {robototest.Fault{Mutate: bytes.Clone}, 200, whole, 0},
		"on another wire":     {robototest.Fault{Wire: status}, 299, whole, 0},
	} {
		t.Run(name, func(t *testing.T) {
			before := c.s.Faulted()
			test.fault.Times = 1
			c.s.Inject(test.fault)
			a, err := c.call(getDB)
			if err != nil || a.Status != test.status || string(a.Body) != test.body || a.Header.Get("Date") == "" {
				t.Errorf("answered %d (%v): %s", a.Status, err, cmp.Diff(test.body, string(a.Body)))
			}
			if got := c.s.Faulted() - before; got != test.count {
				t.Errorf("counted as %d faults, want %d", got, test.count)
			}
		})
	}
	c.s.Inject(robototest.Fault{Header: http.Header{"Content-Length": {"100000"}}})
	if a, err := c.call(getDB); err == nil {
		t.Errorf("the connection did not break in the body: %s", a)
	}
}

func TestWhichRequestsAFaultHappensTo(t *testing.T) {
	c := newClient(t, robototest.Options{})
	c.s.AddSecret(org, "other")
	const other, creds = "GET /v1/secrets/name/other", getDB + "/creds"
	notDeleted := func(r robototest.Request) bool { return r.Name == "db" && c.s.Count(robototest.DeleteSecret) == 0 }
	for _, step := range []struct {
		faults   []robototest.Fault
		calls    []string
		statuses []int
	}{
		{
			[]robototest.Fault{{Operation: robototest.GetSecret, Skip: 1, Times: 2, Status: 500}},
			[]string{getDB, listed, getDB, getDB, getDB},
			[]int{200, 200, 500, 500, 200},
		},
		{[]robototest.Fault{{Status: 501, Times: 1}, {Status: 502, Times: 1}}, []string{listed, getDB, getDB}, []int{501, 502, 200}},
		{
			[]robototest.Fault{{Status: 503, Match: notDeleted}}, // which asks the server
			[]string{getDB, other, creds, "DELETE /v1/secrets/name/other", getDB},
			[]int{503, 200, 503, 204, 200},
		},
		{[]robototest.Fault{{Status: 504}}, []string{getDB, listed}, []int{504, 504}},
		{nil, []string{getDB}, []int{200}},
	} {
		c.s.ClearFaults()
		for _, fault := range step.faults {
			c.s.Inject(fault)
		}
		var statuses []int
		for _, call := range step.calls {
			a, _ := c.call(call)
			statuses = append(statuses, a.Status)
		}
		if diff := cmp.Diff(step.statuses, statuses); diff != "" {
			t.Errorf("%q: the statuses are what has +, not what has -\n%s", step.calls, diff)
		}
	}
}

func TestAnswersThatDoNotCome(t *testing.T) {
	for name, test := range map[string]struct {
		fault    robototest.Fault
		wait     bool
		latency  time.Duration
		timeout  time.Duration
		answered bool
		took     time.Duration
	}{
		"a drop":                     {fault: robototest.Fault{Drop: true}},
		"an outage":                  {fault: robototest.Fault{Outage: time.Hour}},
		"a delay":                    {fault: robototest.Fault{Delay: time.Hour}, answered: true, took: time.Hour},
		"a delay beyond the timeout": {fault: robototest.Fault{Delay: time.Hour}, timeout: time.Minute, took: time.Minute},
		"a latency":                  {latency: time.Second, answered: true, took: time.Second},
		"a wait":                     {wait: true, answered: true, took: time.Hour},
		"a wait beyond the timeout":  {wait: true, timeout: time.Minute, took: time.Minute},
	} {
		for when, after := range map[string]bool{"before": false, "after": true} {
			t.Run(name+", "+when, func(t *testing.T) {
				inBubble(t, robototest.Options{}, func(t *testing.T, c *client) {
					test.fault.After, test.fault.Times = after, 1
					if test.wait {
						until := make(chan struct{})
						test.fault.Until = until
						time.AfterFunc(time.Hour, func() { close(until) })
					}
					c.s.Inject(test.fault)
					c.s.Latency(test.latency)
					c.Timeout = test.timeout
					start := time.Now()
					if _, err := c.call(create); (err == nil) != test.answered || time.Since(start) != test.took {
						t.Errorf("after %s: %v; want an answer: %v, after %s", time.Since(start), err, test.answered, test.took)
					}
					synctest.Wait()
					c.wantExists("new", after || test.answered)
					if r := c.s.Requests()[0]; (r.Status != 0) != test.answered {
						t.Errorf("the recorded status is %d", r.Status)
					}
				})
			})
		}
	}
}

func TestAnOutageEndsWhatIsBeingAnswered(t *testing.T) {
	inBubble(t, robototest.Options{}, func(t *testing.T, c *client) {
		release := make(chan struct{})
		c.s.Inject(robototest.Fault{Operation: robototest.GetSecret, Mutate: func(body []byte) []byte { <-release; return body }})
		c.s.Inject(robototest.Fault{Times: 1, Outage: time.Minute})
		failed := make(chan error, 1)
		go func() {
			_, err := c.Get(t.Context(), "db")
			failed <- err
		}()
		synctest.Wait()
		for range 2 { // the first begins the outage, the second is refused
			if a, err := c.call(listed); err == nil {
				t.Errorf("answered %s", a)
			}
		}
		if n := c.s.Count(robototest.ListSecrets); n != 1 {
			t.Errorf("%d requests came in, want one: no connection can be made in an outage", n)
		}
		close(release)
		if err := <-failed; err == nil {
			t.Error("a request was answered during the outage")
		}
		time.Sleep(time.Minute)
		c.wants(http.StatusOK, "", listed)
	})
}

func TestThrottle(t *testing.T) {
	for name, test := range map[string]struct {
		begin func(*robototest.Server)
		// took is for how long the client waits: until it is told to try again, or else for two seconds.
		took time.Duration
		aws  string
	}{
		"ten in a second":       {func(s *robototest.Server) { s.Throttle(10, true) }, 2 * time.Second, "success"},
		"without a Retry-After": {func(s *robototest.Server) { s.Throttle(10, false) }, 4 * time.Second, "success"},
		"AWS only":              {func(s *robototest.Server) { s.ThrottleAWS(2) }, 0, "ThrottlingException: Rate exceeded"},
		"no more":               {func(s *robototest.Server) { s.Throttle(1, true); s.ThrottleAWS(1); s.ClearFaults() }, 0, "success"},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, robototest.Options{}, func(t *testing.T, c *client) {
				a := c.access()
				time.Sleep(time.Second - time.Duration(time.Now().Nanosecond()))
				test.begin(c.s)
				start := time.Now()
				for range 25 {
					c.wants(http.StatusOK, "", getDB)
				}
				if took := time.Since(start); took != test.took {
					t.Errorf("25 requests took %s, want %s", took, test.took)
				}
				for _, want := range []string{"success", "success", test.aws} {
					if got := c.put(a, "some value"); got != want {
						t.Errorf("AWS answered %q, want %q", got, want)
					}
				}
			})
		})
	}
}

func TestHostileEchoes(t *testing.T) {
	c := newClient(t, robototest.Options{})
	a := c.access()
	c.s.Inject(robototest.Fault{Echo: true})
	if got := c.wants(http.StatusBadRequest, c.APIKey, getDB); !strings.Contains(got.Header.Get("X-Echo"), c.APIKey) {
		t.Error("no echo in the headers")
	}
	got := c.put(a, `some "value"`)
	for _, want := range []string{` value some "value"`, `\"value\"`, a.Creds.Text("session_token")} {
		if !strings.Contains(got, want) {
			t.Errorf("%s does not repeat %s", got, want)
		}
	}
}
