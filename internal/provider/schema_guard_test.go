// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
)

// The kinds of things that have a schema.
const (
	kindProvider   = "provider"
	kindResource   = "resource"
	kindIdentity   = "identity"
	kindDataSource = "data source"
	kindEphemeral  = "ephemeral resource"
	kindList       = "list resource"
	kindFunction   = "function"
	kindAction     = "action"
	kindStateStore = "state store"
)

// metadata are the attributes that never hold a secret value, an API key or
// temporary credentials, by schema: anyone who reads the state may know them.
var metadata = map[string][]string{
	kindProvider: {
		"bulk_refresh", "config_file", "endpoint", "max_attempts", "org_id", "profile", "request_timeout", "secrets_manager_endpoint",
	},
	kindResource + " roboto_secret": {
		"arn", "created", "created_by", "deletion_protection", "detect_value_drift", "name", "org_id", "uri", "value_wo_version", "version_id",
	},
	kindIdentity + " roboto_secret": {"name", "org_id"},
	kindDataSource + " roboto_secret": {
		"arn", "created", "created_by", "last_used", "modified", "modified_by", "name", "org_id", "read_version_id", "uri", "value_created",
		"version_id", "version_stage",
	},
	kindDataSource + " roboto_secrets": {
		"name_prefix", "names", "org_id", "secrets",
		"secrets.arn", "secrets.created", "secrets.created_by", "secrets.last_used", "secrets.modified", "secrets.modified_by",
		"secrets.name", "secrets.org_id", "secrets.uri", "uris",
	},
	kindDataSource + " roboto_organizations": {
		"org_ids", "organizations", "organizations.name", "organizations.org_id", "organizations.status", "organizations.tier",
	},
	kindEphemeral + " roboto_secret": {"name", "org_id", "uri", "value_created", "version_id", "version_stage"},
	kindList + " roboto_secret":      {"name_prefix", "org_id"},
	kindAction + " roboto_action_invoke": {
		"action_org_id", "action_timeout", "dataset_id", "digest", "file_paths", "file_query", "name", "org_id",
		// Terraform refuses ephemeral values here, and the description says what does not belong here.
		"parameter_values", "topic_query", "upload_dataset_id", "wait", "wait_timeout",
	},
	kindFunction + " secret_uri":       {"name", "org_id", "return"},
	kindFunction + " parse_secret_uri": {"return", "return.name", "return.org_id", "uri"},
}

// guarded is an attribute, or what is like one.
type guarded struct {
	// schema is the kind and, but for the provider, the name.
	kind, schema string
	// path is the attribute's name after those that it is nested in.
	path                           string
	sensitive, writeOnly, computed bool
	kindOfValue                    tftypes.Type
}

// objection is a sentence that says why the attribute must not be so, or "".
func (g guarded) objection() string {
	named := fmt.Sprintf("%s has the attribute %q, which ", g.schema, g.path)
	switch {
	case g.kindOfValue != nil && holdsAnything(g.kindOfValue):
		return named + "takes anything at all, so nobody can tell whether a secret value is in it: give it a type"
	case slices.Contains(metadata[g.schema], g.path):
		if g.sensitive || g.writeOnly {
			return named + "is listed as metadata, and yet is sensitive or write-only: if it can carry a secret value, take it off the list"
		}
		return ""
	}
	const list = "; if it can carry none, and anyone may know it, add it to the metadata in schema_guard_test.go"
	switch g.kind {
	case kindProvider:
		if !g.sensitive {
			return named + "may be a credential, and is not sensitive, so Terraform would print it: make it sensitive" + list
		}
	case kindResource:
		if !g.writeOnly || !g.sensitive {
			return named + "may carry a secret value, and is not both write-only and sensitive, so that Terraform would store or print it: make it so" + list
		}
	case kindEphemeral:
		if !g.sensitive || !g.computed {
			return named + "may carry a secret value, and is not a sensitive result, so that Terraform would print it: make it one" + list
		}
	default:
		return named + "may carry a secret value, and nothing that a " + g.kind + " has can be kept out of state, plan or output: remove it" + list
	}
	return ""
}

// holdsAnything tells whether a type has room for a value of any type.
func holdsAnything(kind tftypes.Type) bool {
	switch kind := kind.(type) {
	case tftypes.List:
		return holdsAnything(kind.ElementType)
	case tftypes.Set:
		return holdsAnything(kind.ElementType)
	case tftypes.Map:
		return holdsAnything(kind.ElementType)
	}
	return kind.Is(tftypes.DynamicPseudoType)
}

// schemaSet is all that the provider tells of its schemas.
type schemaSet struct{ protocol.Schemas }

func readSchemas(t *testing.T) schemaSet {
	t.Helper()
	schemas, err := protocol.ReadSchemas(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return schemaSet{schemas}
}

// all lists every attribute of every schema.
func (s schemaSet) all() []guarded {
	var all []guarded
	block := func(kind, name string, schema *tfprotov6.Schema) {
		if schema != nil {
			all = append(all, guardedBlock(guarded{kind: kind, schema: strings.TrimSpace(kind + " " + name)}, schema.Block)...)
		}
	}
	block(kindProvider, "", s.Provider)
	block(kindProvider, "meta", s.ProviderMeta)
	for kind, named := range map[string]map[string]*tfprotov6.Schema{
		kindResource:   s.ResourceSchemas,
		kindDataSource: s.DataSourceSchemas,
		kindEphemeral:  s.EphemeralResourceSchemas,
		kindList:       s.ListResourceSchemas,
		kindStateStore: s.StateStoreSchemas,
	} {
		for name, schema := range named {
			block(kind, name, schema)
		}
	}
	for name, action := range s.ActionSchemas {
		block(kindAction, name, action.Schema)
	}
	for name, function := range s.Functions {
		in := guarded{kind: kindFunction, schema: kindFunction + " " + name}
		parameters := function.Parameters
		if function.VariadicParameter != nil {
			parameters = append(slices.Clone(parameters), function.VariadicParameter)
		}
		for _, parameter := range parameters {
			all = append(all, guardedType(in.nested(parameter.Name), parameter.Type)...)
		}
		all = append(all, guardedType(in.nested("return"), function.Return.Type)...)
	}
	for name, identity := range s.IdentitySchemas {
		in := guarded{kind: kindIdentity, schema: kindIdentity + " " + name}
		for _, attribute := range identity.IdentityAttributes {
			all = append(all, guardedType(in.nested(attribute.Name), attribute.Type)...)
		}
	}
	return all
}

func (g guarded) nested(name string) guarded {
	g.path = strings.TrimPrefix(g.path+"."+name, ".")
	return g
}

func guardedBlock(in guarded, block *tfprotov6.SchemaBlock) []guarded {
	all := guardedAttributes(in, block.Attributes)
	for _, nested := range block.BlockTypes {
		all = append(all, guardedBlock(in.nested(nested.TypeName), nested.Block)...)
	}
	return all
}

func guardedAttributes(in guarded, attributes []*tfprotov6.SchemaAttribute) []guarded {
	var all []guarded
	for _, attribute := range attributes {
		g := in.nested(attribute.Name)
		g.sensitive, g.writeOnly, g.computed = attribute.Sensitive, attribute.WriteOnly, attribute.Computed
		if attribute.NestedType == nil {
			all = append(all, guardedType(g, attribute.Type)...)
			continue
		}
		all = append(all, g)
		all = append(all, guardedAttributes(g, attribute.NestedType.Attributes)...)
	}
	return all
}

// guardedType lists the attributes of an object type too.
func guardedType(g guarded, kind tftypes.Type) []guarded {
	g.kindOfValue = kind
	all := []guarded{g}
	switch kind := kind.(type) {
	case tftypes.Object:
		for name, attribute := range kind.AttributeTypes {
			all = append(all, guardedType(g.nested(name), attribute)...)
		}
	case tftypes.List:
		all = append(all, guardedType(g, kind.ElementType)[1:]...)
	case tftypes.Set:
		all = append(all, guardedType(g, kind.ElementType)[1:]...)
	case tftypes.Map:
		all = append(all, guardedType(g, kind.ElementType)[1:]...)
	case tftypes.Tuple:
		for i, element := range kind.ElementTypes {
			all = append(all, guardedType(g.nested(fmt.Sprint(i)), element)...)
		}
	}
	return all
}

// Whatever can carry a secret value is write-only, or lives in an ephemeral result.
// Everything else is listed as metadata, by somebody who thought about it.
func TestNoSchemaHasRoomForValues(t *testing.T) {
	all := readSchemas(t).all()
	listed := map[string]int{}
	for _, g := range all {
		if objection := g.objection(); objection != "" {
			t.Error(objection)
		}
		if slices.Contains(metadata[g.schema], g.path) {
			listed[g.schema]++
		}
	}
	for schema, names := range metadata {
		if listed[schema] != len(names) {
			t.Errorf("%s is listed with %d attributes as metadata and has %d of them: remove the others, so that nobody adds them unnoticed", schema, len(names), listed[schema])
		}
	}
}

// The protocol may grow kinds of schemas that the guard does not know.
func TestSchemaGuardKnowsEveryKindOfSchema(t *testing.T) {
	known := []string{
		"ActionSchemas", "DataSourceSchemas", "Diagnostics", "EphemeralResourceSchemas", "Functions", "ListResourceSchemas",
		"Provider", "ProviderMeta", "ResourceSchemas", "ServerCapabilities", "StateStoreSchemas",
	}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[tfprotov6.GetProviderSchemaResponse]()) {
		if !slices.Contains(known, field.Name) {
			t.Errorf("the protocol has %s: let schemaSet.all look at them too", field.Name)
		}
	}
}

func TestSchemaGuardObjects(t *testing.T) {
	text := func(name string) *tfprotov6.SchemaAttribute {
		return &tfprotov6.SchemaAttribute{Name: name, Type: tftypes.String, Computed: true}
	}
	add := func(schema *tfprotov6.Schema, attribute *tfprotov6.SchemaAttribute) {
		schema.Block.Attributes = append(schema.Block.Attributes, attribute)
	}
	attribute := func(schema *tfprotov6.Schema, name string) *tfprotov6.SchemaAttribute {
		i := slices.IndexFunc(schema.Block.Attributes, func(a *tfprotov6.SchemaAttribute) bool { return a.Name == name })
		return schema.Block.Attributes[i]
	}
	for want, change := range map[string]func(schemaSet){
		`resource roboto_secret has the attribute "value", which may carry a secret value, and is not both write-only`: func(s schemaSet) {
			add(s.ResourceSchemas[typeSecret], text("value"))
		},
		`resource roboto_secret has the attribute "value_wo", which may carry`: func(s schemaSet) {
			attribute(s.ResourceSchemas[typeSecret], "value_wo").WriteOnly = false
		},
		`resource roboto_secret has the attribute "arn", which takes anything`: func(s schemaSet) {
			attribute(s.ResourceSchemas[typeSecret], "arn").Type = tftypes.List{ElementType: tftypes.DynamicPseudoType}
		},
		`resource roboto_secret has the attribute "arn", which is listed as metadata, and yet is sensitive`: func(s schemaSet) {
			attribute(s.ResourceSchemas[typeSecret], "arn").Sensitive = true
		},
		`resource roboto_secret has the attribute "arn.value", which may carry`: func(s schemaSet) {
			attribute(s.ResourceSchemas[typeSecret], "arn").Type = tftypes.Set{ElementType: tftypes.Object{AttributeTypes: map[string]tftypes.Type{"value": tftypes.String}}}
		},
		`resource roboto_secret has the attribute "block.value", which may carry`: func(s schemaSet) {
			block := s.ResourceSchemas[typeSecret].Block
			block.BlockTypes = append(block.BlockTypes, &tfprotov6.SchemaNestedBlock{
				TypeName: "block", Block: &tfprotov6.SchemaBlock{Attributes: []*tfprotov6.SchemaAttribute{text("value")}},
			})
		},
		`data source roboto_secrets has the attribute "secrets.value", which may carry a secret value, and nothing that a data source has`: func(s schemaSet) {
			nested := attribute(s.DataSourceSchemas[typeSecrets], "secrets").NestedType
			nested.Attributes = append(nested.Attributes, text("value"))
		},
		`ephemeral resource roboto_secret has the attribute "value", which may carry a secret value, and is not a sensitive result`: func(s schemaSet) {
			attribute(s.EphemeralResourceSchemas[typeSecret], "value").Sensitive = false
		},
		`list resource roboto_secret has the attribute "value", which may carry`: func(s schemaSet) {
			add(s.ListResourceSchemas[typeSecret], text("value"))
		},
		`provider has the attribute "api_key", which may be a credential, and is not sensitive`: func(s schemaSet) {
			attribute(s.Provider, "api_key").Sensitive = false
		},
		`action roboto_rotate has the attribute "value", which may carry`: func(s schemaSet) {
			s.ActionSchemas = map[string]*tfprotov6.ActionSchema{"roboto_rotate": {Schema: &tfprotov6.Schema{
				Block: &tfprotov6.SchemaBlock{Attributes: []*tfprotov6.SchemaAttribute{text("value")}},
			}}}
		},
		`function parse_secret_uri has the attribute "return.value", which may carry`: func(s schemaSet) {
			s.Functions["parse_secret_uri"].Return.Type = tftypes.Object{AttributeTypes: map[string]tftypes.Type{"value": tftypes.String}}
		},
		`function secret_uri has the attribute "value", which may carry`: func(s schemaSet) {
			s.Functions["secret_uri"].VariadicParameter = &tfprotov6.FunctionParameter{Name: "value", Type: tftypes.String}
		},
		`identity roboto_secret has the attribute "value", which may carry`: func(s schemaSet) {
			identity := s.IdentitySchemas[typeSecret]
			identity.IdentityAttributes = append(identity.IdentityAttributes, &tfprotov6.ResourceIdentitySchemaAttribute{Name: "value", Type: tftypes.String})
		},
	} {
		schemas := readSchemas(t)
		change(schemas)
		var objections []string
		for _, g := range schemas.all() {
			if objection := g.objection(); objection != "" {
				objections = append(objections, objection)
			}
		}
		if len(objections) != 1 || !strings.HasPrefix(objections[0], want) {
			t.Errorf("got %q, want %q", objections, want)
		}
	}
}
