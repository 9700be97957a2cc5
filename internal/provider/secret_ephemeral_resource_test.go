// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/echoprovider"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

// runWithEcho also offers the echo provider, which writes what it is given to
// state.
func (e *environment) runWithEcho(steps ...resource.TestStep) {
	e.t.Helper()
	factories := e.factories()
	factories["echo"] = echoprovider.NewProviderServer()
	resource.UnitTest(e.t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: steps})
}

func echoed(ephemeral string) string {
	return ephemeral + "\nprovider \"echo\" {\n  data = ephemeral.roboto_secret.test\n}\nresource \"echo\" \"test\" {}\n"
}

func echo(name string, check knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue("echo.test", tfjsonpath.New("data").AtMapKey(name), check)
}

func TestSecretEphemeralResource(t *testing.T) {
	for name, arguments := range map[string]string{
		"by name":            "name = \"db\"",
		"by name and org_id": "name = \"db\"\n  org_id = \"og_test\"",
		"by URI":             "uri = \"roboto-secret://db@og_test\"",
		"by URI without org": "uri = \"roboto-secret://db\"",
	} {
		t.Run(name, func(t *testing.T) {
			env := newEnvironment(t)
			env.roboto.AddSecret(testOrg, "db")
			versionID := env.roboto.SetValue(testOrg, "db", "the value")
			env.runWithEcho(resource.TestStep{
				Config: echoed("ephemeral \"roboto_secret\" \"test\" {\n  " + arguments + "\n}\n"),
				ConfigStateChecks: []statecheck.StateCheck{
					echo("value", knownvalue.StringExact("the value")),
					echo("version_id", knownvalue.StringExact(versionID)),
				},
			})
		})
	}
	t.Run("an older version", func(t *testing.T) {
		env := newEnvironment(t)
		env.roboto.AddSecret(testOrg, "db")
		first := env.roboto.SetValue(testOrg, "db", "first value")
		env.roboto.SetValue(testOrg, "db", "second value")
		env.runWithEcho(resource.TestStep{
			Config: echoed("ephemeral \"roboto_secret\" \"test\" {\n  name = \"db\"\n  version_id = \"" + first + "\"\n}\n"),
			ConfigStateChecks: []statecheck.StateCheck{
				echo("value", knownvalue.StringExact("first value")),
			},
		})
	})
	t.Run("no value yet", func(t *testing.T) {
		env := newEnvironment(t)
		env.roboto.AddSecret(testOrg, "db")
		env.runWithEcho(resource.TestStep{
			Config:      echoed("ephemeral \"roboto_secret\" \"test\" {\n  name = \"db\"\n}\n"),
			ExpectError: errorLike("has no value"),
		})
	})
}

// The version of a secret that does not exist yet is unknown while planning, so
// the ephemeral resource waits.
func TestSecretEphemeralResourceInFirstApply(t *testing.T) {
	config := func(value, version string) string {
		return secret("db", `value_wo = "`+value+`"`, `value_wo_version = "`+version+`"`) +
			echoed("ephemeral \"roboto_secret\" \"test\" {\n  uri        = roboto_secret.test.uri\n  version_id = roboto_secret.test.version_id\n}\n")
	}
	newEnvironment(t).runWithEcho(
		resource.TestStep{
			Config:            config("first", "1"),
			ConfigStateChecks: []statecheck.StateCheck{echo("value", knownvalue.StringExact("first"))},
		},
	)
}
