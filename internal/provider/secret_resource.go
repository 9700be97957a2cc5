// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"time"

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
				MarkdownDescription: descriptionName + " It must not be empty, `.` or `..`, and must not contain `@`, `/` or control characters. Changing it replaces the secret.",
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
				MarkdownDescription: "Value of the secret, 1 to 65,536 bytes. Write-only: Terraform passes it to the provider and does not store it. " +
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
				MarkdownDescription: "ID of the AWS version that Terraform last wrote, or found to be current and equal to `value_wo`. Null if there is none, or if `detect_value_drift` found a different version. It changes with each write, so other resources can use it as a trigger. " +
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

func (r *secretResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	r.data = dataOf(req.ProviderData, &resp.Diagnostics)
}

// ValidateConfig checks the value and its version. No diagnostic carries the path of
// value_wo, because Terraform would print the line, which may hold the value.
func (r *secretResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var config secretModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if r.data != nil {
		r.data.given.Store(config.ref(), !config.ValueWO.IsNull())
	}
	validateValue(config, &resp.Diagnostics)
	if config.DetectValueDrift.ValueBool() && config.ValueWO.IsNull() {
		resp.Diagnostics.AddAttributeWarning(path.Root("detect_value_drift"), "Nothing to Detect Drift Of",
			fmt.Sprintf("The secret %s has detect_value_drift but no value_wo, so Terraform does not manage its value and detect_value_drift has no effect.\n\n"+
				"Set value_wo and value_wo_version, or remove detect_value_drift.", config.describe()))
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

// warnReplacement gives the warnings of a replacement. They belong to the plan with the prior
// state: the plan of the create does not know that state, and Terraform drops its warnings.
func (r *secretResource) warnReplacement(ctx context.Context, config, plan, state secretModel, diags *diag.Diagnostics) {
	if !plan.Name.Equal(state.Name) {
		r.data.warnUnresolvableName(diags, plan.Name)
	}
	if !config.OrgID.IsNull() {
		return
	}
	// Planning the create reports the error.
	if orgID, err := r.data.defaultOrg(ctx); err == nil && orgID != "" && orgID != state.OrgID.ValueString() {
		r.data.warnMove(diags, state.ref(), orgID)
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
	if r.data.gate("create the secret "+describe(ref), ref.OrgID, false, &resp.Diagnostics) == refuseCall {
		return
	}
	var record roboto.Record
	orgID, err := r.data.findOrg(ctx, ref.OrgID)
	if err == nil {
		ref.OrgID = orgID
		record, err = r.data.client.CreateSecret(ctx, ref)
	}
	planned := state
	state.VersionID = types.StringNull()
	state.ValueWOVersion = types.StringNull()
	// A record that stays behind without its value holds nothing to protect, and the next
	// apply has to replace it.
	state.DeletionProtection = types.BoolNull()
	if err != nil {
		r.data.addSecretError(&resp.Diagnostics, "create", ref, err)
		if failure, ok := errors.AsType[*roboto.Error](err); ok && failure.Kind == roboto.KindUnsettledCreate {
			// The next refresh finds out whose record it is, if there is one.
			state.setRecord(roboto.Record{SecretRef: ref})
			state.ARN, state.Created, state.CreatedBy = types.StringNull(), types.StringNull(), types.StringNull()
			resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
			resp.Diagnostics.Append(resp.Identity.Set(ctx, state.identity())...)
			resp.Diagnostics.Append(setTime(ctx, resp.Private, keyCreateBegan, failure.Began)...)
		}
		return
	}

	r.data.created.Store(record.SecretRef, true)
	state.setRecord(record)
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, state.identity())...)
	if resp.Diagnostics.HasError() {
		return
	}
	if !config.ValueWO.IsNull() {
		versionID, err := r.data.client.ValueAccess(record).Write(ctx, roboto.NewSensitive(config.ValueWO.ValueString()))
		if err != nil {
			if cleanupErr := r.cleanUp(ctx, record, err); cleanupErr != nil {
				// The record stays in the state. Terraform 1.16 and 1.17 may then panic if they
				// write the state of another resource at the same moment. A record that is in no
				// state would be worse: it certainly exists, and nobody would know of it.
				r.data.addLeftoverError(&resp.Diagnostics, record.SecretRef, err, cleanupErr)
				return
			}
			resp.State.RemoveResource(ctx)
			r.data.addFirstValueError(&resp.Diagnostics, record.SecretRef, err)
			return
		}
		state.VersionID = types.StringValue(versionID)
	}
	state.ValueWOVersion, state.DeletionProtection = planned.ValueWOVersion, planned.DeletionProtection
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
}

// cleanUp deletes the record that this create has made, so that the next apply starts
// over. A tainted resource would not recover under create_before_destroy or
// prevent_destroy.
//
// Unless the create was only canceled, the record is read before it is deleted, because
// cause may be that another secret has the name by now.
func (r *secretResource) cleanUp(ctx context.Context, record roboto.Record, cause error) error {
	if roboto.KindOf(cause) != roboto.KindCanceled {
		record.Seen = time.Time{}
	}
	return r.data.client.UndoCreate(ctx, record)
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
	switch r.data.gate("refresh the secret "+describe(state.ref()), state.OrgID.ValueString(), req.ClientCapabilities.DeferralAllowed, &resp.Diagnostics) {
	case deferCall:
		resp.Deferred = &resource.Deferred{Reason: resource.DeferredReasonProviderConfigUnknown}
		return
	case refuseCall:
		return
	}
	var (
		record roboto.Record
		err    error
		task   = "read"
		began  = unsettledSince(ctx, state, req.Private)
	)
	if began.IsZero() {
		// Right after an import, state has no more than the name.
		if state.Created.IsNull() {
			task = "import"
		}
		record, err = r.data.client.RefreshRecord(ctx, state.record())
	} else {
		record, err = r.data.client.SettleCreate(ctx, state.ref(), began)
	}
	switch roboto.KindOf(err) {
	case roboto.KindReplaced:
		addReplacedWarning(&resp.Diagnostics, state.ref(), err)
		resp.State.RemoveResource(ctx)
		return
	case roboto.KindNameTaken:
		warnLeftBehind(&resp.Diagnostics, state.ref(), err)
		resp.State.RemoveResource(ctx)
		return
	case roboto.KindNotFound:
		if task == "import" {
			addMissingImportError(&resp.Diagnostics, state.ref(), err)
			return
		}
		resp.State.RemoveResource(ctx)
		return
	}
	if err != nil {
		r.data.addSecretError(&resp.Diagnostics, task, state.ref(), err)
		return
	}
	state.setRecord(record)
	if state.DetectValueDrift.ValueBool() && !state.ValueWOVersion.IsNull() && !state.VersionID.IsNull() {
		_, current, err := r.data.client.ValueAccess(record).Read(ctx, "")
		if err != nil && roboto.KindOf(err) != roboto.KindNoValue {
			r.data.addDriftError(&resp.Diagnostics, state.ref(), err)
			return
		}
		if current != state.VersionID.ValueString() {
			state.VersionID = types.StringNull()
		}
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
}

// unsettledSince is when the create began, if it is not known whether it took effect, or the
// zero time.
func unsettledSince(ctx context.Context, state secretModel, private privateData) time.Time {
	if !state.Created.IsNull() {
		return time.Time{}
	}
	return storedTime(ctx, private, keyCreateBegan)
}

func (r *secretResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var config, plan, state secretModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	validateValue(config, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	if !unsettledSince(ctx, state, req.Private).IsZero() {
		addUnsettledError(&resp.Diagnostics, state)
		return
	}
	if plan.VersionID.IsUnknown() {
		if r.data.gate("update the secret "+describe(state.ref()), state.OrgID.ValueString(), false, &resp.Diagnostics) == refuseCall {
			return
		}
		versionID, err := r.updateValue(ctx, config, state)
		if err != nil {
			r.data.addSecretError(&resp.Diagnostics, "update", state.ref(), err)
			return
		}
		plan.VersionID = versionID
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, plan.identity())...)
}

// updateValue writes the value if necessary, and returns the version ID for the state. It
// does as planned, because Terraform hides an ignored value from the plan only.
func (r *secretResource) updateValue(ctx context.Context, config, state secretModel) (types.String, error) {
	action, ok := r.data.plannedAction(state.ref())
	if !ok {
		action = r.decideValueAction(config, state)
	}
	switch action {
	case keepValue:
		return state.VersionID, nil
	case leaveValue:
		return types.StringNull(), nil
	}
	access := r.data.client.ValueAccess(state.record())
	value := roboto.NewSensitive(config.ValueWO.ValueString())
	if action == compareValue {
		same, current, err := compareStoredValue(ctx, access, value)
		if err != nil || same {
			return types.StringValue(current), err
		}
	}
	versionID, err := access.Write(ctx, value)
	return types.StringValue(versionID), err
}

func (r *secretResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state secretModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	// Terraform does not tell the provider of -replace or taint while planning.
	if resp.Diagnostics.HasError() || addProtectedError(&resp.Diagnostics, state) {
		return
	}
	if r.data.gate("delete the secret "+describe(state.ref()), state.OrgID.ValueString(), false, &resp.Diagnostics) == refuseCall {
		return
	}
	record := state.record()
	record.Seen = storedTime(ctx, req.Private, keySeen)
	if _, here := r.data.deleted.Load(state.ref()); here {
		record.Seen = r.data.client.Seen(state.ref())
	}
	if state.Created.IsNull() {
		// A create in this process shows that the unsettled one left nothing.
		if _, mine := r.data.created.Load(state.ref()); mine {
			return
		}
		// Terraform passes no private data of a tainted resource on to its replacement.
		began := unsettledSince(ctx, state, req.Private)
		if began.IsZero() {
			addUnsettledError(&resp.Diagnostics, state)
			return
		}
		var err error
		if record, err = r.data.client.SettleCreate(ctx, state.ref(), began); err != nil {
			switch roboto.KindOf(err) {
			case roboto.KindNotFound:
			case roboto.KindNameTaken:
				warnLeftBehind(&resp.Diagnostics, state.ref(), err)
			default:
				r.data.addSecretError(&resp.Diagnostics, "delete", state.ref(), err)
			}
			return
		}
	}
	if err := r.data.client.DeleteSecret(ctx, record); err != nil {
		r.data.addSecretError(&resp.Diagnostics, "delete", state.ref(), err)
	}
}
