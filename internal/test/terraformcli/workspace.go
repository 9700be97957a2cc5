// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package terraformcli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"
)

const (
	providerPackage = "github.com/roboto-ai/terraform-provider-roboto"
	providerAddress = "registry.terraform.io/roboto-ai/roboto"
	// ProviderVersion is that of every provider that a Mirror builds.
	ProviderVersion = "0.1.0"

	// interruptGrace is how long an interrupted child may take to end by itself: the
	// provider cleans up behind a create that it cannot finish.
	interruptGrace = 45 * time.Second
)

// Mirror is a filesystem mirror with the provider, from which
// Terraform installs it offline and in the ordinary way
// (https://developer.hashicorp.com/terraform/cli/config/config-file#filesystem_mirror).
type Mirror struct {
	dir string
}

// OpenMirror is a mirror that is there already.
func OpenMirror(dir string) Mirror { return Mirror{dir: dir} }

// BuildMirror builds the provider into dir, with further arguments for go build.
// It works wherever in the module the process was started.
func BuildMirror(ctx context.Context, dir string, buildArgs ...string) (Mirror, error) {
	binary := filepath.Join(dir, filepath.FromSlash(providerAddress), ProviderVersion,
		runtime.GOOS+"_"+runtime.GOARCH, "terraform-provider-roboto_v"+ProviderVersion)
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	args := append([]string{"build", "-trimpath", "-buildvcs=false"}, buildArgs...)
	build := command(ctx, "go", append(args, "-o", binary, providerPackage)...)
	output, err := build.CombinedOutput()
	reap(build)
	if err != nil {
		return Mirror{}, fmt.Errorf("building the provider: %w\n%s", err, output)
	}
	return Mirror{dir: dir}, nil
}

// Workspace is a directory in which a real Terraform runs with the provider of a
// Mirror and with nothing of the user's own set-up for Terraform, Roboto or AWS.
type Workspace struct {
	// Dir is the module's directory.
	Dir string

	executable string
	env        []string
}

// NewWorkspace lays out a workspace below root. env are further variables, in the
// form of os.Environ; of several of one name the last one counts.
func NewWorkspace(root, executable string, mirror Mirror, env ...string) (*Workspace, error) {
	path := func(name string) string { return filepath.Join(root, name) }
	for _, name := range []string{"home", "tmp", "module"} {
		if err := os.MkdirAll(path(name), 0o700); err != nil {
			return nil, err
		}
	}
	config := fmt.Sprintf("disable_checkpoint = true\nprovider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", filepath.ToSlash(mirror.dir))
	if err := os.WriteFile(path("terraform.rc"), []byte(config), 0o600); err != nil {
		return nil, err
	}
	return &Workspace{
		Dir:        path("module"),
		executable: executable,
		env: append([]string{
			"PATH=" + os.Getenv("PATH"),
			"HOME=" + path("home"),
			"TMPDIR=" + path("tmp"),
			"TF_CLI_CONFIG_FILE=" + path("terraform.rc"),
			"TF_CLI_ARGS=-no-color",
			"TF_INPUT=0",
			"TF_IN_AUTOMATION=1",
		}, env...),
	}, nil
}

// Write puts a file into the module.
func (w *Workspace) Write(name, content string) error {
	return os.WriteFile(filepath.Join(w.Dir, name), []byte(content), 0o600)
}

// Result is what a run of Terraform left.
type Result struct {
	ExitCode       int
	Stdout, Stderr []byte
	// CPU is what Terraform and the providers that it started used.
	CPU time.Duration
}

// Output is both streams, for messages.
func (r Result) Output() string { return string(r.Stdout) + string(r.Stderr) }

// Run runs Terraform in the module, with further variables of the environment.
// An exit code other than 0 is no error. When ctx ends, Terraform is interrupted as
// by Ctrl-C, and killed if that does not end it soon.
func (w *Workspace) Run(ctx context.Context, env []string, args ...string) (Result, error) {
	var stdout, stderr bytes.Buffer
	cmd := command(ctx, w.executable, args...)
	cmd.Dir = w.Dir
	cmd.Env = append(append(cmd.Env, w.env...), env...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	reap(cmd)
	result := Result{Stdout: stdout.Bytes(), Stderr: stderr.Bytes(), ExitCode: -1}
	if cmd.ProcessState != nil {
		result.ExitCode = cmd.ProcessState.ExitCode()
		result.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited && ctx.Err() == nil {
		return result, fmt.Errorf("running terraform %s: %w", args[0], err)
	}
	return result, nil
}

// Terraform is Run for what has to succeed.
func (w *Workspace) Terraform(ctx context.Context, args ...string) (string, error) {
	result, err := w.Run(ctx, nil, args...)
	if err == nil && result.ExitCode != 0 {
		err = fmt.Errorf("terraform %s ended with exit code %d:\n\n%s", args[0], result.ExitCode, result.Output())
	}
	return string(result.Stdout), err
}

// command is one that ends with ctx: by an interrupt, and if that does not help
// soon, by force.
func command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...) //nolint:gosec // a developer's tool runs what it found
	cmd.WaitDelay = interruptGrace
	isolate(cmd)
	return cmd
}
