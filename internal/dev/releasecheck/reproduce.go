// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terraformcli"
)

// reproduce builds the snapshot once more, from a copy of the repository in dir. What Go
// compiled before is used again only if it does not depend on the folder.
func (s snapshot) reproduce(ctx context.Context, dir string) error {
	repository := filepath.Join(dir, "another", "folder")
	if err := copyRepository(ctx, ".", repository); err != nil {
		return err
	}
	again, err := build(ctx, dir, repository, s.platforms)
	if err != nil {
		return err
	}
	return s.sameAs(again)
}

// sameAs compares what goreleaser made for the release.
func (s snapshot) sameAs(other snapshot) error {
	suffixes := []string{"SHA256SUMS"}
	for _, p := range s.platforms {
		suffixes = append(suffixes, string(p)+".zip", p.sbom())
	}
	var errs []error
	for _, suffix := range suffixes {
		one, err := os.ReadFile(s.path(suffix))
		errs = append(errs, err)
		two, err := os.ReadFile(other.path(suffix))
		errs = append(errs, err)
		if !bytes.Equal(one, two) {
			errs = append(errs, fmt.Errorf("%s differs from %s: the build depends on more than the sources", s.path(suffix), other.path(suffix)))
		}
	}
	return errors.Join(errs...)
}

// copyRepository makes a clone of a repository that has its files as they are now,
// committed or not, but for those that git ignores.
func copyRepository(ctx context.Context, from, to string) error {
	for _, args := range [][]string{
		{"clone", "--quiet", "--no-checkout", from, to},
		{"-C", from, "--git-dir=" + filepath.Join(to, ".git"), "--work-tree=.", "add", "--all"},
		{"-C", to, "checkout-index", "--all", "--index"},
	} {
		if _, err := terraformcli.Command(ctx, os.Environ(), "git", args...); err != nil {
			return err
		}
	}
	return nil
}
