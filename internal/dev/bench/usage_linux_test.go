// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestWatchFindsTheProcessesOfAnExecutable(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if self, err = filepath.EvalSymlinks(self); err != nil {
		t.Fatal(err)
	}
	if got := watch(self)(); got.peakMemory < 1<<20 || got.peakMemory > totalMemory() {
		t.Errorf("this process had %d bytes resident at most", got.peakMemory)
	}
	if got := watch(self + "-other")(); got != (usage{}) {
		t.Errorf("processes of no executable took %+v", got)
	}
}

func TestCPUTime(t *testing.T) {
	stat := "4242 (a name) of (words) S 1 4242 4242 0 -1 4194560 900 0 3 0 123 45 6 7 20 0 9 0 1000 2000 300\n"
	if got, want := cpuTime(stat), 1680*time.Millisecond; got != want {
		t.Errorf("cpuTime = %s, want %s", got, want)
	}
}
