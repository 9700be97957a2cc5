// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"testing"

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
	for name, test := range map[string]struct{ config, want string }{
		"missing secret":    {"name = \"NAME\"", `"NAME" of the organization ORG`},
		"neither":           {"", `Neither "name" nor "uri" is given`},
		"both":              {"name = \"db\"\n  uri = \"roboto-secret://db\"", `Both "name" and "uri" are given`},
		"not a URI":         {"uri = \"https://example.com\"", "must be a secret URI"},
		"not a name":        {"name = \"a/b\"", `attribute "name" is not usable`},
		"not an ID":         {"name = \"db\"\n  org_id = \"My Org\"", `attribute "org_id" is not usable`},
		"two organizations": {"uri = \"roboto-secret://db@og_test\"\n  org_id = \"og_other\"", `names the organization "og_test"`},
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
