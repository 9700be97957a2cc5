// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// Package terraformcli drives a real Terraform, for tests and for developers'
// programs: it finds the executable, builds the provider into a mirror, and lays out
// workspaces that share nothing with the user's own set-up.
package terraformcli

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"time"

	"github.com/hashicorp/hc-install/fs"
	"github.com/hashicorp/hc-install/product"
	"github.com/hashicorp/hc-install/releases"
)

// Find returns the absolute path of a Terraform executable: the first on the
// PATH, else the one that an earlier call installed, else the latest release,
// which it downloads from HashiCorp into the user's cache directory. An
// installed executable stays in use until somebody deletes it.
//
// The error says what was tried and what to do about it.
func Find(ctx context.Context) (path string, err error) {
	// The library's own timeout, 30 seconds, is short for 30 MB.
	return find(ctx, releases.LatestVersion{Product: product.Terraform, Timeout: 5 * time.Minute})
}

func find(ctx context.Context, release releases.LatestVersion) (string, error) {
	existing := fs.AnyVersion{Product: &product.Terraform}
	cache, err := os.UserCacheDir()
	dir := filepath.Join(cache, "terraform-provider-roboto")
	if err == nil {
		existing.ExtraPaths = []string{dir}
	}
	if path, err := existing.Find(ctx); err == nil {
		return path, nil
	}
	var path string
	if err == nil {
		path, err = install(ctx, release, dir)
	}
	if err != nil {
		return "", fmt.Errorf("terraform is not on the PATH, and its latest release could not be installed into %s: "+
			"install Terraform and put it on the PATH (%w)", dir, err)
	}
	return path, nil
}

// install puts the executable into dir, and nothing else. It arrives there by a
// rename: the test binaries of several packages may install at the same time, and
// none of them must find, or write over, half of another's file.
func install(ctx context.Context, release releases.LatestVersion, dir string) (path string, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	if release.InstallDir, err = os.MkdirTemp(dir, "download-"); err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(release.InstallDir) }()
	downloaded, err := release.Install(ctx)
	if err != nil {
		return "", err
	}
	path = filepath.Join(dir, filepath.Base(downloaded))
	return path, os.Rename(downloaded, path)
}

// Release says which release an executable is of.
type Release struct {
	// Version is 1.Minor and more.
	Version  string
	Minor    int
	OpenTofu bool
}

// HasActions tells whether a configuration can have actions.
func (r Release) HasActions() bool { return r.Minor >= 14 && !r.OpenTofu }

var versionLine = regexp.MustCompile(`(?m)^(Terraform|OpenTofu) v(1\.(\d+)\.\S+)$`)

// Identify asks an executable for its release.
func Identify(ctx context.Context, path string) (Release, error) {
	result, err := (&Workspace{executable: path, env: []string{"CHECKPOINT_DISABLE=1"}}).Expect(ctx, 0, nil, "version")
	if err != nil {
		return Release{}, err
	}
	match := versionLine.FindSubmatch(result.Stdout)
	if match == nil {
		return Release{}, fmt.Errorf("%s has no version 1.x.y:\n\n%s", path, result.Stdout)
	}
	minor, err := strconv.Atoi(string(match[3]))
	return Release{Version: string(match[2]), Minor: minor, OpenTofu: string(match[1]) == "OpenTofu"}, err
}

// Main runs a program for developers and exits: with 0 if it succeeded, with 130 if it was interrupted,
// otherwise with 1.
func Main(run func(context.Context) error) {
	// The program has to clean up, even when nobody reads its output any more, and even
	// when a second signal comes. Cleaning up is bounded in time.
	signal.Ignore(syscall.SIGPIPE)
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // which nohup asks for
		signals = append(signals, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), signals...)
	err, interrupted := run(ctx), ctx.Err() != nil
	stop()
	switch {
	case err != nil && interrupted:
		_, _ = fmt.Fprintln(os.Stderr, "\nInterrupted.")
		os.Exit(130)
	case err != nil:
		_, _ = fmt.Fprintf(os.Stderr, "\nFailed: %v\n", err)
		os.Exit(1)
	}
	os.Exit(0)
}
