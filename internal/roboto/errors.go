// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/transport"
)

// Kind says how a call failed, as far as this matters to the caller.
type Kind string

// The kinds of errors. KindOther stands for errors that are not of type *Error.
const (
	KindOther Kind = ""

	// KindNotFound: Roboto itself said that there is no such secret. A 404 from a
	// gateway or a wrong endpoint is KindUnexpectedAnswer.
	KindNotFound Kind = "not found"
	// KindUnconfirmedGone: Roboto does not find the secret, which proves nothing. Either
	// the API key's owner does not belong to the secret's organization, or Err prevented
	// the check.
	KindUnconfirmedGone Kind = "not found, which proves nothing"
	// KindReplaced: the secret is gone, and another one has its name.
	KindReplaced Kind = "another secret has the name"
	// KindConflict: the service refused a name because it is taken.
	KindConflict Kind = "conflict"
	// KindNameTaken: a record has the name that the create did not make, or not provably.
	KindNameTaken Kind = "the name is taken"
	// KindUnsettledCreate: a record may have been created. Err is how the create failed.
	KindUnsettledCreate Kind = "a record may exist"
	// KindUnsettledDelete: the secret may have been deleted. Err is how the deletion failed.
	KindUnsettledDelete Kind = "the secret may be gone"
	// KindUnsettledInvoke: the action may have been invoked. Err is how that failed.
	KindUnsettledInvoke Kind = "the action may have been invoked"
	// KindLostInvocation: Roboto no longer reports the status of an invocation. Err is why.
	KindLostInvocation Kind = "the status of the invocation is unknown"

	// KindNoAPIKey: no source gave an API key.
	KindNoAPIKey Kind = "no API key"
	// KindTokenRefused: the API key was refused, at least for this request.
	KindTokenRefused Kind = "API key refused"
	// KindUnauthorized: the API key, or the credentials from Roboto, may not do this.
	KindUnauthorized Kind = "not authorized"
	// KindLimitExceeded: the organization may not have more.
	KindLimitExceeded Kind = "limit exceeded"
	// KindNoOnlyOrg: the API key's owner belongs to no organization, or to several.
	KindNoOnlyOrg Kind = "no organization chosen"

	// KindNoValue: the secret has no value, or no such version.
	KindNoValue Kind = "no value"
	// KindUnsupportedStore: the value is in a store that this client does not support.
	KindUnsupportedStore Kind = "unsupported store"

	// KindThrottled: the last attempt was still refused because of too many requests.
	KindThrottled Kind = "throttled"
	// KindUnavailable: the service still failed at the last attempt, or took too long.
	KindUnavailable Kind = "unavailable"
	// KindRefused: the service refused the request for another reason.
	KindRefused Kind = "refused"
	// KindNoAnswer: no answer arrived, or only a part of one.
	KindNoAnswer Kind = "no answer"
	// KindUnexpectedAnswer: the answer must not be used. For example, it is about another
	// secret, or it is a redirect.
	KindUnexpectedAnswer Kind = "unexpected answer"
	// KindCanceled: the caller's context ended. Err is why.
	KindCanceled Kind = "canceled"
)

// KindOf returns the kind of the outermost *Error in err, or KindOther if there is none.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return KindOther
}

// Error is a failed call. All of it may be shown. Code and Message are the only texts from a
// server, and secrets in them are redacted.
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
	// Code and Message are the service's own, or "".
	Code, Message string
	// Problem is what this client found, as a clause, or "".
	Problem string
	// ForeignOrgID is the organization of the request, if the API key's owner is known not
	// to belong to it, or "". OwnOrgs then lists the owner's organizations. It is "" if
	// there are none.
	ForeignOrgID, OwnOrgs string
	// Untrusted is set if the server's certificate was refused.
	Untrusted bool
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

// Error says what happened, in sentences.
func (e *Error) Error() string {
	var sentences []string
	for _, clause := range e.clauses() {
		if clause != "" {
			sentences = append(sentences, strings.ToUpper(clause[:1])+clause[1:]+".")
		}
	}
	if e.Err != nil && e.Kind != KindCanceled {
		sentences = append(sentences, e.Err.Error())
	}
	if e.Settle != nil && e.Err != nil {
		sentences = append(sentences, "Looking for it failed too.")
	}
	if e.Settle != nil {
		sentences = append(sentences, e.Settle.Error())
	}
	return strings.Join(sentences, " ")
}

func (e *Error) clauses() []string {
	switch e.Kind {
	case KindUnconfirmedGone:
		why := "the organizations of the API key's owner could not be looked up"
		if e.Err == nil {
			why = e.belonging()
		}
		who := "Roboto"
		if e.Service != "" {
			who = e.server()
		}
		return []string{who + " says that there is no such secret", "this does not prove that it was deleted, because " + why}
	case KindNameTaken:
		return []string{"a secret of this name exists already in the organization", e.Problem}
	case KindUnsettledCreate:
		return []string{"a record of this name may have been created"}
	case KindUnsettledDelete:
		return []string{"the secret may have been deleted anyway"}
	case KindUnsettledInvoke:
		return []string{"it is not known whether the action was invoked"}
	case KindLostInvocation:
		return []string{"Roboto no longer reports the status of the invocation"}
	case KindNoAPIKey:
		return []string{"no API key was found"}
	case KindNoOnlyOrg:
		return []string{fmt.Sprintf("no organization is given, and according to %s, %s", e.server(), e.Problem)}
	case KindNoAnswer:
		return []string{fmt.Sprintf("no usable answer came from %s to %s: %s", e.server(), e.Request, e.Problem)}
	case KindCanceled:
		if errors.Is(e.Err, context.DeadlineExceeded) {
			return []string{"the operation ran out of time"}
		}
		return []string{"the operation was canceled"}
	}
	switch {
	case e.StatusCode != 0:
		answered := fmt.Sprintf("%s answered %s to %s", e.server(), e.status(), e.Request)
		if e.Message != "" {
			answered += ": " + strings.TrimSuffix(e.Message, ".")
		}
		if e.ForeignOrgID != "" {
			return []string{answered, e.Problem, e.belonging()}
		}
		return []string{answered, e.Problem}
	case e.Request != "":
		return []string{fmt.Sprintf("the answer from %s to %s cannot be used: %s", e.server(), e.Request, e.Problem)}
	}
	return []string{e.Problem}
}

// Unwrap returns the causes.
func (e *Error) Unwrap() []error {
	return slices.DeleteFunc([]error{e.Err, e.Settle}, func(err error) bool { return err == nil })
}

// status is the HTTP status with its text, and with the service's code if there is one.
func (e *Error) status() string {
	text := strings.TrimSpace(fmt.Sprintf("%d %s", e.StatusCode, http.StatusText(e.StatusCode)))
	if e.Code != "" {
		text += ", " + e.Code
	}
	return text
}

// server names the service and how it was reached.
func (e *Error) server() string {
	var how []string
	if e.Route.Host != "" {
		how = append(how, e.Route.Host)
	}
	if e.Route.Proxy != "" {
		how = append(how, "through the proxy "+e.Route.Proxy+" of HTTPS_PROXY")
	}
	if e.Route.APIKey.From != "" {
		how = append(how, "with the API key from "+e.Route.APIKey.From)
	}
	if len(how) == 0 {
		return e.Service
	}
	return fmt.Sprintf("%s (%s)", e.Service, strings.Join(how, ", "))
}

// belonging lists the organizations of the API key's owner, for an error about an
// organization that is not one of them.
func (e *Error) belonging() string {
	own := "or to any other"
	if e.OwnOrgs != "" {
		own = "but to " + e.OwnOrgs
	}
	return fmt.Sprintf("the API key's owner does not belong to the organization %s, %s", e.ForeignOrgID, own)
}

// The services of an Error.
const (
	ServiceRoboto = "Roboto"
	ServiceAWS    = "AWS Secrets Manager"
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
	case status == http.StatusNotFound && code == "", status/100 == 3:
		return KindUnexpectedAnswer
	case status == http.StatusConflict && code == codeConflict:
		return KindConflict
	case status == http.StatusUnauthorized, strings.Contains(message, messageTokenRefused):
		return KindTokenRefused
	case status == http.StatusForbidden:
		return KindUnauthorized
	case status == http.StatusTooManyRequests:
		return KindThrottled
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
	return &Error{Kind: KindUnexpectedAnswer, Service: ServiceRoboto, Route: r.route, Request: r.String(), Problem: problem}
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
	return &Error{
		Kind: KindNoAnswer, Service: service, Route: route, Request: request, Problem: failure.Reason,
		Untrusted: failure.Untrusted, OutOfReach: failure.OutOfReach, lost: failure.Sent, final: failure.Final,
	}
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
	return &Error{Kind: KindUnsupportedStore, Ref: ref, Problem: fmt.Sprintf("its value is kept in a store of type %q, which this version does not support", storeType)}
}
