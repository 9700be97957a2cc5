// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"fmt"
)

const (
	// listedPageSize is that of listings of many secrets.
	listedPageSize = 500
	// listedPrefix begins the names of ten secrets.
	listedPrefix = "robot-00001"
)

var (
	inOneState = &scenario{title: "In one state", versions: true, perSecret: versioned.perSecret}
	listed     = &scenario{title: "Listed", module: listModule}
	listedTen  = &scenario{title: "Listed by prefix", module: listModule, namePrefix: listedPrefix}
)

// step is some runs of one number of secrets.
type step struct {
	life life
	runs []operation
}

// inStates are the numbers of secrets in one state, and inListings those that a data source reads.
func inStates() (steps []step) {
	for _, secrets := range []int{100, 1000, 3000} {
		steps = append(steps, step{life{scenario: inOneState, secrets: secrets, valueBytes: 64, pageSize: pageSize, latency: latency}, []operation{create, plan, planBulk}})
	}
	return steps
}

func inListings() []step {
	return []step{
		{life{scenario: listed, secrets: 10_000, pageSize: listedPageSize}, []operation{list}},
		{life{scenario: listed, secrets: 100_000, pageSize: listedPageSize}, []operation{list}},
		{life{scenario: listedTen, secrets: 100_000, pageSize: listedPageSize}, []operation{listTen}},
	}
}

// stepRows tells by how much the time of a run grows from one step to the next.
func (b *bench) stepRows(ctx context.Context, steps []step) ([]string, error) {
	var rows []string
	last := map[operation]measurement{}
	for _, s := range steps {
		measured, err := b.live(ctx, s.life, s.runs...)
		if err != nil {
			return nil, err
		}
		for _, op := range s.runs {
			m, growth := measured[op], ""
			if before, ok := last[op]; ok {
				growth = fmt.Sprintf("× %.1f", m.wall.Seconds()/before.wall.Seconds())
			}
			rows = append(rows, requestCells(s.life.secrets, op, m.requests)+fmt.Sprintf(" %s | %s | %s |", seconds(m.wall), growth, megabytes(m.provider.peakMemory)))
		}
		last = measured
	}
	return rows, nil
}
