// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"strconv"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
)

func TestSecretURIFunctions(t *testing.T) {
	env := newEnvironment(t)
	output := func(expression string) string { return "output \"test\" {\n  value = " + expression + "\n}\n" }
	for expression, want := range map[string]knownvalue.Check{
		`provider::roboto::secret_uri("db")`:                            knownvalue.StringExact("roboto-secret://db"),
		`provider::roboto::secret_uri("db", "og_1")`:                    knownvalue.StringExact("roboto-secret://db@og_1"),
		`provider::roboto::secret_uri("with space ü", "og_1")`:          knownvalue.StringExact("roboto-secret://with space ü@og_1"),
		`provider::roboto::parse_secret_uri("roboto-secret://db")`:      knownvalue.ObjectExact(map[string]knownvalue.Check{"name": knownvalue.StringExact("db"), "org_id": knownvalue.Null()}),
		`provider::roboto::parse_secret_uri("roboto-secret://db@og_1")`: knownvalue.ObjectExact(map[string]knownvalue.Check{"name": knownvalue.StringExact("db"), "org_id": knownvalue.StringExact("og_1")}),
	} {
		t.Run(expression, func(t *testing.T) {
			env := *env
			env.t = t
			env.run(resource.TestStep{Config: output(expression), ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownOutputValue("test", want)}})
		})
	}
	for expression, want := range map[string]string{
		`provider::roboto::secret_uri("a/b")`:                       `Invalid value for "name" parameter`,
		`provider::roboto::secret_uri("db", "My Org")`:              `Invalid value for "org_id" parameter`,
		`provider::roboto::secret_uri("db", "og_1", "og_2")`:        `at most one org_id`,
		`provider::roboto::parse_secret_uri("https://example.com")`: `Invalid value for "uri" parameter`,
		`provider::roboto::parse_secret_uri("roboto-secret://@og")`: `must not be empty`,
	} {
		t.Run(strconv.Quote(expression), func(t *testing.T) {
			env := *env
			env.t = t
			env.run(resource.TestStep{Config: output(expression), ExpectError: errorLike(want)})
		})
	}
	if n := len(env.roboto.Requests()); n != 0 {
		t.Errorf("functions made %d requests", n)
	}
}
