// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"

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

// A service that throttles costs time, but few more requests than one that does not.
func TestLoadUnderThrottle(t *testing.T) {
	const secrets, parallel, perSecond = 1000, 50, 100
	requests := func(t *testing.T, throttle bool, retryAfter bool) map[string]int {
		counts := map[string]int{}
		synctest.Test(t, func(t *testing.T) {
			server := robototest.Start(t, robototest.Options{InMemory: true})
			f := newFleet(t, server, secrets)
			if throttle {
				server.Throttle(perSecond, retryAfter)
			}
			for _, step := range []struct {
				name      string
				operation func(s *protocol.Session, name string) error
			}{
				{"apply", applyVersioned},
				{"plan", func(s *protocol.Session, _ string) error { return s.Refresh() }},
				{"destroy", func(s *protocol.Session, _ string) error { return s.Change(nil) }},
			} {
				server.ResetRequests()
				if err := f.each(parallel, step.operation); err != nil {
					t.Errorf("%s: %v", step.name, err)
				}
				counts[step.name] = len(server.Requests())
			}
			if left := server.Records(robototest.DefaultOrg); len(left) != 0 {
				t.Errorf("%d secrets are left", len(left))
			}
		})
		return counts
	}
	plain := requests(t, false, false)
	for name, retryAfter := range map[string]bool{"with Retry-After": true, "without Retry-After": false} {
		t.Run(name, func(t *testing.T) {
			for step, n := range requests(t, true, retryAfter) {
				if limit := plain[step] * 13 / 10; n > limit {
					t.Errorf("%s took %d requests, at most %d are right", step, n, limit)
				}
				t.Logf("%s: %d requests, %d without a throttle", step, n, plain[step])
			}
		})
	}
}
