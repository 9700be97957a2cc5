// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package transport

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A router may forget a connection without a word. Others can be made. HTTP/2 is spoken where it is offered.
func TestForgottenConnections(t *testing.T) {
	for version, http2 := range map[int]bool{1: false, 2: true} {
		t.Run(fmt.Sprintf("HTTP/%d", version), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network, transport := serve(t, http2, func(_ http.ResponseWriter, r *http.Request) {
					if r.ProtoMajor != version {
						t.Errorf("spoke %s", r.Proto)
					}
				})
				call := func() {
					failure := get(t.Context(), t, transport.Client(one), network.url)
					for attempt := 1; failure != nil && !failure.Final; attempt++ {
						time.Sleep(Wait(t.Context(), attempt, 0))
						failure = get(t.Context(), t, transport.Client(one), network.url)
					}
					if failure != nil {
						t.Error(failure)
					}
				}
				call()
				network.forget()
				var calls sync.WaitGroup
				for range 10 {
					calls.Go(call)
				}
				calls.Wait()
			})
		})
	}
}

// Terraform's -parallelism may be high. Each of so many calls finds a connection that an earlier
// one has left.
func TestConnectionsAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network, transport := serve(t, false, func(http.ResponseWriter, *http.Request) { time.Sleep(time.Second) })
		for range 3 {
			var calls sync.WaitGroup
			for range idleConnectionsPerHost {
				calls.Go(func() { _ = get(t.Context(), t, transport.Client(one), network.url) })
			}
			calls.Wait()
		}
		if n := network.dialed.Load(); n != 64 {
			t.Errorf("%d connections, want 64", n)
		}
	})
}
