// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package lives

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terraformcli"
)

// terraform is a real Terraform with a real provider.
type terraform struct {
	*terraformcli.Workspace
	t      *testing.T
	roboto *robototest.Server
	latest terraformcli.Result
	// running is the run under way.
	running atomic.Pointer[run]
}

// run is one of Terraform.
type run struct {
	end   context.CancelCauseFunc
	ended chan struct{}
}

// newTerraform is used for one life after the other.
func newTerraform(t *testing.T) *terraform {
	t.Helper()
	executable, err := terraformcli.Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	mirror, err := terraformcli.BuildMirror(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	workspace, err := terraformcli.NewWorkspace(terraformcli.TempDir(t), executable, mirror)
	if err != nil {
		t.Fatal(err)
	}
	if err := workspace.Init(t.Context(), module(edit{})); err != nil {
		t.Fatal(err)
	}
	return &terraform{Workspace: workspace, t: t}
}

// live lives a life with real Terraform, in real time.
func (tf *terraform) live(l life) *wrong {
	w, err := newWorld(robototest.Options{}, func() {})
	if err != nil {
		tf.t.Fatal(err)
	}
	defer w.roboto.Close()
	tf.roboto = w.roboto
	w.core = tf
	if err := os.Remove(tf.statePath()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		tf.t.Fatal(err)
	}
	return w.live(l)
}

// module has settings that end quickly what does not succeed.
func module(config edit) string {
	const settings = `terraform {
  required_providers {
    roboto = {
      source = "roboto-ai/roboto"
    }
  }
}

provider "roboto" {
  request_timeout = "5s"
  max_attempts    = 3
}
`
	if config.Name == "" {
		return settings
	}
	lines := []string{settings, `resource "roboto_secret" "test" {`}
	for name, value := range fields(config) {
		lines = append(lines, fmt.Sprintf("  %s = %#v", name, value))
	}
	return strings.Join(append(lines, "}\n"), "\n")
}

func (tf *terraform) run(args ...string) (exitCode int, err error) {
	ctx, end := context.WithCancelCause(tf.t.Context())
	defer end(nil)
	r := &run{end, make(chan struct{})}
	tf.running.Store(r)
	defer close(r.ended)
	tf.latest, err = tf.Run(ctx, tf.roboto.Env(), args...)
	if err != nil {
		tf.t.Fatal(err)
	}
	switch tf.latest.ExitCode {
	case terraformcli.NothingToDo, terraformcli.Changes:
	default:
		// Terraform breaks the lines.
		err = errors.New(strings.Join(strings.Fields(string(tf.latest.Stderr)), " "))
	}
	return tf.latest.ExitCode, err
}

func (tf *terraform) Apply(config edit) error {
	if err := tf.Write("main.tf", module(config)); err != nil {
		tf.t.Fatal(err)
	}
	_, err := tf.run("apply", "-auto-approve")
	return err
}

func (tf *terraform) PlanIsEmpty(edit) (bool, error) {
	exitCode, err := tf.run("plan", "-detailed-exitcode")
	return exitCode == terraformcli.NothingToDo, err
}

func (tf *terraform) Import(name string) error {
	if state, _ := tf.State(); state != nil {
		if _, err := tf.run("state", "rm", "roboto_secret.test"); err != nil {
			return err
		}
	}
	_, err := tf.run("import", "roboto_secret.test", name)
	return err
}

func (tf *terraform) Interrupt() { tf.running.Load().end(nil) }

func (tf *terraform) Kill() {
	r := tf.running.Load()
	r.end(terraformcli.ErrKilled)
	<-r.ended
}

func (tf *terraform) statePath() string { return filepath.Join(tf.Dir, "terraform.tfstate") }

func (tf *terraform) State() (state map[string]any, tainted bool) {
	content, err := os.ReadFile(tf.statePath())
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(content) == 0 { // to lock it, Terraform makes an empty one
		return nil, false
	}
	var file struct {
		Resources []struct {
			Instances []struct {
				Status     string
				Attributes map[string]any
			}
		}
	}
	if err == nil {
		err = json.Unmarshal(content, &file)
	}
	if err != nil {
		tf.t.Fatal(err)
	}
	for _, resource := range file.Resources {
		for _, instance := range resource.Instances {
			return instance.Attributes, instance.Status == "tainted"
		}
	}
	return nil, false
}

func (tf *terraform) Kept() string {
	kept := tf.latest.Output()
	files, err := filepath.Glob(filepath.Join(tf.Dir, "terraform.tfstate*"))
	if err != nil {
		tf.t.Fatal(err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			tf.t.Fatal(err)
		}
		kept += string(content)
	}
	return kept
}
