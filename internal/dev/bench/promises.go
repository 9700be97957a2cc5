// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/dev/command"
	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
)

const (
	// maxRatio is how much longer than its floor a run may take, or a start than
	// that of the plain provider.
	maxRatio = 1.05
	// maxCallsRatio is how much longer a run may take than one without calls.
	maxCallsRatio = 1.15

	megabyte      = 1_000_000
	maxExecutable = 22 * megabyte
	maxMemory     = 160 * megabyte

	// The limits of a listing of 100,000 secrets, of ten of them, and of its time, as a multiple of that
	// of a listing of 10,000.
	maxListMemory    = 800 * megabyte
	maxListTenMemory = 150 * megabyte
	maxListGrowth    = 14

	bulkPlanLimit    = time.Second
	bulkPlanRequests = 20
)

// promise is a limit that the provider has to keep.
type promise struct {
	what, limit, measured string
	kept                  bool
}

func ratioPromise(what string, limit, ratio float64) promise {
	return promise{what, fmt.Sprintf("at most %.2f", limit), fmt.Sprintf("%.3f", ratio), ratio <= limit}
}

func sizePromise(what string, limit, size int64) promise {
	return promise{what, fmt.Sprintf("at most %d MB", limit/megabyte), megabytes(size), 0 < size && size <= limit}
}

// String is a row of the page's table.
func (p promise) String() string {
	verdict := "kept"
	if !p.kept {
		verdict = "**broken**"
	}
	return fmt.Sprintf("| %s | %s | %s | %s |", p.what, p.limit, p.measured, verdict)
}

// promises measures what the tables did not.
func (b *bench) promises(ctx context.Context) ([]promise, error) {
	const many, some = 1000, 200
	bulk, err := b.compare(ctx, versionedBulk, many)
	if err != nil {
		return nil, err
	}
	single, err := b.compare(ctx, versioned, many)
	if err != nil {
		return nil, err
	}
	fewer, err := b.compare(ctx, versioned, some)
	if err != nil {
		return nil, err
	}
	beside, err := b.baselines(ctx, many)
	if err != nil {
		return nil, err
	}
	large, err := b.live(ctx, life{scenario: versioned, secrets: many, valueBytes: roboto.MaxValueBytes, pageSize: pageSize}, create)
	if err != nil {
		return nil, err
	}
	var listings []measurement
	for _, s := range inListings() {
		measured, err := b.live(ctx, s.life, s.runs...)
		if err != nil {
			return nil, err
		}
		listings = append(listings, measured[s.runs[0]])
	}
	this, plain, err := b.startUp(ctx)
	if err != nil {
		return nil, err
	}
	executable, err := os.Stat(b.mirror.Executable)
	if err != nil {
		return nil, err
	}
	above := bulk[plan].slow.wall - bulk[plan].fast.wall
	pages, reads := bulk[plan].slow.requests.total(), single[plan].slow.requests.total()
	return []promise{
		{"Plan of 1,000 versioned secrets with `bulk_refresh`: time above the same plan without latency", "at most " + seconds(bulkPlanLimit), seconds(above), above <= bulkPlanLimit},
		{"The same: requests", fmt.Sprintf("at most %d", bulkPlanRequests), command.Thousands(pages), pages <= bulkPlanRequests},
		{"Without `bulk_refresh`: requests", "exactly " + command.Thousands(many), command.Thousands(reads), reads == many},
		ratioPromise("Without `bulk_refresh`: ratio to the floor", maxRatio, single[plan].ratio()),
		ratioPromise("Create, 200 versioned secrets: ratio to the floor", maxRatio, fewer[create].ratio()),
		ratioPromise("Rotate all, 200 versioned secrets: ratio to the floor", maxRatio, fewer[rotate].ratio()),
		ratioPromise("Destroy, 200 versioned secrets: ratio to the floor", maxRatio, fewer[destroy].ratio()),
		ratioPromise("Create, 1,000 secrets without latency: ratio to the same without calls", maxCallsRatio, beside[create].ratio()),
		ratioPromise("Destroy, the same", maxCallsRatio, beside[destroy].ratio()),
		sizePromise("Create of 1,000 secrets of 64 kB: peak memory of the provider", maxMemory, large[create].provider.peakMemory),
		sizePromise("List of 100,000 secrets: peak memory of the provider", maxListMemory, listings[1].provider.peakMemory),
		ratioPromise("The same: ratio to the time of 10,000", maxListGrowth, listings[1].wall.Seconds()/listings[0].wall.Seconds()),
		sizePromise("List of ten of 100,000 secrets by `name_prefix`: peak memory of the provider", maxListTenMemory, listings[2].provider.peakMemory),
		ratioPromise(fmt.Sprintf("`terraform providers schema`: ratio to a provider that makes no calls, medians of %d (%s, %s)", startUpCopies*startUpRuns, milliseconds(this), milliseconds(plain)),
			maxRatio, this.Seconds()/plain.Seconds()),
		sizePromise("Executable, stripped", maxExecutable, executable.Size()),
	}, nil
}
