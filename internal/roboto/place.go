// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/roboto-ai/terraform-provider-roboto/internal/transport"
)

// place is a service, and how it was reached.
type place struct {
	// service is one of the services of an Error.
	service string
	// host is the service's, with its port if the URL has one.
	host string
	// proxy is the host of the proxy in the way, or "".
	proxy string
	// keySource is where the API key came from, or "" for AWS.
	keySource string
}

func (p place) String() string {
	how := []string{p.host}
	if p.proxy != "" {
		how = append(how, "through the proxy "+p.proxy+" of HTTPS_PROXY")
	}
	if p.keySource != "" {
		how = append(how, "with the API key from "+p.keySource)
	}
	return fmt.Sprintf("%s (%s)", p.service, strings.Join(how, ", "))
}

// exchange is a request to a service, for errors about it.
type exchange struct {
	place
	request string
}

// refused is for a request that was answered with an error. code and message are the service's
// own, or "". problem is what this client found, as a clause, or "".
func (x exchange) refused(kind Kind, status int, code, message, problem string) *Error {
	answer := strings.TrimSpace(fmt.Sprintf("%s answered %d %s", x.place, status, http.StatusText(status)))
	if code != "" {
		answer += ", " + code
	}
	answer += " to " + x.request
	if message != "" {
		answer += ": " + strings.TrimSuffix(message, ".")
	}
	return &Error{Kind: kind, Service: x.service, What: sentences(answer, problem), code: code}
}

// unusable is for an answer that must not be used.
func (x exchange) unusable(problem string) *Error {
	return &Error{
		Kind: KindUnexpectedAnswer, Service: x.service,
		What: sentences(fmt.Sprintf("the answer from %s to %s cannot be used: %s", x.place, x.request, problem)),
	}
}

// unreadable is for an answer that does not show whether the request took effect.
func (x exchange) unreadable(problem string) *Error {
	e := x.unusable(problem)
	e.lost = true
	return e
}

// noAnswer is for a request without a usable answer.
func (x exchange) noAnswer(ctx context.Context, err error) *Error {
	failure := transport.FailureOf(err)
	if failure == nil { // net/http refused the answer, and its errors quote what is malformed
		failure = &transport.Failure{Reason: "the answer was not HTTP", Sent: true}
	}
	if ctx.Err() != nil {
		e := canceled(ctx)
		e.lost = failure.Sent
		return e
	}
	kind := KindNoAnswer
	if failure.Untrusted {
		kind = KindUntrusted
	}
	return &Error{
		Kind: kind, Service: x.service, OutOfReach: failure.OutOfReach, lost: failure.Sent, final: failure.Final,
		What: sentences(fmt.Sprintf("%s gave no usable answer to %s: %s", x.place, x.request, failure.Reason)),
	}
}
