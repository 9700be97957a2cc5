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

	"github.com/roboto-ai/terraform-provider-roboto/internal/transport"
)

func TestParseErrorBody(t *testing.T) {
	const internal = "RobotoInternalException"
	for name, test := range map[string]struct{ body, code, message string }{
		"envelope":                         {`{"error": {"error_code": "RobotoNotFoundException", "message": "no such secret"}}`, codeNotFound, "no such secret"},
		"two messages":                     {`{"error": {"error_code": "RobotoInternalException", "message": "a"}, "message": "b"}`, internal, "a"},
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
		"endless code":                     {`{"error": {"error_code": "Roboto` + strings.Repeat("x", 61) + `Exception", "message": "oops"}}`, "", "oops"},
		"gateway with an upper-case key":   {`{"Message": "Forbidden"}`, "", "Forbidden"},
		"two values":                       {`{"message": "canary"}{"message": "canary"}`, "", ""},
		"HTML":                             {`<html>canary</html>`, "", ""},
		"nothing":                          {``, "", ""},
	} {
		if code, message := parseErrorBody([]byte(test.body)); code != test.code || string(message) != test.message {
			t.Errorf("%s: %q, %q, want %q, %q", name, code, message, test.code, test.message)
		}
	}
}

// What becomes of a request without a usable answer. The catalog has the texts of errors.
func TestNoAnswer(t *testing.T) {
	interrupted := errors.New("interrupted")
	get := exchange{place{service: ServiceRoboto, host: "host", proxy: "proxy:3128", keySource: "here"}, "GET /v1/x"}
	const (
		isCanceled, isLate = "The operation was canceled.", "The operation ran out of time."
		noAnswer           = "Roboto (host, through the proxy proxy:3128 of HTTPS_PROXY, with the API key from here) gave no usable answer to GET /v1/x: "
	)
	for name, test := range map[string]struct {
		cause error // of the end of the caller's context, if it has ended
		err   error
		want  Error
		again bool
	}{
		"not sent":       {nil, &transport.Failure{}, Error{Kind: KindNoAnswer}, true},
		"sent":           {nil, &transport.Failure{Sent: true}, Error{Kind: KindNoAnswer, lost: true}, true},
		"final":          {nil, &transport.Failure{Sent: true, Final: true}, Error{Kind: KindNoAnswer, lost: true, final: true}, false},
		"out of reach":   {nil, &transport.Failure{Final: true, OutOfReach: true}, Error{Kind: KindNoAnswer, OutOfReach: true, final: true}, false},
		"untrusted":      {nil, &transport.Failure{Final: true, Untrusted: true}, Error{Kind: KindUntrusted, final: true}, false},
		"not HTTP":       {nil, errors.New("canary"), Error{Kind: KindNoAnswer, What: noAnswer + "the answer was not HTTP.", lost: true}, false},
		"canceled":       {interrupted, &transport.Failure{}, Error{Kind: KindCanceled, What: isCanceled, Err: interrupted}, false},
		"late":           {context.DeadlineExceeded, &transport.Failure{}, Error{Kind: KindCanceled, What: isLate, Err: context.DeadlineExceeded}, false},
		"sent, canceled": {interrupted, &transport.Failure{Sent: true}, Error{Kind: KindCanceled, What: isCanceled, Err: interrupted, lost: true}, false},
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		if test.cause != nil {
			cancel(test.cause)
		} else {
			test.want.Service, test.want.What = ServiceRoboto, cmp.Or(test.want.What, noAnswer+".")
		}
		failed := &url.Error{Op: "Get", URL: "https://canary", Err: test.err}
		got := get.noAnswer(ctx, failed)
		again, _ := retrier(ctx, nil, 3, request{}.mayLag).CheckRetry(ctx, nil, failed)
		cancel(nil)
		if *got != test.want || again != test.again || mayPass(got) != (test.again || name == "not HTTP") {
			t.Errorf("%s: repeated %t, may pass %t, %+v\nwant %+v", name, again, mayPass(got), *got, test.want)
		}
	}
}
