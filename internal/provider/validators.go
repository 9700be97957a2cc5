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

// textValidator checks the text of an attribute. Null and unknown are valid.
type textValidator struct {
	// description completes the sentence "The attribute …".
	description string
	check       func(string) error
	// summary and advice are of the error. advice may be "".
	summary, advice string
	// secret is set if the line of the attribute may hold a credential. Terraform prints the line
	// that an error points at.
	secret bool
}

func (v textValidator) Description(context.Context) string { return v.description }

func (v textValidator) MarkdownDescription(context.Context) string { return v.description }

func (v textValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	v.validate(req.Path, req.ConfigValue, &resp.Diagnostics)
}

func (v textValidator) validate(at path.Path, value types.String, diags *diag.Diagnostics) {
	if value.IsNull() || value.IsUnknown() {
		return
	}
	if err := v.check(value.ValueString()); err != nil {
		detail := joinParagraphs(fmt.Sprintf("The attribute %q is not usable: %v.", at, err), v.advice)
		if v.secret {
			diags.AddError(v.summary, detail)
			return
		}
		diags.AddAttributeError(at, v.summary, detail)
	}
}

const adviceOrgID = "Give the organization's ID, not its name, or leave the attribute out."

var (
	nameValidator = textValidator{
		description: `must not be empty, ".", "..", or contain "@", "/" or unprintable characters`,
		check:       roboto.ValidateName,
		summary:     "Invalid Secret Name",
		advice:      `Choose another name; letters, digits, "-", "_" and "." always work.`,
	}
	orgIDValidator = textValidator{
		description: `must consist of letters, digits and "_"`,
		check:       roboto.ValidateOrgID,
		summary:     "Invalid Organization ID",
		advice:      adviceOrgID,
	}
	durationValidator = textValidator{
		description: `must be a positive duration such as "30s" or "1m30s"`,
		check:       func(text string) error { _, err := parseDuration(text); return err },
		summary:     "Invalid Duration",
	}
	actionNameValidator = textValidator{
		description: `must not be empty, ".", "..", or contain "@", "/" or unprintable characters`,
		check:       roboto.ValidateActionName,
		summary:     "Invalid Action Name",
		advice:      `Give the name alone. The owner of the action belongs in "action_org_id", its version in "digest".`,
	}
	actionOwnerValidator = textValidator{
		description: `must consist of letters, digits, "_" and "-"`,
		check:       roboto.ValidateActionOwner,
		summary:     "Invalid Organization ID",
		advice:      adviceOrgID,
	}
	uriValidator = textValidator{
		description: "must be a secret URI such as roboto-secret://name@org_id",
		check:       func(text string) error { _, err := roboto.ParseURI(text); return err },
		summary:     "Invalid Secret URI",
		advice:      "It must be a secret URI such as roboto-secret://name@org_id.",
	}
	versionIDValidator = textValidator{
		description: "must be an AWS version ID of 32 to 64 letters, digits and hyphens",
		check:       roboto.ValidateVersionID,
		summary:     "Invalid Version ID",
	}
)

func parseDuration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf(`%q is not a positive duration such as "30s" or "1m30s"`, text)
	}
	return d, nil
}

// validateParameterValue refuses text that begins like a secret URI but is not one. It does not
// repeat the text. It has no path, because Terraform prints the line, where other values may stand.
func validateParameterValue(name string, value types.String, diags *diag.Diagnostics) {
	text := value.ValueString()
	if !strings.HasPrefix(text, roboto.URIScheme) {
		return
	}
	if _, err := roboto.ParseURI(text); err != nil {
		diags.AddError(uriValidator.summary, joinParagraphs(fmt.Sprintf("The parameter %q begins like the URI of a secret, and is none: %v.", name, err),
			"Correct it in parameter_values, to a URI such as roboto-secret://name@org_id."))
	}
}
