// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
)

// ImportState accepts the name, name@org_id, the URI, or an identity.
func (r *secretResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	ref, ok := importRef(ctx, req, &resp.Diagnostics)
	if !ok {
		return
	}
	imported := secretModel{Name: types.StringValue(ref.Name), OrgID: types.StringUnknown()}
	if r.data.knownOrg(ref.OrgID) == "" && r.data.mustWait("", req.ClientCapabilities.DeferralAllowed) {
		// Terraform still reads and plans a deferred import, so state needs the name.
		resp.Deferred = &resource.Deferred{Reason: resource.DeferredReasonProviderConfigUnknown}
	} else {
		orgID, err := r.data.findOrg(ctx, ref.OrgID)
		if err != nil {
			r.data.addFailure(&resp.Diagnostics, failImport, aboutSecret(ref), err)
			return
		}
		imported.OrgID = types.StringValue(orgID)
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, pathName, imported.Name)...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, pathOrgID, imported.OrgID)...)
	if resp.Identity != nil {
		resp.Diagnostics.Append(resp.Identity.Set(ctx, imported.identity())...)
	}
}

func importRef(ctx context.Context, req resource.ImportStateRequest, diags *diag.Diagnostics) (roboto.SecretRef, bool) {
	if req.ID == "" && req.Identity != nil && !req.Identity.Raw.IsNull() {
		var identity secretIdentityModel
		diags.Append(req.Identity.Get(ctx, &identity)...)
		if diags.HasError() {
			return roboto.SecretRef{}, false
		}
		ref := roboto.SecretRef{Name: identity.Name.ValueString(), OrgID: identity.OrgID.ValueString()}
		if err := ref.Validate(); err != nil {
			diags.AddError("Invalid Import Identity", fmt.Sprintf("The identity is not valid: %v.", err))
			return roboto.SecretRef{}, false
		}
		return ref, true
	}
	// A name may begin like this, but an ARN is more likely. Such a name can be imported by its
	// URI.
	if strings.HasPrefix(req.ID, "arn:") {
		addNotice(diags, noticeImportID, about{"{id}", strconv.Quote(req.ID), "{problem}", "it is an ARN, and the secret's name cannot be derived from it"}, nil)
		return roboto.SecretRef{}, false
	}
	ref, err := roboto.ParseSecretRef(req.ID)
	if err != nil {
		addNotice(diags, noticeImportID, about{"{id}", strconv.Quote(req.ID), "{problem}", err.Error()}, nil)
		return roboto.SecretRef{}, false
	}
	return ref, true
}
