// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"slices"
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

// unconfigured tells whether no call can be made at all. An unknown default
// organization does not keep those from calling that name their own.
func (d *providerData) unconfigured() bool {
	return slices.ContainsFunc(d.unknown, func(setting string) bool { return setting != roboto.SettingOrgID })
}

// ready tells whether calls can be made, for an organization of the caller's own
// (orgGiven) or for the default one.
func (d *providerData) ready(orgGiven bool) bool {
	return !d.unconfigured() && (orgGiven || len(d.unknown) == 0)
}

// complete adds the default organization to a reference without one, as far as
// that takes no call.
func (d *providerData) complete(ref roboto.SecretRef) roboto.SecretRef {
	if ref.OrgID == "" {
		ref.OrgID = d.orgID
	}
	return ref
}

// addUnknownError says why a call cannot be made, where Terraform cannot defer it.
func (d *providerData) addUnknownError(diags *diag.Diagnostics, task string) {
	diags.AddError(
		"Provider Configuration Not Known Yet",
		fmt.Sprintf("Terraform has to call Roboto to %s, but of the provider configuration it does not know %s yet, because the value depends on "+
			"something that is not applied yet. No other source is used in its place.\n\n"+
			"Apply what the value depends on first (terraform apply -target=…), or give the provider a value that is known while planning.",
			task, strings.Join(d.unknown, ", ")),
	)
}

// notKnownYet is the result that goes with a deferral: nulls would pass for what
// Roboto said.
func notKnownYet(result tftypes.Value) tftypes.Value {
	return tftypes.NewValue(result.Type(), tftypes.UnknownValue)
}

// configured extracts the data in a Configure method. It is nil before the
// provider is configured, as during terraform validate.
func configured(data any, diags *diag.Diagnostics) *providerData {
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
