// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

//go:build unix

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terraformcli"
)

// TestUnreadLog has Terraform start a script in the provider's place, which keeps what the provider writes to stderr.
func TestUnreadLog(t *testing.T) {
	terraform, findErr := terraformcli.Find(t.Context())
	mirror, mirrorErr := terraformcli.BuildMirror(t.Context(), t.TempDir())
	workspace, err := terraformcli.NewWorkspace(terraformcli.TempDir(t), terraform, mirror)
	if err := errors.Join(findErr, mirrorErr, err); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	provider, log := filepath.Join(dir, "provider"), filepath.Join(dir, "provider.log")
	script := fmt.Sprintf("#!/bin/sh\nexec '%s' \"$@\" 2>>'%s'\n", provider, log)
	if err := errors.Join(
		os.Rename(mirror.Executable, provider),
		os.WriteFile(mirror.Executable, []byte(script), 0o700),
		workspace.Init(t.Context(), `
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
`)); err != nil {
		t.Fatal(err)
	}
	for env, want := range map[string]bool{"TF_LOG=": false, "TF_LOG_CORE=TRACE": false, "TF_LOG=TRACE": true, "TF_LOG_PROVIDER=TRACE": true} {
		t.Run(env, func(t *testing.T) {
			truncateErr := os.WriteFile(log, nil, 0o600)
			result, err := workspace.Run(t.Context(), []string{env}, "plan")
			content, readErr := os.ReadFile(log)
			if err := errors.Join(truncateErr, err, readErr); err != nil || !strings.Contains(result.Output(), `"unreachable"`) {
				t.Fatalf("no error about the secret, %v:\n%s", err, result.Output())
			}
			for _, module := range []string{"sdk.proto", "sdk.framework", "roboto"} {
				if written := strings.Contains(string(content), `"@module":"`+module+`"`); written != want {
					t.Errorf("log of %s written: %t, want %t:\n%s", module, written, want, content)
				}
			}
		})
	}
}
