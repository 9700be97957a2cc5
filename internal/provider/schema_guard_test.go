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

// addAttributes lists the attributes of all schemas below a field of the protocol.
func addAttributes(t *testing.T, all map[string][]string, name string, field any) {
	t.Helper()
	switch schema := field.(type) {
	case *tfprotov6.ServerCapabilities, []*tfprotov6.Diagnostic:
	case *tfprotov6.ActionSchema:
		addAttributes(t, all, name, schema.Schema)
	case *tfprotov6.ResourceIdentitySchema:
		all[name] = members("", schema.ValueType())
	case *tfprotov6.Function:
		types := map[string]tftypes.Type{"return": schema.Return.Type}
		for _, parameter := range append(schema.Parameters, schema.VariadicParameter) {
			if parameter != nil {
				types[parameter.Name] = parameter.Type
			}
		}
		all[name] = members("", tftypes.Object{AttributeTypes: types})
	case *tfprotov6.Schema:
		if schema == nil {
			return
		}
		all[name] = members("", schema.ValueType())
		for _, a := range schema.Block.Attributes {
			at, flags := slices.Index(all[name], a.Name), ""
			if a.Sensitive {
				flags += "+sensitive"
			}
			if a.WriteOnly {
				flags += "+write-only"
			}
			if a.Sensitive && a.Computed {
				flags += "+computed"
			}
			all[name][at] += flags
		}
	default:
		schemas := reflect.ValueOf(field)
		if schemas.Kind() != reflect.Map {
			t.Fatalf("%s of the protocol is of a kind that this test does not know: list its attributes too", name)
		}
		for key, schema := range schemas.Seq2() {
			addAttributes(t, all, name+" "+key.String(), schema.Interface())
		}
	}
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
	got := map[string][]string{}
	for _, response := range []any{*schemas.GetProviderSchemaResponse, *schemas.GetResourceIdentitySchemasResponse} {
		for field, value := range reflect.ValueOf(response).Fields() {
			addAttributes(t, got, field.Name, value.Interface())
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("attributes changed. If none of them can carry a secret value, change the list in schema_guard_test.go (-want +got):\n%s", diff)
	}
}
