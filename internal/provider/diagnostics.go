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
	"github.com/hashicorp/terraform-plugin-framework/types"

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
		d.tell(secretOf(ref), fmt.Sprintf("The secret %s could not be %s.", describe(ref), participles[task]), explained),
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
			"To manage the other secret with this resource instead, put the address of this resource into the following block, add it to the configuration, and apply:\n\n%s",
			describe(ref), explain(err).what, importBlock(ref)))
}

// warnUnresolvableName is for a name that Terraform can manage but actions cannot use.
func (d *providerData) warnUnresolvableName(diags *diag.Diagnostics, name types.String) {
	if name.IsNull() || name.IsUnknown() || roboto.ResolvableName(name.ValueString()) {
		return
	}
	if text := name.ValueString(); strings.TrimSpace(text) != text {
		diags.AddAttributeWarning(pathName, fmt.Sprintf("Secret Name %q Has Space Around It", text), d.adviseOnce(
			fmt.Sprintf("The name %q begins or ends with white space, which is part of the name. Actions cannot look up such a secret.", text),
			"If the space got there by accident, as from a file or a variable, remove it, for example with trimspace()."))
		return
	}
	diags.AddAttributeWarning(pathName, fmt.Sprintf("Actions Cannot Use the Secret Name %q", name.ValueString()), d.adviseOnce(
		fmt.Sprintf("Roboto's own software (SDK 0.53) cannot look up the secret %q, because it does not encode spaces, %%, #, ? or characters beyond ASCII.", name.ValueString()),
		"An action fails if it gets the URI of such a secret as a parameter. Terraform can manage and read the secret. "+
			"If an action has to use it, choose a name without these characters."))
}

// addIgnoredValueError is for a version that would be recorded although nothing is written.
// Validation sees the value_wo that ignore_changes hides from the plan.
func addIgnoredValueError(diags *diag.Diagnostics, config, state secretModel) bool {
	if !config.ValueWO.IsNull() || config.ValueWOVersion.IsNull() || config.ValueWOVersion.Equal(state.ValueWOVersion) {
		return false
	}
	diags.AddAttributeError(path.Root("value_wo_version"), "Missing Secret Value",
		fmt.Sprintf("The value_wo_version of the secret %q changes, but there is no value_wo to write: it is null, or ignore_changes keeps it from the provider.\n\n"+
			"To write the value, remove value_wo from ignore_changes. To leave it alone, add value_wo_version to ignore_changes too, or keep its current value.", state.Name.ValueString()))
	return true
}

// addUnsettledError refuses to change a secret whose create had no clear outcome and which no
// refresh has settled since.
func addUnsettledError(diags *diag.Diagnostics, state secretModel) {
	diags.AddError("Roboto Secret Not Refreshed Yet",
		fmt.Sprintf("It is not known whether the secret %s was created, so the record of this name may be somebody else's. Nothing was changed.\n\n"+
			"Apply again, without -refresh=false. Terraform then first checks whose record it is.", describe(state.ref())))
}

// warnLeftBehind is for an unsettled create that is removed from the state although a record
// of the name exists. Its title has the name, because Terraform folds warnings of one title
// into one.
func warnLeftBehind(diags *diag.Diagnostics, ref roboto.SecretRef, err error) {
	diags.AddWarning(fmt.Sprintf("Roboto Secret %q May Be Left Behind", ref.Name),
		fmt.Sprintf("It was not known whether an earlier attempt created the secret %s. %s "+
			"Terraform therefore assumes that the record belongs to somebody else. It does not touch the record, and removes the failed attempt from the state.\n\n"+
			"The record may still come from that attempt. If nobody needs it, delete it. To manage it with this resource, "+
			"put the address of this resource into the following block, add it to the configuration, and apply:\n\n%s",
			describe(ref), explain(err).what, importBlock(ref)))
}

// addProtectedError refuses to delete a secret that state says is protected, and tells
// whether it did.
func addProtectedError(diags *diag.Diagnostics, state secretModel) bool {
	if !state.DeletionProtection.ValueBool() {
		return false
	}
	diags.AddError("Roboto Secret Is Protected",
		fmt.Sprintf("The secret %s has deletion_protection, and this would delete the secret with its value, for good. Nothing was deleted.\n\n"+
			"To delete it anyway:\n"+
			"  1. Set deletion_protection = false in its resource block, change nothing else there, and apply. If the block is gone, put it back for this.\n"+
			"  2. Then delete or replace it.\n\n"+
			"If the resource is marked as tainted, run terraform untaint with its address before the first step. If the plan calls the secret a deposed object, "+
			"run terraform state rm with the address of the resource, and import the secret that its block describes. Nothing manages the deposed secret then.",
			describe(state.ref())))
	return true
}

// warnLostValue is for a plan that deletes a value which the configuration cannot write
// again. Terraform does not show the provider the configuration of a resource that it
// destroys, so the state has to do. replaced reports whether another secret takes its place,
// and rewritten whether that one gets a value.
func (d *providerData) warnLostValue(diags *diag.Diagnostics, state secretModel, replaced, rewritten bool) {
	deletes := "The plan deletes the secret " + describe(state.ref()) + "."
	advice := "To keep a secret and stop managing it, use a removed block with destroy = false."
	if replaced {
		deletes = "The plan deletes the secret " + describe(state.ref()) + " and creates another one in its place."
		advice = "To keep a value, copy it into a new secret before you delete the old one. The guide \"Rename, move and copy secrets\" shows how."
	}
	var loses string
	switch {
	case driftFound(state):
		loses = "Its value was written outside Terraform, and is deleted for good."
	case replaced && !rewritten:
		loses = "The configuration has no value_wo, so the value is deleted for good, and the new secret has none."
	case !wroteValue(state):
		loses = "According to the state, Terraform did not write its value. If it has one, it is deleted for good, and perhaps no configuration contains it."
	default:
		return
	}
	diags.AddWarning(fmt.Sprintf("Value of Roboto Secret %q Will Be Lost", state.Name.ValueString()), d.adviseOnce(deletes+" "+loses, advice))
}

// warnOverwrite is for a plan that overwrites a value which Terraform did not write. differs
// reports whether the plan has compared the value. Otherwise there may be none.
func (d *providerData) warnOverwrite(diags *diag.Diagnostics, state secretModel, differs bool) {
	will, finding := "Will", fmt.Sprintf("The value of the secret %s was written outside Terraform; applying overwrites it.", describe(state.ref()))
	switch {
	case wroteValue(state):
	case differs:
		finding = fmt.Sprintf("The secret %s has another value than value_wo. The state does not say who wrote it; applying overwrites it.", describe(state.ref()))
	default:
		will, finding = "May", fmt.Sprintf("According to the state, Terraform did not write the value of the secret %s. If it has one, applying overwrites it.", describe(state.ref()))
	}
	diags.AddWarning(fmt.Sprintf("Value of Roboto Secret %q %s Be Overwritten", state.Name.ValueString(), will), d.adviseOnce(finding,
		"To keep the other value, put it into value_wo before you apply, or remove value_wo and value_wo_version."))
}

// adviseOnce adds advice to the first warning that has it. Terraform folds only warnings of
// one title, and a title that names the secret keeps each secret on the screen.
func (d *providerData) adviseOnce(sentence, advice string) string {
	if _, repeated := d.told.LoadOrStore([2]string{"", advice}, told{}); repeated {
		return sentence
	}
	return sentence + "\n\n" + advice
}

func secretOf(ref roboto.SecretRef) string { return "the secret " + describe(ref) }

// isMissing reports whether there is no such secret in an organization of the API key's owner.
func isMissing(err error) bool {
	e, ok := errors.AsType[*roboto.Error](err)
	return ok && e.Kind == roboto.KindNotFound && e.ForeignOrgID == ""
}

// addListError says that the secrets of an organization could not be listed. orgID is "" if
// the organization is not known.
func (d *providerData) addListError(diags *diag.Diagnostics, orgID string, err error) {
	whose := "The secrets"
	if orgID != "" {
		whose += " of the organization " + orgID
	}
	diags.AddError("Cannot List Roboto Secrets", d.tell("a list of secrets", whose+" could not be listed.", explain(err)))
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
	diags.AddError("Cannot List Roboto Organizations", d.tell("the list of organizations", "The organizations of the API key's owner could not be listed.", explain(err)))
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
		d.tell(secretOf(ref), fmt.Sprintf("The secret %s has value_wo without value_wo_version, so planning compares value_wo with the stored value. The stored value could not be read.", describe(ref)), explained))
}

// mayNotRead reports whether the API key gives access to the organization, but not to the value.
func mayNotRead(err error) bool {
	e, ok := errors.AsType[*roboto.Error](err)
	if !ok || e.ForeignOrgID != "" || e.Verdict != nil {
		return false
	}
	return e.Kind == roboto.KindUnauthorized || e.Kind == roboto.KindTokenRefused || e.Kind == roboto.KindAWSAccessDenied
}

// addDriftError is for a refresh that cannot tell whether the value changed.
func (d *providerData) addDriftError(diags *diag.Diagnostics, ref roboto.SecretRef, err error) {
	explained := explain(err)
	if mayNotRead(err) {
		explained.next = "Use an API key that may read the value. Or remove detect_value_drift and run terraform apply -refresh=false -target=… with the address of this resource once, because a refresh uses the setting from the last apply. " +
			"To destroy the secret with this API key, do the latter first."
	}
	diags.AddError("Cannot Detect Roboto Secret Value Drift",
		d.tell(secretOf(ref), fmt.Sprintf("The secret %s has detect_value_drift, so each refresh asks for the current version of its value. The version could not be read.", describe(ref)), explained))
}

// addReadVersionError is for a data source that cannot tell the current version.
func (d *providerData) addReadVersionError(diags *diag.Diagnostics, ref roboto.SecretRef, err error) {
	explained := explain(err)
	if mayNotRead(err) {
		explained.next = "Use an API key that may read the value, or remove read_version_id."
	}
	diags.AddError("Cannot Read Roboto Secret Version",
		d.tell(secretOf(ref), fmt.Sprintf("The data source of the secret %s has read_version_id, so it asks for the current version of the value. The version could not be read.", describe(ref)), explained))
}

// addOpenError is for an ephemeral resource that cannot read the value.
func (d *providerData) addOpenError(diags *diag.Diagnostics, ref roboto.SecretRef, err error) {
	explained := explain(err)
	if isMissing(err) || roboto.KindOf(err) == roboto.KindNoValue {
		explained.next += " If this configuration creates it, also pass version_id = roboto_secret.….version_id to the ephemeral resource: it then waits until the value is written."
	}
	diags.AddError("Cannot Read Roboto Secret", d.tell(secretOf(ref), fmt.Sprintf("The value of the secret %s could not be read.", describe(ref)), explained))
}

// warnOtherDefault is for a secret that stays in its organization while the default
// organization is another one.
func warnOtherDefault(diags *diag.Diagnostics, ref roboto.SecretRef, defaultOrgID string) {
	diags.AddWarning("Roboto Secrets Stay in Their Organization",
		fmt.Sprintf("The provider's organization is %[1]s, and the secret %[2]s stays where it is. The same may be true of other secrets. The default counts only when a secret is created. "+
			"If the secret is replaced, for example with -replace or taint, the new one is created in %[1]s.\n\n"+
			"If the secret is where it should be, set its org_id to %[3]q. To move it, see the guide \"Rename, move and copy secrets\".",
			defaultOrgID, describe(ref), ref.OrgID))
}

// warnMove is for a replacement in another organization that no org_id asks for.
func (d *providerData) warnMove(diags *diag.Diagnostics, ref roboto.SecretRef, defaultOrgID string) {
	diags.AddWarning(fmt.Sprintf("Roboto Secret %q Moves to Another Organization", ref.Name), d.adviseOnce(
		fmt.Sprintf("The plan replaces the secret %s, and creates it in %s, the provider's organization, because the resource has no org_id.", describe(ref), defaultOrgID),
		fmt.Sprintf("If it should stay in its organization, set its org_id to %q.", ref.OrgID)))
}

// addFirstValueError is for a create that could not write the value and deleted its record
// again.
func (d *providerData) addFirstValueError(diags *diag.Diagnostics, ref roboto.SecretRef, err error) {
	diags.AddError("Cannot Write Roboto Secret Value",
		d.tell(secretOf(ref), fmt.Sprintf(
			"The record of the secret %s was created, but its value could not be written, so the record was deleted again. Nothing is left behind. Apply again to start over.", describe(ref)), explain(err)))
}

// addLeftoverError is for a create that could neither write the value nor delete its
// record.
func (d *providerData) addLeftoverError(diags *diag.Diagnostics, ref roboto.SecretRef, err, cleanupErr error) {
	diags.AddError("Cannot Write Roboto Secret Value",
		d.tell(secretOf(ref), fmt.Sprintf("The record of the secret %s was created, but its value could not be written, and the record could not be deleted again. "+
			"It is in Terraform's state, without a value and marked as tainted.", describe(ref)), explanation{
			what: fmt.Sprintf("Writing: %s\n\nDeleting: %s", explain(err).what, explain(cleanupErr).what),
			next: "Once the problem is fixed, run terraform apply, which replaces the record. If create_before_destroy or prevent_destroy is set, " +
				"run terraform untaint with the resource's address first. The next apply then writes the value.",
			reason: commonReason(err, cleanupErr),
			doubt:  explain(cleanupErr).doubt,
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
