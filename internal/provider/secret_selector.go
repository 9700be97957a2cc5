// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"cmp"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
)

var (
	pathName       = path.Root("name")
	pathOrgID      = path.Root("org_id")
	pathURI        = path.Root("uri")
	pathNamePrefix = path.Root("name_prefix")
)

// secretSelector selects an existing secret by name, with or without an organization, or by
// URI.
type secretSelector struct {
	name, orgID, uri types.String
}

// ref is the reference of a valid selector. Its organization is empty for the default
// organization.
func (s secretSelector) ref() roboto.SecretRef {
	ref := roboto.SecretRef{Name: s.name.ValueString(), OrgID: s.orgID.ValueString()}
	if parsed, err := roboto.ParseURI(s.uri.ValueString()); err == nil {
		ref.Name, ref.OrgID = parsed.Name, cmp.Or(parsed.OrgID, ref.OrgID)
	}
	return ref
}

// validateSelector requires either a name or a URI, and at most one organization.
func validateSelector(s secretSelector, diags *diag.Diagnostics) {
	switch {
	case s.name.IsNull() && s.uri.IsNull():
		diags.AddError("Missing Secret", `Neither "name" nor "uri" is given. Give one of them.`)
	case !s.name.IsNull() && !s.uri.IsNull() && !s.name.IsUnknown() && !s.uri.IsUnknown():
		diags.AddAttributeError(pathURI, "Conflicting Attributes", `Both "name" and "uri" are given. Give one of them.`)
	}
	if parsed, err := roboto.ParseURI(s.uri.ValueString()); err == nil && parsed.OrgID != "" {
		if org := s.orgID.ValueString(); org != "" && org != parsed.OrgID {
			diags.AddAttributeError(pathOrgID, "Conflicting Attributes",
				fmt.Sprintf(`The "uri" names the organization %q, and "org_id" names %q. Remove "org_id".`, parsed.OrgID, org))
		}
	}
}
