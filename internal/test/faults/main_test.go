// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// Package faults holds the tests of what the provider does when services and
// networks misbehave: each call with each fault, and what one more apply makes
// of it.
package faults

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terraformcli"
)

// fields are a configuration.
type fields = protocol.Fields

// versionedSecret is a secret with a value and a version.
var versionedSecret = fields{"name": "db", "value_wo": canary, "value_wo_version": "1"}

// inBubble runs a test in fake time, with a Roboto in memory.
func inBubble(t *testing.T, test func(t *testing.T, server *robototest.Server, c *protocol.Core)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server := robototest.Start(t, robototest.Options{InMemory: true})
		test(t, server, protocol.NewCore(t, server))
	})
}

// mirrorDir is where the provider is built for those tests that run Terraform.
var mirrorDir string

func TestMain(m *testing.M) {
	var err error
	if mirrorDir, err = os.MkdirTemp("", "faults-"); err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(mirrorDir) }()
	m.Run()
}

var buildMirror = sync.OnceValues(func() (terraformcli.Mirror, error) {
	return terraformcli.BuildMirror(context.Background(), mirrorDir)
})

const requiredProviders = "terraform {\n  required_providers {\n    roboto = {\n      source = \"roboto-ai/roboto\"\n    }\n  }\n}\n\n"

// terraform is a real Terraform with a real provider process, in a module of its own.
type terraform struct {
	*terraformcli.Workspace
	t      *testing.T
	roboto *robototest.Server
}

// newTerraform starts with a configuration.
func newTerraform(t *testing.T, server *robototest.Server, config string) *terraform {
	t.Helper()
	tf := &terraform{t: t, roboto: server}
	executable, err := terraformcli.Find(t.Context())
	tf.must(err)
	mirror, err := buildMirror()
	tf.must(err)
	// An answer that is held back must not end by itself.
	env := append(server.Env(), "ROBOTO_DEFAULT_HTTP_TIMEOUT=3600")
	tf.Workspace, err = terraformcli.NewWorkspace(terraformcli.TempDir(t), executable, mirror, env...)
	tf.must(err)
	tf.configure(config)
	tf.succeeds("init")
	return tf
}

func (tf *terraform) must(err error) {
	tf.t.Helper()
	if err != nil {
		tf.t.Fatal(err)
	}
}

func (tf *terraform) configure(config string) {
	tf.t.Helper()
	tf.must(tf.Write("main.tf", requiredProviders+config))
}

// runs is what a run with further variables says, on one line, and whether it succeeded.
func (tf *terraform) runs(env []string, args ...string) (said string, ok bool) {
	tf.t.Helper()
	result, err := tf.Run(tf.t.Context(), env, args...)
	tf.must(err)
	return oneLine(strings.ReplaceAll(result.Output(), "│", " ")), result.ExitCode == 0
}

func (tf *terraform) succeeds(args ...string) {
	tf.t.Helper()
	if said, ok := tf.runs(nil, args...); !ok {
		tf.t.Fatalf("terraform %q fails: %s", args, said)
	}
}

// fails is what a run says that has to fail with each of the words.
func (tf *terraform) fails(args []string, words ...string) string {
	tf.t.Helper()
	said, ok := tf.runs(nil, args...)
	if ok {
		tf.t.Errorf("terraform %q succeeds", args)
	}
	says(tf.t, errors.New(said), words...)
	return said
}

// failsHeld is fails for an answer that is held back: once its request has
// arrived, meanwhile runs beside Terraform.
func (tf *terraform) failsHeld(arrived <-chan struct{}, meanwhile func(interrupt func()), args []string, words ...string) {
	tf.t.Helper()
	ctx, interrupt := context.WithCancel(tf.t.Context())
	defer interrupt()
	var group sync.WaitGroup
	ended := make(chan struct{})
	group.Go(func() {
		select {
		case <-arrived:
			meanwhile(interrupt)
		case <-ended:
			tf.t.Error("the request never came")
		}
	})
	defer group.Wait()
	defer close(ended)
	tf.fails(ctx, args, words...)
}

// hold keeps an answer back until the client goes away. Arrived is closed when the request comes in.
func (tf *terraform) hold(fault robototest.Fault) (arrived <-chan struct{}) {
	fault.Delay, fault.Times = time.Hour, 1
	came := make(chan struct{})
	var seen atomic.Int64
	fault.Match = func(robototest.Request) bool {
		if seen.Add(1) == int64(fault.Skip)+1 {
			close(came)
		}
		return true
	}
	tf.roboto.Inject(fault)
	return came
}

// managed is a secret as the state has it.
type managed struct {
	Name           string  `json:"name"`
	OrgID          string  `json:"org_id"`
	ARN            string  `json:"arn"`
	VersionID      *string `json:"version_id"`
	ValueWOVersion *string `json:"value_wo_version"`
	tainted        bool
}

// state is the secrets in the state, by their resource's name.
func (tf *terraform) state() map[string]managed {
	tf.t.Helper()
	content, err := os.ReadFile(filepath.Join(tf.Dir, "terraform.tfstate"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	var file struct {
		Resources []struct {
			Type, Name string
			Instances  []struct {
				Status, Deposed string
				Attributes      fields
			}
		}
	}
	tf.must(errors.Join(err, json.Unmarshal(content, &file)))
	secrets := map[string]fields{}
	for _, resource := range file.Resources {
		for _, instance := range resource.Instances {
			if _, twice := secrets[resource.Name]; twice || instance.Deposed != "" {
				tf.t.Errorf("the state holds %s.%s more than once", resource.Type, resource.Name)
			}
			if resource.Type == protocol.TypeSecret {
				secrets[resource.Name] = instance.Attributes
				secrets[resource.Name]["status"] = instance.Status
			}
		}
	}
	return secrets
}

// holds checks which secrets the state has.
func (tf *terraform) holds(resources ...string) {
	tf.t.Helper()
	if got := slices.Sorted(maps.Keys(tf.state())); !slices.Equal(got, resources) {
		tf.t.Errorf("the state holds %q, want %q", got, resources)
	}
}

// endsRight checks that nothing is left to do and that state and service agree:
// these values by resource, each written once.
func (tf *terraform) endsRight(values map[string]string) {
	tf.t.Helper()
	tf.succeeds("plan", "-detailed-exitcode")
	tf.holds(slices.Sorted(maps.Keys(values))...)
	for resource, secret := range tf.state() {
		orgID, name := fmt.Sprint(secret["org_id"]), fmt.Sprint(secret["name"])
		record, _ := tf.roboto.Record(orgID, name)
		value, versionID, _ := tf.roboto.Value(orgID, name)
		want := []any{"", record.ARN, versionID, values[resource], 1}
		got := []any{secret["status"], secret["arn"], secret["version_id"], value, len(tf.roboto.Versions(orgID, name))}
		if diff := cmp.Diff(want, got); diff != "" {
			tf.t.Errorf("status, ARN, version, value and number of versions of roboto_secret.%s (-want +got):\n%s", resource, diff)
		}
	}
}

// recordNames are the names of the records in the default organization, sorted.
func recordNames(server *robototest.Server) []string {
	var names []string
	for _, record := range server.Records(robototest.DefaultOrg) {
		names = append(names, record.Name)
	}
	slices.Sort(names)
	return names
}
