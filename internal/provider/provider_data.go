// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
)

// providerData is what Configure passes to resources, data sources and the others.
type providerData struct {
	// client fails with each call if a setting that it needs is wrong or unknown.
	client *roboto.Client
	// orgID is the default organization, or "" if finding it takes a call. orgErr is why the one
	// that the environment names cannot be used, or nil. No other takes its place.
	orgID  string
	orgErr error
	// unknown lists the settings that Terraform does not know yet. None of them may fall
	// back to another source.
	unknown []string
	// memory is what this process remembers of secrets.
	memory *memory
}

// errUnknown is the error of what needs a setting that Terraform does not know yet.
func (d *providerData) errUnknown() error {
	return &roboto.Error{Kind: roboto.KindNotConfigured, What: "Terraform does not know " + strings.Join(d.unknown, ", ") + " yet. " +
		"The value in the provider configuration depends on something that has not been applied yet. No other source is used in its place.\n\n" +
		"Apply what the value depends on first (terraform apply -target=…), or give the provider a value that is known while planning."}
}

// canCall reports whether Terraform knows the settings that a call needs. orgID is "" for the
// default organization. A call about an organization does not need the default.
func (d *providerData) canCall(orgID string) bool {
	return len(d.unknown) == 0 || orgID != "" && slices.Equal(d.unknown, []string{"org_id"})
}

// ofNoOrg stands for the organization of a call that is about none.
const ofNoOrg = "none"

// mustWait reports whether a call has to be deferred, which Terraform may not allow.
func (d *providerData) mustWait(orgID string, deferralAllowed bool) bool {
	return deferralAllowed && !d.canCall(orgID)
}

// defersRead reports whether a data source has to be deferred, and completes the response then.
func (d *providerData) defersRead(orgID string, req datasource.ReadRequest, resp *datasource.ReadResponse) bool {
	if !d.mustWait(orgID, req.ClientCapabilities.DeferralAllowed) {
		return false
	}
	resp.Deferred = &datasource.Deferred{Reason: datasource.DeferredReasonProviderConfigUnknown}
	resp.State.Raw = notKnownYet(resp.State.Raw)
	return true
}

// knownOrg returns the given organization, else the default one. It returns "" if finding
// the organization takes a call.
func (d *providerData) knownOrg(given string) string { return cmp.Or(given, d.orgID) }

// findOrg returns the organization for a call. If none is known, it looks up the only
// organization of the API key's owner.
func (d *providerData) findOrg(ctx context.Context, given string) (string, error) {
	switch known := d.knownOrg(given); {
	case known != "":
		return known, nil
	case d.orgErr != nil:
		return "", d.orgErr
	case !d.canCall(""):
		return "", d.errUnknown()
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
