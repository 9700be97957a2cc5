// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

//go:build unix

package terraformcli

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// A run ends as its context does: with an interrupt, which a process can answer, or killed.
func TestRunEndsAsItsContext(t *testing.T) {
	for name, test := range map[string]struct {
		cause    error
		exitCode int
	}{
		"interrupted": {nil, 3},
		"killed":      {ErrKilled, -1},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			script, started := filepath.Join(dir, "script"), filepath.Join(dir, "started")
			const text = "#!/bin/sh\ntrap 'exit 3' INT\necho > \"$1\"\nsleep 1000 > /dev/null 2>&1 &\nwait\n"
			if err := os.WriteFile(script, []byte(text), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := syscall.Mkfifo(started, 0o600); err != nil {
				t.Fatal(err)
			}
			workspace, err := NewWorkspace(dir, script, Mirror{})
			if err != nil {
				t.Fatal(err)
			}
			ctx, end := context.WithCancelCause(t.Context())
			go func() {
				_, _ = os.ReadFile(started) // until the script writes
				end(test.cause)
			}()
			result, err := workspace.Run(ctx, nil, started)
			if err != nil || result.ExitCode != test.exitCode {
				t.Errorf("exit code %d, %v, want %d", result.ExitCode, err, test.exitCode)
			}
		})
	}
}
