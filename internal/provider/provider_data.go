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
	// orgID is the default organization, or "" if finding it takes a call.
	orgID string
	// unknown lists the settings that Terraform does not know yet. None of them may fall
	// back to another source.
	unknown []string
	// checkAPIKey says what to check when the API key is refused.
	checkAPIKey string

	// memory is what this process remembers of secrets.
	memory *memory
}

// canCall reports whether the settings that a call needs are known. orgID is "" for the
// default organization.
func (d *providerData) canCall(orgID string) bool {
	return d.client != nil && (orgID != "" || len(d.unknown) == 0)
}

// gateAnswer says what to do about a call.
type gateAnswer int

const (
	callNow gateAnswer = iota
	deferCall
	// refuseCall means that an error was added to the diagnostics.
	refuseCall
)

// gate decides whether a call can be made now. task completes the sentence "Terraform has
// to call Roboto to …". orgID is "" for the default organization.
func (d *providerData) gate(task, orgID string, deferralAllowed bool, diags *diag.Diagnostics) gateAnswer {
	return d.gateIf(d.canCall(orgID), task, deferralAllowed, diags)
}

// gateRead reports whether a data source can be read now. Otherwise it has completed the
// response.
func (d *providerData) gateRead(canCall bool, task string, req datasource.ReadRequest, resp *datasource.ReadResponse) bool {
	answer := d.gateIf(canCall, task, req.ClientCapabilities.DeferralAllowed, &resp.Diagnostics)
	if answer == deferCall {
		resp.Deferred = &datasource.Deferred{Reason: datasource.DeferredReasonProviderConfigUnknown}
		resp.State.Raw = notKnownYet(resp.State.Raw)
	}
	return answer == callNow
}

func (d *providerData) gateIf(canCall bool, task string, deferralAllowed bool, diags *diag.Diagnostics) gateAnswer {
	switch {
	case canCall:
		return callNow
	case deferralAllowed:
		return deferCall
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
	return refuseCall
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
	return d.client.OnlyOrgID(ctx)
}

// defaultOrg returns "" while a setting needed to find the organization is unknown.
func (d *providerData) defaultOrg(ctx context.Context) (string, error) {
	if d.orgID == "" && !d.canCall("") {
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
