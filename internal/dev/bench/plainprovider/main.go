// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// Command plainprovider serves a provider that makes no calls. Its secrets take as much
// room in the state as real ones. It shows what Terraform and the framework cost.
package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	resourceschema "github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
)

type plainProvider struct{}

func (plainProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "roboto"
}

func (plainProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema.Attributes = map[string]schema.Attribute{
		"bulk_refresh": schema.BoolAttribute{Optional: true},
	}
}

func (plainProvider) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {
}

func (plainProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return secret{} }}
}

func (plainProvider) DataSources(context.Context) []func() datasource.DataSource { return nil }

// computed are the texts that a service would give, and how long the embedded Roboto's are.
var computed = map[string]int{"arn": 87, "created": 27, "created_by": 18, "org_id": 7, "uri": 34, "version_id": 36}

// secret is roboto_secret.
type secret struct{}

func (secret) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "roboto_secret"
}

func (secret) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema.Attributes = map[string]resourceschema.Attribute{
		"name":                resourceschema.StringAttribute{Required: true},
		"value_wo":            resourceschema.StringAttribute{Optional: true, WriteOnly: true, Sensitive: true},
		"value_wo_version":    resourceschema.StringAttribute{Optional: true},
		"detect_value_drift":  resourceschema.BoolAttribute{Optional: true},
		"deletion_protection": resourceschema.BoolAttribute{Optional: true},
	}
	for name := range computed {
		resp.Schema.Attributes[name] = resourceschema.StringAttribute{
			Computed:      true,
			PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
		}
	}
}

func (secret) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	resp.State = tfsdk.State(req.Plan)
	for name, length := range computed {
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root(name), strings.Repeat("x", length))...)
	}
}

func (secret) Read(context.Context, resource.ReadRequest, *resource.ReadResponse) {}

func (secret) Update(_ context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	resp.State = tfsdk.State(req.Plan)
}

func (secret) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}

func main() {
	err := providerserver.Serve(context.Background(), func() provider.Provider { return plainProvider{} }, providerserver.ServeOpts{
		Address: "registry.terraform.io/roboto-ai/roboto",
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
