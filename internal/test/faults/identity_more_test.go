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
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// takeOverBefore gives the name "db" to another secret when the first request of the
// operation comes in.
func takeOverBefore(server *robototest.Server, operation robototest.Operation) {
	taken := false
	server.Inject(robototest.Fault{Operation: operation, Match: func(robototest.Request) bool {
		if !taken {
			taken = true
			handOn(server)
		}
		return false
	}})
}

// A create that cannot write its value deletes its record, and not the one that has taken
// the name over since.
func TestCleanUpLeavesAnotherSecretAlone(t *testing.T) {
	for _, operation := range []robototest.Operation{robototest.GetCredentials, robototest.PutValue} {
		t.Run(string(operation), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := robototest.Start(t, robototest.Options{InMemory: true})
				c := protocol.NewCore(t, server)
				c.Settings = fields{"max_attempts": 2}
				takeOverBefore(server, operation)
				if err := c.Apply(versionedSecret); err == nil {
					t.Error("there was no error")
				}
				c.Must(successorIsSafe(server))
				if c.State != nil {
					t.Error("the state holds a secret")
				}
			})
		})
	}
}

// A refusal does not say what an earlier attempt without an answer does.
func TestRefusedCreateAfterLostAnswerNamesTheRecord(t *testing.T) {
	for name, refusal := range map[string]robototest.Fault{
		"throttled": {Status: http.StatusTooManyRequests, Message: "Too Many Requests"},
		"limit":     {Status: http.StatusForbidden, Code: "RobotoLimitExceededException", Message: "too many secrets"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := robototest.Start(t, robototest.Options{InMemory: true})
				c := protocol.NewCore(t, server)
				c.Settings = fields{"max_attempts": 2, "request_timeout": "1s"}
				server.Inject(robototest.Fault{Operation: robototest.CreateSecret, Delay: time.Hour, Times: 1})
				refusal.Operation = robototest.CreateSecret
				server.Inject(refusal)
				err := c.Apply(versionedSecret)
				if err == nil || !strings.Contains(err.Error(), "A record may be left behind") || !strings.Contains(err.Error(), refusal.Message) {
					t.Errorf("the error is %v", err)
				}
			})
		})
	}
}

// A record that came into being meanwhile is ours, although a later attempt was refused.
func TestRefusedCreateAfterLostAnswerFindsTheRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := robototest.Start(t, robototest.Options{InMemory: true})
		c := protocol.NewCore(t, server)
		server.Inject(robototest.Fault{Operation: robototest.CreateSecret, Drop: true, Times: 1})
		server.Inject(robototest.Fault{
			Operation: robototest.CreateSecret, After: true, Times: 1,
			Status: http.StatusForbidden, Code: "RobotoLimitExceededException", Message: "too many secrets",
		})
		c.Must(c.Apply(versionedSecret))
	})
}

// What somebody else wrote into a record must not control the terminal.
func TestAnotherSecretIsNamedSafely(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := robototest.Start(t, robototest.Options{InMemory: true})
		c := protocol.NewCore(t, server)
		c.Must(c.Apply(versionedSecret))
		handOn(server)
		server.Inject(robototest.Fault{Operation: robototest.GetSecret, Mutate: func(body []byte) []byte {
			return bytes.Replace(body, []byte("somebody@"), []byte(`\u001b[2J\nsomebody@`), 1)
		}})
		s := c.MustStart()
		c.Must(s.Refresh())
		if c.Warning == nil || !strings.Contains(c.Warning.Error(), "somebody@example.com") || strings.Contains(c.Warning.Error(), "\x1b") {
			t.Errorf("the warning is %q", c.Warning)
		}
	})
}

// A replacement writes the value into the new secret, so ignore_changes hides nothing.
func TestTerraformReplacesSecretOfIgnoredValue(t *testing.T) {
	t.Parallel()
	server := robototest.Start(t, robototest.Options{})
	ignoring := strings.Replace(oneSecret, "}\n", "  lifecycle {\n    ignore_changes = [value_wo]\n  }\n}\n", 1)
	tf := newTerraform(t, server, ignoring)
	tf.succeeds(applyNow...)
	tf.configure(strings.NewReplacer(`"db"`, `"other"`, `"1"`, `"2"`).Replace(ignoring))
	tf.succeeds(applyNow...)
	tf.endsRight(map[string]string{"test": "the value of db"})
}

// A secret that create_before_destroy has left for later is another one too.
func TestTerraformFindsAnotherSecretInPlaceOfADeposedOne(t *testing.T) {
	t.Parallel()
	server := robototest.Start(t, robototest.Options{})
	config := strings.Replace(oneSecret, "}\n", "  lifecycle {\n    create_before_destroy = true\n  }\n}\n", 1)
	tf := newTerraform(t, server, config)
	tf.succeeds(applyNow...)
	tf.configure(strings.Replace(config, `"db"`, `"other"`, 1))
	server.Inject(robototest.Fault{Operation: robototest.DeleteSecret, Status: http.StatusForbidden, Message: "no"})
	tf.fails(t.Context(), applyNow, "403")
	server.ClearFaults()
	handOn(server)
	tf.succeeds(applyNow...)
	tf.holds("test")
	if err := successorIsSafe(server); err != nil {
		t.Error(err)
	}
}

// A record that was moved to another ARN is still the same secret.
func TestMovedRecordIsTheSameSecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := robototest.Start(t, robototest.Options{InMemory: true})
		c := protocol.NewCore(t, server)
		c.Must(c.Apply(versionedSecret))
		arn := fmt.Sprint(c.State["arn"])
		moved := strings.Replace(arn, "/og_test/", "/og_test/moved-", 1)
		server.Inject(robototest.Fault{Operation: robototest.GetSecret, Mutate: func(body []byte) []byte {
			return bytes.ReplaceAll(body, []byte(arn), []byte(moved))
		}})
		if empty, err := c.PlanIsEmpty(versionedSecret); !empty || err != nil || c.Warning != nil {
			t.Errorf("the plan is empty: %t (%v, %v)", empty, err, c.Warning)
		}
		if got := c.State["arn"]; got != moved {
			t.Errorf("the ARN is %q, want %q", got, moved)
		}
		c.Must(c.Apply(nil))
		if _, exists := server.Record(robototest.DefaultOrg, "db"); exists {
			t.Error("the secret is still there")
		}
	})
}

const comparedSecret = `
resource "roboto_secret" "test" {
  name     = "db"
  value_wo = "the value of db"
}

ephemeral "roboto_secret" "test" {
  uri        = roboto_secret.test.uri
  version_id = roboto_secret.test.version_id
}
`

// With Terraform: the same value in another version.
func TestTerraformTakesCurrentVersionOver(t *testing.T) {
	t.Parallel()
	server := robototest.Start(t, robototest.Options{})
	tf := newTerraform(t, server, comparedSecret)
	tf.succeeds(applyNow...)
	current := server.SetValue(robototest.DefaultOrg, "db", "the value of db")
	result, err := tf.Run(t.Context(), nil, "plan", "-detailed-exitcode")
	if err != nil || result.ExitCode != 2 {
		t.Fatalf("%v\n\n%s", err, result.Output())
	}
	tf.succeeds(applyNow...)
	if got := tf.state()["test"].VersionID; got == nil || *got != current {
		t.Errorf("version_id is %v, want %q", got, current)
	}
	if n := server.Count(robototest.PutValue); n != 1 {
		t.Errorf("%d values were written, want 1", n)
	}
	tf.succeeds("plan", "-detailed-exitcode")
}

// With Terraform: AWS's lag just after a create.
func TestTerraformReadsNewSecretInSpiteOfLag(t *testing.T) {
	t.Parallel()
	server := robototest.Start(t, robototest.Options{})
	tf := newTerraform(t, server, comparedSecret)
	for _, args := range [][]string{applyNow, {"plan"}} {
		server.Inject(robototest.Fault{Operation: robototest.GetValue, AWSError: "AccessDeniedException", Message: "not authorized", Times: 1})
		tf.succeeds(args...)
		server.ClearFaults()
	}
}

// With Terraform: "not found" from a Roboto that hides the organization.
func TestTerraformForgetsNothingOfAnotherOrganization(t *testing.T) {
	t.Parallel()
	server := robototest.Start(t, robototest.Options{})
	tf := newTerraform(t, server, oneSecret)
	tf.succeeds(applyNow...)
	server.Inject(robototest.Fault{Operation: robototest.GetSecret, Status: http.StatusNotFound, Code: "RobotoNotFoundException", Message: "no such secret"})
	server.Inject(robototest.Fault{Operation: robototest.ListOrgs, Mutate: func(body []byte) []byte {
		return bytes.ReplaceAll(body, []byte("og_test"), []byte("og_other"))
	}})
	for _, args := range [][]string{applyNow, {"apply", "-auto-approve", "-refresh-only"}, destroyNow} {
		tf.fails(t.Context(), args, "does not belong to the organization og_test")
		tf.holds("test")
	}
}

// With Terraform: a create that may take effect when the provider has given up.
func TestTerraformFindsRecordOfLateCreate(t *testing.T) {
	t.Parallel()
	server := robototest.Start(t, robototest.Options{})
	tf := newTerraform(t, server, "provider \"roboto\" {\n  request_timeout = \"1s\"\n  max_attempts    = 2\n}\n"+oneSecret)
	server.Inject(robototest.Fault{Operation: robototest.CreateSecret, Delay: time.Minute})
	tf.fails(t.Context(), applyNow, "A record may be left behind")
	server.ClearFaults()
	server.AddSecret(robototest.DefaultOrg, "db")
	tf.succeeds(applyNow...)
	tf.endsRight(map[string]string{"test": "the value of db"})
}

// With Terraform: a key of one character, which each ARN contains.
func TestTerraformUsesShortAPIKey(t *testing.T) {
	t.Parallel()
	server := robototest.Start(t, robototest.Options{APIKey: "r"})
	tf := newTerraform(t, server, oneSecret)
	tf.succeeds(applyNow...)
	tf.endsRight(map[string]string{"test": "the value of db"})
	tf.succeeds(destroyNow...)
}
