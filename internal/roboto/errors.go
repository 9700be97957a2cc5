// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// Sentinels for errors.Is. The errors that match them carry the details.
var (
	// ErrNotFound: Roboto itself said that there is no such secret. A 404 from a
	// gateway or a wrong endpoint does not match.
	ErrNotFound = errors.New("no such secret")
	// ErrNotRoboto: a 404 that is not Roboto's.
	ErrNotRoboto = errors.New("not found, and not by Roboto")
	// ErrConflict: the name is taken in the organization.
	ErrConflict = errors.New("the name is taken")
	// ErrLimitExceeded: the organization may not have more.
	ErrLimitExceeded = errors.New("limit exceeded")
	// ErrUnauthorized: the token was refused, or may not do this.
	ErrUnauthorized = errors.New("not authorized")
	// ErrTokenRefused: the token itself was refused, rather than this one request.
	ErrTokenRefused = errors.New("the token was refused")
	// ErrRedirected: the answer was a redirect, which is not followed.
	ErrRedirected = errors.New("redirected")
	// ErrNoValue: the record exists, and no value was ever written to it.
	ErrNoValue = errors.New("the secret has no value yet")
	// ErrAWSAccessDenied: AWS refused the credentials that Roboto handed out.
	ErrAWSAccessDenied = errors.New("access denied by AWS")
	// ErrThrottled: a service still said that there were too many requests when the
	// attempts were used up.
	ErrThrottled = errors.New("too many requests")
	// ErrUnavailable: a service still failed when the attempts were used up.
	ErrUnavailable = errors.New("service unavailable")
)

// Error codes and messages of the service (src/roboto/exceptions/domain.py).
const (
	codeNotFound        = "RobotoNotFoundException"
	codeConflict        = "RobotoConflictException"
	codeLimitExceeded   = "RobotoLimitExceededException"
	messageTokenRefused = "User is not authorized to access this resource with an explicit deny"
)

// APIError is a refusal by Roboto or by a gateway before it.
type APIError struct {
	// Request is the method and the path below the endpoint.
	Request    string
	StatusCode int
	// Code is the envelope's error_code, or "" where the answer was no envelope.
	Code string
	// Message is the service's own message, with secrets redacted, or "".
	Message string

	// retryAfter is how long the service asked to wait, or 0.
	retryAfter time.Duration
}

func (e *APIError) Error() string {
	text := fmt.Sprintf("%s: %s", e.Request, e.Status())
	if e.Message != "" {
		text += ": " + e.Message
	}
	return text
}

// Status gives the HTTP status in words, with the service's code if it gave one.
func (e *APIError) Status() string { return statusText(e.StatusCode, e.Code) }

func statusText(status int, code string) string {
	text := strings.TrimSpace(fmt.Sprintf("%d %s", status, http.StatusText(status)))
	if code != "" {
		text += ", " + code
	}
	return text
}

// Is matches the sentinels of this package.
func (e *APIError) Is(target error) bool {
	switch target {
	case ErrNotFound:
		return e.StatusCode == http.StatusNotFound && e.Code == codeNotFound
	case ErrNotRoboto:
		return e.StatusCode == http.StatusNotFound && e.Code == ""
	case ErrConflict:
		return e.StatusCode == http.StatusConflict && e.Code == codeConflict
	case ErrLimitExceeded:
		return e.Code == codeLimitExceeded
	case ErrUnauthorized:
		return (e.StatusCode == http.StatusUnauthorized || e.StatusCode == http.StatusForbidden) && e.Code != codeLimitExceeded
	case ErrTokenRefused:
		return e.StatusCode == http.StatusUnauthorized || strings.Contains(e.Message, messageTokenRefused)
	case ErrThrottled:
		return e.StatusCode == http.StatusTooManyRequests
	case ErrRedirected:
		return e.StatusCode/100 == 3
	case ErrUnavailable:
		return e.StatusCode >= 500 || e.StatusCode == http.StatusRequestTimeout
	}
	return false
}

// errorCodePattern is deliberately narrow: what does not look like one of the
// service's codes is not repeated as one.
var errorCodePattern = lazyRegexp(`^Roboto[A-Za-z]{1,60}Exception$`)

// parseErrorBody takes code and message out of an error answer: from Roboto's
// envelope {"error": {…}}, or from a gateway's {"message": "…"}. Anything else is
// not repeated.
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
		message, _ = jsonString(answer.Message)
		return "", message
	}
	code, _ = jsonString(envelope.Code)
	if !errorCodePattern().MatchString(code) {
		code = ""
	}
	message, _ = jsonString(envelope.Message)
	return code, message
}

// jsonString is the text of a JSON string, false for anything else.
func jsonString(raw json.RawMessage) (string, bool) {
	var text *string
	if json.Unmarshal(raw, &text) != nil || text == nil {
		return "", false
	}
	return *text, true
}

// AWSError is a refusal by AWS Secrets Manager.
type AWSError struct {
	// Operation is PutSecretValue or GetSecretValue.
	Operation  string
	StatusCode int
	// Code is AWS's error code, such as AccessDeniedException, if it is one that
	// AWS documents, else "".
	Code string
	// Message is AWS's own message with secrets redacted, or "".
	Message string
}

func (e *AWSError) Error() string {
	text := fmt.Sprintf("%s: %s", e.Operation, e.Status())
	if e.Message != "" {
		text += ": " + e.Message
	}
	return text
}

// Status gives the HTTP status in words, with AWS's code if it gave one.
func (e *AWSError) Status() string { return statusText(e.StatusCode, e.Code) }

// Is matches the sentinels of this package.
func (e *AWSError) Is(target error) bool {
	switch target {
	case ErrNoValue:
		return e.Operation == opGetSecretValue && e.Code == codeResourceNotFound
	case ErrAWSAccessDenied:
		return e.Code == codeAccessDenied
	case ErrThrottled:
		return isThrottleCode(e.Code) || e.StatusCode == http.StatusTooManyRequests
	case ErrUnavailable:
		return e.StatusCode >= 500
	}
	return false
}

// TransportError says that no answer, or only a part of one, came back.
type TransportError struct {
	// Service is the host that was called.
	Service string
	// Request is the method and path, or the AWS operation.
	Request string
	// Reason is fit to show; it repeats nothing that the server sent.
	Reason string
	Err    error
}

func (e *TransportError) Error() string {
	return fmt.Sprintf("%s: no usable answer from %s: %s", e.Request, e.Service, e.Reason)
}

func (e *TransportError) Unwrap() error { return e.Err }

// Untrusted tells whether the server's certificate was refused.
func (e *TransportError) Untrusted() bool { return isUntrusted(e.Err) }

// newTransportError does not keep err itself unless its text is known to be
// harmless: errors of net/http about malformed answers quote them.
func newTransportError(service, request string, err error) *TransportError {
	reason, safe := transportReason(err)
	t := &TransportError{Service: service, Request: request, Reason: reason}
	if safe {
		t.Err = err
	}
	return t
}

func transportReason(err error) (reason string, safe bool) {
	if urlErr, ok := errors.AsType[*url.Error](err); ok {
		err = urlErr.Err
	}
	var (
		dns   *net.DNSError
		errno syscall.Errno
	)
	switch {
	case errors.Is(err, context.Canceled):
		return "the request was canceled", true
	case errors.Is(err, context.DeadlineExceeded), isTimeout(err):
		return "the request timed out", true
	case errors.As(err, &dns):
		return fmt.Sprintf("the host name %q cannot be resolved", dns.Name), true
	case errors.As(err, &errno):
		return errno.Error(), true
	case isUntrusted(err):
		return "the server's TLS certificate is not trusted", true
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return "the connection was closed before the answer was complete", true
	case errors.Is(err, errAnswerTooLarge):
		return errAnswerTooLarge.Error(), true
	}
	return "the connection failed, or the answer was not HTTP", false
}

func isTimeout(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}

// UnexpectedAnswerError says that a service answered something that must not be
// acted on: another secret than the one asked for, say, or no JSON.
type UnexpectedAnswerError struct {
	// AWS is set when it was AWS that answered, else it was Roboto.
	AWS bool
	// Request is the method and path, or the AWS operation.
	Request string
	Problem string
	// malformed is set when the answer could not be read at all, so that the
	// request may have taken effect all the same.
	malformed bool
}

func (e *UnexpectedAnswerError) Error() string {
	return fmt.Sprintf("%s: unexpected answer: %s", e.Request, e.Problem)
}

// storeTypePattern keeps anything else than a plausible name from being repeated.
var storeTypePattern = lazyRegexp(`^[a-z][a-z0-9_-]{0,19}$`)

func newUnsupportedStoreError(ref SecretRef, storeType string) error {
	if !storeTypePattern().MatchString(storeType) {
		storeType = "unknown"
	}
	return &UnsupportedStoreError{Ref: ref, StoreType: storeType}
}

// UnsupportedStoreError says that the value lives where this client cannot go.
type UnsupportedStoreError struct {
	Ref       SecretRef
	StoreType string
}

func (e *UnsupportedStoreError) Error() string {
	return fmt.Sprintf("secret %s: a store of type %q is not supported by this version", e.Ref.URI(), e.StoreType)
}
