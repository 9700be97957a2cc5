// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// Command plainprovider serves a provider whose only resource is a text in the state. It
// shows what resources cost that need no network.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
)

type plainProvider struct{}

func (plainProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "roboto"
}

func (plainProvider) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse) {}

func (plainProvider) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {
}

func (plainProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return text{} }}
}

func (plainProvider) DataSources(context.Context) []func() datasource.DataSource { return nil }

// text is roboto_text.
type text struct{}

func (text) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "roboto_text"
}

func (text) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema.Attributes = map[string]schema.Attribute{
		"text": schema.StringAttribute{Required: true},
	}
}

func (text) Create(_ context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	resp.State.Raw = req.Plan.Raw
}

func (text) Read(context.Context, resource.ReadRequest, *resource.ReadResponse) {}

func (text) Update(_ context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	resp.State.Raw = req.Plan.Raw
}

func (text) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}

func main() {
	err := providerserver.Serve(context.Background(), func() provider.Provider { return plainProvider{} }, providerserver.ServeOpts{
		Address: "registry.terraform.io/roboto-ai/roboto",
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
