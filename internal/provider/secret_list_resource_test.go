// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/querycheck"
	"github.com/hashicorp/terraform-plugin-testing/querycheck/queryfilter"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// names are the display names of results that all succeeded.
func names(p *protocol.Provider, results []protocol.Listed) []string {
	var names []string
	for _, result := range results {
		p.Succeeds(result.Outcome)
		names = append(names, result.DisplayName)
	}
	return names
}

// inServiceOrder lists the names as the service does.
func (e *environment) inServiceOrder() []string {
	var names []string
	for _, record := range e.roboto.Records(testOrg) {
		names = append(names, record.Name)
	}
	return names
}

func TestListSecrets(t *testing.T) {
	env := newEnvironment(t)
	env.addSecrets("db", "with space ü", "quo\"te")
	for name, includeResource := range map[string]bool{"identities": false, "with resources": true} {
		t.Run(name, func(t *testing.T) {
			env := env.in(t)
			p := env.protocol(fields{})
			results := slices.Collect(p.List(protocol.Listing{IncludeResource: includeResource}))
			p.Equal("names", names(p, results), env.inServiceOrder())
			for _, result := range results {
				record, _ := env.roboto.Record(testOrg, result.DisplayName)
				p.Equal("identity", result.Identity, fields{"name": record.Name, "org_id": testOrg})
				var want fields
				if includeResource {
					want = fields{
						"name": record.Name, "org_id": testOrg, "uri": "roboto-secret://" + record.Name + "@og_test", "arn": record.ARN,
						"created": record.Created.Format(time.RFC3339Nano), "created_by": record.CreatedBy,
						"value_wo": nil, "value_wo_version": nil, "detect_value_drift": nil, "deletion_protection": nil, "version_id": nil,
					}
				}
				p.Equal("resource", result.Resource, want)
			}
		})
	}
	env.wantCount(robototest.GetCredentials, 0)
}

func TestListSecretsNarrowed(t *testing.T) {
	env := newEnvironment(t)
	env.addSecrets("prod-db", "prod-api", "dev-db")
	env.roboto.AddOrg("og_other", "Other")
	env.roboto.AddSecret("og_other", "prod-elsewhere")
	p := env.protocol(fields{"org_id": testOrg})
	for name, test := range map[string]struct {
		config fields
		want   []string
	}{
		"by name_prefix":            {fields{"name_prefix": "prod-"}, []string{"prod-api", "prod-db"}},
		"by a text in the middle":   {fields{"name_prefix": "db"}, nil},
		"by a prefix of nothing":    {fields{"name_prefix": "test-"}, nil},
		"to another org_id":         {fields{"org_id": "og_other"}, []string{"prod-elsewhere"}},
		"by both":                   {fields{"org_id": "og_other", "name_prefix": "dev-"}, nil},
		"by neither":                {fields{}, []string{"dev-db", "prod-api", "prod-db"}},
		"by the case of the prefix": {fields{"name_prefix": "Prod-"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			p := p.In(t)
			got := names(p, slices.Collect(p.List(protocol.Listing{Config: test.config})))
			slices.Sort(got)
			p.Equal("names", got, test.want)
		})
	}
}

// Nobody pays for pages that nobody looks at.
func TestListSecretsStopsPaging(t *testing.T) {
	const secrets, pageSize, pages = 2500, 97, 26
	env := newEnvironmentWith(t, robototest.Options{PageSize: pageSize})
	for i := range secrets {
		env.addSecrets(fmt.Sprintf("secret-%04d", i))
	}
	all := env.inServiceOrder()
	last := all[secrets-1]
	p := env.protocol(fields{"org_id": testOrg})
	for name, test := range map[string]struct {
		listing protocol.Listing
		want    []string
		pages   int
	}{
		"at a limit within the first page":  {protocol.Listing{Limit: 10}, all[:10], 1},
		"with resources too":                {protocol.Listing{Limit: 10, IncludeResource: true}, all[:10], 1},
		"one page beyond a limit of one":    {protocol.Listing{Limit: pageSize}, all[:pageSize], 2},
		"at a limit of one page and one":    {protocol.Listing{Limit: pageSize + 1}, all[:pageSize+1], 2},
		"not before what name_prefix names": {protocol.Listing{Limit: 1, Config: fields{"name_prefix": last}}, []string{last}, pages},
		"not without a limit":               {protocol.Listing{}, all, pages},
	} {
		t.Run(name, func(t *testing.T) {
			env, p := env.in(t), p.In(t)
			env.roboto.ResetRequests()
			if got := names(p, slices.Collect(p.List(test.listing))); !slices.Equal(got, test.want) {
				t.Errorf("got %d secrets, want %d, or others", len(got), len(test.want))
			}
			env.wantCount(robototest.ListSecrets, test.pages)
			env.wantCount(robototest.GetSecret, 0)
		})
	}
	t.Run("when Terraform stops listening", func(t *testing.T) {
		env, p := env.in(t), p.In(t)
		env.roboto.ResetRequests()
		for range p.List(protocol.Listing{}) {
			break
		}
		env.wantCount(robototest.ListSecrets, 1)
	})
}

// A limit hides no warning about what is left out. The two have titles of their own, because Terraform
// folds warnings of one title.
func TestListSecretsLeavesOutUnusableOnesAtTheLimit(t *testing.T) {
	env := newEnvironment(t)
	env.addSecrets("a", "b", "c")
	env.roboto.Inject(robototest.Fault{Operation: robototest.ListSecrets, Mutate: func(b []byte) []byte {
		return bytes.Replace(b, []byte(`"items":[`), []byte(`"items":[{"name":"un\u001busable","org_id":"og_test","store_type":"aws","created":"2026-01-02T03:04:05Z"},`), 1)
	}})
	p := env.protocol(fields{})
	for _, limit := range []int64{0, 1, 2, 3, 4} {
		titles := map[string]int{}
		for result := range p.List(protocol.Listing{Limit: limit}) {
			for _, d := range result.Diagnostics {
				titles[d.Summary]++
			}
		}
		want := map[string]int{"Unusable Roboto Secrets of og_test Are Not Listed": 1}
		if limit == 1 || limit == 2 {
			want["Not All Roboto Secrets Are Listed"] = 1
		}
		p.Equal(fmt.Sprint("warnings at the limit ", limit), titles, want)
	}
}

// Whoever adopts what a query finds has to know that it did not find all.
func TestListSecretsWarnsAtTheLimit(t *testing.T) {
	env := newEnvironment(t)
	for i := range 250 {
		env.addSecrets(fmt.Sprintf("secret-%03d", i))
	}
	const more = "stops at the limit of 100, and there are more"
	p := env.protocol(fields{})
	for name, test := range map[string]struct {
		listing protocol.Listing
		found   int
		want    []string
	}{
		"at the default limit":             {protocol.Listing{Limit: 100}, 100, []string{"og_test", more, "set a higher limit"}},
		"with resources":                   {protocol.Listing{Limit: 100, IncludeResource: true}, 100, []string{more}},
		"with a prefix":                    {protocol.Listing{Limit: 100, Config: fields{"name_prefix": "secret-"}}, 100, []string{more}},
		"not if the prefix names no more":  {protocol.Listing{Limit: 100, Config: fields{"name_prefix": "secret-1"}}, 100, nil},
		"not at a higher limit":            {protocol.Listing{Limit: 1000, Config: fields{"name_prefix": "secret-"}}, 250, nil},
		"not if there are exactly as many": {protocol.Listing{Limit: 250, Config: fields{"name_prefix": "secret-"}}, 250, nil},
		"not without a limit":              {protocol.Listing{Config: fields{"name_prefix": "secret-"}}, 250, nil},
	} {
		t.Run(name, func(t *testing.T) {
			p := p.In(t)
			results := slices.Collect(p.List(test.listing))
			if len(results) != test.found {
				t.Fatalf("got %d results, want %d", len(results), test.found)
			}
			for _, result := range results[:test.found-1] {
				p.Warns(result.Outcome)
			}
			// Terraform stops listening after the last result.
			last := results[test.found-1]
			p.Warns(last.Outcome, test.want...)
			if last.Identity == nil {
				t.Error("the last result has no identity")
			}
		})
	}
	t.Run("also if the next page fails", func(t *testing.T) {
		env := newEnvironmentWith(t, robototest.Options{PageSize: 2})
		env.addSecrets("a", "b", "c")
		env.roboto.Inject(robototest.Fault{
			Operation: robototest.ListSecrets, Skip: 1,
			Status: http.StatusForbidden, Code: "RobotoUnauthorizedException", Message: "You are not permitted to list secrets.",
		})
		p := env.protocol(fields{})
		results := slices.Collect(p.List(protocol.Listing{Limit: 2}))
		p.Equal("names", names(p, results), env.inServiceOrder()[:2])
		p.Warns(results[1].Outcome, "it is not known whether there are more", "You are not permitted to list secrets")
	})
}

func TestListSecretsReportsErrors(t *testing.T) {
	refused := robototest.Fault{
		Operation: robototest.ListSecrets, Skip: 1,
		Status: http.StatusForbidden, Code: "RobotoUnauthorizedException", Message: "You are not permitted to list secrets.",
	}
	t.Run("in mid-stream", func(t *testing.T) {
		env := newEnvironmentWith(t, robototest.Options{PageSize: 2})
		env.addSecrets("a", "b", "c", "d", "e")
		env.roboto.Inject(refused)
		p := env.protocol(fields{})
		results := slices.Collect(p.List(protocol.Listing{IncludeResource: true}))
		if len(results) != 3 {
			t.Fatalf("got %d results, want two secrets and an error", len(results))
		}
		p.Equal("names", names(p, results[:2]), env.inServiceOrder()[:2])
		p.Fails(results[2].Outcome, "The secrets of the organization og_test could not be listed", "You are not permitted to list secrets")
		p.Equal("identity", results[2].Identity, fields(nil))
		env.wantCount(robototest.ListSecrets, 2)
	})
	t.Run("of the organization's look-up", func(t *testing.T) {
		env := newEnvironment(t)
		env.roboto.AddOrg("og_other", "Other")
		p := env.protocol(fields{})
		results := slices.Collect(p.List(protocol.Listing{}))
		if len(results) != 1 {
			t.Fatalf("got %d results, want one error", len(results))
		}
		p.Fails(results[0].Outcome, "og_test (Test Organization), og_other (Other)", "Set org_id")
		env.wantCount(robototest.ListSecrets, 0)
	})
	t.Run("of unknown settings", func(t *testing.T) {
		env := newEnvironment(t)
		p := env.protocol(fields{"api_key": unknown})
		results := slices.Collect(p.List(protocol.Listing{Config: fields{"org_id": testOrg}}))
		if len(results) != 1 {
			t.Fatalf("got %d results, want one error", len(results))
		}
		p.Fails(results[0].Outcome, "could not be listed", "does not know api_key yet")
	})
	t.Run("of the configuration", func(t *testing.T) {
		p := newEnvironment(t).protocol(fields{})
		p.Fails(p.ValidateList(fields{"org_id": "My Org"}), `attribute "org_id"`, "not its name")
	})
}

// Roboto accepts names that a secret's URI cannot carry. They are no results, and
// do not count as such.
func TestListSecretsWarnsOfNamesThatCannotBeManaged(t *testing.T) {
	env := newEnvironment(t)
	env.addSecrets("a/b", "db", "me@home", "api")
	p := env.protocol(fields{})
	for name, includeResource := range map[string]bool{"identities": false, "with resources": true} {
		t.Run(name, func(t *testing.T) {
			p := p.In(t)
			var names []string
			var warnings string
			for result := range p.List(protocol.Listing{Limit: 2, IncludeResource: includeResource}) {
				p.Succeeds(result.Outcome)
				names = append(names, result.DisplayName)
				if warning := result.Warning(); warning != nil {
					warnings += warning.Error()
				}
			}
			slices.Sort(names)
			p.Equal("names", names, []string{"api", "db"})
			if strings.Count(warnings, "leaves out 2 that Terraform cannot use") != 1 || !strings.Contains(warnings, `a secret is named "a/b"`) && !strings.Contains(warnings, `a secret is named "me@home"`) {
				t.Errorf("the warnings say: %s", warnings)
			}
		})
	}
	if all := slices.Collect(p.List(protocol.Listing{})); len(all) != 3 {
		t.Errorf("got %d results, want two secrets and a warning", len(all))
	}
}

// What terraform query generates is a listed resource's configurable attributes
// with an import block for its identity.
func TestListedSecretsPlanNothing(t *testing.T) {
	env := newEnvironment(t)
	env.addSecrets("db", "${not} a template", "123")
	env.roboto.SetValue(testOrg, "db", "value")
	p := env.protocol(fields{})
	for result := range p.List(protocol.Listing{IncludeResource: true}) {
		t.Run(result.DisplayName, func(t *testing.T) {
			p := p.In(t)
			generated := fields{}
			for _, attribute := range p.Schemas.ResourceSchemas[typeSecret].Block.Attributes {
				if (attribute.Required || attribute.Optional) && !attribute.Sensitive {
					generated[attribute.Name] = result.Resource[attribute.Name]
				}
			}
			imported, out := p.Import("", result.Identity)
			p.Succeeds(out)
			current, out := p.Read(imported)
			p.Succeeds(out)
			p.Equal("state", current.State, result.Resource)
			planned, replaces, out := p.Plan(current, generated)
			p.Succeeds(out)
			p.Equal("plan", planned, current.State)
			p.Equal("replaced attributes", replaces, []string(nil))
		})
	}
}

// queryTest runs query steps after one that sets the provider up for them.
func (e *environment) queryTest(what string, steps ...resource.TestStep) {
	e.t.Helper()
	resource.UnitTest(e.t, resource.TestCase{
		TerraformVersionChecks:   []tfversion.TerraformVersionCheck{orSkip(what, tfversion.SkipBelow(tfversion.Version1_14_0))},
		ProtoV6ProviderFactories: e.factories(),
		Steps:                    append([]resource.TestStep{{Config: "provider \"roboto\" {}\n"}}, steps...),
	})
}

func TestQuerySecrets(t *testing.T) {
	env := newEnvironment(t)
	env.addSecrets("prod-db", "prod-api", "dev-db")
	env.addSecrets("prod-cafe\u0301") // whose import would lead to no secret
	env.roboto.SetValue(testOrg, "prod-db", "the value")
	const list = "list \"roboto_secret\" \"test\" {\n  provider = roboto\n  %s\n}\n"
	identity := func(name string) map[string]knownvalue.Check {
		return map[string]knownvalue.Check{"name": knownvalue.StringExact(name), "org_id": knownvalue.StringExact(testOrg)}
	}
	env.queryTest("terraform query",
		resource.TestStep{
			Query:  true,
			Config: fmt.Sprintf(list, "include_resource = true\n  config {\n    name_prefix = \"prod-\"\n  }"),
			QueryResultChecks: []querycheck.QueryResultCheck{
				querycheck.ExpectLength(address, 2),
				querycheck.ExpectIdentity(address, identity("prod-db")),
				querycheck.ExpectIdentity(address, identity("prod-api")),
				querycheck.ExpectNoIdentity(address, identity("dev-db")),
				querycheck.ExpectResourceDisplayName(address, queryfilter.ByResourceIdentity(identity("prod-db")), knownvalue.StringExact("prod-db")),
				querycheck.ExpectResourceKnownValues(address, queryfilter.ByResourceIdentity(identity("prod-db")), []querycheck.KnownValueCheck{
					{Path: tfjsonpath.New("uri"), KnownValue: knownvalue.StringExact("roboto-secret://prod-db@og_test")},
					{Path: tfjsonpath.New("arn"), KnownValue: knownvalue.NotNull()},
					{Path: tfjsonpath.New("value_wo"), KnownValue: knownvalue.Null()},
				}),
			},
		},
		resource.TestStep{
			PreConfig:   func() { env.roboto.AddOrg("og_other", "Other") },
			Query:       true,
			Config:      fmt.Sprintf(list, ""),
			ExpectError: errorLike("og_test (Test Organization), og_other (Other)"),
		},
	)
}

func TestQuerySecretsWithLimit(t *testing.T) {
	env := newEnvironmentWith(t, robototest.Options{PageSize: 97})
	for i := range 2500 {
		env.addSecrets(fmt.Sprintf("secret-%04d", i))
	}
	env.queryTest("the limit of terraform query",
		resource.TestStep{
			Query:             true,
			Config:            "list \"roboto_secret\" \"test\" {\n  provider = roboto\n  limit = 10\n}\n",
			QueryResultChecks: []querycheck.QueryResultCheck{querycheck.ExpectLength(address, 10)},
		},
	)
	env.wantCount(robototest.ListSecrets, 1)
}

// A secret that somebody creates meanwhile moves others to the next page.
func TestListGivesSecretsOfTwoPagesOnce(t *testing.T) {
	env := newEnvironmentWith(t, robototest.Options{PageSize: 2})
	env.addSecrets("a", "b", "c", "d", "e")
	order := env.inServiceOrder()
	env.roboto.Inject(robototest.Fault{Operation: robototest.ListSecrets, Skip: 1, Times: 1, Mutate: func(page []byte) []byte {
		return bytes.ReplaceAll(page, []byte(`"name":"`+order[2]+`"`), []byte(`"name":"`+order[1]+`"`))
	}})
	p := env.protocol(fields{})
	p.Equal("names", names(p, slices.Collect(p.List(protocol.Listing{Limit: 3}))), []string{order[0], order[1], order[3]})
}
