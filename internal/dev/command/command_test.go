// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package command

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

func TestExitCode(t *testing.T) {
	interrupted, cancel := context.WithCancel(t.Context())
	cancel()
	for _, test := range []struct {
		ctx    context.Context
		err    error
		code   int
		stderr string
	}{
		{t.Context(), nil, 0, ""},
		{t.Context(), errors.New("no disk"), 1, "\nFailed: no disk\n"},
		{interrupted, errors.New("killed"), 130, "\nInterrupted.\n"},
		{interrupted, nil, 0, ""},
	} {
		var stderr strings.Builder
		if code := exitCode(test.ctx, test.err, &stderr); code != test.code || stderr.String() != test.stderr {
			t.Errorf("%v: exit code %d and %q, want %d and %q", test.err, code, &stderr, test.code, test.stderr)
		}
	}
}

// TestMain lets this program be the one that gets a signal.
func TestMain(m *testing.M) {
	mode := os.Getenv("COMMAND_TEST_MODE")
	if mode == "" {
		os.Exit(m.Run())
	}
	if mode == "nohup" {
		signal.Ignore(syscall.SIGHUP)
	}
	Main(func(ctx context.Context) error {
		_, _ = fmt.Fprintln(os.Stdout, signal.Ignored(syscall.SIGHUP))
		<-ctx.Done()
		_, _ = fmt.Fprintln(os.Stdout, "cleaned up")
		return ctx.Err()
	})
}

func TestASignalLeavesTimeToCleanUp(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot be sent a signal on Windows; TestExitCode has what follows one")
	}
	for _, test := range []struct {
		mode   string
		signal os.Signal
	}{
		{"plain", syscall.SIGINT},
		{"plain", syscall.SIGTERM},
		{"plain", syscall.SIGHUP},
		{"nohup", syscall.SIGTERM},
	} {
		t.Run(test.mode+" "+test.signal.String(), func(t *testing.T) {
			ignored := signal.Ignored(syscall.SIGHUP)
			if ignored && test.signal == syscall.SIGHUP {
				t.Skip("the tests run under nohup, which children inherit; the other signals are sent")
			}
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = append(os.Environ(), "COMMAND_TEST_MODE="+test.mode)
			pipe, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			stdout := bufio.NewReader(pipe)
			first, _ := stdout.ReadString('\n')
			if err := cmd.Process.Signal(test.signal); err != nil {
				t.Error(err)
			}
			rest, _ := io.ReadAll(stdout)
			_ = cmd.Wait()
			want := fmt.Sprintln(ignored || test.mode == "nohup") + "cleaned up\n"
			if first+string(rest) != want || cmd.ProcessState.ExitCode() != 130 {
				t.Errorf("%q, exit code %d", first+string(rest), cmd.ProcessState.ExitCode())
			}
		})
	}
}

func TestThousands(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 12034: "12,034", 1234567: "1,234,567"} {
		if got := Thousands(n); got != want {
			t.Errorf("Thousands(%d) = %q, want %q", n, got, want)
		}
	}
}
