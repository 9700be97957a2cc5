// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// list returns the names that a list gives, in its order, and all warnings and errors.
func list(p *protocol.Provider, of protocol.Listing) (names, said []string) {
	for result := range p.List(of) {
		if result.Identity != nil {
			names = append(names, result.DisplayName)
		}
		for _, err := range []error{result.Warning(), result.Err()} {
			if err != nil {
				said = append(said, err.Error())
			}
		}
	}
	return names, said
}

// Nobody pays for pages that nobody looks at. Whoever adopts what a query finds has to know that it did not find all.
func TestListSecrets(t *testing.T) {
	const secrets, pageSize, pages = 250, 20, 13
	env := newEnvironment(t, robototest.Options{PageSize: pageSize})
	env.roboto.AddOrg("og_other", "Other")
	env.roboto.AddSecret("og_other", "elsewhere")
	for i := range secrets {
		env.roboto.AddSecret(testOrg, fmt.Sprintf("secret-%03d", i))
	}
	var all, ones []string // in the service's order
	for _, record := range env.roboto.Records(testOrg) {
		if all = append(all, record.Name); strings.HasPrefix(record.Name, "secret-1") {
			ones = append(ones, record.Name)
		}
	}
	last := all[secrets-1]
	inTest, inOther := fields{"org_id": testOrg}, fields{"org_id": "og_other"}
	prefix := func(text string) fields { return fields{"org_id": testOrg, "name_prefix": text} }
	forbidden := robototest.Fault{
		Operation: robototest.ListSecrets, Skip: 1, Status: http.StatusForbidden, Code: "RobotoUnauthorizedException", Message: "Not permitted.",
	}
	for name, test := range map[string]struct {
		settings, config fields
		limit            int64
		want             []string
		// says is in the only warning, or in the only error.
		says  string
		pages int
		fault robototest.Fault
	}{
		"without a limit":                     {config: inTest, want: all, pages: pages},
		"of the default organization":         {settings: inTest, want: all, pages: pages},
		"at a limit within the first page":    {config: inTest, limit: 10, want: all[:10], says: "the limit of 10, and there are more", pages: 1},
		"at a limit of one page":              {config: inTest, limit: 20, want: all[:20], says: "the limit of 20, and there are more", pages: 2},
		"at a limit of one page and one":      {config: inTest, limit: 21, want: all[:21], says: "the limit of 21, and there are more", pages: 2},
		"at a limit that is exactly enough":   {config: inTest, limit: secrets, want: all, pages: pages},
		"at a limit, and the next page fails": {config: inTest, limit: 20, fault: forbidden, want: all[:20], says: "it is not known whether there are more", pages: 2},
		"until a page fails":                  {config: inTest, fault: forbidden, want: all[:20], says: "The secrets of the organization og_test could not be listed", pages: 2},
		"by a prefix, at its limit":           {config: prefix("secret-1"), limit: 100, want: ones, pages: pages},
		"by a prefix that names the last":     {config: prefix(last), limit: 1, want: []string{last}, pages: pages},
		"by a prefix, at a limit of one page": {config: prefix("secret-"), limit: 20, want: all[:20], says: "the limit of 20, and there are more", pages: 2},
		"by a text in the middle":             {config: prefix("ecret"), pages: pages},
		"by the case of the prefix":           {config: prefix("Secret-"), pages: pages},
		"of another org_id":                   {settings: inTest, config: inOther, want: []string{"elsewhere"}, pages: 1},
		"without an organization":             {says: "og_test (Test Organization), og_other (Other)"},
		"with unknown settings":               {settings: fields{"api_key": unknown}, config: inOther, says: "does not know api_key yet"},
	} {
		for _, includeResource := range []bool{false, true} {
			t.Run(fmt.Sprint(name, ", with resources: ", includeResource), func(t *testing.T) {
				env := env.in(t)
				env.roboto.ResetRequests()
				env.roboto.ClearFaults()
				if test.fault.Operation != "" {
					env.roboto.Inject(test.fault)
				}
				p := env.protocol(test.settings)
				names, said := list(p, protocol.Listing{Config: test.config, Limit: test.limit, IncludeResource: includeResource})
				if diff := cmp.Diff(test.want, names, cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("the list has other names (-want +got):\n%s", diff)
				}
				if (len(said) == 1) != (test.says != "") || len(said) > 1 || !strings.Contains(strings.Join(said, ""), test.says) {
					t.Errorf("the list says %q, want %q", said, test.says)
				}
				env.wantCount(robototest.ListSecrets, test.pages)
				env.wantCount(robototest.GetSecret, 0)
			})
		}
	}
	t.Run("of an organization's name", func(t *testing.T) {
		p := env.in(t).protocol(fields{})
		p.Fails(p.ValidateList(fields{"org_id": "My Org"}), `attribute "org_id"`, "not its name")
	})
	t.Run("until Terraform stops listening", func(t *testing.T) {
		env := env.in(t)
		env.roboto.ResetRequests()
		for range env.protocol(inTest).List(protocol.Listing{}) {
			break
		}
		env.wantCount(robototest.ListSecrets, 1)
	})
}

// A limit hides no warning about what is left out: names that a URI cannot carry, that Terraform changes, or
// that are unprintable. They are no results, and do not count as such. The two warnings have titles of their
// own, because Terraform folds warnings of one title.
func TestListSecretsLeavesOutUnusableOnesAtTheLimit(t *testing.T) {
	env := newEnvironment(t)
	for _, name := range []string{"a", "b/c", "me@home", "cafe\u0301", "d", "e"} {
		env.roboto.AddSecret(testOrg, name)
	}
	env.roboto.Inject(robototest.Fault{Operation: robototest.ListSecrets, Mutate: func(b []byte) []byte {
		const unusable = `{"name":"un\u001busable","org_id":"og_test","store_type":"aws","created":"2026-01-02T03:04:05Z"},`
		return bytes.Replace(b, []byte(`"items":[`), []byte(`"items":[`+unusable), 1)
	}})
	p := env.protocol(fields{})
	const unusable, more = "Unusable Roboto Secrets of og_test Are Not Listed", "Not All Roboto Secrets Are Listed"
	for _, limit := range []int64{0, 1, 2, 3, 4} {
		names, said := list(p, protocol.Listing{Limit: limit, IncludeResource: true})
		text, stops := strings.Join(said, "\n"), limit == 1 || limit == 2
		if strings.Count(text, unusable) != 1 || strings.Contains(text, more) != stops || !stops && !strings.Contains(text, "leaves out 4 that") {
			t.Errorf("at the limit %d, the list says %s", limit, text)
		}
		diff := cmp.Diff([]string{"a", "d", "e"}, names, cmpopts.SortSlices(strings.Compare))
		if !stops && diff != "" || stops && len(names) != int(limit) {
			t.Errorf("at the limit %d, the list has other names (-want +got):\n%s", limit, diff)
		}
	}
}

// What terraform query generates is a listed resource's configurable attributes that are not null, with an import
// block for its identity.
func TestListedSecretsPlanNothing(t *testing.T) {
	env := newEnvironment(t)
	for _, name := range []string{"db", "${not} a template", "123", "with space ü", "quo\"te"} {
		env.roboto.AddSecret(testOrg, name)
	}
	env.roboto.SetValue(testOrg, "db", "value")
	p := env.protocol(fields{})
	for result := range p.List(protocol.Listing{IncludeResource: true}) {
		t.Run(result.DisplayName, func(t *testing.T) {
			p := p.In(t)
			record, _ := env.roboto.Record(testOrg, result.DisplayName)
			p.Equal("identity", result.Identity, fields{"name": record.Name, "org_id": testOrg})
			p.Equal("resource", result.Resource, fields{
				"name": record.Name, "org_id": testOrg, "uri": "roboto-secret://" + record.Name + "@og_test", "arn": record.ARN,
				"created": record.Created.Format(time.RFC3339Nano), "created_by": record.CreatedBy,
				"value_wo": nil, "value_wo_version": nil, "detect_value_drift": nil, "deletion_protection": nil, "version_id": nil,
			})
			imported, out := p.Import("", result.Identity)
			p.Succeeds(out)
			current, out := p.Read(imported)
			p.Succeeds(out)
			p.Equal("state", current.State, result.Resource)
			planned, replaces, out := p.Plan(current, fields{"name": record.Name, "org_id": testOrg})
			p.Succeeds(out)
			p.Equal("plan", planned, current.State)
			p.Equal("replaced attributes", replaces, []string(nil))
		})
	}
	env.wantCount(robototest.GetCredentials, 0)
}
