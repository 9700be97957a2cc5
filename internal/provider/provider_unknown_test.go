// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// The environment has all that a provider needs, and none of it may stand in for
// a setting that is not known yet.
func TestUnknownSettingsPlanACreate(t *testing.T) {
	env := newEnvironment(t)
	for setting := range settingNames(env.protocol(fields{})) {
		t.Run(setting, func(t *testing.T) {
			p := env.in(t).protocol(fields{setting: unknown})

			planned, _, out := p.Plan(instance{}, fields{"name": "db", "value_wo": "value"})
			p.Succeeds(out)
			p.Equal("org_id", planned["org_id"], unknown)
			p.Equal("uri", planned["uri"], unknown)

			planned, _, out = p.Plan(instance{}, fields{"name": "db", "org_id": testOrg, "value_wo": "value"})
			p.Succeeds(out)
			p.Equal("org_id given", planned["org_id"], testOrg)
			p.Equal("uri for it", planned["uri"], "roboto-secret://db@og_test")
			p.Equal("version_id", planned["version_id"], unknown)

			env.makesNoRequest()
		})
	}
}

// A default organization that is known depends on nothing else.
func TestUnknownSettingsLeaveTheOrganizationKnown(t *testing.T) {
	for name, test := range map[string]struct {
		env      []string
		settings fields
		want     any
	}{
		"from the block":             {nil, fields{"api_key": unknown, "org_id": "og_block"}, "og_block"},
		"from the environment":       {[]string{"ROBOTO_ORG_ID", "og_env"}, fields{"api_key": unknown}, "og_env"},
		"unless it is itself not":    {[]string{"ROBOTO_ORG_ID", "og_env"}, fields{"org_id": unknown}, unknown},
		"unless it has to be looked": {nil, fields{"request_timeout": unknown}, unknown},
	} {
		t.Run(name, func(t *testing.T) {
			env := newEnvironment(t).with(test.env...)
			p := env.protocol(test.settings)
			planned, _, out := p.Plan(instance{}, fields{"name": "db"})
			p.Succeeds(out)
			p.Equal("org_id", planned["org_id"], test.want)
			env.makesNoRequest()
		})
	}
	t.Run("for an import too", func(t *testing.T) {
		env := newEnvironment(t)
		p := env.protocol(fields{"api_key": unknown, "org_id": testOrg})
		imported, out := p.Import("db", nil)
		p.Succeeds(out)
		p.Equal("identity", imported.Identity, identityOfDB)
		env.makesNoRequest()
	})
}

// needingCalls are what cannot be answered without a call. own are those that
// name an organization of their own, or need none.
func needingCalls(existing instance) (own, defaulted map[string]func(*protocol.Provider) outcome) {
	read := func(typeName string, config fields) func(*protocol.Provider) outcome {
		return func(p *protocol.Provider) outcome {
			_, out := p.ReadDataSource(typeName, config)
			return out
		}
	}
	open := func(config fields) func(*protocol.Provider) outcome {
		return func(p *protocol.Provider) outcome {
			_, out := p.OpenEphemeral(config)
			return out
		}
	}
	own = map[string]func(*protocol.Provider) outcome{
		"refresh": func(p *protocol.Provider) outcome {
			_, out := p.Read(existing)
			return out
		},
		"compare": func(p *protocol.Provider) outcome {
			_, _, out := p.Plan(existing, fields{"name": "db", "value_wo": "value"})
			return out
		},
		"data source by URI":            read(typeSecret, fields{"uri": "roboto-secret://db@og_test"}),
		"data source with org_id":       read(typeSecret, fields{"name": "db", "org_id": testOrg}),
		"secrets of an org_id":          read(typeSecrets, fields{"org_id": testOrg}),
		"organizations":                 read(typeOrganizations, fields{}),
		"ephemeral resource by URI":     open(fields{"uri": "roboto-secret://db@og_test"}),
		"ephemeral resource and org_id": open(fields{"name": "db", "org_id": testOrg}),
	}
	defaulted = map[string]func(*protocol.Provider) outcome{
		"data source by name":           read(typeSecret, fields{"name": "db"}),
		"data source by short URI":      read(typeSecret, fields{"uri": "roboto-secret://db"}),
		"secrets of the default":        read(typeSecrets, fields{}),
		"ephemeral resource by name":    open(fields{"name": "db"}),
		"ephemeral resource, short URI": open(fields{"uri": "roboto-secret://db"}),
		"import by name": func(p *protocol.Provider) outcome {
			_, out := p.Import("db", nil)
			return out
		},
		"import by identity": func(p *protocol.Provider) outcome {
			_, out := p.Import("", fields{"name": "db"})
			return out
		},
	}
	return own, defaulted
}

func TestUnknownSettingsKeepCallsFromBeingMade(t *testing.T) {
	env := newEnvironment(t)
	p := env.protocol(fields{})
	existing := p.Apply(instance{}, fields{"name": "db", "value_wo": "value"})
	own, defaulted := needingCalls(existing)

	for setting := range settingNames(p) {
		if setting == "org_id" {
			continue
		}
		for _, calls := range []map[string]func(*protocol.Provider) outcome{own, defaulted} {
			for name, call := range calls {
				t.Run(setting+"/"+name, func(t *testing.T) {
					env := env.in(t)
					env.roboto.ResetRequests()
					p := env.protocol(fields{setting: unknown})
					p.Fails(call(p), "does not know "+setting+" yet", "No other source is used in its place")
					able := p.Deferring()
					able.Defers(call(able))
					env.makesNoRequest()
				})
			}
		}
	}
	for name, call := range defaulted {
		t.Run("org_id/"+name, func(t *testing.T) {
			env := env.in(t).with("ROBOTO_ORG_ID", testOrg)
			env.roboto.ResetRequests()
			p := env.protocol(fields{"org_id": unknown})
			p.Fails(call(p), "does not know org_id yet")
			able := p.Deferring()
			able.Defers(call(able))
			env.makesNoRequest()
		})
	}
	for name, call := range own {
		t.Run("only org_id/"+name, func(t *testing.T) {
			p := env.in(t).protocol(fields{"org_id": unknown})
			p.Succeeds(call(p))
		})
	}
	t.Run("two", func(t *testing.T) {
		p := env.in(t).protocol(fields{"api_key": unknown, "endpoint": unknown})
		p.Fails(defaulted["data source by name"](p), "does not know api_key, endpoint yet")
	})
}

// Terraform knows all settings when it applies. Should it not, nothing else is used.
func TestUnknownSettingsKeepChangesFromBeingApplied(t *testing.T) {
	env := newEnvironment(t)
	existing := env.protocol(fields{}).Apply(instance{}, fields{"name": "db", "value_wo": "value", "value_wo_version": "1"})
	for task, test := range map[string]struct {
		prior  instance
		config fields
	}{
		"Create": {instance{}, fields{"name": "new", "org_id": testOrg}},
		"Update": {existing, fields{"name": "db", "value_wo": "value", "value_wo_version": "2"}},
		"Delete": {existing, nil},
	} {
		t.Run(task, func(t *testing.T) {
			env := env.in(t)
			env.roboto.ResetRequests()
			p := env.protocol(fields{"api_key": unknown})
			_, _, out := p.Plan(test.prior, test.config)
			p.Succeeds(out)
			_, out = p.TryApply(test.prior, test.config)
			p.Fails(out, "Cannot "+task+" Roboto Secret", "does not know api_key yet")
			env.makesNoRequest()
		})
	}
}

// Nulls would pass for what Roboto said.
func TestUnknownSettingsDeferUnknownResults(t *testing.T) {
	env := newEnvironment(t)
	p := env.protocol(fields{"api_key": unknown}).Deferring()
	for name, read := range map[string]func() (fields, outcome){
		"secret":        func() (fields, outcome) { return p.ReadDataSource(typeSecret, fields{"name": "db"}) },
		"secrets":       func() (fields, outcome) { return p.ReadDataSource(typeSecrets, fields{"org_id": testOrg}) },
		"organizations": func() (fields, outcome) { return p.ReadDataSource(typeOrganizations, fields{}) },
		"ephemeral":     func() (fields, outcome) { return p.OpenEphemeral(fields{"name": "db"}) },
	} {
		result, out := read()
		p.Defers(out)
		for attribute, value := range result {
			p.Equal(name+"'s "+attribute, value, unknown)
		}
		if len(result) == 0 {
			t.Errorf("the %s is null", name)
		}
	}
}

// What Terraform defers it still reads and plans, and that needs a name and an identity.
func TestUnknownSettingsDeferAnImport(t *testing.T) {
	for name, test := range map[string]struct {
		id                 string
		identity           fields
		wantIdentity       fields
		wantOrgID, wantURI any
	}{
		"by name":                    {"db", nil, fields{"name": "db", "org_id": nil}, unknown, unknown},
		"by name@org_id":             {"db@og_test", nil, identityOfDB, testOrg, "roboto-secret://db@og_test"},
		"by identity without org_id": {"", fields{"name": "db"}, fields{"name": "db", "org_id": nil}, unknown, unknown},
		"by identity":                {"", identityOfDB, identityOfDB, testOrg, "roboto-secret://db@og_test"},
	} {
		t.Run(name, func(t *testing.T) {
			env := newEnvironment(t)
			p := env.protocol(fields{"api_key": unknown}).Deferring()
			imported, _ := p.Import(test.id, test.identity)
			current, out := p.Read(imported)
			p.Defers(out)
			p.Equal("identity", current.Identity, test.wantIdentity)
			p.Equal("org_id", current.State["org_id"], test.wantOrgID)
			planned, _, out := p.Plan(current, fields{"name": "db"})
			p.Succeeds(out)
			p.Equal("planned org_id", planned["org_id"], test.wantOrgID)
			p.Equal("planned uri", planned["uri"], test.wantURI)
			_, _, out = p.Plan(current, fields{"name": "db", "value_wo": "value"})
			p.Defers(out)
			env.makesNoRequest()
		})
	}
	t.Run("whose organization alone is unknown", func(t *testing.T) {
		env := newEnvironment(t).with("ROBOTO_ORG_ID", testOrg)
		p := env.protocol(fields{"org_id": unknown}).Deferring()
		imported, out := p.Import("db", nil)
		p.Defers(out)
		current, out := p.Read(imported)
		p.Defers(out)
		_, _, out = p.Plan(current, fields{"name": "db", "value_wo": "value"})
		p.Defers(out)
		env.makesNoRequest()
	})
}

// settingNames are the names of the provider's settings.
func settingNames(p *protocol.Provider) map[string]bool {
	names := map[string]bool{}
	for _, attribute := range p.Schemas.Provider.Block.Attributes {
		names[attribute.Name] = true
	}
	return names
}

func (e *environment) makesNoRequest() {
	e.t.Helper()
	if n := len(e.roboto.Requests()); n != 0 {
		e.t.Errorf("%d requests were made", n)
	}
}

// noRequests is a plan check.
func (e *environment) noRequests() plancheck.PlanCheck {
	return beforeApply(func() {
		if n := len(e.roboto.Requests()); n != 0 {
			e.t.Errorf("planning made %d requests", n)
		}
	})
}

// The first apply makes the very things that the provider's settings come from.
func TestFirstApplyMakesTheSettingsKnown(t *testing.T) {
	env := newEnvironment(t)
	env.roboto.AddOrg("og_other", "Other")
	env = env.with("ROBOTO_API_KEY", env.roboto.AddAPIKey(robototest.Grant{Orgs: []string{"og_other"}}))
	config := func(key, org string) string {
		return fmt.Sprintf("resource \"terraform_data\" \"made\" {\n  input = { key = %q, org = %q }\n}\n", key, org) +
			fmt.Sprintf("provider \"roboto\" {\n  api_key  = terraform_data.made.output.key\n  org_id   = terraform_data.made.output.org\n  endpoint = %q\n}\n", env.roboto.Endpoint())
	}
	first := config(env.roboto.APIKey(), testOrg)
	env.run(
		resource.TestStep{
			Config: first + secret("db", `value_wo = "value"`),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				env.noRequests(),
				plancheck.ExpectUnknownValue(address, tfjsonpath.New("org_id")),
				plancheck.ExpectUnknownValue(address, tfjsonpath.New("uri")),
				plans(plancheck.ResourceActionCreate).PreApply[0],
			}},
			ConfigStateChecks: []statecheck.StateCheck{
				attribute("uri", knownvalue.StringExact("roboto-secret://db@og_test")),
			},
			Check: func(*terraformState) error { return want("value", env.value("db")) },
		},
		resource.TestStep{Config: first + secret("db", `value_wo = "value"`), ConfigPlanChecks: emptyPlan()},
		// What exists has to be read, with a key that is about to change.
		resource.TestStep{
			PreConfig:   env.roboto.ResetRequests,
			Config:      config(env.roboto.APIKey(), "og_other") + secret("db", `value_wo = "value"`),
			ExpectError: errorLike("does not know api_key, org_id yet"),
		},
		resource.TestStep{
			PreConfig: func() {
				if n := len(env.roboto.Requests()); n != 0 {
					t.Errorf("%d requests were made with unknown settings", n)
				}
			},
			Config: first + secret("db", `value_wo = "value"`), ConfigPlanChecks: emptyPlan(),
		},
	)
	for _, request := range env.roboto.Requests() {
		if got := request.Header.Get("Authorization"); !request.AWS() && got != "Bearer "+env.roboto.APIKey() {
			t.Errorf("%s %s went out with another API key than the block's", request.Method, request.Path)
		}
	}
}

func TestFirstPlanCannotReadWithUnknownSettings(t *testing.T) {
	provider := "resource \"terraform_data\" \"key\" {\n  input = \"key\"\n}\nprovider \"roboto\" {\n  api_key = terraform_data.key.output\n}\n"
	for name, test := range map[string]struct{ config, want string }{
		"secret":             {"data \"roboto_secret\" \"test\" {\n  name = \"db\"\n}\n", "The secret \"db\" could not be read."},
		"organizations":      {"data \"roboto_organizations\" \"test\" {}\n", "Cannot List Roboto Organizations"},
		"secrets":            {"data \"roboto_secrets\" \"test\" {}\n", "Cannot List Roboto Secrets"},
		"ephemeral resource": {"ephemeral \"roboto_secret\" \"test\" {\n  name = \"db\"\n}\n", "The secret \"db\" could not be read."},
		"import":             {"import {\n  to = roboto_secret.test\n  id = \"db\"\n}\n" + secret("db"), "Cannot Import Roboto Secret"},
		"refresh":            {"import {\n  to = roboto_secret.test\n  id = \"db@og_test\"\n}\n" + secret("db"), "Cannot Import Roboto Secret"},
	} {
		t.Run(name, func(t *testing.T) {
			env := newEnvironment(t)
			env.addSecrets("db")
			env.roboto.SetValue(testOrg, "db", "value")
			env.fails(provider+test.config, test.want, "does not know api_key yet", "terraform apply -target=")
			if n := len(env.roboto.Requests()); n != 0 {
				t.Errorf("%d requests were made", n)
			}
		})
	}
}

// Terraform validates a setting again once it is known. Nothing else refuses these values.
func TestSettingsKnownAtApplyAreValidated(t *testing.T) {
	for setting, test := range map[string]struct{ value, want string }{
		"max_attempts":    {"-1", "at least 1"},
		"request_timeout": {`"-1s"`, "positive duration"},
		"endpoint":        {`"http://example.com"`, "plain http"},
	} {
		t.Run(setting, func(t *testing.T) {
			newEnvironment(t).fails("resource \"terraform_data\" \"late\" {\n  input = "+test.value+"\n}\nprovider \"roboto\" {\n  "+setting+" = terraform_data.late.output\n}\n"+secret("db"), test.want)
		})
	}
}
