// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
)

const (
	// maxRatio is how much longer than its floor a run may take, or a start than
	// that of the empty provider.
	maxRatio = 1.05

	megabyte      = 1_000_000
	maxExecutable = 22 * megabyte
	maxMemory     = 160 * megabyte

	bulkPlanLimit    = time.Second
	bulkPlanRequests = 20
)

// promise is a limit that the provider has to keep.
type promise struct {
	what, limit, measured string
	kept                  bool
}

func ratioPromise(what string, ratio float64) promise {
	return promise{
		what:     what,
		limit:    fmt.Sprintf("at most %.2f", maxRatio),
		measured: fmt.Sprintf("%.3f", ratio),
		kept:     ratio <= maxRatio,
	}
}

func countPromise(what, limit string, n int, kept bool) promise {
	return promise{what: what, limit: limit, measured: thousands(n), kept: kept}
}

func sizePromise(what string, limit, size int64) promise {
	return promise{
		what:     what,
		limit:    fmt.Sprintf("at most %d MB", limit/megabyte),
		measured: megabytes(size),
		kept:     0 < size && size <= limit,
	}
}

// promises measures what is not measured yet.
func (b *bench) promises(ctx context.Context) ([]promise, error) {
	var all []promise
	for _, check := range []func(context.Context) ([]promise, error){
		b.planPromises, b.operationPromises, b.memoryPromises, b.startPromises,
	} {
		promises, err := check(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, promises...)
	}
	return all, nil
}

func (b *bench) planPromises(ctx context.Context) ([]promise, error) {
	const secrets = 1000
	bulk, err := b.compare(ctx, versionedBulk, secrets)
	if err != nil {
		return nil, err
	}
	single, err := b.compare(ctx, versioned, secrets)
	if err != nil {
		return nil, err
	}
	above := bulk[plan].slow.wall - bulk[plan].fast.wall
	pages, reads := bulk[plan].slow.requests.total(), single[plan].slow.requests.total()
	return []promise{
		{
			what:     "plan of 1,000 versioned secrets with `bulk_refresh`: time above the same plan without latency",
			limit:    "at most " + seconds(bulkPlanLimit),
			measured: seconds(above),
			kept:     above <= bulkPlanLimit,
		},
		countPromise("the same: requests", fmt.Sprintf("at most %d", bulkPlanRequests), pages, pages <= bulkPlanRequests),
		countPromise("without `bulk_refresh`: requests", "exactly "+thousands(secrets), reads, reads == secrets),
		ratioPromise("without `bulk_refresh`: ratio to the floor", single[plan].ratio()),
	}, nil
}

func (b *bench) operationPromises(ctx context.Context) ([]promise, error) {
	const secrets = 200
	compared, err := b.compare(ctx, versioned, secrets)
	if err != nil {
		return nil, err
	}
	var all []promise
	for _, op := range []operation{create, rotate, destroy} {
		all = append(all, ratioPromise(fmt.Sprintf("%s, %d versioned secrets: ratio to the floor", op, secrets), compared[op].ratio()))
	}
	return all, nil
}

func (b *bench) memoryPromises(ctx context.Context) ([]promise, error) {
	measured, err := b.live(ctx, life{scenario: versioned, secrets: 1000, valueBytes: roboto.MaxValueBytes, createOnly: true})
	if err != nil {
		return nil, err
	}
	return []promise{sizePromise("create of 1,000 secrets of 64 kB: peak memory of the provider", maxMemory, measured[create].provider.peakMemory)}, nil
}

func (b *bench) startPromises(ctx context.Context) ([]promise, error) {
	this, empty, err := b.startUp(ctx)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(b.provider)
	if err != nil {
		return nil, err
	}
	return []promise{
		ratioPromise(fmt.Sprintf("`terraform providers schema`: ratio to an empty provider, medians of %d (%s, %s)", startUps, milliseconds(this), milliseconds(empty)),
			this.Seconds()/empty.Seconds()),
		sizePromise("executable, stripped", maxExecutable, info.Size()),
	}, nil
}
