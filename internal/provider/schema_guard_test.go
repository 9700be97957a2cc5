// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
)

// guarded are all attributes, with what keeps the value of each out of state, plan and output. Whatever can carry
// a secret value, an API key or temporary credentials is one of these:
//   - of a resource, write-only and sensitive
//   - of an ephemeral resource, sensitive and computed
//   - of the provider, sensitive
//
// Everything else never holds one, by schema: anyone who reads the state may know it. Nothing takes any type at
// all: nobody could tell what is in it.
var guarded = map[string]string{
	"provider": "api_key+sensitive bulk_refresh config_file endpoint max_attempts org_id profile request_timeout secrets_manager_endpoint",
	"resource roboto_secret": "arn created created_by deletion_protection detect_value_drift name org_id uri " +
		"value_wo+sensitive+write-only value_wo_version version_id",
	"identity roboto_secret": "name org_id",
	"data source roboto_secret": "arn created created_by last_used modified modified_by name org_id read_version_id uri value_created " +
		"version_id version_stage",
	"data source roboto_secrets": "name_prefix names org_id secrets secrets.arn secrets.created secrets.created_by secrets.last_used " +
		"secrets.modified secrets.modified_by secrets.name secrets.org_id secrets.uri uris",
	"data source roboto_organizations": "org_ids organizations organizations.name organizations.org_id organizations.status organizations.tier",
	"ephemeral resource roboto_secret": "name org_id uri value+sensitive+computed value_created version_id version_stage",
	"list resource roboto_secret":      "name_prefix org_id",
	// Terraform refuses ephemeral values in parameter_values, and the description says what does not belong there.
	"action roboto_action_invoke": "action_org_id action_timeout dataset_id digest file_paths file_query name org_id parameter_values " +
		"topic_query upload_dataset_id wait wait_timeout",
	"function secret_uri":       "name org_id return",
	"function parse_secret_uri": "return return.name return.org_id uri",
}

// attributesOf lists the attributes of all schemas by kind and name.
func attributesOf(s protocol.Schemas) map[string][]string {
	all := map[string][]string{}
	add := func(schema, path string, of *tfprotov6.SchemaAttribute) {
		for _, flag := range []struct {
			name string
			set  bool
		}{
			{"sensitive", of.Sensitive}, {"write-only", of.WriteOnly}, {"computed", of.Computed && of.Sensitive}, {"any-type", of.Type != nil && takesAnything(of.Type)},
		} {
			if flag.set {
				path += "+" + flag.name
			}
		}
		all[schema] = append(all[schema], path)
	}
	var addAttributes func(schema, prefix string, attributes []*tfprotov6.SchemaAttribute)
	addAttributes = func(schema, prefix string, attributes []*tfprotov6.SchemaAttribute) {
		for _, a := range attributes {
			path := prefix + a.Name
			add(schema, path, a)
			if a.NestedType != nil {
				addAttributes(schema, path+".", a.NestedType.Attributes)
			} else {
				addAttributes(schema, path+".", membersOf(a.Type))
			}
		}
	}
	var addBlock func(schema, prefix string, block *tfprotov6.SchemaBlock)
	addBlock = func(schema, prefix string, block *tfprotov6.SchemaBlock) {
		addAttributes(schema, prefix, block.Attributes)
		for _, nested := range block.BlockTypes {
			addBlock(schema, prefix+nested.TypeName+".", nested.Block)
		}
	}
	for kind, schemas := range map[string]map[string]*tfprotov6.Schema{
		"":                    {"provider": s.Provider, "provider meta": s.ProviderMeta},
		"resource ":           s.ResourceSchemas,
		"data source ":        s.DataSourceSchemas,
		"ephemeral resource ": s.EphemeralResourceSchemas,
		"list resource ":      s.ListResourceSchemas,
		"state store ":        s.StateStoreSchemas,
	} {
		for name, schema := range schemas {
			if schema != nil {
				addBlock(kind+name, "", schema.Block)
			}
		}
	}
	for name, action := range s.ActionSchemas {
		addBlock("action "+name, "", action.Schema.Block)
	}
	for name, function := range s.Functions {
		parameters := function.Parameters
		if function.VariadicParameter != nil {
			parameters = append(slices.Clone(parameters), function.VariadicParameter)
		}
		for _, parameter := range parameters {
			addAttributes("function "+name, "", []*tfprotov6.SchemaAttribute{{Name: parameter.Name, Type: parameter.Type}})
		}
		addAttributes("function "+name, "", []*tfprotov6.SchemaAttribute{{Name: "return", Type: function.Return.Type}})
	}
	for name, identity := range s.IdentitySchemas {
		for _, a := range identity.IdentityAttributes {
			addAttributes("identity "+name, "", []*tfprotov6.SchemaAttribute{{Name: a.Name, Type: a.Type}})
		}
	}
	for schema := range all {
		slices.Sort(all[schema])
	}
	return all
}

// membersOf are those of an object, or of the objects in a collection.
func membersOf(typ tftypes.Type) (members []*tfprotov6.SchemaAttribute) {
	switch typ := typ.(type) {
	case tftypes.Object:
		for name, member := range typ.AttributeTypes {
			members = append(members, &tfprotov6.SchemaAttribute{Name: name, Type: member})
		}
	case tftypes.Tuple:
		for i, member := range typ.ElementTypes {
			members = append(members, &tfprotov6.SchemaAttribute{Name: fmt.Sprint(i), Type: member})
		}
	case tftypes.List:
		return membersOf(typ.ElementType)
	case tftypes.Set:
		return membersOf(typ.ElementType)
	case tftypes.Map:
		return membersOf(typ.ElementType)
	}
	return members
}

func takesAnything(typ tftypes.Type) bool {
	switch typ := typ.(type) {
	case tftypes.List:
		return takesAnything(typ.ElementType)
	case tftypes.Set:
		return takesAnything(typ.ElementType)
	case tftypes.Map:
		return takesAnything(typ.ElementType)
	}
	return typ.Is(tftypes.DynamicPseudoType)
}

func TestNoSchemaHasRoomForValues(t *testing.T) {
	schemas, err := protocol.ReadSchemas(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{}
	for schema, attributes := range guarded {
		want[schema] = strings.Fields(attributes)
	}
	if diff := cmp.Diff(want, attributesOf(schemas)); diff != "" {
		t.Errorf("attributes changed. If none of them can carry a secret value, change the list in schema_guard_test.go (-want +got):\n%s", diff)
	}
	keeps := map[string]string{"provider": "sensitive", "resource": "sensitive+write-only", "ephemeral": "sensitive+computed"}
	for schema, attributes := range want {
		kind, _, _ := strings.Cut(schema, " ")
		for _, attribute := range attributes {
			if name, flags, any := strings.Cut(attribute, "+"); any && flags != keeps[kind] {
				t.Errorf("%s has %s, which may carry a secret value, and is %s: nothing but %q keeps that from being stored or printed", schema, name, flags, keeps[kind])
			}
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
			t.Errorf("the protocol has %s: let attributesOf look at them too", field.Name)
		}
	}
}
