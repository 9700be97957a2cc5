// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"strings"
	"testing"
)

// The pages run them with Terraform, which passes null only where the function allows it.
func TestSecretURIFunctions(t *testing.T) {
	env := newEnvironment(t)
	p := env.protocol(fields{})
	if !p.Schemas.Functions["secret_uri"].VariadicParameter.AllowNullValue {
		t.Error("the org_id of secret_uri may not be null")
	}
	for _, test := range []struct {
		function  string
		arguments []any
		want      any
	}{
		{"secret_uri", []any{"db"}, "roboto-secret://db"},
		{"secret_uri", []any{"db", "og_1"}, "roboto-secret://db@og_1"},
		{"secret_uri", []any{"db", nil}, "roboto-secret://db"},
		{"secret_uri", []any{"with space ü", "og_1"}, "roboto-secret://with space ü@og_1"},
		{"parse_secret_uri", []any{"roboto-secret://db"}, map[string]any{"name": "db", "org_id": nil}},
		{"parse_secret_uri", []any{"roboto-secret://with space ü@og_1"}, map[string]any{"name": "with space ü", "org_id": "og_1"}},
	} {
		result, failure := p.Call(test.function, test.arguments...)
		if failure != nil {
			t.Errorf("%s(%q) failed: %s", test.function, test.arguments, failure.Text)
		}
		p.Equal(fmt.Sprintf("%s(%q)", test.function, test.arguments), result, test.want)
	}
	env.wantRequests(0)
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
		{uri, []any{"db", ""}, 1, "must not be empty"},
		{uri, []any{"db", "og_1", "og_2"}, 2, "at most one org_id"},
		{uri, []any{"db", "og_1", nil}, 2, "at most one org_id"},
		{parse, []any{""}, 0, "starts with"},
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
