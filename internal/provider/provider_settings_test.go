// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"maps"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// settingNames are the names of the provider's settings.
func settingNames(p *protocol.Provider) (names []string) {
	for _, attribute := range p.Schemas.Provider.Block.Attributes {
		names = append(names, attribute.Name)
	}
	return names
}

// A call is something that a provider is asked to do. Calls have names.
type (
	call  func(*protocol.Provider) outcome
	calls map[string]call
)

func only[Result any](_ Result, out outcome) outcome { return out }

// unknownIfDeferred checks that all of a deferred result is unknown. Nulls would pass for what Roboto said.
func unknownIfDeferred(p *protocol.Provider) func(fields, outcome) outcome {
	return func(result fields, out outcome) outcome {
		if out.Deferred != nil {
			p.Equal("the deferred result is null", len(result) == 0, false)
			for attribute, value := range result {
				p.Equal("the deferred "+attribute, value, unknown)
			}
		}
		return out
	}
}

func read(typeName string, config fields) call {
	return func(p *protocol.Provider) outcome { return unknownIfDeferred(p)(p.ReadDataSource(typeName, config)) }
}

func open(config fields) call {
	return func(p *protocol.Provider) outcome { return unknownIfDeferred(p)(p.OpenEphemeral(config)) }
}

func plan(prior instance, config fields) call {
	return func(p *protocol.Provider) outcome {
		_, _, out := p.Plan(prior, config)
		return out
	}
}

func apply(prior instance, config fields) call {
	return func(p *protocol.Provider) outcome { return only(p.TryApply(prior, config)) }
}

func refresh(current instance) call {
	return func(p *protocol.Provider) outcome { return only(p.Read(current)) }
}

func importing(id string, identity fields) call {
	return func(p *protocol.Provider) outcome { return only(p.Import(id, identity)) }
}

// needingCalls are what cannot be answered without a call. own are those that name an organization of their
// own, or need none. existing is the secret db, whose value is compared.
func needingCalls(existing instance) (own, defaulted calls) {
	own = calls{
		"refresh":                       refresh(existing),
		"compare":                       plan(existing, fields{"name": "db", "value_wo": "value"}),
		"data source by URI":            read(typeSecret, fields{"uri": "roboto-secret://db@og_test"}),
		"data source with org_id":       read(typeSecret, fields{"name": "db", "org_id": testOrg}),
		"secrets of an org_id":          read(typeSecrets, fields{"org_id": testOrg}),
		"organizations":                 read(typeOrganizations, fields{}),
		"ephemeral resource by URI":     open(fields{"uri": "roboto-secret://db@og_test"}),
		"ephemeral resource and org_id": open(fields{"name": "db", "org_id": testOrg}),
	}
	defaulted = calls{
		"data source by name":           read(typeSecret, fields{"name": "db"}),
		"data source by short URI":      read(typeSecret, fields{"uri": "roboto-secret://db"}),
		"secrets of the default":        read(typeSecrets, fields{}),
		"ephemeral resource by name":    open(fields{"name": "db"}),
		"ephemeral resource, short URI": open(fields{"uri": "roboto-secret://db"}),
		"import by name":                importing("db", nil),
		"import by identity":            importing("", fields{"name": "db"}),
	}
	return own, defaulted
}

// settingsCase is a provider with settings, and what its calls say.
type settingsCase struct {
	vars  []string
	block fields
	// fails is the error of the calls, or "". A Terraform that can defer has them deferred instead if defers is set.
	fails  string
	defers bool
}

func (c settingsCase) check(t *testing.T, env *environment, all ...calls) {
	t.Helper()
	env = env.with(c.vars...)
	for _, calls := range all {
		for task, call := range calls {
			t.Run(task, func(t *testing.T) {
				p, able := env.in(t).protocol(c.block), env.in(t).protocol(c.block).Deferring()
				switch out := call(p); {
				case c.fails == "":
					p.Succeeds(out)
				case c.defers:
					p.Fails(out, c.fails, "No other source is used in its place")
					able.Defers(call(able))
				default:
					p.Fails(out, c.fails)
					able.Fails(call(able), c.fails)
				}
			})
		}
	}
}

// What is wrong outside of the provider block is an error of each call, and of nothing else. It is no reason
// to wait: nothing else makes it known. No other setting is used in place of one that is wrong or unknown.
func TestSettingsAreErrorsOfWhatNeedsThem(t *testing.T) {
	env := newEnvironment(t)
	p := env.protocol(fields{})
	existing := p.Apply(instance{}, fields{"name": "db", "value_wo": "value"})
	versioned := existing
	versioned.State = maps.Clone(existing.State)
	versioned.State["value_wo_version"] = "1"
	created, rotated := fields{"name": "new", "org_id": testOrg, "value_wo": "value"}, fields{"name": "db", "value_wo": "value", "value_wo_version": "2"}
	own, defaulted := needingCalls(existing)
	planDefault := calls{"plan to create in the default organization": plan(instance{}, fields{"name": "new"})}
	plans := calls{
		"plan to create": plan(instance{}, created), "plan to update": plan(versioned, rotated), "plan to delete": plan(existing, nil),
	}
	applies := calls{"create": apply(instance{}, created), "update": apply(versioned, rotated), "delete": apply(existing, nil)}
	env.roboto.ResetRequests()

	const fromFile = ", the API key has to come from a config file"
	for name, test := range map[string]settingsCase{
		"API key":         {vars: []string{"ROBOTO_API_KEY", `"quoted"`}, fails: "The api_key from ROBOTO_API_KEY is not usable"},
		"no API key":      {vars: []string{"ROBOTO_API_KEY", ""}, fails: "No API key was found"},
		"endpoint":        {vars: []string{"ROBOTO_SERVICE_ENDPOINT", "x"}, fails: "The endpoint from ROBOTO_SERVICE_ENDPOINT is not usable"},
		"endpoint of AWS": {vars: []string{"AWS_ENDPOINT_URL_SECRETS_MANAGER", "x"}, fails: "from AWS_ENDPOINT_URL_SECRETS_MANAGER is not usable"},
		"timeout":         {vars: []string{"ROBOTO_DEFAULT_HTTP_TIMEOUT", "soon"}, fails: "from ROBOTO_DEFAULT_HTTP_TIMEOUT is not usable"},
		"block's profile": {block: fields{"profile": "prod"}, fails: "Because of profile in the provider block" + fromFile},
		"block's file":    {block: fields{"config_file": "/absent"}, fails: "Because of config_file in the provider block" + fromFile},
		"variable's file": {vars: []string{"ROBOTO_API_KEY", "", "ROBOTO_CONFIG_FILE", "/absent"}, fails: "Because of ROBOTO_CONFIG_FILE" + fromFile},
	} {
		t.Run(name, func(t *testing.T) {
			test.check(t, env, own, defaulted, planDefault, applies)
			settingsCase{vars: test.vars, block: test.block}.check(t, env, plans)
		})
	}
	for _, setting := range settingNames(p) {
		if setting != "org_id" {
			t.Run("unknown "+setting, func(t *testing.T) {
				test := settingsCase{block: fields{setting: unknown}, fails: "does not know " + setting + " yet", defers: true}
				test.check(t, env, own, defaulted)
				test.defers = false
				test.check(t, env, applies)
				settingsCase{block: test.block}.check(t, env, plans, planDefault)
			})
		}
	}
	// An organization that the environment names is not taken in place of an unknown one, and no other in place of a wrong one.
	unknownOrg := settingsCase{vars: []string{"ROBOTO_ORG_ID", testOrg}, block: fields{"org_id": unknown}}
	wrongOrg := settingsCase{vars: []string{"ROBOTO_ORG_ID", "My Org"}}
	t.Run("organization", func(t *testing.T) {
		unknownOrg.check(t, env, plans, planDefault)
		test := unknownOrg
		test.fails, test.defers = "does not know org_id yet", true
		test.check(t, env, defaulted)
		settingsCase{vars: wrongOrg.vars, block: fields{"org_id": testOrg}}.check(t, env, planDefault)
		test = wrongOrg
		test.fails = "The org_id from ROBOTO_ORG_ID is not usable"
		test.check(t, env, defaulted, planDefault)
		test.block = fields{"api_key": unknown}
		test.check(t, env, planDefault)
	})
	env.makesNoRequest()
	t.Run("organization that is not needed", func(t *testing.T) {
		unknownOrg.check(t, env, own)
		wrongOrg.check(t, env, own)
	})
}

// A default organization that is known depends on nothing else.
func TestUnknownSettingsLeaveTheOrganizationKnown(t *testing.T) {
	env := newEnvironment(t)
	for _, test := range []struct {
		variable  string
		settings  fields
		config    fields
		want, uri any
	}{
		{"", fields{"api_key": unknown}, fields{"name": "db", "org_id": testOrg}, testOrg, "roboto-secret://db@og_test"},
		{"", fields{"api_key": unknown}, fields{"name": unknown, "org_id": testOrg}, testOrg, unknown},
		{"", fields{"api_key": unknown, "org_id": "og_block"}, fields{"name": "db"}, "og_block", "roboto-secret://db@og_block"},
		{"og_env", fields{"api_key": unknown}, fields{"name": "db"}, "og_env", "roboto-secret://db@og_env"},
		{"og_env", fields{"org_id": unknown}, fields{"name": "db"}, unknown, unknown},
		{"", fields{"request_timeout": unknown}, fields{"name": "db"}, unknown, unknown},
	} {
		p := env.with("ROBOTO_ORG_ID", test.variable).protocol(test.settings)
		planned, _, out := p.Plan(instance{}, test.config)
		p.Succeeds(out)
		p.Equal(fmt.Sprintf("org_id and uri with %+v", test), []any{planned["org_id"], planned["uri"]}, []any{test.want, test.uri})
	}
	p := env.protocol(fields{"api_key": unknown, "org_id": testOrg})
	imported, out := p.Import("db", nil)
	p.Succeeds(out)
	p.Equal("identity after an import", imported.Identity, identityOfDB)
	env.makesNoRequest()
}

// What Terraform defers it still reads and plans, and that needs a name and an identity.
func TestUnknownSettingsDeferAnImport(t *testing.T) {
	for name, test := range map[string]struct {
		id       string
		identity fields
		// orgID is known from what is imported, or nil.
		orgID any
	}{
		"by name":                    {id: "db"},
		"by name@org_id":             {id: "db@og_test", orgID: testOrg},
		"by identity without org_id": {identity: fields{"name": "db"}},
		"by identity":                {identity: identityOfDB, orgID: testOrg},
	} {
		t.Run(name, func(t *testing.T) {
			env := newEnvironment(t)
			p := env.protocol(fields{"api_key": unknown}).Deferring()
			imported, _ := p.Import(test.id, test.identity)
			current, out := p.Read(imported)
			p.Defers(out)
			p.Equal("identity", current.Identity, fields{"name": "db", "org_id": test.orgID})
			planned, _, out := p.Plan(current, fields{"name": "db"})
			p.Succeeds(out)
			want := []any{unknown, unknown, unknown}
			if test.orgID != nil {
				want = []any{testOrg, testOrg, "roboto-secret://db@og_test"}
			}
			p.Equal("org_id, and org_id and uri as planned", []any{current.State["org_id"], planned["org_id"], planned["uri"]}, want)
			_, _, out = p.Plan(current, fields{"name": "db", "value_wo": "value"})
			p.Defers(out)
			env.makesNoRequest()
		})
	}
}

// The first apply makes the very things that the provider's settings come from.
func TestFirstApplyMakesTheSettingsKnown(t *testing.T) {
	env := newEnvironment(t)
	env.roboto.AddOrg("og_other", "Other")
	env = env.with("ROBOTO_API_KEY", env.roboto.AddAPIKey(robototest.Grant{Orgs: []string{"og_other"}}))
	config := func(org string) string {
		return fmt.Sprintf("resource \"terraform_data\" \"made\" {\n  input = { key = %q, org = %q }\n}\n", env.roboto.APIKey(), org) +
			"provider \"roboto\" {\n  api_key  = terraform_data.made.output.key\n  org_id   = terraform_data.made.output.org\n" +
			fmt.Sprintf("  endpoint = %q\n}\n", env.roboto.Endpoint()) + secret("db", `value_wo = "value"`)
	}
	env.run(
		resource.TestStep{
			Config: config(testOrg),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				planCheck(func(plancheck.CheckPlanRequest) error {
					env.makesNoRequest()
					return nil
				}),
				plancheck.ExpectUnknownValue(address, tfjsonpath.New("org_id")),
				plancheck.ExpectUnknownValue(address, tfjsonpath.New("uri")),
			}},
			ConfigStateChecks: []statecheck.StateCheck{attribute("uri", knownvalue.StringExact("roboto-secret://db@og_test")), env.holds("db", "value")},
		},
		resource.TestStep{Config: config(testOrg), ConfigPlanChecks: emptyPlan()},
		// What exists has to be read, with a key that is about to change.
		resource.TestStep{PreConfig: env.roboto.ResetRequests, Config: config("og_other"), ExpectError: errorLike("does not know api_key, org_id yet")},
		resource.TestStep{PreConfig: env.makesNoRequest, Config: config(testOrg), ConfigPlanChecks: emptyPlan()},
	)
	for _, request := range env.roboto.Requests() {
		if got := request.Header.Get("Authorization"); !request.AWS() && got != "Bearer "+env.roboto.APIKey() {
			t.Errorf("%s %s went out with another API key than the block's", request.Method, request.Path)
		}
	}
}

// Terraform validates a setting again once it is known. Nothing else refuses this value.
func TestSettingsKnownAtApplyAreValidated(t *testing.T) {
	newEnvironment(t).run(resource.TestStep{
		Config: "resource \"terraform_data\" \"late\" {\n  input = \"http://example.com\"\n}\n" +
			"provider \"roboto\" {\n  endpoint = terraform_data.late.output\n}\n" + secret("db"),
		ExpectError: errorLike("plain http"),
	})
}
