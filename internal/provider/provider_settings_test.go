// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
)

// settingNames are the names of the provider's settings.
func settingNames(p *protocol.Provider) (names []string) {
	for _, attribute := range p.Schemas.Provider.Block.Attributes {
		names = append(names, attribute.Name)
	}
	return names
}

func only[Result any](_ Result, out outcome) outcome { return out }

func planned(_ fields, _ []string, out outcome) outcome { return out }

// read checks that all of a deferred result is unknown. Nulls would pass for what Roboto said.
func read(p *protocol.Provider) func(fields, outcome) outcome {
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

// What is wrong outside of the provider block is an error of each call, and of nothing else. It is no reason
// to wait: nothing else makes it known. No other setting is used in place of one that is wrong or unknown.
// TestSettingErrors has all errors.
func TestSettingsAreErrorsOfWhatNeedsThem(t *testing.T) {
	const (
		uri, short             = "roboto-secret://db@og_test", "roboto-secret://db"
		secrets, organizations = typeSecrets, protocol.TypeOrganizations
		// What calls are about: an organization that they name, or none; the default organization; a plan that
		// needs no call, or no more than the default organization; an apply.
		own, defaulted, plan, planDefault, apply = "own", "defaulted", "plan", "planDefault", "apply"
		// What becomes of them. What waits is deferred if Terraform can defer, and fails otherwise.
		works, fails, waits = "works", "fails", "waits"
	)
	env := newEnvironment(t)
	p := env.protocol(fields{})
	existing := p.Apply(instance{}, fields{"name": "db", "value_wo": "value"})
	versioned := p.Apply(existing, fields{"name": "db", "value_wo": "value", "value_wo_version": "1"})
	created, rotated := fields{"name": "new", "org_id": testOrg, "value_wo": "value"}, fields{"name": "db", "value_wo": "value", "value_wo_version": "2"}
	type (
		provider = *protocol.Provider
		calls    = map[string]func(provider) outcome
		// test has what becomes of each kind of calls. Those that are not given are not made.
		test struct {
			variable [2]string
			block    fields
			says     string
			ends     map[string]string
		}
	)
	kinds := map[string]calls{
		own: {
			"refresh":            func(p provider) outcome { return only(p.Read(existing)) },
			"compare":            func(p provider) outcome { return planned(p.Plan(existing, fields{"name": "db", "value_wo": "value"})) },
			"data source by URI": func(p provider) outcome { return read(p)(p.ReadDataSource(typeSecret, fields{"uri": uri})) },
			"data source and org_id": func(p provider) outcome {
				return read(p)(p.ReadDataSource(typeSecret, fields{"name": "db", "org_id": testOrg}))
			},
			"secrets of an org_id": func(p provider) outcome { return read(p)(p.ReadDataSource(secrets, fields{"org_id": testOrg})) },
			"organizations":        func(p provider) outcome { return read(p)(p.ReadDataSource(organizations, nil)) },
			"ephemeral by URI":     func(p provider) outcome { return read(p)(p.OpenEphemeral(fields{"uri": uri})) },
			"ephemeral and org_id": func(p provider) outcome { return read(p)(p.OpenEphemeral(fields{"name": "db", "org_id": testOrg})) },
		},
		defaulted: {
			"data source by name":      func(p provider) outcome { return read(p)(p.ReadDataSource(typeSecret, fields{"name": "db"})) },
			"data source by short URI": func(p provider) outcome { return read(p)(p.ReadDataSource(typeSecret, fields{"uri": short})) },
			"secrets of the default":   func(p provider) outcome { return read(p)(p.ReadDataSource(secrets, nil)) },
			"ephemeral by name":        func(p provider) outcome { return read(p)(p.OpenEphemeral(fields{"name": "db"})) },
			"ephemeral by short URI":   func(p provider) outcome { return read(p)(p.OpenEphemeral(fields{"uri": short})) },
			"import by name":           func(p provider) outcome { return only(p.Import("db", nil)) },
			"import by identity":       func(p provider) outcome { return only(p.Import("", fields{"name": "db"})) },
		},
		plan: {
			"create": func(p provider) outcome { return planned(p.Plan(instance{}, created)) },
			"update": func(p provider) outcome { return planned(p.Plan(versioned, rotated)) },
			"delete": func(p provider) outcome { return planned(p.Plan(existing, nil)) },
		},
		planDefault: {"create": func(p provider) outcome { return planned(p.Plan(instance{}, fields{"name": "new"})) }},
		apply: {
			"create": func(p provider) outcome { return only(p.TryApply(instance{}, created)) },
			"update": func(p provider) outcome { return only(p.TryApply(versioned, rotated)) },
			"delete": func(p provider) outcome { return only(p.TryApply(existing, nil)) },
		},
	}
	callsFail := map[string]string{own: fails, defaulted: fails, planDefault: fails, plan: works, apply: fails}
	badOrg := [2]string{"ROBOTO_ORG_ID", "My Org"}
	const badKey, badOrgSays = "The api_key from ROBOTO_API_KEY is not usable", "The org_id from ROBOTO_ORG_ID is not usable"
	const noFile = "Because of profile in the provider block, the API key has to come from a config file"
	tests := map[string]test{
		"bad API key":     {[2]string{"ROBOTO_API_KEY", `"quoted"`}, nil, badKey, callsFail},
		"block's profile": {block: fields{"profile": "prod"}, says: noFile, ends: callsFail},

		"bad organization":                  {badOrg, nil, badOrgSays, map[string]string{own: works, defaulted: fails, planDefault: fails}},
		"bad organization, and the block's": {badOrg, fields{"org_id": testOrg}, "", map[string]string{planDefault: works}},
		"bad organization, and no API key":  {badOrg, fields{"api_key": unknown}, badOrgSays, map[string]string{planDefault: fails}},
		"unknown organization in the block": {
			variable: [2]string{"ROBOTO_ORG_ID", testOrg}, block: fields{"org_id": unknown}, says: "does not know org_id yet",
			ends: map[string]string{own: works, defaulted: waits, planDefault: works, plan: works},
		},
	}
	for _, setting := range settingNames(p) {
		if setting != "org_id" {
			tests["unknown "+setting] = test{
				block: fields{setting: unknown}, says: "does not know " + setting + " yet",
				ends: map[string]string{own: waits, defaulted: waits, planDefault: works, plan: works, apply: fails},
			}
		}
	}
	for name, test := range tests {
		for kind, end := range test.ends {
			for task, call := range kinds[kind] {
				t.Run(fmt.Sprint(name, ", ", kind, ": ", task), func(t *testing.T) {
					env := env.in(t).with(test.variable[0], test.variable[1])
					env.roboto.ResetRequests()
					p, able := env.protocol(test.block), env.protocol(test.block).Deferring()
					switch out := call(p); end {
					case works:
						p.Succeeds(out)
					case waits:
						p.Fails(out, test.says, "No other source is used in its place")
						able.Defers(call(able))
					case fails:
						p.Fails(out, test.says)
						able.Fails(call(able), test.says)
					}
					if kind != own || end != works {
						env.wantRequests(0)
					}
				})
			}
		}
	}
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
	env.wantRequests(0)
}

// What Terraform defers it still reads and plans, and that needs a name and an identity.
func TestUnknownSettingsDeferAnImport(t *testing.T) {
	env := newEnvironment(t)
	known, notKnown := []any{testOrg, testOrg, testOrg, "roboto-secret://db@og_test"}, []any{nil, unknown, unknown, unknown}
	for _, test := range []struct {
		id              string
		identity, block fields
		// want is org_id in identity, state and plan, and uri in the plan.
		want []any
	}{
		{id: "db", want: notKnown},
		{id: "db@og_test", want: known},
		{id: "db", block: fields{"org_id": testOrg}, want: known},
		{identity: fields{"name": "db"}, want: notKnown},
		{identity: identityOfDB, want: known},
	} {
		block := fields{"api_key": unknown}
		maps.Copy(block, test.block)
		p := env.protocol(block).Deferring()
		imported, _ := p.Import(test.id, test.identity)
		current, out := p.Read(imported)
		p.Defers(out)
		planned, _, out := p.Plan(current, fields{"name": "db"})
		p.Succeeds(out)
		got := []any{current.Identity["org_id"], current.State["org_id"], planned["org_id"], planned["uri"]}
		p.Equal(fmt.Sprintf("org_id and uri by %q or %v", test.id, test.identity), got, test.want)
		p.Equal("the name in the identity", current.Identity["name"], "db")
		_, _, out = p.Plan(current, fields{"name": "db", "value_wo": "value"})
		p.Defers(out)
	}
	env.wantRequests(0)
}

// The line of a setting may hold a key or a password, so no error points at it. An empty setting comes from a
// variable that is not set: what the environment has must not take its place.
func TestBadSettingsAreRefused(t *testing.T) {
	const key, password = "rbt_a_literal_key", "hunter2secret"
	type test struct {
		settings fields
		texts    []string
	}
	tests := map[string]test{
		"an organization's name":        {fields{"org_id": "My Org"}, []string{`attribute "org_id"`, "not its name"}},
		"no time":                       {fields{"request_timeout": "0s"}, []string{"request_timeout", "positive duration"}},
		"no attempts":                   {fields{"max_attempts": 0}, []string{"max_attempts", "at least 1"}},
		"plain http":                    {fields{"endpoint": "http://example.com"}, []string{`attribute "endpoint"`, "plain http", "Use https://example.com"}},
		"plain http to Secrets Manager": {fields{"secrets_manager_endpoint": "http://example.com"}, []string{`attribute "secrets_manager_endpoint"`, "plain http"}},
		"a user in the endpoint":        {fields{"endpoint": "https://me:" + password + "@example.com"}, []string{"endpoint", "nothing else"}},
		"a key with a space":            {fields{"api_key": key + " "}, []string{"api_key", "white space"}},
		"a key and a profile":           {fields{"api_key": key, "profile": "prod"}, []string{`"api_key" cannot be specified when "profile"`}},
		"a key and a config file":       {fields{"api_key": key, "config_file": "x.json"}, []string{`"api_key" cannot be specified when "config_file"`}},
	}
	env := newEnvironment(t)
	for _, setting := range settingNames(env.protocol(fields{})) {
		if !slices.Contains([]string{"max_attempts", "bulk_refresh"}, setting) {
			tests["an empty "+setting] = test{fields{setting: ""}, []string{setting, "not usable"}}
		}
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p := protocol.Start(t, env.Server())
			out := p.Configure(test.settings)
			p.Fails(out, test.texts...)
			if text := out.Err().Error(); strings.Contains(text, key) || strings.Contains(text, password) {
				t.Errorf("the error shows the setting:\n%s", text)
			}
			for _, d := range out.Diagnostics {
				at := d.Attribute.String()
				if strings.Contains(at, "api_key") || strings.Contains(at, "endpoint") {
					t.Errorf("the error points at %s, whose line Terraform prints", at)
				}
			}
		})
	}
}
