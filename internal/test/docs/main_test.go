// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// Package docs_test runs what the documentation shows: the examples and the
// README's commands, with the real terraform against the embedded Roboto. It also
// checks the links.
package docs_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terraformcli"
)

const (
	repository = "../../.."
	testOrg    = "og_acme"
	never      = 1 << 30
)

// terraform is the executable under test, with the providers that it installs.
var terraform struct {
	path string
	terraformcli.Release
	terraformcli.Mirror
}

// TestMain is also the entry of the stand-ins for other providers: Terraform
// starts this very executable under their names.
func TestMain(m *testing.M) {
	if strings.HasPrefix(filepath.Base(os.Args[0]), "terraform-provider-") {
		opts := providerserver.ServeOpts{Address: "registry.terraform.io/stand/in"}
		err := providerserver.Serve(context.Background(), func() provider.Provider { return standIns{} }, opts)
		fmt.Fprintln(os.Stderr, "the stand-in has ended:", err)
		return
	}
	dir, err := os.MkdirTemp("", "docs-test-")
	if err == nil {
		err = prepareTerraform(context.Background(), dir)
	}
	code := 1
	if err == nil {
		code = m.Run()
	} else {
		fmt.Fprintln(os.Stderr, err)
	}
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// prepareTerraform finds terraform and lays out a filesystem mirror with the
// provider and the stand-ins, so that terraform init works offline and as users run it.
func prepareTerraform(ctx context.Context, dir string) (err error) {
	if terraform.path, err = terraformcli.Find(ctx); err != nil {
		return err
	}
	if terraform.Release, err = terraformcli.Identify(ctx, terraform.path); err != nil {
		return err
	}
	if terraform.Mirror, err = terraformcli.BuildMirror(ctx, dir); err != nil {
		return err
	}
	self, err := os.Executable()
	for source, version := range map[string]string{
		"hashicorp/random":      "3.7.0",
		"cyrilgdn/postgresql":   "1.26.0",
		"hashicorp/kubernetes":  "3.2.1",
		"hashicorp/time":        "0.14.2",
		"hashicorp/vault":       "5.0.0",
		"hashicorp/aws":         "6.0.0",
		"1password/onepassword": "3.3.1",
		"carlpett/sops":         "1.3.0",
	} {
		link := func(place string) error { return os.Symlink(self, place) }
		err = errors.Join(err, terraformcli.AddProvider(dir, source, version, link))
	}
	return err
}

// features are what not every Terraform has, with the minor versions of Terraform and OpenTofu, 1.x,
// that brought it. Those of the table under "Requirements" in templates/index.md.tmpl have the same
// numbers there.
var features = map[string]struct{ terraform, opentofu int }{
	"functions":           {8, 7},
	"removed-blocks":      {7, 10},
	"ephemeral-resources": {10, 11},
	"write-only":          {11, 11},
	"override-in-plan":    {11, never},
	"import-by-identity":  {12, 12},
	"query":               {14, never},
	"actions":             {14, never},
	"import-in-modules":   {16, never},
	"destroy-false":       {16, 12},
	"caller-in-actions":   {16, never},
	"store":               {16, never}, // of terraform_data
	"optional-ephemeral":  {16, 11},    // variables in tests
	"mocked-ephemeral":    {17, 11},    // resources
	"opentofu":            {never, 0},
}

// has tells whether the terraform at hand has a feature, or is version:NUMBER.
func has(name string) (bool, error) {
	if version, ok := strings.CutPrefix(name, "version:"); ok {
		return terraform.Version == version, nil
	}
	feature, ok := features[name]
	switch {
	case !ok:
		return false, fmt.Errorf("no feature is called %s", name)
	case terraform.OpenTofu:
		return terraform.Minor >= feature.opentofu, nil
	}
	return terraform.Minor >= feature.terraform, nil
}
