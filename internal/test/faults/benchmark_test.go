// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"testing"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// BenchmarkPlan plans one versioned secret with nothing to do: no request is made.
func BenchmarkPlan(b *testing.B) {
	server := robototest.Start(b, robototest.Options{})
	c, ctx := newCore(b, server), b.Context()
	c.dial = nil
	config := attributes{"name": text("db"), "value_wo": text(canary), "value_wo_version": text("1")}
	c.must(c.apply(ctx, config))
	s, err := c.start(ctx)
	c.must(err)
	desired := object(secretType(b), config)
	for b.Loop() {
		if _, _, err := s.plan(ctx, desired); err != nil {
			b.Fatal(err)
		}
	}
}
