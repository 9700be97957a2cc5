// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
)

// nameValidator accepts names that a secret URI and a request path can carry.
type nameValidator struct{}

func (nameValidator) Description(context.Context) string {
	return `must not be empty, ".", "..", or contain "@", "/" or control characters`
}

func (v nameValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (nameValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if err := roboto.ValidateName(req.ConfigValue.ValueString()); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid Secret Name",
			fmt.Sprintf("The attribute %q is not usable: %v.\n\nChoose another name; letters, digits, \"-\", \"_\" and \".\" always work.", req.Path, err))
	}
}

// orgIDValidator accepts IDs of organizations, not their names.
type orgIDValidator struct{}

func (orgIDValidator) Description(context.Context) string {
	return `must consist of letters, digits and "_"`
}

func (v orgIDValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (orgIDValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if err := roboto.ValidateOrgID(req.ConfigValue.ValueString()); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid Organization ID",
			fmt.Sprintf("The attribute %q is not usable: %v.\n\nGive the organization's ID, not its name, or leave the attribute out.", req.Path, err))
	}
}

// durationValidator accepts positive durations in Go's notation.
type durationValidator struct{}

func (durationValidator) Description(context.Context) string {
	return `must be a positive duration such as "30s" or "1m30s"`
}

func (v durationValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v durationValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	validateDuration(req.Path, req.ConfigValue, &resp.Diagnostics)
}

// validateDuration returns a duration that is given and valid.
func validateDuration(at path.Path, value types.String, diags *diag.Diagnostics) (time.Duration, bool) {
	if value.IsNull() || value.IsUnknown() {
		return 0, false
	}
	d, err := time.ParseDuration(value.ValueString())
	if err != nil || d <= 0 {
		diags.AddAttributeError(at, "Invalid Duration",
			fmt.Sprintf("The attribute %q %s; got %q.", at, durationValidator{}.Description(context.Background()), value.ValueString()))
		return 0, false
	}
	return d, true
}

// actionNameValidator accepts names that a reference to an action and a request path can carry.
type actionNameValidator struct{}

func (actionNameValidator) Description(context.Context) string {
	return `must not be empty, ".", "..", or contain "@", "/" or control characters`
}

func (v actionNameValidator) MarkdownDescription(ctx context.Context) string {
	return v.Description(ctx)
}

func (actionNameValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if err := roboto.ValidateActionName(req.ConfigValue.ValueString()); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid Action Name",
			fmt.Sprintf("The attribute %q is not usable: %v.\n\nGive the name alone. The owner of the action belongs in \"action_org_id\", its version in \"digest\".", req.Path, err))
	}
}

// actionOwnerValidator accepts IDs of organizations that own actions.
type actionOwnerValidator struct{}

func (actionOwnerValidator) Description(context.Context) string {
	return `must consist of letters, digits, "_" and "-"`
}

func (v actionOwnerValidator) MarkdownDescription(ctx context.Context) string {
	return v.Description(ctx)
}

func (v actionOwnerValidator) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if roboto.ValidateActionOwner(req.ConfigValue.ValueString()) != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid Organization ID",
			fmt.Sprintf("The attribute %q %s.\n\nGive the organization's ID, not its name, or leave the attribute out.", req.Path, v.Description(ctx)))
	}
}

// validateParameterValue refuses what begins like a secret URI and is none. The value of
// the parameter is not repeated.
func validateParameterValue(name string, value types.String, diags *diag.Diagnostics) {
	text := value.ValueString()
	if !strings.HasPrefix(text, roboto.URIScheme) {
		return
	}
	if _, err := roboto.ParseURI(text); err != nil {
		diags.AddAttributeError(pathParameterValues.AtMapKey(name), "Invalid Secret URI",
			fmt.Sprintf("The parameter %q %s: %v.", name, uriValidator{}.Description(context.Background()), err))
	}
}

// uriValidator accepts secret URIs.
type uriValidator struct{}

func (uriValidator) Description(context.Context) string {
	return "must be a secret URI such as roboto-secret://name@org_id"
}

func (v uriValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v uriValidator) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if _, err := roboto.ParseURI(req.ConfigValue.ValueString()); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid Secret URI",
			fmt.Sprintf("The attribute %q %s: %v.", req.Path, v.Description(ctx), err))
	}
}

// versionIDValidator accepts IDs that AWS can give a version.
type versionIDValidator struct{}

func (versionIDValidator) Description(context.Context) string {
	return "must be an AWS version ID of 32 to 64 letters, digits and hyphens"
}

func (v versionIDValidator) MarkdownDescription(ctx context.Context) string {
	return v.Description(ctx)
}

func (v versionIDValidator) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if roboto.ValidateVersionID(req.ConfigValue.ValueString()) != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid Version ID", fmt.Sprintf("The attribute %q %s.", req.Path, v.Description(ctx)))
	}
}
