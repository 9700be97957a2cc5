// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// Command bench measures what the provider costs. The real Terraform creates, plans,
// rotates and destroys secrets of a Roboto that is embedded in this process and answers
// slowly. The command prints Markdown. With -check it also compares the numbers with
// what is promised, and exits with 1 if a promise is broken.
//
//	go run ./internal/dev/bench -n 10,100 -check
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/roboto-ai/terraform-provider-roboto/internal/dev/command"
)

func main() {
	n := flag.String("n", "10,100,1000", "comma-separated numbers of secrets to tabulate")
	check := flag.Bool("check", false, "check the promises too, whatever sizes they take")
	output := flag.String("o", "", "file that the Markdown is also written to")
	flag.Parse()

	command.Main(func(ctx context.Context) error {
		sizes, err := parseSizes(*n)
		if err != nil {
			return err
		}
		return report(ctx, sizes, *check, *output)
	})
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

func report(ctx context.Context, sizes []int, check bool, output string) (err error) {
	dir, err := os.MkdirTemp("", "roboto-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b, err := newBench(ctx, dir)
	if err != nil {
		return err
	}
	p := page{LoadBefore: loadAverage()}
	if p.Machine, err = b.machine(ctx); err != nil {
		return err
	}
	for _, s := range scenarios() {
		t, err := b.tabulate(ctx, s, sizes)
		if err != nil {
			return err
		}
		p.Tables = append(p.Tables, t)
	}
	if p.Baselines, err = b.baselineRows(ctx, sizes); err != nil {
		return err
	}
	if check {
		if p.Promises, err = b.promises(ctx); err != nil {
			return err
		}
	}
	p.LoadAfter = loadAverage()
	var markdown bytes.Buffer
	if err := p.write(&markdown); err != nil {
		return err
	}
	if _, err := os.Stdout.Write(markdown.Bytes()); err != nil {
		return err
	}
	if output != "" {
		if err := os.WriteFile(output, markdown.Bytes(), 0o644); err != nil { //nolint:gosec // a document of the repository
			return err
		}
	}
	if slices.ContainsFunc(p.Promises, func(p promise) bool { return !p.kept }) {
		return errors.New("a promise is broken")
	}
	return nil
}
