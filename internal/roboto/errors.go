// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/transport"
)

// Kind says how a call failed, as far as this matters to the caller.
type Kind int

// The kinds of errors. KindOther stands for errors that are not of type *Error.
const (
	KindOther Kind = iota

	// KindNotFound: Roboto itself said that there is no such secret. A 404 from a
	// gateway or a wrong endpoint is KindNotRoboto.
	KindNotFound
	KindNotRoboto
	// KindUnconfirmedGone: Roboto does not find the secret, which proves nothing. Either
	// the API key's owner does not belong to the secret's organization, or Err prevented
	// the check.
	KindUnconfirmedGone
	// KindReplaced: the secret is gone, and another one has its name.
	KindReplaced
	// KindConflict: the service refused a name because it is taken.
	KindConflict
	// KindNameTaken: a record has the name that the create did not make, or not provably.
	// Problem says who created it and when, or is "" if that could not be found out.
	KindNameTaken
	// KindUnsettledCreate: a record may have been created. Err is how the create failed.
	KindUnsettledCreate
	// KindUnsettledDelete: the secret may have been deleted. Err is how the deletion
	// failed.
	KindUnsettledDelete

	// KindUnsettledInvoke: the action may have been invoked. Err is how that failed.
	KindUnsettledInvoke
	// KindLostInvocation: Roboto no longer reports the status of an invocation. Err is why.
	KindLostInvocation

	// KindNoAPIKey: no source gave an API key.
	KindNoAPIKey
	// KindTokenRefused: the API key was refused, at least for this request.
	KindTokenRefused
	// KindUnauthorized: the API key may not do this.
	KindUnauthorized
	// KindLimitExceeded: the organization may not have more.
	KindLimitExceeded
	// KindNoOnlyOrg: the API key's owner belongs to no organization, or to several.
	KindNoOnlyOrg

	// KindNoValue: the secret has no value, or no such version.
	KindNoValue
	// KindAWSAccessDenied: AWS refused the credentials from Roboto.
	KindAWSAccessDenied
	// KindUnsupportedStore: the value is in a store that this client does not support.
	KindUnsupportedStore

	// KindThrottled: the last attempt was still refused because of too many requests.
	KindThrottled
	// KindUnavailable: the service still failed at the last attempt.
	KindUnavailable
	// KindTooSlow: the service answered each request, but all together took too long.
	KindTooSlow
	// KindRefused: the service refused the request for another reason.
	KindRefused
	// KindRedirected: the answer was a redirect, which is not followed.
	KindRedirected
	// KindNoAnswer: no answer arrived, or only a part of one.
	KindNoAnswer
	// KindUntrusted: the server's certificate was refused.
	KindUntrusted
	// KindUnexpectedAnswer: the answer from Roboto must not be used. For example, it is
	// about another secret, or it is not JSON.
	KindUnexpectedAnswer
	// KindUnexpectedAWSAnswer: the answer from AWS must not be used.
	KindUnexpectedAWSAnswer
	// KindCanceled: the caller's context ended. Err is why.
	KindCanceled
)

var kindNames = [...]string{
	KindOther:               "error",
	KindNotFound:            "no such secret",
	KindNotRoboto:           "not found, and not by Roboto",
	KindUnconfirmedGone:     "not found, which proves nothing",
	KindReplaced:            "another secret has the name",
	KindConflict:            "conflict",
	KindNameTaken:           "the name is taken",
	KindUnsettledCreate:     "a record may exist",
	KindUnsettledDelete:     "the secret may be gone",
	KindUnsettledInvoke:     "the action may have been invoked",
	KindLostInvocation:      "the status of the invocation is unknown",
	KindNoAPIKey:            "no API key",
	KindTokenRefused:        "the API key was refused",
	KindUnauthorized:        "not authorized",
	KindLimitExceeded:       "limit exceeded",
	KindNoOnlyOrg:           "no organization chosen",
	KindNoValue:             "no such value",
	KindAWSAccessDenied:     "access denied by AWS",
	KindUnsupportedStore:    "unsupported store",
	KindThrottled:           "too many requests",
	KindUnavailable:         "service unavailable",
	KindTooSlow:             "too slow",
	KindRefused:             "refused",
	KindRedirected:          "redirected",
	KindNoAnswer:            "no usable answer",
	KindUntrusted:           "certificate not trusted",
	KindUnexpectedAnswer:    "unexpected answer",
	KindUnexpectedAWSAnswer: "unexpected answer",
	KindCanceled:            "canceled",
}

// String returns "" for a number that is not a kind.
func (k Kind) String() string {
	if k < 0 || int(k) >= len(kindNames) {
		return ""
	}
	return kindNames[k]
}

// KindOf returns the kind of the outermost *Error in err, or KindOther if there is none.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return KindOther
}

// Error is a failed call. Everything in it may be shown. Code and Message are the only
// texts from a server, and secrets in them are redacted.
type Error struct {
	Kind Kind
	// Ref is the secret, if the error is not about a single request.
	Ref SecretRef
	// Service is "Roboto" or "AWS Secrets Manager".
	Service string
	// Route is where the request went.
	Route Route
	// Request is the method and the path below the endpoint, or the AWS operation.
	Request string
	// StatusCode is the HTTP status of a refusal, or 0.
	StatusCode int
	// Code is the service's own code of a refusal, or "".
	Code string
	// Message is the service's own message, or "".
	Message string
	// Problem is what this client found, or "".
	Problem string
	// ForeignOrgID is the organization of the request, if the API key's owner is known not
	// to belong to it, or "". OwnOrgs then lists the owner's organizations. It is "" if
	// there are none.
	ForeignOrgID, OwnOrgs string
	// OutOfReach is set if all requests to the host fail for now.
	OutOfReach bool
	// Err is the cause, or nil.
	Err error
	// Settle is why this client could not find out what happened: whether a create or a
	// deletion took effect, or the status of an invocation. It may be nil.
	Settle error

	// lost is set if the request may have taken effect although it failed, and final if another
	// attempt would fail in the same way.
	lost, final bool
	// retryAfter is how long the service asked to wait, or 0.
	retryAfter time.Duration
}

func (e *Error) Error() string {
	var parts []string
	if e.Ref.Name != "" {
		parts = append(parts, "secret "+e.Ref.URI())
	}
	if e.Request != "" {
		parts = append(parts, e.Request)
	}
	parts = append(parts, e.Kind.String())
	if e.StatusCode != 0 {
		parts = append(parts, e.Status())
	}
	for _, text := range []string{e.Message, e.Problem} {
		if text != "" {
			parts = append(parts, text)
		}
	}
	if e.Problem == "" { // which is the cause in words
		for _, err := range e.Unwrap() {
			parts = append(parts, err.Error())
		}
	}
	return strings.Join(parts, ": ")
}

// Unwrap returns the causes.
func (e *Error) Unwrap() []error {
	var causes []error
	for _, err := range []error{e.Err, e.Settle} {
		if err != nil {
			causes = append(causes, err)
		}
	}
	return causes
}

// Status is the HTTP status with its text, and with the service's code if there is one.
func (e *Error) Status() string {
	text := strings.TrimSpace(fmt.Sprintf("%d %s", e.StatusCode, http.StatusText(e.StatusCode)))
	if e.Code != "" {
		text += ", " + e.Code
	}
	return text
}

const (
	serviceRoboto = "Roboto"
	serviceAWS    = "AWS Secrets Manager"
)

// Error codes and messages of Roboto (src/roboto/exceptions/domain.py).
const (
	codeNotFound        = "RobotoNotFoundException"
	codeConflict        = "RobotoConflictException"
	codeUnauthorized    = "RobotoUnauthorizedException"
	codeLimitExceeded   = "RobotoLimitExceededException"
	messageTokenRefused = "User is not authorized to access this resource with an explicit deny"
)

// robotoKind is the kind of a refusal by Roboto, or by a gateway in front of it.
func robotoKind(status int, code, message string) Kind {
	switch {
	case code == codeLimitExceeded:
		return KindLimitExceeded
	case status == http.StatusNotFound && code == codeNotFound:
		return KindNotFound
	case status == http.StatusNotFound && code == "":
		return KindNotRoboto
	case status == http.StatusConflict && code == codeConflict:
		return KindConflict
	case status == http.StatusUnauthorized, strings.Contains(message, messageTokenRefused):
		return KindTokenRefused
	case status == http.StatusForbidden:
		return KindUnauthorized
	case status == http.StatusTooManyRequests:
		return KindThrottled
	case status/100 == 3:
		return KindRedirected
	case status >= 500 || status == http.StatusRequestTimeout:
		return KindUnavailable
	}
	return KindRefused
}

// errorCodePattern is deliberately narrow, because anything that matches is shown.
var errorCodePattern = lazyRegexp(`^Roboto[A-Za-z]{1,60}Exception$`)

// parseErrorBody extracts code and message from Roboto's envelope {"error": {…}} or from a
// gateway's {"message": "…"}. It ignores anything else.
func parseErrorBody(body []byte) (code, message string) {
	var answer struct {
		Error   json.RawMessage `json:"error"`
		Message json.RawMessage `json:"message"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return "", ""
	}
	var envelope struct {
		Code    json.RawMessage `json:"error_code"`
		Message json.RawMessage `json:"message"`
	}
	if string(answer.Error) == "null" || json.Unmarshal(answer.Error, &envelope) != nil {
		return "", jsonText(answer.Message)
	}
	if code = jsonText(envelope.Code); !errorCodePattern().MatchString(code) {
		code = ""
	}
	return code, jsonText(envelope.Message)
}

// jsonText returns the text of a JSON string, or "" for anything else.
func jsonText(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return ""
	}
	return text
}

// unexpected is for an answer from Roboto that must not be used.
func unexpected(r request, problem string) *Error {
	return &Error{Kind: KindUnexpectedAnswer, Service: serviceRoboto, Route: r.route, Request: r.String(), Problem: problem}
}

// unreadable is for an unexpected answer that does not show whether the request took
// effect.
func unreadable(r request, problem string) *Error {
	e := unexpected(r, problem)
	e.lost = true
	return e
}

// noAnswer is for a request without a usable answer.
func noAnswer(ctx context.Context, service string, route Route, request string, err error) *Error {
	failure := transport.FailureOf(err)
	if failure == nil { // net/http refused the answer, and its errors quote what is malformed
		failure = &transport.Failure{Reason: "the answer was not HTTP", Sent: true}
	}
	if ctx.Err() != nil {
		e := canceled(ctx, request)
		e.lost = failure.Sent
		return e
	}
	e := &Error{
		Kind: KindNoAnswer, Service: service, Route: route, Request: request, Problem: failure.Reason,
		OutOfReach: failure.OutOfReach, lost: failure.Sent, final: failure.Final,
	}
	if failure.Untrusted {
		e.Kind = KindUntrusted
	}
	return e
}

// canceled is for a call whose context ended.
func canceled(ctx context.Context, request string) *Error {
	return &Error{Kind: KindCanceled, Request: request, Err: context.Cause(ctx)}
}

// storeTypePattern is narrow, because a store type that matches is shown.
var storeTypePattern = lazyRegexp(`^[a-z][a-z0-9_-]{0,19}$`)

func unsupportedStore(ref SecretRef, storeType string) *Error {
	if !storeTypePattern().MatchString(storeType) {
		storeType = "unknown"
	}
	return &Error{Kind: KindUnsupportedStore, Ref: ref, Problem: fmt.Sprintf("its value is kept in a store of type %q", storeType)}
}
