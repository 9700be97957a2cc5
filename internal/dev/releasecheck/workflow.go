// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terraformcli"
)

const workflowFile = ".github/workflows/release.yml"

// step is one of the release workflow.
type step struct {
	Name string `yaml:"name"`
	Run  string `yaml:"run"`
	With struct {
		Path string `yaml:"path"`
	} `yaml:"with"`
}

// workflowSteps are the steps that have a name.
func workflowSteps(path string) (map[string]step, error) {
	content, err := os.ReadFile(path) //nolint:gosec // a path of our own
	if err != nil {
		return nil, err
	}
	var workflow struct {
		Jobs map[string]struct {
			Steps []step `yaml:"steps"`
		} `yaml:"jobs"`
	}
	if err := yaml.Unmarshal(content, &workflow); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	steps := map[string]step{}
	for _, job := range workflow.Jobs {
		for _, step := range job.Steps {
			steps[step.Name] = step
		}
	}
	return steps, nil
}

// shell runs commands of the workflow in dir, as GitHub does.
func shell(ctx context.Context, env []string, dir, commands string) error {
	_, err := terraformcli.Command(ctx, env, "bash", "-ec", "cd \"$0\"\n"+commands, dir)
	return err
}

// rehearse does with the snapshot what the release workflow does with a release, up to the
// attestation. The files that it then has are those that it publishes.
func (s snapshot) rehearse(ctx context.Context, out report, dir string) error {
	steps, err := workflowSteps(workflowFile)
	if err != nil {
		return err
	}
	key, err := newSigningKey(ctx, filepath.Join(dir, "gpg"))
	if err != nil {
		return err
	}
	defer key.close()
	if err := shell(ctx, append(os.Environ(), "GITHUB_REF_NAME=v"+s.version), ".", steps["Add the manifest"].Run); err != nil {
		return err
	}
	handed := snapshot{dist: filepath.Join(dir, "handed"), version: s.version, platforms: s.platforms}
	if err := handOver(strings.Fields(steps["Hand over"].With.Path), handed.dist); err != nil {
		return err
	}
	if key == "" {
		out.line("  - signing was skipped: there is no gpg on the PATH")
		return handed.verifyFiles()
	}
	if err := key.sign(ctx, steps["Sign"].Run, handed.dist); err != nil {
		return err
	}
	if err := key.verify(ctx, handed.path("SHA256SUMS")); err != nil {
		return err
	}
	out.verified("signature of SHA256SUMS, by a key made for this run")
	if err := handed.verifyFiles("SHA256SUMS.sig"); err != nil {
		return err
	}
	out.verified("the files that are published: archives, SBOMs, manifest, checksums, signature")
	return nil
}

// handOver copies the files of patterns into dir.
func handOver(patterns []string, dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	for _, pattern := range patterns {
		files, err := filepath.Glob(pattern)
		if err != nil {
			return err
		}
		for _, file := range files {
			content, err := os.ReadFile(file) //nolint:gosec // a path of our own
			if err == nil {
				err = os.WriteFile(filepath.Join(dir, filepath.Base(file)), content, 0o600) //nolint:gosec // a path of our own
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// verifyFiles checks that there are the files of a release, and no others.
func (s snapshot) verifyFiles(more ...string) error {
	want := []string{s.name("SHA256SUMS"), s.name("manifest.json")}
	for _, p := range s.platforms {
		want = append(want, s.name(string(p)+".zip"), s.name(p.sbom()))
	}
	for _, suffix := range more {
		want = append(want, s.name(suffix))
	}
	entries, err := os.ReadDir(s.dist)
	var got []string
	for _, entry := range entries {
		got = append(got, entry.Name())
	}
	if slices.Sort(want); !slices.Equal(got, want) {
		err = errors.Join(err, fmt.Errorf("%s publishes %q, want %q", workflowFile, got, want))
	}
	return err
}
