// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terraformcli"
)

const (
	configFile = ".goreleaser.yml"
	distDir    = "dist"
)

// platform is one that Go builds for, such as linux_amd64. The registry takes the
// same names.
type platform string

// releasePlatforms are those that a release is promised for, whatever
// .goreleaser.yml says.
func releasePlatforms() []platform {
	return []platform{
		"darwin_amd64", "darwin_arm64",
		"freebsd_386", "freebsd_amd64", "freebsd_arm", "freebsd_arm64",
		"linux_386", "linux_amd64", "linux_arm", "linux_arm64",
		"windows_386", "windows_amd64", "windows_arm64",
	}
}

// platformsFor lists the platforms to build for: all, or this machine's. This
// machine's is always among them, because the provider is to run here.
func platformsFor(all bool) ([]platform, error) {
	here := platform(runtime.GOOS + "_" + runtime.GOARCH)
	switch platforms := releasePlatforms(); {
	case !slices.Contains(platforms, here):
		return nil, fmt.Errorf("a release has no archive for %s, so it cannot be tried on this machine", here)
	case all:
		return platforms, nil
	}
	return []platform{here}, nil
}

func describe(platforms []platform) string {
	if len(platforms) == 1 {
		return string(platforms[0])
	}
	return fmt.Sprintf("%d platforms %s", len(platforms), platforms)
}

// build lets goreleaser make a snapshot of a repository. It puts its configuration into
// dir.
func build(ctx context.Context, dir, repository string, platforms []platform) (snapshot, error) {
	config, err := os.ReadFile(filepath.Join(repository, configFile)) //nolint:gosec // a path of our own
	if err != nil {
		return snapshot{}, fmt.Errorf("%w: run this in the root of the repository", err)
	}
	if len(platforms) == 1 {
		if config, err = narrow(config, platforms[0]); err != nil {
			return snapshot{}, fmt.Errorf("%s: %w", configFile, err)
		}
	}
	path := filepath.Join(dir, "goreleaser.yml")
	if err := os.WriteFile(path, config, 0o600); err != nil { //nolint:gosec // a path of our own
		return snapshot{}, err
	}
	// Without a remote, goreleaser does not look at the commit, and takes the time of day.
	env := append(os.Environ(), "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=remote.origin.url", "GIT_CONFIG_VALUE_0=https://github.com/roboto-ai/"+project)
	if _, err := terraformcli.Command(ctx, env, "go", "-C", repository, "tool", "-modfile=tools/go.mod", "goreleaser",
		"release", "--snapshot", "--clean", "--config="+path); err != nil {
		return snapshot{}, err
	}

	dist := filepath.Join(repository, distDir)
	metadata, err := os.ReadFile(filepath.Join(dist, "metadata.json")) //nolint:gosec // a path of our own
	if err != nil {
		return snapshot{}, err
	}
	var built struct {
		Version string `json:"version"`
	}
	if err := json.Unmarshal(metadata, &built); err != nil {
		return snapshot{}, fmt.Errorf("reading goreleaser's metadata: %w", err)
	}
	return snapshot{dist: dist, version: built.Version, platforms: platforms}, nil
}

// narrow leaves one platform in the configuration: goreleaser release, unlike
// goreleaser build, has no option for it.
func narrow(config []byte, to platform) ([]byte, error) {
	var narrowed struct {
		Builds []map[string]any `yaml:"builds"`
		Rest   map[string]any   `yaml:",inline"`
	}
	if err := yaml.Unmarshal(config, &narrowed); err != nil {
		return nil, err
	}
	goos, goarch, _ := strings.Cut(string(to), "_")
	for _, build := range narrowed.Builds {
		build["goos"], build["goarch"] = []string{goos}, []string{goarch}
	}
	return yaml.Marshal(narrowed)
}
