// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"net/http"
	"testing"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// Whoever reads the plan learns whether the configuration changed or somebody wrote
// elsewhere.
func TestSecretPlanSaysWhoChangedTheValue(t *testing.T) {
	const elsewhere = `"db" of the organization og_test has a value that Terraform did not write, according to the state. Applying overwrites it`
	for mode, test := range map[string]struct{ first, same, changed fields }{
		"compared": {
			first:   fields{"name": "db", "value_wo": "first"},
			same:    fields{"name": "db", "value_wo": "first"},
			changed: fields{"name": "db", "value_wo": "second"},
		},
		"watched": {
			first:   fields{"name": "db", "value_wo": "first", "value_wo_version": "1", "detect_value_drift": true},
			same:    fields{"name": "db", "value_wo": "first", "value_wo_version": "1", "detect_value_drift": true},
			changed: fields{"name": "db", "value_wo": "second", "value_wo_version": "2", "detect_value_drift": true},
		},
	} {
		t.Run(mode, func(t *testing.T) {
			env := newEnvironment(t)
			created := env.protocol(fields{}).Apply(instance{}, test.first)
			plan := func(config fields, texts ...string) {
				t.Helper()
				p := env.protocol(fields{})
				current, out := p.Read(created)
				p.Warns(out)
				planned, _, out := p.Plan(current, config)
				p.Warns(out, texts...)
				if texts != nil {
					p.Equal("version_id", planned["version_id"], unknown)
				}
				// The second plan, which Terraform makes during apply.
				p = env.protocol(fields{})
				_, _, out = p.Plan(current, config)
				p.Warns(out)
			}
			plan(test.same)
			plan(test.changed)
			env.roboto.SetValue(testOrg, "db", "written elsewhere")
			plan(test.same, elsewhere)
			plan(test.changed, elsewhere)
			plan(fields{"name": "db"})
		})
	}
	t.Run("nothing is overwritten with the same value", func(t *testing.T) {
		env := newEnvironment(t)
		p := env.protocol(fields{})
		created := p.Apply(instance{}, fields{"name": "db", "value_wo": "first"})
		env.roboto.SetValue(testOrg, "db", "second")
		current, out := p.Read(created)
		p.Succeeds(out)
		_, _, out = p.Plan(current, fields{"name": "db", "value_wo": "second"})
		p.Warns(out)
	})
	t.Run("of an imported secret nothing is known", func(t *testing.T) {
		env := newImportEnvironment(t)
		p := env.protocol(fields{})
		imported, out := p.Import("db", nil)
		p.Succeeds(out)
		current, out := p.Read(imported)
		p.Succeeds(out)
		for says, config := range map[string]fields{
			`"db" of the organization og_test has a value that Terraform did not write`:                                  {"name": "db", "value_wo": "another"},
			"According to the state, Terraform did not write the value of the secret \"db\" of the organization og_test": {"name": "db", "value_wo": "another", "value_wo_version": "1", "detect_value_drift": true},
		} {
			planned, _, out := p.Plan(current, config)
			p.Warns(out, says)
			p.Equal("version_id", planned["version_id"], unknown)
		}
	})
}

// A value that no configuration has does not vanish without a word.
func TestSecretPlanWarnsOfALostValue(t *testing.T) {
	env := newEnvironment(t)
	p := env.protocol(fields{})
	record := p.Apply(instance{}, fields{"name": "record"})
	written := p.Apply(instance{}, fields{"name": "written", "value_wo": "value"})
	versioned := p.Apply(instance{}, fields{"name": "versioned", "value_wo": "value", "value_wo_version": "1"})
	for name, test := range map[string]struct {
		prior  instance
		config fields
		want   []string
	}{
		"destroyed, not written":     {record, nil, []string{`"record" of the organization og_test`, "deleted for good", "removed block"}},
		"destroyed, written":         {written, nil, nil},
		"destroyed, versioned":       {versioned, nil, nil},
		"renamed without value_wo":   {record, fields{"name": "db"}, []string{`"record" of the organization og_test`, "the new secret has no value"}},
		"moved without value_wo":     {record, fields{"name": "record", "org_id": "og_other"}, []string{"the new secret has no value"}},
		"value_wo taken away":        {written, fields{"name": "db"}, []string{"the new secret has no value"}},
		"renamed with a first value": {record, fields{"name": "db", "value_wo": "value"}, []string{"did not write its value", "copy it"}},
		"with a value to come":       {record, fields{"name": "db", "value_wo": unknown}, []string{"did not write its value"}},
		"renamed with value_wo":      {written, fields{"name": "db", "value_wo": "value"}, nil},
		"kept":                       {record, fields{"name": "record"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			p := env.in(t).protocol(fields{}) // which has advised nobody
			_, _, out := p.Plan(test.prior, test.config)
			p.Warns(out, test.want...)
		})
	}
}

func TestSecretDataSourceReadsTheVersion(t *testing.T) {
	env := newImportEnvironment(t)
	env.addSecrets("empty")
	p := env.protocol(fields{})
	read := func(config fields) any {
		t.Helper()
		state, out := p.ReadDataSource(typeSecret, config)
		p.Succeeds(out)
		return state["version_id"]
	}
	p.Equal("version_id that nobody asks for", read(fields{"name": "db"}), nil)
	env.wantCount(robototest.GetCredentials, 0)
	p.Equal("version_id", read(fields{"name": "db", "read_version_id": true}), env.versionID())
	p.Equal("version_id of no value", read(fields{"name": "empty", "read_version_id": true}), nil)
	for _, stage := range []string{"AWSCURRENT", "AWSPREVIOUS"} {
		_, out := p.ReadDataSource(typeSecret, fields{"name": "empty", "read_version_id": true, "version_stage": stage})
		p.Fails(out, "Cannot Read Roboto Secret Version", "no version "+stage, "has no value yet")
	}
	_, out := p.ReadDataSource(typeSecret, fields{"name": "db", "read_version_id": true, "version_stage": "AWSPREVIOUS"})
	p.Fails(out, "Cannot Read Roboto Secret Version", "has no version AWSPREVIOUS", "The current version is "+env.versionID(), "once the value has been written twice")
	env.roboto.Inject(robototest.Fault{
		Operation: robototest.GetCredentials, Status: http.StatusForbidden, Code: "RobotoUnauthorizedException", Message: "Not permitted.",
	})
	_, out = p.ReadDataSource(typeSecret, fields{"name": "db", "read_version_id": true})
	p.Fails(out, "Cannot Read Roboto Secret Version", "remove read_version_id")
}

// The first try says what is missing.
func TestSecretFirstTry(t *testing.T) {
	env := newEnvironment(t)
	p := env.protocol(fields{})
	env.addSecrets("empty")
	for _, name := range []string{"nope", "empty"} {
		_, out := p.OpenEphemeral(fields{"name": name})
		p.Fails(out, "If this configuration creates it, also pass version_id")
	}
	_, _, out := p.Plan(instance{}, fields{"name": "db\u00a0"})
	p.Warns(out, "trimspace() removes it")
	// Terraform drops the warnings of the create that a replacement is planned with.
	created := p.Apply(instance{}, fields{"name": "db", "value_wo": "value"})
	p = env.protocol(fields{})
	_, _, out = p.Plan(created, fields{"name": "db ", "value_wo": "value"})
	p.Warns(out, "trimspace() removes it")
	for config, want := range map[*fields][]string{
		{"name": "db", "detect_value_drift": true}:                                               {`The secret "db" has detect_value_drift`, "does not manage the value"},
		{"name": unknown, "detect_value_drift": true}:                                            {"The secret whose name is not known yet has detect_value_drift"},
		{"name": "db", "detect_value_drift": true, "value_wo": unknown, "value_wo_version": "1"}: nil,
		{"name": "db", "detect_value_drift": true, "value_wo": "value"}:                          {"each plan compares the value anyway"},
		{"name": "db", "detect_value_drift": false}:                                              nil,
	} {
		p.Warns(p.Validate(*config), want...)
	}
}

func TestSecretPlanWarnsOnceOfAnotherDefaultOrganization(t *testing.T) {
	env := newEnvironment(t)
	first := env.protocol(fields{})
	created := []instance{first.Apply(instance{}, fields{"name": "a"}), first.Apply(instance{}, fields{"name": "b"})}
	plan := func(p *protocol.Provider, current instance, orgID any) outcome {
		t.Helper()
		refreshed, out := p.Read(current)
		p.Succeeds(out)
		_, _, out = p.Plan(refreshed, fields{"name": current.State["name"], "org_id": orgID})
		return out
	}
	p := env.protocol(fields{"org_id": "og_other"})
	p.Warns(plan(p, created[0], testOrg))
	p.Warns(plan(p, created[0], nil), "provider's organization is og_other", `"a" of the organization og_test stays where it is`)
	p.Warns(plan(p, created[1], nil))
	same := env.protocol(fields{"org_id": testOrg})
	same.Warns(plan(same, created[0], nil))
}
