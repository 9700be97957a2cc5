// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// warns ends the test unless there is one warning that says all of the texts, or none if
// there are no texts.
func (p *protocol) warns(out outcome, texts ...string) {
	p.t.Helper()
	p.succeeds(out)
	var warnings []*tfprotov6.Diagnostic
	for _, d := range out.diagnostics {
		if d.Severity == tfprotov6.DiagnosticSeverityWarning {
			warnings = append(warnings, d)
		}
	}
	if len(texts) == 0 {
		if len(warnings) != 0 {
			p.t.Fatalf("unexpected warning:\n%s", out.text(tfprotov6.DiagnosticSeverityWarning))
		}
		return
	}
	if len(warnings) != 1 {
		p.t.Fatalf("%d warnings, want 1:\n%s", len(warnings), out.text(tfprotov6.DiagnosticSeverityWarning))
	}
	for _, text := range texts {
		if !strings.Contains(warnings[0].Summary+"\n"+warnings[0].Detail, text) {
			p.t.Errorf("%q is not in the warning:\n%s", text, warnings[0].Detail)
		}
	}
	if warnings[0].Attribute != nil && strings.Contains(warnings[0].Attribute.String(), "value_wo\"") {
		p.t.Errorf("the warning points at the value: %s", warnings[0].Attribute)
	}
}

// Whoever reads the plan learns whether the configuration changed or somebody wrote
// elsewhere.
func TestSecretPlanSaysWhoChangedTheValue(t *testing.T) {
	const elsewhere = `"db" of the organization og_test was written outside Terraform; applying overwrites it`
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
			created := env.protocol(fields{}).apply(instance{}, test.first)
			plan := func(config fields, texts ...string) {
				t.Helper()
				p := env.protocol(fields{})
				current, out := p.read(created)
				p.warns(out)
				planned, _, out := p.plan(current, config)
				p.warns(out, texts...)
				if texts != nil {
					p.equal("version_id", planned["version_id"], unknown)
				}
				// The second plan, which Terraform makes during apply.
				p = env.protocol(fields{})
				_, _, out = p.plan(current, config)
				p.warns(out)
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
		created := p.apply(instance{}, fields{"name": "db", "value_wo": "first"})
		env.roboto.SetValue(testOrg, "db", "second")
		current, out := p.read(created)
		p.succeeds(out)
		_, _, out = p.plan(current, fields{"name": "db", "value_wo": "second"})
		p.warns(out)
	})
	t.Run("of an imported secret nothing is known", func(t *testing.T) {
		env := newImportEnvironment(t)
		p := env.protocol(fields{})
		imported, out := p.importSecret("db", nil)
		p.succeeds(out)
		current, out := p.read(imported)
		p.succeeds(out)
		for _, config := range []fields{
			{"name": "db", "value_wo": "another"},
			{"name": "db", "value_wo": "another", "value_wo_version": "1", "detect_value_drift": true},
		} {
			planned, _, out := p.plan(current, config)
			p.warns(out)
			p.equal("version_id", planned["version_id"], unknown)
		}
	})
}

// A value that no configuration has does not vanish without a word.
func TestSecretPlanWarnsOfALostValue(t *testing.T) {
	env := newEnvironment(t)
	p := env.protocol(fields{})
	record := p.apply(instance{}, fields{"name": "record"})
	written := p.apply(instance{}, fields{"name": "written", "value_wo": "value"})
	versioned := p.apply(instance{}, fields{"name": "versioned", "value_wo": "value", "value_wo_version": "1"})
	for name, test := range map[string]struct {
		prior  instance
		config fields
		want   []string
	}{
		"destroyed, not written":   {record, nil, []string{`"record" of the organization og_test`, "deleted for good", "removed block"}},
		"destroyed, written":       {written, nil, nil},
		"destroyed, versioned":     {versioned, nil, nil},
		"renamed without value_wo": {record, fields{"name": "db"}, []string{`"record" of the organization og_test`, "the new secret has none"}},
		"moved without value_wo":   {record, fields{"name": "record", "org_id": "og_other"}, []string{"the new secret has none"}},
		"value_wo taken away":      {written, fields{"name": "db"}, []string{"the new secret has none"}},
		"renamed with value_wo":    {record, fields{"name": "db", "value_wo": "value"}, nil},
		"with a value to come":     {record, fields{"name": "db", "value_wo": unknown}, nil},
		"kept":                     {record, fields{"name": "record"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			p := p.in(t)
			_, _, out := p.plan(test.prior, test.config)
			p.warns(out, test.want...)
		})
	}
}

func TestSecretDataSourceReadsTheVersion(t *testing.T) {
	env := newImportEnvironment(t)
	env.addSecrets("empty")
	p := env.protocol(fields{})
	read := func(config fields) any {
		t.Helper()
		state, out := p.readDataSource(typeSecret, config)
		p.succeeds(out)
		return state["version_id"]
	}
	p.equal("version_id that nobody asks for", read(fields{"name": "db"}), nil)
	env.wantCount(robototest.GetCredentials, 0)
	p.equal("version_id", read(fields{"name": "db", "read_version_id": true}), env.versionID())
	p.equal("version_id of no value", read(fields{"name": "empty", "read_version_id": true}), nil)
	env.roboto.Inject(robototest.Fault{
		Operation: robototest.GetCredentials, Status: http.StatusForbidden, Code: "RobotoUnauthorizedException", Message: "Not permitted.",
	})
	_, out := p.readDataSource(typeSecret, fields{"name": "db", "read_version_id": true})
	p.fails(out, "Cannot Read Roboto Secret Version", "remove read_version_id")
}

// The first try says what is missing.
func TestSecretFirstTry(t *testing.T) {
	env := newEnvironment(t)
	p := env.protocol(fields{})
	env.addSecrets("empty")
	for _, name := range []string{"nope", "empty"} {
		_, out := p.openEphemeral(fields{"name": name})
		p.fails(out, "If this configuration creates it, also pass version_id")
	}
	_, _, out := p.plan(instance{}, fields{"name": "db\u00a0"})
	p.warns(out, "begins or ends with white space")
	for config, want := range map[*fields][]string{
		{"name": "db", "detect_value_drift": true}:                                               {"has no effect"},
		{"name": "db", "detect_value_drift": true, "value_wo": unknown, "value_wo_version": "1"}: nil,
		{"name": "db", "detect_value_drift": false}:                                              nil,
	} {
		resp, err := p.server.ValidateResourceConfig(t.Context(), &tfprotov6.ValidateResourceConfigRequest{
			TypeName: typeSecret, Config: p.encode(p.secret, *config),
			ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{WriteOnlyAttributesAllowed: true},
		})
		p.ok(err)
		p.warns(outcome{diagnostics: resp.Diagnostics}, want...)
	}
}

func TestSecretPlanWarnsOnceOfAnotherDefaultOrganization(t *testing.T) {
	env := newEnvironment(t)
	first := env.protocol(fields{})
	created := []instance{first.apply(instance{}, fields{"name": "a"}), first.apply(instance{}, fields{"name": "b"})}
	plan := func(p *protocol, current instance, orgID any) outcome {
		t.Helper()
		refreshed, out := p.read(current)
		p.succeeds(out)
		_, _, out = p.plan(refreshed, fields{"name": current.state["name"], "org_id": orgID})
		return out
	}
	p := env.protocol(fields{"org_id": "og_other"})
	p.warns(plan(p, created[0], testOrg))
	p.warns(plan(p, created[0], nil), "provider's organization is og_other", `"a" of the organization og_test stays where it is`)
	p.warns(plan(p, created[1], nil))
	same := env.protocol(fields{"org_id": testOrg})
	same.warns(plan(same, created[0], nil))
}
