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
	"sync/atomic"
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

// state is the secrets in the state, by their resource's name, with their status.
func (tf *terraform) state() map[string]fields {
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

const (
	callerPrincipal = "user:caller@example.com"
	otherPrincipal  = "user:somebody@example.com"
	successorValue  = "the value of the successor"
)

var (
	bareSecret     = fields{"name": "db"}
	comparedFields = fields{"name": "db", "value_wo": canary}
	rotatedSecret  = fields{"name": "db", "value_wo": canary + "2", "value_wo_version": "2"}
	renamedSecret  = fields{"name": "cache", "value_wo": canary, "value_wo_version": "1"}
)

// says checks that an error or a warning has each of the words.
func says(t *testing.T, said error, words ...string) {
	t.Helper()
	text := fmt.Sprint(said)
	missing := slices.DeleteFunc(slices.Clone(words), func(word string) bool { return strings.Contains(text, word) })
	if len(missing) > 0 {
		t.Errorf("%q is not in: %s", missing, text)
	}
}

// origin is what an error about a record "db" has to say of it.
func origin(record robototest.Record) []string {
	return []string{record.CreatedBy, record.Created.Format("2006-01-02T15:04:05"), "import {", `id = "db@og_test"`}
}

// untouched checks that a secret is as somebody left it; the value "" is none.
func untouched(t *testing.T, server *robototest.Server, record robototest.Record, value string) {
	t.Helper()
	got, _ := server.Record(record.OrgID, record.Name)
	if diff := cmp.Diff(record, got); diff != "" {
		t.Errorf("the record was changed (-before +now):\n%s", diff)
	}
	now, _, _ := server.Value(record.OrgID, record.Name)
	if versions := server.Versions(record.OrgID, record.Name); now != value || len(versions) > 1 {
		t.Errorf("the value is %q, the last of %d; want %q alone", now, len(versions), value)
	}
}

// disagreement is what state and service say differently of a secret, which is to have a value. At most so
// many versions may be stored; 0 says that version_id may be that of another one.
func disagreement(c *protocol.Core, value any, versions int) error {
	orgID, name := fmt.Sprint(c.State["org_id"]), fmt.Sprint(c.State["name"])
	record, _ := c.Roboto.Record(orgID, name)
	stored, versionID, _ := c.Roboto.Value(orgID, name)
	n := len(c.Roboto.Versions(orgID, name))
	switch {
	case c.State == nil || c.Tainted:
		return fmt.Errorf("the secret is not in the state, or tainted: %v", c.State)
	case c.State["arn"] != record.ARN:
		return fmt.Errorf("the ARN of %s is %v, the service has %q", name, c.State["arn"], record.ARN)
	case stored != value:
		return fmt.Errorf("the stored value of %s is %q, want %q", name, stored, value)
	case versions > 0 && c.State["version_id"] != versionID:
		return fmt.Errorf("version_id of %s is %v, the service has %q", name, c.State["version_id"], versionID)
	case versions > 0 && n > versions:
		return fmt.Errorf("%d versions of %s were written, at most %d are right", n, name, versions)
	}
	return nil
}

// before runs a step when the first request of the operation comes in.
func before(server *robototest.Server, operation robototest.Operation, step func()) {
	var once sync.Once
	server.Inject(robototest.Fault{Operation: operation, Match: func(robototest.Request) bool {
		once.Do(step)
		return false
	}})
}

// takeOverWhenFree takes the name "db" over in the moment in which it is free, before the client has the
// answer to its request. Of is nil before the name may be taken, and once it is.
func takeOverWhenFree(of *atomic.Pointer[robototest.Server]) {
	if server := of.Load(); server != nil {
		if _, exists := server.Record(robototest.DefaultOrg, "db"); !exists && of.CompareAndSwap(server, nil) {
			takeOver(server)
		}
	}
}

// handOn gives the name "db" to another secret, which was created at another time.
func handOn(server *robototest.Server) {
	time.Sleep(time.Second)
	takeOver(server)
}

func takeOver(server *robototest.Server) {
	server.DeleteSecret(robototest.DefaultOrg, "db")
	server.AddSecret(robototest.DefaultOrg, "db")
	server.SetValue(robototest.DefaultOrg, "db", successorValue)
}

func successorIsSafe(server *robototest.Server) error {
	value, _, _ := server.Value(robototest.DefaultOrg, "db")
	if versions := server.Versions(robototest.DefaultOrg, "db"); value != successorValue || len(versions) != 1 {
		return fmt.Errorf("the successor has %d versions, the last one %q", len(versions), value)
	}
	return nil
}

// secretBlock is a secret at an address, whose value names the address.
func secretBlock(address, name string) string {
	return fmt.Sprintf("resource \"roboto_secret\" %q {\n  name             = %q\n  value_wo         = \"the value of %[1]s\"\n"+
		"  value_wo_version = \"1\"\n}\n\n", address, name)
}

// recordJSON is an answer that shows a record.
func recordJSON(r robototest.Record) string {
	return fmt.Sprintf(`{"data":{"name":%q,"org_id":%q,"store_type":"aws","location":{"store_type":"aws","arn":%q},`+
		`"created":%q,"created_by":%q,"modified":%[4]q,"modified_by":%q,"last_used":null}}`,
		r.Name, r.OrgID, r.ARN, r.Created.Format(time.RFC3339Nano), r.CreatedBy, r.ModifiedBy)
}
