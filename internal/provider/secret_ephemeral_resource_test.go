// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/echoprovider"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// runWithEcho also offers the echo provider, which writes what it is given to
// state.
func (e *environment) runWithEcho(steps ...resource.TestStep) {
	e.t.Helper()
	factories := e.factories()
	factories["echo"] = echoprovider.NewProviderServer()
	e.runCase(resource.TestCase{ProtoV6ProviderFactories: factories, Steps: steps})
}

// echoed gives data to a resource of the echo provider. One that exists keeps what it was given first.
func echoed(name, data string) string {
	return "\nprovider \"echo\" {\n  data = " + data + "\n}\nresource \"echo\" \"" + name + "\" {}\n"
}

func TestAccSecretEphemeralResource(t *testing.T) {
	env := anyService(t)
	env.create("db", "empty")
	var ids []string
	for _, value := range []string{"first value", "second value", "third value"} {
		ids = append(ids, env.write(value))
	}
	const uri = `uri = "roboto-secret://NAME@ORG"`
	config, all := "", ""
	var checks []statecheck.StateCheck
	for i, test := range []struct {
		arguments string
		version   int
	}{
		{`name = "NAME"`, 2},
		{"name = \"NAME\"\n  org_id = \"ORG\"", 2},
		{uri, 2},
		{`uri = "roboto-secret://NAME"`, 2},
		{uri + "\n  version_id = \"" + ids[0] + `"`, 0},
		{uri + "\n  version_stage = \"AWSPREVIOUS\"", 1},
		{uri + "\n  version_stage = \"AWSCURRENT\"", 2},
	} {
		config += fmt.Sprintf("ephemeral \"roboto_secret\" \"case%d\" {\n  %s\n}\n", i, test.arguments)
		all += fmt.Sprintf("ephemeral.roboto_secret.case%d, ", i)
		at := tfjsonpath.New("data").AtSliceIndex(i)
		checks = append(checks, statecheck.ExpectKnownValue("echo.test", at, knownvalue.ObjectPartial(map[string]knownvalue.Check{
			"value":      knownvalue.StringExact([]string{"first value", "second value", "third value"}[test.version]),
			"version_id": knownvalue.StringExact(ids[test.version]), "value_created": justNow,
		})))
	}
	env.runWithEcho(
		resource.TestStep{Config: env.filled(config) + echoed("test", "["+all+"]"), ConfigStateChecks: checks},
		resource.TestStep{
			Config:      "ephemeral \"roboto_secret\" \"test\" {\n  uri = \"" + env.uri("empty") + "\"\n}\n",
			ExpectError: errorLike("has no value"),
		},
	)
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
	env.runWithEcho(
		resource.TestStep{Config: created + read + echoed("test", data), ConfigPlanChecks: notBeforeApply, ConfigStateChecks: gets("test", "first")},
		// Refreshing would read the first version, which is known.
		resource.TestStep{Config: created},
		resource.TestStep{
			PreConfig: env.resetRequests,
			Config:    rotated + read + echoed("rotated", data), ConfigPlanChecks: notBeforeApply, ConfigStateChecks: gets("rotated", "second"),
		},
		// And what nobody rotates is still there for the next plan.
		resource.TestStep{Config: rotated + read + echoed("rotated", data), ConfigPlanChecks: emptyPlan()},
	)
}
