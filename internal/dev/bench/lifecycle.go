// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	_ "embed"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terraformcli"
)

//go:embed module/main.tf
var module string

// bench is what all runs share.
type bench struct {
	// dir holds everything that the runs write.
	dir       string
	terraform string
	mirror    terraformcli.Mirror
	// provider is the executable in the mirror.
	provider string
	// measured are the lives so far, so that a promise takes its numbers from the
	// same run as the tables.
	measured map[life]map[operation]measurement
}

// life is that of so many secrets, from create to destroy.
type life struct {
	scenario   scenario
	secrets    int
	valueBytes int
	latency    time.Duration
	// createOnly is for what is only about the create.
	createOnly bool
}

func (l life) operations() []operation {
	if l.createOnly {
		return []operation{create}
	}
	return operations()
}

// measurement is what a run of Terraform took.
type measurement struct {
	requests requests
	wall     time.Duration
	// provider is the usage of the provider's processes, if it can be known here.
	provider usage
}

// live measures a life, once.
func (b *bench) live(ctx context.Context, l life) (map[operation]measurement, error) {
	if measured, ok := b.measured[l]; ok {
		return measured, nil
	}
	server, err := robototest.New(robototest.Options{PageSize: pageSize})
	if err != nil {
		return nil, err
	}
	defer server.Close()
	workspace, err := b.workspace(ctx, b.mirror,
		"ROBOTO_API_KEY="+server.APIKey(),
		"ROBOTO_ORG_ID="+robototest.DefaultOrg,
		"ROBOTO_SERVICE_ENDPOINT="+server.Endpoint(),
		"AWS_ENDPOINT_URL_SECRETS_MANAGER="+server.SecretsManagerEndpoint(),
		"TF_VAR_secrets="+strconv.Itoa(l.secrets),
		"TF_VAR_value_bytes="+strconv.Itoa(l.valueBytes),
		"TF_VAR_versions="+strconv.FormatBool(l.scenario.versions),
		"TF_VAR_bulk_refresh="+strconv.FormatBool(l.scenario.bulkRefresh),
	)
	if err != nil {
		return nil, err
	}
	server.Latency(l.latency)
	measured := map[operation]measurement{}
	for _, op := range l.operations() {
		server.ResetRequests()
		m, err := b.run(ctx, workspace, op)
		if err != nil {
			return nil, err
		}
		for _, kind := range append(robototest.Operations(), robototest.Unknown) {
			m.requests.add(kind, server.Count(kind))
		}
		if want := l.scenario.expected(op, l.secrets); !maps.Equal(m.requests, want) {
			return nil, fmt.Errorf("%q of %d secrets (%s) made the requests %v instead of %v", op, l.secrets, l.scenario.title, m.requests, want)
		}
		measured[op] = m
	}
	if violations := server.Violations(); len(violations) > 0 {
		return nil, fmt.Errorf("the provider broke the rules of the services: %v", violations)
	}
	b.measured[l] = measured
	progress(l, measured)
	return measured, nil
}

// progress tells whoever waits what was measured last.
func progress(l life, measured map[operation]measurement) {
	_, _ = fmt.Fprintf(os.Stderr, "%d secrets of %d bytes, %s, latency %s:", l.secrets, l.valueBytes, l.scenario.title, milliseconds(l.latency))
	for _, op := range l.operations() {
		_, _ = fmt.Fprintf(os.Stderr, " %s %s;", op, seconds(measured[op].wall))
	}
	_, _ = fmt.Fprintln(os.Stderr)
}

// workspace is a new one with the module, initialized.
func (b *bench) workspace(ctx context.Context, mirror terraformcli.Mirror, env ...string) (*terraformcli.Workspace, error) {
	root, err := os.MkdirTemp(b.dir, "workspace-")
	if err != nil {
		return nil, err
	}
	workspace, err := terraformcli.NewWorkspace(root, b.terraform, mirror, env...)
	if err != nil {
		return nil, err
	}
	if err := workspace.Write("main.tf", module); err != nil {
		return nil, err
	}
	_, err = workspace.Terraform(ctx, "init")
	return workspace, err
}

// run is one run of Terraform, which has to end as its operation says.
func (b *bench) run(ctx context.Context, workspace *terraformcli.Workspace, op operation) (measurement, error) {
	generation, args := "1", []string{"apply", "-auto-approve"}
	switch op {
	case create:
	case plan:
		// Exit code 2 would say that there is something to do.
		args = []string{"plan", "-detailed-exitcode"}
	case rotate:
		generation = "2"
	case destroy:
		generation, args = "2", []string{"destroy", "-auto-approve"}
	}
	args = append(args, "-parallelism="+strconv.Itoa(parallelism))
	watched := watch(b.provider)
	start := time.Now()
	result, err := workspace.Run(ctx, []string{"TF_VAR_generation=" + generation}, args...)
	m := measurement{requests: requests{}, wall: time.Since(start), provider: watched.stop()}
	switch {
	case err != nil:
		return measurement{}, err
	case ctx.Err() != nil:
		return measurement{}, ctx.Err()
	case result.ExitCode != 0:
		return measurement{}, fmt.Errorf("%q: terraform %s ended with exit code %d:\n\n%s", op, args[0], result.ExitCode, result.Output())
	}
	return m, nil
}

// executable is the only file in a mirror.
func executable(mirror string) (path string, err error) {
	// Symbolic links resolved, as in the name by which the system knows a process.
	mirror, err = filepath.EvalSymlinks(mirror)
	if err != nil {
		return "", err
	}
	err = filepath.WalkDir(mirror, func(file string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			path = file
		}
		return err
	})
	if err == nil && path == "" {
		err = fmt.Errorf("no provider in %s", mirror)
	}
	return path, err
}
