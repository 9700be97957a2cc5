// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
)

// ModifyPlan makes uri known, and version_id unknown if the value will be written, or may be: a
// write-only argument causes no difference by itself. What is decided is in decide.go.
func (r *secretResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.data == nil {
		return
	}
	f := facts{configuredOrg: r.data.orgID}
	if !req.State.Raw.IsNull() {
		f.state = &secretModel{}
		resp.Diagnostics.Append(req.State.Get(ctx, f.state)...)
	}
	if !req.Plan.Raw.IsNull() {
		f.plan = &secretModel{}
		resp.Diagnostics.Append(req.Plan.Get(ctx, f.plan)...)
		resp.Diagnostics.Append(req.Config.Get(ctx, &f.config)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	d := r.decide(ctx, &f, req.ClientCapabilities.DeferralAllowed, resp)
	if resp.Diagnostics.HasError() {
		return
	}
	r.show(d.notices, f, &resp.Diagnostics)
	if unusable := r.data.client.Unusable(); unusable != nil && f.state == nil && len(r.data.unknown) == 0 {
		ref, _ := f.createdRef()
		addNotice(&resp.Diagnostics, noticeUnusable, aboutSecret(ref, "{why}", what(unusable)), r.data.memory.first)
	}
	if f.plan == nil || resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(r.setNotes(ctx, f, d, resp.Private)...)
	plan := *f.plan
	plan.OrgID, plan.VersionID = d.orgID, d.versionID
	plan.URI = types.StringUnknown()
	if !plan.Name.IsUnknown() && !plan.OrgID.IsUnknown() {
		plan.URI = types.StringValue(plan.ref().URI())
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, plan)...)
}

// decide finds out what the decision needs. With an error or a deferral, the decision is of no use.
func (r *secretResource) decide(ctx context.Context, f *facts, deferralAllowed bool, resp *resource.ModifyPlanResponse) decision {
	for {
		d := decide(*f)
		switch d.need {
		case needNothing:
			return d
		case needDefaultOrg:
			orgID, err := r.data.defaultOrg(ctx)
			if err != nil && f.state == nil { // else planning the create reports it
				r.data.addFailure(&resp.Diagnostics, failPlan, aboutSecret(f.plan.ref()), err)
				return d
			}
			f.defaultOrg = &defaultOrg{orgID}
		case needRemembered:
			f.remembered = r.remember(*f)
		case needStoredValue:
			ref := f.state.ref()
			if r.data.mustWait(ref.OrgID, deferralAllowed) {
				resp.Deferred = &resource.Deferred{Reason: resource.DeferredReasonProviderConfigUnknown}
				return decision{orgID: f.plan.OrgID, versionID: f.state.VersionID}
			}
			stored, err := compareStoredValue(ctx, r.data.client.ValueAccess(f.state.record()), roboto.NewSensitive(f.config.ValueWO.ValueString()))
			switch {
			case err != nil && r.data.memory.reported(err):
				return decision{orgID: f.plan.OrgID, versionID: types.StringUnknown()}
			case err != nil:
				r.data.addFailure(&resp.Diagnostics, failCompare, aboutSecret(ref), err)
				return d
			}
			f.stored = &stored
		}
	}
}

// remember notes what is planned for the secret, and returns what was noted before.
func (r *secretResource) remember(f facts) *remembered {
	var found remembered
	switch created, known := f.createdRef(); {
	case f.plan == nil:
		found = r.data.memory.noteDelete(f.state.record(), nil)
	case f.state == nil && known:
		found = r.data.memory.noteCreate(created)
	case f.state == nil:
	case replaces(*f.plan, *f.state):
		found = r.data.memory.noteDelete(f.state.record(), &created)
	default:
		found = r.data.memory.noteKeep(f.state.record())
	}
	return &found
}

func (r *secretResource) show(notices []*notice, f facts, diags *diag.Diagnostics) {
	ref, _ := f.createdRef()
	first := r.data.memory.first
	if f.state != nil {
		ref = f.state.ref()
	} else if f.remembered != nil && f.remembered.refreshed {
		// Terraform may drop these warnings, which must not use up the advice.
		first = func(string) bool { return true }
	}
	defaultOrgID := r.data.orgID
	if f.defaultOrg != nil {
		defaultOrgID = f.defaultOrg.id
	}
	for _, n := range notices {
		shown := ref
		switch n {
		case noticeNameUnresolvable:
			shown.Name = f.plan.Name.ValueString()
		case noticeAddressChanged:
			shown = f.remembered.recreated
		}
		addNotice(diags, n, aboutSecret(shown, "{default}", defaultOrgID), first)
	}
}

// setNotes notes in the planned private data what Update and Delete have to know, and removes
// what does not hold.
func (r *secretResource) setNotes(ctx context.Context, f facts, d decision, private privateData) diag.Diagnostics {
	var nullValue, replacement any
	if d.nullValue {
		nullValue = true
	}
	if f.state == nil || replaces(*f.plan, *f.state) {
		created, _ := f.createdRef()
		replacement = plannedReplacement{Name: created.Name, OrgID: created.OrgID, Default: f.config.OrgID.IsNull()}
	}
	return append(setNote(ctx, private, keyNullValue, nullValue), setNote(ctx, private, keyReplacement, replacement)...)
}

// compareStoredValue compares the value with the current version in constant time. A secret
// without a value differs from any value, and so does one that is gone.
func compareStoredValue(ctx context.Context, access *roboto.ValueAccess, value roboto.Sensitive) (storedValue, error) {
	stored, err := access.Read(ctx, roboto.Version{})
	switch {
	case err == nil:
		return storedValue{stored.Text.Equal(value), stored.VersionID}, nil
	case roboto.KindOf(err) == roboto.KindNoValue, roboto.KindOf(err) == roboto.KindReplaced, roboto.KindOf(err) == roboto.KindNotFound:
		return storedValue{}, nil
	}
	return storedValue{}, err
}
