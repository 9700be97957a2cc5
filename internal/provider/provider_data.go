// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
)

// providerData is what the provider's Configure hands to resources, data sources
// and the rest.
type providerData struct {
	// client is nil while a setting that it needs is unknown.
	client *roboto.Client
	// orgID is the default organization as far as it is known without a call, or "".
	orgID string
	// unknown names the settings that Terraform does not know yet while planning.
	// None of them may fall back to another source.
	unknown []string
}

// canCall tells whether all settings are known that a call for an organization takes.
// orgID is "" for the default organization.
func (d *providerData) canCall(orgID string) bool {
	return d.client != nil && (orgID != "" || len(d.unknown) == 0)
}

// gateAnswer is what is to become of a call.
type gateAnswer int

const (
	callNow gateAnswer = iota
	deferCall
	// refuseCall comes with an error among the diagnostics.
	refuseCall
)

// gate decides whether a call can be made now. The task completes "Terraform has to call Roboto
// to". orgID is "" for the default organization.
func (d *providerData) gate(task, orgID string, deferralAllowed bool, diags *diag.Diagnostics) gateAnswer {
	switch {
	case d.canCall(orgID):
		return callNow
	case deferralAllowed:
		return deferCall
	}
	diags.AddError(
		"Provider Configuration Not Known Yet",
		fmt.Sprintf("Terraform has to call Roboto to %s. For the provider configuration, it does not know %s yet, because the value depends on "+
			"something that is not applied yet. No other source is used in its place.\n\n"+
			"Apply what the value depends on first (terraform apply -target=…), or give the provider a value that is known while planning.",
			task, strings.Join(d.unknown, ", ")),
	)
	return refuseCall
}

// knownOrg is the organization for a call as far as it is known without one: the given one, else the
// default one, else "".
func (d *providerData) knownOrg(given string) string { return cmp.Or(given, d.orgID) }

// findOrg is knownOrg, or else the only organization of the API key's owner, which takes a call.
func (d *providerData) findOrg(ctx context.Context, given string) (string, error) {
	if known := d.knownOrg(given); known != "" {
		return known, nil
	}
	return d.client.OnlyOrgID(ctx)
}

// notKnownYet is the result that goes with a deferral: nulls would pass for what
// Roboto said.
func notKnownYet(result tftypes.Value) tftypes.Value {
	return tftypes.NewValue(result.Type(), tftypes.UnknownValue)
}

// dataOf extracts the data in a Configure method. It is nil before the provider is configured,
// as during terraform validate.
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
