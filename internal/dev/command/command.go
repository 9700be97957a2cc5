// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// Package command is what the programs for developers have in common.
package command

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"syscall"
)

// Main runs a program and exits: with 0 if it succeeded, with 130 if it was
// interrupted, otherwise with 1.
func Main(run func(context.Context) error) {
	// The program has to clean up, even when nobody reads its output any more, and even
	// when a second signal comes. Cleaning up is bounded in time.
	signal.Ignore(syscall.SIGPIPE)
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // which nohup asks for
		signals = append(signals, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), signals...)
	code := exitCode(ctx, run(ctx), os.Stderr)
	stop()
	os.Exit(code)
}

func exitCode(ctx context.Context, err error, stderr io.Writer) int {
	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil:
		_, _ = fmt.Fprintln(stderr, "\nInterrupted.")
		return 130
	}
	_, _ = fmt.Fprintf(stderr, "\nFailed: %v\n", err)
	return 1
}

// Thousands writes a number with a comma before each group of three digits.
func Thousands[N int | int64](n N) string {
	digits := strconv.FormatInt(int64(n), 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
