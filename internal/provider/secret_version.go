// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
)

var stageValidator = stringvalidator.OneOf(roboto.StageCurrent, roboto.StagePrevious)

const descriptionValueCreated = "When this version of the value was written, in RFC 3339 and UTC, by AWS's clock."

// addNoVersionError is for a version that AWS does not have.
func (d *providerData) addNoVersionError(ctx context.Context, diags *diag.Diagnostics, access *roboto.ValueAccess, ref roboto.SecretRef, wanted roboto.Version, err error) {
	f := failReadOldVersion
	if wanted.Stage == roboto.StagePrevious {
		f = failReadStage
	}
	kept, ok := access.Kept(ctx)
	if ok && len(kept) == 0 || wanted.Stage == roboto.StageCurrent {
		f = failReadNoVersion
	}
	var has []string
	for i, version := range kept {
		written := ""
		if !version.Created.IsZero() {
			written = ", written " + timeValue(version.Created).ValueString()
		}
		has = append(has, fmt.Sprintf("%s is %s%s.", []string{"The current version", "The one before it"}[i], version.VersionID, written))
	}
	d.addFailure(diags, f, aboutSecret(ref, "{version}", cmp.Or(wanted.ID, wanted.Stage), "{kept}", strings.Join(has, " ")), err)
}
