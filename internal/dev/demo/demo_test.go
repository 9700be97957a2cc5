// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bufio"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terraformcli"
)

// TestMain lets this program be the demo.
func TestMain(m *testing.M) {
	if os.Getenv("DEMO_TEST") != "" {
		os.Args = os.Args[:1]
		main()
	}
	os.Exit(m.Run())
}

// told runs the demo with a program in Terraform's place, and with nothing else on the PATH but
// go. It sends the demo a signal when it prints a text. Whatever happens, no file may be left.
func told(t *testing.T, name, script string, signal os.Signal, moment string) (output string, exitCode int) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("skipped: Windows has neither these scripts nor signals")
	}
	terraform, err := terraformcli.Find(t.Context())
	golang, goErr := exec.LookPath("go")
	bin, tmp := t.TempDir(), terraformcli.TempDir(t)
	script = "#!/bin/sh\n" + strings.ReplaceAll(script, "REAL", "'"+terraform+"'") + "\n"
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "DEMO_TEST=1", "TMPDIR="+tmp, "PATH="+bin+":"+filepath.Dir(golang)+":/usr/bin:/bin",
		// Compiles the provider's main package each time.
		"GOFLAGS=-gcflags=-D="+rand.Text(),
		// What a user may have set up is not to reach the demo's Terraform.
		"TF_VAR_webhook_token=of the user", "TF_CLI_ARGS_plan=-destroy", "ROBOTO_ORG_ID=og_user")
	reader, writer := io.Pipe()
	cmd.Stdout, cmd.Stderr = writer, writer
	if err := errors.Join(err, goErr, os.WriteFile(filepath.Join(bin, name), []byte(script), 0o700), cmd.Start()); err != nil {
		t.Fatal(err)
	}
	go func() { _ = writer.CloseWithError(cmd.Wait()) }()
	for lines := bufio.NewScanner(reader); lines.Scan(); {
		output += lines.Text() + "\n"
		if signal != nil && strings.Contains(lines.Text(), moment) {
			_ = cmd.Process.Signal(signal)
		}
	}
	if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	return output, cmd.ProcessState.ExitCode()
}

func TestDemoTellsItsStory(t *testing.T) {
	output, code := told(t, "terraform", `exec REAL "$@"`, nil, "")
	if code != 0 || strings.Contains(output, "Warning") {
		t.Errorf("exit code %d, or a warning:\n%s", code, output)
	}
	want := []string{"Error: Roboto Action Failed", "accepted it again", "any of the 6 values"}
	if strings.Contains(output, "actions need Terraform 1.14") {
		want = []string{"any of the 5 values"}
	}
	for _, text := range append(want, "\ngithub.com/roboto-ai/terraform-provider-roboto\n", "8. Destroy", "does find the ", "Done in ") {
		if !strings.Contains(output, text) {
			t.Errorf("the output lacks %q:\n%s", text, output)
		}
	}
	for _, page := range []string{"internal/dev/demo/main.tf", "docs/guides/first-secret.md", "CONTRIBUTING.md"} {
		if _, err := os.Stat("../../../" + page); err != nil || !strings.Contains(output, page) {
			t.Errorf("the demo has to name %s, which has to be there: %v", page, err)
		}
	}
}

// Only tofu is on the PATH.
func TestDemoCleansUpWhenInterrupted(t *testing.T) {
	for moment, signal := range map[string]os.Signal{"being built": syscall.SIGTERM, "$ tofu apply": os.Interrupt} {
		if output, code := told(t, "tofu", `exec REAL "$@"`, signal, moment); code != 130 || !strings.HasSuffix(output, "\nInterrupted.\n") {
			t.Errorf("%s at %q: exit code %d\n%s", signal, moment, code, output)
		}
	}
}

func TestDemoFails(t *testing.T) {
	for name, test := range map[string]struct {
		script string
		want   []string
	}{
		"a command fails": {`[ "$2" != create.tfplan ] || exit 7; exec REAL "$@"`, []string{"create.tfplan ended with exit code 7 instead of 0"}},
		"nothing happens": {`[ "$2" != create.tfplan ] || exit 0; exec REAL "$@"`, []string{"this does not hold: AWS holds the configured values"}},
		"another plan":    {`[ "$1" != plan ] || set "$@" -refresh-only; exec REAL "$@"`, []string{`the plan does not say "2 to add`}},
		"values leak": {
			`REAL "$@"; [ "$1" != destroy ] || { printf %s "$TF_VAR_webhook_token" > terraform.tfstate.backup; echo "$ROBOTO_API_KEY" >&2; }`,
			[]string{"module/terraform.tfstate.backup holds the second token", "destroy.output holds the API key"},
		},
		"nothing is logged": {`unset TF_LOG; exec REAL "$@"`, []string{"no .log is left, so the search proves nothing"}},
	} {
		t.Run(name, func(t *testing.T) {
			// One without actions, whose invocations take a minute.
			output, code := told(t, "terraform", `[ "$1" != version ] || exec echo "Terraform v1.11.1"; `+test.script, nil, "")
			for _, want := range append(test.want, "\nFailed: ") {
				if code != 1 || !strings.Contains(output, want) {
					t.Errorf("exit code %d, want 1 and %q:\n%s", code, want, output)
				}
			}
		})
	}
}
