// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
)

var (
	_ resource.ResourceWithConfigure      = (*secretResource)(nil)
	_ resource.ResourceWithIdentity       = (*secretResource)(nil)
	_ resource.ResourceWithImportState    = (*secretResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*secretResource)(nil)
	_ resource.ResourceWithValidateConfig = (*secretResource)(nil)
)

func newSecretResource() resource.Resource { return &secretResource{} }

type secretResource struct {
	data *providerData
}

func (r *secretResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_secret"
}

func (r *secretResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Manages a secret of a Roboto organization. The value is a write-only argument: it goes straight to AWS Secrets Manager and never appears in state or plans.",
		Attributes: map[string]schema.Attribute{
			"name": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: descriptionName + " It must not be empty, `.` or `..`, and must not contain `@`, `/` or unprintable characters. Terraform changes it to Unicode NFC, so Terraform cannot manage a secret with a name in another form. Changing it replaces the secret.",
				PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
				Validators:          []validator.String{nameValidator},
			},
			"org_id": schema.StringAttribute{
				Optional: true,
				Computed: true,
				MarkdownDescription: descriptionOrgID + " Defaults to the provider's organization at the time the secret is created. " +
					"A later change of the default does not move the secret, but whatever replaces it is created in the new default organization. Changing `org_id` replaces the secret.",
				PlanModifiers: []planmodifier.String{
					stringplanmodifier.UseStateForUnknown(),
					stringplanmodifier.RequiresReplaceIfConfigured(),
				},
				Validators: []validator.String{orgIDValidator},
			},
			"value_wo": schema.StringAttribute{
				Optional:  true,
				WriteOnly: true,
				Sensitive: true,
				MarkdownDescription: "Value of the secret, 1 to 65,536 bytes. Write-only: Terraform passes it to the provider and does not store it. Terraform changes it to Unicode NFC, like all text. Encode a value whose bytes must not change, for example with `filebase64`. " +
					"Without `value_wo_version`, each plan compares it with the stored value, and plans an update if they differ. " +
					"A value that changes with every run, such as an ephemeral random password, therefore needs `value_wo_version`. " +
					"If `value_wo` is omitted, the stored value is left alone. Requires Terraform 1.11 or later.",
			},
			"value_wo_version": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Arbitrary text, such as a number, a date or the version of another resource. Change it to write `value_wo` again. " +
					"When it is set, the value is written only when this text changes, or when `detect_value_drift` has found another value. Plans do not read the value, and do not need permission to read it.",
			},
			"detect_value_drift": schema.BoolAttribute{
				Optional: true,
				MarkdownDescription: "Used with `value_wo_version`. If `true`, each refresh asks AWS for the current version of the value. If somebody wrote another value elsewhere, the plan writes `value_wo` again. " +
					"This requires permission to read the value, which is discarded at once. A refresh uses the setting from the last apply, so a change takes effect after the next apply. Without `value_wo_version`, such changes are always noticed.",
			},
			"deletion_protection": schema.BoolAttribute{
				Optional: true,
				MarkdownDescription: "If `true`, Terraform refuses to delete the secret: when its block is removed, when a changed `name` or `org_id` replaces it, with `-replace` or `taint`, and with `terraform destroy`. " +
					"The setting from the last apply counts, so the protection remains even if the block is removed. To delete the secret, set this to `false` and apply first. Other tools can still delete the secret. Defaults to `false`.",
			},
			"version_id": schema.StringAttribute{
				Computed: true,
				MarkdownDescription: "ID of the AWS version that Terraform last wrote, or found to be current and equal to `value_wo`. Null if there is none, if `detect_value_drift` found a different version, or after `value_wo` and `value_wo_version` were removed. " +
					"It changes with each write, so other resources can use it as a trigger. " +
					"Pass it as `version_id` to an ephemeral resource that reads this secret.",
			},
			"uri": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: descriptionURI + " Known during planning.",
			},
			"arn": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: descriptionARN,
				PlanModifiers:       []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
			},
			"created": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: descriptionCreated,
				PlanModifiers:       []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
			},
			"created_by": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: descriptionCreatedBy,
				PlanModifiers:       []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
			},
		},
	}
}

func (r *secretResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{
		Attributes: map[string]identityschema.Attribute{
			"name":   identityschema.StringAttribute{RequiredForImport: true, Description: descriptionName},
			"org_id": identityschema.StringAttribute{OptionalForImport: true, Description: descriptionOrgID},
		},
	}
}

func (r *secretResource) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	r.data, _ = req.ProviderData.(*providerData)
}

// ValidateConfig checks the value and its version. No diagnostic carries the path of
// value_wo, because Terraform would print the line, which may hold the value.
func (r *secretResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var config secretModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	validateValue(config, &resp.Diagnostics)
	if config.DetectValueDrift.ValueBool() && (config.ValueWO.IsNull() || config.ValueWOVersion.IsNull()) {
		addNotice(&resp.Diagnostics, noticeNoDrift, about{"{secret}", config.describe()}, nil)
	}
}

// validateValue runs again before anything is sent, because a value that was unknown during
// planning has not been checked yet.
func validateValue(config secretModel, diags *diag.Diagnostics) {
	switch value := config.ValueWO; {
	case value.IsUnknown():
	case value.IsNull():
		if !config.ValueWOVersion.IsNull() && !config.ValueWOVersion.IsUnknown() {
			diags.AddAttributeError(path.Root("value_wo_version"), "Missing Secret Value",
				fmt.Sprintf("The secret %s has value_wo_version but no value_wo (or value_wo is null), so there is nothing to write.\n\n"+
					"Set value_wo, or remove value_wo_version.", config.describe()))
		}
	default:
		if err := roboto.ValidateValue(roboto.NewSensitive(value.ValueString())); err != nil {
			next := "Shorten it, or split it across several secrets."
			if value.ValueString() == "" {
				next = "An unset variable of a CI system arrives as an empty string. To keep the record without a value, remove value_wo or set it to null."
			}
			diags.AddError("Invalid Secret Value", fmt.Sprintf("The value_wo of the secret %s is not usable: %v.\n\n%s", config.describe(), err, next))
		}
	}
}

func (r *secretResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var config, state secretModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &state)...)
	validateValue(config, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	ref := state.ref()
	orgID, err := r.data.findOrg(ctx, ref.OrgID)
	if err != nil {
		r.data.addFailure(&resp.Diagnostics, failCreate, aboutSecret(ref), err)
		return
	}
	ref.OrgID = orgID
	if !r.data.memory.claim(ref) {
		addNotice(&resp.Diagnostics, noticeCreatedTwice, aboutSecret(ref), nil)
		return
	}
	deleted := r.data.memory.deleted(ref)
	record, err := r.data.client.CreateSecret(ctx, ref, deleted)
	for roboto.KindOf(err) == roboto.KindNameTaken {
		// Another address may have deleted the secret meanwhile.
		r.data.memory.awaitDeletion(ctx, ref)
		latest := r.data.memory.deleted(ref)
		if latest == deleted {
			break
		}
		deleted = latest
		record, err = r.data.client.CreateSecret(ctx, ref, deleted)
	}
	if err != nil {
		r.data.addFailure(&resp.Diagnostics, failCreate, aboutSecret(ref), err)
		return
	}
	r.data.memory.noteCreated(record)
	planned := state
	state.VersionID = types.StringNull()
	state.ValueWOVersion = types.StringNull()
	// A record that stays behind without its value holds nothing to protect, and the next
	// apply has to replace it.
	state.DeletionProtection = types.BoolNull()
	state.setRecord(record)
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, state.identity())...)
	if resp.Diagnostics.HasError() {
		return
	}
	if !config.ValueWO.IsNull() {
		versionID, err := r.data.client.ValueAccess(record).Write(ctx, roboto.NewSensitive(config.ValueWO.ValueString()))
		if err != nil {
			r.undoCreate(ctx, record, err, resp)
			return
		}
		state.VersionID = types.StringValue(versionID)
	}
	state.ValueWOVersion, state.DeletionProtection = planned.ValueWOVersion, planned.DeletionProtection
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
}

// undoCreate deletes a record whose value could not be written because of cause, so that the next
// apply starts over. A tainted resource would not recover under create_before_destroy or
// prevent_destroy.
//
// If it cannot be deleted, the record stays in the state. Terraform 1.16 and 1.17 may then panic if
// they write the state of another resource at the same moment. A record that is in no state would be
// worse: it certainly exists, and nobody would know of it.
func (r *secretResource) undoCreate(ctx context.Context, record roboto.Record, cause error, resp *resource.CreateResponse) {
	about := aboutSecret(record.SecretRef, "{why}", what(cause))
	switch err := r.data.client.UndoCreate(ctx, record); {
	case err == nil:
		resp.State.RemoveResource(ctx)
		r.data.addFailure(&resp.Diagnostics, failFirstValue, about, cause)
	case roboto.KindOf(err) == roboto.KindReplaced:
		resp.State.RemoveResource(ctx)
		r.data.addFailure(&resp.Diagnostics, failFirstValueReplaced, about, err)
	default:
		r.data.addFailure(&resp.Diagnostics, failLeftover, about, err)
	}
}

func (r *secretResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state secretModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	// The framework requires an identity even if the read is deferred or the secret is
	// gone.
	resp.Diagnostics.Append(resp.Identity.Set(ctx, state.identity())...)
	orgID := state.OrgID.ValueString()
	if r.data.mustWait(orgID, req.ClientCapabilities.DeferralAllowed) {
		resp.Deferred = &resource.Deferred{Reason: resource.DeferredReasonProviderConfigUnknown}
		return
	}
	failure := failRefresh
	if state.Created.IsNull() { // right after an import, state has no more than the name
		failure = failImport
	}
	record, err := r.data.client.RefreshRecord(ctx, state.record())
	if unlisted := r.data.client.ListingFailure(orgID); unlisted != nil && err == nil {
		addNotice(&resp.Diagnostics, noticeNotListed, aboutSecret(state.ref(), "{why}", what(unlisted)), r.data.memory.first)
	}
	switch roboto.KindOf(err) {
	case roboto.KindReplaced:
		about := aboutSecret(state.ref())
		resp.Diagnostics.AddWarning(about.fill(failReplacedElsewhere.title), r.data.explain(failReplacedElsewhere, about, err))
		resp.State.RemoveResource(ctx)
		return
	case roboto.KindNotFound:
		if failure == failImport {
			r.data.addFailure(&resp.Diagnostics, failImportMissing, aboutSecret(state.ref()), err)
			return
		}
		if state.VersionID.IsNull() {
			addNotice(&resp.Diagnostics, noticeDeletedElsewhere, aboutSecret(state.ref()), r.data.memory.first)
		}
		resp.State.RemoveResource(ctx)
		return
	}
	switch {
	case err != nil && failure == failRefresh && r.data.memory.reported(err):
		return
	case err != nil:
		r.data.addFailure(&resp.Diagnostics, failure, aboutSecret(state.ref()), err)
		return
	}
	if r.data.memory.noteRead(record) {
		addNotice(&resp.Diagnostics, noticeTwoAddresses, aboutSecret(record.SecretRef), r.data.memory.first)
	}
	state.setRecord(record)
	if state.DetectValueDrift.ValueBool() && !state.ValueWOVersion.IsNull() && !state.VersionID.IsNull() {
		current, err := r.data.client.ValueAccess(record).Read(ctx, roboto.Version{})
		if err != nil && roboto.KindOf(err) != roboto.KindNoValue {
			if !r.data.memory.reported(err) {
				r.data.addFailure(&resp.Diagnostics, failDrift, aboutSecret(state.ref()), err)
			}
			return
		}
		if current.VersionID != state.VersionID.ValueString() {
			state.VersionID = types.StringNull()
		}
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
}

// Update does what the plan decided: a known version ID means that the value stays.
func (r *secretResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var config, plan, state secretModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	validateValue(config, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	var nullValue bool
	getNote(ctx, req.Private, keyNullValue, &nullValue)
	resp.Diagnostics.Append(setNote(ctx, resp.Private, keyNullValue, nil)...)
	switch {
	case !plan.VersionID.IsUnknown():
	case nullValue || config.ValueWO.IsNull():
		plan.VersionID = afterNullValue(plan, state)
	default:
		versionID, err := r.writeValue(ctx, config, plan, state)
		if err != nil {
			r.data.addFailure(&resp.Diagnostics, failUpdate, aboutSecret(state.ref()), err)
			return
		}
		plan.VersionID = versionID
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, plan.identity())...)
}

// writeValue writes the value and returns the ID of its version. Without value_wo_version, it
// writes only if the stored value differs.
func (r *secretResource) writeValue(ctx context.Context, config, plan, state secretModel) (types.String, error) {
	access := r.data.client.ValueAccess(state.record())
	value := roboto.NewSensitive(config.ValueWO.ValueString())
	if plan.ValueWOVersion.IsNull() && state.ValueWOVersion.IsNull() {
		stored, err := access.Read(ctx, roboto.Version{})
		switch {
		case err != nil && roboto.KindOf(err) != roboto.KindNoValue:
			return types.StringNull(), err
		case err == nil && stored.Text.Equal(value):
			return types.StringValue(stored.VersionID), nil
		}
	}
	versionID, err := access.Write(ctx, value)
	return types.StringValue(versionID), err
}

func (r *secretResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state secretModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	ref := state.ref()
	var replacement *plannedReplacement
	getNote(ctx, req.Private, keyReplacement, &replacement)
	// After an error, the planned private data would get into the state.
	resp.Diagnostics.Append(setNote(ctx, resp.Private, keyReplacement, nil)...)
	// Terraform does not tell the provider of -replace or taint while planning.
	if state.DeletionProtection.ValueBool() {
		addNotice(&resp.Diagnostics, noticeProtected, aboutSecret(ref), nil)
		return
	}
	var next roboto.SecretRef
	if replacement != nil {
		var ok bool
		if next, ok = r.canReplace(ctx, ref, *replacement, &resp.Diagnostics); !ok {
			return
		}
	}
	end := r.data.memory.beginDelete(state.record())
	err := r.data.client.DeleteSecret(ctx, state.record())
	end(err == nil)
	if err != nil {
		r.data.addFailure(&resp.Diagnostics, failDelete, aboutSecret(ref), err)
		return
	}
	r.data.memory.ready(next)
}

// canReplace reports whether nothing is known that keeps the replacement of a secret from being
// created, and what it is. Otherwise the secret must stay.
func (r *secretResource) canReplace(ctx context.Context, old roboto.SecretRef, planned plannedReplacement, diags *diag.Diagnostics) (next roboto.SecretRef, ok bool) {
	next = roboto.SecretRef{Name: planned.Name, OrgID: planned.OrgID}
	if planned.Default {
		orgID, err := r.data.findOrg(ctx, "")
		switch {
		case err != nil:
			r.data.addFailure(diags, failReplace, aboutSecret(old, "{new}", describe(next)), err)
			return next, false
		case planned.OrgID != "" && planned.OrgID != orgID:
			addNotice(diags, noticeOrgChanged, aboutSecret(old, "{planned}", planned.OrgID, "{default}", orgID), nil)
			return next, false
		}
		next.OrgID = orgID
	}
	if next.Name == "" || next.OrgID == "" {
		return next, true
	}
	if !r.data.memory.reserve(next) {
		addNotice(diags, noticeCreatedTwice, aboutSecret(next), nil)
		return next, false
	}
	if next == old {
		return next, true
	}
	if err := r.data.client.CheckName(ctx, next, next.OrgID == old.OrgID); err != nil {
		r.data.addFailure(diags, failReplace, aboutSecret(old, "{new}", describe(next)), err)
		return next, false
	}
	return next, true
}
