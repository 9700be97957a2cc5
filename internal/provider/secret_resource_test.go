// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/config"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

const (
	creates  = plancheck.ResourceActionCreate
	updates  = plancheck.ResourceActionUpdate
	replaces = plancheck.ResourceActionDestroyBeforeCreate
	nothing  = plancheck.ResourceActionNoop
)

// What version_id in the state can be after an apply.
type versionID string

const (
	isCurrent versionID = "that of the current version"
	isNull    versionID = "null"
	isKept    versionID = "as before"
)

// lifeStep is an apply in the life of one secret.
type lifeStep struct {
	// before happens before the plan, and meanwhile between plan and apply.
	before, meanwhile func(*environment)
	// arguments are those of the resource, besides its name.
	arguments []string
	action    plancheck.ResourceActionType
	// value is what the service has then, "" for no value.
	value     string
	versionID versionID
}

func writes(value string) func(*environment) {
	return func(e *environment) { e.write(value) }
}

// Each step plans what it should, and ends with the right value and version.
func TestAccSecretLives(t *testing.T) {
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
			{arguments: first1, action: creates, value: "first value", versionID: isCurrent},
			{arguments: second1, action: nothing, value: "first value", versionID: isKept},
			{arguments: second2, action: updates, value: "second value", versionID: isCurrent},
			{arguments: nobody, action: updates, value: "second value", versionID: isNull},
			{arguments: nobody, action: nothing, value: "second value", versionID: isNull},
		},
		"without a version": {
			{arguments: first, action: creates, value: "first value", versionID: isCurrent},
			{arguments: first, action: nothing, value: "first value", versionID: isKept},
			{arguments: second, action: updates, value: "second value", versionID: isCurrent},
			{before: writes("theirs"), arguments: second, action: updates, value: "second value", versionID: isCurrent},
			// A removed value looks like one that ignore_changes hides.
			{arguments: nobody, action: nothing, value: "second value", versionID: isKept},
		},
		"with an ephemeral value": {
			{arguments: ephemeral, action: creates, value: "value of a variable", versionID: isCurrent},
			{arguments: ephemeral, action: nothing, value: "value of a variable", versionID: isKept},
		},
		// Terraform plans once more during apply, and refuses what differs from its first plan.
		"with a value that is null while planning": {
			{arguments: applying, action: creates, value: "first value", versionID: isCurrent},
			{arguments: applying, action: nothing, value: "first value", versionID: isKept},
			{arguments: append(applying, protected), action: updates, value: "first value", versionID: isKept},
			{arguments: applying, action: updates, value: "first value", versionID: isKept},
		},
		"written elsewhere between plan and apply": {
			{arguments: first, action: creates, value: "first value", versionID: isCurrent},
			{meanwhile: writes("second value"), arguments: second, action: updates, value: "second value", versionID: isCurrent},
			{meanwhile: writes("theirs"), arguments: first, action: updates, value: "first value", versionID: isCurrent},
			{arguments: second, action: updates, value: "second value", versionID: isCurrent},
			{meanwhile: writes("theirs"), arguments: flagged, action: updates, value: "second value", versionID: isCurrent},
		},
	} {
		t.Run(name, func(t *testing.T) {
			env := anyService(t)
			var all []resource.TestStep
			known := new(string)
			for _, step := range steps {
				all = append(all, env.lifeStep(step, known))
			}
			env.run(all...)
		})
	}
}

// lifeStep is a step for Terraform. versionID is version_id in the state before and after it.
func (e *environment) lifeStep(step lifeStep, versionID *string) resource.TestStep {
	happens := func(what func(*environment)) {
		if what != nil {
			what(e)
		}
	}
	planChecks := []plancheck.PlanCheck{plancheck.ExpectResourceAction(address, step.action)}
	stateChecks := []statecheck.StateCheck{
		attribute("uri", knownvalue.StringExact(e.uri("db"))), attribute("org_id", knownvalue.StringExact(e.client.OrgID)),
		attribute("arn", knownvalue.NotNull()), attribute("created", knownvalue.NotNull()), attribute("created_by", knownvalue.NotNull()),
		attribute("value_wo", knownvalue.Null()), e.holds("db", step.value),
	}
	planChecks = append(planChecks, planCheck(func(plancheck.CheckPlanRequest) error {
		happens(step.meanwhile)
		return nil
	}))
	stateChecks = append(stateChecks, stateCheck(func(req statecheck.CheckStateRequest) error {
		before, got := *versionID, req.State.Values.RootModule.Resources[0].AttributeValues["version_id"]
		*versionID, _ = got.(string)
		_, current := e.read("db")
		if want := map[string]any{string(isCurrent): current, string(isKept): before, string(isNull): nil}[string(step.versionID)]; got != want {
			return fmt.Errorf("version_id is %v, and should be %s: %v", got, step.versionID, want)
		}
		return nil
	}))
	return resource.TestStep{
		PreConfig:         func() { happens(step.before) },
		Config:            "variable \"value\" {\n  ephemeral = true\n}\n" + e.secret("db", step.arguments...),
		ConfigVariables:   config.Variables{"value": config.StringVariable("value of a variable")},
		ConfigPlanChecks:  resource.ConfigPlanChecks{PreApply: planChecks},
		ConfigStateChecks: stateChecks,
	}
}

// secret is a configuration of one secret of this test.
func (e *environment) secret(short string, lines ...string) string {
	return secret(e.name(short), lines...)
}

// Names that the SDK mishandles work, because they exist.
func TestAccSecretNames(t *testing.T) {
	env := anyService(t)
	config := ""
	var checks []statecheck.StateCheck
	for i, name := range []string{"with space", "größe", "a?b", "a#b", "a%2fb", "a+b&c=d", `quo"te`, "日本語", "..."} {
		config += strings.Replace(env.secret(name, `value_wo = "value"`), `"test"`, fmt.Sprintf(`"test%d"`, i), 1)
		checks = append(checks, env.holds(name, "value"),
			statecheck.ExpectKnownValue(fmt.Sprint("roboto_secret.test", i), tfjsonpath.New("uri"), knownvalue.StringExact(env.uri(name))))
	}
	env.run(resource.TestStep{Config: config, ConfigStateChecks: checks})
}

func TestSecretURIIsKnownAtPlan(t *testing.T) {
	newEnvironment(t).run(resource.TestStep{
		Config: secret("db") + "output \"uri\" {\n  value = roboto_secret.test.uri\n}\n",
		ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
			plancheck.ExpectKnownOutputValue("uri", knownvalue.StringExact("roboto-secret://db@og_test")),
		}},
	})
}

// A changed default never moves or destroys existing secrets, imported ones included.
func TestSecretKeepsItsOrganization(t *testing.T) {
	env := newEnvironment(t)
	env.roboto.AddOrg("og_other", "Other")
	env.roboto.AddSecret(testOrg, "db")
	env.Vars["ROBOTO_ORG_ID"] = testOrg
	const otherDefault = "provider \"roboto\" {\n  org_id = \"og_other\"\n}\n"
	env.run(
		resource.TestStep{Config: importOf(`id = "db"`) + secret("db"), ConfigPlanChecks: plans(nothing)},
		// The import block may stay, with an ID that would now mean another secret.
		resource.TestStep{Config: otherDefault + importOf(`id = "db"`) + secret("db"), ConfigPlanChecks: emptyPlan()},
		resource.TestStep{PreConfig: func() { env.Vars["ROBOTO_ORG_ID"] = "og_other" }, Config: secret("db"), ConfigPlanChecks: emptyPlan()},
		resource.TestStep{
			Config: secret("db", `org_id = "og_other"`), ConfigPlanChecks: plans(replaces),
			ConfigStateChecks: []statecheck.StateCheck{attribute("uri", knownvalue.StringExact("roboto-secret://db@og_other"))},
		},
	)
	if records := env.roboto.Records(testOrg); len(records) != 0 {
		t.Errorf("%d records are left in the first organization", len(records))
	}
}

// The secret would have to be replaced otherwise, which its lifecycle forbids.
func TestSecretCreateThatCannotWriteTheValue(t *testing.T) {
	env := newEnvironment(t)
	env.roboto.AllowViolations()
	env.roboto.Inject(robototest.Fault{Operation: robototest.PutValue, Status: http.StatusBadRequest, AWSError: "AccessDeniedException"})
	config := func(prevents bool) string {
		return "provider \"roboto\" {\n  max_attempts = 1\n}\n" +
			secret("db", `value_wo = "value"`, `value_wo_version = "1"`, fmt.Sprintf("lifecycle {\n prevent_destroy = %t\n }", prevents)) +
			"resource \"terraform_data\" \"dependent\" {\n  input = roboto_secret.test.uri\n  lifecycle { create_before_destroy = true }\n}\n"
	}
	env.run(
		resource.TestStep{Config: config(true), ExpectError: errorLike("could not be written, so its new record was deleted again")},
		resource.TestStep{
			PreConfig: func() {
				if records := env.roboto.Records(testOrg); len(records) != 0 {
					t.Errorf("%d records are left", len(records))
				}
				env.roboto.ClearFaults()
			},
			Config: config(true), ConfigPlanChecks: plans(creates), ConfigStateChecks: []statecheck.StateCheck{env.holds("db", "value")},
		},
		resource.TestStep{Config: config(false)},
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
	for _, unwatched := range []instance{drifted, unversioned} {
		_, out = p.Read(unwatched)
		p.Succeeds(out)
	}
	env.wantCount(robototest.GetCredentials, 1)
}

// An apply that deletes a secret at one address and creates one of its name at another waits for
// the deletion, whenever it ends.
func TestSecretCreateWaitsForTheDeletionOfItsName(t *testing.T) {
	const remove, find, caller, denied = robototest.DeleteSecret, robototest.GetSecret, robototest.GetUser, "RobotoUnauthorizedException"
	second := time.Second
	for name, faults := range map[string][]robototest.Fault{
		"as fast as the create":           nil,
		"slow":                            {{Operation: remove, Delay: 10 * second}},
		"done before the record is found": {{Operation: remove, Delay: second}, {Operation: find, Skip: 1, Delay: 2 * second}},
		"done while it is found out who the caller is": {{Operation: remove, Delay: second}, {Operation: caller, Delay: 2 * second}},
		"in vain": {{Operation: remove, Delay: 10 * second, Status: http.StatusForbidden, Code: denied}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := robototest.Start(t, robototest.Options{InMemory: true})
				before, after := protocol.NewCore(t, server), protocol.NewCore(t, server)
				before.Must(before.Apply(fields{"name": "db", "value_wo": "first"}))
				time.Sleep(time.Hour)
				for _, fault := range faults {
					server.Inject(fault)
				}
				server.ResetRequests()
				s := before.MustStart()
				deletion, err := s.Plan(nil)
				before.Must(err)
				creation, err := s.With(after).Plan(fields{"name": "db", "value_wo": "second"})
				before.Must(err)
				var group sync.WaitGroup
				var deleted error
				group.Go(func() { deleted = s.ApplyPlanned(deletion) })
				time.Sleep(100 * time.Millisecond) // the deletion has looked by then
				created := s.With(after).ApplyPlanned(creation)
				group.Wait()
				want := "second"
				if name == "in vain" {
					want = "first"
					wantTexts(t, deleted, "could not be deleted")
					wantTexts(t, created, "exists already")
					if n := server.Count(robototest.CreateSecret); n != 1 {
						t.Errorf("%d requests for a create, want 1", n)
					}
				} else if deleted != nil || created != nil {
					t.Errorf("the deletion ends with %v, the create with %v", deleted, created)
				}
				if value, _, _ := server.Value(testOrg, "db"); value != want {
					t.Errorf("the value is %q, want %q", value, want)
				}
			})
		})
	}
}
