// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
)

// ModifyPlan makes uri known. It makes version_id unknown if the value will be written,
// or may be: a write-only argument causes no difference by itself.
func (r *secretResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.data == nil {
		return
	}
	if req.Plan.Raw.IsNull() {
		r.planDelete(ctx, req, resp, nil)
		return
	}
	var config, plan secretModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if req.State.Raw.IsNull() {
		r.planCreate(ctx, config, &plan, &resp.Diagnostics)
	} else {
		var state secretModel
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
		if resp.Diagnostics.HasError() {
			return
		}
		if !replaces(plan, state) && r.refreshed(state) && config.OrgID.IsNull() && r.data.saysOtherDefault(state.OrgID.ValueString()) {
			warnOtherDefault(&resp.Diagnostics, state.ref(), r.data.orgID)
		}
		resp.Deferred = r.planUpdate(ctx, config, &plan, state, req.ClientCapabilities.DeferralAllowed, &resp.Diagnostics)
		if replaces(plan, state) {
			r.warnReplacement(ctx, config, plan, state, &resp.Diagnostics)
			r.planDelete(ctx, req, resp, &config)
		}
	}
	if resp.Diagnostics.HasError() {
		return
	}
	if plan.Name.IsUnknown() || plan.OrgID.IsUnknown() {
		plan.URI = types.StringUnknown()
	} else {
		plan.URI = types.StringValue(plan.ref().URI())
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, plan)...)
}

// planDelete refuses to delete a protected secret, and warns if a value is lost.
//
// It also records when the secret was last seen, for the deletion, which runs in another
// process and perhaps on another day. A recent sighting saves the deletion a request.
//
// "terraform destroy" refreshes in one process and plans in another. A deletion without a
// sighting in this process therefore counts as just refreshed. This is wrong for
// -refresh=false, which asks Terraform not to look. A replacement is refreshed in the
// process that plans it, or not at all. A deletion that is planned in the process that
// applies it is of a deposed secret, and may have been planned before on another day.
//
// replacement is the configuration of the secret that takes its place, or nil.
func (r *secretResource) planDelete(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse, replacement *secretModel) {
	var state secretModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() || addProtectedError(&resp.Diagnostics, state) {
		return
	}
	// After create_before_destroy, Terraform plans the deletion once more while it applies.
	// The plan has warned already.
	if !r.data.appliesWithout(state.ref()) {
		rewritten := replacement != nil && (!replacement.ValueWO.IsNull() || r.data.ignoresValue(*replacement))
		r.data.warnLostValue(&resp.Diagnostics, state, replacement != nil, rewritten)
	}
	if r.data.client == nil {
		return
	}
	r.data.deleted.Store(state.ref(), true)
	at := r.data.client.Seen(state.ref())
	if at.IsZero() && req.Plan.Raw.IsNull() {
		at = time.Now()
	}
	resp.Diagnostics.Append(setTime(ctx, resp.Private, keySeen, at)...)
}

// planCreate makes a call only if it has to look up the organization.
func (r *secretResource) planCreate(ctx context.Context, config secretModel, plan *secretModel, diags *diag.Diagnostics) {
	if config.OrgID.IsNull() {
		orgID, err := r.data.defaultOrg(ctx)
		if err != nil {
			r.data.addSecretError(diags, "plan", plan.ref(), err)
			return
		}
		if orgID != "" {
			plan.OrgID = types.StringValue(orgID)
		}
	}
	if r.refreshed(*plan) {
		// It is tainted, or replaced with -replace. Terraform then drops the warnings, which must
		// not use up the advice.
		warner := new(providerData)
		warner.warnUnresolvableName(diags, plan.Name)
		if config.ValueWO.IsNull() {
			warner.warnLostValue(diags, *plan, true, false)
		}
	} else {
		r.data.warnUnresolvableName(diags, plan.Name)
	}
	// A value may be null while planning and not during apply, as terraform.applying makes it.
	plan.VersionID = types.StringUnknown()
}

// planUpdate reads the stored value only if a comparison decides whether it is written.
func (r *secretResource) planUpdate(
	ctx context.Context, config secretModel, plan *secretModel, state secretModel, deferralAllowed bool, diags *diag.Diagnostics,
) *resource.Deferred {
	plan.VersionID = state.VersionID
	if replaces(*plan, state) {
		plan.VersionID = types.StringUnknown()
		return nil
	}
	if addIgnoredValueError(diags, config, state) {
		return nil
	}
	action := r.decideValueAction(config, state)
	r.data.planned.Store(state.ref(), action)
	switch action {
	case keepValue:
	case leaveValue:
		if !state.VersionID.IsNull() || updates(*plan, state) {
			plan.VersionID = types.StringUnknown()
		}
	case writeValue:
		plan.VersionID = types.StringUnknown()
		if r.refreshed(state) && (driftFound(state) || !wroteValue(state)) {
			r.data.warnOverwrite(diags, state, false)
		}
	case compareValue:
		// An unknown value cannot be compared. If something else changes, this is an update in
		// any case, and the comparison could only add a warning.
		if config.ValueWO.IsUnknown() || updates(*plan, state) && !r.refreshed(state) {
			plan.VersionID = types.StringUnknown()
			return nil
		}
		switch r.data.gate("compare the value of the secret "+describe(state.ref()), state.OrgID.ValueString(), deferralAllowed, diags) {
		case deferCall:
			return &resource.Deferred{Reason: resource.DeferredReasonProviderConfigUnknown}
		case refuseCall:
			return nil
		}
		same, versionID, err := compareStoredValue(ctx, r.data.client.ValueAccess(state.record()), roboto.NewSensitive(config.ValueWO.ValueString()))
		if err != nil {
			r.data.addCompareError(diags, state.ref(), err)
			return nil
		}
		// The same value in another version is an update that writes nothing. An imported
		// secret has no version ID that could be outdated.
		stale := !state.VersionID.IsNull() && state.VersionID.ValueString() != versionID
		// Terraform plans again during apply, and the comparison may then have another
		// result. An update that promised the old version would be inconsistent.
		if !same || stale || updates(*plan, state) {
			plan.VersionID = types.StringUnknown()
		}
		if !same && versionID != "" && versionID != state.VersionID.ValueString() && r.refreshed(state) {
			r.data.warnOverwrite(diags, state, true)
		}
	}
	return nil
}

// refreshed reports whether this process refreshed the secret. Terraform plans again during
// apply, in another process, which does not refresh. That plan need not repeat warnings.
func (r *secretResource) refreshed(state secretModel) bool {
	return r.data.client != nil && !r.data.client.Seen(state.ref()).IsZero()
}

// compareStoredValue compares the value with the current version in constant time, and
// returns the ID of that version. A secret without a value differs from any value.
func compareStoredValue(ctx context.Context, access *roboto.ValueAccess, value roboto.Sensitive) (same bool, versionID string, _ error) {
	stored, versionID, err := access.Read(ctx, "")
	if roboto.KindOf(err) == roboto.KindNoValue {
		return false, "", nil
	}
	return err == nil && stored.Equal(value), versionID, err
}

// valueAction says what to do with the stored value of an existing secret.
type valueAction int

const (
	// keepValue: nothing is written, and version_id stays.
	keepValue valueAction = iota
	// leaveValue: the stored value is left to somebody else, and version_id goes.
	leaveValue
	// writeValue: the value is written, whatever is stored.
	writeValue
	// compareValue: the value is written if it differs from the stored one.
	compareValue
)

// decideValueAction implements "When a value is written" for an existing secret.
// Unknown attributes count as changed.
func (r *secretResource) decideValueAction(config, state secretModel) valueAction {
	versioned := !config.ValueWOVersion.IsNull() || !state.ValueWOVersion.IsNull()
	switch {
	case r.data.ignoresValue(config):
		return keepValue
	case config.ValueWO.IsNull():
		return leaveValue
	case !config.ValueWOVersion.Equal(state.ValueWOVersion):
		return writeValue
	case versioned && state.VersionID.IsNull() && mayDetectDrift(config.DetectValueDrift):
		return writeValue
	case versioned:
		return keepValue
	}
	return compareValue
}

func mayDetectDrift(flag types.Bool) bool { return flag.ValueBool() || flag.IsUnknown() }

// replaces reports whether the plan destroys the secret and creates another one.
func replaces(plan, state secretModel) bool {
	return !plan.Name.Equal(state.Name) || !plan.OrgID.Equal(state.OrgID)
}

// updates reports whether an attribute other than the value changes.
func updates(plan, state secretModel) bool {
	return !plan.ValueWOVersion.Equal(state.ValueWOVersion) ||
		!plan.DetectValueDrift.Equal(state.DetectValueDrift) ||
		!plan.DeletionProtection.Equal(state.DeletionProtection)
}

// driftFound reports whether a refresh found another value. Only that clears the version ID
// of a value with a version.
func driftFound(state secretModel) bool {
	return !state.ValueWOVersion.IsNull() && state.VersionID.IsNull()
}

// wroteValue reports whether state shows that the configuration has, or had, a value.
func wroteValue(state secretModel) bool {
	return !state.ValueWOVersion.IsNull() || !state.VersionID.IsNull()
}
