// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"context"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

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
	executable, err := terraformcli.Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	mirror, err := buildMirror()
	if err != nil {
		t.Fatal(err)
	}
	// What /proc says of a process is free of symbolic links.
	root, err := filepath.EvalSymlinks(terraformcli.TempDir(t))
	if err != nil {
		t.Fatal(err)
	}
	// An answer that is held back must not end by itself.
	env := append(server.Env(), "ROBOTO_DEFAULT_HTTP_TIMEOUT=3600")
	workspace, err := terraformcli.NewWorkspace(root, executable, mirror, env...)
	if err != nil {
		t.Fatal(err)
	}
	tf := &terraform{Workspace: workspace, t: t, roboto: server}
	tf.configure(config)
	tf.succeeds("init")
	return tf
}

func (tf *terraform) configure(config string) {
	tf.t.Helper()
	if err := tf.Write("main.tf", requiredProviders+config); err != nil {
		tf.t.Fatal(err)
	}
}

func (tf *terraform) succeeds(args ...string) {
	tf.t.Helper()
	if _, err := tf.Terraform(tf.t.Context(), args...); err != nil {
		tf.t.Fatal(err)
	}
}

// fails returns the output of a run that has to end by itself with an error that
// says each of the words.
func (tf *terraform) fails(ctx context.Context, args []string, words ...string) string {
	tf.t.Helper()
	result, err := tf.Run(ctx, nil, args...)
	if err != nil {
		tf.t.Fatal(err)
	}
	output := result.Output()
	if result.ExitCode != 1 {
		tf.t.Fatalf("terraform %s ended with exit code %d instead of 1:\n\n%s", args[0], result.ExitCode, output)
	}
	for _, text := range words {
		if !strings.Contains(strings.Join(strings.Fields(output), " "), text) {
			tf.t.Errorf("terraform %s does not say %q:\n\n%s", args[0], text, output)
		}
	}
	return output
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
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		tf.t.Fatal(err)
	}
	var file struct {
		Resources []struct {
			Mode, Type, Name string
			Instances        []struct {
				Status, Deposed string
				Attributes      json.RawMessage
			}
		}
	}
	if err := json.Unmarshal(content, &file); err != nil {
		tf.t.Fatal(err)
	}
	secrets := map[string]managed{}
	for _, resource := range file.Resources {
		if resource.Mode != "managed" || resource.Type != "roboto_secret" {
			continue
		}
		for _, instance := range resource.Instances {
			if _, twice := secrets[resource.Name]; twice || instance.Deposed != "" {
				tf.t.Errorf("the state holds roboto_secret.%s more than once", resource.Name)
			}
			secret := managed{tainted: instance.Status == "tainted"}
			if err := json.Unmarshal(instance.Attributes, &secret); err != nil {
				tf.t.Fatal(err)
			}
			secrets[resource.Name] = secret
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
	for name, secret := range tf.state() {
		record, exists := tf.roboto.Record(secret.OrgID, secret.Name)
		value, versionID, _ := tf.roboto.Value(secret.OrgID, secret.Name)
		switch {
		case secret.tainted:
			tf.t.Errorf("roboto_secret.%s is tainted", name)
		case !exists || secret.ARN != record.ARN:
			tf.t.Errorf("roboto_secret.%s has the ARN %q, the service %q", name, secret.ARN, record.ARN)
		case value != values[name]:
			tf.t.Errorf("roboto_secret.%s has the value %q, want %q", name, value, values[name])
		case secret.VersionID == nil || *secret.VersionID != versionID:
			tf.t.Errorf("roboto_secret.%s has the version %v, the service %q", name, secret.VersionID, versionID)
		}
		if n := len(tf.roboto.Versions(secret.OrgID, secret.Name)); n != 1 {
			tf.t.Errorf("%d versions of roboto_secret.%s were written, want 1", n, name)
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
