// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package robototest_test

import (
	"io"
	"maps"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/wire"
)

// access asks for credentials.
func (c *client) access() wire.Access {
	c.t.Helper()
	return c.wants(http.StatusOK, "access_key_id", getDB+"/creds").Access()
}

// aws calls Secrets Manager, and returns "success" or the code and the message of the error.
func (c *client) aws(a wire.Access, operation string, input wire.Object, change edit) string {
	c.edit = change
	defer func() { c.edit = nil }()
	answer, err := c.AWS(c.t.Context(), a, operation, input)
	switch {
	case err != nil:
		return err.Error()
	case answer.OK():
		return "success"
	}
	return answer.Code() + ": " + answer.Output().Text("message")
}

func (c *client) put(a wire.Access, value string) string {
	return c.aws(a, "PutSecretValue", wire.Object{"SecretString": value, "ClientRequestToken": wire.NewToken()}, nil)
}

func inAuthorization(pattern, replacement string) edit {
	return func(r *http.Request) {
		before := r.Header.Get("Authorization")
		after := regexp.MustCompile(pattern).ReplaceAllString(before, replacement)
		if after == before {
			panic("the edit does nothing")
		}
		r.Header.Set("Authorization", after)
	}
}

func TestRequestsToAWS(t *testing.T) {
	const success, signature, denied = "success", "InvalidSignatureException: ", "AccessDeniedException: "
	const protocol, other = "not AWS's JSON protocol", "something else than reading or writing"
	for name, test := range map[string]struct {
		edit      edit
		input     wire.Object
		access    func(*client, *wire.Access)
		clock     time.Duration
		want      string
		violation string
	}{
		"a correct one": {want: success},

		"another body": {edit: func(r *http.Request) {
			r.Body = io.NopCloser(strings.NewReader(`{"SecretId":"x"}`))
			r.ContentLength = 16
		}, want: signature},
		"a query":               {edit: func(r *http.Request) { r.URL.RawQuery = "a=b" }, want: signature},
		"another host":          {edit: func(r *http.Request) { r.Host = "example.com" }, want: signature},
		"another operation":     {edit: header("X-Amz-Target", "secretsmanager.GetSecretValue"), want: signature},
		"an unsigned type":      {edit: inAuthorization(`content-type;`, ""), want: signature},
		"an unsigned host":      {edit: inAuthorization(`;host;`, ";"), want: signature},
		"another signature":     {edit: inAuthorization(`Signature=.{8}`, "Signature=00000000"), want: signature},
		"another region":        {edit: inAuthorization(`/us-west-2/`, "/us-east-1/"), want: signature},
		"another day":           {edit: inAuthorization(`/\d{8}/`, "/20200101/"), want: signature},
		"no date":               {edit: header("X-Amz-Date"), want: signature + "Signature expired"},
		"an unknown key":        {edit: inAuthorization(`=ASIA.{4}`, "=ASIA0000"), want: "UnrecognizedClientException: "},
		"another session token": {edit: header("X-Amz-Security-Token", "x"), want: "UnrecognizedClientException: "},
		"half an Authorization": {edit: inAuthorization(`, Signature=.*`, ""), want: "MissingAuthenticationTokenException: "},
		"no Authorization":      {edit: header("Authorization"), want: "MissingAuthenticationTokenException: "},
		"a secret key of another": {access: func(c *client, a *wire.Access) {
			a.Creds["secret_access_key"] = c.access().Creds["secret_access_key"]
		}, want: signature},
		"a late clock":           {clock: 6 * time.Minute, want: signature},
		"an early clock":         {clock: -6 * time.Minute, want: signature},
		"a clock a little late":  {clock: 4 * time.Minute, want: success},
		"a clock a little early": {clock: -4 * time.Minute, want: success},

		"another method":     {edit: func(r *http.Request) { r.Method = http.MethodPut }, want: "MalformedHttpRequestException: ", violation: protocol},
		"another path":       {edit: func(r *http.Request) { r.URL.Path = "/secrets" }, want: "MalformedHttpRequestException: ", violation: protocol},
		"another type":       {edit: header("Content-Type", "application/json"), want: "MalformedHttpRequestException: ", violation: protocol},
		"another secret":     {access: func(c *client, a *wire.Access) { a.ARN = c.s.AddSecret(org, "other").ARN }, want: denied, violation: other},
		"a name for the ARN": {input: wire.Object{"SecretId": "db"}, want: denied, violation: other},
		"no value":           {input: wire.Object{"SecretString": nil}, want: "InvalidRequestException: "},
		"an empty value":     {input: wire.Object{"SecretString": ""}, want: "ValidationException: "},
		"a token too short":  {input: wire.Object{"ClientRequestToken": strings.Repeat("t", 31)}, want: "InvalidParameterException: "},
		"a token too long":   {input: wire.Object{"ClientRequestToken": strings.Repeat("t", 65)}, want: "InvalidParameterException: "},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, robototest.Options{ClockAhead: test.clock})
			access := c.access()
			if test.access != nil {
				test.access(c, &access)
			}
			input := wire.Object{"SecretString": "some value", "ClientRequestToken": wire.NewToken()}
			maps.Copy(input, test.input)
			if got := c.aws(access, "PutSecretValue", input, test.edit); !strings.HasPrefix(got, test.want) {
				t.Errorf("answered %q, want %q", got, test.want)
			}
			if _, _, written := c.s.Value(org, "db"); written != (test.want == success) {
				t.Errorf("written: %v", written)
			}
			c.wantViolation(test.violation)
		})
	}
}

func TestAccessBeginsAndEnds(t *testing.T) {
	inBubble(t, robototest.Options{PermissionLag: 10 * time.Second}, func(t *testing.T, c *client) {
		a := c.access()
		for _, step := range []struct {
			wait time.Duration
			want string
		}{
			{0, "AccessDeniedException"},
			{10 * time.Second, "success"},
			{14 * time.Minute, "success"},
			{2 * time.Minute, "ExpiredTokenException"},
		} {
			time.Sleep(step.wait)
			if got := c.put(a, "some value"); !strings.HasPrefix(got, step.want) {
				t.Errorf("after another %s: %q, want %q", step.wait, got, step.want)
			}
		}
		if got := c.put(c.access(), "some value"); got != "success" {
			t.Errorf("with new credentials: %q", got)
		}
	})
}
