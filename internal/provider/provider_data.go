// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
)

// providerData is what Configure passes to resources, data sources and the others.
type providerData struct {
	// client is nil while a setting that it needs is unknown.
	client *roboto.Client
	// orgID is the default organization, or "" if finding it takes a call. orgErr is why the one
	// that the environment names cannot be used, or nil. No other takes its place.
	orgID  string
	orgErr error
	// warning says what is unsafe about the settings, or is "".
	warning string
	// unknown lists the settings that Terraform does not know yet. None of them may fall
	// back to another source.
	unknown []string
	// memory is what this process remembers of secrets.
	memory *memory
}

// canCall reports whether the settings that a call needs are known. orgID is "" for the
// default organization.
func (d *providerData) canCall(orgID string) bool {
	return d.client != nil && (orgID != "" || len(d.unknown) == 0)
}

// ofNoOrg stands for the organization of a call that is about none.
const ofNoOrg = "none"

// mustWait reports whether a call has to be deferred, which Terraform may not allow.
func (d *providerData) mustWait(orgID string, deferralAllowed bool) bool {
	return deferralAllowed && !d.canCall(orgID)
}

// mayCall reports whether a call can be made now, and adds an error if not. task completes the
// sentence "Terraform has to call Roboto to …". orgID is "" for the default organization.
func (d *providerData) mayCall(orgID, task string, diags *diag.Diagnostics) bool {
	if d.canCall(orgID) {
		if d.warning != "" && d.memory.first(d.warning) {
			diags.AddWarning("Unsafe Provider Configuration", d.warning)
		}
		return true
	}
	next := "Apply what the value depends on first (terraform apply -target=…), or give the provider a value that is known while planning."
	if !d.memory.first(next) {
		next = ""
	}
	diags.AddError("Provider Configuration Not Known Yet", joinParagraphs(
		fmt.Sprintf("Terraform has to call Roboto to %s, and cannot.", task),
		"Terraform does not know "+strings.Join(d.unknown, ", ")+" yet. The value in the provider configuration depends on something that has not been applied yet. No other source is used in its place.",
		next,
	))
	return false
}

// mayRead is mayCall for a data source. It completes the response if the call has to be deferred.
func (d *providerData) mayRead(orgID, task string, req datasource.ReadRequest, resp *datasource.ReadResponse) bool {
	if d.mustWait(orgID, req.ClientCapabilities.DeferralAllowed) {
		resp.Deferred = &datasource.Deferred{Reason: datasource.DeferredReasonProviderConfigUnknown}
		resp.State.Raw = notKnownYet(resp.State.Raw)
		return false
	}
	return d.mayCall(orgID, task, &resp.Diagnostics)
}

// knownOrg returns the given organization, else the default one. It returns "" if finding
// the organization takes a call.
func (d *providerData) knownOrg(given string) string { return cmp.Or(given, d.orgID) }

// findOrg returns the organization for a call. If none is known, it looks up the only
// organization of the API key's owner.
func (d *providerData) findOrg(ctx context.Context, given string) (string, error) {
	if known := d.knownOrg(given); known != "" {
		return known, nil
	}
	if d.orgErr != nil {
		return "", d.orgErr
	}
	return d.client.OnlyOrgID(ctx)
}

// defaultOrg returns "" while a setting needed to find the organization is unknown.
func (d *providerData) defaultOrg(ctx context.Context) (string, error) {
	if d.orgID == "" && d.orgErr == nil && !d.canCall("") {
		return "", nil
	}
	return d.findOrg(ctx, "")
}

// notKnownYet is the result to return with a deferral. Nulls would look like an answer from
// Roboto.
func notKnownYet(result tftypes.Value) tftypes.Value {
	return tftypes.NewValue(result.Type(), tftypes.UnknownValue)
}

// dataOf extracts the provider data in a Configure method. It returns nil before the
// provider is configured, as during terraform validate.
func dataOf(data any, diags *diag.Diagnostics) *providerData {
	if data == nil {
		return nil
	}
	d, ok := data.(*providerData)
	if !ok {
		diags.AddError("Unexpected Provider Data", fmt.Sprintf("Got %T. Please report this to the provider's developers.", data))
		return nil
	}
	return d
}
