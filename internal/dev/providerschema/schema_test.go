// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"encoding/json"
	"errors"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terraformcli"
)

func readSchemas(t *testing.T) protocol.Schemas {
	t.Helper()
	schemas, err := protocol.ReadSchemas(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return schemas
}

func describeTest(t *testing.T) *tfjson.ProviderSchema {
	t.Helper()
	described, err := describe(readSchemas(t))
	if err != nil {
		t.Fatal(err)
	}
	return described
}

// TestAgreesWithTerraform compares all that the terraform at hand knows of.
func TestAgreesWithTerraform(t *testing.T) {
	got := map[string]any{}
	encoded, err := json.Marshal(describeTest(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(encoded, &got); err != nil {
		t.Fatal(err)
	}
	want := terraformSchema(t)
	if len(want) == 0 {
		t.Fatal("terraform printed no schema of the provider")
	}
	for kind, want := range want {
		if !reflect.DeepEqual(got[kind], want) {
			t.Errorf("%s:\n got %s\nwant %s", kind, encode(t, got[kind]), encode(t, want))
		}
		delete(got, kind)
	}
	for kind := range got {
		t.Logf("this terraform does not print %s: not compared", kind)
	}
}

func encode(t *testing.T, value any) []byte {
	t.Helper()
	encoded, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

// terraformSchema is what terraform providers schema -json prints of the provider.
func terraformSchema(t *testing.T) map[string]any {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx := t.Context()
	executable, err := terraformcli.Find(ctx)
	must(err)
	mirror, err := terraformcli.BuildMirror(ctx, t.TempDir())
	must(err)
	terraform, err := terraformcli.NewWorkspace(terraformcli.TempDir(t), executable, mirror)
	must(err)
	must(terraform.Init(ctx, `terraform {
  required_providers {
    roboto = { source = "roboto-ai/roboto" }
  }
}
`))
	out, err := terraform.Terraform(ctx, "providers", "schema", "-json")
	must(err)
	var printed struct {
		Schemas map[string]map[string]any `json:"provider_schemas"`
	}
	must(json.Unmarshal([]byte(out), &printed))
	if len(printed.Schemas) != 1 {
		t.Fatalf("terraform printed the schemas of %d providers", len(printed.Schemas))
	}
	return printed.Schemas["registry.terraform.io/roboto-ai/roboto"]
}

// TestDescriptionsSayMoreThanTheName: whoever reads a description knows the name already.
func TestDescriptionsSayMoreThanTheName(t *testing.T) {
	described := describeTest(t)
	check := func(where, name, description string) {
		if !saysMoreThan(name, description) {
			t.Errorf("%s.%s: the description %q says no more than the name", where, name, description)
		}
	}
	var checkAttributes func(where string, attributes map[string]*tfjson.SchemaAttribute)
	checkAttributes = func(where string, attributes map[string]*tfjson.SchemaAttribute) {
		for name, a := range attributes {
			check(where, name, a.Description)
			if a.AttributeNestedType != nil {
				checkAttributes(where+"."+name, a.AttributeNestedType.Attributes)
			}
		}
	}
	checkAttributes("provider", described.ConfigSchema.Block.Attributes)
	for kind, schemas := range map[string]map[string]*tfjson.Schema{
		"resource":  described.ResourceSchemas,
		"data":      described.DataSourceSchemas,
		"ephemeral": described.EphemeralResourceSchemas,
		"list":      described.ListResourceSchemas,
	} {
		for name, s := range schemas {
			check(kind, name, s.Block.Description)
			checkAttributes(kind+"."+name, s.Block.Attributes)
		}
	}
	for name, a := range described.ActionSchemas {
		check("action", name, a.Block.Description)
		checkAttributes("action."+name, a.Block.Attributes)
	}
	for name, f := range described.Functions {
		check("function", name, f.Summary)
		check("function", name, f.Description)
		parameters := f.Parameters
		if f.VariadicParameter != nil {
			parameters = append(slices.Clone(parameters), f.VariadicParameter)
		}
		for _, p := range parameters {
			check("function."+name, p.Name, p.Description)
		}
	}
	for name, i := range described.ResourceIdentitySchemas {
		for attribute, a := range i.Attributes {
			check("identity."+name, attribute, a.Description)
		}
	}
}

var words = regexp.MustCompile(`[a-z0-9]+`)

// saysMoreThan tells whether a word is left of the description besides those of
// the name and articles.
func saysMoreThan(name, description string) bool {
	known := append(words.FindAllString(name, -1), "a", "an", "the", "of", "is", "id")
	return slices.ContainsFunc(words.FindAllString(strings.ToLower(description), -1), func(word string) bool {
		return !slices.Contains(known, word)
	})
}

func TestSaysMoreThan(t *testing.T) {
	for _, tt := range []struct {
		name, description string
		want              bool
	}{
		{"value", "", false},
		{"value", "The value.", false},
		{"org_id", "The ID of the org.", false},
		{"name", "Name of the secret.", true},
		{"arn", "ARN of the secret in AWS Secrets Manager.", true},
	} {
		if got := saysMoreThan(tt.name, tt.description); got != tt.want {
			t.Errorf("saysMoreThan(%q, %q) = %v", tt.name, tt.description, got)
		}
	}
}

// TestEveryKindIsDescribed fails when the provider serves something that the
// documentation would lose.
func TestEveryKindIsDescribed(t *testing.T) {
	described, schemas := describeTest(t), readSchemas(t)
	for kind, counts := range map[string][2]int{
		"resources":           {len(described.ResourceSchemas), len(schemas.ResourceSchemas)},
		"data sources":        {len(described.DataSourceSchemas), len(schemas.DataSourceSchemas)},
		"ephemeral resources": {len(described.EphemeralResourceSchemas), len(schemas.EphemeralResourceSchemas)},
		"list resources":      {len(described.ListResourceSchemas), len(schemas.ListResourceSchemas)},
		"actions":             {len(described.ActionSchemas), len(schemas.ActionSchemas)},
		"functions":           {len(described.Functions), len(schemas.Functions)},
	} {
		if counts[0] != counts[1] || counts[0] == 0 {
			t.Errorf("%s: %d described, %d served", kind, counts[0], counts[1])
		}
	}
}

func TestWhatIsNotKnownIsNotLost(t *testing.T) {
	var c converter
	c.schema(&tfprotov6.Schema{Block: &tfprotov6.SchemaBlock{
		Attributes: []*tfprotov6.SchemaAttribute{
			{Name: "name", Type: tftypes.String, Required: true},
			{Name: "labels", NestedType: &tfprotov6.SchemaObject{Nesting: tfprotov6.SchemaObjectNestingModeMap}, Required: true},
		},
		BlockTypes: []*tfprotov6.SchemaNestedBlock{{TypeName: "settings"}},
	}})
	for _, name := range []string{`"settings"`, `"labels"`} {
		if err := errors.Join(c.errs...); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("got %v, want an error that names %s", err, name)
		}
	}
}
