// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"golang.org/x/text/unicode/norm"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
)

func TestSecretURIFunctions(t *testing.T) {
	env := newEnvironment(t)
	output := func(expression string) string { return "output \"test\" {\n  value = " + expression + "\n}\n" }
	for expression, want := range map[string]knownvalue.Check{
		`provider::roboto::secret_uri("db")`:                            knownvalue.StringExact("roboto-secret://db"),
		`provider::roboto::secret_uri("db", "og_1")`:                    knownvalue.StringExact("roboto-secret://db@og_1"),
		`provider::roboto::secret_uri("db", null)`:                      knownvalue.StringExact("roboto-secret://db"),
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

// mustCall calls a function that must succeed.
func mustCall(t *testing.T, p *protocol.Provider, name string, arguments ...any) any {
	t.Helper()
	result, failure := p.Call(name, arguments...)
	if failure != nil {
		t.Fatalf("%s(%q): %s", name, arguments, failure.Text)
	}
	return result
}

func TestSecretURIFunctionsAreInverses(t *testing.T) {
	p := newEnvironment(t).protocol(fields{})
	for range 1000 {
		name, org := randomName(), randomOrgID()
		arguments, want := []any{name}, map[string]any{"name": name, "org_id": nil}
		uri := "roboto-secret://" + name
		if org != "" {
			arguments, want["org_id"], uri = append(arguments, org), org, uri+"@"+org
		}
		p.Equal("URI", mustCall(t, p, "secret_uri", arguments...), uri)
		p.Equal("parts", mustCall(t, p, "parse_secret_uri", uri), want)
		p.Equal("URI of the parts", mustCall(t, p, "secret_uri", want["name"], want["org_id"]), uri)
		if t.Failed() {
			t.Fatalf("name %q, organization %q", name, org)
		}
	}
}

// randomName is any name that a URI and a path can carry, as Terraform holds it.
func randomName() string {
	var name strings.Builder
	for range 1 + rand.IntN(40) {
		limit := []rune{0x7f, 0x7f, 0x500, 0x3000, unicode.MaxRune + 1}[rand.IntN(5)]
		r := rand.Int32N(limit)
		if r != '@' && r != '/' && unicode.IsPrint(r) && (r < 0xd800 || r > 0xdfff) {
			name.WriteRune(r)
		}
	}
	if slices.Contains([]string{"", ".", ".."}, name.String()) {
		return randomName()
	}
	return norm.NFC.String(name.String())
}

// randomOrgID is "" for one time in ten.
func randomOrgID() string {
	const word = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"
	if rand.IntN(10) == 0 {
		return ""
	}
	id := make([]byte, 1+rand.IntN(30))
	for i := range id {
		id[i] = word[rand.IntN(len(word))]
	}
	return string(id)
}

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
		{uri, []any{"."}, 0, `must not be "."`},
		{uri, []any{"..", "og_1"}, 0, `must not be ".."`},
		{uri, []any{"a@b"}, 0, `must not contain "@"`},
		{uri, []any{"a/b", "og_1"}, 0, `must not contain "/"`},
		{uri, []any{"a\tb"}, 0, "unprintable characters"},
		{uri, []any{"a\u0085b"}, 0, "unprintable characters"},
		{uri, []any{"", ""}, 0, "must not be empty"},
		{uri, []any{"db", ""}, 1, "must not be empty"},
		{uri, []any{"db", "My Org"}, 1, "letters, digits"},
		{uri, []any{"db", "og-1"}, 1, "letters, digits"},
		{uri, []any{"db", "ög"}, 1, "letters, digits"},
		{uri, []any{"db", "og_1", "og_2"}, 2, "at most one org_id"},
		{uri, []any{"db", "og_1", nil}, 2, "at most one org_id"},
		{parse, []any{""}, 0, "starts with"},
		{parse, []any{"db"}, 0, "starts with"},
		{parse, []any{"db@og_1"}, 0, "starts with"},
		{parse, []any{"https://example.com"}, 0, "starts with"},
		{parse, []any{"ROBOTO-SECRET://db"}, 0, "starts with"},
		{parse, []any{" roboto-secret://db"}, 0, "starts with"},
		{parse, []any{"roboto-secret://"}, 0, "must not be empty"},
		{parse, []any{"roboto-secret://@og_1"}, 0, "must not be empty"},
		{parse, []any{"roboto-secret://a/b@og_1"}, 0, `must not contain "/"`},
		{parse, []any{"roboto-secret://..@og_1"}, 0, `must not be ".."`},
		{parse, []any{"roboto-secret://db@"}, 0, "must not be empty"},
		{parse, []any{"roboto-secret://db@og@og"}, 0, "letters, digits"},
		{parse, []any{"roboto-secret://db@og_1 "}, 0, "letters, digits"},
		{parse, []any{"roboto-secret://db\n"}, 0, "unprintable characters"},
	} {
		result, failure := p.Call(test.function, test.arguments...)
		if failure == nil {
			t.Errorf("%s(%q) gave %v", test.function, test.arguments, result)
			continue
		}
		position := int64(-1)
		if failure.FunctionArgument != nil {
			position = *failure.FunctionArgument
		}
		if position != test.position || !strings.Contains(failure.Text, test.text) || strings.HasSuffix(failure.Text, ".") {
			t.Errorf("%s(%q) failed at argument %d with %q", test.function, test.arguments, position, failure.Text)
		}
	}
}
