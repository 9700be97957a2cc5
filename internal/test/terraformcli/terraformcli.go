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
	"path/filepath"
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
	f := finder{
		userCacheDir: os.UserCacheDir,
		// The library's own timeout, 30 seconds, is short for 30 MB.
		release: releases.LatestVersion{Product: product.Terraform, Timeout: 5 * time.Minute},
	}
	return f.find(ctx)
}

type finder struct {
	userCacheDir func() (string, error)
	// release is what to install, and from where. Its InstallDir is not used.
	release releases.LatestVersion
}

func (f finder) find(ctx context.Context) (string, error) {
	var extraPaths []string
	cache, cacheErr := f.userCacheDir()
	dir := filepath.Join(cache, "terraform-provider-roboto")
	if cacheErr == nil {
		extraPaths = append(extraPaths, dir)
	}

	existing := fs.AnyVersion{Product: &product.Terraform, ExtraPaths: extraPaths}
	if path, err := existing.Find(ctx); err == nil {
		return path, nil
	}

	if cacheErr != nil {
		return "", fmt.Errorf("terraform is not on the PATH and there is no cache directory to install it into (%w): "+
			"install Terraform and put it on the PATH", cacheErr)
	}
	path, err := f.install(ctx, dir)
	if err != nil {
		return "", fmt.Errorf("terraform is not on the PATH and its latest release cannot be installed into %s (%w): "+
			"install Terraform and put it on the PATH", dir, err)
	}
	return path, nil
}

// install puts the executable into dir, and nothing else. It arrives there by a
// rename: the test binaries of several packages may install at the same time, and
// none of them must find, or write over, half of another's file.
func (f finder) install(ctx context.Context, dir string) (path string, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	download, err := os.MkdirTemp(dir, "download-")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(download) }()

	release := f.release
	release.InstallDir = download
	downloaded, err := release.Install(ctx)
	if err != nil {
		return "", err
	}
	path = filepath.Join(dir, filepath.Base(downloaded))
	return path, os.Rename(downloaded, path)
}
