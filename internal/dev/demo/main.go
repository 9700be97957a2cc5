// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// Command demo shows the provider at work: real Terraform or OpenTofu manages secrets of a
// Roboto that is embedded in this process. story.go is what it tells. Every claim is checked, and
// at the end all that is left is searched for the values. The exit code is 0 if every check held,
// 130 after an interrupt, otherwise 1.
//
//	go run ./internal/dev/demo
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/dev/command"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/leaks"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terraformcli"
)

// demo is one run of it. After the first error, nothing is done or told.
type demo struct {
	ctx       context.Context
	err       error
	dir       string
	name      string // terraform or tofu
	release   terraformcli.Release
	workspace *terraformcli.Workspace
	roboto    *robototest.Server
	runs      int
	printed   string // the beginning of a line of Terraform's

	configured map[string]string // values by the name of the secret
	variables  []string
	written    []leaks.Needle // all values that Terraform was to write
	foreign    leaks.Needle   // the one that it was not
}

func main() {
	keep := flag.Bool("keep", false, "keep the temporary directory with the module, states, plans and logs")
	flag.Parse()
	command.Main(func(ctx context.Context) error { return tell(ctx, *keep) })
}

func tell(ctx context.Context, keep bool) (err error) {
	start := time.Now()
	d := &demo{ctx: ctx}
	if d.dir, err = os.MkdirTemp("", "roboto-demo-"); err != nil {
		return err
	}
	d.say("Files      %s, deleted at the end unless you add -keep", d.dir)
	if !keep {
		defer func() { err = errors.Join(err, os.RemoveAll(d.dir)) }()
	}
	executable, err := find(ctx)
	if err != nil {
		return err
	}
	d.name = strings.TrimSuffix(filepath.Base(executable), ".exe")
	if d.release, err = terraformcli.Identify(ctx, executable); err != nil {
		return err
	}
	d.say("Terraform  %s, %s", executable, d.release.Version)
	if d.roboto, err = robototest.New(robototest.Options{}); err != nil {
		return err
	}
	defer d.roboto.Close()
	d.say("Roboto     embedded, %s", d.roboto.Endpoint())
	d.say("AWS        embedded, %s", d.roboto.SecretsManagerEndpoint())
	d.say("Provider   being built. The first time, this takes minutes, and go names what it compiles.")
	mirror, err := terraformcli.BuildMirror(ctx, filepath.Join(d.dir, "mirror"), "-v")
	if err != nil {
		return err
	}
	if d.workspace, err = terraformcli.NewWorkspace(filepath.Join(d.dir, "work"), executable, mirror, append(d.roboto.Env(), "TF_LOG=TRACE")...); err != nil {
		return err
	}
	d.story()
	d.search()
	d.chapter(fmt.Sprintf("Done in %.0f s. Next:", time.Since(start).Seconds()),
		"Read the module                internal/dev/demo/main.tf",
		"See states, plans and logs     go run ./internal/dev/demo -keep",
		"Write a secret of your own     docs/guides/first-secret.md",
		"Try more without an account    CONTRIBUTING.md, Trying the provider by hand")
	return d.err
}

// find takes what is on the PATH, Terraform first.
func find(ctx context.Context) (string, error) {
	for _, name := range []string{"terraform", "tofu"} {
		if path, err := exec.LookPath(name); err == nil {
			return filepath.Abs(path)
		}
	}
	_, _ = fmt.Fprintln(os.Stdout, "  Neither terraform nor tofu is on the PATH: taking the Terraform of an earlier run, or downloading it.")
	return terraformcli.Find(ctx)
}

func (d *demo) say(format string, args ...any) {
	if d.err == nil {
		_, _ = fmt.Fprintf(os.Stdout, "  "+format+"\n", args...)
	}
}

func (d *demo) chapter(heading string, lines ...string) {
	if d.err == nil {
		_, _ = fmt.Fprintf(os.Stdout, "\n%s\n", heading)
	}
	for _, line := range lines {
		d.say("%s", line)
	}
}

func (d *demo) check(claim string, holds bool) {
	switch {
	case d.err != nil:
	case holds:
		d.say("✓ %s", claim)
	default:
		d.err = fmt.Errorf("this does not hold: %s", claim)
	}
}

// essential lines of Terraform's output say what happens to which secret and to its main
// attributes, count the changes, or tell how an action gets on.
var essential = regexp.MustCompile(`^  # \S+ (will|must) be .*|^      [+~] (uri|value_wo|value_wo_version|version_id) .*|^Plan: .*|^No changes\. .*|^(Apply|Destroy) complete! .*|Invocation \S+ of .*`)

// Write shows the essential lines, while Terraform prints them.
func (d *demo) Write(text []byte) (int, error) {
	lines := strings.Split(d.printed+string(text), "\n")
	d.printed = lines[len(lines)-1]
	for _, line := range lines[:len(lines)-1] {
		if found := essential.FindString(line); found != "" {
			d.say("  %s", strings.TrimRight(found, "\r"))
		}
	}
	return len(text), nil
}

// run runs Terraform, shows the essence of its output, or all of an error that has to come, and
// keeps what the run leaves behind. What is in show is for the search alone.
func (d *demo) run(exitCode int, args ...string) string {
	if d.err != nil {
		return ""
	}
	d.workspace.Watch = nil
	if args[0] != "show" {
		d.say("$ %s %s", d.name, strings.Join(args, " "))
		d.workspace.Watch = d
	}
	d.runs++
	record := filepath.Join(d.dir, "work", fmt.Sprintf("%02d-%s", d.runs, args[0]))
	result, err := d.workspace.Expect(d.ctx, exitCode, append(d.variables, "TF_LOG_PATH="+record+".log"), args...)
	if d.err = err; err != nil {
		return ""
	}
	if exitCode != 0 {
		d.say("  %s", strings.ReplaceAll(strings.TrimSpace(string(result.Stderr)), "\n", "\n    "))
	}
	// Later runs replace the state.
	d.err = errors.Join(os.WriteFile(record+".output", []byte(result.Output()), 0o600), os.WriteFile(record+".tfstate", d.state(), 0o600))
	return string(result.Stdout)
}

func (d *demo) state() []byte {
	state, _ := os.ReadFile(filepath.Join(d.workspace.Dir, "terraform.tfstate")) // the first apply makes it
	return state
}
