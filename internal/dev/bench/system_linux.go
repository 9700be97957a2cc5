// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of CPU time in /proc/<pid>/stat: USER_HZ, 100 on every
// architecture that Go supports (proc_pid_stat(5)).
const tick = time.Second / 100

// sample stores the usage of each running process of the executable. Processes
// that end meanwhile are left as they were.
func sample(executable string, processes map[int]usage) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return
	}
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		proc := filepath.Join("/proc", entry.Name())
		if running, err := os.Readlink(filepath.Join(proc, "exe")); err != nil || running != executable {
			continue
		}
		stat, statErr := os.ReadFile(filepath.Join(proc, "stat"))       //nolint:gosec // a path of the kernel's
		status, statusErr := os.ReadFile(filepath.Join(proc, "status")) //nolint:gosec // a path of the kernel's
		if statErr == nil && statusErr == nil {
			processes[pid] = usage{
				cpu:        max(cpuTime(stat), processes[pid].cpu),
				peakMemory: max(kibibytes(status, "VmHWM:"), processes[pid].peakMemory),
			}
		}
	}
}

// cpuTime is fields 14 and 15 of /proc/<pid>/stat, user and system time.
func cpuTime(stat []byte) time.Duration {
	// Field 2, the name in parentheses, may hold blanks.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * tick
}

// totalMemory is that of the machine, in bytes; 0 if it cannot be known.
func totalMemory() int64 {
	meminfo, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0
	}
	return kibibytes(meminfo, "MemTotal:")
}

// loadAverage is that of the last minute, or "".
func loadAverage() string {
	loads, _ := os.ReadFile("/proc/loadavg")
	load, _, _ := strings.Cut(string(loads), " ")
	return load
}

// kibibytes is the value of a line such as "VmHWM:   123 kB", in bytes.
func kibibytes(lines []byte, name string) int64 {
	for line := range strings.Lines(string(lines)) {
		if fields := strings.Fields(line); len(fields) == 3 && fields[0] == name {
			n, _ := strconv.ParseInt(fields[1], 10, 64)
			return n << 10
		}
	}
	return 0
}
