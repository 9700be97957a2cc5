// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/roboto-ai/terraform-provider-roboto/internal/settings"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/wire"
)

// otherClient works on the same secrets as Terraform does, and not through the provider.
type otherClient interface {
	create(name string)
	// remove does nothing if there is no such secret.
	remove(name string)
	// write returns the new version's ID.
	write(name, value string) string
	// read returns "" for no value.
	read(name string) (value, versionID string)
	exists(name string) bool
}

// anyService is an embedded Roboto, or, with TF_ACC=1, the one that the process's environment leads
// to, in the organization that ROBOTO_ORG_ID names. The tests that begin with it are the
// same for both, so they inject no faults. Only an embedded one counts requests.
func anyService(t *testing.T) *environment {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Parallel()
	}
	return anyOtherService(t)
}

// anyOtherService is one more for the same test.
func anyOtherService(t *testing.T) *environment {
	t.Helper()
	var e *environment
	if os.Getenv("TF_ACC") == "" {
		e = anotherEnvironment(t, robototest.Options{})
	} else {
		e = realService(t, settings.OSEnvironment(), os.Environ())
	}
	e.prefix = wire.NewPrefix()
	t.Cleanup(func() {
		for name := range e.named {
			e.others.remove(name)
		}
	})
	return e
}

// anyImportService has a secret that Terraform does not know.
func anyImportService(t *testing.T) *environment {
	t.Helper()
	e := anyService(t)
	e.addSecrets("db")
	e.setValue("db", "value")
	return e
}

// realService is what the variables lead to.
func realService(t *testing.T, env settings.Environment, variables []string) *environment {
	t.Helper()
	client, err := wire.FromEnvironment(env)
	if err != nil {
		t.Fatalf("with TF_ACC=1, set ROBOTO_API_KEY, and ROBOTO_ORG_ID to an organization for tests: %v", err)
	}
	home, err := env.UserHomeDir()
	if err != nil {
		t.Fatal(err)
	}
	e := &environment{Machine: protocol.Machine{Vars: map[string]string{}, Home: home}, t: t, org: client.OrgID, named: map[string]bool{}}
	for _, variable := range variables {
		name, value, _ := strings.Cut(variable, "=")
		e.Vars[name] = value
	}
	e.others = realClient{client, t}
	return e
}

// name is the full name of a secret of this test.
func (e *environment) name(short string) string {
	full := e.prefix + short
	e.named[full] = true
	return full
}

func (e *environment) uri(short string) string {
	return "roboto-secret://" + e.name(short) + "@" + e.org
}

// filled has the test's secret and organization in place of NAME and ORG.
func (e *environment) filled(text string) string {
	return strings.NewReplacer("NAME", e.name("db"), "ORG", e.org).Replace(text)
}

// secret is a configuration of one secret of this test.
func (e *environment) secret(short string, lines ...string) string {
	return secret(e.name(short), lines...)
}

func (e *environment) addSecrets(names ...string) {
	for _, name := range names {
		e.others.create(e.name(name))
	}
}

func (e *environment) deleteSecret(name string) { e.others.remove(e.name(name)) }

func (e *environment) setValue(name, value string) string { return e.others.write(e.name(name), value) }

func (e *environment) value(name string) string {
	value, _ := e.others.read(e.name(name))
	return value
}

func (e *environment) versionID() string {
	_, versionID := e.others.read(e.name("db"))
	return versionID
}

// isDestroyed fails if Roboto has a secret that Terraform has destroyed.
func (e *environment) isDestroyed(state *terraform.State) error {
	for address, r := range state.RootModule().Resources {
		if name := r.Primary.Attributes["name"]; strings.HasPrefix(address, typeSecret+".") && r.Primary.Attributes["org_id"] == e.org && e.others.exists(name) {
			return fmt.Errorf("%s is still there", name)
		}
	}
	return nil
}

// resetCounts forgets the requests so far.
func (e *environment) resetCounts() {
	if e.roboto != nil {
		e.roboto.ResetRequests()
	}
}

// count checks the requests of an embedded Roboto. A real one does not count, and so passes.
func (e *environment) count(op robototest.Operation, want int) error {
	if e.roboto == nil {
		return nil
	}
	if got := e.roboto.Count(op); got != want {
		return fmt.Errorf("%d requests for %s, want %d", got, op, want)
	}
	return nil
}

func (e *environment) wantCount(op robototest.Operation, want int) {
	e.t.Helper()
	if err := e.count(op, want); err != nil {
		e.t.Error(err)
	}
}

// embeddedClient works in the test organization of an embedded Roboto.
type embeddedClient struct {
	roboto *robototest.Server
}

func (s embeddedClient) create(name string) { s.roboto.AddSecret(testOrg, name) }

func (s embeddedClient) remove(name string) { s.roboto.DeleteSecret(testOrg, name) }

func (s embeddedClient) write(name, value string) string {
	return s.roboto.SetValue(testOrg, name, value)
}

func (s embeddedClient) read(name string) (value, versionID string) {
	value, versionID, _ = s.roboto.Value(testOrg, name)
	return value, versionID
}

func (s embeddedClient) exists(name string) bool {
	_, ok := s.roboto.Record(testOrg, name)
	return ok
}

// realClient works at a real Roboto, also when a test's own context has ended.
type realClient struct {
	*wire.Client
	t *testing.T
}

func (s realClient) create(name string) {
	if a, err := s.Create(context.Background(), name); err != nil || !a.OK() {
		s.t.Fatalf("creating %q: %s (%v)", name, a, err)
	}
}

func (s realClient) remove(name string) {
	if a, err := s.Delete(context.Background(), name); (err != nil || !a.OK()) && s.exists(name) {
		s.t.Errorf("deleting %q: %s (%v)", name, a, err)
	}
}

func (s realClient) write(name, value string) string {
	return s.aws(name, "PutSecretValue", wire.Object{"SecretString": value, "ClientRequestToken": wire.NewToken()}).Text("VersionId")
}

func (s realClient) read(name string) (value, versionID string) {
	current := s.aws(name, "GetSecretValue", wire.Object{})
	return current.Text("SecretString"), current.Text("VersionId")
}

func (s realClient) exists(name string) bool {
	a, err := s.Get(context.Background(), name)
	if err != nil || !a.OK() && a.Code() != "RobotoNotFoundException" {
		s.t.Fatalf("asking for %q: %s (%v)", name, a, err)
	}
	return a.OK()
}

// aws asks with Roboto's credentials, whose permissions may lag behind a create.
func (s realClient) aws(name, operation string, input wire.Object) wire.Object {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	creds, err := s.Credentials(ctx, name)
	if err != nil || !creds.OK() {
		s.t.Fatalf("asking for the credentials of %q: %s (%v)", name, creds, err)
	}
	for {
		a, err := s.AWS(ctx, creds.Access(), operation, input)
		switch {
		case err == nil && a.OK():
			return a.Output()
		case a.Code() == "ResourceNotFoundException": // no value
			return nil
		case a.Code() != "AccessDeniedException" || wire.Sleep(ctx, time.Second) != nil:
			s.t.Fatalf("AWS, about %q: %s (%v)", name, a, err)
		}
	}
}

// TestRealClient works at an embedded Roboto as at a real one.
func TestRealClient(t *testing.T) {
	embedded := newEnvironment(t)
	embedded.Vars["ROBOTO_ORG_ID"] = testOrg
	e := realService(t, settings.Environment{Getenv: func(name string) string { return embedded.Vars[name] }, UserHomeDir: os.UserHomeDir}, nil)
	e.prefix = wire.NewPrefix()
	name := e.name("a b/ü?")
	for range 2 {
		e.addSecrets("a b/ü?")
		if value, versionID := e.others.read(name); value != "" || versionID != "" {
			t.Errorf("read %q, version %s, before a write", value, versionID)
		}
		written := e.setValue("a b/ü?", "first")
		value, versionID := e.others.read(name)
		if own, ownID := embedded.others.read(name); value != "first" || own != value || written != versionID || ownID != versionID {
			t.Errorf("wrote version %s, read %q, version %s; Roboto has %q, version %s", written, value, versionID, own, ownID)
		}
		if !e.others.exists(name) || e.others.exists(e.name("a b")) {
			t.Error("it sees other secrets")
		}
		e.deleteSecret("a b/ü?")
		e.deleteSecret("a b/ü?")
		if e.others.exists(name) || embedded.others.exists(name) {
			t.Error("it is still there")
		}
	}
	embedded.wantCount(robototest.Unknown, 0)
}
