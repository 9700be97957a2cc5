// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// fleet is many secrets that one provider process takes care of at once.
type fleet struct {
	cores []*core
}

func newFleet(t *testing.T, server *robototest.Server, size int) *fleet {
	f := &fleet{}
	for range size {
		f.cores = append(f.cores, newCore(t, server))
	}
	return f
}

// each runs an operation on all secrets, parallel at a time, in one new process.
func (f *fleet) each(ctx context.Context, parallel int, operation func(s *session, name string) error) error {
	first, err := f.cores[0].start(ctx)
	if err != nil {
		return err
	}
	var (
		group  sync.WaitGroup
		mu     sync.Mutex
		failed error
		queue  = make(chan int, len(f.cores))
	)
	for i := range f.cores {
		queue <- i
	}
	close(queue)
	for range parallel {
		group.Go(func() {
			for i := range queue {
				if err := operation(&session{core: f.cores[i], server: first.server}, fmt.Sprintf("secret-%04d", i)); err != nil {
					mu.Lock()
					failed = err
					mu.Unlock()
				}
			}
		})
	}
	group.Wait()
	return failed
}

// A service that throttles costs time, but few more requests than one that does not.
func TestLoadUnderThrottle(t *testing.T) {
	const secrets, parallel, perSecond = 1000, 50, 100
	requests := func(t *testing.T, throttle bool, retryAfter bool) map[string]int {
		counts := map[string]int{}
		synctest.Test(t, func(t *testing.T) {
			server := robototest.Start(t, robototest.Options{InMemory: true})
			f, ctx := newFleet(t, server, secrets), t.Context()
			if throttle {
				server.Throttle(perSecond, retryAfter)
			}
			config := func(name string) attributes {
				return attributes{"name": text(name), "org_id": text(robototest.DefaultOrg), "value_wo": text(canary), "value_wo_version": text("1")}
			}
			for _, step := range []struct {
				name      string
				operation func(s *session, name string) error
			}{
				{"apply", func(s *session, name string) error { return s.change(ctx, object(secretType(t), config(name))) }},
				{"plan", func(s *session, _ string) error { return s.refresh(ctx) }},
				{"destroy", func(s *session, _ string) error { return s.change(ctx, nothing(t)) }},
			} {
				server.ResetRequests()
				if err := f.each(ctx, parallel, step.operation); err != nil {
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
