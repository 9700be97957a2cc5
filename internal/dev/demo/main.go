// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// Command demo shows the provider at work: the real Terraform manages secrets of
// a Roboto that is embedded in this process. The demo checks every step. At the end it
// searches everything that Terraform and the provider left behind for the secret
// values. The exit code is 0 if every check held, 130 after an interrupt, otherwise 1.
//
//	go run ./internal/dev/demo
package main

import (
	"context"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/dev/command"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terraformcli"
)

func main() {
	keep := flag.Bool("keep", false, "keep the temporary directory with the module, states, plans and logs")
	flag.Parse()

	command.Main(func(ctx context.Context) error { return demo(ctx, newScreen(os.Stdout), *keep) })
}

func demo(ctx context.Context, out *screen, keep bool) (err error) {
	start := time.Now()
	out.title("Terraform manages secrets of Roboto")
	dir, err := os.MkdirTemp("", "roboto-demo-")
	if err != nil {
		return err
	}
	if keep {
		out.fact("Files", dir)
	} else {
		out.fact("Files", dir+", deleted at the end")
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	if _, err := exec.LookPath("terraform"); err != nil {
		out.fact("Terraform", "not on the PATH; taking the one of an earlier run, or downloading the latest release")
	}
	executable, err := terraformcli.Find(ctx)
	if err != nil {
		return err
	}
	roboto, err := robototest.New(robototest.Options{})
	if err != nil {
		return err
	}
	defer roboto.Close()
	out.fact("Roboto", "embedded, "+roboto.Endpoint())
	out.fact("AWS", "a Secrets Manager, embedded, "+roboto.SecretsManagerEndpoint())
	out.fact("Module", "internal/dev/demo/module/main.tf")
	out.fact("Provider", "being built from this source")
	mirror, err := terraformcli.BuildMirror(ctx, filepath.Join(dir, "mirror"))
	if err != nil {
		return err
	}
	workspace, err := terraformcli.NewWorkspace(filepath.Join(dir, "work"), executable, mirror, append(roboto.Env(), "TF_LOG=TRACE")...)
	if err != nil {
		return err
	}
	if err := workspace.Write("main.tf", module); err != nil {
		return err
	}
	release, err := terraformcli.Identify(ctx, executable)
	if err != nil {
		return err
	}
	out.fact("Terraform", release.Version+", "+executable)

	s := &story{out: out, workspace: workspace, roboto: roboto, release: release}
	if err := s.tell(ctx); err != nil {
		return err
	}
	if err := s.search(); err != nil {
		return err
	}
	out.line("")
	out.line("Done in %.0f s.", time.Since(start).Seconds())
	return nil
}
