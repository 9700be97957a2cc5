// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"fmt"

	"github.com/roboto-ai/terraform-provider-roboto/internal/dev/command"
)

// baseline is a run without latency, beside the same run without calls.
type baseline struct {
	alone, plain, secrets measurement
}

// ratio is what the calls cost.
func (b baseline) ratio() float64 { return b.secrets.wall.Seconds() / b.plain.wall.Seconds() }

// baselines measures what Terraform takes for as many resources of its own, and for
// secrets without calls.
func (b *bench) baselines(ctx context.Context, secrets int) (map[operation]baseline, error) {
	var measured [3]map[operation]measurement
	for i, s := range []*scenario{terraformAlone, withoutCalls, versionedBulk} {
		var err error
		l := life{scenario: s, secrets: secrets, valueBytes: 64, pageSize: pageSize}
		if measured[i], err = b.live(ctx, l, operations()...); err != nil {
			return nil, err
		}
	}
	all := map[operation]baseline{}
	for _, op := range operations() {
		all[op] = baseline{alone: measured[0][op], plain: measured[1][op], secrets: measured[2][op]}
	}
	return all, nil
}

func (b *bench) baselineRows(ctx context.Context, sizes []int) ([]string, error) {
	var rows []string
	for _, secrets := range sizes {
		all, err := b.baselines(ctx, secrets)
		if err != nil {
			return nil, err
		}
		for _, op := range operations() {
			rows = append(rows, fmt.Sprintf("| %s | %s | %s | %s | %s | %.2f |", command.Thousands(secrets), op,
				seconds(all[op].alone.wall), seconds(all[op].plain.wall), seconds(all[op].secrets.wall), all[op].ratio()))
		}
	}
	return rows, nil
}
