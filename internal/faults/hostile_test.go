// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/roboto-ai/terraform-provider-roboto/internal/robototest"
)

// Whatever would take the value somewhere else is refused before AWS is called,
// and leaves nothing behind.
func TestHostileAnswersAreRefusedBeforeAWSIsCalled(t *testing.T) {
	const region = "us-west-2"
	for name, test := range map[string]struct {
		operation    robototest.Operation
		old, changed string
	}{
		"record of another secret":           {robototest.CreateSecret, `"name":"db"`, `"name":"other"`},
		"record of another organization":     {robototest.CreateSecret, `"org_id":"og_test"`, `"org_id":"og_evil"`},
		"record at another service":          {robototest.CreateSecret, ":secretsmanager:", ":s3:"},
		"record in a region with a dot":      {robototest.CreateSecret, region, "evil.s3"},
		"credentials for another secret":     {robototest.GetCredentials, `"name":"db"`, `"name":"other"`},
		"credentials for another ARN":        {robototest.GetCredentials, ":123456789012:", ":210987654321:"},
		"credentials at another service":     {robototest.GetCredentials, ":secretsmanager:", ":s3:"},
		"credentials in another region":      {robototest.GetCredentials, `"region":"` + region, `"region":"eu-west-1`},
		"credentials in a region with a dot": {robototest.GetCredentials, region, "evil.s3"},
		"a region that ends the host name":   {robototest.GetCredentials, region, "x/"},
		"a region with an at sign":           {robototest.GetCredentials, region, "a@b"},
		"credentials without a token":        {robototest.GetCredentials, `"session_token":"`, `"session_token":"","x":"`},
		"credentials for another store":      {robototest.GetCredentials, `"store_type":"aws"`, `"store_type":"vault"`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := robototest.Start(t, robototest.Options{InMemory: true})
				c := newCore(t, server)
				server.Inject(robototest.Fault{Operation: test.operation, Mutate: func(body []byte) []byte {
					changed := bytes.ReplaceAll(body, []byte(test.old), []byte(test.changed))
					if bytes.Equal(changed, body) {
						t.Error("the answer was not changed")
					}
					return changed
				}})
				if err := c.apply(t.Context(), attributes{"name": text("db"), "value_wo": text(canary)}); err == nil {
					t.Error("the answer was believed")
				}
				if n := server.Count(robototest.PutValue) + server.Count(robototest.GetValue) + server.Count(robototest.Unknown); n != 0 {
					t.Errorf("AWS was called %d times", n)
				}
				if !c.state.IsNull() {
					t.Error("there is a state")
				}
			})
		})
	}
}

// What AWS answers to a write goes into the state only as far as it is known
// before.
func TestHostileVersionIsNotStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := robototest.Start(t, robototest.Options{InMemory: true})
		c := newCore(t, server)
		server.Inject(robototest.Fault{Mutate: func(body []byte) []byte {
			if i := bytes.Index(body, []byte(`"VersionId":"`)); i >= 0 {
				i += len(`"VersionId":"`)
				return append(append(bytes.Clone(body[:i]), canary...), body[i+36:]...)
			}
			return body
		}, Operation: robototest.PutValue})
		_ = c.apply(t.Context(), attributes{"name": text("db"), "value_wo": text(canary), "value_wo_version": text("1")})
		if strings.Contains(c.state.String(), canary) {
			t.Error("the state holds what AWS echoed")
		}
	})
}

// A redirect would carry the API key or the value to another host.
func TestRedirectsAreNotFollowed(t *testing.T) {
	for _, operation := range robototest.Operations() {
		t.Run(string(operation), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := robototest.Start(t, robototest.Options{InMemory: true})
				c := newCore(t, server)
				elsewhere := server.SecretsManagerEndpoint()
				if operation == robototest.PutValue || operation == robototest.GetValue {
					elsewhere = server.Endpoint()
				}
				server.Inject(robototest.Fault{
					Operation: operation, Status: http.StatusTemporaryRedirect,
					Header: http.Header{"Location": {elsewhere + "/"}},
				})
				ctx := t.Context()
				_ = c.apply(ctx, attributes{"name": text("db"), "value_wo": text(canary)})
				_ = c.apply(ctx, attributes{"name": text("db"), "value_wo": text(canary + "2")})
				_, _ = c.readSecrets(ctx)
				_ = c.apply(ctx, nil)
				if server.Count(operation) == 0 {
					t.Error("the operation was never called")
				}
				if n := server.Count(robototest.Unknown); n != 0 {
					t.Errorf("%d redirects were followed", n)
				}
			})
		})
	}
}
