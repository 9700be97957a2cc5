// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// Command bench measures what the provider costs. The real Terraform creates, plans,
// rotates and destroys secrets of a Roboto that is embedded in this process and answers
// slowly. The command prints Markdown, compares the numbers with what is promised, and
// exits with 1 if a promise is broken.
//
//	go run ./internal/dev/bench
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"os"
	"slices"

	"github.com/roboto-ai/terraform-provider-roboto/internal/dev/command"
)

// sizes are the numbers of secrets in the tables.
var sizes = []int{10, 100, 1000}

func main() {
	output := flag.String("o", "", "file that the Markdown is also written to")
	flag.Parse()

	command.Main(func(ctx context.Context) error { return report(ctx, *output) })
}

func report(ctx context.Context, output string) (err error) {
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
		t, err := b.tabulate(ctx, s)
		if err != nil {
			return err
		}
		p.Tables = append(p.Tables, t)
	}
	if p.Baselines, err = b.baselineRows(ctx, sizes); err != nil {
		return err
	}
	if p.States, err = b.stepRows(ctx, inStates()); err != nil {
		return err
	}
	if p.Listings, err = b.stepRows(ctx, inListings()); err != nil {
		return err
	}
	if p.Promises, err = b.promises(ctx); err != nil {
		return err
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
