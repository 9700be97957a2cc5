// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/roboto-ai/terraform-provider-roboto/internal/dev/command"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terraformcli"
)

const plainProvider = "github.com/roboto-ai/terraform-provider-roboto/internal/dev/bench/plainprovider"

//go:embed plainmodule/main.tf
var plainModule string

// baselines shows what the secrets cost beside what Terraform takes for as many resources
// of its own, and beside resources that only keep a text. All run without latency.
func (b *bench) baselines(ctx context.Context, sizes []int) ([]string, error) {
	mirror, err := terraformcli.BuildMirrorOf(ctx, plainProvider, filepath.Join(b.dir, "plain-mirror"), buildFlags)
	if err != nil {
		return nil, err
	}
	var rows []string
	for _, secrets := range sizes {
		alone, err := b.plainLife(ctx, mirror, secrets, true)
		if err != nil {
			return nil, err
		}
		plain, err := b.plainLife(ctx, mirror, secrets, false)
		if err != nil {
			return nil, err
		}
		own, err := b.live(ctx, life{scenario: versionedBulk, secrets: secrets, valueBytes: 64, pageSize: pageSize}, operations()...)
		if err != nil {
			return nil, err
		}
		for _, op := range operations() {
			rows = append(rows, fmt.Sprintf("| %s | %s | %s | %s | %s | %.2f |", command.Thousands(secrets), op,
				seconds(alone[op].wall), seconds(plain[op].wall), seconds(own[op].wall), own[op].wall.Seconds()/plain[op].wall.Seconds()))
		}
	}
	return rows, nil
}

// plainLife is a life of resources without a network: terraform_data, or the plain
// provider's.
func (b *bench) plainLife(ctx context.Context, mirror terraformcli.Mirror, secrets int, terraformAlone bool) (map[operation]measurement, error) {
	workspace, err := b.workspaceOf(ctx, mirror, plainModule,
		"TF_VAR_secrets="+strconv.Itoa(secrets), "TF_VAR_terraform_alone="+strconv.FormatBool(terraformAlone))
	if err != nil {
		return nil, err
	}
	_, _ = fmt.Fprintf(os.Stderr, "%d resources without a network, Terraform alone %t\n", secrets, terraformAlone)
	measured := map[operation]measurement{}
	for _, op := range operations() {
		if measured[op], err = b.run(ctx, workspace, op); err != nil {
			return nil, err
		}
	}
	return measured, nil
}
