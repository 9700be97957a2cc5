// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
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
	"Provider": "api_key+sensitive bulk_refresh config_file endpoint max_attempts org_id profile request_timeout secrets_manager_endpoint",
	"ResourceSchemas roboto_secret": "arn created created_by deletion_protection detect_value_drift name org_id uri " +
		"value_wo+sensitive+write-only value_wo_version version_id",
	"IdentitySchemas roboto_secret": "name org_id",
	"DataSourceSchemas roboto_secret": "arn created created_by last_used modified modified_by name org_id read_version_id uri value_created " +
		"version_id version_stage",
	"DataSourceSchemas roboto_secrets": "name_prefix names org_id secrets secrets.arn secrets.created secrets.created_by secrets.last_used " +
		"secrets.modified secrets.modified_by secrets.name secrets.org_id secrets.uri uris",
	"DataSourceSchemas roboto_organizations": "org_ids organizations organizations.name organizations.org_id organizations.status organizations.tier",
	"EphemeralResourceSchemas roboto_secret": "name org_id uri value+sensitive+computed value_created version_id version_stage",
	"ListResourceSchemas roboto_secret":      "name_prefix org_id",
	// Terraform refuses ephemeral values in parameter_values, and the description says what does not belong there.
	"ActionSchemas roboto_action_invoke": "action_org_id action_timeout dataset_id digest file_paths file_query name org_id parameter_values " +
		"topic_query upload_dataset_id wait wait_timeout",
	"Functions secret_uri":       "name org_id return",
	"Functions parse_secret_uri": "return return.name return.org_id uri",
}

// attributesOf lists the attributes of all schemas, by the protocol's name of their kind and their own.
func attributesOf(t *testing.T, s protocol.Schemas) map[string][]string {
	all := map[string][]string{}
	add := func(name string, schema *tfprotov6.Schema) {
		if schema == nil {
			return
		}
		all[name] = members("", schema.ValueType())
		for _, a := range schema.Block.Attributes {
			if i := slices.Index(all[name], a.Name); a.Sensitive || a.WriteOnly {
				for _, flag := range []struct {
					name string
					set  bool
				}{{"+sensitive", a.Sensitive}, {"+write-only", a.WriteOnly}, {"+computed", a.Computed}} {
					if flag.set {
						all[name][i] += flag.name
					}
				}
			}
		}
	}
	for _, response := range []any{*s.GetProviderSchemaResponse, *s.GetResourceIdentitySchemasResponse} {
		for field, value := range reflect.ValueOf(response).Fields() {
			switch schemas := value.Interface().(type) {
			case *tfprotov6.Schema:
				add(field.Name, schemas)
			case map[string]*tfprotov6.Schema:
				for name, schema := range schemas {
					add(field.Name+" "+name, schema)
				}
			case map[string]*tfprotov6.ActionSchema:
				for name, action := range schemas {
					add(field.Name+" "+name, action.Schema)
				}
			case map[string]*tfprotov6.ResourceIdentitySchema:
				for name, identity := range schemas {
					all[field.Name+" "+name] = members("", identity.ValueType())
				}
			case map[string]*tfprotov6.Function:
				for name, function := range schemas {
					types := map[string]tftypes.Type{"return": function.Return.Type}
					for _, parameter := range append(function.Parameters, function.VariadicParameter) {
						if parameter != nil {
							types[parameter.Name] = parameter.Type
						}
					}
					all[field.Name+" "+name] = members("", tftypes.Object{AttributeTypes: types})
				}
			case *tfprotov6.ServerCapabilities, []*tfprotov6.Diagnostic:
			default:
				t.Errorf("the protocol has %s of a kind that this test does not know: list its attributes too", field.Name)
			}
		}
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
	case tftypes.List:
		all = members(path, typ.ElementType)
	case tftypes.Map:
		all = members(path, typ.ElementType)
	default:
		if !typ.Is(tftypes.String) && !typ.Is(tftypes.Number) && !typ.Is(tftypes.Bool) {
			all = []string{path + " of the type " + typ.String()}
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
	keeps := map[string]string{"Provider": "sensitive", "ResourceSchemas": "sensitive+write-only", "EphemeralResourceSchemas": "sensitive+computed"}
	for schema, attributes := range guarded {
		want[schema] = strings.Fields(attributes)
		kind, _, _ := strings.Cut(schema, " ")
		for _, attribute := range want[schema] {
			if name, flags, flagged := strings.Cut(attribute, "+"); flagged && flags != keeps[kind] {
				t.Errorf("%s has %s, which may carry a secret value, and is %s: nothing but %q keeps that from being stored or printed",
					schema, name, flags, keeps[kind])
			}
		}
	}
	if diff := cmp.Diff(want, attributesOf(t, schemas)); diff != "" {
		t.Errorf("attributes changed. If none of them can carry a secret value, change the list in schema_guard_test.go (-want +got):\n%s", diff)
	}
}
