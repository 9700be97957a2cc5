// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// Command demo shows the provider at work: the real Terraform manages secrets of
// a Roboto that is embedded in this process. Every step is checked, and at the end
// everything that Terraform and the provider left behind is searched for the
// secret values. The exit code is 0 if all went as told, 130 after an interrupt,
// otherwise 1.
//
//	go run ./internal/dev/demo
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terraformcli"
)

func main() {
	keep := flag.Bool("keep", false, "keep the temporary directory with the module, states, plans and logs")
	flag.Parse()

	// Output that nobody reads any more must not keep the demo from cleaning up; nor may
	// a second signal, since cleaning up is bounded in time.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := demo(ctx, newScreen(os.Stdout), *keep)
	stop()
	os.Exit(exitCode(err, os.Stderr))
}

// exitCode reports err on w.
func exitCode(err error, w io.Writer) int {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, context.Canceled):
		_, _ = fmt.Fprintln(w, "\nInterrupted.")
		return 130
	}
	_, _ = fmt.Fprintf(w, "\nThe demo failed: %v\n", err)
	return 1
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
		return orInterrupt(ctx, err)
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
	terraform, err := prepareTerraform(ctx, executable, dir, []string{
		"ROBOTO_API_KEY=" + roboto.APIKey(),
		"ROBOTO_SERVICE_ENDPOINT=" + roboto.Endpoint(),
		"AWS_ENDPOINT_URL_SECRETS_MANAGER=" + roboto.SecretsManagerEndpoint(),
	})
	if err != nil {
		return orInterrupt(ctx, err)
	}
	version, err := terraform.version(ctx)
	if err != nil {
		return orInterrupt(ctx, err)
	}
	out.fact("Terraform", version+", "+executable)

	s := &story{out: out, terraform: terraform, roboto: roboto}
	if err := s.tell(ctx); err != nil {
		return orInterrupt(ctx, err)
	}
	if err := s.search(); err != nil {
		return err
	}
	out.line("")
	out.line("Done in %.0f s.", time.Since(start).Seconds())
	return nil
}

// orInterrupt is for errors of work that an interrupt ends.
func orInterrupt(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}
