// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terraformcli"
)

const testOrg = "og_test"

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
	typeSecret        = protocol.TypeSecret
	typeSecrets       = protocol.TypeSecrets
	typeOrganizations = protocol.TypeOrganizations
)

var unknown = protocol.Unknown

// environment is a machine with a Roboto of its own.
type environment struct {
	protocol.Machine
	t *testing.T
	// roboto is nil for a real one.
	roboto *robototest.Server
	org    string
	// prefix begins the names of the test's secrets, and named are all so far.
	prefix string
	named  map[string]bool
	others otherClient
}

func newEnvironment(t *testing.T) *environment {
	return newEnvironmentWith(t, robototest.Options{})
}

// newEnvironmentWith also lets the test run beside others.
func newEnvironmentWith(t *testing.T, options robototest.Options) *environment {
	t.Helper()
	t.Parallel()
	return anotherEnvironment(t, options)
}

// anotherEnvironment is one more for the same test.
func anotherEnvironment(t *testing.T, options robototest.Options) *environment {
	t.Helper()
	server := robototest.Start(t, options)
	e := &environment{Machine: protocol.NewMachine(server), t: t, roboto: server, org: testOrg, named: map[string]bool{}, others: embeddedClient{server}}
	e.Home = t.TempDir()
	return e
}

// with returns a copy with other variables; an empty text unsets one.
func (e *environment) with(pairs ...string) *environment {
	changed := *e
	changed.Vars = maps.Clone(e.Vars)
	for i := 0; i < len(pairs); i += 2 {
		changed.Vars[pairs[i]] = pairs[i+1]
	}
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

func (e *environment) factories() map[string]func() (tfprotov6.ProviderServer, error) {
	return map[string]func() (tfprotov6.ProviderServer, error){
		"roboto": func() (tfprotov6.ProviderServer, error) { return e.Server(), nil },
	}
}

// run drives the real terraform through the steps.
func (e *environment) run(steps ...resource.TestStep) {
	e.t.Helper()
	resource.UnitTest(e.t, resource.TestCase{ProtoV6ProviderFactories: e.factories(), CheckDestroy: e.isDestroyed, Steps: steps})
}

// fails applies a configuration, checks that the error holds each of the texts,
// and returns it.
func (e *environment) fails(config string, texts ...string) string {
	e.t.Helper()
	return e.failsAt(resource.TestStep{Config: config}, texts)
}

// failsToPlan is fails without an apply.
func (e *environment) failsToPlan(config string, texts ...string) {
	e.t.Helper()
	e.failsAt(resource.TestStep{Config: config, PlanOnly: true}, texts)
}

func (e *environment) failsAt(step resource.TestStep, texts []string) string {
	e.t.Helper()
	got := ""
	resource.UnitTest(e.t, resource.TestCase{
		ProtoV6ProviderFactories: e.factories(),
		Steps:                    []resource.TestStep{step},
		ErrorCheck: func(err error) error {
			got = err.Error()
			for _, text := range texts {
				if !errorLike(text).MatchString(got) {
					return fmt.Errorf("%q is not in the error:\n%w", text, err)
				}
			}
			return nil
		},
	})
	if got == "" {
		e.t.Error("there was no error")
	}
	return got
}

// errorLike matches text whatever the line breaks that Terraform put into it.
func errorLike(text string) *regexp.Regexp {
	words := strings.Fields(text)
	for i, word := range words {
		words[i] = regexp.QuoteMeta(word)
	}
	return regexp.MustCompile(strings.Join(words, `[\s│╵]+`))
}

func emptyPlan() resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}
}

func plans(action plancheck.ResourceActionType) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
		plancheck.ExpectResourceAction("roboto_secret.test", action),
	}}
}

// beforeApply is a plan check that does something between plan and apply.
type beforeApply func()

func (f beforeApply) CheckPlan(context.Context, plancheck.CheckPlanRequest, *plancheck.CheckPlanResponse) {
	f()
}

// stateLacks fails if the state's JSON holds the text.
type stateLacks string

func (text stateLacks) CheckState(_ context.Context, req statecheck.CheckStateRequest, resp *statecheck.CheckStateResponse) {
	encoded, err := json.Marshal(req.State)
	if err == nil && strings.Contains(string(encoded), string(text)) {
		err = fmt.Errorf("the state holds %q", text)
	}
	resp.Error = err
}

// planLacks fails if the plan's JSON holds the text. The configuration that
// Terraform copies into it does not count: what stands there literally was written there.
type planLacks string

func (text planLacks) CheckPlan(_ context.Context, req plancheck.CheckPlanRequest, resp *plancheck.CheckPlanResponse) {
	plan := *req.Plan
	plan.Config = nil
	encoded, err := json.Marshal(plan)
	if err == nil && strings.Contains(string(encoded), string(text)) {
		err = fmt.Errorf("the plan holds %q", text)
	}
	resp.Error = err
}

// versionCheck is one of terraform-plugin-testing's, whose skip also says what
// was not shown.
type versionCheck struct {
	what  string
	check tfversion.TerraformVersionCheck
}

func orSkip(what string, check tfversion.TerraformVersionCheck) tfversion.TerraformVersionCheck {
	return versionCheck{what, check}
}

func (v versionCheck) CheckTerraformVersion(ctx context.Context, req tfversion.CheckTerraformVersionRequest, resp *tfversion.CheckTerraformVersionResponse) {
	v.check.CheckTerraformVersion(ctx, req, resp)
	if resp.Skip != "" {
		resp.Skip += fmt.Sprintf("; %s was shown at the level of the protocol only", v.what)
	}
}
