// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/config"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

const address = "roboto_secret.test"

// secret is a configuration of one secret with the given further lines.
func secret(name string, lines ...string) string {
	return fmt.Sprintf("resource \"roboto_secret\" \"test\" {\n  name = %q\n  %s\n}\n", name, strings.Join(lines, "\n  "))
}

func attribute(name string, check knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(address, tfjsonpath.New(name), check)
}

func TestAccSecretWithVersion(t *testing.T) {
	env := anyService(t)
	changed := statecheck.CompareValue(compareDiffer)
	env.run(
		resource.TestStep{
			Config: env.secret("db", `value_wo = "first-value"`, `value_wo_version = "1"`),
			ConfigStateChecks: []statecheck.StateCheck{
				attribute("uri", knownvalue.StringExact(env.uri("db"))),
				attribute("org_id", knownvalue.StringExact(env.org)),
				attribute("value_wo", knownvalue.Null()),
				attribute("arn", knownvalue.NotNull()),
				attribute("created", knownvalue.NotNull()),
				attribute("created_by", knownvalue.NotNull()),
				changed.AddStateValue(address, tfjsonpath.New("version_id")),
				stateLacks("first-value"),
			},
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{planLacks("first-value")}},
		},
		resource.TestStep{
			Config:           env.secret("db", `value_wo = "second-value"`, `value_wo_version = "1"`),
			ConfigPlanChecks: emptyPlan(),
		},
		resource.TestStep{
			PreConfig: func() {
				if got := env.value("db"); got != "first-value" {
					t.Errorf("the value is %q before the version changes", got)
				}
				env.resetCounts()
			},
			Config:           env.secret("db", `value_wo = "second-value"`, `value_wo_version = "2"`),
			ConfigPlanChecks: plans(plancheck.ResourceActionUpdate),
			ConfigStateChecks: []statecheck.StateCheck{
				changed.AddStateValue(address, tfjsonpath.New("version_id")),
				attribute("value_wo_version", knownvalue.StringExact("2")),
			},
		},
	)
	env.wantCount(robototest.GetValue, 0)
	env.wantCount(robototest.PutValue, 1)
}

func TestAccSecretWithoutVersion(t *testing.T) {
	env := anyService(t)
	env.run(
		resource.TestStep{Config: env.secret("db", `value_wo = "first-value"`)},
		resource.TestStep{Config: env.secret("db", `value_wo = "first-value"`), ConfigPlanChecks: emptyPlan()},
		resource.TestStep{
			Config:           env.secret("db", `value_wo = "second-value"`),
			ConfigPlanChecks: plans(plancheck.ResourceActionUpdate),
			Check:            func(*terraformState) error { return want("second-value", env.value("db")) },
		},
		resource.TestStep{
			PreConfig:        func() { env.setValue("db", "written elsewhere") },
			Config:           env.secret("db", `value_wo = "second-value"`),
			ConfigPlanChecks: plans(plancheck.ResourceActionUpdate),
			Check:            func(*terraformState) error { return want("second-value", env.value("db")) },
		},
	)
}

// A value that is left to somebody else stays. Its version goes from the state with
// value_wo_version. Without one, a removed value looks like one that ignore_changes hides.
func TestAccSecretLeavesTheValue(t *testing.T) {
	for mode, test := range map[string]struct {
		arguments []string
		action    plancheck.ResourceActionType
		versionID knownvalue.Check
	}{
		"compared":  {[]string{`value_wo = "value"`}, plancheck.ResourceActionNoop, knownvalue.NotNull()},
		"versioned": {[]string{`value_wo = "value"`, `value_wo_version = "1"`}, plancheck.ResourceActionUpdate, knownvalue.Null()},
	} {
		t.Run(mode, func(t *testing.T) {
			env := anyService(t)
			var before string
			env.run(
				resource.TestStep{Config: env.secret("db", test.arguments...)},
				resource.TestStep{
					PreConfig:         func() { before = env.versionID() },
					Config:            env.secret("db"),
					ConfigPlanChecks:  plans(test.action),
					ConfigStateChecks: []statecheck.StateCheck{attribute("version_id", test.versionID)},
					Check:             func(*terraformState) error { return want(before, env.versionID()) },
				},
				resource.TestStep{Config: env.secret("db"), ConfigPlanChecks: emptyPlan()},
			)
		})
	}
}

// An ignored value is null while planning, and not during apply. Update obeys the plan: it writes
// nothing, and version_id stays.
func TestAccSecretIgnoredValue(t *testing.T) {
	env := anyService(t)
	var first, elsewhere string
	kept := func(state *terraformState) error {
		return errors.Join(want(elsewhere, env.versionID()), resource.TestCheckResourceAttr(address, "version_id", first)(state))
	}
	lines := []string{`value_wo = "value"`, "lifecycle {\n    ignore_changes = [value_wo]\n  }"}
	config := env.secret("db", lines...)
	protected := env.secret("db", append(lines, `deletion_protection = true`)...)
	env.run(
		resource.TestStep{
			Config: config,
			Check: func(*terraformState) error {
				first = env.versionID()
				return want("value", env.value("db"))
			},
		},
		resource.TestStep{
			PreConfig: func() { elsewhere = env.setValue("db", "written elsewhere") },
			Config:    config, ConfigPlanChecks: emptyPlan(),
		},
		resource.TestStep{Config: protected, ConfigPlanChecks: plans(plancheck.ResourceActionUpdate), Check: kept},
		resource.TestStep{Config: protected, ConfigPlanChecks: emptyPlan()},
		resource.TestStep{Config: config, ConfigPlanChecks: plans(plancheck.ResourceActionUpdate), Check: kept},
	)
}

// With terraform.applying, a value is null until Terraform plans once more during apply. Core
// refuses an apply that differs from what was planned first.
func TestAccSecretValueThatIsNullWhilePlanning(t *testing.T) {
	env := anyService(t)
	const value = `value_wo = terraform.applying ? "value" : null`
	var first string
	kept := func(state *terraformState) error {
		return errors.Join(want(first, env.versionID()), resource.TestCheckResourceAttr(address, "version_id", first)(state))
	}
	env.run(
		resource.TestStep{
			Config: env.secret("db", value),
			Check: func(*terraformState) error {
				first = env.versionID()
				return want("value", env.value("db"))
			},
		},
		resource.TestStep{Config: env.secret("db", value), ConfigPlanChecks: emptyPlan()},
		resource.TestStep{Config: env.secret("db", value, `deletion_protection = true`), ConfigPlanChecks: plans(plancheck.ResourceActionUpdate), Check: kept},
		resource.TestStep{Config: env.secret("db", value), ConfigPlanChecks: plans(plancheck.ResourceActionUpdate), Check: kept},
	)
}

// A version that comes, goes or stays decides alone whether the value is written.
func TestAccSecretVersionComesAndGoes(t *testing.T) {
	env := anyService(t)
	var before string
	remember := func() { before = env.versionID() }
	written := func(*terraformState) error {
		if env.versionID() == before {
			return fmt.Errorf("the value was not written")
		}
		return nil
	}
	kept := func(*terraformState) error { return want(before, env.versionID()) }
	env.run(
		resource.TestStep{Config: env.secret("db", `value_wo = "value"`)},
		resource.TestStep{
			PreConfig:        remember,
			Config:           env.secret("db", `value_wo = "value"`, `value_wo_version = "1"`),
			ConfigPlanChecks: plans(plancheck.ResourceActionUpdate),
			Check:            written,
		},
		resource.TestStep{
			PreConfig:        remember,
			Config:           env.secret("db", `value_wo = "value"`, `value_wo_version = "1"`, `detect_value_drift = true`),
			ConfigPlanChecks: plans(plancheck.ResourceActionUpdate),
			Check:            kept,
		},
		resource.TestStep{
			PreConfig:        remember,
			Config:           env.secret("db", `value_wo = "value"`, `detect_value_drift = true`),
			ConfigPlanChecks: plans(plancheck.ResourceActionUpdate),
			Check:            written,
		},
		resource.TestStep{
			PreConfig:        remember,
			Config:           env.secret("db", `value_wo = "value"`),
			ConfigPlanChecks: plans(plancheck.ResourceActionUpdate),
			Check:            kept,
		},
	)
}

func TestAccSecretDetectsValueDrift(t *testing.T) {
	env := anyService(t)
	config := env.secret("db", `value_wo = "value"`, `value_wo_version = "1"`, `detect_value_drift = true`)
	env.run(
		resource.TestStep{Config: config},
		resource.TestStep{Config: config, ConfigPlanChecks: emptyPlan()},
		resource.TestStep{
			PreConfig:          func() { env.setValue("db", "written elsewhere") },
			RefreshState:       true,
			ExpectNonEmptyPlan: true,
			Check:              resource.TestCheckNoResourceAttr(address, "version_id"),
		},
		resource.TestStep{
			Config:           config,
			ConfigPlanChecks: plans(plancheck.ResourceActionUpdate),
			Check:            func(*terraformState) error { return want("value", env.value("db")) },
		},
		resource.TestStep{Config: config, ConfigPlanChecks: emptyPlan()},
	)
}

// Drift is asked for only where a version was written, and a value that is gone is drift.
func TestSecretAsksForDriftOfWhatItWrote(t *testing.T) {
	env := newEnvironment(t)
	p := env.protocol(fields{})
	unversioned := p.Apply(instance{}, fields{"name": "db", "value_wo": "value", "detect_value_drift": true})
	watched := p.Apply(unversioned, fields{"name": "db", "value_wo": "value", "value_wo_version": "1", "detect_value_drift": true})
	env.roboto.Inject(robototest.Fault{Operation: robototest.GetValue, AWSError: "ResourceNotFoundException"})
	env.roboto.ResetRequests()
	drifted, out := p.Read(watched)
	p.Succeeds(out)
	p.Equal("version_id", drifted.State["version_id"], nil)
	env.wantCount(robototest.GetCredentials, 1)
	for _, unwatched := range []instance{drifted, unversioned} {
		_, out = p.Read(unwatched)
		p.Succeeds(out)
	}
	env.wantCount(robototest.GetCredentials, 1)
}

// What is unknown while planning counts as different, and nothing is asked for.
func TestSecretPlansWithUnknownArguments(t *testing.T) {
	env := newEnvironment(t)
	first := env.protocol(fields{})
	unversioned := first.Apply(instance{}, fields{"name": "db", "value_wo": "value"})
	versioned := first.Apply(unversioned, fields{"name": "db", "value_wo": "value", "value_wo_version": "1"})
	drifted := versioned
	drifted.State = maps.Clone(versioned.State)
	drifted.State["version_id"] = nil
	for name, test := range map[string]struct {
		prior  instance
		config fields
		want   string
	}{
		"value":   {unversioned, fields{"name": "db", "value_wo": unknown}, "version_id"},
		"version": {versioned, fields{"name": "db", "value_wo": "value", "value_wo_version": unknown}, "version_id"},
		"flag":    {drifted, fields{"name": "db", "value_wo": "value", "value_wo_version": "1", "detect_value_drift": unknown}, "version_id"},
		"name":    {versioned, fields{"name": unknown, "value_wo": "value", "value_wo_version": "1"}, "uri"},
		"create":  {instance{}, fields{"name": unknown}, "uri"},
	} {
		t.Run(name, func(t *testing.T) {
			env := env.in(t)
			p := env.protocol(fields{"org_id": testOrg})
			env.roboto.ResetRequests()
			planned, _, out := p.Plan(test.prior, test.config)
			p.Succeeds(out)
			p.Equal(test.want, planned[test.want], unknown)
			env.makesNoRequest()
		})
	}
	p := env.protocol(fields{})
	planned, _, out := p.Plan(drifted, fields{"name": "db", "value_wo": "value", "value_wo_version": "1"})
	p.Succeeds(out)
	p.Equal("version_id of a drift that nobody asks for", planned["version_id"], nil)
}

// The value of a secret that is replaced is of no interest.
func TestSecretReplacementComparesNothing(t *testing.T) {
	env := newEnvironment(t)
	p := env.protocol(fields{})
	existing := p.Apply(instance{}, fields{"name": "db", "value_wo": "value"})
	for attribute, config := range map[string]fields{
		"name":   {"name": "cache", "value_wo": "value"},
		"org_id": {"name": "db", "org_id": "og_other", "value_wo": "value"},
	} {
		t.Run(attribute, func(t *testing.T) {
			env, p := env.in(t), p.In(t)
			env.roboto.ResetRequests()
			planned, replaces, out := p.Plan(existing, config)
			p.Succeeds(out)
			p.Equal("version_id", planned["version_id"], unknown)
			p.Equal("replaced attributes", replaces, []string{`AttributeName("` + attribute + `")`})
			env.makesNoRequest()
		})
	}
}

func TestAccSecretWithoutValue(t *testing.T) {
	env := anyService(t)
	env.run(
		resource.TestStep{
			Config:            env.secret("db"),
			ConfigStateChecks: []statecheck.StateCheck{attribute("version_id", knownvalue.Null())},
		},
		resource.TestStep{
			PreConfig:        func() { env.setValue("db", "set by a person") },
			Config:           env.secret("db"),
			ConfigPlanChecks: emptyPlan(),
		},
	)
	env.wantCount(robototest.GetCredentials, 0)
}

func TestAccSecretTakesEphemeralInput(t *testing.T) {
	env := anyService(t)
	variables := config.Variables{"password": config.StringVariable("from-an-ephemeral-variable")}
	configuration := "variable \"password\" {\n  type      = string\n  ephemeral = true\n}\n" + env.secret("db", `value_wo = var.password`)
	env.run(
		resource.TestStep{
			Config:            configuration,
			ConfigVariables:   variables,
			Check:             func(*terraformState) error { return want("from-an-ephemeral-variable", env.value("db")) },
			ConfigStateChecks: []statecheck.StateCheck{stateLacks("from-an-ephemeral-variable")},
		},
		resource.TestStep{Config: configuration, ConfigVariables: variables, ConfigPlanChecks: emptyPlan()},
	)
}

func TestSecretURIIsKnownAtPlan(t *testing.T) {
	output := "output \"uri\" {\n  value = roboto_secret.test.uri\n}\n"
	known := resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
		plancheck.ExpectKnownOutputValue("uri", knownvalue.StringExact("roboto-secret://db@og_test")),
	}}
	t.Run("organization given", func(t *testing.T) {
		env := newEnvironment(t)
		env.roboto.AddOrg("og_other", "Other")
		env.run(resource.TestStep{Config: secret("db", `org_id = "og_test"`) + output, ConfigPlanChecks: known})
		if n := env.roboto.Count(robototest.ListOrgs); n != 0 {
			t.Errorf("organizations were looked up %d times", n)
		}
	})
	t.Run("the only organization", func(t *testing.T) {
		newEnvironment(t).run(resource.TestStep{Config: secret("db") + output, ConfigPlanChecks: known})
	})
	t.Run("organization from the environment", func(t *testing.T) {
		newEnvironment(t).with("ROBOTO_ORG_ID", testOrg).run(resource.TestStep{Config: secret("db") + output, ConfigPlanChecks: known})
	})
}

// The value is written elsewhere between plan and apply.
func TestAccSecretSurvivesChangeBetweenPlanAndApply(t *testing.T) {
	for name, elsewhere := range map[string]string{"to the planned value": "second", "to a third value": "third"} {
		t.Run(name, func(t *testing.T) {
			env := anyService(t)
			env.run(
				resource.TestStep{Config: env.secret("db", `value_wo = "first"`)},
				resource.TestStep{
					Config: env.secret("db", `value_wo = "second"`),
					ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
						beforeApply(func() { env.setValue("db", elsewhere) }),
					}},
					Check: func(*terraformState) error { return want("second", env.value("db")) },
				},
				// Only the flag is planned, and then the value has to be written after all.
				resource.TestStep{
					Config: env.secret("db", `value_wo = "second"`, `detect_value_drift = true`),
					ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
						beforeApply(func() { env.setValue("db", "third") }),
					}},
					Check: func(*terraformState) error { return want("second", env.value("db")) },
				},
			)
		})
	}
}

func TestSecretCreateThatCannotWriteTheValue(t *testing.T) {
	refuse := robototest.Fault{Operation: robototest.PutValue, Status: http.StatusBadRequest, AWSError: "AccessDeniedException"}
	withVersion := func(name string, lines ...string) string {
		return secret(name, append(lines, `value_wo = "value"`, `value_wo_version = "1"`)...)
	}
	dependent := "\nresource \"terraform_data\" \"dependent\" {\n  input = roboto_secret.test.uri\n  lifecycle { create_before_destroy = true }\n}\n"
	for name, config := range map[string]string{
		"alone":                      withVersion("db"),
		"with prevent_destroy":       withVersion("db", "lifecycle {\n prevent_destroy = true\n }"),
		"with create_before_destroy": withVersion("db") + dependent,
	} {
		t.Run(name, func(t *testing.T) {
			env := newEnvironment(t)
			env.roboto.AllowViolations()
			env.roboto.Inject(refuse)
			env.run(
				resource.TestStep{
					Config:      "provider \"roboto\" {\n  max_attempts = 1\n}\n" + config,
					ExpectError: errorLike("could not be written, so its new record was deleted again"),
				},
				resource.TestStep{
					PreConfig: func() {
						if records := env.roboto.Records(testOrg); len(records) != 0 {
							t.Errorf("%d records are left", len(records))
						}
						env.roboto.ClearFaults()
					},
					Config:           config,
					ConfigPlanChecks: plans(plancheck.ResourceActionCreate),
					Check:            func(*terraformState) error { return want("value", env.value("db")) },
				},
				resource.TestStep{Config: strings.ReplaceAll(config, "prevent_destroy = true", "prevent_destroy = false")},
			)
		})
	}
}

func TestAccSecretImport(t *testing.T) {
	for name, id := range map[string]string{"name": "NAME", "name@org_id": "NAME@ORG", "URI": "roboto-secret://NAME@ORG"} {
		t.Run("by "+name, func(t *testing.T) {
			env := anyImportService(t)
			env.run(
				resource.TestStep{
					Config:             env.secret("db", `value_wo = "value"`),
					ResourceName:       address,
					ImportState:        true,
					ImportStateId:      env.filled(id),
					ImportStatePersist: true,
				},
				resource.TestStep{Config: env.secret("db", `value_wo = "value"`), ConfigPlanChecks: emptyPlan()},
			)
		})
	}
	t.Run("with a version it is written once, in place", func(t *testing.T) {
		env := anyImportService(t)
		env.run(
			resource.TestStep{
				Config: importOf(env.filled(`id = "NAME"`)) +
					env.secret("db", `value_wo = "value"`, `value_wo_version = "1"`),
				ConfigPlanChecks: plans(plancheck.ResourceActionUpdate),
			},
		)
		env.wantCount(robototest.PutValue, 1)
	})
	t.Run("an invalid ID is refused", func(t *testing.T) {
		env := anyService(t)
		env.run(resource.TestStep{
			Config:        env.secret("db"),
			ResourceName:  address,
			ImportState:   true,
			ImportStateId: "a/b",
			ExpectError:   errorLike("is not valid"),
		})
	})
}

// A changed default never moves or destroys existing secrets.
func TestSecretKeepsItsOrganization(t *testing.T) {
	env := newEnvironment(t)
	env.roboto.AddOrg("og_other", "Other")
	env.run(
		resource.TestStep{Config: "provider \"roboto\" {\n  org_id = \"og_test\"\n}\n" + secret("db")},
		resource.TestStep{
			Config:           "provider \"roboto\" {\n  org_id = \"og_other\"\n}\n" + secret("db"),
			ConfigPlanChecks: emptyPlan(),
		},
		resource.TestStep{Config: secret("db"), ConfigPlanChecks: emptyPlan()},
		resource.TestStep{
			Config:           secret("db", `org_id = "og_other"`),
			ConfigPlanChecks: plans(plancheck.ResourceActionDestroyBeforeCreate),
			ConfigStateChecks: []statecheck.StateCheck{
				attribute("uri", knownvalue.StringExact("roboto-secret://db@og_other")),
			},
		},
		resource.TestStep{
			Config:           secret("cache", `org_id = "og_other"`),
			ConfigPlanChecks: plans(plancheck.ResourceActionDestroyBeforeCreate),
		},
	)
	if records := env.roboto.Records(testOrg); len(records) != 0 {
		t.Errorf("%d records are left in the first organization", len(records))
	}
}

func TestAccSecretDeletedElsewhereIsCreatedAgain(t *testing.T) {
	env := anyService(t)
	config := env.secret("db", `value_wo = "value"`, `value_wo_version = "1"`)
	env.run(
		resource.TestStep{Config: config},
		resource.TestStep{
			PreConfig:        func() { env.deleteSecret("db") },
			Config:           config,
			ConfigPlanChecks: plans(plancheck.ResourceActionCreate),
			Check:            func(*terraformState) error { return want("value", env.value("db")) },
		},
	)
}

// terraform-plugin-testing ends with terraform destroy -refresh=false. The deletion looks first,
// and finds nothing to delete. That counts only because the organization is the caller's.
func TestSecretDeletedElsewhereIsDestroyed(t *testing.T) {
	env := newEnvironment(t)
	env.run(resource.TestStep{
		Config: secret("db"),
		ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{
			beforeApply(func() { env.roboto.DeleteSecret(testOrg, "db") }),
		}},
	})
	env.wantCount(robototest.DeleteSecret, 0)
	requests := env.roboto.Requests()
	if last := requests[len(requests)-1]; last.Operation != robototest.ListOrgs {
		t.Errorf("the last request is %s, want %s", last.Operation, robototest.ListOrgs)
	}
}

// Names that the SDK mishandles work, because they exist.
func TestAccSecretNames(t *testing.T) {
	for _, name := range []string{"with space", "größe", "a?b", "a#b", "a%2fb", "a+b&c=d", `quo"te`, "日本語"} {
		t.Run(name, func(t *testing.T) {
			env := anyService(t)
			env.run(resource.TestStep{
				Config:            env.secret(name, `value_wo = "value"`),
				ConfigStateChecks: []statecheck.StateCheck{attribute("uri", knownvalue.StringExact(env.uri(name)))},
				Check:             func(*terraformState) error { return want("value", env.value(name)) },
			})
		})
	}
}

// Of dots alone only one and two are special in a path.
func TestSecretNameOfDots(t *testing.T) {
	env := newEnvironment(t)
	created := env.protocol(fields{}).Apply(instance{}, fields{"name": "...", "value_wo": "value"})
	if got := created.State["uri"]; got != "roboto-secret://...@og_test" || env.value("...") != "value" {
		t.Errorf("%v has the value %q", got, env.value("..."))
	}
}

func TestAccSecretNameTaken(t *testing.T) {
	env := anyService(t)
	env.addSecrets("db")
	env.run(resource.TestStep{
		Config:      env.secret("db"),
		ExpectError: errorLike(env.filled(`id = "NAME@ORG"`)),
	})
}
