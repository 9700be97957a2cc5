// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// Command providerschema prints what tfplugindocs needs of what terraform providers schema -json
// prints. It asks the provider itself. Each Terraform prints only what it knows, so with one older
// than 1.14 the pages of the list resource and of the action would be lost. What it leaves out or
// gets wrong, make docs-check finds on the pages.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/zclconf/go-cty/cty"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
)

func main() {
	provider, err := protocol.ReadSchemas(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	action := func(a *tfprotov6.ActionSchema) *tfjson.ActionSchema {
		return &tfjson.ActionSchema{Block: schema(a.Schema).Block}
	}
	// tfplugindocs looks for the short name, or for the namespace hashicorp.
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")
	err = encoder.Encode(tfjson.ProviderSchemas{FormatVersion: "1.0", Schemas: map[string]*tfjson.ProviderSchema{"roboto": {
		ConfigSchema:             schema(provider.Provider),
		ResourceSchemas:          each(provider.ResourceSchemas, schema),
		DataSourceSchemas:        each(provider.DataSourceSchemas, schema),
		EphemeralResourceSchemas: each(provider.EphemeralResourceSchemas, schema),
		ListResourceSchemas:      each(provider.ListResourceSchemas, schema),
		ActionSchemas:            each(provider.ActionSchemas, action),
		Functions:                each(provider.Functions, function),
		ResourceIdentitySchemas:  each(provider.IdentitySchemas, identity),
	}}})
	if err != nil {
		panic(err)
	}
}

func each[From, To any](all map[string]From, convert func(From) To) map[string]To {
	converted := make(map[string]To, len(all))
	for name, one := range all {
		converted[name] = convert(one)
	}
	return converted
}

func schema(s *tfprotov6.Schema) *tfjson.Schema {
	if len(s.Block.BlockTypes) > 0 {
		panic("this command knows attributes only, and would leave out the block " + s.Block.BlockTypes[0].TypeName)
	}
	return &tfjson.Schema{Block: &tfjson.SchemaBlock{
		Attributes: attributes(s.Block.Attributes), Description: s.Block.Description, Deprecated: s.Block.Deprecated,
	}}
}

func attributes(all []*tfprotov6.SchemaAttribute) map[string]*tfjson.SchemaAttribute {
	converted := map[string]*tfjson.SchemaAttribute{}
	for _, a := range all {
		converted[a.Name] = &tfjson.SchemaAttribute{
			Description: a.Description, Deprecated: a.Deprecated,
			Required: a.Required, Optional: a.Optional, Computed: a.Computed, Sensitive: a.Sensitive, WriteOnly: a.WriteOnly,
		}
		if nested := a.NestedType; nested != nil {
			converted[a.Name].AttributeNestedType = &tfjson.SchemaNestedAttributeType{
				Attributes:  attributes(nested.Attributes),
				NestingMode: tfjson.SchemaNestingMode(strings.ToLower(nested.Nesting.String())),
			}
		} else {
			converted[a.Name].AttributeType = typ(a.Type)
		}
	}
	return converted
}

func function(f *tfprotov6.Function) *tfjson.FunctionSignature {
	signature := &tfjson.FunctionSignature{
		Description: f.Description, Summary: f.Summary, DeprecationMessage: f.DeprecationMessage, ReturnType: typ(f.Return.Type),
	}
	for _, p := range f.Parameters {
		signature.Parameters = append(signature.Parameters, parameter(p))
	}
	if f.VariadicParameter != nil {
		signature.VariadicParameter = parameter(f.VariadicParameter)
	}
	return signature
}

func parameter(p *tfprotov6.FunctionParameter) *tfjson.FunctionParameter {
	return &tfjson.FunctionParameter{Name: p.Name, Description: p.Description, IsNullable: p.AllowNullValue, Type: typ(p.Type)}
}

func identity(i *tfprotov6.ResourceIdentitySchema) *tfjson.IdentitySchema {
	identity := &tfjson.IdentitySchema{Attributes: map[string]*tfjson.IdentityAttribute{}}
	for _, a := range i.IdentityAttributes {
		identity.Attributes[a.Name] = &tfjson.IdentityAttribute{
			IdentityType: typ(a.Type), Description: a.Description, RequiredForImport: a.RequiredForImport, OptionalForImport: a.OptionalForImport,
		}
	}
	return identity
}

// typ goes by the JSON that both libraries write a type in.
func typ(from tftypes.Type) (to cty.Type) {
	encoded, _ := json.Marshal(from) // nothing, on an error, which is no type either
	if err := json.Unmarshal(encoded, &to); err != nil {
		panic(err)
	}
	return to
}
