// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

const (
	// providerPackage is built wherever in the module the demo is started.
	providerPackage = "github.com/roboto-ai/terraform-provider-roboto"
	providerVersion = "0.0.1"

	// interruptGrace is how long an interrupted child may take to end by itself.
	interruptGrace = 10 * time.Second
)

//go:embed module/main.tf
var module []byte

// terraform is an executable with a module, an environment and a provider mirror
// of its own. It keeps all that its runs leave behind.
type terraform struct {
	executable string
	// module is the directory that Terraform runs in.
	module string
	// records is where output, logs and states of each run go.
	records string
	env     []string
	// variables are the module's input, in the form of the environment.
	variables []string
	runs      int
}

// prepareTerraform lays everything out in dir, the newly built provider included.
func prepareTerraform(ctx context.Context, executable, dir string, providerEnv []string) (*terraform, error) {
	path := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"home", "tmp", "mirror", "work/module", "work/records"} {
		if err := os.MkdirAll(path(name), 0o700); err != nil {
			return nil, err
		}
	}
	if err := os.WriteFile(path("work/module/main.tf"), module, 0o600); err != nil {
		return nil, err
	}
	if err := buildProvider(ctx, path("mirror"), path("tmp")); err != nil {
		return nil, err
	}
	// A mirror and nothing else: Terraform installs offline, in the ordinary way.
	config := fmt.Sprintf("disable_checkpoint = true\nprovider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", filepath.ToSlash(path("mirror")))
	if err := os.WriteFile(path("terraform.rc"), []byte(config), 0o600); err != nil {
		return nil, err
	}
	return &terraform{
		executable: executable,
		module:     path("work/module"),
		records:    path("work/records"),
		// Nothing of the user's own set-up for Terraform, Roboto or AWS.
		env: append([]string{
			"PATH=" + os.Getenv("PATH"),
			"HOME=" + path("home"),
			"TMPDIR=" + path("tmp"),
			"TF_CLI_CONFIG_FILE=" + path("terraform.rc"),
			"TF_CLI_ARGS=-no-color",
			"TF_INPUT=0",
			"TF_IN_AUTOMATION=1",
			"TF_LOG=TRACE",
		}, providerEnv...),
	}, nil
}

// buildProvider puts the provider where a filesystem mirror has it
// (https://developer.hashicorp.com/terraform/cli/config/config-file#filesystem_mirror).
func buildProvider(ctx context.Context, mirror, tmp string) error {
	binary := filepath.Join(mirror, "registry.terraform.io", "roboto-ai", "roboto", providerVersion,
		runtime.GOOS+"_"+runtime.GOARCH, "terraform-provider-roboto_v"+providerVersion)
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	build := command(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-o", binary, providerPackage)
	build.Env = append(os.Environ(), "GOTMPDIR="+tmp) // an interrupted go build leaves its files
	output, err := build.CombinedOutput()
	reap(build)
	if err != nil {
		return fmt.Errorf("building the provider: %w\n%s", err, output)
	}
	return nil
}

// command is one that ends with ctx: by an interrupt, and if that does not help
// soon, by force.
func command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...) //nolint:gosec // Terraform as found, and go
	cmd.WaitDelay = interruptGrace
	isolate(cmd)
	return cmd
}

// run runs Terraform and returns its standard output. Another exit code than
// wanted is an error, which quotes Terraform.
func (t *terraform) run(ctx context.Context, wantCode int, args ...string) (string, error) {
	t.runs++
	record := filepath.Join(t.records, fmt.Sprintf("%02d-%s", t.runs, args[0]))
	var stdout, stderr bytes.Buffer
	cmd := command(ctx, t.executable, args...)
	cmd.Dir = t.module
	cmd.Env = slices.Concat(t.env, t.variables, []string{"TF_LOG_PATH=" + record + ".trace.log"})
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	reap(cmd)
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		return "", fmt.Errorf("running terraform %s: %w", args[0], err)
	}
	err = errors.Join(
		os.WriteFile(record+".stdout", stdout.Bytes(), 0o600),
		os.WriteFile(record+".stderr", stderr.Bytes(), 0o600),
		t.copyState(record+".tfstate"),
	)
	if err != nil {
		return "", err
	}
	if code := cmd.ProcessState.ExitCode(); code != wantCode {
		return "", fmt.Errorf("terraform %s ended with exit code %d instead of %d:\n\n%s%s", strings.Join(args, " "), code, wantCode, &stdout, &stderr)
	}
	return stdout.String(), nil
}

// copyState keeps the state as it is now; later runs replace it.
func (t *terraform) copyState(to string) error {
	state, err := os.ReadFile(filepath.Join(t.module, "terraform.tfstate"))
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
