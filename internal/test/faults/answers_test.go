// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
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
		"credentials for another store":      {robototest.GetCredentials, `"store_type":"aws"},"record"`, `"store_type":"vault"},"record"`},
		// Answers that agree with each other.
		"all at another service":     {"", ":secretsmanager:", ":s3:"},
		"all in a region with a dot": {"", region, "evil.s3"},
		"all in a region that ends":  {"", region, "x/"},
		"all in a region with an at": {"", region, "a@b"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := robototest.Start(t, robototest.Options{InMemory: true})
				server.AddSecret(robototest.DefaultOrg, "other")
				c := protocol.NewCore(t, server)
				server.Inject(robototest.Fault{Operation: test.operation, Mutate: func(body []byte) []byte {
					return bytes.ReplaceAll(body, []byte(test.old), []byte(test.changed))
				}})
				if err := c.Apply(fields{"name": "db", "value_wo": canary}); err == nil {
					t.Error("the answer was believed")
				}
				if server.Faulted() == 0 {
					t.Error("no answer was changed")
				}
				if n := server.Count(robototest.PutValue) + server.Count(robototest.GetValue) + server.Count(robototest.Unknown); n != 0 {
					t.Errorf("AWS was called %d times", n)
				}
				if _, exists := server.Record(robototest.DefaultOrg, "other"); !exists {
					t.Error("another secret was deleted")
				}
				if c.State != nil {
					t.Errorf("the state is %v", c.State)
				}
			})
		})
	}
}

// What AWS answers to a write goes into the state only as far as it is known
// before.
func TestHostileVersionIsNotStored(t *testing.T) {
	inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
		server.Inject(robototest.Fault{Mutate: func(body []byte) []byte {
			if i := bytes.Index(body, []byte(`"VersionId":"`)); i >= 0 {
				i += len(`"VersionId":"`)
				return append(append(bytes.Clone(body[:i]), canary...), body[i+36:]...)
			}
			return body
		}, Operation: robototest.PutValue})
		_ = c.Apply(fields{"name": "db", "value_wo": canary, "value_wo_version": "1"})
		if server.Faulted() == 0 {
			t.Error("no answer was changed")
		}
		if strings.Contains(fmt.Sprint(c.State), canary) {
			t.Error("the state holds what AWS echoed")
		}
	})
}

// What AWS answers to a read has to be of the secret and the version asked for.
func TestHostileValueIsNotBelieved(t *testing.T) {
	for name, test := range map[string]struct {
		// versionID is whether a version is asked for.
		versionID    bool
		old, changed string
	}{
		"of another secret":        {false, ":123456789012:", ":210987654321:"},
		"of another version":       {true, "-by-hand", "-somewhere"},
		"of a version that is not": {false, "-by-hand", " " + canary},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
				server.AddSecret(robototest.DefaultOrg, "db")
				config := fields{"name": "db"}
				if id := server.SetValue(robototest.DefaultOrg, "db", "the value"); test.versionID {
					config["version_id"] = id
				}
				c.Must(c.OpenEphemeral(config))
				server.Inject(robototest.Fault{Operation: robototest.GetValue, Mutate: func(body []byte) []byte {
					return bytes.ReplaceAll(body, []byte(test.old), []byte(test.changed))
				}})
				if err := c.OpenEphemeral(config); err == nil || !strings.Contains(err.Error(), "cannot be used: AWS names ") {
					t.Errorf("the error is %v", err)
				}
			})
		})
	}
}

// A redirect would carry the API key or the value to another host.
func TestRedirectsAreNotFollowed(t *testing.T) {
	for _, operation := range robototest.Operations() {
		// A 307 repeats the request, unless its body cannot be sent again; a 303 makes it a GET.
		for _, status := range []int{http.StatusTemporaryRedirect, http.StatusSeeOther} {
			t.Run(fmt.Sprint(operation, "/", status), func(t *testing.T) { redirectIsNotFollowed(t, operation, status) })
		}
	}
}

func redirectIsNotFollowed(t *testing.T, operation robototest.Operation, status int) {
	inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
		elsewhere := server.SecretsManagerEndpoint()
		if operation == robototest.PutValue || operation == robototest.GetValue {
			elsewhere = server.Endpoint()
		}
		server.Inject(robototest.Fault{
			Operation: operation, Status: status,
			Header: http.Header{"Location": {elsewhere + "/"}},
		})
		if operation == robototest.GetUser { // which is asked after a lost answer
			server.Inject(robototest.Fault{Operation: robototest.CreateSecret, Drop: true, After: true, Times: 1})
		}
		_ = c.Apply(fields{"name": "db", "value_wo": canary})
		_ = c.Apply(fields{"name": "db", "value_wo": canary + "2"})
		_, _ = readSecrets(c)
		server.AddAction(robototest.Action{Name: "hang", Parameters: []robototest.Parameter{{Name: "key"}}, Hang: true})
		_ = runAction(c, "hang")
		_ = c.Apply(nil)
		if server.Count(operation) == 0 {
			t.Error("the operation was never called")
		}
		if n := server.Count(robototest.Unknown); n != 0 {
			t.Errorf("%d redirects were followed", n)
		}
	})
}
