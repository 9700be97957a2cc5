// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/config"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// The tests of this file run the real Terraform, and show what only it can show.

// lifeStep is an apply in the life of one secret.
type lifeStep struct {
	// before and meanwhile are values that somebody else writes before the plan, and between plan and apply.
	before, meanwhile string
	// arguments are those of the resource, besides its name.
	arguments []string
	action    plancheck.ResourceActionType
	// value is what the service has then, and versionID what the state has: the ID of the current version, the one
	// before, or null.
	value, versionID string
}

// Each step plans what it should, with a known uri, and ends with the right value and version.
func TestAccSecretLives(t *testing.T) {
	const (
		creates = plancheck.ResourceActionCreate
		updates = plancheck.ResourceActionUpdate
		nothing = plancheck.ResourceActionNoop
	)
	var (
		nobody    []string
		first     = []string{`value_wo = "first value"`}
		second    = []string{`value_wo = "second value"`}
		first1    = []string{`value_wo = "first value"`, `value_wo_version = "1"`}
		second1   = []string{`value_wo = "second value"`, `value_wo_version = "1"`}
		second2   = []string{`value_wo = "second value"`, `value_wo_version = "2"`}
		flagged   = append(second, `detect_value_drift = true`)
		applying  = []string{`value_wo = terraform.applying ? "first value" : null`}
		ephemeral = []string{`value_wo = var.value`}
		protected = `deletion_protection = true`
	)
	for name, steps := range map[string][]lifeStep{
		"with a version": {
			{arguments: first1, action: creates, value: "first value", versionID: "current"},
			{arguments: second1, action: nothing, value: "first value", versionID: "before"},
			{arguments: second2, action: updates, value: "second value", versionID: "current"},
			{arguments: nobody, action: updates, value: "second value", versionID: "null"},
			{arguments: nobody, action: nothing, value: "second value", versionID: "null"},
		},
		"without a version": {
			{arguments: ephemeral, action: creates, value: "value of a variable", versionID: "current"},
			{arguments: ephemeral, action: nothing, value: "value of a variable", versionID: "before"},
			{arguments: second, action: updates, value: "second value", versionID: "current"},
			{before: "theirs", arguments: second, action: updates, value: "second value", versionID: "current"},
			// A removed value looks like one that ignore_changes hides.
			{arguments: nobody, action: nothing, value: "second value", versionID: "before"},
		},
		// Terraform plans once more during apply, and refuses what differs from its first plan.
		"with a value that is null while planning": {
			{arguments: applying, action: creates, value: "first value", versionID: "current"},
			{arguments: applying, action: nothing, value: "first value", versionID: "before"},
			{arguments: append(applying, protected), action: updates, value: "first value", versionID: "before"},
			{arguments: applying, action: updates, value: "first value", versionID: "before"},
		},
		"written elsewhere between plan and apply": {
			{arguments: first, action: creates, value: "first value", versionID: "current"},
			{meanwhile: "second value", arguments: second, action: updates, value: "second value", versionID: "current"},
			{meanwhile: "theirs", arguments: first, action: updates, value: "first value", versionID: "current"},
			{arguments: second, action: updates, value: "second value", versionID: "current"},
			{meanwhile: "theirs", arguments: flagged, action: updates, value: "second value", versionID: "current"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			env := anyService(t)
			writes := func(value string) {
				if value != "" {
					env.write(value)
				}
			}
			var before string // version_id in the state, "" for null
			var all []resource.TestStep
			for _, step := range steps {
				all = append(all, resource.TestStep{
					PreConfig:       func() { writes(step.before) },
					Config:          "variable \"value\" {\n  ephemeral = true\n}\n" + env.secret("db", step.arguments...),
					ConfigVariables: config.Variables{"value": config.StringVariable("value of a variable")},
					ConfigPlanChecks: beforeApply(
						plancheck.ExpectResourceAction(address, step.action),
						plancheck.ExpectKnownValue(address, tfjsonpath.New("uri"), knownvalue.StringExact(env.uri("db"))),
						planCheck(func() { writes(step.meanwhile) }),
					),
					Check: resource.ComposeTestCheckFunc(
						resource.TestCheckResourceAttr(address, "org_id", env.client.OrgID), resource.TestCheckResourceAttrSet(address, "arn"),
						resource.TestCheckResourceAttrSet(address, "created"), resource.TestCheckResourceAttrSet(address, "created_by"),
						resource.TestCheckNoResourceAttr(address, "value_wo"), env.holds("db", step.value),
						func(state *terraform.State) error {
							_, current := env.read("db")
							want := map[string]string{"current": current, "before": before, "null": ""}[step.versionID]
							before = state.RootModule().Resources[address].Primary.Attributes["version_id"]
							if before != want {
								return fmt.Errorf("version_id is %q, and should be %q (%s)", before, want, step.versionID)
							}
							return nil
						},
					),
				})
			}
			env.run(all...)
		})
	}
}

// Names that the SDK mishandles work, because they exist.
func TestAccSecretNames(t *testing.T) {
	env := anyService(t)
	config := ""
	var checks []resource.TestCheckFunc
	for i, name := range []string{"with space", "größe", "a?b", "a#b", "a%2fb", "a+b&c=d", `quo"te`, "日本語", "..."} {
		config += strings.Replace(env.secret(name, `value_wo = "value"`), `"test"`, fmt.Sprintf(`"test%d"`, i), 1)
		checks = append(checks, env.holds(name, "value"), resource.TestCheckResourceAttr(fmt.Sprint("roboto_secret.test", i), "uri", env.uri(name)))
	}
	env.run(resource.TestStep{Config: config, Check: resource.ComposeTestCheckFunc(checks...)})
}

// After each step, Terraform plans again, and finds nothing to do.
func TestAccSecretImportWithoutValueAdoptsTheRecordOnly(t *testing.T) {
	env := anyService(t)
	env.create("db")
	before := env.write("value")
	env.run(resource.TestStep{
		Config:           fmt.Sprintf("import {\n  to = %s\n  id = %q\n}\n", address, env.name("db")) + env.secret("db"),
		ConfigPlanChecks: beforeApply(plancheck.ExpectResourceAction(address, plancheck.ResourceActionNoop)),
		Check: func(*terraform.State) error {
			if _, now := env.read("db"); now != before {
				return fmt.Errorf("the version %s is current, and was %s before the import", now, before)
			}
			return nil
		},
	})
}

// By a configuration that Terraform writes itself, and by the command. Both then change nothing.
func TestAccSecretImport(t *testing.T) {
	env := anyService(t)
	env.create("db")
	env.write("value")
	step := resource.TestStep{
		Config: env.secret("db", `value_wo = "value"`), ResourceName: address,
		ImportState: true, ImportStateId: env.name("db") + "@" + env.client.OrgID, ImportStatePersist: true,
	}
	env.run(
		resource.TestStep{
			Config: "provider \"roboto\" {}\n", ResourceName: address, ImportState: true, GenerateConfig: true,
			ImportStateKind: resource.ImportBlockWithID, ImportStateId: env.name("db"),
		},
		step,
		resource.TestStep{Config: step.Config, ConfigPlanChecks: emptyPlan()},
	)
}

// The results are known while planning.
func TestAccSecretsDataSourceFeedsForEachAtPlan(t *testing.T) {
	env := anyService(t)
	env.create("a", "b")
	env.runCase(resource.TestCase{Steps: []resource.TestStep{{
		Config: fmt.Sprintf(`
data "roboto_organizations" "mine" {}
data "roboto_secrets" "all" {
  org_id      = one([for o in data.roboto_organizations.mine.organizations : o.org_id if o.org_id == %q])
  name_prefix = %q
}
resource "terraform_data" "each" {
  for_each = data.roboto_secrets.all.uris
  input    = each.value
}
`, env.client.OrgID, env.prefix),
		// terraform-plugin-testing cannot read a state with string keys.
		PlanOnly:           true,
		ExpectNonEmptyPlan: true,
		ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPreRefresh: []plancheck.PlanCheck{
			plancheck.ExpectKnownValue("terraform_data.each[\""+env.name("b")+"\"]", tfjsonpath.New("input"), knownvalue.StringExact(env.uri("b"))),
		}},
	}}})
}

// The version of a secret that does not exist yet, or is about to be written, is unknown while planning, so the
// ephemeral resource waits. The echo provider writes what it gets to the state, and keeps what is there.
func TestAccSecretEphemeralResourceInFirstApply(t *testing.T) {
	env := anyService(t)
	created := env.secret("db", `value_wo = "first"`, `value_wo_version = "1"`)
	rotated := env.secret("db", `value_wo = "second"`, `value_wo_version = "2"`)
	reads := func(secret, echo, value string) resource.TestStep {
		return resource.TestStep{
			Config: secret + "ephemeral \"roboto_secret\" \"test\" {\n  uri        = roboto_secret.test.uri\n" +
				"  version_id = roboto_secret.test.version_id\n}\n" +
				"provider \"echo\" {\n  data = ephemeral.roboto_secret.test\n}\nresource \"echo\" \"" + echo + "\" {}\n",
			Check: resource.ComposeTestCheckFunc(
				resource.TestCheckResourceAttr("echo."+echo, "data.value", value),
				resource.TestCheckResourceAttrPair("echo."+echo, "data.version_id", address, "version_id"),
			),
		}
	}
	// Refreshing after the first step would read the first version, which is known.
	env.run(reads(created, "test", "first"), resource.TestStep{Config: created}, reads(rotated, "rotated", "second"))
}

// The first apply makes the very things that the provider's settings come from. Terraform validates a setting
// again once it is known.
func TestFirstApplyMakesTheSettingsKnown(t *testing.T) {
	env := newEnvironment(t)
	env.roboto.AddOrg("og_other", "Other")
	// The key of the environment could not create the secret.
	env = env.with("ROBOTO_API_KEY", env.roboto.AddAPIKey(robototest.Grant{Orgs: []string{"og_other"}}))
	config := func(org, endpoint string) string {
		return fmt.Sprintf("resource \"terraform_data\" \"made\" {\n  input = { key = %q, org = %q, endpoint = %q }\n}\n", env.roboto.APIKey(), org, endpoint) +
			"provider \"roboto\" {\n  api_key  = terraform_data.made.output.key\n  org_id   = terraform_data.made.output.org\n" +
			"  endpoint = terraform_data.made.output.endpoint\n}\n" + env.secret("db", `value_wo = "value"`)
	}
	first := config(testOrg, env.roboto.Endpoint())
	env.run(
		resource.TestStep{Config: config(testOrg, "http://example.com"), ExpectError: regexp.MustCompile(`plain\W+http`)},
		resource.TestStep{
			Config: first,
			ConfigPlanChecks: beforeApply(
				planCheck(func() { env.wantRequests(0) }),
				plancheck.ExpectUnknownValue(address, tfjsonpath.New("org_id")),
				plancheck.ExpectUnknownValue(address, tfjsonpath.New("uri")),
			),
			Check: resource.ComposeTestCheckFunc(
				resource.TestCheckResourceAttr(address, "uri", "roboto-secret://db@og_test"), env.holds("db", "value"),
			),
		},
		// What exists has to be read, with settings that are about to change.
		resource.TestStep{
			PreConfig: env.roboto.ResetRequests, Config: config("og_other", env.roboto.Endpoint()),
			ExpectError: regexp.MustCompile(`not\W+know\W+api_key,\W+endpoint,\W+org_id\W+yet`),
		},
		resource.TestStep{PreConfig: func() { env.wantRequests(0) }, Config: first, ConfigPlanChecks: emptyPlan()},
	)
}

// Terraform reports the mistakes of all blocks together, and with each the block. The catalog of errors has those of
// values.
func TestBadBlocksAreRefused(t *testing.T) {
	const data, ephemeral, setRead = "data roboto_secret", "ephemeral roboto_secret", `Set "read_version_id" to true as well`
	type block struct{ kind, arguments, says string }
	blocks := []block{
		{"resource roboto_secret", `name = ""`, "must not be empty"},
		{"resource roboto_secret", `name = "db"; org_id = "My Org"`, "not its name"},
		{"data roboto_secrets", `org_id = "My Org"`, `attribute "org_id" is not usable`},
		{data, `name = "db"; version_stage = "AWSPREVIOUS"`, setRead},
		{data, `name = "db"; version_stage = "AWSPREVIOUS"; read_version_id = false`, setRead},
		// A variable is unknown when Terraform validates, and no mistake.
		{data, `name = "db"; version_stage = "AWSPREVIOUS"; read_version_id = var.read`, ""},
		{data, `name = "db"; version_stage = "AWSPENDING"; read_version_id = true`, `must be one of: ["AWSCURRENT" "AWSPREVIOUS"]`},
		{ephemeral, `name = "db"; version_stage = "AWSPENDING"`, `must be one of: ["AWSCURRENT" "AWSPREVIOUS"]`},
		{ephemeral, `name = "db"; version_id = "1"`, "the ID of an AWS version has"},
		{ephemeral, `name = "db"; version_id = "` + strings.Repeat("0", 32) + `"; version_stage = "AWSCURRENT"`, `"version_id" cannot be specified when`},
	}
	for _, kind := range []string{data, ephemeral} {
		blocks = append(
			blocks,
			block{kind, "# nothing", `Neither "name" nor "uri" is given`},
			block{kind, `name = "db"; uri = "roboto-secret://db"`, `Both "name" and "uri" are given`},
			block{kind, `uri = "https://example.com"`, "must be a secret URI"},
			block{kind, `name = "a/b"`, `attribute "name" is not usable`},
			block{kind, `name = "db"; org_id = "My Org"`, `attribute "org_id" is not usable`},
			block{kind, `uri = "roboto-secret://db@og_test"; org_id = "og_other"`, `names the organization "og_test"`},
		)
	}
	config := "variable \"read\" {\n  default = true\n}\n"
	for i, b := range blocks {
		kind, typeName, _ := strings.Cut(b.kind, " ")
		config += fmt.Sprintf("%s %q \"case%d\" {\n  %s\n}\n", kind, typeName, i, strings.ReplaceAll(b.arguments, "; ", "\n  "))
	}
	env := newEnvironment(t)
	said := map[string]string{}
	env.runCase(resource.TestCase{
		Steps: []resource.TestStep{{Config: config, PlanOnly: true}},
		ErrorCheck: func(err error) error {
			for _, one := range strings.Split(err.Error(), "\nError: ")[1:] {
				said[regexp.MustCompile(`\.case\d+,`).FindString(one)] += strings.Join(strings.Fields(strings.ReplaceAll(one, "│", " ")), " ")
			}
			return nil
		},
	})
	for i, b := range blocks {
		got := said[fmt.Sprintf(".case%d,", i)]
		if (got == "") != (b.says == "") || !strings.Contains(got, b.says) {
			t.Errorf("the error of %s with %s is %q, and should say %q", b.kind, b.arguments, got, b.says)
		}
	}
	env.wantRequests(0)
}

// A value in place of a URI would be a secret on its way through Roboto.
func TestActionParametersTakeNoEphemeralValue(t *testing.T) {
	env := newEnvironment(t)
	env.runCase(resource.TestCase{
		TerraformVersionChecks: []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_14_0)},
		Steps: []resource.TestStep{{
			Config: `
variable "value" {
  ephemeral = true
  default   = "a value"
}

action "roboto_action_invoke" "test" {
  config {
    name             = "check"
    parameter_values = { key = var.value }
  }
}
` + env.secret("db", "lifecycle {", "action_trigger {", "events = [after_create]", "actions = [action.roboto_action_invoke.test]", "}", "}"),
			ExpectError: regexp.MustCompile(`Ephemeral\W+values\W+are\W+not\W+valid`),
		}},
	})
	env.wantRequests(0)
}
