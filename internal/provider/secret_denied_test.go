// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// deny makes the provider go on with a token that may not ask for credentials.
func (e *environment) deny() {
	e.Vars["ROBOTO_API_KEY"] = e.roboto.AddAPIKey(robototest.Grant{NoCredentials: true})
	e.roboto.ResetRequests()
}

// With a version, nothing short of a write needs more than metadata.
func TestSecretWithVersionAndDeniedCredentials(t *testing.T) {
	env := newEnvironment(t)
	config := secret("db", `value_wo = "value"`, `value_wo_version = "1"`)
	dataSources := "data \"roboto_secret\" \"one\" {\n  name = \"db\"\n}\ndata \"roboto_secrets\" \"all\" {}\n"
	env.run(
		resource.TestStep{Config: config},
		resource.TestStep{
			PreConfig:        env.deny,
			Config:           config + dataSources,
			ConfigPlanChecks: emptyPlan(),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue("data.roboto_secret.one", tfjsonpath.New("arn"), knownvalue.NotNull()),
				statecheck.ExpectKnownValue("data.roboto_secrets.all", tfjsonpath.New("names"), knownvalue.ListExact([]knownvalue.Check{knownvalue.StringExact("db")})),
			},
		},
		resource.TestStep{RefreshState: true},
		resource.TestStep{
			ResourceName: address, ImportState: true, ImportStateId: "db@og_test",
			ImportStateVerify: true, ImportStateVerifyIdentifierAttribute: "uri",
			ImportStateVerifyIgnore: []string{"value_wo_version", "version_id"},
		},
		resource.TestStep{
			Config:             secret("db", `value_wo = "value"`, `value_wo_version = "2"`),
			PlanOnly:           true,
			ExpectNonEmptyPlan: true,
			ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPreRefresh: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate),
			}},
		},
		resource.TestStep{PreConfig: func() { env.wantCount(robototest.GetCredentials, 0) }, Config: config, ConfigPlanChecks: emptyPlan()},
		resource.TestStep{
			Config:      secret("db", `value_wo = "value"`, `value_wo_version = "2"`),
			ExpectError: errorLike(`The secret "db" of the organization og_test could not be updated`),
		},
	)
	if records := env.roboto.Records(testOrg); len(records) != 0 {
		t.Errorf("%d records are left after the destroy", len(records))
	}
}

// Without a version, planning has to compare. terraform-plugin-testing ends with
// terraform destroy -refresh=false, which compares nothing.
func TestSecretWithoutVersionAndDeniedCredentials(t *testing.T) {
	env := newEnvironment(t)
	config := secret("db", `value_wo = "value"`)
	env.run(
		resource.TestStep{Config: config},
		resource.TestStep{
			PreConfig: env.deny, Config: config,
			ExpectError: errorLike("Cannot Compare Roboto Secret Value"),
		},
	)
	if records := env.roboto.Records(testOrg); len(records) != 0 {
		t.Errorf("%d records are left after the destroy", len(records))
	}
}

func TestDeniedCredentialsNameTheRemedies(t *testing.T) {
	compare := []string{
		`The secret "db" of the organization og_test has value_wo without value_wo_version`,
		"If you then set value_wo_version and apply, later plans read no value", "To destroy the secret with this API key, remove value_wo first",
	}
	detect := []string{`The secret "db" of the organization og_test has detect_value_drift`, "Or remove detect_value_drift"}
	creds := func(f robototest.Fault) robototest.Fault {
		f.Operation = robototest.GetCredentials
		return f
	}
	for name, fault := range map[string]robototest.Fault{
		"Roboto's 401":    creds(robototest.Fault{Status: http.StatusUnauthorized, Code: "RobotoUnauthorizedException", Message: "Not yours."}),
		"Roboto's 403":    creds(robototest.Fault{Status: http.StatusForbidden, Code: "RobotoUnauthorizedException", Message: "Not yours."}),
		"a gateway's 403": creds(robototest.Fault{Status: http.StatusForbidden, Message: "Forbidden"}),
		"AWS's denial":    {Operation: robototest.GetValue, AWSError: "AccessDeniedException", Message: "Not yours."},
	} {
		t.Run(name, func(t *testing.T) {
			env := newEnvironment(t)
			p := env.protocol(fields{"max_attempts": 1})
			unversioned := p.Apply(instance{}, fields{"name": "db", "value_wo": "value"})
			drifting := fields{"name": "db", "value_wo": "value", "value_wo_version": "1", "detect_value_drift": true}
			versioned := p.Apply(unversioned, drifting)
			env.roboto.Inject(fault)

			_, _, out := p.Plan(unversioned, fields{"name": "db", "value_wo": "value"})
			p.Fails(out, compare...)
			_, out = p.Read(versioned)
			p.Fails(out, detect...)

			// What does not compare works.
			for _, plan := range []struct {
				prior  instance
				config fields
			}{{versioned, drifting}, {unversioned, nil}, {unversioned, fields{"name": "db"}}} {
				p := env.in(t).protocol(fields{"max_attempts": 1})
				_, out = p.Read(unversioned)
				p.Succeeds(out)
				_, _, out = p.Plan(plan.prior, plan.config)
				p.Succeeds(out)
			}
		})
	}
}

func TestDeniedCredentialsLeaveMetadata(t *testing.T) {
	env := newEnvironment(t)
	env.addSecrets("db", "api")
	env.roboto.SetValue(testOrg, "db", "value")
	env.deny()
	p := env.protocol(fields{})
	p.Equal("names", names(p, slices.Collect(p.List(protocol.Listing{IncludeResource: true}))), env.inServiceOrder())
	for typeName, config := range map[string]fields{typeSecret: {"name": "db"}, typeSecrets: {}} {
		_, out := p.ReadDataSource(typeName, config)
		p.Succeeds(out)
	}
	imported, out := p.Import("db", nil)
	p.Succeeds(out)
	current, out := p.Read(imported)
	p.Succeeds(out)
	config := fields{"name": "db", "value_wo": "value", "value_wo_version": "1"}
	planned, replaces, out := p.Plan(current, config)
	p.Succeeds(out)
	p.Equal("version_id", planned["version_id"], unknown)
	p.Equal("replaced attributes", replaces, []string(nil))
	_, _, out = p.Plan(instance{}, config)
	p.Succeeds(out)
	env.wantCount(robototest.GetCredentials, 0)

	_, out = p.OpenEphemeral(fields{"name": "db"})
	p.Fails(out, `The value of the secret "db" of the organization og_test could not be read`, "You are not permitted to access secret values")
}
