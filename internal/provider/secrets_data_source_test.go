// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

func listing(name, prefix string) string {
	return fmt.Sprintf("data \"roboto_secrets\" %q {\n  name_prefix = %q\n}\n", name, prefix)
}

func TestAccSecretsDataSource(t *testing.T) {
	env := anyService(t)
	// The text that is asked for stands in the middle of this name.
	backup := "backup-of-" + env.name("prod-db")
	env.addSecrets("prod-db", "dev-db", backup, "prod-api", "größe")
	env.run(resource.TestStep{
		Config: listing("all", env.name("")) + listing("prod", env.name("prod-")),
		ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue("data.roboto_secrets.all", tfjsonpath.New("names"), knownvalue.ListExact([]knownvalue.Check{
				knownvalue.StringExact(env.name(backup)), knownvalue.StringExact(env.name("dev-db")), knownvalue.StringExact(env.name("größe")),
				knownvalue.StringExact(env.name("prod-api")), knownvalue.StringExact(env.name("prod-db")),
			})),
			statecheck.ExpectKnownValue("data.roboto_secrets.all", tfjsonpath.New("org_id"), knownvalue.StringExact(env.org)),
			statecheck.ExpectKnownValue("data.roboto_secrets.prod", tfjsonpath.New("uris"), knownvalue.MapExact(map[string]knownvalue.Check{
				env.name("prod-api"): knownvalue.StringExact(env.uri("prod-api")),
				env.name("prod-db"):  knownvalue.StringExact(env.uri("prod-db")),
			})),
			statecheck.ExpectKnownValue("data.roboto_secrets.prod", tfjsonpath.New("secrets").AtSliceIndex(0), knownvalue.ObjectPartial(map[string]knownvalue.Check{
				"name":     knownvalue.StringExact(env.name("prod-api")),
				"modified": knownvalue.NotNull(),
			})),
			statecheck.ExpectKnownValue("data.roboto_secrets.prod", tfjsonpath.New("secrets").AtSliceIndex(1).AtMapKey("last_used"), knownvalue.Null()),
		},
	})
}

func TestSecretsDataSourceTellsTheLastUse(t *testing.T) {
	env := newEnvironment(t)
	env.addSecrets("used")
	env.roboto.TouchLastUsed(testOrg, "used", time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC))
	p := env.protocol(fields{})
	result, out := p.ReadDataSource(typeSecrets, fields{})
	p.Succeeds(out)
	secrets, _ := result["secrets"].([]any)
	used, _ := secrets[0].(map[string]any)
	p.Equal("last_used", used["last_used"], "2026-05-01T12:00:00Z")
}

func TestSecretsDataSourceRefusesAnOrganizationsName(t *testing.T) {
	env := newEnvironment(t)
	env.fails("data \"roboto_secrets\" \"all\" {\n  org_id = \"My Org\"\n}\n", `attribute "org_id" is not usable`)
	env.wantCount(robototest.ListSecrets, 0)
}

func TestSecretsDataSourceOfAnotherOrganization(t *testing.T) {
	env := newEnvironmentWith(t, robototest.Options{Orgs: []string{testOrg, "og_other"}})
	env.addSecrets("db")
	env.roboto.AddSecret("og_other", "api")
	env.roboto.AddSecret("og_other", "a/b")
	p := env.protocol(fields{"org_id": testOrg})
	result, out := p.ReadDataSource(typeSecrets, fields{"org_id": "og_other"})
	p.Succeeds(out)
	p.Equal("names", result["names"], []any{"a/b", "api"})
	// A URI of a/b would mean something else.
	p.Equal("uris", result["uris"], map[string]any{"api": "roboto-secret://api@og_other"})
}

// What a list has leads to the secret that it names.
func TestListsLeaveOutNamesThatTerraformChanges(t *testing.T) {
	const why = `leaves out 1 that Terraform cannot use`
	const name = `its name is "cafe\u0301", which Terraform would change`
	env := newEnvironment(t)
	env.addSecrets("db", "caf\u00e9", "cafe\u0301")
	for _, bulk := range []bool{false, true} {
		p := env.protocol(fields{"bulk_refresh": bulk})
		result, out := p.ReadDataSource(typeSecrets, fields{})
		p.Warns(out, "Unusable Roboto Secrets of og_test Are Not Listed", why, name)
		p.Equal("names", result["names"], []any{"caf\u00e9", "db"})
		p.Equal("uris", result["uris"], map[string]any{"caf\u00e9": "roboto-secret://caf\u00e9@og_test", "db": "roboto-secret://db@og_test"})
		if secrets, _ := result["secrets"].([]any); len(secrets) != 2 {
			t.Errorf("secrets: %v", secrets)
		}
		// A prefix may be what Terraform has changed.
		result, out = p.ReadDataSource(typeSecrets, fields{"name_prefix": "caf\u00e9"})
		p.Warns(out, why)
		p.Equal("names", result["names"], []any{"caf\u00e9"})
		for _, limit := range []int64{0, 1} {
			var listed []string
			warnings := 0
			for result := range p.List(protocol.Listing{Limit: limit, IncludeResource: true}) {
				if result.Identity != nil {
					listed = append(listed, result.DisplayName)
				}
				if warning := result.Warning(); warning != nil && strings.Contains(warning.Error(), name) {
					warnings++
				}
			}
			if slices.Contains(listed, "cafe\u0301") || warnings != 1 || limit == 0 && len(listed) != 2 {
				t.Errorf("at the limit %d, the list has %+q, and %d warnings", limit, listed, warnings)
			}
		}
	}
}

// A command line is no text of Terraform's, so some versions of Terraform and OpenTofu pass it on as it is.
func TestImportOfANameThatTerraformChanges(t *testing.T) {
	env := newEnvironment(t)
	env.addSecrets("caf\u00e9", "cafe\u0301")
	p := env.protocol(fields{})
	for _, id := range []string{"cafe\u0301", "cafe\u0301@og_test", "roboto-secret://cafe\u0301@og_test"} {
		_, out := p.Import(id, nil)
		p.Fails(out, "Invalid Import ID", `must be in Unicode NFC, to which Terraform changes all text, and "cafe\u0301" is not`)
	}
	imported, out := p.Import("caf\u00e9", nil)
	p.Succeeds(out)
	imported, out = p.Read(imported)
	p.Succeeds(out)
	record, _ := env.roboto.Record(testOrg, "caf\u00e9")
	p.Equal("arn", imported.State["arn"], record.ARN)
}

func TestAccSecretsDataSourceFeedsForEachAtPlan(t *testing.T) {
	env := anyService(t)
	env.addSecrets("a")
	env.addSecrets("b")
	env.run(resource.TestStep{
		Config: listing("all", env.name("")) + "resource \"terraform_data\" \"each\" {\n  for_each = data.roboto_secrets.all.uris\n  input    = each.value\n}\n",
		// terraform-plugin-testing cannot read a state with string keys.
		PlanOnly:           true,
		ExpectNonEmptyPlan: true,
		ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPreRefresh: []plancheck.PlanCheck{
			plancheck.ExpectKnownValue("terraform_data.each[\""+env.name("b")+"\"]", tfjsonpath.New("input"), knownvalue.StringExact(env.uri("b"))),
		}},
	})
}

func TestSecretsDataSourceReadsEveryPage(t *testing.T) {
	const secrets, pages = 2500, 26
	env := newEnvironmentWith(t, robototest.Options{PageSize: (secrets + pages - 1) / pages})
	want := make([]knownvalue.Check, secrets)
	for i := range secrets {
		name := fmt.Sprintf("secret-%04d", i)
		env.roboto.AddSecret(testOrg, name)
		want[i] = knownvalue.StringExact(name)
	}
	env.run(resource.TestStep{
		PreConfig: env.roboto.ResetRequests,
		Config:    "data \"roboto_secrets\" \"all\" {}\n",
		ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{beforeApply(func() {
			// terraform-plugin-testing refreshes once before it plans.
			if n := env.roboto.Count(robototest.ListSecrets); n%pages != 0 || n == 0 {
				t.Errorf("the plan asked for %d pages, not a multiple of %d", n, pages)
			}
		})}},
		ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue("data.roboto_secrets.all", tfjsonpath.New("names"), knownvalue.ListExact(want)),
		},
	})
}

func TestSecretsDataSourceAsksOncePerPage(t *testing.T) {
	for name, test := range map[string]struct{ secrets, pageSize, pages int }{
		"26 pages":       {2500, 97, 26},
		"full last page": {200, 100, 2},
		"nothing":        {0, 100, 1},
	} {
		t.Run(name, func(t *testing.T) {
			env := newEnvironmentWith(t, robototest.Options{PageSize: test.pageSize})
			names, uris, secrets := make([]any, test.secrets), map[string]any{}, make([]any, test.secrets)
			for i := range test.secrets {
				record := env.roboto.AddSecret(testOrg, fmt.Sprintf("secret-%04d", i))
				uri := "roboto-secret://" + record.Name + "@og_test"
				names[i], uris[record.Name] = record.Name, uri
				secrets[i] = map[string]any{
					"name": record.Name, "org_id": testOrg, "uri": uri, "arn": record.ARN,
					"created": record.Created.Format(time.RFC3339Nano), "created_by": record.CreatedBy,
					"modified": record.Modified.Format(time.RFC3339Nano), "modified_by": record.ModifiedBy, "last_used": nil,
				}
			}
			p := env.protocol(fields{})
			result, out := p.ReadDataSource(typeSecrets, fields{})
			p.Succeeds(out)
			p.Equal("result", result, fields{"org_id": testOrg, "name_prefix": nil, "names": names, "uris": uris, "secrets": secrets})
			env.wantCount(robototest.ListSecrets, test.pages)
			p.Equal("requests", len(env.roboto.Requests()), test.pages+1) // and the organization's look-up
		})
	}
}

// Pages that repeat secrets, as when somebody creates some meanwhile, count them once;
// pages without an end, or without secrets, are refused.
func TestSecretsDataSourceOnStrangePages(t *testing.T) {
	for name, test := range map[string]struct{ old, changed, want string }{
		"secrets twice":     {`"items":[{`, `"items":[ITEM,{`, ""},
		"a circle":          {`"next_token":null`, `"next_token":"YQ"`, "the pages go round in a circle"},
		"no items":          {`"items":`, `"things":`, "does not have the shape of Roboto's answers"},
		"another's secrets": {`"org_id":"og_test"`, `"org_id":"og_other"`, "belongs to another organization"},
	} {
		t.Run(name, func(t *testing.T) {
			env := newEnvironment(t)
			env.addSecrets("db", "api")
			env.roboto.Inject(robototest.Fault{Operation: robototest.ListSecrets, Times: 5, Mutate: func(page []byte) []byte {
				item := regexp.MustCompile(`\{[^{}]*\{[^{}]*\}[^{}]*\}`).Find(page[len(`{"data":{`):])
				changed := strings.ReplaceAll(test.changed, "ITEM", string(item))
				return bytes.ReplaceAll(page, []byte(test.old), []byte(changed))
			}})
			p := env.protocol(fields{})
			result, out := p.ReadDataSource(typeSecrets, fields{})
			if test.want != "" {
				p.Fails(out, test.want)
				return
			}
			p.Succeeds(out)
			p.Equal("names", result["names"], []any{"api", "db"})
		})
	}
}
