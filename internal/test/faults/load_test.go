// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// fleet is many secrets that one provider process takes care of at once.
type fleet struct {
	cores []*protocol.Core
}

func newFleet(t *testing.T, server *robototest.Server, size int) *fleet {
	f := &fleet{}
	for range size {
		f.cores = append(f.cores, protocol.NewCore(t, server))
	}
	return f
}

// each runs an operation on all secrets, parallel at a time, in one new process.
func (f *fleet) each(parallel int, operation func(s *protocol.Session, name string) error) error {
	return errors.Join(f.errors(parallel, operation)...)
}

// errors is each with the outcome for each secret.
func (f *fleet) errors(parallel int, operation func(s *protocol.Session, name string) error) []error {
	first := f.cores[0].MustStart()
	var (
		group    sync.WaitGroup
		outcomes = make([]error, len(f.cores))
		queue    = make(chan int, len(f.cores))
	)
	for i := range f.cores {
		queue <- i
	}
	close(queue)
	for range parallel {
		group.Go(func() {
			for i := range queue {
				outcomes[i] = operation(first.With(f.cores[i]), fmt.Sprintf("secret-%04d", i))
			}
		})
	}
	group.Wait()
	return outcomes
}

// versionedNamed is one of many secrets.
func versionedNamed(name string) fields {
	return fields{"name": name, "org_id": robototest.DefaultOrg, "value_wo": canary, "value_wo_version": "1"}
}

// applyVersioned creates a secret of a fleet.
func applyVersioned(s *protocol.Session, name string) error { return s.Change(versionedNamed(name)) }

func tooMany(seconds string) robototest.Fault {
	return robototest.Fault{Status: http.StatusTooManyRequests, Message: "Too Many Requests", Header: http.Header{"Retry-After": {seconds}}}
}

func refresh(s *protocol.Session, _ string) error { return s.Refresh() }

// A service that throttles costs time, and no errors.
func TestLoadUnderThrottle(t *testing.T) {
	const secrets, parallel, perSecond = 100, 50, 20
	for name, throttle := range map[string]func(*robototest.Server){
		"429 with Retry-After": func(s *robototest.Server) { s.Throttle(perSecond, tooMany("1")) },
		"429 without Retry-After": func(s *robototest.Server) {
			s.Throttle(perSecond, robototest.Fault{Status: http.StatusTooManyRequests})
		},
		"ThrottlingException": func(s *robototest.Server) { s.Throttle(perSecond, robototest.Fault{AWSError: "ThrottlingException"}) },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, server *robototest.Server, _ *protocol.Core) {
				server.Latency(20 * time.Millisecond)
				f := newFleet(t, server, secrets)
				throttle(server)
				for step, operation := range []func(s *protocol.Session, name string) error{
					applyVersioned, refresh, destroy,
				} {
					server.ResetRequests()
					if err := f.each(parallel, operation); err != nil {
						t.Errorf("step %d: %v", step, err)
					}
					of := map[bool]int{} // refused or not, by the service that throttles
					for _, request := range server.Requests() {
						if request.AWS() == (name == "ThrottlingException") {
							of[request.Status == http.StatusTooManyRequests || request.Status == http.StatusBadRequest]++
						}
					}
					if of[true] > of[false] {
						t.Errorf("step %d: %d requests were refused, and %d answered", step, of[true], of[false])
					}
					if step == 0 {
						f.agrees(t, server)
					}
				}
				if left := recordNames(server); len(left) != 0 {
					t.Errorf("%d secrets are left", len(left))
				}
			})
		})
	}
}
