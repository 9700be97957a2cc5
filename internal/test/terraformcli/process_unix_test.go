// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

//go:build unix

package terraformcli

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// A run that is interrupted can answer that.
func TestRunIsInterruptedWithItsContext(t *testing.T) {
	dir := t.TempDir()
	script, started := filepath.Join(dir, "script"), filepath.Join(dir, "started")
	const text = "#!/bin/sh\ntrap 'exit 3' INT\necho > \"$1\"\nsleep 1000 > /dev/null 2>&1 &\nwait\n"
	workspace, err := NewWorkspace(dir, script, Mirror{})
	if err := errors.Join(err, os.WriteFile(script, []byte(text), 0o700), syscall.Mkfifo(started, 0o600)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		_, _ = os.ReadFile(started) // until the script writes
		cancel()
	}()
	result, err := workspace.Run(ctx, nil, started)
	if err != nil || result.ExitCode != 3 {
		t.Errorf("exit code %d, %v, want 3", result.ExitCode, err)
	}
}
