// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
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
			if code, message := parseErrorBody([]byte(tc.body)); code != tc.code || message != tc.message {
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
		codes, messages := []string{""}, []string{""}
		for key, raw := range fields(body) {
			switch {
			case strings.EqualFold(key, "message"):
				messages = append(messages, asText(raw))
			case strings.EqualFold(key, "error"):
				for key, raw := range fields(raw) {
					switch {
					case strings.EqualFold(key, "message"):
						messages = append(messages, asText(raw))
					case strings.EqualFold(key, "error_code"):
						codes = append(codes, asText(raw))
					}
				}
			}
		}
		if !slices.Contains(codes, code) || !slices.Contains(messages, message) {
			t.Fatalf("%q and %q are not the envelope's own fields", code, message)
		}
		if code != "" && (!strings.HasPrefix(code, "Roboto") || !strings.HasSuffix(code, "Exception") || strings.ContainsAny(code, " \n\"0123456789")) {
			t.Fatalf("%q is no error code", code)
		}
	})
}

func fields(body []byte) (all map[string]json.RawMessage) {
	_ = json.Unmarshal(body, &all)
	return all
}

func asText(raw json.RawMessage) string {
	var value any
	_ = json.Unmarshal(raw, &value)
	text, _ := value.(string)
	return text
}

func TestErrorsMatchTheirSentinels(t *testing.T) {
	all := []error{
		ErrNotFound, ErrNotRoboto, ErrConflict, ErrLimitExceeded, ErrUnauthorized, ErrTokenRefused, ErrRedirected,
		ErrNoValue, ErrAWSAccessDenied, ErrThrottled, ErrUnavailable,
	}
	for _, tc := range []struct {
		err  error
		want []error
	}{
		{&APIError{StatusCode: 404, Code: "RobotoNotFoundException"}, []error{ErrNotFound}},
		{&APIError{StatusCode: 404, Message: "Not Found"}, []error{ErrNotRoboto}},
		{&APIError{StatusCode: 404, Code: "RobotoUnknownOperationException"}, nil},
		{&APIError{StatusCode: 400, Code: "RobotoNotFoundException"}, nil},
		{&APIError{StatusCode: 409, Code: "RobotoConflictException"}, []error{ErrConflict}},
		{&APIError{StatusCode: 409}, nil},
		{&APIError{StatusCode: 401}, []error{ErrUnauthorized, ErrTokenRefused}},
		{&APIError{StatusCode: 403}, []error{ErrUnauthorized}},
		{&APIError{StatusCode: 403, Message: "User is not authorized to access this resource with an explicit deny"}, []error{ErrUnauthorized, ErrTokenRefused}},
		{&APIError{StatusCode: 403, Code: "RobotoLimitExceededException"}, []error{ErrLimitExceeded}},
		{&APIError{StatusCode: 307}, []error{ErrRedirected}},
		{&APIError{StatusCode: 408}, []error{ErrUnavailable}},
		{&APIError{StatusCode: 429}, []error{ErrThrottled}},
		{&APIError{StatusCode: 500}, []error{ErrUnavailable}},
		{&AWSError{Operation: "GetSecretValue", Code: "ResourceNotFoundException"}, []error{ErrNoValue}},
		{&AWSError{Operation: "PutSecretValue", Code: "ResourceNotFoundException"}, nil},
		{&AWSError{Code: "AccessDeniedException"}, []error{ErrAWSAccessDenied}},
		{&AWSError{Code: "ThrottlingException"}, []error{ErrThrottled}},
		{&AWSError{StatusCode: 429}, []error{ErrThrottled}},
		{&AWSError{StatusCode: 503}, []error{ErrUnavailable}},
		{&AWSError{Code: "ValidationException"}, nil},
		{&NameTakenError{}, []error{ErrConflict}},
	} {
		for _, sentinel := range all {
			if got, want := errors.Is(tc.err, sentinel), slices.Contains(tc.want, sentinel); got != want {
				t.Errorf("%+v matches %q: %t", tc.err, sentinel, got)
			}
		}
	}
}

func TestAPIErrorText(t *testing.T) {
	for want, err := range map[string]error{
		"GET /v1/x: 404 Not Found, RobotoNotFoundException: gone":    &APIError{Request: "GET /v1/x", StatusCode: 404, Code: "RobotoNotFoundException", Message: "gone"},
		"GET /v1/x: 502 Bad Gateway":                                 &APIError{Request: "GET /v1/x", StatusCode: 502},
		"GET /v1/x: 599":                                             &APIError{Request: "GET /v1/x", StatusCode: 599},
		"PutSecretValue: 400 Bad Request, AccessDeniedException: no": &AWSError{Operation: "PutSecretValue", StatusCode: 400, Code: "AccessDeniedException", Message: "no"},
	} {
		if got := err.Error(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestTransportReason(t *testing.T) {
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	for _, tc := range []struct {
		name   string
		err    error
		reason string
		safe   bool
	}{
		{"canceled", context.Canceled, "canceled", true},
		{"attempt's deadline", context.DeadlineExceeded, "timed out", true},
		{"network's timeout", dial(os.ErrDeadlineExceeded), "timed out", true},
		{"proxy's timeout", fmt.Errorf("proxy: %w", dial(os.ErrDeadlineExceeded)), "timed out", true},
		{"DNS", dial(&net.DNSError{Name: "api.example.com", Err: "no such host", IsNotFound: true}), `"api.example.com" cannot be resolved`, true},
		{"refused", dial(os.NewSyscallError("connect", syscall.ECONNREFUSED)), "connection refused", true},
		{"reset", &net.OpError{Op: "read", Err: syscall.ECONNRESET}, "connection reset by peer", true},
		{"certificate", &tls.CertificateVerificationError{Err: errors.New("canary")}, "certificate is not trusted", true},
		{"closed", io.EOF, "closed before the answer was complete", true},
		{"cut", fmt.Errorf("reading: %w", io.ErrUnexpectedEOF), "closed before the answer was complete", true},
		{"cut JSON", errAnswerTruncated, "closed before the answer was complete", true},
		{"too large", errAnswerTooLarge, "larger than 8 MiB", true},
		{"anything else", errors.New(`malformed HTTP response "canary"`), "the answer was not HTTP", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, err := range []error{tc.err, &url.Error{Op: "Get", URL: "https://canary", Err: tc.err}} {
				got := newTransportError("host", "GET /v1/x", err)
				if !strings.Contains(got.Reason, tc.reason) || strings.Contains(got.Error(), "canary") {
					t.Errorf("reason %q, want %q", got.Reason, tc.reason)
				}
				if want := "GET /v1/x: no usable answer from host: " + got.Reason; got.Error() != want {
					t.Errorf("Error() = %q, want %q", got.Error(), want)
				}
				if errors.Is(got, tc.err) != tc.safe || (got.Unwrap() != nil) != tc.safe {
					t.Errorf("keeps its cause: %t, want %t", !tc.safe, tc.safe)
				}
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
				Environment: Environment{DialContext: answering(t, answer)},
				Observe: func(_ context.Context, e Exchange) {
					if text := fmt.Sprintf("%+v", e); leaks(apiKey, text) {
						t.Errorf("observed %s", text)
					}
				},
			})
			_, err := client.Record(t.Context(), SecretRef{Name: "x", OrgID: "og_1"})
			if err == nil {
				t.Fatal("no error")
			}
			for e := err; e != nil; e = errors.Unwrap(e) {
				for _, format := range []string{"%v", "%+v", "%#v"} {
					if text := fmt.Sprintf(format, e); leaks(apiKey, text) {
						t.Errorf("%s of %T: %s", format, e, text)
					}
				}
			}
		})
	}
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
