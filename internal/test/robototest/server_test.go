// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package robototest_test

import (
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// judgedTest is a test that may fail.
type judgedTest struct {
	testing.TB
	cleanups []func()
	failures int
}

func (j *judgedTest) Cleanup(f func())      { j.cleanups = append(j.cleanups, f) }
func (j *judgedTest) Errorf(string, ...any) { j.failures++ }

func TestStartFailsTheTestOfAWrongClient(t *testing.T) {
	for name, test := range map[string]struct {
		calls    []string
		allow    bool
		failures int
	}{
		"no violation":        {[]string{listed}, false, 0},
		"one, twice":          {[]string{"GET /v1", "GET /v1"}, false, 1},
		"two":                 {[]string{"GET /v1", "GET /v2"}, false, 2},
		"one that is allowed": {[]string{"GET /v1"}, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			judged := &judgedTest{TB: t}
			c := client{t: t, s: robototest.Start(judged, robototest.Options{}), http: &http.Client{Transport: &http.Transport{}}}
			for _, call := range test.calls {
				c.call(call)
			}
			if test.allow {
				c.s.AllowViolations()
			}
			for _, cleanup := range judged.cleanups {
				cleanup()
			}
			if judged.failures != test.failures {
				t.Errorf("%d failures, want %d", judged.failures, test.failures)
			}
			if got := c.call(listed); got.err == nil {
				t.Error("the server outlived its test")
			}
		})
	}
}

func TestCloseWaitsForRequestsInProgress(t *testing.T) {
	inBubble(t, robototest.Options{}, func(t *testing.T, c client) {
		release, closed := make(chan struct{}), make(chan struct{})
		c.s.Inject(robototest.Fault{Mutate: func(body []byte) []byte { <-release; return body }})
		answered := make(chan answer, 1)
		go func() { answered <- c.call(getDB) }()
		synctest.Wait()
		go func() { c.s.Close(); close(closed) }()
		synctest.Wait()
		select {
		case <-closed:
			t.Error("closed while a request was in progress")
		default:
		}
		close(release)
		<-closed
		if got := <-answered; got.err == nil {
			t.Errorf("a closed connection answered with %d", got.status)
		}
	})
}

func TestNewRefusesBadOptions(t *testing.T) {
	for _, options := range []robototest.Options{{Listen: "127.0.0.1"}, {Listen: "192.0.2.1:0"}, {PageSize: -1}} {
		if _, err := robototest.New(options); err == nil {
			t.Errorf("started with %+v", options)
		}
	}
}
