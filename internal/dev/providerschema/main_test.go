// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	tfjson "github.com/hashicorp/terraform-json"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terraformcli"
)

// What the terraform at hand does not print, make docs-check compares with the pages.
func TestAgreesWithTerraform(t *testing.T) {
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	executable, err := terraformcli.Find(t.Context())
	must(err)
	mirror, err := terraformcli.BuildMirror(t.Context(), t.TempDir())
	must(err)
	terraform, err := terraformcli.NewWorkspace(terraformcli.TempDir(t), executable, mirror)
	must(err)
	const address = "registry.terraform.io/roboto-ai/roboto"
	must(terraform.Init(t.Context(), "terraform {\nrequired_providers {\nroboto = { source = \""+address+"\" }\n}\n}\n"))
	output, err := terraform.Terraform(t.Context(), "providers", "schema", "-json")
	must(err)
	var printed struct {
		Schemas map[string]map[string]any `json:"provider_schemas"`
	}
	must(json.Unmarshal([]byte(output), &printed))
	if len(printed.Schemas[address]) == 0 {
		t.Fatal("Terraform prints nothing of the provider")
	}
	own, err := schemas(t.Context())
	must(err)
	encoded, err := json.Marshal(own)
	must(err)
	var got map[string]any
	must(json.Unmarshal(encoded, &got))

	for kind, want := range printed.Schemas[address] {
		if diff := cmp.Diff(want, got[kind]); diff != "" {
			t.Errorf("%s: Terraform prints what has -, this command what has +\n%s", kind, diff)
		}
		delete(got, kind)
	}
	t.Logf("not printed by this Terraform, so not compared: %q", slices.Sorted(maps.Keys(got)))
}

// Whoever reads a description knows the name already.
func TestDescriptionsSayMoreThanTheName(t *testing.T) {
	own, err := schemas(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	words, seen := regexp.MustCompile(`[a-z0-9]+`), 0
	check := func(path, name, description string) {
		seen++
		known := append(words.FindAllString(name, -1), "a", "an", "the", "of", "is", "id")
		text := words.FindAllString(strings.ToLower(description), -1)
		if !slices.ContainsFunc(text, func(word string) bool { return !slices.Contains(known, word) }) {
			t.Errorf("%s.%s: the description %q says no more than the name", path, name, description)
		}
	}
	var attributes func(path string, all map[string]*tfjson.SchemaAttribute)
	attributes = func(path string, all map[string]*tfjson.SchemaAttribute) {
		for name, attribute := range all {
			check(path, name, attribute.Description)
			if nested := attribute.AttributeNestedType; nested != nil {
				attributes(path+"."+name, nested.Attributes)
			}
		}
	}
	attributes("provider", own.ConfigSchema.Block.Attributes)
	for name, action := range own.ActionSchemas {
		check("action", name, action.Block.Description)
		attributes(name, action.Block.Attributes)
	}
	for _, kind := range []map[string]*tfjson.Schema{own.ResourceSchemas, own.DataSourceSchemas, own.EphemeralResourceSchemas, own.ListResourceSchemas} {
		for name, schema := range kind {
			check("schema", name, schema.Block.Description)
			attributes(name, schema.Block.Attributes)
		}
	}
	for name, function := range own.Functions {
		check("function", name, function.Summary)
		check("function", name, function.Description)
		for _, parameter := range function.Parameters {
			check(name, parameter.Name, parameter.Description)
		}
	}
	for resource, identity := range own.ResourceIdentitySchemas {
		for name, attribute := range identity.Attributes {
			check(resource+"'s identity", name, attribute.Description)
		}
	}
	if seen < 80 {
		t.Errorf("only %d descriptions were found", seen)
	}
}
