// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"strings"
	"testing"
)

// The pages run them with Terraform, which passes null only where the function allows it. What is refused is for
// ParseURI's tests; an error names the argument.
func TestSecretURIFunctions(t *testing.T) {
	const uri, parse = "secret_uri", "parse_secret_uri"
	env := newEnvironment(t)
	p := env.protocol(fields{})
	if !p.Schemas.Functions[uri].VariadicParameter.AllowNullValue {
		t.Error("the org_id of secret_uri may not be null")
	}
	for _, test := range []struct {
		function  string
		arguments []any
		want      any
		// fails is the text of the error, if there is one, and position is the argument that it names.
		fails    string
		position int64
	}{
		{function: uri, arguments: []any{"db"}, want: "roboto-secret://db"},
		{function: uri, arguments: []any{"db", "og_1"}, want: "roboto-secret://db@og_1"},
		{function: uri, arguments: []any{"db", nil}, want: "roboto-secret://db"},
		{function: uri, arguments: []any{"with space ü", "og_1"}, want: "roboto-secret://with space ü@og_1"},
		{function: uri, arguments: []any{""}, fails: "must not be empty", position: 0},
		{function: uri, arguments: []any{"db", ""}, fails: "must not be empty", position: 1},
		{function: uri, arguments: []any{"db", "og_1", nil}, fails: "at most one org_id", position: 2},
		{function: parse, arguments: []any{"roboto-secret://db"}, want: map[string]any{"name": "db", "org_id": nil}},
		{function: parse, arguments: []any{"roboto-secret://a ü@og_1"}, want: map[string]any{"name": "a ü", "org_id": "og_1"}},
		{function: parse, arguments: []any{""}, fails: "starts with", position: 0},
	} {
		call := fmt.Sprintf("%s(%q)", test.function, test.arguments)
		result, failure := p.Call(test.function, test.arguments...)
		if failure == nil {
			p.Equal(call, result, test.want)
			continue
		}
		p.Equal("the argument that the error of "+call+" names", failure.FunctionArgument, &test.position)
		if test.fails == "" || !strings.Contains(failure.Text, test.fails) || strings.HasSuffix(failure.Text, ".") {
			t.Errorf("%s fails with %q, want %q", call, failure.Text, test.fails)
		}
	}
	env.wantRequests(0)
}
