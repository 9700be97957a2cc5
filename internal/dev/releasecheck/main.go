// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// Command releasecheck builds a snapshot of a release and uses it as users will. It
// verifies names, checksums and manifest as the Terraform Registry does, and the SBOMs. It
// hands the files over and signs them with the commands of the release workflow. It builds
// the snapshot again elsewhere, which has to give the same bytes. It lays the archives out
// as a filesystem mirror, from which the real Terraform installs the provider. With it,
// Terraform manages a secret of a Roboto that is embedded in this process. Run the command
// in the root of the repository.
//
// The archives stay in dist/ to be looked at. The exit code is 0 if all holds, 130
// after an interrupt, otherwise 1.
//
//	go run ./internal/dev/releasecheck
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/dev/command"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terraformcli"
)

func main() {
	all := flag.Bool("all", false, "build for all platforms of a release, which takes minutes, and not for this machine's alone")
	flag.Parse()

	command.Main(func(ctx context.Context) error { return releaseCheck(ctx, report{os.Stdout}, *all) })
}

// report prints what was found to hold.
type report struct{ w io.Writer }

func (r report) line(format string, args ...any) { _, _ = fmt.Fprintf(r.w, format+"\n", args...) }

func (r report) verified(format string, args ...any) { r.line("  ✓ "+format, args...) }

func releaseCheck(ctx context.Context, out report, all bool) (err error) {
	start := time.Now()
	platforms, err := platformsFor(all)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "roboto-release-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	// Before the minutes that building may take.
	executable, err := terraformcli.Find(ctx)
	if err != nil {
		return err
	}

	out.line("Building a snapshot for %s", describe(platforms))
	snapshot, err := build(ctx, dir, ".", platforms)
	if err != nil {
		return err
	}
	out.verified("version %s, in %s/", snapshot.version, snapshot.dist)

	out.line("Checking it as the registry does")
	if err := snapshot.verify(manifestFile); err != nil {
		return err
	}
	out.verified("names, checksums and archives: %s", describe(platforms))
	out.verified("manifest: protocol %s", protocolVersion)
	if err := snapshot.verifySBOMs(ctx); err != nil {
		return err
	}
	out.verified("SBOMs name all modules that are linked in")

	out.line("Handing it over, and signing it, as the release workflow does")
	if err := snapshot.rehearse(ctx, out, dir); err != nil {
		return err
	}

	out.line("Building it again, in another folder")
	if err := snapshot.reproduce(ctx, dir); err != nil {
		return err
	}
	out.verified("archives and SBOMs are the same, byte for byte")

	out.line("Installing it from a filesystem mirror")
	if err := install(ctx, out, dir, executable, snapshot); err != nil {
		return err
	}
	out.line("Done in %.0f s.", time.Since(start).Seconds())
	return nil
}
