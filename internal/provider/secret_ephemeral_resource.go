// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
)

var (
	_ ephemeral.EphemeralResourceWithConfigure      = (*secretEphemeralResource)(nil)
	_ ephemeral.EphemeralResourceWithValidateConfig = (*secretEphemeralResource)(nil)
)

func newSecretEphemeralResource() ephemeral.EphemeralResource { return &secretEphemeralResource{} }

type secretEphemeralResource struct {
	data *providerData
}

type secretEphemeralModel struct {
	Name         types.String `tfsdk:"name"`
	OrgID        types.String `tfsdk:"org_id"`
	URI          types.String `tfsdk:"uri"`
	VersionID    types.String `tfsdk:"version_id"`
	VersionStage types.String `tfsdk:"version_stage"`
	Value        types.String `tfsdk:"value"`
	ValueCreated types.String `tfsdk:"value_created"`
}

func (e *secretEphemeralResource) Metadata(_ context.Context, req ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_secret"
}

func (e *secretEphemeralResource) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Reads the value of a secret, to pass it to a write-only argument or to the configuration of another provider without storing it. Requires Terraform 1.10 or later.",
		Attributes: map[string]schema.Attribute{
			"name": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: descriptionName + " Give either this or `uri`.",
				Validators:          []validator.String{nameValidator},
			},
			"org_id": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: descriptionOrgID + " Defaults to the one in `uri`, then to the provider's organization.",
				Validators:          []validator.String{orgIDValidator},
			},
			"uri": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: descriptionURI + " Give either this or `name`.",
				Validators:          []validator.String{uriValidator},
			},
			"version_id": schema.StringAttribute{
				Optional: true,
				Computed: true,
				MarkdownDescription: "ID of the AWS version to read. Defaults to the current version. For a secret that the same configuration manages, pass the resource's `version_id`: " +
					"its `uri` is known during planning, so Terraform would otherwise read the value before it is written.",
				Validators: []validator.String{versionIDValidator},
			},
			"version_stage": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Stage of the AWS version to read, instead of `version_id`: `AWSCURRENT` for the current version, or `AWSPREVIOUS` for the one before it. " +
					"A write moves both stages. So to undo a rotation, give the version's ID.",
				Validators: []validator.String{stageValidator, stringvalidator.ConflictsWith(path.MatchRoot("version_id"))},
			},
			"value": schema.StringAttribute{
				Computed:            true,
				Sensitive:           true,
				MarkdownDescription: "Value of the secret, in the version that `version_id` names. Terraform changes all text to Unicode NFC. If the stored value is in another form, a warning says so.",
			},
			"value_created": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: descriptionValueCreated,
			},
		},
	}
}

func (e *secretEphemeralResource) Configure(_ context.Context, req ephemeral.ConfigureRequest, _ *ephemeral.ConfigureResponse) {
	e.data, _ = req.ProviderData.(*providerData)
}

func (e *secretEphemeralResource) ValidateConfig(ctx context.Context, req ephemeral.ValidateConfigRequest, resp *ephemeral.ValidateConfigResponse) {
	var model secretEphemeralModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	validateSelector(secretSelector{model.Name, model.OrgID, model.URI}, &resp.Diagnostics)
}

func (e *secretEphemeralResource) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var model secretEphemeralModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	ref := secretSelector{model.Name, model.OrgID, model.URI}.ref()
	if e.data.mustWait(ref.OrgID, req.ClientCapabilities.DeferralAllowed) {
		resp.Deferred = &ephemeral.Deferred{Reason: ephemeral.DeferredReasonProviderConfigUnknown}
		resp.Result.Raw = notKnownYet(resp.Result.Raw)
		return
	}
	orgID, err := e.data.findOrg(ctx, ref.OrgID)
	if err != nil {
		e.data.addFailure(&resp.Diagnostics, failRead, aboutSecret(ref), err)
		return
	}
	ref.OrgID = orgID
	access := e.data.client.ValueAccess(roboto.Record{SecretRef: ref, CreatedHere: e.data.memory.createdAt(ref)})
	wanted := roboto.Version{ID: model.VersionID.ValueString(), Stage: model.VersionStage.ValueString()}
	found, err := access.Read(ctx, wanted)
	switch {
	case roboto.KindOf(err) == roboto.KindNoValue && wanted != roboto.Version{}:
		e.data.addNoVersionError(ctx, &resp.Diagnostics, access, ref, wanted, err)
		return
	case err != nil:
		e.data.addFailure(&resp.Diagnostics, failReadValue, aboutSecret(ref), err)
		return
	case found.Text.IsEmpty():
		addNotice(&resp.Diagnostics, noticeBinary, aboutSecret(ref), nil)
		return
	}
	if text := found.Text.Reveal(); roboto.NFC(text) != text {
		addNotice(&resp.Diagnostics, noticeChangedByTerraform, aboutSecret(ref), e.data.memory.first)
	}
	model.Value = types.StringValue(found.Text.Reveal())
	model.VersionID = types.StringValue(found.VersionID)
	model.ValueCreated = timeValue(found.Created)
	resp.Diagnostics.Append(resp.Result.Set(ctx, model)...)
}
