// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

//go:build unix

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terraformcli"
)

// TestUnreadLog has Terraform start a script in the provider's place, which keeps
// what the provider writes to stderr.
func TestUnreadLog(t *testing.T) {
	terraform, err := terraformcli.Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	mirror, err := terraformcli.BuildMirror(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(t.TempDir(), "provider.log")
	recordStderr(t, mirror.Executable, log)

	for _, test := range []struct {
		env     string
		written bool
	}{
		{"TF_LOG=", false},
		{"TF_LOG_CORE=TRACE", false},
		{"TF_LOG=TRACE", true},
		{"TF_LOG_PROVIDER=TRACE", true},
	} {
		t.Run(test.env, func(t *testing.T) {
			workspace, err := terraformcli.NewWorkspace(terraformcli.TempDir(t), terraform, mirror)
			if err != nil {
				t.Fatal(err)
			}
			if err := workspace.Init(t.Context(), `
terraform {
  required_providers {
    roboto = { source = "roboto-ai/roboto" }
  }
}

provider "roboto" {
  endpoint     = "http://127.0.0.1:1"
  api_key      = "refused"
  max_attempts = 1
}

data "roboto_secret" "this" {
  name   = "unreachable"
  org_id = "og_1"
}
`); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(log, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			result, err := workspace.Run(t.Context(), []string{test.env}, "plan")
			if err != nil || !strings.Contains(result.Output(), `"unreachable"`) {
				t.Fatalf("no error about the secret, %v:\n%s", err, result.Output())
			}
			content, err := os.ReadFile(log)
			if err != nil {
				t.Fatal(err)
			}
			for _, module := range []string{"sdk.proto", "sdk.framework", "roboto"} {
				if written := strings.Contains(string(content), `"@module":"`+module+`"`); written != test.written {
					t.Errorf("log of %s written: %t, want %t:\n%s", module, written, test.written, content)
				}
			}
		})
	}
}

// recordStderr puts a script in the executable's place. The script runs the
// executable and appends what that writes to stderr to a file.
func recordStderr(t *testing.T, executable, file string) {
	t.Helper()
	provider := filepath.Join(t.TempDir(), "provider")
	if err := os.Rename(executable, provider); err != nil {
		t.Fatal(err)
	}
	script := fmt.Sprintf("#!/bin/sh\nexec '%s' \"$@\" 2>>'%s'\n", provider, file)
	if err := os.WriteFile(executable, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
}
