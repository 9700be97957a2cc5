// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terraformcli"
)

const secretName = "release-check"

// module takes the version: Terraform installs a prerelease only if asked for exactly it.
const module = `
terraform {
  required_version = ">= 1.11.1" # for write-only arguments, and variables that are both ephemeral and sensitive

  required_providers {
    roboto = {
      source  = "roboto-ai/roboto"
      version = %q
    }
  }
}

variable "value" {
  type      = string
  ephemeral = true
  sensitive = true
}

resource "roboto_secret" "this" {
  name             = "` + secretName + `"
  value_wo         = var.value
  value_wo_version = "1"
}
`

// install lets Terraform install the provider from a mirror in dir and manage a
// secret with it.
func install(ctx context.Context, out report, dir, executable string, s snapshot) error {
	mirror := filepath.Join(dir, "mirror")
	if err := s.layOut(mirror); err != nil {
		return err
	}
	roboto, err := robototest.New(robototest.Options{})
	if err != nil {
		return err
	}
	defer roboto.Close()
	value := rand.Text()
	workspace, err := terraformcli.NewWorkspace(filepath.Join(dir, "work"), executable, terraformcli.OpenMirror(mirror),
		append(roboto.Env(), "TF_VAR_value="+value)...)
	if err != nil {
		return err
	}
	if err := workspace.Init(ctx, fmt.Sprintf(module, s.version)); err != nil {
		return err
	}
	if err := lock(ctx, workspace, mirror, s); err != nil {
		return err
	}
	out.verified("terraform init writes a lock file, and init -lockfile=readonly agrees with it")
	if err := manage(ctx, workspace, roboto, value); err != nil {
		return err
	}
	out.verified("plan, apply, plan without changes, destroy, against the embedded Roboto")
	if err := verifyRunningVersion(roboto.Requests(), s.version); err != nil {
		return err
	}
	out.verified("the provider calls itself version %s", s.version)
	return nil
}

// layOut copies the archives into a mirror of the packed layout
// (https://developer.hashicorp.com/terraform/cli/config/config-file#filesystem_mirror).
func (s snapshot) layOut(mirror string) error {
	dir := filepath.Join(mirror, filepath.FromSlash(terraformcli.ProviderAddress))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, p := range s.platforms {
		archive, err := os.ReadFile(s.path(string(p) + ".zip"))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, s.name(string(p)+".zip")), archive, 0o600); err != nil { //nolint:gosec // a path of our own
			return err
		}
	}
	return nil
}

// lock writes the hashes of all archives into the lock file, and then installs the
// provider once more by that file.
func lock(ctx context.Context, workspace *terraformcli.Workspace, mirror string, s snapshot) error {
	lockAll := []string{"providers", "lock", "-fs-mirror=" + mirror}
	for _, p := range s.platforms {
		lockAll = append(lockAll, "-platform="+string(p))
	}
	if _, err := workspace.Terraform(ctx, lockAll...); err != nil {
		return err
	}
	locked, err := os.ReadFile(filepath.Join(workspace.Dir, ".terraform.lock.hcl"))
	if err != nil {
		return err
	}
	if n := bytes.Count(locked, []byte(`"h1:`)); n != len(s.platforms) {
		return fmt.Errorf("the lock file has hashes of %d archives instead of %d:\n%s", n, len(s.platforms), locked)
	}
	if err := os.RemoveAll(filepath.Join(workspace.Dir, ".terraform")); err != nil {
		return err
	}
	_, err = workspace.Terraform(ctx, "init", "-lockfile=readonly")
	return err
}

// manage takes a secret through its life.
func manage(ctx context.Context, workspace *terraformcli.Workspace, roboto *robototest.Server, value string) error {
	if _, err := workspace.Expect(ctx, terraformcli.Changes, nil, "plan", "-detailed-exitcode", "-out=create.tfplan"); err != nil {
		return err
	}
	if _, err := workspace.Terraform(ctx, "apply", "create.tfplan"); err != nil {
		return err
	}
	if stored, _, _ := roboto.Value(robototest.DefaultOrg, secretName); stored != value {
		return errors.New("apply did not write the value")
	}
	if _, err := workspace.Expect(ctx, terraformcli.NothingToDo, nil, "plan", "-detailed-exitcode"); err != nil {
		return err
	}
	if _, err := workspace.Terraform(ctx, "destroy", "-auto-approve"); err != nil {
		return err
	}
	if len(roboto.Records(robototest.DefaultOrg)) > 0 {
		return errors.New("destroy left the secret behind")
	}
	if violations := roboto.Violations(); len(violations) > 0 {
		return fmt.Errorf("the embedded services objected:\n  %s", strings.Join(violations, "\n  "))
	}
	return nil
}

// verifyRunningVersion checks the version that the provider tells Roboto: the one
// that the linker set.
func verifyRunningVersion(requests []robototest.Request, version string) error {
	want, told := project+"/"+version, false
	for _, request := range requests {
		if request.AWS() {
			continue
		}
		if got := request.Header.Get("User-Agent"); got != want {
			return fmt.Errorf("the provider calls itself %q, want %q", got, want)
		}
		told = true
	}
	if !told {
		return errors.New("the provider sent Roboto no request, so its version is not known")
	}
	return nil
}
