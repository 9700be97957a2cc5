// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
)

func TestSecretURIFunctions(t *testing.T) {
	env := newEnvironment(t)
	parts := func(name string, org knownvalue.Check) knownvalue.Check {
		return knownvalue.ObjectExact(map[string]knownvalue.Check{"name": knownvalue.StringExact(name), "org_id": org})
	}
	env.run(
		resource.TestStep{
			Config: `
output "test" {
  value = [
    provider::roboto::secret_uri("db"),
    provider::roboto::secret_uri("db", "og_1"),
    provider::roboto::secret_uri("db", null),
    provider::roboto::secret_uri("with space ü", "og_1"),
    provider::roboto::parse_secret_uri("roboto-secret://db"),
    provider::roboto::parse_secret_uri("roboto-secret://with space ü@og_1"),
  ]
}
`,
			ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownOutputValue("test", knownvalue.TupleExact([]knownvalue.Check{
				knownvalue.StringExact("roboto-secret://db"), knownvalue.StringExact("roboto-secret://db@og_1"),
				knownvalue.StringExact("roboto-secret://db"), knownvalue.StringExact("roboto-secret://with space ü@og_1"),
				parts("db", knownvalue.Null()), parts("with space ü", knownvalue.StringExact("og_1")),
			}))},
		},
		resource.TestStep{
			Config:      "output \"test\" {\n  value = provider::roboto::secret_uri(\"db\", \"My Org\")\n}\n",
			ExpectError: errorLike(`Invalid value for "org_id" parameter`),
		},
	)
	env.makesNoRequest()
}

// What is refused is for ParseURI's tests. An error names the argument.
func TestSecretURIFunctionsNameTheArgument(t *testing.T) {
	const uri, parse = "secret_uri", "parse_secret_uri"
	p := newEnvironment(t).protocol(fields{})
	for _, test := range []struct {
		function  string
		arguments []any
		position  int64
		text      string
	}{
		{uri, []any{""}, 0, "must not be empty"},
		{uri, []any{"..", "og_1"}, 0, `must not be ".."`},
		{uri, []any{"a/b", "og_1"}, 0, `must not contain "/"`},
		{uri, []any{"a\u0085b"}, 0, "unprintable characters"},
		{uri, []any{"", ""}, 0, "must not be empty"},
		{uri, []any{"db", ""}, 1, "must not be empty"},
		{uri, []any{"db", "og-1"}, 1, "letters, digits"},
		{uri, []any{"db", "og_1", "og_2"}, 2, "at most one org_id"},
		{uri, []any{"db", "og_1", nil}, 2, "at most one org_id"},
		{parse, []any{""}, 0, "starts with"},
		{parse, []any{"https://example.com"}, 0, "starts with"},
		{parse, []any{"roboto-secret://@og_1"}, 0, "must not be empty"},
		{parse, []any{"roboto-secret://db@og@og"}, 0, "letters, digits"},
	} {
		result, failure := p.Call(test.function, test.arguments...)
		if failure == nil || failure.FunctionArgument == nil {
			t.Errorf("%s(%q) gave %v, and the error %+v", test.function, test.arguments, result, failure)
			continue
		}
		if at := *failure.FunctionArgument; at != test.position || !strings.Contains(failure.Text, test.text) || strings.HasSuffix(failure.Text, ".") {
			t.Errorf("%s(%q) failed at argument %d with %q, want argument %d and %q", test.function, test.arguments, at, failure.Text, test.position, test.text)
		}
	}
}
