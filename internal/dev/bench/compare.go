// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"time"
)

// tableValueBytes is the size of values where it is not what matters.
const tableValueBytes = 64

// comparison is an operation with and without latency.
type comparison struct {
	slow, fast measurement
	network    time.Duration
}

// floor is what the operation takes if the network is used as well as can be and
// nothing is computed meanwhile.
func (c comparison) floor() time.Duration { return c.network + c.fast.wall }

func (c comparison) ratio() float64 { return c.slow.wall.Seconds() / c.floor().Seconds() }

// compare measures a scenario with and without latency, one right after the other.
func (b *bench) compare(ctx context.Context, s scenario, secrets int) (map[operation]comparison, error) {
	l := life{scenario: s, secrets: secrets, valueBytes: tableValueBytes}
	fast, err := b.live(ctx, l)
	if err != nil {
		return nil, err
	}
	l.latency = latency
	slow, err := b.live(ctx, l)
	if err != nil {
		return nil, err
	}
	compared := map[operation]comparison{}
	for _, op := range operations() {
		compared[op] = comparison{slow: slow[op], fast: fast[op], network: s.network(op, secrets)}
	}
	return compared, nil
}
