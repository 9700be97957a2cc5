// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"sync"
	"time"
)

// sampleInterval is how much of the end of a process can be missed.
const sampleInterval = 20 * time.Millisecond

// usage is what processes took.
type usage struct {
	// cpu is that of all processes together.
	cpu time.Duration
	// peakMemory is the most that one of them had resident, in bytes. It is 0 where
	// this cannot be known.
	peakMemory int64
}

// watcher samples all processes of one executable. Terraform starts its provider
// several times in a run, and tells nobody what the processes took.
type watcher struct {
	done  chan struct{}
	group sync.WaitGroup
	// processes are the last samples by process ID.
	processes map[int]usage
}

func watch(executable string) *watcher {
	w := &watcher{done: make(chan struct{}), processes: map[int]usage{}}
	w.group.Go(func() {
		ticker := time.NewTicker(sampleInterval)
		defer ticker.Stop()
		for {
			sample(executable, w.processes)
			select {
			case <-ticker.C:
			case <-w.done:
				return
			}
		}
	})
	return w
}

func (w *watcher) stop() usage {
	close(w.done)
	w.group.Wait()
	var all usage
	for _, process := range w.processes {
		all.cpu += process.cpu
		all.peakMemory = max(all.peakMemory, process.peakMemory)
	}
	return all
}
