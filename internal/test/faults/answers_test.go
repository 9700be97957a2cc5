// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"bytes"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// Whatever would take the value somewhere else is refused before AWS is called,
// and leaves nothing behind.
func TestHostileAnswersAreRefusedBeforeAWSIsCalled(t *testing.T) {
	const region = "us-west-2"
	for name, test := range map[string]struct {
		operation    robototest.Operation
		old, changed string
	}{
		"record of another secret":         {robototest.CreateSecret, `"name":"db"`, `"name":"other"`},
		"record of another organization":   {robototest.CreateSecret, `"org_id":"og_test"`, `"org_id":"og_evil"`},
		"record at another service":        {robototest.CreateSecret, ":secretsmanager:", ":s3:"},
		"record in another store":          {robototest.CreateSecret, `"store_type":"aws"`, `"store_type":"vault"`},
		"record in a region with a dot":    {robototest.CreateSecret, region, "evil.s3"},
		"credentials for another secret":   {robototest.GetCredentials, `"name":"db"`, `"name":"other"`},
		"credentials for another ARN":      {robototest.GetCredentials, ":123456789012:", ":210987654321:"},
		"credentials in another region":    {robototest.GetCredentials, `"region":"` + region, `"region":"eu-west-1`},
		"credentials in a region with dot": {robototest.GetCredentials, region, "evil.s3"},
		"credentials for another store":    {robototest.GetCredentials, `"store_type":"aws"},"record"`, `"store_type":"vault"},"record"`},
		"credentials at another service":   {robototest.GetCredentials, ":secretsmanager:", ":s3:"},
		"credentials without a key":        {robototest.GetCredentials, `"secret_access_key":"`, `"secret_access_key":"","x":"`},
		"credentials without a token":      {robototest.GetCredentials, `"session_token":"`, `"session_token":"","x":"`},
		"all answers of another service":   {"", ":secretsmanager:", ":s3:"},
		"all answers of a region with dot": {"", region, "evil.s3"},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
				other := server.AddSecret(robototest.DefaultOrg, "other")
				server.Inject(robototest.Fault{Operation: test.operation, Mutate: func(body []byte) []byte {
					return bytes.ReplaceAll(body, []byte(test.old), []byte(test.changed))
				}})
				if err := c.Apply(comparedFields); err == nil {
					t.Error("the answer was believed")
				}
				if server.Faulted() == 0 {
					t.Error("no answer was changed")
				}
				if n := server.Count(robototest.PutValue) + server.Count(robototest.GetValue) + server.Count(robototest.Unknown); n != 0 {
					t.Errorf("AWS was called %d times", n)
				}
				untouched(t, server, other, "")
				keepsNothing(t, c)
			})
		})
	}
}

// A redirect would carry the API key or the value to another host. A 307 repeats the request, unless
// its body cannot be sent again; a 303 makes it a GET.
func TestRedirectsAreNotFollowed(t *testing.T) {
	for _, call := range faultCalls() {
		for _, status := range []int{http.StatusTemporaryRedirect, http.StatusSeeOther} {
			t.Run(fmt.Sprint(call.name, "/", status), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					server, c := startCall(t, call)
					elsewhere := server.SecretsManagerEndpoint()
					if call.operation == robototest.PutValue || call.operation == robototest.GetValue {
						elsewhere = server.Endpoint()
					}
					server.Inject(robototest.Fault{
						Operation: call.operation, Skip: call.skip, Status: status, Header: http.Header{"Location": {elsewhere + "/"}},
					})
					_ = call.act(c)
					if server.Faulted() == 0 {
						t.Error("nothing was redirected")
					}
					if n := server.Count(robototest.Unknown); n != 0 {
						t.Errorf("%d redirects were followed", n)
					}
				})
			})
		}
	}
}
