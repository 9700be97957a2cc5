// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

func TestAccSecretDataSource(t *testing.T) {
	const uri, shortURI = "roboto-secret://NAME@ORG", "roboto-secret://NAME"
	for name, test := range map[string]struct{ config, uri string }{
		"by name":             {"data \"roboto_secret\" \"test\" {\n  name = \"NAME\"\n}\n", uri},
		"by name and org_id":  {"data \"roboto_secret\" \"test\" {\n  name = \"NAME\"\n  org_id = \"ORG\"\n}\n", uri},
		"by URI":              {"data \"roboto_secret\" \"test\" {\n  uri = \"roboto-secret://NAME@ORG\"\n}\n", uri},
		"by URI without org":  {"data \"roboto_secret\" \"test\" {\n  uri = \"roboto-secret://NAME\"\n}\n", shortURI},
		"by URI and same org": {"data \"roboto_secret\" \"test\" {\n  uri = \"roboto-secret://NAME@ORG\"\n  org_id = \"ORG\"\n}\n", uri},
	} {
		t.Run(name, func(t *testing.T) {
			env := anyService(t)
			env.addSecrets("db")
			env.run(resource.TestStep{Config: env.filled(test.config), ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue("data.roboto_secret.test", tfjsonpath.New("uri"), knownvalue.StringExact(env.filled(test.uri))),
				statecheck.ExpectKnownValue("data.roboto_secret.test", tfjsonpath.New("name"), knownvalue.StringExact(env.name("db"))),
				statecheck.ExpectKnownValue("data.roboto_secret.test", tfjsonpath.New("org_id"), knownvalue.StringExact(env.org)),
				statecheck.ExpectKnownValue("data.roboto_secret.test", tfjsonpath.New("arn"), knownvalue.NotNull()),
				statecheck.ExpectKnownValue("data.roboto_secret.test", tfjsonpath.New("modified_by"), knownvalue.NotNull()),
			}})
		})
	}
	t.Run("versions", func(t *testing.T) {
		env := anyService(t)
		env.addSecrets("db")
		first := env.setValue("db", "first")
		second := env.setValue("db", "second")
		is := func(versionID string) []statecheck.StateCheck {
			return []statecheck.StateCheck{
				statecheck.ExpectKnownValue("data.roboto_secret.test", tfjsonpath.New("version_id"), knownvalue.StringExact(versionID)),
				statecheck.ExpectKnownValue("data.roboto_secret.test", tfjsonpath.New("value_created"), justNow),
			}
		}
		config := func(more string) string {
			return env.filled("data \"roboto_secret\" \"test\" {\n  name = \"NAME\"\n  read_version_id = true\n" + more + "}\n")
		}
		previous := config("  version_stage = \"AWSPREVIOUS\"\n")
		env.run(
			resource.TestStep{Config: config(""), ConfigStateChecks: is(second)},
			resource.TestStep{Config: config("  version_stage = \"AWSCURRENT\"\n"), ConfigStateChecks: is(second)},
			resource.TestStep{Config: previous, ConfigStateChecks: is(first)},
			// A variable is unknown when Terraform validates.
			resource.TestStep{
				Config:            strings.Replace(previous, "= true", "= var.read", 1) + "variable \"read\" {\n  default = true\n}\n",
				ConfigStateChecks: is(first),
			},
		)
	})
	for name, test := range map[string]struct{ config, want string }{
		"missing secret":    {"name = \"NAME\"", `"NAME" of the organization ORG`},
		"neither":           {"", `Neither "name" nor "uri" is given`},
		"both":              {"name = \"db\"\n  uri = \"roboto-secret://db\"", `Both "name" and "uri" are given`},
		"not a URI":         {"uri = \"https://example.com\"", "must be a secret URI"},
		"not a name":        {"name = \"a/b\"", `attribute "name" is not usable`},
		"not an ID":         {"name = \"db\"\n  org_id = \"My Org\"", `attribute "org_id" is not usable`},
		"two organizations": {"uri = \"roboto-secret://db@og_test\"\n  org_id = \"og_other\"", `names the organization "og_test"`},
		"a stage alone":     {"name = \"db\"\n  version_stage = \"AWSPREVIOUS\"", `Set "read_version_id" to true as well`},
		"a stage, not read": {"name = \"db\"\n  version_stage = \"AWSPREVIOUS\"\n  read_version_id = false", `Set "read_version_id" to true as well`},
		"not a stage":       {"name = \"db\"\n  version_stage = \"AWSPENDING\"\n  read_version_id = true", `must be one of: ["AWSCURRENT" "AWSPREVIOUS"]`},
		"foreign gateway":   {"name = \"db\"\n  org_id = \"og_unknown\"", "could not be read"},
	} {
		t.Run(name, func(t *testing.T) {
			env := anyService(t)
			env.run(resource.TestStep{
				Config:      env.filled("data \"roboto_secret\" \"test\" {\n  " + test.config + "\n}\n"),
				ExpectError: errorLike(env.filled(test.want)),
			})
		})
	}
}

// A value may be much younger or older than its secret.
func TestSecretDataSourceTellsWhenTheValueWasWritten(t *testing.T) {
	env := newEnvironment(t)
	env.addSecrets("db")
	env.setValue("db", "some value")
	env.roboto.Age(testOrg, "db", 48*time.Hour)
	p := env.protocol(fields{})
	result, out := p.ReadDataSource(typeSecret, fields{"name": "db", "read_version_id": true})
	p.Succeeds(out)
	written := env.roboto.Versions(testOrg, "db")[0].Created.UTC().Truncate(time.Millisecond)
	p.Equal("value_created", result["value_created"], written.Format(time.RFC3339Nano))
}
