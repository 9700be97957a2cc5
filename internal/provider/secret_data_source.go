// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
)

var (
	_ datasource.DataSourceWithConfigure      = (*secretDataSource)(nil)
	_ datasource.DataSourceWithValidateConfig = (*secretDataSource)(nil)
)

func newSecretDataSource() datasource.DataSource { return &secretDataSource{} }

type secretDataSource struct {
	data *providerData
}

type secretDataModel struct {
	recordModel
	ReadVersionID types.Bool   `tfsdk:"read_version_id"`
	VersionStage  types.String `tfsdk:"version_stage"`
	VersionID     types.String `tfsdk:"version_id"`
	ValueCreated  types.String `tfsdk:"value_created"`
}

func (m secretDataModel) selector() secretSelector { return secretSelector{m.Name, m.OrgID, m.URI} }

func (d *secretDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_secret"
}

func (d *secretDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := recordAttributes()
	attributes["name"] = schema.StringAttribute{
		Optional:            true,
		Computed:            true,
		MarkdownDescription: descriptionName + " Give either this or `uri`.",
		Validators:          []validator.String{nameValidator},
	}
	attributes["org_id"] = schema.StringAttribute{
		Optional:            true,
		Computed:            true,
		MarkdownDescription: descriptionOrgID + " Defaults to the one in `uri`, then to the provider's organization.",
		Validators:          []validator.String{orgIDValidator},
	}
	attributes["uri"] = schema.StringAttribute{
		Optional:            true,
		Computed:            true,
		MarkdownDescription: descriptionURI + " Give either this or `name`.",
		Validators:          []validator.String{uriValidator},
	}
	attributes["read_version_id"] = schema.BoolAttribute{
		Optional: true,
		MarkdownDescription: "If `true`, `version_id` and `value_created` are those of a version of the value. AWS sends the value along, so this requires permission to read it. " +
			"The value is discarded at once. Defaults to `false`.",
	}
	attributes["version_stage"] = schema.StringAttribute{
		Optional: true,
		MarkdownDescription: "Stage of the AWS version that `read_version_id` asks for: `AWSCURRENT` for the current version, or `AWSPREVIOUS` for the one before it. " +
			"If it is given, a secret without such a version is an error. Defaults to the current version.",
		Validators: []validator.String{stageValidator},
	}
	attributes["version_id"] = schema.StringAttribute{
		Computed: true,
		MarkdownDescription: "ID of the AWS version, if `read_version_id` is `true`. Null if the secret has no value. " +
			"It changes with each write, no matter who writes, so a configuration with its own state can follow a rotation.",
	}
	attributes["value_created"] = schema.StringAttribute{
		Computed:            true,
		MarkdownDescription: descriptionValueCreated + " Null unless `read_version_id` is `true` and the secret has a value.",
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Reads the metadata of one secret, never its value. A missing secret is an error.",
		Attributes:          attributes,
	}
}

func (d *secretDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	d.data, _ = req.ProviderData.(*providerData)
}

func (d *secretDataSource) ValidateConfig(ctx context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse) {
	var model secretDataModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	validateSelector(model.selector(), &resp.Diagnostics)
	if !model.VersionStage.IsNull() && !model.ReadVersionID.IsUnknown() && !model.ReadVersionID.ValueBool() {
		resp.Diagnostics.AddAttributeError(path.Root("version_stage"), "Missing Attribute", `"version_stage" says which version "read_version_id" asks for. Set "read_version_id" to true as well.`)
	}
}

func (d *secretDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model secretDataModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	ref := model.selector().ref()
	if d.data.defersRead(ref.OrgID, req, resp) {
		return
	}
	var record roboto.Record
	orgID, err := d.data.findOrg(ctx, ref.OrgID)
	if err == nil {
		ref.OrgID = orgID
		record, err = d.data.client.Record(ctx, ref)
	}
	if err != nil {
		d.data.addFailure(&resp.Diagnostics, failRead, aboutSecret(ref), err)
		return
	}
	uri := model.URI
	model.recordModel = newRecordModel(record)
	if !uri.IsNull() {
		model.URI = uri // a URI without an organization stays as it was given
	}
	model.VersionID, model.ValueCreated = types.StringNull(), types.StringNull()
	if model.ReadVersionID.ValueBool() {
		record.CreatedHere = d.data.memory.createdAt(ref)
		access, wanted := d.data.client.ValueAccess(record), roboto.Version{Stage: model.VersionStage.ValueString()}
		found, err := access.Read(ctx, wanted)
		switch {
		case err == nil:
			model.VersionID, model.ValueCreated = types.StringValue(found.VersionID), timeValue(found.Created)
		case roboto.KindOf(err) != roboto.KindNoValue:
			d.data.addFailure(&resp.Diagnostics, failReadVersion, aboutSecret(ref), err)
			return
		case wanted.Stage != "":
			d.data.addNoVersionError(ctx, &resp.Diagnostics, access, ref, wanted, err)
			return
		}
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
}
