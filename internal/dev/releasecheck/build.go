// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"time"
)

const (
	configFile = ".goreleaser.yml"
	distDir    = "dist"

	// interruptGrace is how long an interrupted child may take to end by itself.
	interruptGrace = 30 * time.Second
)

// build lets goreleaser make a snapshot. A nil key leaves it unsigned.
func build(ctx context.Context, dir string, platforms []platform, key *signingKey) (snapshot, error) {
	config := configFile
	if len(platforms) == 1 {
		var err error
		if config, err = narrowConfig(dir, platforms[0]); err != nil {
			return snapshot{}, err
		}
	}
	skip := "publish"
	if key == nil {
		skip += ",sign"
	}
	goreleaser := command(ctx, "go", "tool", "-modfile=tools/go.mod", "goreleaser",
		"release", "--snapshot", "--clean", "--skip="+skip, "--config="+config)
	goreleaser.Env = append(os.Environ(), key.env()...)
	if output, err := goreleaser.CombinedOutput(); err != nil {
		return snapshot{}, fmt.Errorf("goreleaser: %w\n\n%s", err, output)
	}

	metadata, err := os.ReadFile(filepath.Join(distDir, "metadata.json"))
	if err != nil {
		return snapshot{}, err
	}
	var built struct {
		Version string `json:"version"`
	}
	if err := json.Unmarshal(metadata, &built); err != nil {
		return snapshot{}, fmt.Errorf("reading goreleaser's metadata: %w", err)
	}
	return snapshot{dist: distDir, version: built.Version, platforms: platforms}, nil
}

// narrowConfig writes a configuration for one platform into dir, and returns its path.
func narrowConfig(dir string, to platform) (string, error) {
	config, err := os.ReadFile(configFile)
	if err != nil {
		return "", fmt.Errorf("%w: run this in the root of the repository", err)
	}
	if config, err = narrow(config, to); err != nil {
		return "", fmt.Errorf("%s: %w", configFile, err)
	}
	path := filepath.Join(dir, "goreleaser.yml")
	return path, os.WriteFile(path, config, 0o600) //nolint:gosec // a path of our own
}

// narrow replaces the two lists of platforms: goreleaser release, unlike
// goreleaser build, cannot be told to build for one platform.
func narrow(config []byte, to platform) ([]byte, error) {
	for key, value := range map[string]string{"goos": to.os, "goarch": to.arch} {
		list := regexp.MustCompile(`(?m)^( +` + key + `:) \[.*\]$`)
		if n := len(list.FindAll(config, -1)); n != 1 {
			return nil, fmt.Errorf("found %d lines of the form %q instead of one", n, key+": [...]")
		}
		config = list.ReplaceAll(config, fmt.Appendf(nil, "$1 [%q]", value))
	}
	return config, nil
}

// command is one that ends with ctx: by an interrupt, since goreleaser has children
// of its own, and by force if that does not help soon.
func command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...) //nolint:gosec // a developer's tool runs what it found
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = interruptGrace
	return cmd
}
