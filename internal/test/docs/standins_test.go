// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package docs_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	ephemeralschema "github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	resourceschema "github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// standIns takes the place of each other provider that the examples use, so that they run offline. It has all
// of their resources. Names and types are those of hashicorp/random 3.7, hashicorp/time 0.14,
// cyrilgdn/postgresql 1.26, hashicorp/kubernetes 3.2, hashicorp/vault 5.0, hashicorp/aws 6.0,
// 1password/onepassword 3.3 and carlpett/sops 1.3, as far as the examples use them.
type standIns struct{}

func (standIns) Resources(context.Context) (all []func() resource.Resource) {
	for _, r := range []resource.Resource{
		&recorder{typeName: "postgresql_role", variable: "POSTGRESQL_RECORD", schema: resourceschema.Schema{
			Attributes: map[string]resourceschema.Attribute{
				"name":                resourceschema.StringAttribute{Required: true},
				"login":               resourceschema.BoolAttribute{Optional: true},
				"password_wo":         resourceschema.StringAttribute{Optional: true, WriteOnly: true, Sensitive: true},
				"password_wo_version": resourceschema.StringAttribute{Optional: true},
			},
		}},
		&recorder{typeName: "kubernetes_secret_v1", variable: "KUBERNETES_RECORD", schema: resourceschema.Schema{
			Attributes: map[string]resourceschema.Attribute{
				"data_wo":          resourceschema.MapAttribute{ElementType: types.StringType, Optional: true, WriteOnly: true},
				"data_wo_revision": resourceschema.Int64Attribute{Optional: true},
			},
			Blocks: map[string]resourceschema.Block{
				"metadata": resourceschema.ListNestedBlock{NestedObject: resourceschema.NestedBlockObject{
					Attributes: map[string]resourceschema.Attribute{"name": resourceschema.StringAttribute{Optional: true}},
				}},
			},
		}},
		timeRotating{&recorder{typeName: "time_rotating", schema: resourceschema.Schema{
			Attributes: map[string]resourceschema.Attribute{
				"rotation_days": resourceschema.Int64Attribute{Optional: true},
				"id":            resourceschema.StringAttribute{Computed: true},
			},
		}}},
	} {
		all = append(all, func() resource.Resource { return r })
	}
	return all
}

func (standIns) EphemeralResources(context.Context) (all []func() ephemeral.EphemeralResource) {
	for _, s := range []store{
		{"random_password", nil, "result", randomText},
		{"vault_kv_secret_v2", []string{"mount", "name"}, "data", storedMap},
		{"aws_secretsmanager_secret_version", []string{"secret_id"}, "secret_string", storedText},
		{"onepassword_item", []string{"vault", "title"}, "credential", storedText},
		{"sops_file", []string{"source_file"}, "data", storedMap},
	} {
		all = append(all, func() ephemeral.EphemeralResource { return s })
	}
	return all
}

func (standIns) DataSources(context.Context) []func() datasource.DataSource { return nil }

func (standIns) Metadata(context.Context, provider.MetadataRequest, *provider.MetadataResponse) {}

// Schema has the arguments of the provider postgresql.
func (standIns) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema.Attributes = map[string]schema.Attribute{
		"host":     schema.StringAttribute{Optional: true},
		"username": schema.StringAttribute{Optional: true},
		"password": schema.StringAttribute{Optional: true},
	}
}

func (standIns) Configure(_ context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	resp.ResourceData = req.Config
}

// store is an ephemeral resource that reads a value: a text, or a map with the value at "api_key".
type store struct {
	typeName  string
	arguments []string // texts
	result    string
	value     func() attr.Value
}

func storedText() attr.Value { return types.StringValue(os.Getenv("STORED_VALUE")) }

func storedMap() attr.Value {
	return types.MapValueMust(types.StringType, map[string]attr.Value{"api_key": storedText()})
}

// randomText has the 32 characters that the examples ask for.
func randomText() attr.Value { return types.StringValue((rand.Text() + rand.Text())[:32]) }

func (s store) Metadata(_ context.Context, _ ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = s.typeName
}

func (s store) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema.Attributes = map[string]ephemeralschema.Attribute{
		"length": ephemeralschema.Int64Attribute{Optional: true},
		s.result: ephemeralschema.StringAttribute{Computed: true, Sensitive: true},
	}
	if _, isMap := s.value().(types.Map); isMap {
		resp.Schema.Attributes[s.result] = ephemeralschema.MapAttribute{ElementType: types.StringType, Computed: true, Sensitive: true}
	}
	for _, name := range s.arguments {
		resp.Schema.Attributes[name] = ephemeralschema.StringAttribute{Required: true}
	}
}

func (s store) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	resp.Result.Raw = req.Config.Raw
	resp.Diagnostics.Append(resp.Result.SetAttribute(ctx, path.Root(s.result), s.value())...)
}

// recorder is a resource that writes all that it and its provider were given into the file that a variable
// of the environment names, and fails where it cannot.
type recorder struct {
	typeName, variable string
	schema             resourceschema.Schema
	provider           tfsdk.Config
}

func (r *recorder) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = r.typeName
}

func (r *recorder) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = r.schema
}

func (r *recorder) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	r.provider, _ = req.ProviderData.(tfsdk.Config)
}

func (r *recorder) record(given tfsdk.Config, diags *diag.Diagnostics) (ok bool) {
	err := os.WriteFile(os.Getenv(r.variable), fmt.Appendf(nil, "%s\n%s\n", r.provider.Raw, given.Raw), 0o600)
	if err != nil {
		diags.AddError("Cannot Write", err.Error())
	}
	return err == nil
}

func (r *recorder) Create(_ context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	if r.record(req.Config, &resp.Diagnostics) {
		resp.State.Raw = req.Plan.Raw
	}
}

func (r *recorder) Read(context.Context, resource.ReadRequest, *resource.ReadResponse) {}

func (r *recorder) Update(_ context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	if r.record(req.Config, &resp.Diagnostics) {
		resp.State.Raw = req.Plan.Raw
	}
}

func (r *recorder) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}

// timeRotating is time_rotating: when its days have passed, a refresh finds it gone. DAYS_PASSED are the
// days by which it is ahead.
type timeRotating struct{ *recorder }

func (timeRotating) now() time.Time {
	days, _ := strconv.Atoi(os.Getenv("DAYS_PASSED"))
	return time.Now().UTC().AddDate(0, 0, days)
}

func (r timeRotating) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	resp.State.Raw = req.Plan.Raw
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), r.now().Format(time.RFC3339))...)
}

func (r timeRotating) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var id string
	var days int
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root("id"), &id)...)
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root("rotation_days"), &days)...)
	created, _ := time.Parse(time.RFC3339, id)
	if r.now().After(created.AddDate(0, 0, days)) {
		resp.State.RemoveResource(ctx)
	}
}
