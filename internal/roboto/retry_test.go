// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/roboto-ai/terraform-provider-roboto/internal/transport"
)

// offline is a client for what needs no call.
func offline(t *testing.T) *Client {
	t.Helper()
	config := Config{APIKey: NewSensitive(canarySecret), APIKeySource: "here", Endpoint: parseURL(t, "https://roboto.example.com"), MaxAttempts: 150}
	return NewClient(config, Options{DialContext: new(net.Dialer).DialContext}) // without the environment's proxies
}

// Gateways refuse a GET with a body, an empty one too, which HTTP/2 makes visible.
func TestRequestsWithoutABodyHaveNone(t *testing.T) {
	req, err := offline(t).newRequest(t.Context(), request{method: http.MethodGet, path: []string{"v1", "secrets"}})
	if err != nil {
		t.Fatal(err)
	}
	if body, err := req.BodyBytes(); err != nil || body != nil || req.ContentLength != 0 {
		t.Errorf("the request has the body %q of %d bytes (%v)", body, req.ContentLength, err)
	}
}

// A refusal is repeated if the service is busy or failing. lost is whether the request may have taken effect.
func TestRefusalsOfRoboto(t *testing.T) {
	const explicitDeny = "User is not authorized to access this resource with an explicit deny"
	for _, test := range []struct {
		status        int
		code, message string
		want          Kind
		lost          bool
	}{
		{404, codeNotFound, "", KindNotFound, false},
		{404, "", "Not Found", KindUnexpectedAnswer, false},
		{404, "RobotoUnknownOperationException", "", KindRefused, false},
		{400, codeNotFound, "", KindRefused, false},
		{409, codeConflict, "", KindRefused, false},
		{409, "", "", KindRefused, false},
		{410, "", "", KindRefused, false},
		{401, "", "", KindTokenRefused, false},
		{403, "", "", KindUnauthorized, false},
		{403, "", explicitDeny, KindTokenRefused, false},
		{403, codeLimitExceeded, "", KindLimitExceeded, false},
		{302, "", "", KindUnexpectedAnswer, false},
		{307, "", "", KindUnexpectedAnswer, false},
		{429, "", "", KindUnavailable, false},
		{408, "", "", KindUnavailable, true},
		{500, "", "", KindUnavailable, true},
		{501, "", "", KindUnavailable, true},
		{503, "", "", KindUnavailable, true},
		{599, "", "", KindUnavailable, true}, // which has no text
	} {
		resp := &http.Response{StatusCode: test.status}
		body := fmt.Appendf(nil, `{"error":{"error_code":%q,"message":%q}}`, test.code, test.message)
		e := offline(t).refusal(request{method: http.MethodGet, ownerOrg: testOrg}, resp, body)
		repeated, _ := retrier(t.Context(), nil, 3, request{}.mayLag).CheckRetry(t.Context(), resp, nil)
		temporary := test.want == KindUnavailable
		if e.Kind != test.want || e.lost != test.lost || repeated != temporary || mayPass(e) != temporary || strings.Contains(e.What, "  ") {
			t.Errorf("%d, %q: the kind is %q, want %q; lost: %t, want %t; repeated: %t; another one may help: %t, want %t: %v",
				test.status, test.code+test.message, e.Kind, test.want, e.lost, test.lost, repeated, mayPass(e), temporary, e)
		}
	}
}

// The library waits as long as a failing service asks, and leaves time for an attempt before a deadline. What a
// service that is too busy asks is a pause of all requests.
func TestWaits(t *testing.T) {
	const second = time.Second
	for name, test := range map[string]struct {
		status      int // 0 for a lost connection
		retryAfter  string
		deadline    time.Duration
		least, most time.Duration // no time if it is not repeated
	}{
		"503":                          {503, "", time.Hour, second, 2 * second},
		"503 that asks":                {503, "7", time.Hour, 7 * second, 7 * second},
		"429 that asks":                {429, "7", time.Hour, second, 2 * second},
		"lost connection":              {0, "", time.Hour, second, 2 * second},
		"asks more than there is":      {503, "60", 30 * second, second, 2 * second},
		"time for one more attempt":    {503, "", 6 * second, second, second},
		"no time left":                 {status: 503, deadline: 5 * second},
		"no time left, throttled":      {status: 429, retryAfter: "60", deadline: 5 * second},
		"no time left, and it is lost": {deadline: 5 * second},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), test.deadline)
			defer cancel()
			var resp *http.Response
			var failure error = &transport.Failure{Sent: true}
			if test.status != 0 {
				resp, failure = &http.Response{StatusCode: test.status, Header: http.Header{"Retry-After": {test.retryAfter}}}, nil
			}
			r := retrier(ctx, nil, 3, request{}.mayLag)
			repeated, _ := r.CheckRetry(ctx, resp, failure)
			wait := r.Backoff(0, 0, 1, resp)
			if repeated != (test.most > 0) || repeated && (wait < test.least || wait > test.most) || r.RetryMax != 2 {
				t.Errorf("%s: repeated: %t, after %s, want %s to %s, and %d times", name, repeated, wait, test.least, test.most, r.RetryMax)
			}
		})
	}
}

// awsRefusal is an error of the SDK for an answer of AWS.
func awsRefusal(status int, code, message string) error {
	return &awshttp.ResponseError{ResponseError: &smithyhttp.ResponseError{
		Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}},
		Err:      &smithy.GenericAPIError{Code: code, Message: message},
	}}
}

// A refusal by AWS may be about a secret that is too new. AWS's message is not shown, because it may repeat the
// value in any form. The code comes from a list of known ones, so it is shown even if the value is the same.
func TestRefusalsOfAWS(t *testing.T) {
	type repeated int // for which secrets
	const (
		never repeated = iota
		createdHere
		created // lately, by this process or another one
		always
	)
	secrets := map[repeated]*ValueAccess{
		always:      {creds: &temporaryCredentials{}},
		created:     {creds: &temporaryCredentials{isNew: true}},
		createdHere: {creds: &temporaryCredentials{}, record: Record{CreatedHere: time.Now()}},
	}
	for _, test := range []struct {
		status                int
		code                  string
		read, write           Kind
		readAgain, writeAgain repeated
	}{
		{400, "ThrottlingException", KindUnavailable, KindUnavailable, always, always},
		{429, "", KindUnavailable, KindUnavailable, always, always},
		{500, "InternalServiceError", KindUnavailable, KindUnavailable, always, always},
		{503, "", KindUnavailable, KindUnavailable, always, always},
		{400, codeAccessDenied, KindUnauthorized, KindUnauthorized, created, created},
		{400, codeUnrecognizedClient, KindRefused, KindRefused, created, created},
		{400, codeResourceNotFound, KindNoValue, KindLostAtAWS, never, createdHere},
		{400, codeInvalidRequest, KindLostAtAWS, KindLostAtAWS, createdHere, createdHere},
		{400, codeQuota, KindLimitExceeded, KindLimitExceeded, never, never},
		{400, "EncryptionFailure", KindRefused, KindRefused, never, never},
		{400, "ValidationException", KindRefused, KindRefused, never, never},
		{400, "EveException", KindRefused, KindRefused, never, never},
		{308, "", KindRefused, KindRefused, never, never},
	} {
		for age, access := range secrets {
			access.client = offline(t)
			for operation, want := range map[string]struct {
				kind    Kind
				repeats repeated
			}{opGetSecretValue: {test.read, test.readAgain}, opPutSecretValue: {test.write, test.writeAgain}} {
				access.exchange = exchange{access.client.awsPlace("us-west-2"), operation}
				refusal := awsRefusal(test.status, test.code, "User eve")
				again := access.retryer(t.Context()).IsErrorRetryable(refusal)
				e := access.awsError(t.Context(), refusal)
				if e.Kind != want.kind || again != (want.repeats >= age) {
					t.Errorf("%s: %d %s: the kind is %q, want %q. For secrets of kind %d, it is repeated: %t, want it for those from %d",
						operation, test.status, test.code, e.Kind, want.kind, age, again, want.repeats)
				}
				text, known := fmt.Sprintf("%v %+v %#v", e, e, e), test.code != "EveException"
				if strings.Contains(strings.ToLower(text), "eve") || strings.Contains(text, test.code) != known {
					t.Errorf("the error shows another code than a known one, or the message: %s", text)
				}
			}
		}
	}
}

// Each call has all its attempts. The SDK's own budget for retries would end after a hundred. A call may have
// taken effect if one attempt was sent.
func TestAttemptsOfACallOfAWS(t *testing.T) {
	access := &ValueAccess{client: offline(t), creds: &temporaryCredentials{}}
	retryer := access.retryer(t.Context())
	again := func(failure transport.Failure) bool {
		return retryer.IsErrorRetryable(&smithyhttp.RequestSendError{Err: &failure})
	}
	if !again(transport.Failure{}) || access.sent || !again(transport.Failure{Sent: true}) || !again(transport.Failure{}) || !access.sent {
		t.Errorf("a lost attempt is not repeated, or whether one was sent is not known: %t", access.sent)
	}
	ending, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if again(transport.Failure{Final: true}) || access.retryer(ending).IsErrorRetryable(awsRefusal(503, "", "")) {
		t.Error("an attempt is repeated that would fail in the same way, or has no time")
	}
	for range retryer.MaxAttempts() {
		if _, err := retryer.GetRetryToken(t.Context(), awsRefusal(503, "", "")); err != nil || retryer.MaxAttempts() != 150 {
			t.Fatalf("after fewer than 150 attempts, there are no more: %v", err)
		}
	}
}

func TestIsThrottle(t *testing.T) {
	for _, test := range []struct {
		status       int
		header, body string
		want         bool
	}{
		{400, "", `{"__type": "ThrottlingException", "message": "Rate exceeded"}`, true},
		{400, "", `{"__type": "com.amazonaws.secretsmanager#ThrottlingException"}`, true},
		{400, "ThrottlingException:http://internal.amazon.com/", ``, true},
		{400, "", `{"__type": "AccessDeniedException", "message": "ThrottlingException"}`, false},
		{400, "", `canary`, false},
		{429, "", ``, true},
		{503, "", ``, false},
		{200, "", `{"__type": "ThrottlingException"}`, false},
	} {
		header := http.Header{}
		header.Set("X-Amzn-ErrorType", test.header)
		if got := isThrottle(test.status, header, []byte(test.body)); got != test.want {
			t.Errorf("%+v: %t", test, got)
		}
	}
}
