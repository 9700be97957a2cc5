// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// importOf is an import block; by is its id or its identity.
func importOf(by string) string {
	return fmt.Sprintf("import {\n  to = %s\n  %s\n}\n", address, by)
}

// newImportEnvironment is anyImportService with an embedded one.
func newImportEnvironment(t *testing.T) *environment {
	env := newEnvironment(t)
	env.addSecrets("db")
	env.setValue("db", "value")
	return env
}

// An import adopts what is there. The steps run for each way of naming it.
func (e *environment) importSteps(by string) []resource.TestStep {
	return []resource.TestStep{
		{
			Config:           importOf(e.filled(by)) + e.secret("db", `value_wo = "value"`),
			ConfigPlanChecks: plans(plancheck.ResourceActionNoop),
			ConfigStateChecks: []statecheck.StateCheck{
				attribute("org_id", knownvalue.StringExact(e.org)),
				attribute("uri", knownvalue.StringExact(e.uri("db"))),
				attribute("arn", knownvalue.NotNull()),
				attribute("created", knownvalue.NotNull()),
				attribute("created_by", knownvalue.NotNull()),
				attribute("version_id", knownvalue.Null()),
			},
		},
		{
			Config: e.secret("db", `value_wo = "value"`), ConfigPlanChecks: emptyPlan(),
			Check: func(*terraformState) error { return e.count(robototest.PutValue, 0) },
		},
	}
}

func TestAccSecretImportBlock(t *testing.T) {
	for _, id := range []string{"NAME", "NAME@ORG", "roboto-secret://NAME@ORG"} {
		t.Run(id, func(t *testing.T) {
			env := anyImportService(t)
			env.run(env.importSteps(fmt.Sprintf("id = %q", id))...)
		})
	}
	for name, identity := range map[string]string{
		"identity":                `{ name = "NAME", org_id = "ORG" }`,
		"identity without org_id": `{ name = "NAME" }`,
	} {
		t.Run(name, func(t *testing.T) {
			env := anyImportService(t)
			resource.UnitTest(t, resource.TestCase{
				TerraformVersionChecks:   []tfversion.TerraformVersionCheck{orSkip("import by "+name, tfversion.SkipBelow(tfversion.Version1_12_0))},
				ProtoV6ProviderFactories: env.factories(),
				CheckDestroy:             env.isDestroyed,
				Steps:                    env.importSteps("identity = " + identity),
			})
		})
	}
}

// Terraform writes the configuration itself, which then changes nothing.
func TestAccSecretImportGeneratesConfiguration(t *testing.T) {
	env := anyImportService(t)
	env.run(resource.TestStep{
		Config:          "provider \"roboto\" {}\n",
		ResourceName:    address,
		ImportState:     true,
		ImportStateKind: resource.ImportBlockWithID,
		ImportStateId:   env.name("db"),
		GenerateConfig:  true,
	})
}

// Of an imported value nothing is known but the value itself, so with a version
// it is written once, and without one when it differs. The secret is never replaced.
func TestAccSecretImportUpdatesInPlace(t *testing.T) {
	versioned := []string{`value_wo = "value"`, `value_wo_version = "1"`}
	for name, test := range map[string]struct {
		stored string
		config []string
	}{
		"with a version":                  {"value", versioned},
		"with a version and an org_id":    {"value", slices.Concat(versioned, []string{`org_id = "ORG"`})},
		"with drift detection":            {"value", slices.Concat(versioned, []string{`detect_value_drift = true`})},
		"without one, to another value":   {"value", []string{`value_wo = "another value"`}},
		"of no value, to its first value": {"", []string{`value_wo = "value"`}},
	} {
		t.Run(name, func(t *testing.T) {
			env := anyService(t)
			env.addSecrets("db")
			if test.stored != "" {
				env.setValue("db", test.stored)
			}
			config := env.filled(env.secret("db", test.config...))
			env.run(
				resource.TestStep{
					Config:            importOf(env.filled(`id = "NAME"`)) + config,
					ConfigPlanChecks:  plans(plancheck.ResourceActionUpdate),
					ConfigStateChecks: []statecheck.StateCheck{attribute("version_id", knownvalue.NotNull())},
				},
				resource.TestStep{
					Config:           config,
					ConfigPlanChecks: emptyPlan(),
					Check:            func(*terraformState) error { return env.count(robototest.PutValue, 1) },
				},
			)
		})
	}
}

func TestAccSecretImportWithoutValueAdoptsTheRecordOnly(t *testing.T) {
	env := anyImportService(t)
	env.run(
		resource.TestStep{
			Config: importOf(env.filled(`id = "NAME"`)) + env.secret("db"), ConfigPlanChecks: plans(plancheck.ResourceActionNoop),
			Check: func(*terraformState) error { return want("value", env.value("db")) },
		},
		resource.TestStep{Config: env.secret("db"), ConfigPlanChecks: emptyPlan()},
	)
	env.wantCount(robototest.GetCredentials, 0)
}

// Another default organization is for secrets to come.
func TestImportedSecretKeepsItsOrganization(t *testing.T) {
	env := newImportEnvironment(t)
	env.roboto.AddOrg("og_other", "Other")
	env = env.with("ROBOTO_ORG_ID", testOrg)
	config := secret("db", `value_wo = "value"`)
	env.run(
		resource.TestStep{Config: importOf(`id = "db"`) + config, ConfigPlanChecks: plans(plancheck.ResourceActionNoop)},
		resource.TestStep{
			PreConfig:        func() { env.Vars["ROBOTO_ORG_ID"] = "og_other" },
			Config:           config,
			ConfigPlanChecks: emptyPlan(),
		},
		resource.TestStep{
			PreConfig:        func() { env.Vars["ROBOTO_ORG_ID"] = "" },
			Config:           "provider \"roboto\" {\n  org_id = \"og_other\"\n}\n" + config,
			ConfigPlanChecks: emptyPlan(),
		},
		// The import block may stay, with an ID that would now mean another secret.
		resource.TestStep{
			Config:           "provider \"roboto\" {\n  org_id = \"og_other\"\n}\n" + importOf(`id = "db"`) + config,
			ConfigPlanChecks: emptyPlan(),
		},
		resource.TestStep{Config: config, ConfigPlanChecks: emptyPlan()},
	)
}

func TestSecretImportRefusesWhatIsNotThere(t *testing.T) {
	for id, texts := range map[string][]string{
		"nope": {"Cannot Import Roboto Secret", `There is no secret "nope" in the organization og_test`, "import name@org_id"},
		"arn:aws:secretsmanager:us-west-2:123456789012:secret:db-AbCdEf":             {"Invalid Import ID", "it is an ARN", "name@org_id, or its URI"},
		"arn:aws:secretsmanager:us-west-2:123456789012:secret:roboto/og_test/db-AbC": {"Invalid Import ID", "it is an ARN", "name@org_id, or its URI"},
		"og_test/db":                       {"Invalid Import ID", "name@org_id, or its URI"},
		"https://app.roboto.ai/secrets/db": {"Invalid Import ID", "name@org_id, or its URI"},
		"a/b":                              {"Invalid Import ID", `"a/b" is not valid`, "name@org_id, or its URI"},
		"db@My Org":                        {"Invalid Import ID", "letters, digits"},
		"db@og_unknown":                    {"could not be imported", "You are not a member of organization og_unknown"},
		"roboto-secret://db@og@og":         {"Invalid Import ID"},
	} {
		t.Run(id, func(t *testing.T) {
			newImportEnvironment(t).fails(importOf(fmt.Sprintf("id = %q", id))+secret("db"), texts...)
		})
	}
}
