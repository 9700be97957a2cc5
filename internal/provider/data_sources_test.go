// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// A value may be much younger or older than its secret.
func TestSecretDataSource(t *testing.T) {
	const uri, short = "roboto-secret://db@og_test", "roboto-secret://db"
	env := newEnvironment(t)
	record := env.roboto.AddSecret(testOrg, "db")
	for _, value := range []string{"first", "second"} {
		env.roboto.SetValue(testOrg, "db", value)
		env.roboto.Age(testOrg, "db", 48*time.Hour)
	}
	versions := env.roboto.Versions(testOrg, "db")
	p := env.protocol(fields{})
	for name, test := range map[string]struct {
		config  fields
		uri     string
		version *robototest.Version
	}{
		"by name":                  {fields{"name": "db"}, uri, nil},
		"by name and org_id":       {fields{"name": "db", "org_id": testOrg}, uri, nil},
		"by URI":                   {fields{"uri": uri}, uri, nil},
		"by URI without org_id":    {fields{"uri": short}, short, nil},
		"by URI and org_id":        {fields{"uri": uri, "org_id": testOrg}, uri, nil},
		"with a version":           {fields{"name": "db", "read_version_id": true}, uri, &versions[1]},
		"with the current version": {fields{"name": "db", "read_version_id": true, "version_stage": "AWSCURRENT"}, uri, &versions[1]},
		"with the one before":      {fields{"name": "db", "read_version_id": true, "version_stage": "AWSPREVIOUS"}, uri, &versions[0]},
	} {
		want := fields{
			"name": "db", "org_id": testOrg, "uri": test.uri, "arn": record.ARN, "last_used": nil, "version_id": nil, "value_created": nil,
			"created": record.Created.Format(time.RFC3339Nano), "created_by": record.CreatedBy,
			"modified": record.Modified.Format(time.RFC3339Nano), "modified_by": record.ModifiedBy,
			"read_version_id": test.config["read_version_id"], "version_stage": test.config["version_stage"],
		}
		if test.version != nil {
			want["version_id"] = test.version.ID
			want["value_created"] = test.version.Created.UTC().Truncate(time.Millisecond).Format(time.RFC3339Nano)
		}
		result, out := p.ReadDataSource(typeSecret, test.config)
		p.Succeeds(out)
		p.Equal("the secret "+name, result, want)
	}

	env.create("empty")
	state, out := p.ReadDataSource(typeSecret, fields{"name": "empty", "read_version_id": true})
	p.Succeeds(out)
	p.Equal("version_id of no value", state["version_id"], nil)
	for _, stage := range []string{"AWSCURRENT", "AWSPREVIOUS"} {
		_, out := p.ReadDataSource(typeSecret, fields{"name": "empty", "read_version_id": true, "version_stage": stage})
		p.Fails(out, "Cannot Read Roboto Secret Version", "no version "+stage, "has no value yet")
	}
}

// With real Terraform: the results are known while planning.
func TestAccSecretsDataSourceFeedsForEachAtPlan(t *testing.T) {
	env := anyService(t)
	env.create("a", "b")
	env.run(resource.TestStep{
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
	})
}

// The names are sorted.
func TestSecretsDataSourceByPrefixAndOrganization(t *testing.T) {
	env := newEnvironment(t, robototest.Options{Orgs: []string{testOrg, "og_other"}})
	for _, name := range []string{"prod-db", "dev-db", "backup-of-prod-db", "größe", "prod-api"} {
		env.roboto.AddSecret(testOrg, name)
	}
	env.roboto.AddSecret("og_other", "api")
	env.roboto.AddSecret("og_other", "a/b")
	p := env.protocol(fields{"org_id": testOrg})
	for _, test := range []struct {
		config fields
		names  []any
		uris   map[string]any
	}{
		{
			fields{"name_prefix": "prod-"},
			[]any{"prod-api", "prod-db"},
			map[string]any{"prod-api": "roboto-secret://prod-api@og_test", "prod-db": "roboto-secret://prod-db@og_test"},
		},
		{fields{"name_prefix": "gr"}, []any{"größe"}, map[string]any{"größe": "roboto-secret://größe@og_test"}},
		// A URI of a/b would mean something else.
		{fields{"org_id": "og_other"}, []any{"a/b", "api"}, map[string]any{"api": "roboto-secret://api@og_other"}},
	} {
		result, out := p.ReadDataSource(typeSecrets, test.config)
		p.Succeeds(out)
		p.Equal(fmt.Sprintf("names and uris with %v", test.config), []any{result["names"], result["uris"]}, []any{test.names, test.uris})
	}
}

func TestSecretsDataSourceAsksOncePerPage(t *testing.T) {
	for name, test := range map[string]struct{ secrets, pageSize, pages int }{
		"26 pages":       {2500, 97, 26},
		"full last page": {200, 100, 2},
		"nothing":        {0, 100, 1},
	} {
		t.Run(name, func(t *testing.T) {
			env := newEnvironment(t, robototest.Options{PageSize: test.pageSize})
			names, uris, secrets := make([]any, test.secrets), map[string]any{}, make([]any, test.secrets)
			for i := range test.secrets {
				record := env.roboto.AddSecret(testOrg, fmt.Sprintf("secret-%04d", i))
				uri, lastUsed := "roboto-secret://"+record.Name+"@og_test", any(nil)
				if i == 7 {
					env.roboto.TouchLastUsed(testOrg, record.Name, time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC))
					lastUsed = "2026-05-01T12:00:00Z"
				}
				names[i], uris[record.Name] = record.Name, uri
				secrets[i] = map[string]any{
					"name": record.Name, "org_id": testOrg, "uri": uri, "arn": record.ARN,
					"created": record.Created.Format(time.RFC3339Nano), "created_by": record.CreatedBy,
					"modified": record.Modified.Format(time.RFC3339Nano), "modified_by": record.ModifiedBy, "last_used": lastUsed,
				}
			}
			p := env.protocol(fields{"org_id": testOrg})
			result, out := p.ReadDataSource(typeSecrets, fields{})
			p.Succeeds(out)
			p.Equal("result", result, fields{"org_id": testOrg, "name_prefix": nil, "names": names, "uris": uris, "secrets": secrets})
			p.Equal("requests", len(env.roboto.Requests()), test.pages)
		})
	}
}

// Pages that repeat secrets, as when somebody creates some meanwhile, count them once.
func TestSecretsDataSourceOnPagesThatOverlap(t *testing.T) {
	env := newEnvironment(t)
	env.create("db", "api")
	env.roboto.Inject(robototest.Fault{Operation: robototest.ListSecrets, Mutate: func(page []byte) []byte {
		item := regexp.MustCompile(`\{[^{}]*\{[^{}]*\}[^{}]*\}`).Find(page[len(`{"data":{`):])
		return bytes.ReplaceAll(page, []byte(`"items":[{`), fmt.Appendf(nil, `"items":[%s,{`, item))
	}})
	p := env.protocol(fields{})
	result, out := p.ReadDataSource(typeSecrets, fields{})
	p.Succeeds(out)
	p.Equal("names", result["names"], []any{"api", "db"})
	p.Equal("answers that were changed", env.roboto.Faulted(), 1)
}

func TestOrganizationsDataSource(t *testing.T) {
	organization := func(id, name string) any {
		return map[string]any{"org_id": id, "name": name, "tier": "premium", "status": "active"}
	}
	for name, test := range map[string]struct {
		// names of organizations, by their IDs
		orgs    map[string]string
		want    []any
		wantIDs map[string]any
	}{
		"none": {nil, []any{}, map[string]any{}},
		"sorted": {
			map[string]string{"og_a": "B", "og_b": "A"}, []any{organization("og_b", "A"), organization("og_a", "B")}, map[string]any{"A": "og_b", "B": "og_a"},
		},
		// "Twin" may mean either.
		"of one name": {
			map[string]string{"og_2": "Twin", "og_1": "Twin"}, []any{organization("og_1", "Twin"), organization("og_2", "Twin")}, map[string]any{},
		},
		// Terraform changes the keys of a map to Unicode NFC, where two names may be one.
		"that look alike": {
			map[string]string{"og_1": "Caf\u00e9", "og_2": "Cafe\u0301"},
			[]any{organization("og_2", "Cafe\u0301"), organization("og_1", "Caf\u00e9")},
			map[string]any{},
		},
		"not in NFC": {map[string]string{"og_3": "Re\u0301"}, []any{organization("og_3", "Re\u0301")}, map[string]any{"R\u00e9": "og_3"}},
	} {
		t.Run(name, func(t *testing.T) {
			env := newEnvironment(t)
			grant := robototest.Grant{Orgs: []string{}}
			for id, name := range test.orgs {
				env.roboto.AddOrg(id, name)
				grant.Orgs = append(grant.Orgs, id)
			}
			p := env.with("ROBOTO_API_KEY", env.roboto.AddAPIKey(grant)).protocol(fields{})
			for range 2 {
				result, out := p.ReadDataSource(typeOrganizations, fields{})
				p.Succeeds(out)
				p.Equal("result", result, fields{"org_ids": test.wantIDs, "organizations": test.want})
			}
			p.Equal("requests", len(env.roboto.Requests()), 1)
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
			env.create("db", "api")
			env.roboto.Inject(robototest.Fault{Operation: robototest.ListSecrets, Times: 5, Mutate: func(page []byte) []byte {
				item := regexp.MustCompile(`\{[^{}]*\{[^{}]*\}[^{}]*\}`).Find(page[len(`{"data":{`):])
				return bytes.ReplaceAll(page, []byte(test.old), []byte(strings.ReplaceAll(test.changed, "ITEM", string(item))))
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
