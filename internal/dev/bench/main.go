// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// Command bench measures what the provider costs: the real Terraform creates, plans,
// rotates and destroys secrets of a Roboto that is embedded in this process and answers
// slowly. It prints Markdown. With -check it also compares the numbers with what is
// promised, and exits with 1 if a promise is broken.
//
//	go run ./internal/dev/bench -n 10,100 -check
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terraformcli"
)

var errBroken = errors.New("a promise is broken")

func main() {
	n := flag.String("n", "10,100,1000", "comma-separated numbers of secrets to tabulate")
	check := flag.Bool("check", false, "check the promises too, whatever sizes they take")
	output := flag.String("o", "", "file that the Markdown is also written to")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := measure(ctx, *n, *check, *output)
	stop()
	if err != nil {
		_, _ = fmt.Fprintf(os.Stderr, "\nbench: %v\n", err)
		os.Exit(1)
	}
}

func measure(ctx context.Context, n string, check bool, output string) (err error) {
	sizes, err := parseSizes(n)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "roboto-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b, err := newBench(ctx, dir)
	if err != nil {
		return err
	}
	var file bytes.Buffer
	r := report{out: io.MultiWriter(os.Stdout, &file)}
	if err := r.write(ctx, b, sizes, check); err != nil && !errors.Is(err, errBroken) {
		return err
	} else if output != "" {
		return errors.Join(err, os.WriteFile(output, file.Bytes(), 0o644)) //nolint:gosec // a document of the repository
	} else {
		return err
	}
}

func parseSizes(list string) ([]int, error) {
	var sizes []int
	for text := range strings.SplitSeq(list, ",") {
		size, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || size < 1 {
			return nil, fmt.Errorf("-n: %q is not a number of secrets", text)
		}
		sizes = append(sizes, size)
	}
	return sizes, nil
}

// newBench builds the provider as a release is built.
func newBench(ctx context.Context, dir string) (*bench, error) {
	if err := os.Setenv("CGO_ENABLED", "0"); err != nil {
		return nil, err
	}
	terraform, err := terraformcli.Find(ctx)
	if err != nil {
		return nil, err
	}
	mirrorDir := filepath.Join(dir, "mirror")
	mirror, err := terraformcli.BuildMirror(ctx, mirrorDir, buildFlags()...)
	if err != nil {
		return nil, err
	}
	provider, err := executable(mirrorDir)
	return &bench{
		dir: dir, terraform: terraform, mirror: mirror, provider: provider,
		measured: map[life]map[operation]measurement{},
	}, err
}

func (r report) write(ctx context.Context, b *bench, sizes []int, check bool) error {
	machine, err := b.machine(ctx)
	if err != nil {
		return err
	}
	before := loadAverage()
	r.introduce(machine)
	for _, s := range []scenario{versioned, versionedBulk, unversioned} {
		if err := r.table(ctx, b, s, sizes); err != nil {
			return err
		}
	}
	kept := true
	if check {
		promises, err := b.promises(ctx)
		if err != nil {
			return err
		}
		kept = r.promises(promises)
	}
	r.conclude(before, loadAverage())
	if !kept {
		return errBroken
	}
	return nil
}
