// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Kind says how a call failed, as far as this matters to the caller.
type Kind string

// The kinds of errors. KindOther stands for errors that are not of type *Error.
const (
	KindOther Kind = ""

	// KindNotFound: Roboto itself said that there is no such secret. A 404 from a
	// gateway or a wrong endpoint is KindUnexpectedAnswer.
	KindNotFound Kind = "not found"
	// KindForeignOrg: the API key's owner does not belong to the organization.
	KindForeignOrg Kind = "foreign organization"
	// KindReplaced: the secret is gone, and another one has its name.
	KindReplaced Kind = "another secret has the name"
	// KindNameTaken: a record has the name that the create did not make, or not provably.
	KindNameTaken Kind = "the name is taken"
	// KindUnsettled: a create, a deletion or an invocation may have taken effect although it
	// failed. Err is how it failed.
	KindUnsettled Kind = "the outcome is unknown"

	// KindNotConfigured: the configuration allows no call.
	KindNotConfigured Kind = "not configured"
	// KindTokenRefused: the API key was refused, at least for this request.
	KindTokenRefused Kind = "API key refused"
	// KindUnauthorized: the API key, or the credentials from Roboto, may not do this.
	KindUnauthorized Kind = "not authorized"
	// KindLimitExceeded: the organization may not have more.
	KindLimitExceeded Kind = "limit exceeded"
	// KindNoOnlyOrg: the API key's owner belongs to several organizations.
	KindNoOnlyOrg Kind = "no organization chosen"
	// KindNoValue: the secret has no value, or no such version.
	KindNoValue Kind = "no value"

	// KindLostAtAWS: AWS no longer has the secret, or is deleting it.
	KindLostAtAWS Kind = "lost at AWS"
	// KindUnavailable: the service was still busy or failing at the last attempt, or took too
	// long.
	KindUnavailable Kind = "unavailable"
	// KindRefused: the service or this client refused for another reason, which the error says.
	KindRefused Kind = "refused"
	// KindNoAnswer: no answer arrived, or only a part of one.
	KindNoAnswer Kind = "no answer"
	// KindUntrusted: the server's certificate was refused.
	KindUntrusted Kind = "certificate not trusted"
	// KindUnexpectedAnswer: the answer must not be used. For example, it is about another
	// secret, or it is a redirect.
	KindUnexpectedAnswer Kind = "unexpected answer"
	// KindCanceled: the caller's context ended. Err is why.
	KindCanceled Kind = "canceled"
)

// KindOf returns the kind of the outermost *Error in err, or KindOther if there is none.
func KindOf(err error) Kind { return errorOf(err).Kind }

// errorOf returns the outermost *Error in err, or an empty one if there is none.
func errorOf(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{}
}

// Error is a failed call. All of it may be shown.
type Error struct {
	Kind Kind
	// What says what happened, in sentences.
	What string
	// Service is ServiceRoboto, ServiceAWS, or "" if the error is not about one request.
	Service string
	// Ref is the secret of which a record exists, or may exist, that the caller did not ask for.
	Ref SecretRef
	// OutOfReach is set if all requests to the host fail for now.
	OutOfReach bool
	// Err is the cause, or nil.
	Err error
	// Settle is why this client could not find out whether the call took effect, or nil.
	Settle error

	// code is the service's own, or "".
	code string
	// lost is set if the request may have taken effect although it failed, and final if another
	// attempt would fail in the same way.
	lost, final bool
	// retryAfter is how long the service asked to wait, or 0.
	retryAfter time.Duration
}

// The services of an Error.
const (
	ServiceRoboto = "Roboto"
	ServiceAWS    = "AWS Secrets Manager"
)

// Error says what happened, in sentences.
func (e *Error) Error() string {
	var texts []string
	if e.What != "" {
		texts = append(texts, e.What)
	}
	if e.Err != nil && e.Kind != KindCanceled {
		texts = append(texts, e.Err.Error())
	}
	if e.Settle != nil && e.Err != nil {
		texts = append(texts, "Looking for it failed too.")
	}
	if e.Settle != nil {
		texts = append(texts, e.Settle.Error())
	}
	return strings.Join(texts, " ")
}

// Unwrap returns the causes.
func (e *Error) Unwrap() []error {
	return slices.DeleteFunc([]error{e.Err, e.Settle}, func(err error) bool { return err == nil })
}

// sentences makes sentences of clauses, and leaves empty ones out.
func sentences(clauses ...string) string {
	var texts []string
	for _, clause := range clauses {
		if clause != "" {
			texts = append(texts, strings.ToUpper(clause[:1])+clause[1:]+".")
		}
	}
	return strings.Join(texts, " ")
}

// canceled is for a call whose context ended.
func canceled(ctx context.Context) *Error {
	what := "The operation was canceled."
	if errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
		what = "The operation ran out of time."
	}
	return &Error{Kind: KindCanceled, What: what, Err: context.Cause(ctx)}
}

// Error codes and messages of Roboto (src/roboto/exceptions/domain.py).
const (
	codeNotFound        = "RobotoNotFoundException"
	codeConflict        = "RobotoConflictException"
	codeUnauthorized    = "RobotoUnauthorizedException"
	codeLimitExceeded   = "RobotoLimitExceededException"
	messageTokenRefused = "User is not authorized to access this resource with an explicit deny"
)

// robotoKind is the kind of a refusal by Roboto, or by a gateway in front of it.
func robotoKind(status int, code string, message description) Kind {
	switch {
	case code == codeLimitExceeded:
		return KindLimitExceeded
	case status == http.StatusNotFound && code == codeNotFound:
		return KindNotFound
	case status == http.StatusNotFound && code == "", status/100 == 3:
		return KindUnexpectedAnswer
	case status == http.StatusUnauthorized, strings.Contains(string(message), messageTokenRefused):
		return KindTokenRefused
	case status == http.StatusForbidden:
		return KindUnauthorized
	case isTemporary(status):
		return KindUnavailable
	}
	return KindRefused
}

// errorCodePattern is deliberately narrow, because anything that matches is shown.
var errorCodePattern = lazyRegexp(`^Roboto[A-Za-z]{1,60}Exception$`)

// parseErrorBody extracts code and message from Roboto's envelope {"error": {…}} or from a
// gateway's {"message": "…"}. It ignores anything else.
func parseErrorBody(body []byte) (code string, message description) {
	var answer struct {
		Error struct {
			Code    string      `json:"error_code"`
			Message description `json:"message"`
		} `json:"error"`
		Message description `json:"message"`
	}
	_ = json.Unmarshal(body, &answer) // what is of another type stays empty
	if errorCodePattern().MatchString(answer.Error.Code) {
		code = answer.Error.Code
	}
	return code, cmp.Or(answer.Error.Message, answer.Message)
}
