// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
)

// aboutAction describes an action.
func aboutAction(ref roboto.ActionRef) about {
	action := strconv.Quote(ref.Name)
	if ref.OrgID != "" {
		action += " of the organization " + ref.OrgID
	}
	return about{"{action}", action}
}

// describeStatus is one line, which Terraform shows after the address of its action.
func describeStatus(actionName, invocationID string, status roboto.Status) string {
	text := fmt.Sprintf("Invocation %s of %q: %s", invocationID, actionName, status.Code)
	if status.Detail != "" {
		text += " (" + status.Detail + ")"
	}
	return text
}

// addFailedInvocationError is for an invocation that has ended without success.
func addFailedInvocationError(diags *diag.Diagnostics, actionName string, last roboto.Invocation) {
	final := ""
	if last.Status().Code == roboto.StatusFailed {
		final = " Roboto may queue a failed invocation again, but did not do so while the provider waited."
	}
	diags.AddError("Roboto Action Failed",
		fmt.Sprintf("The invocation %s of the action %q has ended with the status %s.%s\n\n%s If a new value of a secret is the cause, the guide \"Prove a rotation\" says how to go back.",
			last.ID, actionName, statusText(last.Status()), final, showLogs(last)))
}

// addLostInvocationError is for an invocation whose status Roboto does not report. err is why.
func addLostInvocationError(diags *diag.Diagnostics, actionName string, last roboto.Invocation, err error) {
	diags.AddError("Roboto Action Status Unknown",
		fmt.Sprintf("The invocation %s of the action %q may still be running. Its last known status is %s.\n\nRoboto no longer reports the status of the invocation. %s\n\n"+
			"To see its status, use roboto invocations status with its ID. To end it, use roboto invocations cancel.",
			last.ID, actionName, statusText(last.Status()), what(err)))
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
	next := ""
	if s.timeout != "" {
		summary, reason = "Roboto Action Took Too Long", fmt.Sprintf("The wait_timeout of %s expired", s.timeout)
		next = "If the action needs longer, raise wait_timeout."
	}
	outcome := "It was canceled."
	switch {
	case s.cancelErr != nil && s.last.Status().Code == roboto.StatusFailed:
		outcome = fmt.Sprintf("It could not be canceled, so Roboto may queue it again. %s\n\nTo see its status, use roboto invocations status %s.", what(s.cancelErr), s.last.ID)
	case s.cancelErr != nil:
		outcome = fmt.Sprintf("It could not be canceled, so it may still be running. %s\n\nTo end it, use roboto invocations cancel %s.", what(s.cancelErr), s.last.ID)
	case s.last.Status().Code != roboto.StatusCancelled:
		outcome = fmt.Sprintf("Roboto accepted the cancellation, and the last known status is %s. To see how it ends, use roboto invocations status %s.", statusText(s.last.Status()), s.last.ID)
	}
	if s.unheard != nil {
		outcome = "The last status request failed. " + what(s.unheard) + " " + outcome
	}
	diags.AddError(summary,
		joinParagraphs(fmt.Sprintf("%s while the invocation %s of the action %q had the status %s. %s", reason, s.last.ID, s.actionName, statusText(s.before), outcome),
			showLogs(s.last), next))
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
