// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"strings"
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

// runWithEcho also offers the echo provider, which writes what it is given to
// state.
func (e *environment) runWithEcho(steps ...resource.TestStep) {
	e.t.Helper()
	factories := e.factories()
	factories["echo"] = echoprovider.NewProviderServer()
	resource.UnitTest(e.t, resource.TestCase{ProtoV6ProviderFactories: factories, CheckDestroy: e.isDestroyed, Steps: steps})
}

func echoed(ephemeral string) string {
	return ephemeral + "\nprovider \"echo\" {\n  data = ephemeral.roboto_secret.test\n}\nresource \"echo\" \"test\" {}\n"
}

func echo(name string, check knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue("echo.test", tfjsonpath.New("data").AtMapKey(name), check)
}

// justNow is a time in RFC 3339 and UTC that lies less than an hour back or ahead.
var justNow = knownvalue.StringFunc(func(text string) error {
	at, err := time.Parse(time.RFC3339, text)
	if err == nil && (!strings.HasSuffix(text, "Z") || time.Since(at).Abs() > time.Hour) {
		err = fmt.Errorf("it is %s", text)
	}
	return err
})

func TestAccSecretEphemeralResource(t *testing.T) {
	for name, arguments := range map[string]string{
		"by name":            "name = \"NAME\"",
		"by name and org_id": "name = \"NAME\"\n  org_id = \"ORG\"",
		"by URI":             "uri = \"roboto-secret://NAME@ORG\"",
		"by URI without org": "uri = \"roboto-secret://NAME\"",
	} {
		t.Run(name, func(t *testing.T) {
			env := anyService(t)
			env.addSecrets("db")
			versionID := env.setValue("db", "the value")
			env.runWithEcho(resource.TestStep{
				Config: echoed("ephemeral \"roboto_secret\" \"test\" {\n  " + env.filled(arguments) + "\n}\n"),
				ConfigStateChecks: []statecheck.StateCheck{
					echo("value", knownvalue.StringExact("the value")),
					echo("version_id", knownvalue.StringExact(versionID)),
					echo("value_created", justNow),
				},
			})
		})
	}
	t.Run("an older version", func(t *testing.T) {
		env := anyService(t)
		env.addSecrets("db")
		first := env.setValue("db", "first value")
		env.setValue("db", "second value")
		env.runWithEcho(resource.TestStep{
			Config: echoed("ephemeral \"roboto_secret\" \"test\" {\n  uri = \"" + env.uri("db") + "\"\n  version_id = \"" + first + "\"\n}\n"),
			ConfigStateChecks: []statecheck.StateCheck{
				echo("value", knownvalue.StringExact("first value")),
			},
		})
	})
	for stage, want := range map[string]struct {
		value string
		of    int
	}{
		"AWSPREVIOUS": {"second value", 1},
		"AWSCURRENT":  {"third value", 2},
	} {
		t.Run("the version "+stage, func(t *testing.T) {
			env := anyService(t)
			env.addSecrets("db")
			var versionIDs []string
			for _, value := range []string{"first value", "second value", "third value"} {
				versionIDs = append(versionIDs, env.setValue("db", value))
			}
			env.runWithEcho(resource.TestStep{
				Config: echoed("ephemeral \"roboto_secret\" \"test\" {\n  uri = \"" + env.uri("db") + "\"\n  version_stage = \"" + stage + "\"\n}\n"),
				ConfigStateChecks: []statecheck.StateCheck{
					echo("value", knownvalue.StringExact(want.value)),
					echo("version_id", knownvalue.StringExact(versionIDs[want.of])),
					echo("value_created", justNow),
				},
			})
		})
	}
	t.Run("no value yet", func(t *testing.T) {
		env := anyService(t)
		env.addSecrets("db")
		env.runWithEcho(resource.TestStep{
			Config:      echoed("ephemeral \"roboto_secret\" \"test\" {\n  uri = \"" + env.uri("db") + "\"\n}\n"),
			ExpectError: errorLike("has no value"),
		})
	})
}

// echoedTo is another resource of the echo provider: one that exists keeps what it
// was given first.
func echoedTo(name, ephemeral string) string {
	return strings.Replace(echoed(ephemeral), "\"test\" {}", fmt.Sprintf("%q {}", name), 1)
}

// The version of a secret that does not exist yet, or is about to be written, is
// unknown while planning, so the ephemeral resource waits.
func TestAccSecretEphemeralResourceInFirstApply(t *testing.T) {
	env := anyService(t)
	read := "ephemeral \"roboto_secret\" \"test\" {\n  uri        = roboto_secret.test.uri\n  version_id = roboto_secret.test.version_id\n}\n"
	created := env.secret("db", `value_wo = "first"`, `value_wo_version = "1"`)
	rotated := env.secret("db", `value_wo = "second"`, `value_wo_version = "2"`)
	notBeforeApply := resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{beforeApply(func() { env.wantCount(robototest.GetValue, 0) })}}
	gets := func(name, value string) []statecheck.StateCheck {
		return []statecheck.StateCheck{
			statecheck.ExpectKnownValue("echo."+name, tfjsonpath.New("data").AtMapKey("value"), knownvalue.StringExact(value)),
			statecheck.CompareValuePairs("echo."+name, tfjsonpath.New("data").AtMapKey("version_id"), address, tfjsonpath.New("version_id"), compare.ValuesSame()),
		}
	}
	env.runWithEcho(
		resource.TestStep{
			Config:            created + echoed(read),
			ConfigPlanChecks:  notBeforeApply,
			ConfigStateChecks: gets("test", "first"),
		},
		// Refreshing would read the first version, which is known.
		resource.TestStep{Config: created},
		resource.TestStep{
			PreConfig:         env.resetCounts,
			Config:            rotated + echoedTo("rotated", read),
			ConfigPlanChecks:  notBeforeApply,
			ConfigStateChecks: gets("rotated", "second"),
		},
		// And what nobody rotates is still there for the next plan.
		resource.TestStep{Config: rotated + echoedTo("rotated", read), ConfigPlanChecks: emptyPlan()},
	)
}

// A write-only argument of another provider takes the value, which is then
// nowhere but in Secrets Manager.
func TestAccSecretEphemeralResourceFeedsWriteOnlyArgument(t *testing.T) {
	source, target := anyService(t), anyOtherService(t)
	source.addSecrets("db")
	factories := source.factories()
	factories["copies"] = target.factories()["roboto"]
	copied := func(value string, action plancheck.ResourceActionType) resource.TestStep {
		return resource.TestStep{
			PreConfig: func() { source.setValue("db", value) },
			Config: "ephemeral \"roboto_secret\" \"source\" {\n  uri = \"" + source.uri("db") + "\"\n}\n" +
				target.secret("copy", "provider = copies", "value_wo = ephemeral.roboto_secret.source.value"),
			ConfigPlanChecks: resource.ConfigPlanChecks{
				PreApply:             []plancheck.PlanCheck{planLacks(value), plancheck.ExpectResourceAction(address, action)},
				PostApplyPostRefresh: []plancheck.PlanCheck{planLacks(value), plancheck.ExpectEmptyPlan()},
			},
			ConfigStateChecks: []statecheck.StateCheck{stateLacks(value)},
			Check:             func(*terraformState) error { return want(value, target.value("copy")) },
		}
	}
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, CheckDestroy: target.isDestroyed, Steps: []resource.TestStep{
		copied("the-first-canary", plancheck.ResourceActionCreate),
		copied("the-second-canary", plancheck.ResourceActionUpdate),
	}})
}

// The provider gives the value as it is stored. Terraform changes it, so whoever opens it has to know.
func TestSecretEphemeralResourceWarnsOfAValueThatTerraformChanges(t *testing.T) {
	for name, test := range map[string]struct {
		value   string
		changed bool
	}{
		"ASCII":                    {"kanarienvogel-4711", false},
		"composed":                 {"kanarienv\u00f6gel-4711", false},
		"decomposed":               {"kanarienvo\u0308gel-4711", true},
		"marks in another order":   {"kanarienvogel-\u1e61\u0323-4711", true},
		"Hangul in letters":        {"kanarienvogel-\u1112\u1161\u11ab", true},
		"a sign for kelvin":        {"kanarienvogel-4711 \u212a", true},
		"a form for compatibility": {"kanarienvogel-\ufb01-4711", false},
		"at the end of a long one": {strings.Repeat("x", 65_000) + "kanarienvogel-e\u0301", true},
	} {
		t.Run(name, func(t *testing.T) {
			env := newEnvironment(t)
			env.addSecrets("db")
			versionID := env.roboto.SetValue(testOrg, "db", test.value)
			p := env.protocol(fields{})
			for i := range 2 {
				result, out := p.OpenEphemeral(fields{"name": "db", "version_id": versionID})
				if !test.changed {
					p.Warns(out)
					continue
				}
				p.Warns(out, `Value of Roboto Secret "db" Is Changed by Terraform`, `the secret "db" of the organization og_test is not in Unicode NFC`)
				p.Equal("value", result["value"], test.value)
				warning := out.Diagnostics[0]
				if strings.Contains(warning.Summary+warning.Detail, "kanarienv") || warning.Attribute != nil {
					t.Errorf("the warning shows the value, or points at it: %v", warning)
				}
				if strings.Contains(warning.Detail, "base64") != (i == 0) {
					t.Errorf("the advice of warning %d is: %s", i, warning.Detail)
				}
			}
		})
	}
}

func TestSecretEphemeralResourceRefuses(t *testing.T) {
	env := newEnvironment(t)
	env.addSecrets("db", "empty")
	first := env.roboto.SetValue(testOrg, "db", "value")
	p := env.protocol(fields{})
	for name, test := range map[string]struct {
		config fields
		texts  []string
	}{
		"a missing secret":  {fields{"name": "nope"}, []string{`"nope" of the organization og_test could not be read`, "Check the name and the organization"}},
		"no value yet":      {fields{"name": "empty"}, []string{"has no value yet", "Write one first"}},
		"a missing version": {fields{"name": "db", "version_id": strings.Repeat("0", 32)}, []string{"has no version 00000000", "The current version is " + first + ", written 20", "leave version_id out"}},
		"no other version":  {fields{"name": "db", "version_stage": "AWSPREVIOUS"}, []string{"has no version AWSPREVIOUS", "The current version is " + first, "once the value has been written twice"}},
		"a version of none": {fields{"name": "empty", "version_id": strings.Repeat("0", 32)}, []string{"no version 00000000", "has no value yet"}},
		"a stage of none":   {fields{"name": "empty", "version_stage": "AWSCURRENT"}, []string{"no version AWSCURRENT", "has no value yet"}},
		"another's secret":  {fields{"uri": "roboto-secret://db@og_unknown"}, []string{"You are not a member of organization og_unknown"}},
	} {
		t.Run(name, func(t *testing.T) {
			env, p := env.in(t), p.In(t)
			env.roboto.ResetRequests()
			result, out := p.OpenEphemeral(test.config)
			p.Fails(out, test.texts...)
			p.Equal("result", result["value"], nil)
			env.wantCount(robototest.GetCredentials, 1)
		})
	}
	for name, test := range map[string]struct {
		config fields
		text   string
	}{
		"neither name nor URI":  {fields{}, `Neither "name" nor "uri" is given`},
		"both":                  {fields{"name": "db", "uri": "roboto-secret://db"}, `Both "name" and "uri" are given`},
		"two organizations":     {fields{"uri": "roboto-secret://db@og_test", "org_id": "og_other"}, `names the organization "og_test"`},
		"not a URI":             {fields{"uri": "db@og_test"}, "must be a secret URI"},
		"not a name":            {fields{"name": "a/b"}, `attribute "name" is not usable`},
		"not an ID":             {fields{"name": "db", "org_id": "My Org"}, `attribute "org_id" is not usable`},
		"not a version":         {fields{"name": "db", "version_id": "1"}, "the ID of an AWS version has"},
		"not a stage":           {fields{"name": "db", "version_stage": "AWSPENDING"}, `must be one of: ["AWSCURRENT" "AWSPREVIOUS"]`},
		"a version and a stage": {fields{"name": "db", "version_id": strings.Repeat("0", 32), "version_stage": "AWSPREVIOUS"}, `"version_id" cannot be specified when "version_stage" is specified`},
	} {
		t.Run(name, func(t *testing.T) {
			p := p.In(t)
			p.Fails(p.ValidateEphemeral(test.config), test.text)
		})
	}
}
