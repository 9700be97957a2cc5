// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// sampleInterval is how much of the end of a process can be missed.
	sampleInterval = 20 * time.Millisecond

	// tick is the unit of CPU time in /proc/<pid>/stat: USER_HZ, 100 on each
	// architecture that Go supports (proc_pid_stat(5)).
	tick = time.Second / 100
)

// usage is what processes took. It is known on Linux only: elsewhere there is no such
// /proc, and all is 0.
type usage struct {
	// cpu is that of all processes together.
	cpu time.Duration
	// peakMemory is the most that one of them had resident, in bytes.
	peakMemory int64
}

// watch samples all processes of one executable until it is stopped. Terraform starts
// its provider several times in a run, and tells nobody what the processes took.
func watch(executable string) (stop func() usage) {
	done := make(chan struct{})
	processes := map[string]usage{}
	var group sync.WaitGroup
	group.Go(func() {
		ticker := time.NewTicker(sampleInterval)
		defer ticker.Stop()
		for {
			sample(executable, processes)
			select {
			case <-ticker.C:
			case <-done:
				return
			}
		}
	})
	return func() usage {
		close(done)
		group.Wait()
		var all usage
		for _, process := range processes {
			all.cpu += process.cpu
			all.peakMemory = max(all.peakMemory, process.peakMemory)
		}
		return all
	}
}

// sample stores the usage of each running process of the executable. Processes
// that end meanwhile are left as they were.
func sample(executable string, processes map[string]usage) {
	entries, _ := os.ReadDir("/proc")
	for _, entry := range entries {
		process := filepath.Join("/proc", entry.Name())
		if running, err := os.Readlink(filepath.Join(process, "exe")); err != nil || running != executable {
			continue
		}
		stat, _ := os.ReadFile(filepath.Join(process, "stat")) //nolint:gosec // a path of the kernel's
		last := processes[process]
		processes[process] = usage{
			cpu:        max(last.cpu, cpuTime(string(stat))),
			peakMemory: max(last.peakMemory, kibibytes(filepath.Join(process, "status"), "VmHWM")),
		}
	}
}

// cpuTime is fields 14 and 15 of /proc/<pid>/stat, user and system time.
func cpuTime(stat string) time.Duration {
	// Field 2, the name in parentheses, may hold blanks.
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * tick
}

// kibibytes is the value of a line such as "VmHWM:   123 kB", in bytes.
func kibibytes(file, name string) (n int64) {
	content, _ := os.ReadFile(file) //nolint:gosec // a path of the kernel's
	_, value, _ := strings.Cut("\n"+string(content), "\n"+name+":")
	_, _ = fmt.Sscan(value, &n)
	return n << 10
}

// totalMemory is that of the machine, in bytes.
func totalMemory() int64 { return kibibytes("/proc/meminfo", "MemTotal") }

// loadAverage is that of the last minute.
func loadAverage() string {
	loads, _ := os.ReadFile("/proc/loadavg")
	load, _, _ := strings.Cut(string(loads), " ")
	return load
}
