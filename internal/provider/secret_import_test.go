// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// importOf is an import block; by is its id or its identity.
func importOf(by string) string {
	return fmt.Sprintf("import {\n  to = %s\n  %s\n}\n", address, by)
}

func TestAccSecretImportWithoutValueAdoptsTheRecordOnly(t *testing.T) {
	env := anyService(t)
	env.create("db")
	before := env.write("value")
	env.resetRequests()
	env.run(
		resource.TestStep{Config: importOf(fmt.Sprintf("id = %q", env.name("db"))) + env.secret("db"), ConfigPlanChecks: plans(nothing)},
		resource.TestStep{
			PreConfig: func() {
				env.wantCount(robototest.GetCredentials, 0)
				if _, now := env.read("db"); now != before {
					t.Errorf("the version %s is current, and was %s before the import", now, before)
				}
			},
			Config: env.secret("db"), ConfigPlanChecks: emptyPlan(),
		},
	)
}

// By the command, and with a configuration that Terraform writes itself, which then changes nothing.
func TestAccSecretImport(t *testing.T) {
	env := anyService(t)
	env.create("db")
	env.write("value")
	step := resource.TestStep{Config: env.secret("db", `value_wo = "value"`), ResourceName: address, ImportState: true}
	refused, imported := step, step
	refused.ImportStateId, refused.ExpectError = "a/b", errorLike("is not valid")
	imported.ImportStateId, imported.ImportStatePersist = env.name("db")+"@"+env.client.OrgID, true
	env.run(
		resource.TestStep{
			Config: "provider \"roboto\" {}\n", ResourceName: address, ImportState: true, GenerateConfig: true,
			ImportStateKind: resource.ImportBlockWithID, ImportStateId: env.name("db"),
		},
		refused, imported,
		resource.TestStep{Config: step.Config, ConfigPlanChecks: emptyPlan()},
	)
}

// Each operation sets the identity, also in a state that an older Terraform wrote.
func TestSecretIdentityIsSet(t *testing.T) {
	env := newEnvironment(t)
	p := env.protocol(fields{})
	created := p.Apply(instance{}, fields{"name": "db"})
	p.Equal("identity after create", created.Identity, identityOfDB)
	for name, before := range map[string]fields{"with an identity": identityOfDB, "without one": nil} {
		t.Run(name, func(t *testing.T) {
			p, prior := env.in(t).protocol(fields{}), created
			prior.Identity = before
			refreshed, out := p.Read(prior)
			p.Succeeds(out)
			p.Equal("identity after read", refreshed.Identity, identityOfDB)
			p.Equal("state after read", refreshed.State, created.State)
			updated := p.Apply(prior, fields{"name": "db", "detect_value_drift": true})
			p.Equal("identity after update", updated.Identity, identityOfDB)
			p = env.in(t).protocol(fields{"api_key": unknown}).Deferring()
			deferred, out := p.Read(prior)
			p.Defers(out)
			p.Equal("identity after a read that is deferred", deferred.Identity, identityOfDB)
			p.Equal("state after it", deferred.State, created.State)
		})
	}
	env.roboto.DeleteSecret(testOrg, "db")
	gone, out := p.Read(created)
	p.Succeeds(out)
	p.Equal("state of what is gone", gone.State, fields(nil))
}

// The catalog of errors has more refusals, with their whole texts.
func TestSecretImportByIDOrIdentity(t *testing.T) {
	env := newEnvironment(t)
	arns := map[string]string{}
	for _, name := range []string{"db", "arn:db", "caf\u00e9", "cafe\u0301"} {
		arns[name] = env.roboto.AddSecret(testOrg, name).ARN
	}
	const byURI = "roboto-secret://"
	for name, test := range map[string]struct {
		id       string
		identity fields
		// want is the name of the secret, or "" if the import is refused with the texts.
		want  string
		texts []string
	}{
		"name":                      {id: "db", want: "db"},
		"name@org_id":               {id: "db@og_test", want: "db"},
		"URI":                       {id: byURI + "db@og_test", want: "db"},
		"URI without org_id":        {id: byURI + "db", want: "db"},
		"URI of a name like an ARN": {id: byURI + "arn:db@og_test", want: "arn:db"},
		"NFC":                       {id: "caf\u00e9", want: "caf\u00e9"},
		"identity":                  {identity: identityOfDB, want: "db"},
		"identity without org_id":   {identity: fields{"name": "db"}, want: "db"},
		"identity of one not there": {identity: fields{"name": "nope"}, texts: []string{`There is no secret "nope" in the organization og_test`}},
		"organization's name":       {id: "db@My Org", texts: []string{"Invalid Import ID", "letters, digits"}},
		"not NFC": {
			id: "cafe\u0301", texts: []string{"Invalid Import ID", `must be in Unicode NFC, to which Terraform changes all text, and "cafe\u0301" is not`},
		},
		"identity with an empty name": {identity: fields{"name": ""}, texts: []string{"The identity is not valid", "must not be empty"}},
		"identity with a URI as a name": {
			identity: fields{"name": byURI + "db@og_test"}, texts: []string{"The identity is not valid", `must not contain "@"`},
		},
		"identity with a bad org_id": {
			identity: fields{"name": "db", "org_id": "My Org"}, texts: []string{"The identity is not valid", "organization ID"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := env.in(t).protocol(fields{})
			imported, out := p.Import(test.id, test.identity)
			if out.Err() == nil {
				imported, out = p.Read(imported)
			}
			if test.want == "" {
				p.Fails(out, test.texts...)
				return
			}
			p.Succeeds(out)
			p.Equal("identity", imported.Identity, fields{"name": test.want, "org_id": testOrg})
			p.Equal("ARN", imported.State["arn"], arns[test.want])
		})
	}
}

// With a version, and without detect_value_drift, nothing short of a write needs more than metadata.
func TestSecretWithVersionAndDeniedCredentials(t *testing.T) {
	env := newEnvironment(t)
	config := fields{"name": "db", "value_wo": "value", "value_wo_version": "1"}
	rotated := fields{"name": "db", "value_wo": "value", "value_wo_version": "2"}
	created := env.protocol(fields{}).Apply(instance{}, config)
	env.roboto.ResetRequests()
	env = env.with("ROBOTO_API_KEY", env.roboto.AddAPIKey(robototest.Grant{NoCredentials: true}))
	p := env.protocol(fields{})
	refreshed, out := p.Read(created)
	p.Succeeds(out)
	p.Equal("state", refreshed.State, created.State)
	planned, _, out := p.Plan(refreshed, config)
	p.Succeeds(out)
	p.Equal("plan", planned, created.State)
	imported, out := p.Import("db", nil)
	p.Succeeds(out)
	settingsCase{}.check(t, env, calls{
		"plan to rotate": plan(created, rotated), "plan to create": plan(instance{}, rotated), "plan to delete": plan(created, nil),
		"data source": read(typeSecret, fields{"name": "db"}), "list": read(typeSecrets, nil), "read after an import": refresh(imported),
	})
	env.wantCount(robototest.GetCredentials, 0)
	settingsCase{fails: "You are not permitted to access secret values"}.check(t, env, calls{
		"rotate": apply(created, rotated), "ephemeral resource": open(fields{"name": "db"}),
	})
	p = env.protocol(fields{})
	p.Equal("state after the deletion", p.Apply(created, nil).State, fields(nil))
}
