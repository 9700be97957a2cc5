// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
)

const (
	summaryInvoke = "Cannot Invoke Roboto Action"

	// invokeAgain is part of each error of an invocation. The change that triggered it is in
	// the state by then, so another apply has nothing to do.
	invokeAgain = "To invoke it again, run terraform apply -invoke=action.roboto_action_invoke.NAME, with its name. A plain apply does so only if its trigger fires again."
)

// describeStatus is one line, which Terraform shows after the address of its action.
func describeStatus(actionName, invocationID string, status roboto.Status) string {
	text := fmt.Sprintf("Invocation %s of %q: %s", invocationID, actionName, status.Code)
	if status.Detail != "" {
		text += " (" + status.Detail + ")"
	}
	return text
}

// addFindActionError is for an action that could not be looked up. more is added to the
// advice.
func (d *providerData) addFindActionError(diags *diag.Diagnostics, ref roboto.ActionRef, err error, more ...string) {
	explained := explainInvocation(err)
	if roboto.KindOf(err) == roboto.KindNotFound {
		explained.next = "Check the name, the digest and the organization. An action of the Action Hub belongs to another organization: set action_org_id to it."
	}
	if failure, ok := errors.AsType[*roboto.Error](err); ok && failure.ForeignOrgID != "" {
		explained.next = "Correct action_org_id, or org_id if it is not set. Only an action of the Action Hub can be used from another organization."
	}
	action := strconv.Quote(ref.Name)
	if ref.OrgID != "" {
		action += " of the organization " + ref.OrgID
	}
	detail := d.detail(fmt.Sprintf("The action %s could not be looked up. Nothing was invoked.", action), explained)
	diags.AddError("Cannot Find Roboto Action", strings.Join(append([]string{detail}, more...), "\n\n"))
}

func addMissingParameterError(diags *diag.Diagnostics, actionName, parameter string) {
	diags.AddAttributeError(pathParameterValues, "Missing Action Parameter",
		fmt.Sprintf("The action %q requires the parameter %q. Add it to parameter_values.", actionName, parameter))
}

// addUnknownParameterError points at the map, because the line of the parameter may hold a
// value that somebody put in the wrong place.
func addUnknownParameterError(diags *diag.Diagnostics, actionName, parameter string, known []string) {
	parameters := "It has no parameters."
	if len(known) > 0 {
		parameters = "Its parameters are: " + strings.Join(known, ", ") + "."
	}
	diags.AddAttributeError(pathParameterValues, "Unknown Action Parameter",
		fmt.Sprintf("The action %q has no parameter %q. %s", actionName, parameter, parameters))
}

// addParameterSecretError is for a parameter that names a secret which cannot be found.
func (d *providerData) addParameterSecretError(diags *diag.Diagnostics, actionName, parameter string, ref roboto.SecretRef, err error) {
	explained := explainInvocation(err)
	if roboto.KindOf(err) == roboto.KindNotFound {
		explained.next = "Check the name and the organization. Without one in its URI, the secret is looked for where the action is invoked."
	}
	diags.AddAttributeError(pathParameterValues, summaryInvoke,
		d.detail(fmt.Sprintf("The parameter %q of the action %q names the secret %s, which could not be looked up. Nothing was invoked.",
			parameter, actionName, describe(ref)), explained)+"\n\n"+invokeAgain)
}

// addInvokeError reports an action that was not invoked, or may not have been.
func (d *providerData) addInvokeError(diags *diag.Diagnostics, actionName string, err error) {
	action := "the action " + strconv.Quote(actionName)
	diags.AddError(summaryInvoke, d.detail("Invoking "+action+" failed.", explainInvocation(err))+"\n\n"+invokeAgain)
}

// explainInvocation is explain without the advice to apply again, and without advice that
// is about secrets.
func explainInvocation(err error) explanation {
	explained := explain(err)
	switch roboto.KindOf(err) {
	case roboto.KindNoAnswer:
		explained.next = "Check the network, the proxy settings and the endpoints in the provider configuration."
	case roboto.KindThrottled, roboto.KindUnavailable, roboto.KindCanceled, roboto.KindConflict, roboto.KindNotFound, roboto.KindLimitExceeded:
		explained.next = ""
	}
	return explained
}

// addFailedInvocationError is for an invocation that has ended without success.
func addFailedInvocationError(diags *diag.Diagnostics, actionName string, last roboto.Invocation) {
	final := ""
	if last.Status().Code == roboto.StatusFailed {
		final = " Roboto may queue a failed invocation again, but did not do so while the provider waited."
	}
	diags.AddError("Roboto Action Failed",
		fmt.Sprintf("The invocation %s of the action %q has ended with the status %s.%s\n\n%s If a new value of a secret is the cause, the guide \"Prove a rotation\" says how to go back.\n\n%s",
			last.ID, actionName, statusText(last.Status()), final, showLogs(last), invokeAgain))
}

// addLostInvocationError is for an invocation whose status Roboto no longer reports.
func addLostInvocationError(diags *diag.Diagnostics, actionName string, last roboto.Invocation, err error) {
	diags.AddError("Roboto Action Status Unknown",
		fmt.Sprintf("The invocation %s of the action %q may still be running. Its last known status is %s.\n\n%s\n\n%s",
			last.ID, actionName, statusText(last.Status()), explain(err), invokeAgain))
}

// stoppedInvocation is an invocation that the provider tried to cancel.
type stoppedInvocation struct {
	actionName string
	before     roboto.Status
	last       roboto.Invocation
	// unheard is why the last status request before that failed, or nil.
	unheard   error
	cancelErr error
	// timeout is wait_timeout as configured, or "" after an interrupt.
	timeout string
}

func addStoppedInvocationError(diags *diag.Diagnostics, s stoppedInvocation) {
	summary, reason := "Roboto Action Was Interrupted", "Terraform was interrupted"
	next := invokeAgain
	if s.timeout != "" {
		summary, reason = "Roboto Action Took Too Long", fmt.Sprintf("The wait_timeout of %s expired", s.timeout)
		next = "If the action needs longer, raise wait_timeout. " + invokeAgain
	}
	outcome := "It was canceled."
	switch {
	case s.cancelErr != nil && s.last.Status().Code == roboto.StatusFailed:
		outcome = fmt.Sprintf("It could not be canceled, so Roboto may queue it again. %s\n\nTo see its status, use roboto invocations status %s.", explain(s.cancelErr).what, s.last.ID)
	case s.cancelErr != nil:
		outcome = fmt.Sprintf("It could not be canceled, so it may still be running. %s\n\nTo end it, use roboto invocations cancel %s.", explain(s.cancelErr).what, s.last.ID)
	case s.last.Status().Code != roboto.StatusCancelled:
		outcome = fmt.Sprintf("Roboto accepted the cancellation, and the last known status is %s. To see how it ends, use roboto invocations status %s.", statusText(s.last.Status()), s.last.ID)
	}
	if s.unheard != nil {
		outcome = "The last status request failed. " + explain(s.unheard).what + " " + outcome
	}
	diags.AddError(summary,
		fmt.Sprintf("%s while the invocation %s of the action %q had the status %s. %s\n\n%s\n\n%s",
			reason, s.last.ID, s.actionName, statusText(s.before), outcome, showLogs(s.last), next))
}

// statusText is a status with its detail.
func statusText(status roboto.Status) string {
	if status.Detail == "" {
		return status.Code.String()
	}
	return fmt.Sprintf("%s (%s)", status.Code, strings.TrimSuffix(status.Detail, "."))
}

// showLogs says how to see the logs, which the provider never shows: an action may write
// the values of secrets there.
func showLogs(invocation roboto.Invocation) string {
	return fmt.Sprintf("To see its output, use roboto invocations logs %s. The provider does not show it, because it may hold the value of a secret.", invocation.ID)
}
