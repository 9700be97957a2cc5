// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// The JSON format that terraform providers schema -json prints, as far as this
// provider uses it: https://developer.hashicorp.com/terraform/cli/commands/providers/schema
type (
	providerSchema struct {
		Provider           schema              `json:"provider"`
		Resources          map[string]schema   `json:"resource_schemas,omitempty"`
		DataSources        map[string]schema   `json:"data_source_schemas,omitempty"`
		EphemeralResources map[string]schema   `json:"ephemeral_resource_schemas,omitempty"`
		ListResources      map[string]schema   `json:"list_resource_schemas,omitempty"`
		Functions          map[string]function `json:"functions,omitempty"`
		ResourceIdentities map[string]identity `json:"resource_identity_schemas,omitempty"`
	}

	schema struct {
		Version int64 `json:"version"`
		Block   block `json:"block"`
	}

	block struct {
		Attributes      map[string]attribute `json:"attributes,omitempty"`
		Description     string               `json:"description,omitempty"`
		DescriptionKind string               `json:"description_kind,omitempty"`
		Deprecated      bool                 `json:"deprecated,omitempty"`
	}

	attribute struct {
		Type            tftypes.Type `json:"type,omitempty"`
		NestedType      *nestedType  `json:"nested_type,omitempty"`
		Description     string       `json:"description,omitempty"`
		DescriptionKind string       `json:"description_kind,omitempty"`
		Deprecated      bool         `json:"deprecated,omitempty"`
		Required        bool         `json:"required,omitempty"`
		Optional        bool         `json:"optional,omitempty"`
		Computed        bool         `json:"computed,omitempty"`
		Sensitive       bool         `json:"sensitive,omitempty"`
		WriteOnly       bool         `json:"write_only,omitempty"`
	}

	nestedType struct {
		Attributes  map[string]attribute `json:"attributes,omitempty"`
		NestingMode string               `json:"nesting_mode"`
	}

	function struct {
		Description        string       `json:"description,omitempty"`
		Summary            string       `json:"summary,omitempty"`
		DeprecationMessage string       `json:"deprecation_message,omitempty"`
		ReturnType         tftypes.Type `json:"return_type"`
		Parameters         []parameter  `json:"parameters,omitempty"`
		VariadicParameter  *parameter   `json:"variadic_parameter,omitempty"`
	}

	parameter struct {
		Name        string       `json:"name"`
		Description string       `json:"description,omitempty"`
		IsNullable  bool         `json:"is_nullable,omitempty"`
		Type        tftypes.Type `json:"type"`
	}

	identity struct {
		Version    int64                        `json:"version"`
		Attributes map[string]identityAttribute `json:"attributes"`
	}

	identityAttribute struct {
		Type              tftypes.Type `json:"type"`
		Description       string       `json:"description,omitempty"`
		RequiredForImport bool         `json:"required_for_import,omitempty"`
		OptionalForImport bool         `json:"optional_for_import,omitempty"`
	}
)

func descriptionKind(kind tfprotov6.StringKind) string {
	if kind == tfprotov6.StringKindMarkdown {
		return "markdown"
	}
	return "plain"
}

// describe asks the provider for all its schemas.
func describe(ctx context.Context, server tfprotov6.ProviderServer) (providerSchema, error) {
	schemas, err := server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return providerSchema{}, err
	}
	identities, err := server.GetResourceIdentitySchemas(ctx, &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		return providerSchema{}, err
	}
	for _, diagnostic := range append(schemas.Diagnostics, identities.Diagnostics...) {
		if diagnostic.Severity == tfprotov6.DiagnosticSeverityError {
			return providerSchema{}, fmt.Errorf("%s: %s", diagnostic.Summary, diagnostic.Detail)
		}
	}
	if len(schemas.ActionSchemas)+len(schemas.StateStoreSchemas) > 0 {
		return providerSchema{}, errors.New("the provider has actions or state stores, which this command does not describe")
	}

	result := providerSchema{
		Functions:          map[string]function{},
		ResourceIdentities: map[string]identity{},
	}
	var errs []error
	convert := func(from *tfprotov6.Schema) schema {
		converted, err := newSchema(from)
		errs = append(errs, err)
		return converted
	}
	convertAll := func(from map[string]*tfprotov6.Schema) map[string]schema {
		converted := make(map[string]schema, len(from))
		for name, s := range from {
			converted[name] = convert(s)
		}
		return converted
	}
	result.Provider = convert(schemas.Provider)
	result.Resources = convertAll(schemas.ResourceSchemas)
	result.DataSources = convertAll(schemas.DataSourceSchemas)
	result.EphemeralResources = convertAll(schemas.EphemeralResourceSchemas)
	result.ListResources = convertAll(schemas.ListResourceSchemas)
	for name, f := range schemas.Functions {
		result.Functions[name] = newFunction(f)
	}
	for name, s := range identities.IdentitySchemas {
		result.ResourceIdentities[name] = newIdentity(s)
	}
	return result, errors.Join(errs...)
}

func newSchema(from *tfprotov6.Schema) (schema, error) {
	b := from.Block
	if len(b.BlockTypes) > 0 {
		return schema{}, fmt.Errorf("the block %q would be left out: this command knows nested attributes only", b.BlockTypes[0].TypeName)
	}
	attributes, err := newAttributes(b.Attributes)
	return schema{
		Version: from.Version,
		Block: block{
			Attributes:      attributes,
			Description:     b.Description,
			DescriptionKind: descriptionKind(b.DescriptionKind),
			Deprecated:      b.Deprecated,
		},
	}, err
}

func newAttributes(from []*tfprotov6.SchemaAttribute) (map[string]attribute, error) {
	attributes := make(map[string]attribute, len(from))
	for _, a := range from {
		nested, err := newNestedType(a.NestedType)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", a.Name, err)
		}
		attributes[a.Name] = attribute{
			Type:            a.Type,
			NestedType:      nested,
			Description:     a.Description,
			DescriptionKind: descriptionKind(a.DescriptionKind),
			Deprecated:      a.Deprecated,
			Required:        a.Required,
			Optional:        a.Optional,
			Computed:        a.Computed,
			Sensitive:       a.Sensitive,
			WriteOnly:       a.WriteOnly,
		}
	}
	return attributes, nil
}

func newNestedType(from *tfprotov6.SchemaObject) (*nestedType, error) {
	if from == nil { // as for every attribute of a plain type
		return nil, nil
	}
	modes := map[tfprotov6.SchemaObjectNestingMode]string{
		tfprotov6.SchemaObjectNestingModeSingle: "single",
		tfprotov6.SchemaObjectNestingModeList:   "list",
		tfprotov6.SchemaObjectNestingModeSet:    "set",
		tfprotov6.SchemaObjectNestingModeMap:    "map",
	}
	mode, ok := modes[from.Nesting]
	if !ok {
		return nil, fmt.Errorf("unknown nesting mode %v", from.Nesting)
	}
	attributes, err := newAttributes(from.Attributes)
	return &nestedType{Attributes: attributes, NestingMode: mode}, err
}

func newFunction(from *tfprotov6.Function) function {
	f := function{
		Description:        from.Description,
		Summary:            from.Summary,
		DeprecationMessage: from.DeprecationMessage,
		ReturnType:         from.Return.Type,
	}
	for _, p := range from.Parameters {
		f.Parameters = append(f.Parameters, newParameter(p))
	}
	if from.VariadicParameter != nil {
		variadic := newParameter(from.VariadicParameter)
		f.VariadicParameter = &variadic
	}
	return f
}

func newParameter(from *tfprotov6.FunctionParameter) parameter {
	return parameter{
		Name:        from.Name,
		Description: from.Description,
		IsNullable:  from.AllowNullValue,
		Type:        from.Type,
	}
}

func newIdentity(from *tfprotov6.ResourceIdentitySchema) identity {
	result := identity{Version: from.Version, Attributes: map[string]identityAttribute{}}
	for _, a := range from.IdentityAttributes {
		result.Attributes[a.Name] = identityAttribute{
			Type:              a.Type,
			Description:       a.Description,
			RequiredForImport: a.RequiredForImport,
			OptionalForImport: a.OptionalForImport,
		}
	}
	return result
}
