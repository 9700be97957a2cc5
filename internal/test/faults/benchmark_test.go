// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"testing"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// BenchmarkPlan plans one versioned secret with nothing to do: no request is made.
func BenchmarkPlan(b *testing.B) {
	server := robototest.Start(b, robototest.Options{})
	c := protocol.NewCore(b, server)
	c.Dial = nil
	config := fields{"name": "db", "value_wo": canary, "value_wo_version": "1"}
	c.Must(c.Apply(config))
	s := c.MustStart()
	for b.Loop() {
		if _, err := s.Plan(config); err != nil {
			b.Fatal(err)
		}
	}
}
