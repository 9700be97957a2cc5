// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"fmt"
	"testing"
	"time"
)

// The numbers of requests do not depend on the machine, so they are tested here;
// the times are left to the command.
func TestOperationsMakeTheFewestRequests(t *testing.T) {
	b, err := newBench(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	version, err := b.terraformVersion(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var minor int
	if _, err := fmt.Sscanf(version, "1.%d.", &minor); err != nil || minor < 11 {
		t.Skipf("Terraform %s has no write-only arguments; they need 1.11", version)
	}
	for _, s := range []scenario{versioned, versionedBulk, unversioned} {
		t.Run(s.title, func(t *testing.T) {
			measured, err := b.live(t.Context(), life{scenario: s, secrets: 3, valueBytes: 64})
			if err != nil {
				t.Fatal(err)
			}
			for _, op := range operations() {
				t.Logf("%s: %s", op, measured[op].requests)
			}
		})
	}
}

func TestNetworkPart(t *testing.T) {
	for _, tc := range []struct {
		scenario scenario
		op       operation
		secrets  int
		want     time.Duration
	}{
		{versioned, plan, 1000, 5 * time.Second},
		{versioned, plan, 1001, 5050 * time.Millisecond},
		{versionedBulk, plan, 1000, 500 * time.Millisecond},
		{versioned, create, 200, 3 * time.Second},
		{versionedBulk, create, 200, 3 * time.Second},
		{versioned, rotate, 200, 3 * time.Second},
		{versionedBulk, rotate, 200, 2100 * time.Millisecond},
		{versioned, destroy, 200, 2 * time.Second},
		{unversioned, plan, 200, 3 * time.Second},
		{unversioned, rotate, 200, 8 * time.Second},
	} {
		if got := tc.scenario.network(tc.op, tc.secrets); got != tc.want {
			t.Errorf("%s, %s of %d: %s, want %s", tc.scenario.title, tc.op, tc.secrets, got, tc.want)
		}
	}
}

func TestMedian(t *testing.T) {
	for _, tc := range []struct {
		times []time.Duration
		want  time.Duration
	}{
		{[]time.Duration{7}, 7},
		{[]time.Duration{9, 1, 5}, 5},
		{[]time.Duration{40, 10, 20, 1000}, 30},
	} {
		if got := median(tc.times); got != tc.want {
			t.Errorf("median(%d) = %d, want %d", tc.times, got, tc.want)
		}
	}
}
