// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
	"github.com/roboto-ai/terraform-provider-roboto/internal/settings"
)

// addSecretError says which task ("create", "read", …) failed for which secret, and why.
func (d *providerData) addSecretError(diags *diag.Diagnostics, task string, ref roboto.SecretRef, err error) {
	explained := explain(err)
	if task == "update" && isMissing(err) {
		explained.next = "It was deleted after the last refresh. Apply again, without -refresh=false: Terraform then creates it anew."
	}
	diags.AddError(
		fmt.Sprintf("Cannot %s Roboto Secret", capitalize(task)),
		d.detail(fmt.Sprintf("The secret %s could not be %s.", describe(ref), participles[task]), explained),
	)
}

// addNoVersionError is for an ephemeral resource that requests a version that does not
// exist.
func addNoVersionError(diags *diag.Diagnostics, ref roboto.SecretRef, versionID string, err error) {
	diags.AddError("Cannot Read Roboto Secret",
		fmt.Sprintf("The secret %s has no version %s. AWS guarantees only the current version and the one before it.\n\n%s\n\n"+
			"To read the current value, leave version_id out. If version_id comes from a roboto_secret resource, the value has since been written elsewhere: "+
			"change value_wo_version of that resource, and the next apply writes the value again. To destroy or only refresh, remove this ephemeral resource from the configuration first.",
			describe(ref), versionID, explain(err).what))
}

// addReplacedWarning is for a refresh that finds another secret under the name. Its title has
// the name, because Terraform folds warnings of one title into one.
func addReplacedWarning(diags *diag.Diagnostics, ref roboto.SecretRef, err error) {
	diags.AddWarning(fmt.Sprintf("Roboto Secret %q Was Replaced Elsewhere", ref.Name),
		fmt.Sprintf("The secret %s is no longer there.\n\n%s\n\nTerraform removes the old secret from the state. If the configuration no longer contains this resource, there is nothing left to do. "+
			"Otherwise the plan creates the secret again, which fails while the other one has the name. Choose another name here, or delete the other secret if nobody needs it.\n\n"+
			"To manage the other secret with this resource instead, put the address of this resource into the following block, add it to the configuration, apply, and remove it:\n\n%s",
			describe(ref), explain(err).what, importBlock(ref)))
}

// isMissing reports whether there is no such secret in an organization of the API key's owner.
func isMissing(err error) bool {
	e, ok := errors.AsType[*roboto.Error](err)
	return ok && e.Kind == roboto.KindNotFound && e.ForeignOrgID == ""
}

// addReplaceError is for a replacement whose new secret cannot be created. There is no import
// block, because the resource still has its secret.
func (d *providerData) addReplaceError(diags *diag.Diagnostics, old, next roboto.SecretRef, err error) {
	explained := explain(err)
	explained.block = ""
	if roboto.KindOf(err) == roboto.KindNameTaken {
		explained.next = "Choose another name. If another resource of this configuration gives that name up, apply again: the name may be free by then. " +
			"If names are swapped, apply in two steps: first give each secret a name that is free. To keep the secrets when a count shifts, use for_each with the names as keys."
	}
	diags.AddError("Cannot Replace Roboto Secret",
		d.detail(fmt.Sprintf("The secret %s was not deleted, because the secret that replaces it, %s, cannot be created.", describe(old), describe(next)), explained))
}

// addOtherDefaultError is for a saved plan that is applied with another default organization.
func addOtherDefaultError(diags *diag.Diagnostics, old roboto.SecretRef, planned, now string) {
	diags.AddError("Roboto Organization Changed Since the Plan",
		fmt.Sprintf("The secret %s was not deleted. The plan replaces it with a secret in the organization %s, the provider's organization at that time. Now the provider's organization is %s.\n\n"+
			"Apply with the same org_id or ROBOTO_ORG_ID as the plan, or plan again.", describe(old), planned, now))
}

// addListError says that the secrets of an organization could not be listed. orgID is "" if
// the organization is not known.
func (d *providerData) addListError(diags *diag.Diagnostics, orgID string, err error) {
	whose := "The secrets"
	if orgID != "" {
		whose += " of the organization " + orgID
	}
	diags.AddError("Cannot List Roboto Secrets", d.detail(whose+" could not be listed.", explain(err)))
}

// warnLimit is for a list that stops at a limit. err says why it is not known whether there
// are more secrets, or is nil if there are.
func warnLimit(diags *diag.Diagnostics, limit int64, orgID string, err error) {
	finding := fmt.Sprintf("The list of the secrets of the organization %s stops at the limit of %d, and there are more.", orgID, limit)
	if err != nil {
		finding = fmt.Sprintf("The list of the secrets of the organization %s stops at the limit of %d. It is not known whether there are more. %s", orgID, limit, explain(err).what)
	}
	diags.AddWarning("Not All Roboto Secrets Are Listed",
		finding+"\n\nTo list more, set a higher limit in the list block. Without one, Terraform asks for at most 100. To list fewer, set name_prefix.")
}

// addMissingImportError is for an import of a secret that does not exist.
func addMissingImportError(diags *diag.Diagnostics, ref roboto.SecretRef, err error) {
	diags.AddError("Cannot Import Roboto Secret",
		fmt.Sprintf("There is no secret %q in the organization %s.\n\n%s\n\n"+
			"Check the name and the organization. An import ID without an organization means the provider's organization. To name another one, import name@org_id.",
			ref.Name, ref.OrgID, explain(err).what))
}

// addImportIDError is for an invalid import ID.
func addImportIDError(diags *diag.Diagnostics, id, problem string) {
	diags.AddError("Invalid Import ID",
		fmt.Sprintf("The import ID %q is not valid: %s.\n\nGive the secret's name, name@org_id, or its URI roboto-secret://name@org_id.", id, problem))
}

func (d *providerData) addOrganizationsError(diags *diag.Diagnostics, err error) {
	diags.AddError("Cannot List Roboto Organizations", d.detail("The organizations of the API key's owner could not be listed.", explain(err)))
}

var participles = map[string]string{
	"create": "created", "read": "read", "update": "updated", "delete": "deleted", "plan": "planned", "import": "imported",
}

func capitalize(word string) string { return strings.ToUpper(word[:1]) + word[1:] }

// describe names a secret in a message.
func describe(ref roboto.SecretRef) string {
	switch {
	case ref.Name == "":
		return "whose name is not known yet"
	case ref.OrgID == "":
		return strconv.Quote(ref.Name)
	}
	return fmt.Sprintf("%q of the organization %s", ref.Name, ref.OrgID)
}

// addCompareError is for a plan that cannot tell whether the value differs.
func (d *providerData) addCompareError(diags *diag.Diagnostics, ref roboto.SecretRef, err error) {
	explained := explain(err)
	if mayNotRead(err) {
		explained.next = "Use an API key that may read the value. Or set value_wo_version: planning then reads no value, and the value is written when that version changes. " +
			"To destroy the secret with this API key, remove value_wo first. Then there is nothing to compare."
	}
	diags.AddError("Cannot Compare Roboto Secret Value",
		d.detail(fmt.Sprintf("The secret %s has value_wo without value_wo_version, so planning compares value_wo with the stored value. The stored value could not be read.", describe(ref)), explained))
}

// mayNotRead reports whether the API key gives access to the organization, but not to the value.
func mayNotRead(err error) bool {
	e, ok := errors.AsType[*roboto.Error](err)
	if !ok || e.ForeignOrgID != "" {
		return false
	}
	return e.Kind == roboto.KindUnauthorized || e.Kind == roboto.KindTokenRefused
}

// addDriftError is for a refresh that cannot tell whether the value changed.
func (d *providerData) addDriftError(diags *diag.Diagnostics, ref roboto.SecretRef, err error) {
	explained := explain(err)
	if mayNotRead(err) {
		explained.next = "Use an API key that may read the value. Or remove detect_value_drift and run terraform apply -refresh=false -target=… with the address of this resource once, because a refresh uses the setting from the last apply. " +
			"To destroy the secret with this API key, do the latter first."
	}
	diags.AddError("Cannot Detect Roboto Secret Value Drift",
		d.detail(fmt.Sprintf("The secret %s has detect_value_drift, so each refresh asks for the current version of its value. The version could not be read.", describe(ref)), explained))
}

// addReadVersionError is for a data source that cannot tell the current version.
func (d *providerData) addReadVersionError(diags *diag.Diagnostics, ref roboto.SecretRef, err error) {
	explained := explain(err)
	if mayNotRead(err) {
		explained.next = "Use an API key that may read the value, or remove read_version_id."
	}
	diags.AddError("Cannot Read Roboto Secret Version",
		d.detail(fmt.Sprintf("The data source of the secret %s has read_version_id, so it asks for the current version of the value. The version could not be read.", describe(ref)), explained))
}

// addOpenError is for an ephemeral resource that cannot read the value.
func (d *providerData) addOpenError(diags *diag.Diagnostics, ref roboto.SecretRef, err error) {
	explained := explain(err)
	if isMissing(err) || roboto.KindOf(err) == roboto.KindNoValue {
		explained.next += " If this configuration creates it, also pass version_id = roboto_secret.….version_id to the ephemeral resource: it then waits until the value is written."
	}
	diags.AddError("Cannot Read Roboto Secret", d.detail(fmt.Sprintf("The value of the secret %s could not be read.", describe(ref)), explained))
}

// addFirstValueError is for a create that could not write the value and deleted its record
// again. replaced says that another secret has the name, or is nil.
func (d *providerData) addFirstValueError(diags *diag.Diagnostics, ref roboto.SecretRef, err, replaced error) {
	sentence, explained := "so the record was deleted again. Nothing is left behind. Apply again to start over.", explain(err)
	isAbout := roboto.KindOf(err) == roboto.KindReplaced
	switch {
	case replaced != nil:
		sentence = "and the record is gone."
		explained = explain(replaced)
		if !isAbout {
			explained.what = explain(err).what + " " + explained.what
		}
		explained.next = "Apply again. If the other secret still has the name, the error then says how to import it."
	case isAbout: // and yet the record was there
		explained.next = advices[roboto.KindUnexpectedAnswer]
	}
	diags.AddError("Cannot Write Roboto Secret Value",
		d.detail(fmt.Sprintf("The record of the secret %s was created, but its value could not be written, %s", describe(ref), sentence), explained))
}

// addLeftoverError is for a create that could neither write the value nor delete its
// record.
func (d *providerData) addLeftoverError(diags *diag.Diagnostics, ref roboto.SecretRef, err, cleanupErr error) {
	diags.AddError("Cannot Write Roboto Secret Value",
		d.detail(fmt.Sprintf("The record of the secret %s was created, but its value could not be written, and the record could not be deleted again. "+
			"It is in Terraform's state, without a value and marked as tainted.", describe(ref)), explanation{
			what: fmt.Sprintf("Writing: %s\n\nDeleting: %s", explain(err).what, explain(cleanupErr).what),
			next: "Once the problem is fixed, run terraform apply, which replaces the record. If create_before_destroy or prevent_destroy is set, " +
				"run terraform untaint with the resource's address first. The next apply then writes the value.",
		}))
}

// addSettingError is for an invalid setting. Terraform prints the line that an error
// points at, so only settings that cannot hold a credential carry a path.
func addSettingError(diags *diag.Diagnostics, err error) {
	setting, ok := errors.AsType[*settings.Error](err)
	if !ok {
		diags.AddError("Invalid Provider Configuration", err.Error())
		return
	}
	detail := explainSetting(setting).String()
	switch setting.Setting {
	case settings.Profile, settings.ConfigFile, settings.OrgID:
		if setting.Source == "" {
			diags.AddAttributeError(path.Root(setting.Setting), "Invalid Provider Configuration", detail)
			return
		}
	}
	diags.AddError("Invalid Provider Configuration", detail)
}

func addSettingWarning(diags *diag.Diagnostics, warning *settings.Warning) {
	diags.AddWarning("Unsafe Provider Configuration", warning.Problem+"\n\n"+warning.Remedy)
}

// importBlock contains a placeholder for the resource's address, which a provider does not
// know.
func importBlock(ref roboto.SecretRef) string {
	id := ref.Name
	if ref.OrgID != "" {
		id += "@" + ref.OrgID
	}
	return fmt.Sprintf("import {\n  to = roboto_secret.ADDRESS_OF_THIS_RESOURCE\n  id = %s\n}", quoteHCL(id))
}

// quoteHCL returns a string literal of Terraform's language.
func quoteHCL(text string) string {
	return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(strconv.Quote(text))
}
