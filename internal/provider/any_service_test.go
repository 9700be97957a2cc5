// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"crypto/rand"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/roboto-ai/terraform-provider-roboto/internal/settings"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
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
	e.prefix = "terraform-acceptance-" + strings.ToLower(rand.Text()[:8]) + "-"
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
	config, _, err := settings.Resolve(settings.Explicit{}, env)
	if err != nil {
		t.Fatal(err)
	}
	org, err := settings.DefaultOrgID(settings.Explicit{}, env)
	if err != nil || org == "" || config.APIKey.IsEmpty() {
		t.Fatalf("with TF_ACC=1, set ROBOTO_API_KEY, and ROBOTO_ORG_ID to an organization for tests (%v)", err)
	}
	home, err := env.UserHomeDir()
	if err != nil {
		t.Fatal(err)
	}
	e := &environment{Machine: protocol.Machine{Vars: map[string]string{}, Home: home}, t: t, org: org, named: map[string]bool{}}
	for _, variable := range variables {
		name, value, _ := strings.Cut(variable, "=")
		e.Vars[name] = value
	}
	e.others = &realClient{t: t, config: config, org: org}
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
