// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/transport"
)

func TestParseErrorBody(t *testing.T) {
	const internal = "RobotoInternalException"
	for name, test := range map[string]struct{ body, code, message string }{
		"envelope":                         {`{"error": {"error_code": "RobotoNotFoundException", "message": "no such secret"}}`, codeNotFound, "no such secret"},
		"two messages":                     {`{"error": {"error_code": "RobotoInternalException", "message": "inner"}, "message": "outer"}`, internal, "inner"},
		"envelope without a message":       {`{"error": {"error_code": "RobotoInternalException"}}`, internal, ""},
		"envelope without a code":          {`{"error": {"message": "oops"}}`, "", "oops"},
		"code that is no code":             {`{"error": {"error_code": "canary", "message": "oops"}}`, "", "oops"},
		"code with something behind it":    {`{"error": {"error_code": "RobotoNotFoundException\n", "message": "oops"}}`, "", "oops"},
		"code with digits":                 {`{"error": {"error_code": "Roboto5d2c8e1fException", "message": "oops"}}`, "", "oops"},
		"message that is no string":        {`{"error": {"error_code": "RobotoInternalException", "message": {"a": "b"}}}`, internal, ""},
		"code that is no string":           {`{"error": {"error_code": 404, "message": "oops"}}`, "", "oops"},
		"null error":                       {`{"error": null, "message": "Forbidden"}`, "", "Forbidden"},
		"gateway":                          {`{"message": "Forbidden"}`, "", "Forbidden"},
		"gateway with a text for an error": {`{"error": "canary", "message": "Forbidden"}`, "", "Forbidden"},
		"gateway's message is no string":   {`{"message": ["canary"]}`, "", ""},
		"other keys":                       {`{"errors": [{"message": "canary"}], "detail": "canary"}`, "", ""},
		"cut JSON":                         {`{"error": {"error_code": "RobotoNotFoundException", "message": "canary`, "", ""},
		"endless code":                     {`{"error": {"error_code": "Roboto` + strings.Repeat("x", 61) + `Exception", "message": "oops"}}`, "", "oops"},
		"gateway with an upper-case key":   {`{"Message": "Forbidden"}`, "", "Forbidden"},
		"HTML":                             {`<html>canary</html>`, "", ""},
		"nothing":                          {``, "", ""},
	} {
		if code, message := parseErrorBody([]byte(test.body)); code != test.code || string(message) != test.message {
			t.Errorf("%s: %q, %q, want %q, %q", name, code, message, test.code, test.message)
		}
	}
}

// An error says what happened, in sentences.
func TestErrorText(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancel := context.WithDeadline(t.Context(), time.Now())
	defer cancel()
	on := func(service, request string) exchange {
		return exchange{place{service: service, host: "host"}, request}
	}
	get := on(ServiceRoboto, "GET /v1/x")
	busy := on(ServiceRoboto, "POST /v1/secrets").refused(KindUnavailable, 503, "", "Busy.", "")
	const isBusy = " Roboto (host) answered 503 Service Unavailable to POST /v1/secrets: Busy."
	proxied := exchange{place{service: ServiceRoboto, host: "api.roboto.ai", proxy: "proxy:3128", keySource: "ROBOTO_API_KEY"}, "GET /v1/x"}
	const throughProxy = "Roboto (api.roboto.ai, through the proxy proxy:3128 of HTTPS_PROXY, with the API key from ROBOTO_API_KEY)"
	ofAWS := on(ServiceAWS, opGetSecretValue)
	for want, err := range map[string]*Error{
		"Roboto (host) answered 599 to GET /v1/x.":                               get.refused(KindUnavailable, 599, "", "", ""),
		"Roboto (host) answered 308 Permanent Redirect to GET /v1/x. It is bad.": get.refused(KindUnexpectedAnswer, 308, "", "", "it is bad"),

		"The answer from AWS Secrets Manager (host) to GetSecretValue cannot be used: it is bad.": ofAWS.unusable("it is bad"),

		throughProxy + " gave no usable answer to GET /v1/x: it is late.": proxied.noAnswer(t.Context(), &transport.Failure{Reason: "it is late"}),

		"It may be there." + isBusy: {What: "It may be there.", Err: busy},
		"It is by x." + isBusy:      {What: "It is by x.", Settle: busy},
		"It may be. The operation was canceled. Looking for it failed too." + isBusy: {What: "It may be.", Err: canceled(ctx), Settle: busy},

		"The operation ran out of time.": canceled(late),
	} {
		if got := err.Error(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// What becomes of a request without a usable answer.
func TestNoAnswer(t *testing.T) {
	interrupted := errors.New("interrupted")
	const isCanceled, isNotHTTP = "The operation was canceled.", "Roboto (host) gave no usable answer to GET /v1/x: the answer was not HTTP."
	for name, test := range map[string]struct {
		cause error // of the end of the caller's context, if it has ended
		err   error
		want  Error
	}{
		"not sent":       {nil, &transport.Failure{}, Error{Kind: KindNoAnswer}},
		"sent":           {nil, &transport.Failure{Sent: true}, Error{Kind: KindNoAnswer, lost: true}},
		"final":          {nil, &transport.Failure{Sent: true, Final: true}, Error{Kind: KindNoAnswer, lost: true, final: true}},
		"out of reach":   {nil, &transport.Failure{Final: true, OutOfReach: true}, Error{Kind: KindNoAnswer, OutOfReach: true, final: true}},
		"untrusted":      {nil, &transport.Failure{Final: true, Untrusted: true}, Error{Kind: KindUntrusted, final: true}},
		"not HTTP":       {nil, errors.New("canary"), Error{Kind: KindNoAnswer, What: isNotHTTP, lost: true}},
		"canceled":       {interrupted, &transport.Failure{}, Error{Kind: KindCanceled, What: isCanceled, Err: interrupted}},
		"sent, canceled": {interrupted, &transport.Failure{Sent: true}, Error{Kind: KindCanceled, What: isCanceled, Err: interrupted, lost: true}},
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		if test.cause != nil {
			cancel(test.cause)
		}
		get := exchange{place{service: ServiceRoboto, host: "host"}, "GET /v1/x"}
		failed := &url.Error{Op: "Get", URL: "https://canary", Err: test.err}
		got := get.noAnswer(ctx, failed)
		repeated, _ := retrier(ctx, nil, 3, request{}.mayLag).CheckRetry(ctx, nil, failed)
		cancel(nil)
		if test.want.Kind != KindCanceled {
			test.want.Service, test.want.What = ServiceRoboto, cmp.Or(test.want.What, "Roboto (host) gave no usable answer to GET /v1/x: .")
		}
		passes := test.want.Kind == KindNoAnswer && !test.want.final
		if *got != test.want || mayPass(got) != passes || repeated != (passes && name != "not HTTP") {
			t.Errorf("%s: may pass %t, repeated %t, %+v\nwant %+v", name, mayPass(got), repeated, *got, test.want)
		}
	}
}
