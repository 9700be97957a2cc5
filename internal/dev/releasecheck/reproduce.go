// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terraformcli"
)

// reproduce builds the snapshot once more, from a copy of the repository in dir. What Go
// compiled before is used again only if it does not depend on the folder.
func (s snapshot) reproduce(ctx context.Context, dir string) error {
	repository := filepath.Join(dir, "another", "folder")
	if err := copyRepository(ctx, ".", repository); err != nil {
		return err
	}
	again, err := recipe{repository: repository, platforms: s.platforms}.build(ctx, dir)
	if err != nil {
		return err
	}
	return s.sameAs(again)
}

// sameAs compares what a release publishes, the signature apart.
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

// copyRepository clones a repository, and copies what is not committed.
func copyRepository(ctx context.Context, from, to string) error {
	git := func(args ...string) (string, error) {
		output, err := terraformcli.Command(ctx, os.Environ(), "git", args...)
		return string(output), err
	}
	if _, err := git("clone", "--quiet", from, to); err != nil {
		return err
	}
	names, err := git("-C", from, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	if err != nil {
		return err
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(names, "\x00"), "\x00") {
		if err := copyFile(filepath.Join(from, name), filepath.Join(to, name)); err != nil {
			return err
		}
	}
	return nil
}

// copyFile copies a file, or deletes the copy of one that is no longer there.
func copyFile(from, to string) error {
	content, err := os.ReadFile(from) //nolint:gosec // a path of our own
	if errors.Is(err, fs.ErrNotExist) {
		return os.RemoveAll(to)
	}
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, info.Mode()) //nolint:gosec // a path of our own
}
