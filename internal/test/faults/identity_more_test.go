// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

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
				c := newCore(t, server)
				c.settings = attributes{"max_attempts": tftypes.NewValue(tftypes.Number, 2)}
				takeOverBefore(server, operation)
				if err := c.apply(t.Context(), versionedSecret); err == nil {
					t.Error("there was no error")
				}
				c.must(successorIsSafe(server))
				if !c.state.IsNull() {
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
				c := newCore(t, server)
				c.settings = attributes{"max_attempts": tftypes.NewValue(tftypes.Number, 2), "request_timeout": text("1s")}
				server.Inject(robototest.Fault{Operation: robototest.CreateSecret, Delay: time.Hour, Times: 1})
				refusal.Operation = robototest.CreateSecret
				server.Inject(refusal)
				err := c.apply(t.Context(), versionedSecret)
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
		c := newCore(t, server)
		server.Inject(robototest.Fault{Operation: robototest.CreateSecret, Drop: true, Times: 1})
		server.Inject(robototest.Fault{
			Operation: robototest.CreateSecret, After: true, Times: 1,
			Status: http.StatusForbidden, Code: "RobotoLimitExceededException", Message: "too many secrets",
		})
		c.must(c.apply(t.Context(), versionedSecret))
	})
}

// What somebody else wrote into a record must not control the terminal.
func TestAnotherSecretIsNamedSafely(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := robototest.Start(t, robototest.Options{InMemory: true})
		c, ctx := newCore(t, server), t.Context()
		c.must(c.apply(ctx, versionedSecret))
		handOn(server)
		server.Inject(robototest.Fault{Operation: robototest.GetSecret, Mutate: func(body []byte) []byte {
			return bytes.Replace(body, []byte("somebody@"), []byte(`\u001b[2J\nsomebody@`), 1)
		}})
		s, err := c.start(ctx)
		c.must(err)
		c.must(s.refresh(ctx))
		if c.warning == nil || !strings.Contains(c.warning.Error(), "somebody@example.com") || strings.Contains(c.warning.Error(), "\x1b") {
			t.Errorf("the warning is %q", c.warning)
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
	value, _, _ := server.Value(robototest.DefaultOrg, "other")
	tf.endsRight(map[string]string{"test": value})
	if value == "" {
		t.Error("the new secret has no value")
	}
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
