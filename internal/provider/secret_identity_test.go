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
	created := p.Apply(instance{}, fields{"name": "db", "value_wo": "first", "value_wo_version": "1"})
	p.Equal("identity after create", created.Identity, identityOfDB)
	refreshed, out := p.Read(created)
	p.Succeeds(out)
	p.Equal("identity after read", refreshed.Identity, identityOfDB)
	updated := p.Apply(refreshed, fields{"name": "db", "value_wo": "second", "value_wo_version": "2"})
	p.Equal("identity after update", updated.Identity, identityOfDB)
}

// A state that an older Terraform wrote has no identity yet.
func TestSecretIdentityComesWithARead(t *testing.T) {
	env := newEnvironment(t)
	p := env.protocol(fields{})
	legacy := p.Apply(instance{}, fields{"name": "db"})
	legacy.Identity = nil
	t.Run("of a secret", func(t *testing.T) {
		p := p.In(t)
		refreshed, out := p.Read(legacy)
		p.Succeeds(out)
		p.Equal("identity", refreshed.Identity, identityOfDB)
		p.Equal("state", refreshed.State, legacy.State)
	})
	t.Run("or with an update", func(t *testing.T) {
		p := p.In(t)
		updated := p.Apply(legacy, fields{"name": "db", "detect_value_drift": true})
		p.Equal("identity", updated.Identity, identityOfDB)
	})
	t.Run("that Terraform may defer", func(t *testing.T) {
		p := env.in(t).protocol(fields{"api_key": unknown}).Deferring()
		deferred, out := p.Read(legacy)
		p.Defers(out)
		p.Equal("identity", deferred.Identity, identityOfDB)
		p.Equal("state", deferred.State, legacy.State)
	})
	t.Run("but not of a secret that is gone", func(t *testing.T) {
		env.roboto.DeleteSecret(testOrg, "db")
		p := p.In(t)
		gone, out := p.Read(legacy)
		p.Succeeds(out)
		p.Equal("state", gone.State, fields(nil))
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
			imported, out := p.Import(test.id, test.identity)
			p.Succeeds(out)
			p.Equal("identity after import", imported.Identity, identityOfDB)
			current, out := p.Read(imported)
			p.Succeeds(out)
			p.Equal("identity after read", current.Identity, identityOfDB)
			p.Equal("ARN", current.State["arn"], record.ARN)
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
			_, out := p.Import("", test.identity)
			p.Fails(out, "The identity is not valid", test.want)
		})
	}
	t.Run("not of a secret that does not exist", func(t *testing.T) {
		p := env.in(t).protocol(fields{})
		imported, out := p.Import("", fields{"name": "nope"})
		p.Succeeds(out)
		_, out = p.Read(imported)
		p.Fails(out, `There is no secret "nope" in the organization og_test`)
	})
	t.Run("but by URI of a name that looks like an ARN", func(t *testing.T) {
		env := env.in(t)
		env.roboto.AddSecret(testOrg, "arn:db")
		p := env.protocol(fields{})
		imported, out := p.Import("roboto-secret://arn:db@og_test", nil)
		p.Succeeds(out)
		current, out := p.Read(imported)
		p.Succeeds(out)
		p.Equal("name", current.State["name"], "arn:db")
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
