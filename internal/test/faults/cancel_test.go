// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// promptly is the most that an operation may take after Ctrl-C: a create that
// cleans up behind itself takes the longest.
const promptly = time.Minute

// neverByItself is a request timeout in seconds that no cancel waits out.
const neverByItself = "86400"

// A canceled operation ends promptly, what was done is in the state, and one
// plain apply goes on from there.
func TestCancel(t *testing.T) {
	for _, call := range faultCalls() {
		for name, after := range map[string]bool{"before the request takes effect": false, "after it took effect": true} {
			t.Run(call.name+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					server, c := startCall(t, call)
					c.Vars["ROBOTO_DEFAULT_HTTP_TIMEOUT"] = neverByItself
					server.Inject(robototest.Fault{Operation: call.operation, Skip: call.skip, Delay: time.Hour, After: after, Times: 1})
					done := make(chan error)
					go func() { done <- call.act(c) }()
					time.Sleep(time.Second)
					stopped := time.Now()
					c.Interrupt()
					err := <-done
					if took := time.Since(stopped); took > promptly {
						t.Errorf("it went on for %s", took)
					}
					server.ClearFaults()
					if again := c.Apply(call.after); again != nil {
						t.Fatalf("the plain apply failed: %v\n\nafter: %v", again, err)
					}
					if wrong := disagreement(c, call); wrong != nil {
						t.Fatalf("%v\n\nafter: %v", wrong, err)
					}
				})
			})
		}
	}
}

// So does one whose services answer nothing any more, to the clean-up neither.
func TestCancelWhileTheServiceHangs(t *testing.T) {
	for _, call := range faultCalls() {
		t.Run(call.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server, c := startCall(t, call)
				c.Vars["ROBOTO_DEFAULT_HTTP_TIMEOUT"] = neverByItself
				server.Inject(robototest.Fault{Operation: call.operation, Skip: call.skip, Delay: time.Hour, After: true})
				done := make(chan struct{})
				go func() {
					defer close(done)
					_ = call.act(c)
				}()
				time.Sleep(time.Second)
				server.Inject(robototest.Fault{Delay: time.Hour})
				stopped := time.Now()
				c.Interrupt()
				<-done
				if took := time.Since(stopped); took > promptly {
					t.Errorf("it went on for %s", took)
				}
			})
		})
	}
}
