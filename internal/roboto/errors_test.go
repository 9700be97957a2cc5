// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/transport"
)

func TestParseErrorBody(t *testing.T) {
	for _, tc := range []struct{ name, body, code, message string }{
		{"envelope", `{"error": {"error_code": "RobotoNotFoundException", "message": "no such secret"}}`, "RobotoNotFoundException", "no such secret"},
		{
			"envelope with more in it",
			`{"error": {"error_code": "RobotoLimitExceededException", "message": "too many", "resource_name": "x", "stack_trace": ["line"]}, "message": "outer", "data": 1}`,
			"RobotoLimitExceededException", "too many",
		},
		{"envelope without a message", `{"error": {"error_code": "RobotoInternalException"}}`, "RobotoInternalException", ""},
		{"envelope without a code", `{"error": {"message": "oops"}}`, "", "oops"},
		{"code that is no code of the service", `{"error": {"error_code": "canary", "message": "oops"}}`, "", "oops"},
		{"code with something behind it", `{"error": {"error_code": "RobotoNotFoundException\n", "message": "oops"}}`, "", "oops"},
		{"code with digits", `{"error": {"error_code": "Roboto5d2c8e1fException", "message": "oops"}}`, "", "oops"},
		{"endless code", `{"error": {"error_code": "Roboto` + strings.Repeat("x", 61) + `Exception", "message": "oops"}}`, "", "oops"},
		{"message that is no string", `{"error": {"error_code": "RobotoInternalException", "message": {"a": "b"}}}`, "RobotoInternalException", ""},
		{"code that is no string", `{"error": {"error_code": 404, "message": "oops"}}`, "", "oops"},
		{"nulls", `{"error": {"error_code": null, "message": null}}`, "", ""},
		{"empty error", `{"error": {}}`, "", ""},
		{"gateway", `{"message": "Forbidden"}`, "", "Forbidden"},
		{"gateway with an upper-case key", `{"Message": "Forbidden"}`, "", "Forbidden"},
		{"gateway with a text for an error", `{"error": "canary", "message": "Forbidden"}`, "", "Forbidden"},
		{"gateway's message that is no string", `{"message": ["canary"]}`, "", ""},
		{"error list", `{"error": ["canary"]}`, "", ""},
		{"other keys", `{"errors": [{"message": "canary"}], "detail": "canary"}`, "", ""},
		{"list", `[{"error": {"message": "canary"}}]`, "", ""},
		{"text in JSON", `"canary"`, "", ""},
		{"cut JSON", `{"error": {"error_code": "RobotoNotFoundException", "message": "canary`, "", ""},
		{"two values", `{"message": "canary"}{"message": "canary"}`, "", ""},
		{"HTML", `<html>canary</html>`, "", ""},
		{"nothing", ``, "", ""},
		{"null", `null`, "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if code, message := parseErrorBody([]byte(tc.body)); code != tc.code || string(message) != tc.message {
				t.Errorf("%q, %q, want %q, %q", code, message, tc.code, tc.message)
			}
		})
	}
}

func FuzzParseErrorBody(f *testing.F) {
	f.Add([]byte(`{"error": {"error_code": "RobotoNotFoundException", "message": "no such secret", "stack_trace": ["x"]}}`))
	f.Add([]byte(`{"message": "Forbidden"}`))
	f.Add([]byte(`{"error": null, "Message": "\u0000\ud800"}`))
	f.Add([]byte(`<html>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		code, message := parseErrorBody(body)
		texts := map[string]bool{"": true}
		for decoder := json.NewDecoder(bytes.NewReader(body)); ; {
			token, err := decoder.Token()
			if err != nil {
				break
			}
			if text, ok := token.(string); ok {
				texts[text] = true
			}
		}
		if !texts[code] || !texts[string(message)] {
			t.Fatalf("%q and %q are no texts of the answer", code, message)
		}
		if code != "" && (!strings.HasPrefix(code, "Roboto") || !strings.HasSuffix(code, "Exception") || strings.ContainsAny(code, " \n\"0123456789")) {
			t.Fatalf("%q is no error code", code)
		}
	})
}

func TestRobotoKind(t *testing.T) {
	for _, tc := range []struct {
		status  int
		code    string
		message description
		want    Kind
	}{
		{404, "RobotoNotFoundException", "", KindNotFound},
		{404, "", "Not Found", KindUnexpectedAnswer},
		{404, "RobotoUnknownOperationException", "", KindRefused},
		{400, "RobotoNotFoundException", "", KindRefused},
		{409, "RobotoConflictException", "", KindRefused},
		{409, "", "", KindRefused},
		{401, "", "", KindTokenRefused},
		{403, "", "", KindUnauthorized},
		{403, "", "User is not authorized to access this resource with an explicit deny", KindTokenRefused},
		{403, "RobotoLimitExceededException", "", KindLimitExceeded},
		{307, "", "", KindUnexpectedAnswer},
		{408, "", "", KindUnavailable},
		{429, "", "", KindUnavailable},
		{500, "", "", KindUnavailable},
	} {
		if got := robotoKind(tc.status, tc.code, tc.message); got != tc.want {
			t.Errorf("%+v: %s, want %s", tc, got, tc.want)
		}
	}
}

func TestAWSKind(t *testing.T) {
	for _, tc := range []struct {
		operation string
		status    int
		code      string
		want      Kind
	}{
		{opGetSecretValue, 400, "ResourceNotFoundException", KindNoValue},
		{opPutSecretValue, 400, "ResourceNotFoundException", KindLostAtAWS},
		{opPutSecretValue, 400, "AccessDeniedException", KindUnauthorized},
		{opPutSecretValue, 400, "ThrottlingException", KindUnavailable},
		{opPutSecretValue, 429, "", KindUnavailable},
		{opPutSecretValue, 400, "LimitExceededException", KindLimitExceeded},
		{opPutSecretValue, 503, "", KindUnavailable},
		{opPutSecretValue, 400, "ValidationException", KindRefused},
	} {
		if got := awsKind(tc.operation, tc.status, tc.code); got != tc.want {
			t.Errorf("%+v: %s, want %s", tc, got, tc.want)
		}
	}
}

// The kind is that of the outermost error: what a create was refused for is not what became
// of it.
func TestKindOf(t *testing.T) {
	inner := &Error{Kind: KindUnavailable}
	for _, tc := range []struct {
		err  error
		want Kind
	}{
		{nil, KindOther},
		{errors.New("x"), KindOther},
		{inner, KindUnavailable},
		{fmt.Errorf("x: %w", inner), KindUnavailable},
		{&Error{Kind: KindUnsettled, Err: inner}, KindUnsettled},
	} {
		if got := KindOf(tc.err); got != tc.want {
			t.Errorf("%v: %s, want %s", tc.err, got, tc.want)
		}
	}
}

// An error says what happened, in sentences.
func TestErrorText(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancel := context.WithDeadline(t.Context(), time.Now())
	defer cancel()
	get := exchange{place{service: ServiceRoboto, host: "host"}, "GET /v1/x"}
	busy := exchange{place{service: ServiceRoboto, host: "host"}, "POST /v1/secrets"}.refused(KindUnavailable, 503, "", "Busy.", "")
	for want, err := range map[string]*Error{
		"Roboto (host) answered 404 Not Found, RobotoNotFoundException to GET /v1/x: gone.":                     get.refused(KindNotFound, 404, "RobotoNotFoundException", "gone", ""),
		"Roboto (host) answered 599 to GET /v1/x.":                                                              get.refused(KindUnavailable, 599, "", "", ""),
		"Roboto (host) answered 308 Permanent Redirect to GET /v1/x. It is not followed.":                       get.refused(KindUnexpectedAnswer, 308, "", "", "it is not followed"),
		"The answer from AWS Secrets Manager (host) to GetSecretValue cannot be used: it names another secret.": exchange{place{service: ServiceAWS, host: "host"}, "GetSecretValue"}.unusable("it names another secret"),
		"Roboto (api.roboto.ai, through the proxy proxy.example.com:3128 of HTTPS_PROXY, with the API key from ROBOTO_API_KEY) gave no usable answer to GET /v1/x: the request timed out.": exchange{place{
			service: ServiceRoboto, host: "api.roboto.ai", proxy: "proxy.example.com:3128", keySource: "ROBOTO_API_KEY",
		}, "GET /v1/x"}.noAnswer(t.Context(), &transport.Failure{Reason: "the request timed out"}),
		"A record of this name may have been created. Roboto (host) answered 503 Service Unavailable to POST /v1/secrets: Busy.": {
			Kind: KindUnsettled, What: "A record of this name may have been created.", Err: busy,
		},
		"It may be gone. The operation was canceled. Looking for it failed too. Roboto (host) answered 503 Service Unavailable to POST /v1/secrets: Busy.": {
			Kind: KindUnsettled, What: "It may be gone.", Err: canceled(ctx), Settle: busy,
		},
		"It was created by x. Roboto (host) answered 503 Service Unavailable to POST /v1/secrets: Busy.": {Kind: KindNameTaken, What: "It was created by x.", Settle: busy},
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
	for name, test := range map[string]struct {
		cause error // of the end of the caller's context, if it has ended
		err   error
		want  Error
	}{
		"not sent":       {nil, &transport.Failure{Reason: "x"}, Error{Kind: KindNoAnswer}},
		"sent":           {nil, &transport.Failure{Reason: "x", Sent: true}, Error{Kind: KindNoAnswer, lost: true}},
		"final":          {nil, &transport.Failure{Reason: "x", Final: true}, Error{Kind: KindNoAnswer, final: true}},
		"out of reach":   {nil, &transport.Failure{Reason: "x", Sent: true, Final: true, OutOfReach: true}, Error{Kind: KindNoAnswer, OutOfReach: true, lost: true, final: true}},
		"untrusted":      {nil, &transport.Failure{Reason: "x", Final: true, Untrusted: true}, Error{Kind: KindUntrusted, final: true}},
		"too large":      {nil, &transport.Failure{Reason: "x", Sent: true, Final: true}, Error{Kind: KindNoAnswer, lost: true, final: true}},
		"not HTTP":       {nil, errors.New("canary"), Error{Kind: KindNoAnswer, lost: true}},
		"canceled":       {interrupted, &transport.Failure{Reason: "x"}, Error{Kind: KindCanceled, Err: interrupted}},
		"sent, canceled": {interrupted, &transport.Failure{Reason: "x", Sent: true}, Error{Kind: KindCanceled, Err: interrupted, lost: true}},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			if test.cause != nil {
				cancel(test.cause)
			}
			got := exchange{place{service: ServiceRoboto, host: "host"}, "GET /v1/x"}.noAnswer(ctx, &url.Error{Op: "Get", URL: "https://canary", Err: test.err})
			test.want.What = "The operation was canceled."
			if test.want.Kind != KindCanceled {
				test.want.Service, test.want.What = ServiceRoboto, "Roboto (host) gave no usable answer to GET /v1/x: x."
			}
			if name == "not HTTP" {
				test.want.What = "Roboto (host) gave no usable answer to GET /v1/x: the answer was not HTTP."
			}
			if *got != test.want {
				t.Errorf("%+v\nwant %+v", *got, test.want)
			}
			if mayPass(got) != (got.Kind == KindNoAnswer && !test.want.final) {
				t.Errorf("may pass: %t", mayPass(got))
			}
		})
	}
}

// TestErrorsRepeatNothingOfGarbage asks servers that answer with the API key in
// every place that an HTTP answer has, and in places that it does not have.
func TestErrorsRepeatNothingOfGarbage(t *testing.T) {
	// Letters alone, so that the key could pass for an error code.
	const apiKey = "canaryQwertyUiopAsdfghJkl"
	const ok, bad = "HTTP/1.1 200 OK\r\n", "HTTP/1.1 500 Internal Server Error\r\n"
	for name, answer := range map[string]string{
		"not HTTP":                 "KEY\r\n\r\n",
		"not HTTP, no line":        "KEY",
		"protocol":                 "HTTP/KEY 200 OK\r\n\r\n",
		"status":                   "HTTP/1.1 KEY OK\r\n\r\n",
		"status text":              "HTTP/1.1 500 KEY\r\nContent-Length: 0\r\n\r\n",
		"header without a value":   ok + "KEY\r\n\r\n",
		"header name":              ok + "a b KEY: x\r\n\r\n",
		"header value":             bad + "KEY: KEY\r\nServer: KEY\r\nContent-Length: 0\r\n\r\n",
		"content length":           ok + "Content-Length: KEY\r\n\r\n",
		"two content lengths":      ok + "Content-Length: 1\r\nContent-Length: KEY\r\n\r\n",
		"transfer encoding":        ok + "Transfer-Encoding: KEY\r\n\r\n",
		"chunk size":               ok + "Transfer-Encoding: chunked\r\n\r\nKEY\r\n",
		"trailer":                  ok + "Transfer-Encoding: chunked\r\n\r\n0\r\nKEY\r\n\r\n",
		"gzip":                     ok + "Content-Encoding: gzip\r\nContent-Length: 25\r\n\r\nKEY",
		"redirect":                 "HTTP/1.1 302 Found\r\nLocation: https://KEY/\r\nContent-Length: 0\r\n\r\n",
		"malformed redirect":       "HTTP/1.1 302 Found\r\nLocation: https://[KEY\r\nContent-Length: 0\r\n\r\n",
		"informational":            "HTTP/1.1 103 KEY\r\nLink: KEY\r\n\r\nKEY\r\n\r\n",
		"switch of protocol":       "HTTP/1.1 101 KEY\r\nUpgrade: KEY\r\nConnection: Upgrade\r\n\r\nKEY",
		"cut body":                 ok + "Content-Length: 1000\r\n\r\n{\"data\": \"KEY",
		"text":                     ok + "\r\nKEY",
		"HTML":                     bad + "Content-Type: text/html\r\n\r\n<h1>KEY</h1>",
		"cut JSON":                 ok + "\r\n{\"data\": \"KEY",
		"wrong shape":              ok + "\r\n{\"data\": {\"name\": [\"KEY\"], \"created\": \"KEY\"}}",
		"record":                   ok + "\r\n{\"data\": {\"name\": \"KEY\", \"org_id\": \"KEY\", \"store_type\": \"KEY\", \"created\": \"2026-01-02T03:04:05Z\"}}",
		"store type":               ok + "\r\n{\"data\": {\"name\": \"x\", \"org_id\": \"og_1\", \"store_type\": \"KEY\", \"created\": \"2026-01-02T03:04:05Z\"}}",
		"success with an error":    ok + "\r\n{\"error\": {\"message\": \"KEY\"}}",
		"envelope":                 bad + "\r\n{\"error\": {\"error_code\": \"RobotoKEYException\", \"message\": \"Bearer KEY\", \"stack_trace\": [\"KEY\"], \"KEY\": 1}}",
		"gateway":                  bad + "\r\n{\"message\": \"KEY\", \"KEY\": \"KEY\"}",
		"half of the key":          bad + "\r\n{\"error\": {\"error_code\": \"RobotoHALFException\", \"message\": \"HALF\"}}",
		"key in the name of JSON":  bad + "\r\n{\"KEY\": {\"KEY\": \"KEY\"}}",
		"error that is not a code": bad + "\r\n{\"error\": \"KEY\"}",
	} {
		t.Run(name, func(t *testing.T) {
			answer := strings.NewReplacer("KEY", apiKey, "HALF", apiKey[:12]).Replace(answer)
			client := NewClient(Config{
				APIKey:         NewSensitive(apiKey),
				Endpoint:       &url.URL{Scheme: "http", Host: "roboto.test"},
				RequestTimeout: time.Minute,
				MaxAttempts:    1,
			}, Options{
				DialContext: answering(t, answer),
				Log: func(_ context.Context, e map[string]any) {
					if text := fmt.Sprintf("%+v", e); leaks(apiKey, text) {
						t.Errorf("logged %s", text)
					}
				},
			})
			_, err := client.Record(t.Context(), SecretRef{Name: "x", OrgID: "og_1"})
			if err == nil {
				t.Fatal("no error")
			}
			for _, e := range append([]error{err}, causes(err)...) {
				for _, format := range []string{"%v", "%+v", "%#v"} {
					if text := fmt.Sprintf(format, e); leaks(apiKey, text) {
						t.Errorf("%s of %T: %s", format, e, text)
					}
				}
			}
		})
	}
}

// causes are all errors that an *Error wraps, at any depth.
func causes(err error) (all []error) {
	if e, ok := errors.AsType[*Error](err); ok {
		for _, cause := range e.Unwrap() {
			all = append(append(all, cause), causes(cause)...)
		}
	}
	return all
}

// answering dials servers that read one request, say answer and hang up.
func answering(t *testing.T, answer string) func(context.Context, string, string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		t.Cleanup(func() { _ = server.Close() })
		go func() {
			defer func() { _ = server.Close() }()
			if _, err := http.ReadRequest(bufio.NewReader(server)); err == nil {
				_, _ = io.WriteString(server, answer)
			}
		}()
		return client, nil
	}
}
