// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/echoprovider"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/roboto-ai/terraform-provider-roboto/internal/settings"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terraformcli"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/wire"
)

// TestMain makes terraform-plugin-testing use the terraform that the rest of the
// project uses.
func TestMain(m *testing.M) {
	path, err := terraformcli.Find(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	// A developer's own set-up, such as dev_overrides, is none of the tests' business.
	_ = os.Unsetenv("TF_CLI_CONFIG_FILE")
	if err := os.Setenv("TF_ACC_TERRAFORM_PATH", path); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// What the tests at protocol level speak of.
type (
	fields   = protocol.Fields
	instance = protocol.Instance
	outcome  = protocol.Outcome
)

const (
	testOrg     = "og_test"
	address     = "roboto_secret.test"
	typeSecret  = protocol.TypeSecret
	typeSecrets = protocol.TypeSecrets
)

var (
	unknown      = protocol.Unknown
	identityOfDB = fields{"name": "db", "org_id": testOrg}
)

// environment is a machine with a Roboto of its own.
type environment struct {
	protocol.Machine
	t *testing.T
	// roboto is nil for a real one.
	roboto *robototest.Server
	// client works on the same secrets as Terraform does, and not through the provider.
	client *wire.Client
	// prefix begins the names of the test's secrets, and named are all so far.
	prefix string
	named  map[string]bool
}

// newEnvironment has an embedded Roboto. It also lets the test run beside others.
func newEnvironment(t *testing.T, options ...robototest.Options) *environment {
	t.Helper()
	t.Parallel()
	server := robototest.Start(t, append(options, robototest.Options{})[0])
	e := &environment{Machine: protocol.NewMachine(server), t: t, roboto: server, named: map[string]bool{}, client: &wire.Client{
		Endpoint: server.Endpoint(), SecretsManagerEndpoint: server.SecretsManagerEndpoint(), APIKey: server.APIKey(), OrgID: testOrg, Timeout: time.Minute,
	}}
	e.Home = t.TempDir()
	return e
}

// anyService is an embedded Roboto, or, with TF_ACC=1, the one that the process's environment leads
// to, in the organization that ROBOTO_ORG_ID names. The tests that begin with it are the
// same for both, so they inject no faults and count no requests.
func anyService(t *testing.T) *environment {
	t.Helper()
	e := &environment{t: t, named: map[string]bool{}}
	if os.Getenv("TF_ACC") == "" {
		e = newEnvironment(t)
	} else {
		var err error
		if e.client, err = wire.FromEnvironment(settings.OSEnvironment()); err != nil {
			t.Fatalf("with TF_ACC=1, set ROBOTO_API_KEY, and ROBOTO_ORG_ID to an organization for tests: %v", err)
		}
		e.Vars = map[string]string{}
		for _, variable := range os.Environ() {
			name, value, _ := strings.Cut(variable, "=")
			e.Vars[name] = value
		}
		e.Home, _ = os.UserHomeDir() // which the key may not need
	}
	e.prefix = wire.NewPrefix()
	t.Cleanup(func() {
		for name := range e.named {
			if a, err := e.client.Delete(context.Background(), name); (err != nil || !a.OK()) && e.exists(name) {
				t.Errorf("deleting %q: %s (%v)", name, a, err)
			}
		}
	})
	return e
}

// with returns a copy with another variable; an empty text unsets it.
func (e *environment) with(variable, text string) *environment {
	changed := *e
	changed.Vars = maps.Clone(e.Vars)
	changed.Vars[variable] = text
	return &changed
}

// in returns the same environment for a subtest.
func (e *environment) in(t *testing.T) *environment {
	same := *e
	same.t = t
	return &same
}

// protocol starts a provider with the settings.
func (e *environment) protocol(settings fields) *protocol.Provider {
	e.t.Helper()
	p := protocol.Start(e.t, e.Server())
	p.Succeeds(p.Configure(settings))
	return p
}

func (e *environment) wantCount(op robototest.Operation, want int) {
	e.t.Helper()
	if got := e.roboto.Count(op); got != want {
		e.t.Errorf("%d requests for %s, want %d", got, op, want)
	}
}

// wantRequests checks how many requests there were in all.
func (e *environment) wantRequests(want int) {
	e.t.Helper()
	if got := len(e.roboto.Requests()); got != want {
		e.t.Errorf("%d requests were made, want %d", got, want)
	}
}

// run drives the real terraform through the steps. In the end it destroys all, which the test has named.
func (e *environment) run(steps ...resource.TestStep) {
	e.t.Helper()
	e.runCase(resource.TestCase{Steps: steps, CheckDestroy: func(*terraform.State) error {
		for name := range e.named {
			if e.exists(name) {
				return fmt.Errorf("%s is still there", name)
			}
		}
		return nil
	}})
}

func (e *environment) runCase(c resource.TestCase) {
	e.t.Helper()
	c.ProtoV6ProviderFactories = map[string]func() (tfprotov6.ProviderServer, error){
		"roboto": func() (tfprotov6.ProviderServer, error) { return e.Server(), nil },
		"echo":   echoprovider.NewProviderServer(),
	}
	resource.UnitTest(e.t, c)
}

// secret is a configuration of one secret of this test, with the given further lines.
func (e *environment) secret(short string, lines ...string) string {
	return fmt.Sprintf("resource \"roboto_secret\" \"test\" {\n  name = %q\n  %s\n}\n", e.name(short), strings.Join(lines, "\n  "))
}

// beforeApply makes checks of a plan, and emptyPlan wants nothing to do.
func beforeApply(checks ...plancheck.PlanCheck) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: checks}
}

func emptyPlan() resource.ConfigPlanChecks { return beforeApply(plancheck.ExpectEmptyPlan()) }

// planCheck happens between plan and apply.
type planCheck func()

func (happens planCheck) CheckPlan(context.Context, plancheck.CheckPlanRequest, *plancheck.CheckPlanResponse) {
	happens()
}

// holds checks the value that the service has.
func (e *environment) holds(name, want string) resource.TestCheckFunc {
	return func(*terraform.State) error {
		if value, _ := e.read(name); value != want {
			return fmt.Errorf("the service has the value %q of %s, want %q", value, name, want)
		}
		return nil
	}
}

// name is the full name of a secret of this test.
func (e *environment) name(short string) string {
	e.named[e.prefix+short] = true
	return e.prefix + short
}

func (e *environment) uri(short string) string {
	return "roboto-secret://" + e.name(short) + "@" + e.client.OrgID
}

// create creates secrets as somebody else does, and write writes.
func (e *environment) create(names ...string) {
	for _, name := range names {
		if a, err := e.client.Create(context.Background(), e.name(name)); err != nil || !a.OK() {
			e.t.Fatalf("creating %q: %s (%v)", name, a, err)
		}
	}
}

// write writes a value of the secret db, and returns the new version's ID.
func (e *environment) write(value string) string {
	return e.aws("db", "PutSecretValue", wire.Object{"SecretString": value, "ClientRequestToken": wire.NewToken()}).Text("VersionId")
}

// read returns "" for no value.
func (e *environment) read(name string) (value, versionID string) {
	current := e.aws(name, "GetSecretValue", wire.Object{})
	return current.Text("SecretString"), current.Text("VersionId")
}

func (e *environment) exists(fullName string) bool {
	a, err := e.client.Get(context.Background(), fullName)
	if err != nil || !a.OK() && a.Code() != "RobotoNotFoundException" {
		e.t.Fatalf("asking for %q: %s (%v)", fullName, a, err)
	}
	return a.OK()
}

// aws asks with Roboto's credentials, whose permissions may lag behind a create.
func (e *environment) aws(name, operation string, input wire.Object) wire.Object {
	e.t.Helper()
	ctx, cancel := context.WithTimeout(e.t.Context(), time.Minute)
	defer cancel()
	creds, err := e.client.Credentials(ctx, e.name(name))
	if err != nil || !creds.OK() {
		e.t.Fatalf("asking for the credentials of %q: %s (%v)", name, creds, err)
	}
	for {
		a, err := e.client.AWS(ctx, creds.Access(), operation, input)
		switch {
		case err == nil && a.OK():
			return a.Output()
		case a.Code() == "ResourceNotFoundException": // no value
			return nil
		case a.Code() != "AccessDeniedException" || wire.Sleep(ctx, time.Second) != nil:
			e.t.Fatalf("AWS, about %q: %s (%v)", name, a, err)
		}
	}
}
