// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// Command providerschema prints what terraform providers schema -json prints, for
// tfplugindocs. It asks the provider itself. Each Terraform prints only what it knows, so
// with one older than 1.14 the pages of the list resource and of the action would be lost.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/zclconf/go-cty/cty"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
)

func main() {
	if err := write(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func write(ctx context.Context, to io.Writer) error {
	provider, err := protocol.ReadSchemas(ctx)
	if err != nil {
		return err
	}
	var c converter
	action := func(a *tfprotov6.ActionSchema) *tfjson.ActionSchema {
		return &tfjson.ActionSchema{Block: c.schema(a.Schema).Block}
	}
	encoder := json.NewEncoder(to)
	encoder.SetIndent("", "  ")
	err = encoder.Encode(tfjson.ProviderSchemas{
		FormatVersion: "1.0",
		// tfplugindocs looks for the short name, or for the namespace hashicorp.
		Schemas: map[string]*tfjson.ProviderSchema{"roboto": {
			ConfigSchema:             c.schema(provider.Provider),
			ResourceSchemas:          each(provider.ResourceSchemas, c.schema),
			DataSourceSchemas:        each(provider.DataSourceSchemas, c.schema),
			EphemeralResourceSchemas: each(provider.EphemeralResourceSchemas, c.schema),
			ListResourceSchemas:      each(provider.ListResourceSchemas, c.schema),
			ActionSchemas:            each(provider.ActionSchemas, action),
			Functions:                each(provider.Functions, c.function),
			ResourceIdentitySchemas:  each(provider.IdentitySchemas, c.identity),
		}},
	})
	return errors.Join(append(c.errs, err)...)
}

func each[From, To any](all map[string]From, convert func(From) To) map[string]To {
	converted := make(map[string]To, len(all))
	for name, one := range all {
		converted[name] = convert(one)
	}
	return converted
}

// converter takes what the protocol says to what Terraform prints.
type converter struct{ errs []error }

func (c *converter) schema(s *tfprotov6.Schema) *tfjson.Schema {
	for _, block := range s.Block.BlockTypes {
		c.errs = append(c.errs, fmt.Errorf("the block %q would be left out: this command knows attributes only", block.TypeName))
	}
	return &tfjson.Schema{Version: uint64(s.Version), Block: &tfjson.SchemaBlock{ //nolint:gosec // never negative
		Attributes:      c.attributes(s.Block.Attributes),
		Description:     s.Block.Description,
		DescriptionKind: kind(s.Block.DescriptionKind),
		Deprecated:      s.Block.Deprecated,
	}}
}

func (c *converter) attributes(all []*tfprotov6.SchemaAttribute) map[string]*tfjson.SchemaAttribute {
	converted := map[string]*tfjson.SchemaAttribute{}
	for _, a := range all {
		attribute := &tfjson.SchemaAttribute{
			Description:     a.Description,
			DescriptionKind: kind(a.DescriptionKind),
			Deprecated:      a.Deprecated,
			Required:        a.Required,
			Optional:        a.Optional,
			Computed:        a.Computed,
			Sensitive:       a.Sensitive,
			WriteOnly:       a.WriteOnly,
		}
		if nested := a.NestedType; nested != nil {
			attribute.AttributeNestedType = &tfjson.SchemaNestedAttributeType{
				Attributes:  c.attributes(nested.Attributes),
				NestingMode: tfjson.SchemaNestingMode(strings.ToLower(nested.Nesting.String())),
			}
		} else {
			attribute.AttributeType = c.typ(a.Type)
		}
		converted[a.Name] = attribute
	}
	return converted
}

func (c *converter) function(f *tfprotov6.Function) *tfjson.FunctionSignature {
	signature := &tfjson.FunctionSignature{
		Description:        f.Description,
		Summary:            f.Summary,
		DeprecationMessage: f.DeprecationMessage,
		ReturnType:         c.typ(f.Return.Type),
		VariadicParameter:  c.parameter(f.VariadicParameter),
	}
	for _, p := range f.Parameters {
		signature.Parameters = append(signature.Parameters, c.parameter(p))
	}
	return signature
}

func (c *converter) parameter(p *tfprotov6.FunctionParameter) *tfjson.FunctionParameter {
	if p == nil {
		return nil
	}
	return &tfjson.FunctionParameter{Name: p.Name, Description: p.Description, IsNullable: p.AllowNullValue, Type: c.typ(p.Type)}
}

func (c *converter) identity(i *tfprotov6.ResourceIdentitySchema) *tfjson.IdentitySchema {
	identity := &tfjson.IdentitySchema{Version: uint64(i.Version), Attributes: map[string]*tfjson.IdentityAttribute{}} //nolint:gosec // never negative
	for _, a := range i.IdentityAttributes {
		identity.Attributes[a.Name] = &tfjson.IdentityAttribute{
			IdentityType:      c.typ(a.Type),
			Description:       a.Description,
			RequiredForImport: a.RequiredForImport,
			OptionalForImport: a.OptionalForImport,
		}
	}
	return identity
}

// typ goes by the JSON that both libraries write a type in.
func (c *converter) typ(from tftypes.Type) (to cty.Type) {
	encoded, err := json.Marshal(from)
	c.errs = append(c.errs, err, json.Unmarshal(encoded, &to))
	return to
}

func kind(k tfprotov6.StringKind) tfjson.SchemaDescriptionKind {
	return tfjson.SchemaDescriptionKind(strings.ToLower(k.String()))
}
