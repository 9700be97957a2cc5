// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	_ "embed"
	"fmt"
	"os"

	"github.com/roboto-ai/terraform-provider-roboto/internal/dev/command"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terraformcli"
)

//go:embed plainmodule/main.tf
var plainModule string

// baseline is a run without latency, beside the same run without calls.
type baseline struct {
	alone, plain, secrets measurement
}

// ratio is what the calls cost.
func (b baseline) ratio() float64 { return b.secrets.wall.Seconds() / b.plain.wall.Seconds() }

// baselines measures what Terraform takes for as many resources of its own, and for
// secrets without calls.
func (b *bench) baselines(ctx context.Context, secrets int) (map[operation]baseline, error) {
	if known, ok := b.beside[secrets]; ok {
		return known, nil
	}
	l := life{scenario: versionedBulk, secrets: secrets, valueBytes: 64, pageSize: pageSize}
	alone, err := b.plainLife(ctx, l, b.mirror, plainModule)
	if err != nil {
		return nil, err
	}
	plain, err := b.plainLife(ctx, l, b.plain, module)
	if err != nil {
		return nil, err
	}
	own, err := b.live(ctx, l, operations()...)
	if err != nil {
		return nil, err
	}
	all := map[operation]baseline{}
	for _, op := range operations() {
		all[op] = baseline{alone: alone[op], plain: plain[op], secrets: own[op]}
	}
	b.beside[secrets] = all
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

// plainLife is a life without a service.
func (b *bench) plainLife(ctx context.Context, l life, mirror terraformcli.Mirror, main string) (map[operation]measurement, error) {
	workspace, err := b.workspace(ctx, mirror, main, l.variables()...)
	if err != nil {
		return nil, err
	}
	_, _ = fmt.Fprintf(os.Stderr, "%d resources without calls:", l.secrets)
	measured := map[operation]measurement{}
	for _, op := range operations() {
		if measured[op], err = b.run(ctx, workspace, op); err != nil {
			return nil, err
		}
		_, _ = fmt.Fprintf(os.Stderr, " %s %s;", op, seconds(measured[op].wall))
	}
	_, _ = fmt.Fprintln(os.Stderr)
	return measured, nil
}
