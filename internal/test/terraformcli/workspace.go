// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package terraformcli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	// NothingToDo is an exit code of terraform plan -detailed-exitcode.
	NothingToDo = 0

	// interruptGrace is how long an interrupted child may take to end by itself: the
	// provider cleans up behind a create that it cannot finish.
	interruptGrace = 45 * time.Second
)

// Mirror is a filesystem mirror with the provider, from which
// Terraform installs it offline and in the ordinary way
// (https://developer.hashicorp.com/terraform/cli/config/config-file#filesystem_mirror).
type Mirror struct {
	dir string
	// Executable is the provider's path, empty in a mirror of archives.
	Executable string
}

// OpenMirror is a mirror that is there already.
func OpenMirror(dir string) Mirror { return Mirror{dir: dir} }

// AddProvider adds a provider to the mirror in dir, once for Terraform and once for OpenTofu: put
// puts the executable in its place.
func AddProvider(dir, source, version string, put func(place string) error) error {
	for _, host := range []string{"registry.terraform.io", "registry.opentofu.org"} {
		folder := filepath.Join(dir, host, source, version, runtime.GOOS+"_"+runtime.GOARCH)
		name := "terraform-provider-" + path.Base(source) + "_v" + version
		if runtime.GOOS == "windows" {
			name += ".exe"
		}
		if err := errors.Join(os.MkdirAll(folder, 0o750), put(filepath.Join(folder, name))); err != nil {
			return err
		}
	}
	return nil
}

// BuildMirror builds the provider into dir, with further arguments for go build: with -v, go
// names each package that it compiles on this process's standard error. It works wherever in
// the module the process was started.
func BuildMirror(ctx context.Context, dir string, buildArgs ...string) (Mirror, error) {
	build := &Workspace{executable: "go", env: os.Environ()}
	if slices.Contains(buildArgs, "-v") {
		build.watchErrors = os.Stderr
	}
	mirror := Mirror{dir: dir}
	err := AddProvider(dir, "roboto-ai/roboto", "0.1.0", func(place string) error {
		if mirror.Executable != "" {
			return os.Link(mirror.Executable, place)
		}
		mirror.Executable = place
		args := slices.Concat([]string{"build", "-trimpath", "-buildvcs=false"}, buildArgs,
			[]string{"-o", place, "github.com/roboto-ai/terraform-provider-roboto"})
		_, err := build.Expect(ctx, 0, nil, args...)
		return err
	})
	return mirror, err
}

// Workspace is a directory in which a real Terraform runs with the provider of a
// Mirror and with nothing of the user's own set-up for Terraform, Roboto or AWS.
type Workspace struct {
	// Dir is the module's directory.
	Dir string
	// Watch, if there is one, gets the standard output of each run too, while it is written.
	Watch io.Writer

	watchErrors io.Writer // the same for standard error
	executable  string
	env         []string
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

// TempDir is a root for the workspace of a test. Its path is short, unlike that of t.TempDir:
// the socket between Terraform and the provider lies below it, and the path of a socket must
// not be longer than 104 bytes.
func TempDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "tf") //nolint:usetesting // its path is too long
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// Write puts a file into the module.
func (w *Workspace) Write(name, content string) error {
	return os.WriteFile(filepath.Join(w.Dir, name), []byte(content), 0o600)
}

// Init makes main.tf the module and initializes it.
func (w *Workspace) Init(ctx context.Context, main string) error {
	if err := w.Write("main.tf", main); err != nil {
		return err
	}
	_, err := w.Terraform(ctx, "init")
	return err
}

// Result is what a run of Terraform left.
type Result struct {
	ExitCode       int
	Stdout, Stderr []byte
}

// Output is both streams, for messages.
func (r Result) Output() string { return string(r.Stdout) + string(r.Stderr) }

// Run runs Terraform in the module, with further variables of the environment.
// An exit code other than 0 is no error. When ctx ends, Terraform is interrupted as
// by Ctrl-C, and killed if that does not end it soon.
func (w *Workspace) Run(ctx context.Context, env []string, args ...string) (Result, error) {
	var stdout, stderr bytes.Buffer
	cmd := w.Command(ctx, env, args...)
	isolate(cmd)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if w.Watch != nil {
		cmd.Stdout = io.MultiWriter(&stdout, w.Watch)
	}
	if w.watchErrors != nil {
		cmd.Stderr = io.MultiWriter(&stderr, w.watchErrors)
	}
	err := cmd.Run()
	reap(cmd)
	result := Result{Stdout: stdout.Bytes(), Stderr: stderr.Bytes(), ExitCode: -1}
	if cmd.ProcessState != nil {
		result.ExitCode = cmd.ProcessState.ExitCode()
	}
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited && ctx.Err() == nil {
		return result, fmt.Errorf("running %s: %w", w.executable, err)
	}
	return result, nil
}

// Command is what Run runs, for whoever has a terminal for it.
func (w *Workspace) Command(ctx context.Context, env []string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, w.executable, args...) //nolint:gosec // a developer's tool runs what it found
	cmd.Dir = w.Dir
	cmd.Env = slices.Concat(w.env, env)
	cmd.WaitDelay = interruptGrace
	return cmd
}

// Expect is Run for what has to end with one exit code.
func (w *Workspace) Expect(ctx context.Context, exitCode int, env []string, args ...string) (Result, error) {
	result, err := w.Run(ctx, env, args...)
	switch {
	case ctx.Err() != nil:
		return result, ctx.Err()
	case err == nil && result.ExitCode != exitCode:
		err = fmt.Errorf("%s %s ended with exit code %d instead of %d:\n\n%s",
			filepath.Base(w.executable), strings.Join(args, " "), result.ExitCode, exitCode, result.Output())
	}
	return result, err
}

// Terraform is Run for what has to succeed. It returns the standard output.
func (w *Workspace) Terraform(ctx context.Context, args ...string) (string, error) {
	result, err := w.Expect(ctx, 0, nil, args...)
	return string(result.Stdout), err
}
