// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

func organization(id, name string) map[string]any {
	return map[string]any{"org_id": id, "name": name, "tier": "premium", "status": "active"}
}

func TestOrganizationsDataSource(t *testing.T) {
	env := newEnvironment(t)
	env.roboto.AddOrg("og_acme", "Acme")
	// The result is known while planning, so it can select the organization of a secret.
	config := "data \"roboto_organizations\" \"mine\" {}\n" + secret("db", `org_id = data.roboto_organizations.mine.org_ids["Acme"]`)
	env.run(
		resource.TestStep{
			Config: config,
			ConfigStateChecks: []statecheck.StateCheck{
				attribute("uri", knownvalue.StringExact("roboto-secret://db@og_acme")),
				statecheck.ExpectKnownValue("data.roboto_organizations.mine", tfjsonpath.New("org_ids"), knownvalue.MapExact(map[string]knownvalue.Check{
					"Acme": knownvalue.StringExact("og_acme"), "Test Organization": knownvalue.StringExact(testOrg),
				})),
				statecheck.ExpectKnownValue("data.roboto_organizations.mine", tfjsonpath.New("organizations").AtSliceIndex(0), knownvalue.ObjectExact(map[string]knownvalue.Check{
					"org_id": knownvalue.StringExact("og_acme"), "name": knownvalue.StringExact("Acme"),
					"tier": knownvalue.StringExact("premium"), "status": knownvalue.StringExact("active"),
				})),
			},
		},
		resource.TestStep{Config: config, ConfigPlanChecks: emptyPlan()},
	)
}

func TestAccOrganizationsDataSourceHasTheOwnOne(t *testing.T) {
	env := anyService(t)
	env.run(resource.TestStep{
		Config: "data \"roboto_organizations\" \"mine\" {}\noutput \"mine\" {\n  value = contains([for o in data.roboto_organizations.mine.organizations : o.org_id], \"" + env.org + "\")\n}\n",
		ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownOutputValue("mine", knownvalue.Bool(true)),
		},
	})
}

func TestOrganizationsDataSourceSortsAndCounts(t *testing.T) {
	env := newEnvironmentWith(t, robototest.Options{Orgs: []string{"og_z"}})
	env.roboto.AddOrg("og_2", "Twin")
	env.roboto.AddOrg("og_1", "Twin")
	env.roboto.AddOrg("og_3", "Acme")
	p := env.protocol(fields{})
	for range 2 {
		result, out := p.ReadDataSource(typeOrganizations, fields{})
		p.Succeeds(out)
		p.Equal("result", result, fields{
			// "Twin" may mean either.
			"org_ids": map[string]any{"Acme": "og_3", "Organization og_z": "og_z"},
			"organizations": []any{
				organization("og_3", "Acme"), organization("og_z", "Organization og_z"), organization("og_1", "Twin"), organization("og_2", "Twin"),
			},
		})
	}
	env.wantCount(robototest.ListOrgs, 1)
	p.Equal("requests", len(env.roboto.Requests()), 1)
}

// Terraform changes the keys of a map to Unicode NFC, where two names may be one.
func TestOrganizationsDataSourceWithNamesThatLookAlike(t *testing.T) {
	env := newEnvironment(t)
	env.roboto.AddOrg("og_1", "Caf\u00e9")
	env.roboto.AddOrg("og_2", "Cafe\u0301")
	env.roboto.AddOrg("og_3", "Re\u0301sume\u0301")
	p := env.protocol(fields{})
	result, out := p.ReadDataSource(typeOrganizations, fields{})
	p.Succeeds(out)
	p.Equal("org_ids", result["org_ids"], map[string]any{"Test Organization": testOrg, "R\u00e9sum\u00e9": "og_3"})
}

func TestOrganizationsDataSourceOfNobody(t *testing.T) {
	env := newEnvironment(t)
	p := env.with("ROBOTO_API_KEY", env.roboto.AddAPIKey(robototest.Grant{Orgs: []string{}})).protocol(fields{})
	result, out := p.ReadDataSource(typeOrganizations, fields{})
	p.Succeeds(out)
	p.Equal("result", result, fields{"org_ids": map[string]any{}, "organizations": []any{}})
}

// What describes an organization may be any text, and a state and a terminal get it.
func TestOrganizationsDataSourceShowsTexts(t *testing.T) {
	for field, attribute := range map[string]string{"premium": "tier", "active": "status", "Test Organization": "name"} {
		t.Run(field, func(t *testing.T) {
			env := newEnvironment(t)
			for text, want := range map[string]string{
				env.roboto.APIKey():        "(redacted)",
				strings.Repeat("x.", 1025): strings.Repeat("x.", 250) + "…",
				`\u001b[2J\n\u202eA`:       `\x1b[2J \u202eA`,
			} {
				env.roboto.ClearFaults()
				env.roboto.Inject(robototest.Fault{Operation: robototest.ListOrgs, Mutate: func(answer []byte) []byte {
					return bytes.ReplaceAll(answer, []byte(field), []byte(text))
				}})
				p := env.protocol(fields{})
				result, out := p.ReadDataSource(typeOrganizations, fields{})
				p.Succeeds(out)
				organizations, _ := result["organizations"].([]any)
				if organization, _ := organizations[0].(map[string]any); organization[attribute] != want {
					t.Errorf("the %s is %q, want %q", attribute, organization[attribute], want)
				}
			}
		})
	}
}

// Whoever takes the wrong organization sees the right ones, at the cost of one request.
func TestErrorsListTheCallersOrganizations(t *testing.T) {
	const belongs = "The API key's owner does not belong to the organization og_other. According to Roboto, the owner belongs to og_test (Test Organization)"
	own := fields{"name": "db", "org_id": "og_other"}
	for name, call := range map[string]func(p *protocol.Provider, secret string) outcome{
		"create": func(p *protocol.Provider, secret string) outcome {
			_, out := p.TryApply(instance{}, fields{"name": secret, "org_id": "og_other"})
			return out
		},
		"data source": func(p *protocol.Provider, secret string) outcome {
			_, out := p.ReadDataSource(typeSecret, fields{"name": secret, "org_id": "og_other"})
			return out
		},
		"list": func(p *protocol.Provider, _ string) outcome {
			_, out := p.ReadDataSource(typeSecrets, fields{"org_id": "og_other"})
			return out
		},
		"ephemeral resource": func(p *protocol.Provider, secret string) outcome {
			_, out := p.OpenEphemeral(fields{"name": secret, "org_id": "og_other"})
			return out
		},
	} {
		t.Run(name, func(t *testing.T) {
			env := newEnvironment(t)
			p := env.protocol(fields{})
			const advice = "Correct the organization"
			p.Fails(call(p, "db"), belongs, advice, "of somebody who belongs to it")
			for _, secret := range []string{"cache", "queue"} {
				out := call(p, secret)
				p.Fails(out, belongs)
				if err := out.Err(); strings.Contains(err.Error(), advice) {
					t.Errorf("the advice is given again:\n%s", err)
				}
			}
			env.wantCount(robototest.ListOrgs, 1)
		})
	}
	for name, call := range map[string]func(*protocol.Provider) outcome{
		"data source": func(p *protocol.Provider) outcome {
			_, out := p.ReadDataSource(typeSecret, own)
			return out
		},
		"ephemeral resource": func(p *protocol.Provider) outcome {
			_, out := p.OpenEphemeral(own)
			return out
		},
	} {
		t.Run(name+", as if it were not there", func(t *testing.T) {
			env := newEnvironment(t)
			for _, operation := range []robototest.Operation{robototest.GetSecret, robototest.GetCredentials} {
				env.roboto.Inject(robototest.Fault{Operation: operation, Status: http.StatusNotFound, Code: "RobotoNotFoundException"})
			}
			p := env.protocol(fields{})
			p.Fails(call(p), belongs)
		})
	}
}

// What keeps the list from being made leaves the error as it was.
func TestErrorsWithoutTheCallersOrganizations(t *testing.T) {
	for name, test := range map[string]struct {
		fault robototest.Fault
		orgID string
	}{
		"it fails":           {robototest.Fault{Status: http.StatusForbidden}, "og_other"},
		"it is the caller's": {robototest.Fault{Mutate: func(answer []byte) []byte { return answer }}, testOrg},
	} {
		t.Run(name, func(t *testing.T) {
			env := newEnvironment(t)
			test.fault.Operation = robototest.ListOrgs
			env.roboto.Inject(test.fault)
			env.roboto.Inject(robototest.Fault{Operation: robototest.GetSecret, Status: http.StatusUnauthorized, Code: "RobotoUnauthorizedException", Message: "No."})
			p := env.protocol(fields{})
			_, out := p.ReadDataSource(typeSecret, fields{"name": "db", "org_id": test.orgID})
			p.Fails(out, "answered 401 Unauthorized, RobotoUnauthorizedException to GET /v1/secrets/name/db: No.\n\nCheck that the API key is the right one")
		})
	}
}
