// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"
)

var identityOfDB = fields{"name": "db", "org_id": testOrg}

func TestSecretIdentityStays(t *testing.T) {
	p := newEnvironment(t).protocol(fields{})
	created := p.apply(instance{}, fields{"name": "db", "value_wo": "first", "value_wo_version": "1"})
	p.equal("identity after create", created.identity, identityOfDB)
	refreshed, out := p.read(created)
	p.succeeds(out)
	p.equal("identity after read", refreshed.identity, identityOfDB)
	updated := p.apply(refreshed, fields{"name": "db", "value_wo": "second", "value_wo_version": "2"})
	p.equal("identity after update", updated.identity, identityOfDB)
}

// A state that an older Terraform wrote has no identity yet.
func TestSecretIdentityComesWithARead(t *testing.T) {
	env := newEnvironment(t)
	p := env.protocol(fields{})
	legacy := p.apply(instance{}, fields{"name": "db"})
	legacy.identity = nil
	t.Run("of a secret", func(t *testing.T) {
		p := p.in(t)
		refreshed, out := p.read(legacy)
		p.succeeds(out)
		p.equal("identity", refreshed.identity, identityOfDB)
		p.equal("state", refreshed.state, legacy.state)
	})
	t.Run("or with an update", func(t *testing.T) {
		p := p.in(t)
		updated := p.apply(legacy, fields{"name": "db", "detect_value_drift": true})
		p.equal("identity", updated.identity, identityOfDB)
	})
	t.Run("that Terraform may defer", func(t *testing.T) {
		p := env.in(t).protocol(fields{"api_key": unknown}).deferring()
		deferred, out := p.read(legacy)
		p.defers(out)
		p.equal("identity", deferred.identity, identityOfDB)
		p.equal("state", deferred.state, legacy.state)
	})
	t.Run("but not of a secret that is gone", func(t *testing.T) {
		env.roboto.DeleteSecret(testOrg, "db")
		p := p.in(t)
		gone, out := p.read(legacy)
		p.succeeds(out)
		p.equal("state", gone.state, fields(nil))
	})
}

func TestSecretImportFillsIdentity(t *testing.T) {
	env := newEnvironment(t)
	record := env.roboto.AddSecret(testOrg, "db")
	env.roboto.SetValue(testOrg, "db", "value")
	for name, test := range map[string]struct {
		id       string
		identity fields
	}{
		"by name":                    {id: "db"},
		"by name@org_id":             {id: "db@og_test"},
		"by URI":                     {id: "roboto-secret://db@og_test"},
		"by URI without org_id":      {id: "roboto-secret://db"},
		"by identity":                {identity: fields{"name": "db", "org_id": testOrg}},
		"by identity without org_id": {identity: fields{"name": "db"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := env.in(t).protocol(fields{})
			imported, out := p.importSecret(test.id, test.identity)
			p.succeeds(out)
			p.equal("identity after import", imported.identity, identityOfDB)
			current, out := p.read(imported)
			p.succeeds(out)
			p.equal("identity after read", current.identity, identityOfDB)
			p.equal("ARN", current.state["arn"], record.ARN)
		})
	}
	for name, test := range map[string]struct {
		identity fields
		want     string
	}{
		"empty name":   {fields{"name": ""}, "must not be empty"},
		"slash":        {fields{"name": "a/b"}, `must not contain "/"`},
		"URI for name": {fields{"name": "roboto-secret://db@og_test"}, `must not contain "@"`},
		"bad org_id":   {fields{"name": "db", "org_id": "My Org"}, "organization ID"},
	} {
		t.Run("not by identity with "+name, func(t *testing.T) {
			p := env.in(t).protocol(fields{})
			_, out := p.importSecret("", test.identity)
			p.fails(out, "The identity names no secret", test.want)
		})
	}
	t.Run("not of a secret that does not exist", func(t *testing.T) {
		p := env.in(t).protocol(fields{})
		imported, out := p.importSecret("", fields{"name": "nope"})
		p.succeeds(out)
		_, out = p.read(imported)
		p.fails(out, `There is no secret "nope" in the organization og_test`)
	})
	t.Run("but by URI of a name that looks like an ARN", func(t *testing.T) {
		env := env.in(t)
		env.roboto.AddSecret(testOrg, "arn:db")
		p := env.protocol(fields{})
		imported, out := p.importSecret("roboto-secret://arn:db@og_test", nil)
		p.succeeds(out)
		current, out := p.read(imported)
		p.succeeds(out)
		p.equal("name", current.state["name"], "arn:db")
	})
}

func TestSecretIdentityInState(t *testing.T) {
	env := newEnvironment(t)
	identity := statecheck.ExpectIdentity(address, map[string]knownvalue.Check{
		"name":   knownvalue.StringExact("db"),
		"org_id": knownvalue.StringExact(testOrg),
	})
	resource.UnitTest(t, resource.TestCase{
		TerraformVersionChecks:   []tfversion.TerraformVersionCheck{orSkip("resource identity", tfversion.SkipBelow(tfversion.Version1_12_0))},
		ProtoV6ProviderFactories: env.factories(),
		Steps: []resource.TestStep{
			{
				Config:            secret("db", `value_wo = "first"`, `value_wo_version = "1"`),
				ConfigStateChecks: []statecheck.StateCheck{identity},
			},
			{
				Config:            secret("db", `value_wo = "second"`, `value_wo_version = "2"`),
				ConfigPlanChecks:  plans(plancheck.ResourceActionUpdate),
				ConfigStateChecks: []statecheck.StateCheck{identity},
			},
			{
				Config:          secret("db", `value_wo = "second"`),
				ResourceName:    address,
				ImportState:     true,
				ImportStateKind: resource.ImportBlockWithResourceIdentity,
			},
		},
	})
}
