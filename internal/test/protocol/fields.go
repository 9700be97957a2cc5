// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package protocol

import (
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Fields are a configuration, a state or an identity: strings, numbers, bools,
// lists and maps, or Unknown. What is absent is null, and nil is null as a whole.
// What is unknown as a whole has only unknown fields.
type Fields map[string]any

type unknown struct{}

func (unknown) String() string { return "unknown" }

// Unknown is a value that is known only after an apply.
var Unknown = unknown{}

// encodeBlock is encode for a block that is there, however little is in it.
func (p *Provider) encodeBlock(schema tftypes.Type, given Fields) *tfprotov6.DynamicValue {
	if given == nil {
		given = Fields{}
	}
	return p.encode(schema, given)
}

func (p *Provider) encode(schema tftypes.Type, given Fields) *tfprotov6.DynamicValue {
	value := tftypes.NewValue(schema, nil)
	if given != nil {
		types := as[tftypes.Object](p, schema).AttributeTypes
		values := make(map[string]tftypes.Value, len(types))
		for name, typ := range types {
			values[name] = encodeValue(typ, given[name])
		}
		for name := range given {
			if types[name] == nil {
				p.t.Fatalf("there is no attribute %q", name)
			}
		}
		value = tftypes.NewValue(schema, values)
	}
	encoded, err := tfprotov6.NewDynamicValue(schema, value)
	p.ok(err)
	return &encoded
}

func encodeValue(typ tftypes.Type, given any) tftypes.Value {
	switch given := given.(type) {
	case unknown:
		return tftypes.NewValue(typ, tftypes.UnknownValue)
	case []any:
		items := make([]tftypes.Value, len(given))
		for i, item := range given {
			items[i] = encodeValue(elementType(typ), item)
		}
		return tftypes.NewValue(typ, items)
	case map[string]any:
		members := make(map[string]tftypes.Value, len(given))
		for name, member := range given {
			members[name] = encodeValue(elementType(typ), member)
		}
		return tftypes.NewValue(typ, members)
	}
	return tftypes.NewValue(typ, given)
}

func elementType(typ tftypes.Type) tftypes.Type {
	switch typ := typ.(type) {
	case tftypes.List:
		return typ.ElementType
	case tftypes.Map:
		return typ.ElementType
	}
	return typ
}

func (p *Provider) decode(schema tftypes.Type, encoded *tfprotov6.DynamicValue) Fields {
	if encoded == nil {
		return nil
	}
	value, err := encoded.Unmarshal(schema)
	p.ok(err)
	switch decoded := p.plain(value).(type) {
	case map[string]any:
		return decoded
	case nil:
		return nil
	}
	decoded := Fields{}
	for name := range as[tftypes.Object](p, schema).AttributeTypes {
		decoded[name] = Unknown
	}
	return decoded
}

func (p *Provider) encodeIdentity(identity Fields) *tfprotov6.ResourceIdentityData {
	if identity == nil {
		return nil
	}
	return &tfprotov6.ResourceIdentityData{IdentityData: p.encode(p.identity, identity)}
}

func (p *Provider) decodeIdentity(identity *tfprotov6.ResourceIdentityData) Fields {
	if identity == nil {
		return nil
	}
	return p.decode(p.identity, identity.IdentityData)
}

// plain is a value in Go's own types.
func (p *Provider) plain(value tftypes.Value) any {
	switch typ := value.Type(); {
	case !value.IsKnown():
		return Unknown
	case value.IsNull():
		return nil
	case typ.Is(tftypes.String):
		return valueAs[string](p, value)
	case typ.Is(tftypes.Bool):
		return valueAs[bool](p, value)
	case typ.Is(tftypes.List{}):
		items := []any{}
		for _, item := range valueAs[[]tftypes.Value](p, value) {
			items = append(items, p.plain(item))
		}
		return items
	case typ.Is(tftypes.Map{}), typ.Is(tftypes.Object{}):
		members := map[string]any{}
		for name, member := range valueAs[map[string]tftypes.Value](p, value) {
			members[name] = p.plain(member)
		}
		return members
	}
	p.t.Fatalf("a value of type %s is not expected here", value.Type())
	return nil
}

func valueAs[T any](p *Provider, value tftypes.Value) (typed T) {
	p.ok(value.As(&typed))
	return typed
}
