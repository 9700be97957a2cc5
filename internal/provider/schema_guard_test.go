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
	add := func(name string, schema *tfprotov6.Schema) {
		if schema == nil {
			return
		}
		flags := map[string]string{}
		for _, a := range schema.Block.Attributes {
			for _, flag := range []struct {
				name string
				set  bool
			}{{"+sensitive", a.Sensitive}, {"+write-only", a.WriteOnly}, {"+computed", a.Computed && a.Sensitive}} {
				if flag.set {
					flags[a.Name] += flag.name
				}
			}
		}
		for _, path := range members("", schema.ValueType()) {
			all[name] = append(all[name], path+flags[path])
		}
	}
	add("provider", s.Provider)
	add("provider meta", s.ProviderMeta)
	for kind, schemas := range map[string]map[string]*tfprotov6.Schema{
		"resource ":           s.ResourceSchemas,
		"data source ":        s.DataSourceSchemas,
		"ephemeral resource ": s.EphemeralResourceSchemas,
		"list resource ":      s.ListResourceSchemas,
		"state store ":        s.StateStoreSchemas,
	} {
		for name, schema := range schemas {
			add(kind+name, schema)
		}
	}
	for name, action := range s.ActionSchemas {
		add("action "+name, action.Schema)
	}
	for name, identity := range s.IdentitySchemas {
		all["identity "+name] = members("", identity.ValueType())
	}
	for name, function := range s.Functions {
		types := map[string]tftypes.Type{"return": function.Return.Type}
		for _, parameter := range function.Parameters {
			types[parameter.Name] = parameter.Type
		}
		if function.VariadicParameter != nil {
			types[function.VariadicParameter.Name] = function.VariadicParameter.Type
		}
		all["function "+name] = members("", tftypes.Object{AttributeTypes: types})
	}
	return all
}

// members are the paths of all that is in a type, sorted.
func members(path string, typ tftypes.Type) (all []string) {
	switch typ := typ.(type) {
	case tftypes.Object:
		for name, member := range typ.AttributeTypes {
			below := strings.TrimPrefix(path+"."+name, ".")
			all = append(append(all, below), members(below, member)...)
		}
	case tftypes.Tuple:
		for i, member := range typ.ElementTypes {
			all = append(all, members(fmt.Sprint(path, ".", i), member)...)
		}
	case tftypes.List:
		all = members(path, typ.ElementType)
	case tftypes.Set:
		all = members(path, typ.ElementType)
	case tftypes.Map:
		all = members(path, typ.ElementType)
	default:
		if typ.Is(tftypes.DynamicPseudoType) {
			all = []string{path + ".ANYTHING"}
		}
	}
	slices.Sort(all)
	return all
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
			if name, flags, flagged := strings.Cut(attribute, "+"); flagged && flags != keeps[kind] {
				t.Errorf("%s has %s, which may carry a secret value, and is %s: nothing but %q keeps that from being stored or printed",
					schema, name, flags, keeps[kind])
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
