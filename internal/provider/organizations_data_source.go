// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"cmp"
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
)

var _ datasource.DataSourceWithConfigure = (*organizationsDataSource)(nil)

func newOrganizationsDataSource() datasource.DataSource { return &organizationsDataSource{} }

type organizationsDataSource struct {
	data *providerData
}

type organizationsModel struct {
	OrgIDs        map[string]string   `tfsdk:"org_ids"`
	Organizations []organizationModel `tfsdk:"organizations"`
}

type organizationModel struct {
	OrgID  types.String `tfsdk:"org_id"`
	Name   types.String `tfsdk:"name"`
	Tier   types.String `tfsdk:"tier"`
	Status types.String `tfsdk:"status"`
}

func (d *organizationsDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_organizations"
}

func (d *organizationsDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := map[string]schema.Attribute{}
	for name, description := range map[string]string{
		"org_id": "ID of the organization.",
		"name":   "Name of the organization.",
		"tier":   "Tier of the organization, such as `free` or `premium`.",
		"status": "Status of the organization, such as `active`.",
	} {
		attributes[name] = schema.StringAttribute{Computed: true, MarkdownDescription: description}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists the organizations that the owner of the API key belongs to. It also tests the API key early.",
		Attributes: map[string]schema.Attribute{
			"org_ids": schema.MapAttribute{
				Computed:    true,
				ElementType: types.StringType,
				MarkdownDescription: "IDs of the organizations by name. A name that several organizations share is omitted, because it is ambiguous. " +
					"Such organizations are in `organizations`.",
			},
			"organizations": schema.ListNestedAttribute{
				Computed:            true,
				MarkdownDescription: "The organizations, sorted by name and then by ID.",
				NestedObject:        schema.NestedAttributeObject{Attributes: attributes},
			},
		},
	}
}

func (d *organizationsDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	d.data, _ = req.ProviderData.(*providerData)
}

func (d *organizationsDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	if d.data.defersRead(ofNoOrg, req, resp) {
		return
	}
	organizations, err := d.data.client.Organizations(ctx)
	if err != nil {
		d.data.addFailure(&resp.Diagnostics, failOrganizations, nil, err)
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, newOrganizationsModel(organizations))...)
}

func newOrganizationsModel(organizations []roboto.Organization) organizationsModel {
	sorted := slices.SortedFunc(slices.Values(organizations), func(a, b roboto.Organization) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	model := organizationsModel{OrgIDs: map[string]string{}, Organizations: make([]organizationModel, len(sorted))}
	count := map[string]int{}
	for i, organization := range sorted {
		model.Organizations[i] = organizationModel{
			OrgID:  types.StringValue(organization.ID),
			Name:   types.StringValue(organization.Name),
			Tier:   types.StringValue(organization.Tier),
			Status: types.StringValue(organization.Status),
		}
		key := roboto.NFC(organization.Name)
		count[key]++
		model.OrgIDs[key] = organization.ID
	}
	for name, n := range count {
		if n > 1 {
			delete(model.OrgIDs, name)
		}
	}
	return model
}
