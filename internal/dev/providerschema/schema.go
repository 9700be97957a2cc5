// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/zclconf/go-cty/cty"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
)

// describe gives the provider's schemas the form of
// https://developer.hashicorp.com/terraform/cli/commands/providers/schema.
func describe(schemas protocol.Schemas) (*tfjson.ProviderSchema, error) {
	if len(schemas.StateStoreSchemas) > 0 {
		return nil, errors.New("the provider has state stores, which this command does not describe")
	}
	var c converter
	described := &tfjson.ProviderSchema{
		ConfigSchema:             c.schema(schemas.Provider),
		ResourceSchemas:          convertAll(schemas.ResourceSchemas, c.schema),
		DataSourceSchemas:        convertAll(schemas.DataSourceSchemas, c.schema),
		EphemeralResourceSchemas: convertAll(schemas.EphemeralResourceSchemas, c.schema),
		ListResourceSchemas:      convertAll(schemas.ListResourceSchemas, c.schema),
		ActionSchemas:            convertAll(schemas.ActionSchemas, c.action),
		Functions:                convertAll(schemas.Functions, c.function),
		ResourceIdentitySchemas:  convertAll(schemas.IdentitySchemas, c.identity),
	}
	return described, errors.Join(c.errs...)
}

func convertAll[From, To any](from map[string]From, convert func(From) To) map[string]To {
	converted := make(map[string]To, len(from))
	for name, f := range from {
		converted[name] = convert(f)
	}
	return converted
}

// converter takes what the protocol says to what Terraform prints.
type converter struct{ errs []error }

func (c *converter) schema(from *tfprotov6.Schema) *tfjson.Schema {
	if blocks := from.Block.BlockTypes; len(blocks) > 0 {
		c.errs = append(c.errs, fmt.Errorf("the block %q would be left out: this command knows nested attributes only", blocks[0].TypeName))
	}
	return &tfjson.Schema{
		Version: uint64(from.Version), //nolint:gosec // never negative
		Block: &tfjson.SchemaBlock{
			Attributes:      c.attributes(from.Block.Attributes),
			Description:     from.Block.Description,
			DescriptionKind: descriptionKind(from.Block.DescriptionKind),
			Deprecated:      from.Block.Deprecated,
		},
	}
}

func (c *converter) action(from *tfprotov6.ActionSchema) *tfjson.ActionSchema {
	return &tfjson.ActionSchema{Block: c.schema(from.Schema).Block}
}

func (c *converter) attributes(from []*tfprotov6.SchemaAttribute) map[string]*tfjson.SchemaAttribute {
	attributes := make(map[string]*tfjson.SchemaAttribute, len(from))
	for _, a := range from {
		attribute := &tfjson.SchemaAttribute{
			Description:     a.Description,
			DescriptionKind: descriptionKind(a.DescriptionKind),
			Deprecated:      a.Deprecated,
			Required:        a.Required,
			Optional:        a.Optional,
			Computed:        a.Computed,
			Sensitive:       a.Sensitive,
			WriteOnly:       a.WriteOnly,
		}
		if a.NestedType == nil {
			attribute.AttributeType = c.typ(a.Type)
		} else {
			if a.NestedType.Nesting != tfprotov6.SchemaObjectNestingModeList {
				c.errs = append(c.errs, fmt.Errorf("the attribute %q is not nested as a list, which is all that this command knows", a.Name))
			}
			attribute.AttributeNestedType = &tfjson.SchemaNestedAttributeType{
				Attributes:  c.attributes(a.NestedType.Attributes),
				NestingMode: tfjson.SchemaNestingModeList,
			}
		}
		attributes[a.Name] = attribute
	}
	return attributes
}

func (c *converter) function(from *tfprotov6.Function) *tfjson.FunctionSignature {
	f := &tfjson.FunctionSignature{
		Description:        from.Description,
		Summary:            from.Summary,
		DeprecationMessage: from.DeprecationMessage,
		ReturnType:         c.typ(from.Return.Type),
	}
	for _, p := range from.Parameters {
		f.Parameters = append(f.Parameters, c.parameter(p))
	}
	if from.VariadicParameter != nil {
		f.VariadicParameter = c.parameter(from.VariadicParameter)
	}
	return f
}

func (c *converter) parameter(from *tfprotov6.FunctionParameter) *tfjson.FunctionParameter {
	return &tfjson.FunctionParameter{
		Name:        from.Name,
		Description: from.Description,
		IsNullable:  from.AllowNullValue,
		Type:        c.typ(from.Type),
	}
}

func (c *converter) identity(from *tfprotov6.ResourceIdentitySchema) *tfjson.IdentitySchema {
	attributes := map[string]*tfjson.IdentityAttribute{}
	for _, a := range from.IdentityAttributes {
		attributes[a.Name] = &tfjson.IdentityAttribute{
			IdentityType:      c.typ(a.Type),
			Description:       a.Description,
			RequiredForImport: a.RequiredForImport,
			OptionalForImport: a.OptionalForImport,
		}
	}
	return &tfjson.IdentitySchema{Version: uint64(from.Version), Attributes: attributes} //nolint:gosec // never negative
}

// typ goes by the JSON that both libraries write a type in.
func (c *converter) typ(from tftypes.Type) (to cty.Type) {
	encoded, err := json.Marshal(from)
	c.errs = append(c.errs, err, json.Unmarshal(encoded, &to))
	return to
}

func descriptionKind(kind tfprotov6.StringKind) tfjson.SchemaDescriptionKind {
	if kind == tfprotov6.StringKindMarkdown {
		return tfjson.SchemaDescriptionKindMarkdown
	}
	return tfjson.SchemaDescriptionKindPlain
}
