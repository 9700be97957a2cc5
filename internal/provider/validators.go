// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

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

func (v durationValidator) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if d, err := time.ParseDuration(req.ConfigValue.ValueString()); err != nil || d <= 0 {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid Duration",
			fmt.Sprintf("The attribute %q %s; got %q.", req.Path, v.Description(ctx), req.ConfigValue.ValueString()))
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
