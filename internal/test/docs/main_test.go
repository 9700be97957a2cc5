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
	"runtime"
	"strings"
	"testing"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terraformcli"
)

const (
	repository = "../../.."
	testOrg    = "og_acme"
)

// terraform is the executable under test, with the providers that it installs.
var terraform struct {
	path   string
	mirror terraformcli.Mirror
	// provider is the executable of the provider.
	provider string
	terraformcli.Release
}

// TestMain is also the entry of the stand-ins for other providers: Terraform
// starts this very executable under their names.
func TestMain(m *testing.M) {
	if standIn := newStandIn(filepath.Base(os.Args[0])); standIn != nil {
		if err := standIn.serve(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "docs-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := prepareTerraform(context.Background(), dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// prepareTerraform finds terraform and lays out a filesystem mirror with the
// provider and the stand-ins, so that terraform init works offline and as users run it.
func prepareTerraform(ctx context.Context, dir string) error {
	var err error
	if terraform.path, err = terraformcli.Find(ctx); err != nil {
		return err
	}
	if terraform.Release, err = terraformcli.Identify(ctx, terraform.path); err != nil {
		return err
	}

	built, err := terraformcli.BuildMirror(ctx, filepath.Join(dir, "built"))
	if err != nil {
		return err
	}
	terraform.provider = built.Executable
	self, err := os.Executable()
	if err != nil {
		return err
	}
	mirror := filepath.Join(dir, "mirror")
	for _, p := range []struct{ source, version, executable string }{
		{"roboto-ai/roboto", terraformcli.ProviderVersion, built.Executable},
		{"hashicorp/random", "3.7.0", self},
		{"cyrilgdn/postgresql", "1.26.0", self},
		{"hashicorp/kubernetes", "3.2.1", self},
		{"hashicorp/time", "0.14.2", self},
		{"hashicorp/vault", "5.0.0", self},
		{"hashicorp/aws", "6.0.0", self},
		{"1password/onepassword", "3.3.1", self},
		{"carlpett/sops", "1.3.0", self},
	} {
		// OpenTofu has a registry of its own.
		for _, host := range []string{"registry.terraform.io", "registry.opentofu.org"} {
			place := filepath.Join(mirror, host, p.source, p.version, runtime.GOOS+"_"+runtime.GOARCH)
			name := "terraform-provider-" + filepath.Base(p.source) + "_v" + p.version
			err := errors.Join(os.MkdirAll(place, 0o750), os.Symlink(p.executable, filepath.Join(place, name)))
			if err != nil {
				return err
			}
		}
	}
	terraform.mirror = terraformcli.OpenMirror(mirror)
	return nil
}

// feature is something that not every Terraform has, with the minor versions of
// Terraform and OpenTofu, 1.x, that brought it. These are the numbers of the table
// under "Requirements" in templates/index.md.tmpl.
type feature struct {
	name                string
	terraform, opentofu int
}

const never = 1 << 30

var (
	always           = feature{"functions and everything older", 8, 7}
	ephemeralValues  = feature{"ephemeral resources", 10, 11}
	writeOnly        = feature{"write-only arguments", 11, 11}
	identity         = feature{"import by identity", 12, 12}
	overrideInPlan   = feature{"override_during = plan", 11, never}
	query            = feature{"terraform query", 14, never}
	actions          = feature{"actions", 14, never}
	removedLifecycle = feature{"removed blocks with a lifecycle", 7, 10}
)

// need skips the test, audibly, if the terraform at hand lacks a feature.
func need(t *testing.T, f feature) {
	t.Helper()
	if terraform.OpenTofu && f.opentofu == never {
		t.Skipf("skipped: OpenTofu 1.12 does not have %s", f.name)
	}
	if !has(f) {
		t.Skipf("skipped: %s came later than version 1.%d", f.name, terraform.Minor)
	}
}

// has tells whether the terraform at hand has a feature.
func has(f feature) bool {
	if terraform.OpenTofu {
		return terraform.Minor >= f.opentofu
	}
	return terraform.Minor >= f.terraform
}

// workspace is one with a copy of the examples beside it, and a Roboto of its own.
type workspace struct {
	*terraformcli.Workspace
	t      *testing.T
	roboto *robototest.Server
	// root is where the copy of examples/ is.
	root string
	// env are further variables of the environment.
	env map[string]string
}

func newWorkspace(t *testing.T, orgs ...string) *workspace {
	t.Helper()
	if len(orgs) == 0 {
		orgs = []string{testOrg}
	}
	server := robototest.Start(t, robototest.Options{Orgs: orgs})
	root := terraformcli.TempDir(t)
	if err := os.CopyFS(filepath.Join(root, "examples"), os.DirFS(filepath.Join(repository, "examples"))); err != nil {
		t.Fatal(err)
	}
	base, err := terraformcli.NewWorkspace(root, terraform.path, terraform.mirror)
	if err != nil {
		t.Fatal(err)
	}
	w := &workspace{Workspace: base, t: t, roboto: server, root: root, env: map[string]string{
		"PATH": filepath.Dir(terraform.path) + string(os.PathListSeparator) + os.Getenv("PATH"),
	}}
	for _, variable := range server.Env() {
		name, value, _ := strings.Cut(variable, "=")
		w.env[name] = value
	}
	return w
}

// use copies examples into the directory where commands run.
func (w *workspace) use(patterns ...string) {
	w.t.Helper()
	for _, pattern := range patterns {
		files, err := filepath.Glob(filepath.Join(w.root, "examples", pattern))
		if err != nil || len(files) == 0 {
			w.t.Fatalf("no example matches %q (%v)", pattern, err)
		}
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				w.t.Fatal(err)
			}
			// The two functions' examples have the same name.
			name := strings.ReplaceAll(strings.TrimPrefix(file, filepath.Join(w.root, "examples")+string(filepath.Separator)), string(filepath.Separator), "_")
			w.write(name, string(content))
		}
	}
}

func (w *workspace) write(name, content string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.Dir, name), []byte(content), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// read returns a file where commands run.
func (w *workspace) read(name string) string {
	w.t.Helper()
	content, err := os.ReadFile(filepath.Join(w.Dir, name))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(content)
}

// replace changes one text in a file where commands run.
func (w *workspace) replace(name, old, replacement string) {
	w.t.Helper()
	content := w.read(name)
	if strings.Count(content, old) != 1 {
		w.t.Fatalf("%q is not in %s exactly once", old, name)
	}
	w.write(name, strings.Replace(content, old, replacement, 1))
}

// terraform runs a subcommand, which has to exit with the code, and returns what it printed.
func (w *workspace) terraform(exitCode int, args ...string) string {
	w.t.Helper()
	return w.command(exitCode, terraform.path, args...)
}

func (w *workspace) command(exitCode int, name string, args ...string) string {
	w.t.Helper()
	result, err := w.With(name).Expect(w.t.Context(), exitCode, w.environ(), args...)
	if err != nil {
		w.t.Fatal(err)
	}
	return result.Output()
}

func (w *workspace) environ() []string {
	var env []string
	for name, value := range w.env {
		env = append(env, name+"="+value)
	}
	return env
}

func (w *workspace) init() {
	w.t.Helper()
	w.terraform(0, "init", "-input=false")
}

func (w *workspace) apply() string {
	w.t.Helper()
	return w.terraform(0, "apply", "-input=false", "-auto-approve")
}

// settled fails if a plan after an apply has anything to do.
func (w *workspace) settled() {
	w.t.Helper()
	w.terraform(0, "plan", "-input=false", "-detailed-exitcode")
}

func (w *workspace) wantValue(orgID, name, want string) {
	w.t.Helper()
	if got, _, _ := w.roboto.Value(orgID, name); got != want {
		w.t.Errorf("the value of %s in %s is %q, want %q", name, orgID, got, want)
	}
}

// contains fails if the text is not in what a command printed, whatever the line
// breaks that Terraform put into it.
func (w *workspace) contains(printed, text string) {
	w.t.Helper()
	unwrapped := strings.Join(strings.FieldsFunc(printed, func(r rune) bool { return strings.ContainsRune(" \n│╵╷", r) }), " ")
	if !strings.Contains(unwrapped, text) {
		w.t.Errorf("%q is not in\n%s", text, printed)
	}
}
