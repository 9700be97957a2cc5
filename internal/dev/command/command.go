// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// Package command is what the programs for developers have in common.
package command

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// Main runs a program and exits: with 0 if it succeeded, with 130 if it was interrupted,
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
