// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terraformcli"
)

const (
	emptyPackage = "github.com/roboto-ai/terraform-provider-roboto/internal/dev/bench/emptyprovider"
	startUps     = 20
)

// buildFlags are those of a release: see .goreleaser.yml.
func buildFlags() []string { return []string{"-trimpath", "-buildvcs=false", "-ldflags=-s -w"} }

// startUp is how long terraform providers schema takes with this provider and
// with an empty one in its place: the medians of runs that take turns.
func (b *bench) startUp(ctx context.Context) (this, empty time.Duration, err error) {
	emptyMirror, err := b.buildEmptyMirror(ctx)
	if err != nil {
		return 0, 0, err
	}
	mirrors := []terraformcli.Mirror{b.mirror, emptyMirror}
	workspaces := make([]*terraformcli.Workspace, len(mirrors))
	for i, mirror := range mirrors {
		if workspaces[i], err = b.workspace(ctx, mirror); err != nil {
			return 0, 0, err
		}
	}
	times := make([][]time.Duration, len(mirrors))
	for run := range startUps + 1 {
		for i, workspace := range workspaces {
			start := time.Now()
			if _, err := workspace.Terraform(ctx, "providers", "schema", "-json"); err != nil {
				return 0, 0, err
			}
			if run > 0 { // the first one warms the caches
				times[i] = append(times[i], time.Since(start))
			}
		}
	}
	return median(times[0]), median(times[1]), nil
}

// buildEmptyMirror is a mirror with the empty provider in this one's place.
func (b *bench) buildEmptyMirror(ctx context.Context) (terraformcli.Mirror, error) {
	dir := filepath.Join(b.dir, "empty-mirror")
	mirror, err := terraformcli.BuildMirror(ctx, dir, buildFlags()...)
	if err != nil {
		return terraformcli.Mirror{}, err
	}
	place, err := executable(dir)
	if err != nil {
		return terraformcli.Mirror{}, err
	}
	args := slices.Concat([]string{"build"}, buildFlags(), []string{"-o", place, emptyPackage})
	if output, err := exec.CommandContext(ctx, "go", args...).CombinedOutput(); err != nil { //nolint:gosec // arguments of our own
		return terraformcli.Mirror{}, fmt.Errorf("building the empty provider: %w\n%s", err, output)
	}
	return mirror, nil
}

func median(times []time.Duration) time.Duration {
	times = slices.Sorted(slices.Values(times))
	middle := len(times) / 2
	if len(times)%2 == 1 {
		return times[middle]
	}
	return (times[middle-1] + times[middle]) / 2
}
