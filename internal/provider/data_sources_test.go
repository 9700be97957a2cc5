// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"maps"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// The data source and the ephemeral resource find a secret in the same ways. A value may be much younger or older
// than its secret.
func TestSecretIsRead(t *testing.T) {
	const uri, short = "roboto-secret://db@og_test", "roboto-secret://db"
	env := newEnvironment(t)
	record := env.roboto.AddSecret(testOrg, "db")
	for _, value := range []string{"first", "second", "third"} {
		env.roboto.SetValue(testOrg, "db", value)
		env.roboto.Age(testOrg, "db", 48*time.Hour)
	}
	env.create("empty")
	versions := env.roboto.Versions(testOrg, "db")
	p := env.protocol(fields{})
	for name, test := range map[string]struct {
		config fields
		// uri is that of the data source, and version the index of the one that is read.
		uri     string
		version int
	}{
		"by name":               {fields{"name": "db"}, uri, 2},
		"by name and org_id":    {fields{"name": "db", "org_id": testOrg}, uri, 2},
		"by URI":                {fields{"uri": uri}, uri, 2},
		"by URI without org_id": {fields{"uri": short}, short, 2},
		"by URI and org_id":     {fields{"uri": uri, "org_id": testOrg}, uri, 2},
		"of the current stage":  {fields{"uri": uri, "version_stage": "AWSCURRENT"}, uri, 2},
		"of the stage before":   {fields{"uri": uri, "version_stage": "AWSPREVIOUS"}, uri, 1},
		"by version":            {fields{"uri": uri, "version_id": versions[0].ID}, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			p := p.In(t)
			version := versions[test.version]
			read := fields{"version_id": version.ID, "value_created": version.Created.UTC().Truncate(time.Millisecond).Format(time.RFC3339Nano)}
			want := fields{"name": nil, "org_id": nil, "uri": nil, "version_stage": nil, "value": version.Value}
			maps.Copy(want, test.config)
			maps.Copy(want, read)
			result, out := p.OpenEphemeral(test.config)
			p.Succeeds(out)
			p.Equal("the ephemeral resource", result, want)
			if test.uri == "" {
				return
			}
			for _, reads := range []bool{true, false} {
				want := fields{
					"name": "db", "org_id": testOrg, "uri": test.uri, "arn": record.ARN, "last_used": nil,
					"created": record.Created.Format(time.RFC3339Nano), "created_by": record.CreatedBy,
					"modified": record.Modified.Format(time.RFC3339Nano), "modified_by": record.ModifiedBy,
					"read_version_id": reads, "version_stage": test.config["version_stage"], "version_id": nil, "value_created": nil,
				}
				if reads {
					maps.Copy(want, read)
				}
				config := maps.Clone(test.config)
				config["read_version_id"] = reads
				env.roboto.ResetRequests()
				result, out := p.ReadDataSource(typeSecret, config)
				p.Succeeds(out)
				p.Equal("the data source", result, want)
				p.Equal("requests for credentials", env.roboto.Count(robototest.GetCredentials), map[bool]int{true: 1}[reads])
			}
		})
	}

	state, out := p.ReadDataSource(typeSecret, fields{"name": "empty", "read_version_id": true})
	p.Succeeds(out)
	p.Equal("version_id of no value", state["version_id"], nil)
	for _, stage := range []string{"AWSCURRENT", "AWSPREVIOUS"} {
		_, out := p.ReadDataSource(typeSecret, fields{"name": "empty", "read_version_id": true, "version_stage": stage})
		p.Fails(out, "Cannot Read Roboto Secret Version", "no version "+stage, "has no value yet")
	}
}

// The names are sorted, and each page is asked for once.
func TestSecretsDataSource(t *testing.T) {
	env := newEnvironment(t, robototest.Options{PageSize: 2, Orgs: []string{testOrg, "og_other", "og_empty"}})
	for _, name := range []string{"prod-db", "dev-db", "backup-of-prod-db", "größe", "prod-api", "used"} {
		env.roboto.AddSecret(testOrg, name)
	}
	for _, name := range []string{"c", "a/b", "b"} {
		env.roboto.AddSecret("og_other", name)
	}
	env.roboto.TouchLastUsed(testOrg, "used", time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC))
	p := env.protocol(fields{"org_id": testOrg})
	for name, test := range map[string]struct {
		config fields
		names  string
		pages  int
	}{
		"all, with a full last page": {fields{}, "backup-of-prod-db dev-db größe prod-api prod-db used", 3},
		"by a prefix":                {fields{"name_prefix": "prod-"}, "prod-api prod-db", 3},
		"by a prefix beyond ASCII":   {fields{"name_prefix": "gr"}, "größe", 3},
		"of another organization":    {fields{"org_id": "og_other"}, "a/b b c", 2},
		"of one without secrets":     {fields{"org_id": "og_empty"}, "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			p := p.In(t)
			want := fields{"org_id": testOrg, "name_prefix": nil}
			maps.Copy(want, test.config)
			names, uris, secrets := []any{}, map[string]any{}, []any{}
			for name := range strings.FieldsSeq(test.names) {
				record, _ := env.roboto.Record(fmt.Sprint(want["org_id"]), name)
				var uri, lastUsed any
				if name == "used" {
					lastUsed = "2026-05-01T12:00:00Z"
				}
				if name != "a/b" { // which would be read as something else
					uri = "roboto-secret://" + name + "@" + record.OrgID
					uris[name] = uri
				}
				names = append(names, name)
				secrets = append(secrets, map[string]any{
					"name": name, "org_id": record.OrgID, "uri": uri, "arn": record.ARN,
					"created": record.Created.Format(time.RFC3339Nano), "created_by": record.CreatedBy,
					"modified": record.Modified.Format(time.RFC3339Nano), "modified_by": record.ModifiedBy, "last_used": lastUsed,
				})
			}
			want["names"], want["uris"], want["secrets"] = names, uris, secrets
			env.roboto.ResetRequests()
			result, out := p.ReadDataSource(typeSecrets, test.config)
			p.Succeeds(out)
			p.Equal("the secrets", result, want)
			p.Equal("requests", len(env.roboto.Requests()), test.pages)
		})
	}
}

// Pages that repeat secrets, as when somebody creates some meanwhile, count them once;
// pages without an end, or without secrets, are refused.
func TestSecretsDataSourceOnStrangePages(t *testing.T) {
	for name, test := range map[string]struct{ pattern, changed, want string }{
		"secrets twice":     {`"items":\[(\{[^{}]*\{[^{}]*\}[^{}]*\})`, `"items":[$1,$1`, ""},
		"a circle":          {`"next_token":null`, `"next_token":"\u0026=a+%"`, "the pages go round in a circle"},
		"no items":          {`"items":`, `"things":`, "does not have the shape of Roboto's answers"},
		"another's secrets": {`"org_id":"og_test"`, `"org_id":"og_other"`, "belongs to another organization"},
	} {
		t.Run(name, func(t *testing.T) {
			env := newEnvironment(t)
			env.create("db", "api")
			env.roboto.Inject(robototest.Fault{Operation: robototest.ListSecrets, Times: 5, Mutate: func(page []byte) []byte {
				return regexp.MustCompile(test.pattern).ReplaceAll(page, []byte(test.changed))
			}})
			p := env.protocol(fields{})
			result, out := p.ReadDataSource(typeSecrets, fields{})
			if test.want != "" {
				p.Fails(out, test.want)
				return
			}
			p.Succeeds(out)
			p.Equal("names", result["names"], []any{"api", "db"})
			p.Equal("answers that were changed", env.roboto.Faulted(), 1)
		})
	}
}

func TestOrganizationsDataSource(t *testing.T) {
	for name, test := range map[string]struct {
		// names of organizations, by their IDs
		orgs map[string]string
		// want are the IDs, sorted by name.
		want    string
		wantIDs map[string]any
	}{
		"none":   {nil, "", map[string]any{}},
		"sorted": {map[string]string{"og_a": "B", "og_b": "A"}, "og_b og_a", map[string]any{"A": "og_b", "B": "og_a"}},
		// "Twin" may mean either.
		"of one name": {map[string]string{"og_2": "Twin", "og_1": "Twin"}, "og_1 og_2", map[string]any{}},
		// Terraform changes the keys of a map to Unicode NFC, where two names may be one.
		"that look alike": {map[string]string{"og_1": "Caf\u00e9", "og_2": "Cafe\u0301"}, "og_2 og_1", map[string]any{}},
		"not in NFC":      {map[string]string{"og_3": "Re\u0301"}, "og_3", map[string]any{"R\u00e9": "og_3"}},
	} {
		t.Run(name, func(t *testing.T) {
			env := newEnvironment(t)
			grant, organizations := robototest.Grant{Orgs: []string{}}, []any{}
			for id, name := range test.orgs {
				env.roboto.AddOrg(id, name)
				grant.Orgs = append(grant.Orgs, id)
			}
			for id := range strings.FieldsSeq(test.want) {
				organizations = append(organizations, map[string]any{"org_id": id, "name": test.orgs[id], "tier": "premium", "status": "active"})
			}
			p := env.with("ROBOTO_API_KEY", env.roboto.AddAPIKey(grant)).protocol(fields{})
			for range 2 {
				result, out := p.ReadDataSource(protocol.TypeOrganizations, fields{})
				p.Succeeds(out)
				p.Equal("result", result, fields{"org_ids": test.wantIDs, "organizations": organizations})
			}
			env.wantRequests(1)
		})
	}
}
