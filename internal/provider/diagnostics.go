// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
)

// explanation is an error in words for the person at the terminal: what
// happened, and what to do next.
type explanation struct {
	what, next string
}

func (e explanation) String() string {
	if e.next == "" {
		return e.what
	}
	return e.what + "\n\n" + e.next
}

// addSecretError says what could not be done ("create", "read", …) with which secret,
// and why.
func addSecretError(diags *diag.Diagnostics, task string, ref roboto.SecretRef, err error) {
	explained := explain(err)
	if task == "update" && errors.Is(err, roboto.ErrNotFound) {
		explained.next = "It was deleted after the last refresh. Apply again, without -refresh=false: Terraform then creates it anew."
	}
	diags.AddError(
		fmt.Sprintf("Cannot %s Roboto Secret", capitalize(task)),
		fmt.Sprintf("The secret %s could not be %s.\n\n%s", describe(ref), participles[task], explained),
	)
}

// addNoVersionError is for an ephemeral resource that asks for a version that is not there.
func addNoVersionError(diags *diag.Diagnostics, ref roboto.SecretRef, versionID string, err error) {
	diags.AddError("Cannot Read Roboto Secret",
		fmt.Sprintf("The secret %s has no version %s. AWS keeps little more than the current version and the one before it.\n\n%s\n\n"+
			"To read the current value, leave version_id out. If version_id comes from a roboto_secret resource, the value was written elsewhere since: "+
			"change value_wo_version of that resource, and the next apply writes the value again. To destroy or only refresh, remove this ephemeral resource from the configuration first.",
			describe(ref), versionID, explain(err).what))
}

// addReplacedWarning is for a refresh that finds another secret under the name.
func addReplacedWarning(diags *diag.Diagnostics, replaced *roboto.ReplacedError) {
	diags.AddWarning("Roboto Secret Was Replaced Elsewhere",
		fmt.Sprintf("%s\n\nTerraform takes the secret that is gone out of the state and leaves the other one alone. The plan creates the secret again, which fails as long as the other one has the name. "+
			"Delete the other secret, or choose another name here.\n\n"+
			"To manage the other secret with this resource instead, put the address of this resource into the following block, add it to the configuration, and apply:\n\n%s",
			describeReplaced(replaced), importBlock(replaced.Found.SecretRef)))
}

func describeReplaced(replaced *roboto.ReplacedError) string {
	found := replaced.Found
	return fmt.Sprintf("The secret %s that Terraform manages is gone. It was created at %s and had the ARN %s. Another secret has its name now: it was created at %s by %s and has the ARN %s.",
		describe(found.SecretRef), replaced.Known.Created.Format(time.RFC3339), replaced.Known.ARN,
		found.Created.Format(time.RFC3339), found.CreatedBy, found.ARN)
}

// warnUnresolvableName is for a name that is fine here and of no use to an action.
func warnUnresolvableName(diags *diag.Diagnostics, name types.String) {
	if name.IsNull() || name.IsUnknown() || roboto.ResolvableName(name.ValueString()) {
		return
	}
	diags.AddAttributeWarning(pathName, "Actions Cannot Use This Secret Name",
		fmt.Sprintf("Roboto's own software (SDK 0.53) cannot look up the secret %q, because it does not encode spaces, %%, # or ?, nor characters beyond ASCII. "+
			"An action that gets the URI of this secret as a parameter fails. The secret can be managed and read with Terraform.\n\n"+
			"If an action is to use the secret, choose a name of other characters.", name.ValueString()))
}

// addIgnoredValueError is for a version that would be recorded although nothing is
// written: validation has seen value_wo, and the plan sees none.
func addIgnoredValueError(diags *diag.Diagnostics, config, state secretModel) bool {
	if !config.ValueWO.IsNull() || config.ValueWOVersion.IsNull() || config.ValueWOVersion.Equal(state.ValueWOVersion) {
		return false
	}
	diags.AddAttributeError(path.Root("value_wo_version"), "Missing Secret Value",
		fmt.Sprintf("The value_wo_version of the secret %q changes, but there is no value_wo to write: it is null, or ignore_changes keeps it from the provider.\n\n"+
			"To write the value, remove value_wo from ignore_changes. To leave it alone, add value_wo_version to ignore_changes too, or keep its present value.", state.Name.ValueString()))
	return true
}

// addListError says that an organization's secrets could not be listed. The
// organization is "" while it is not known.
func addListError(diags *diag.Diagnostics, orgID string, err error) {
	whose := "The secrets"
	if orgID != "" {
		whose += " of the organization " + orgID
	}
	diags.AddError("Cannot List Roboto Secrets", fmt.Sprintf("%s could not be listed.\n\n%s", whose, explain(err)))
}

var participles = map[string]string{
	"create": "created", "read": "read", "update": "updated", "delete": "deleted", "plan": "planned", "import": "imported",
}

func capitalize(word string) string { return strings.ToUpper(word[:1]) + word[1:] }

// describe names a secret for a person.
func describe(ref roboto.SecretRef) string {
	if ref.OrgID == "" {
		return strconv.Quote(ref.Name)
	}
	return fmt.Sprintf("%q of the organization %s", ref.Name, ref.OrgID)
}

// addCompareError is for a plan that cannot tell whether the value differs.
func addCompareError(diags *diag.Diagnostics, ref roboto.SecretRef, err error) {
	explained := explain(err)
	if errors.Is(err, roboto.ErrUnauthorized) || errors.Is(err, roboto.ErrAWSAccessDenied) {
		explained.next = "Use a token that may read the value; or set value_wo_version, with which planning reads no value and the value is written when that version changes. " +
			"To destroy the secret with this token, use terraform destroy -refresh=false, which compares nothing."
	}
	diags.AddError("Cannot Compare Roboto Secret Value",
		fmt.Sprintf("The secret %s has value_wo without value_wo_version, so planning compares value_wo with the stored value. The stored value could not be read.\n\n%s", describe(ref), explained))
}

// addDriftError is for a refresh that cannot tell whether the value changed.
func addDriftError(diags *diag.Diagnostics, ref roboto.SecretRef, err error) {
	explained := explain(err)
	if errors.Is(err, roboto.ErrUnauthorized) || errors.Is(err, roboto.ErrAWSAccessDenied) {
		explained.next = "Use a token that may read the value; or remove detect_value_drift and run terraform apply -refresh=false once, as refreshing goes by the last apply. " +
			"To destroy the secret with this token, use terraform destroy -refresh=false."
	}
	diags.AddError("Cannot Detect Roboto Secret Value Drift",
		fmt.Sprintf("The secret %s has detect_value_drift, so refreshing asks for the current version of its value. That could not be read.\n\n%s", describe(ref), explained))
}

// addFirstValueError is for a create that could not write the value and has
// undone itself.
func addFirstValueError(diags *diag.Diagnostics, ref roboto.SecretRef, err error) {
	diags.AddError("Cannot Write Roboto Secret Value",
		fmt.Sprintf("The record of the secret %s was created, but its value could not be written, so the record was deleted again. Nothing is left behind, and applying again starts afresh.\n\n%s",
			describe(ref), explain(err)))
}

// addLeftoverError is for a create that could neither write the value nor undo
// itself.
func addLeftoverError(diags *diag.Diagnostics, ref roboto.SecretRef, err, cleanupErr error) {
	diags.AddError("Cannot Write Roboto Secret Value",
		fmt.Sprintf("The record of the secret %s was created, but its value could not be written, and the record could not be deleted again. "+
			"It is in Terraform's state, without a value and marked as tainted.\n\n"+
			"Writing: %s\n\nDeleting: %s\n\n"+
			"When the cause is removed, run terraform apply: it replaces the record. Where create_before_destroy or prevent_destroy keep it from doing so, "+
			"run terraform untaint with the resource's address first; the next apply then writes the value.",
			describe(ref), explain(err).what, explain(cleanupErr).what))
}

// addSettingError is for settings that are wrong by themselves. Only settings
// that cannot hold a credential point at their line, which Terraform prints.
func addSettingError(diags *diag.Diagnostics, err error) {
	setting, ok := errors.AsType[*roboto.SettingError](err)
	if !ok {
		diags.AddError("Invalid Provider Configuration", err.Error())
		return
	}
	detail := explain(setting).String()
	switch setting.Setting {
	case roboto.SettingProfile, roboto.SettingConfigFile, roboto.SettingOrgID, roboto.SettingRequestTimeout, roboto.SettingMaxAttempts:
		if setting.Source == "" {
			diags.AddAttributeError(path.Root(setting.Setting), "Invalid Provider Configuration", detail)
			return
		}
	}
	diags.AddError("Invalid Provider Configuration", detail)
}

// explain turns an error of package roboto into words.
func explain(err error) explanation {
	if e, ok := errors.AsType[*roboto.SettingError](err); ok {
		return explainSetting(e)
	}
	if e, ok := errors.AsType[*roboto.OrgChoiceError](err); ok {
		return explanation{
			what: "No organization is given, and " + e.Error() + ".",
			next: "Set org_id on the resource or in the provider block, or the environment variable ROBOTO_ORG_ID.",
		}
	}
	if e, ok := errors.AsType[*roboto.UnsettledCreateError](err); ok {
		return explainUnsettled(e)
	}
	if e, ok := errors.AsType[*roboto.NameTakenError](err); ok {
		return explanation{
			what: "A secret of this name exists already in the organization." + serviceWords(e.Err),
			next: "If it is not in this Terraform state, manage it from here on: put the address of this resource into the following block, add it to the configuration, and apply:\n\n" + importBlock(e.Ref) +
				"\n\nIf this apply was to replace the secret, create_before_destroy is a likely cause: names are unique, so the old secret has to go first. " +
				"If the plan says that the secret is tainted, run terraform untaint with its address instead, and apply.",
		}
	}
	if e, ok := errors.AsType[*roboto.ReplacedError](err); ok {
		return explanation{
			what: describeReplaced(e) + " It was left alone.",
			next: "Apply again, without -refresh=false: Terraform then takes the secret that is gone out of the state, and says how to adopt the other one.",
		}
	}
	if e, ok := errors.AsType[*roboto.UnconfirmedGoneError](err); ok {
		return explainUnconfirmed(e)
	}
	if e, ok := errors.AsType[*roboto.UnsettledDeleteError](err); ok {
		return explanation{
			what: "It may be gone all the same. " + explain(e.Delete).what + " Looking for it failed too: " + explain(e.Settle).what,
			next: "When the cause is removed, apply again: Terraform then looks first.",
		}
	}
	if e, ok := errors.AsType[*roboto.APIError](err); ok {
		return explainAPIError(e)
	}
	if e, ok := errors.AsType[*roboto.AWSError](err); ok {
		return explainAWSError(e)
	}
	if e, ok := errors.AsType[*roboto.TransportError](err); ok {
		return explainTransport(e)
	}
	if e, ok := errors.AsType[*roboto.UnexpectedAnswerError](err); ok {
		return explainUnexpected(e)
	}
	if e, ok := errors.AsType[*roboto.UnsupportedStoreError](err); ok {
		return explanation{
			what: fmt.Sprintf("Its value is kept in a store of type %q, which is not supported by this provider version.", e.StoreType),
			next: "Upgrade the provider.",
		}
	}
	switch {
	case errors.Is(err, context.Canceled):
		return explanation{what: "The operation was canceled.", next: "Apply again to go on."}
	case errors.Is(err, context.DeadlineExceeded):
		return explanation{what: "The operation ran out of time.", next: "Apply again to go on."}
	}
	return explanation{what: capitalize(err.Error()) + "."}
}

func explainSetting(e *roboto.SettingError) explanation {
	from := ""
	if e.Source != "" {
		from = ", which comes from " + e.Source + ","
	}
	return explanation{
		what: fmt.Sprintf("The setting %s%s cannot be used: %s.", e.Setting, from, e.Problem),
		next: e.Remedy,
	}
}

func explainUnsettled(e *roboto.UnsettledCreateError) explanation {
	what := "A record may have been left behind. " + explain(e.Create).what
	if e.Settle != nil {
		what += " Looking for the record failed too: " + explain(e.Settle).what
	}
	return explanation{
		what: what,
		next: "When the cause is removed, apply again. If that says that the secret exists already, and nobody else made it, it is the one of this attempt: adopt it with\n\n" + importBlock(e.Ref),
	}
}

func explainUnconfirmed(e *roboto.UnconfirmedGoneError) explanation {
	const what = "Roboto says that there is no such secret. It is not taken for deleted, because "
	if e.Err != nil {
		cause := explain(e.Err)
		return explanation{
			what: what + "the organizations of the API key's owner could not be looked up. " + cause.what,
			next: cause.next,
		}
	}
	return explanation{
		what: what + "the API key's owner does not belong to the organization " + e.Ref.OrgID + ", so Roboto may be hiding it.",
		next: "Use an API key of somebody who belongs to the organization. If the secret is to be forgotten, take it out of the state with terraform state rm, or with a removed block.",
	}
}

func explainTransport(e *roboto.TransportError) explanation {
	next := "Check the network, the proxy settings and the endpoints in the provider configuration. If the service is slow, raise request_timeout. Then apply again."
	if e.Untrusted() {
		next = "Check that the endpoint is the right one. If a proxy of yours opens TLS connections, add its certificate to the system's trusted ones, or name it in SSL_CERT_FILE."
	}
	return explanation{what: fmt.Sprintf("No usable answer came from %s: %s (%s).", e.Service, e.Reason, e.Request), next: next}
}

func explainUnexpected(e *roboto.UnexpectedAnswerError) explanation {
	next := "Check that the provider's endpoint is Roboto's API and not a proxy or a login page before it. If it is, please report this to Roboto's support."
	if e.AWS {
		next = "Check that secrets_manager_endpoint, if it is set, is AWS Secrets Manager or a private endpoint of it, and that no proxy answers in its place."
	}
	return explanation{what: fmt.Sprintf("The answer to %s was refused: %s.", e.Request, e.Problem), next: next}
}

func explainAPIError(e *roboto.APIError) explanation {
	return explanation{
		what: fmt.Sprintf("Roboto answered %s to %s%s", e.Status(), e.Request, serviceMessage(e.Message)),
		next: nextAfter(e),
	}
}

func explainAWSError(e *roboto.AWSError) explanation {
	return explanation{
		what: fmt.Sprintf("AWS Secrets Manager answered %s to %s%s", e.Status(), e.Operation, serviceMessage(e.Message)),
		next: nextAfter(e),
	}
}

// nextAfter is what to do about a refusal by either service. The more special
// sentinels stand first.
func nextAfter(err error) string {
	for _, advice := range []struct {
		kind error
		next string
	}{
		{roboto.ErrNotFound, "Check the name and the organization."},
		{roboto.ErrNotRoboto, "This is not Roboto's own answer for a missing secret, so nothing is concluded from it. Check that the provider's endpoint is Roboto's API, without a path, and that no proxy answers in its place."},
		{roboto.ErrLimitExceeded, "Delete secrets that are no longer used, or ask Roboto to raise the limit, then apply again."},
		{roboto.ErrTokenRefused, "Check that the API key is valid and meant for this endpoint, and that its owner may do this; keys are managed at " + roboto.TokenSettingsPage + "."},
		{roboto.ErrUnauthorized, "Ask an administrator of the organization for the permission, or use an API key that has it."},
		{roboto.ErrRedirected, "Redirects are not followed, because they would carry the API key to another place. Set the provider's endpoint to the final URL."},
		{roboto.ErrNoValue, "The secret has no value yet. Write one first, with value_wo or with roboto secrets write."},
		{roboto.ErrAWSAccessDenied, "Roboto handed out credentials that AWS does not accept for this secret. Permissions at AWS can lag; apply again in a minute. If it stays so, please report it to Roboto's support."},
		{roboto.ErrThrottled, "The service was busy through all attempts. Apply again later, with a lower -parallelism, or raise max_attempts."},
		{roboto.ErrUnavailable, "The service failed through all attempts. Apply again later; nothing that was done is lost."},
	} {
		if errors.Is(err, advice.kind) {
			return advice.next
		}
	}
	return "If the message does not explain it, please report this to Roboto's support."
}

// serviceMessage ends a sentence with the service's own words.
func serviceMessage(message string) string {
	if message == "" {
		return "."
	}
	return ": " + strings.TrimSuffix(message, ".") + "."
}

func serviceWords(err error) string {
	if err == nil {
		return ""
	}
	return " " + explain(err).what
}

// importBlock leaves the resource's address, which a provider does not know, to
// the practitioner.
func importBlock(ref roboto.SecretRef) string {
	id := ref.Name
	if ref.OrgID != "" {
		id += "@" + ref.OrgID
	}
	return fmt.Sprintf("import {\n  to = roboto_secret.ADDRESS_OF_THIS_RESOURCE\n  id = %s\n}", quoteHCL(id))
}

// quoteHCL writes a string literal of Terraform's language.
func quoteHCL(text string) string {
	return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(strconv.Quote(text))
}
