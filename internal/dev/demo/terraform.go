// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terraformcli"
)

//go:embed module/main.tf
var module []byte

// terraform is a workspace that keeps all that its runs leave behind.
type terraform struct {
	*terraformcli.Workspace
	// records is where output, logs and states of each run go.
	records string
	// variables are the module's input, in the form of the environment.
	variables []string
	runs      int
}

// prepareTerraform lays everything out in dir, the newly built provider included.
func prepareTerraform(ctx context.Context, executable, dir string, providerEnv []string) (*terraform, error) {
	mirror, err := terraformcli.BuildMirror(ctx, filepath.Join(dir, "mirror"))
	if err != nil {
		return nil, err
	}
	work := filepath.Join(dir, "work")
	workspace, err := terraformcli.NewWorkspace(work, executable, mirror, append(providerEnv, "TF_LOG=TRACE")...)
	if err != nil {
		return nil, err
	}
	records := filepath.Join(work, "records")
	return &terraform{Workspace: workspace, records: records}, errors.Join(
		os.MkdirAll(records, 0o700),
		workspace.Write("main.tf", string(module)),
	)
}

// run runs Terraform and returns its standard output. Another exit code than
// wanted is an error, which quotes Terraform.
func (t *terraform) run(ctx context.Context, wantCode int, args ...string) (string, error) {
	t.runs++
	record := filepath.Join(t.records, fmt.Sprintf("%02d-%s", t.runs, args[0]))
	result, err := t.Run(ctx, append(t.variables, "TF_LOG_PATH="+record+".trace.log"), args...)
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if err != nil {
		return "", err
	}
	err = errors.Join(
		os.WriteFile(record+".stdout", result.Stdout, 0o600),
		os.WriteFile(record+".stderr", result.Stderr, 0o600),
		t.copyState(record+".tfstate"),
	)
	if err != nil {
		return "", err
	}
	if result.ExitCode != wantCode {
		return "", fmt.Errorf("terraform %s ended with exit code %d instead of %d:\n\n%s", strings.Join(args, " "), result.ExitCode, wantCode, result.Output())
	}
	return string(result.Stdout), nil
}

// copyState keeps the state as it is now; later runs replace it.
func (t *terraform) copyState(to string) error {
	state, err := os.ReadFile(filepath.Join(t.Dir, "terraform.tfstate"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return os.WriteFile(to, state, 0o600) //nolint:gosec // a path of our own
}

func (t *terraform) version(ctx context.Context) (string, error) {
	output, err := t.run(ctx, 0, "version", "-json")
	if err != nil {
		return "", err
	}
	var version struct {
		Terraform string `json:"terraform_version"`
	}
	if err := json.Unmarshal([]byte(output), &version); err != nil {
		return "", fmt.Errorf("reading terraform version: %w", err)
	}
	return version.Terraform, nil
}

// secrets are the attributes of the module's secrets, by resource address.
type secrets map[string]struct {
	Name      string `json:"name"`
	URI       string `json:"uri"`
	VersionID string `json:"version_id"`
}

// show reads a saved plan, or the state if plan is "".
func (t *terraform) show(ctx context.Context, plan string) (secrets, error) {
	args := []string{"show", "-json"}
	if plan != "" {
		args = append(args, plan)
	}
	output, err := t.run(ctx, 0, args...)
	if err != nil {
		return nil, err
	}
	type values struct {
		RootModule struct {
			Resources []struct {
				Address string          `json:"address"`
				Values  json.RawMessage `json:"values"`
			} `json:"resources"`
		} `json:"root_module"`
	}
	var shown struct {
		Values        values `json:"values"`
		PlannedValues values `json:"planned_values"`
	}
	if err := json.Unmarshal([]byte(output), &shown); err != nil {
		return nil, fmt.Errorf("reading terraform show: %w", err)
	}
	found := secrets{}
	for _, resource := range append(shown.Values.RootModule.Resources, shown.PlannedValues.RootModule.Resources...) {
		attributes := found[resource.Address]
		if err := json.Unmarshal(resource.Values, &attributes); err != nil {
			return nil, fmt.Errorf("reading terraform show: %w", err)
		}
		found[resource.Address] = attributes
	}
	return found, nil
}
