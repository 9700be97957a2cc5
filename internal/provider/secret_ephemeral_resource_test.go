// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"maps"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/echoprovider"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// echoed gives data to a resource of the echo provider, which writes it to state. One that exists keeps what it was given first.
func echoed(name, data string) string {
	return "\nprovider \"echo\" {\n  data = " + data + "\n}\nresource \"echo\" \"" + name + "\" {}\n"
}

func TestSecretEphemeralResource(t *testing.T) {
	const uri = "roboto-secret://db@og_test"
	env := newEnvironment(t)
	env.create("db", "empty")
	for _, value := range []string{"first value", "second value", "third value"} {
		env.roboto.SetValue(testOrg, "db", value)
		env.roboto.Age(testOrg, "db", time.Hour)
	}
	versions := env.roboto.Versions(testOrg, "db")
	p := env.protocol(fields{})
	for name, test := range map[string]struct {
		config  fields
		version int
	}{
		"by name":               {fields{"name": "db"}, 2},
		"by name and org_id":    {fields{"name": "db", "org_id": testOrg}, 2},
		"by URI":                {fields{"uri": uri}, 2},
		"by URI without org_id": {fields{"uri": "roboto-secret://db"}, 2},
		"by version":            {fields{"uri": uri, "version_id": versions[0].ID}, 0},
		"of the stage before":   {fields{"uri": uri, "version_stage": "AWSPREVIOUS"}, 1},
		"of the current stage":  {fields{"uri": uri, "version_stage": "AWSCURRENT"}, 2},
	} {
		version := versions[test.version]
		want := maps.Clone(test.config)
		want["value"], want["version_id"] = version.Value, version.ID
		want["value_created"] = version.Created.UTC().Truncate(time.Millisecond).Format(time.RFC3339Nano)
		result, out := p.OpenEphemeral(test.config)
		p.Succeeds(out)
		maps.DeleteFunc(result, func(_ string, value any) bool { return value == nil })
		p.Equal("the secret "+name, result, want)
	}
	_, out := p.OpenEphemeral(fields{"name": "empty"})
	p.Fails(out, "has no value")
}

// The version of a secret that does not exist yet, or is about to be written, is
// unknown while planning, so the ephemeral resource waits.
func TestAccSecretEphemeralResourceInFirstApply(t *testing.T) {
	env := anyService(t)
	const read = "ephemeral \"roboto_secret\" \"test\" {\n  uri        = roboto_secret.test.uri\n  version_id = roboto_secret.test.version_id\n}\n"
	created := env.secret("db", `value_wo = "first"`, `value_wo_version = "1"`)
	rotated := env.secret("db", `value_wo = "second"`, `value_wo_version = "2"`)
	notBeforeApply := resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{planCheck(func(plancheck.CheckPlanRequest) error {
		env.wantCount(robototest.GetValue, 0)
		return nil
	})}}
	gets := func(name, value string) []statecheck.StateCheck {
		data := tfjsonpath.New("data")
		return []statecheck.StateCheck{
			statecheck.ExpectKnownValue("echo."+name, data.AtMapKey("value"), knownvalue.StringExact(value)),
			statecheck.CompareValuePairs("echo."+name, data.AtMapKey("version_id"), address, tfjsonpath.New("version_id"), compare.ValuesSame()),
		}
	}
	const data = "ephemeral.roboto_secret.test"
	factories := env.factories()
	factories["echo"] = echoprovider.NewProviderServer()
	env.runCase(resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{
		{Config: created + read + echoed("test", data), ConfigPlanChecks: notBeforeApply, ConfigStateChecks: gets("test", "first")},
		// Refreshing would read the first version, which is known.
		{Config: created},
		{
			PreConfig: env.resetRequests,
			Config:    rotated + read + echoed("rotated", data), ConfigPlanChecks: notBeforeApply, ConfigStateChecks: gets("rotated", "second"),
		},
		// And what nobody rotates is still there for the next plan.
		{Config: rotated + read + echoed("rotated", data), ConfigPlanChecks: emptyPlan()},
	}})
}
