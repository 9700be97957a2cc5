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
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// justNow is a time in RFC 3339 and UTC that lies less than an hour back or ahead.
var justNow = knownvalue.StringFunc(func(text string) error {
	at, err := time.Parse(time.RFC3339, text)
	if err == nil && (!strings.HasSuffix(text, "Z") || time.Since(at).Abs() > time.Hour) {
		err = fmt.Errorf("it is %s", text)
	}
	return err
})

func TestAccSecretDataSource(t *testing.T) {
	env := anyService(t)
	env.create("db")
	first, second := env.write("first"), env.write("second")
	const uri, version = "roboto-secret://NAME@ORG", "name = \"NAME\"\n  read_version_id = true\n  "
	config := "variable \"read\" {\n  default = true\n}\n"
	var checks []statecheck.StateCheck
	for i, test := range []struct{ arguments, uri, versionID string }{
		{`name = "NAME"`, uri, ""},
		{"name = \"NAME\"\n  org_id = \"ORG\"", uri, ""},
		{`uri = "roboto-secret://NAME@ORG"`, uri, ""},
		{`uri = "roboto-secret://NAME"`, "roboto-secret://NAME", ""},
		{"uri = \"roboto-secret://NAME@ORG\"\n  org_id = \"ORG\"", uri, ""},
		{version, uri, second},
		{version + `version_stage = "AWSCURRENT"`, uri, second},
		{version + `version_stage = "AWSPREVIOUS"`, uri, first},
		// A variable is unknown when Terraform validates.
		{"name = \"NAME\"\n  read_version_id = var.read\n  version_stage = \"AWSPREVIOUS\"", uri, first},
	} {
		config += fmt.Sprintf("data \"roboto_secret\" \"case%d\" {\n  %s\n}\n", i, test.arguments)
		wanted := map[string]knownvalue.Check{
			"uri": knownvalue.StringExact(env.filled(test.uri)), "name": knownvalue.StringExact(env.name("db")),
			"org_id": knownvalue.StringExact(env.client.OrgID), "arn": knownvalue.NotNull(), "modified_by": knownvalue.NotNull(),
			"version_id": knownvalue.Null(), "value_created": knownvalue.Null(),
		}
		if test.versionID != "" {
			wanted["version_id"], wanted["value_created"] = knownvalue.StringExact(test.versionID), justNow
		}
		for name, check := range wanted {
			checks = append(checks, statecheck.ExpectKnownValue(fmt.Sprint("data.roboto_secret.case", i), tfjsonpath.New(name), check))
		}
	}
	env.run(
		resource.TestStep{Config: env.filled(config), ConfigStateChecks: checks},
		resource.TestStep{
			Config:      env.filled("data \"roboto_secret\" \"test\" {\n  name = \"NAME-missing\"\n}\n"),
			ExpectError: errorLike(env.filled(`"NAME-missing" of the organization ORG`)),
		},
		resource.TestStep{
			Config:      env.filled("data \"roboto_secret\" \"test\" {\n  name = \"NAME\"\n  org_id = \"og_unknown\"\n}\n"),
			ExpectError: errorLike("could not be read"),
		},
	)
}

func TestSecretDataSourceOfASecretWithoutAValue(t *testing.T) {
	env := newEnvironment(t)
	env.create("empty")
	p := env.protocol(fields{})
	state, out := p.ReadDataSource(typeSecret, fields{"name": "empty", "read_version_id": true})
	p.Succeeds(out)
	p.Equal("version_id", state["version_id"], nil)
	for _, stage := range []string{"AWSCURRENT", "AWSPREVIOUS"} {
		_, out := p.ReadDataSource(typeSecret, fields{"name": "empty", "read_version_id": true, "version_stage": stage})
		p.Fails(out, "Cannot Read Roboto Secret Version", "no version "+stage, "has no value yet")
	}
}

// The names are sorted, and known while planning.
func TestAccSecretsDataSource(t *testing.T) {
	env := anyService(t)
	// The text that is asked for stands in the middle of this name.
	backup := env.prefix + "backup-of-" + env.name("prod-db")
	env.create("prod-db", "dev-db", backup, "prod-api", "größe")
	listing := func(name, prefix string) string {
		return fmt.Sprintf("data \"roboto_secrets\" %q {\n  name_prefix = %q\n}\n", name, env.name(prefix))
	}
	exactly := func(names ...string) (checks []knownvalue.Check) {
		for _, name := range names {
			checks = append(checks, knownvalue.StringExact(env.name(name)))
		}
		return checks
	}
	env.run(
		resource.TestStep{
			Config: listing("all", "") + listing("prod", "prod-"),
			ConfigStateChecks: []statecheck.StateCheck{
				data("roboto_secrets.all", "names", knownvalue.ListExact(exactly(backup, "dev-db", "größe", "prod-api", "prod-db"))),
				data("roboto_secrets.all", "org_id", knownvalue.StringExact(env.client.OrgID)),
				data("roboto_secrets.prod", "uris", knownvalue.MapExact(map[string]knownvalue.Check{
					env.name("prod-api"): knownvalue.StringExact(env.uri("prod-api")), env.name("prod-db"): knownvalue.StringExact(env.uri("prod-db")),
				})),
				data("roboto_secrets.prod", "secrets", knownvalue.ListPartial(map[int]knownvalue.Check{
					0: knownvalue.ObjectPartial(map[string]knownvalue.Check{"name": knownvalue.StringExact(env.name("prod-api")), "modified": knownvalue.NotNull()}),
					1: knownvalue.ObjectPartial(map[string]knownvalue.Check{"last_used": knownvalue.Null()}),
				})),
			},
		},
	)
}

func TestAccSecretsDataSourceFeedsForEachAtPlan(t *testing.T) {
	env := anyService(t)
	env.create("a", "b")
	env.run(resource.TestStep{
		Config: fmt.Sprintf("data \"roboto_secrets\" \"all\" {\n  name_prefix = %q\n}\n", env.prefix) +
			"resource \"terraform_data\" \"each\" {\n  for_each = data.roboto_secrets.all.uris\n  input    = each.value\n}\n",
		// terraform-plugin-testing cannot read a state with string keys.
		PlanOnly:           true,
		ExpectNonEmptyPlan: true,
		ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPreRefresh: []plancheck.PlanCheck{
			plancheck.ExpectKnownValue("terraform_data.each[\""+env.name("b")+"\"]", tfjsonpath.New("input"), knownvalue.StringExact(env.uri("b"))),
		}},
	})
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

func TestSecretsDataSourceOfAnotherOrganization(t *testing.T) {
	env := newEnvironment(t, robototest.Options{Orgs: []string{testOrg, "og_other"}})
	env.roboto.AddSecret(testOrg, "db")
	env.roboto.AddSecret("og_other", "api")
	env.roboto.AddSecret("og_other", "a/b")
	p := env.protocol(fields{"org_id": testOrg})
	result, out := p.ReadDataSource(typeSecrets, fields{"org_id": "og_other"})
	p.Succeeds(out)
	p.Equal("names", result["names"], []any{"a/b", "api"})
	// A URI of a/b would mean something else.
	p.Equal("uris", result["uris"], map[string]any{"api": "roboto-secret://api@og_other"})
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

// The result is known while planning, so it can select the organization of a secret.
func TestAccOrganizationsDataSource(t *testing.T) {
	env := anyService(t)
	config := "data \"roboto_organizations\" \"mine\" {}\n" +
		env.secret("db", "org_id = one([for o in data.roboto_organizations.mine.organizations : o.org_id if o.org_id == \""+env.client.OrgID+"\"])")
	env.run(
		resource.TestStep{
			Config: config,
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectKnownValue(address, tfjsonpath.New("uri"), knownvalue.StringExact(env.uri("db"))),
			}},
		},
		resource.TestStep{Config: config, ConfigPlanChecks: emptyPlan()},
	)
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

// A value may be much younger or older than its secret.
func TestSecretDataSourceTellsWhenTheValueWasWritten(t *testing.T) {
	env := newEnvironment(t)
	env.roboto.AddSecret(testOrg, "db")
	env.roboto.SetValue(testOrg, "db", "some value")
	env.roboto.Age(testOrg, "db", 48*time.Hour)
	p := env.protocol(fields{})
	result, out := p.ReadDataSource(typeSecret, fields{"name": "db", "read_version_id": true})
	p.Succeeds(out)
	written := env.roboto.Versions(testOrg, "db")[0].Created.UTC().Truncate(time.Millisecond)
	p.Equal("value_created", result["value_created"], written.Format(time.RFC3339Nano))
}
