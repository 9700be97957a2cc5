// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terraformcli"
)

// printed is what Terraform, or this command, prints of the provider.
func printed(t *testing.T, address string, output []byte) map[string]any {
	t.Helper()
	var all struct {
		Schemas map[string]map[string]any `json:"provider_schemas"`
	}
	if err := json.Unmarshal(output, &all); err != nil || all.Schemas[address] == nil {
		t.Fatalf("nothing is printed of %s: %v", address, err)
	}
	return all.Schemas[address]
}

func own(t *testing.T) map[string]any {
	t.Helper()
	var output bytes.Buffer
	if err := write(t.Context(), &output); err != nil {
		t.Fatal(err)
	}
	return printed(t, "roboto", output.Bytes())
}

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

	got := own(t)
	for kind, want := range printed(t, address, []byte(output)) {
		if diff := cmp.Diff(want, got[kind]); diff != "" {
			t.Errorf("%s: Terraform prints what has -, this command what has +\n%s", kind, diff)
		}
		delete(got, kind)
	}
	t.Logf("not printed by this Terraform, so not compared: %q", slices.Sorted(maps.Keys(got)))
}

// Whoever reads a description knows the name already.
func TestDescriptionsSayMoreThanTheName(t *testing.T) {
	words := regexp.MustCompile(`[a-z0-9]+`)
	seen := 0
	check := func(path, name string, description any) {
		seen++
		text, _ := description.(string)
		known := append(words.FindAllString(name, -1), "a", "an", "the", "of", "is", "id")
		if !slices.ContainsFunc(words.FindAllString(strings.ToLower(text), -1), func(word string) bool { return !slices.Contains(known, word) }) {
			t.Errorf("%s: the description %q says no more than the name", path, text)
		}
	}
	var walk func(path, name string, value any)
	walk = func(path, name string, value any) {
		list, _ := value.([]any)
		for _, v := range list {
			walk(path, name, v)
		}
		object, _ := value.(map[string]any)
		if parameter, ok := object["name"].(string); ok {
			name = parameter
		}
		block, _ := object["block"].(map[string]any)
		switch {
		case block != nil && name != "provider":
			check(path, name, block["description"])
		case object["return_type"] != nil: // a function
			check(path, name, object["summary"])
			check(path, name, object["description"])
		case object["type"] != nil, object["nested_type"] != nil: // an attribute or a parameter
			check(path, name, object["description"])
		}
		for key, v := range object {
			walk(path+"."+key, key, v)
		}
	}
	walk("", "", own(t))
	if seen < 80 {
		t.Errorf("only %d descriptions were found", seen)
	}
}
