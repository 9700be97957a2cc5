// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

const protectedSecret = `
resource "roboto_secret" "test" {
  name                = "db"
  org_id              = "og_test"
  value_wo            = "the value of db"
  value_wo_version    = "1"
  deletion_protection = true
}
`

func unprotected(config string) string {
	return strings.Replace(config, "deletion_protection = true", "deletion_protection = false", 1)
}

// Terraform: a protected secret is deleted by nothing that it does, and nothing is sent. After the two
// steps that the error names, the same works.
func TestTerraformDeletionProtection(t *testing.T) {
	const (
		refused = `"db" of the organization og_test has deletion_protection`
		notSent = "-refresh=false"
	)
	renamed := strings.Replace(protectedSecret, `"db"`, `"cache"`, 1)
	replace := slices.Concat(applyNow, []string{"-replace=roboto_secret.test"})
	t.Parallel()
	server := robototest.Start(t, robototest.Options{Orgs: []string{"og_test", "og_other"}})
	tf := newTerraform(t, server, protectedSecret)
	tf.succeeds(applyNow...)
	record, _ := server.Record("og_test", "db")
	for _, step := range []struct {
		name, config string
		args         []string
	}{
		{name: "apply without the block", config: "", args: applyNow},
		{name: "apply another name", config: renamed, args: applyNow},
		{name: "another organization", config: strings.Replace(protectedSecret, "og_test", "og_other", 1), args: applyNow},
		{name: "another name, protection lifted", config: unprotected(renamed), args: applyNow},
		{name: "a removed block", config: "removed {\n  from = roboto_secret.test\n  lifecycle {\n    destroy = true\n  }\n}\n", args: applyNow},
		{name: "plan to destroy", config: protectedSecret, args: []string{"plan", "-destroy"}},
		{name: "destroy", config: protectedSecret, args: destroyNow},
		{name: "-replace", config: protectedSecret, args: replace},
		{name: "tainted", config: protectedSecret, args: applyNow},
	} {
		tf.configure(step.config)
		words := []string{refused, "Nothing was deleted", "set deletion_protection = false"}
		if step.name == "tainted" {
			tf.succeeds("taint", "roboto_secret.test")
			words = append(words, "run terraform untaint with its address before you apply")
		}
		server.ResetRequests()
		tf.fails(slices.Concat(step.args, []string{notSent}), words...)
		tf.holds("test")
		if requests := server.Requests(); len(requests) != 0 || t.Failed() {
			t.Fatalf("at the step %q, with the requests %v", step.name, requests)
		}
	}
	untouched(t, server, record, "the value of db")

	tf.succeeds("untaint", "roboto_secret.test")
	tf.configure(unprotected(protectedSecret))
	server.ResetRequests()
	tf.succeeds("apply", "-auto-approve", notSent)
	if requests := server.Requests(); len(requests) != 0 {
		t.Errorf("to lift the protection, %d requests were sent: %v", len(requests), requests)
	}
	tf.configure(renamed)
	tf.succeeds(applyNow...)
	if got := recordNames(server); !slices.Equal(got, []string{"cache"}) {
		t.Errorf("the secrets are %q", got)
	}
}

// The record that a failed create leaves behind is not protected: it holds no value, and a
// protected one could be neither replaced nor deleted.
func TestLeftoverRecordIsNotProtected(t *testing.T) {
	inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
		protected := fields{"name": "db", "value_wo": canary, "value_wo_version": "1", "deletion_protection": true}
		server.Inject(robototest.Fault{Operation: robototest.PutValue, AWSError: "AccessDeniedException", Message: "Denied."})
		server.Inject(robototest.Fault{Operation: robototest.DeleteSecret, Status: http.StatusForbidden, Code: "RobotoUnauthorizedException"})
		if err := c.Apply(protected); err == nil || !c.Tainted {
			t.Fatalf("tainted: %t, %v", c.Tainted, err)
		}
		server.ClearFaults()
		c.Must(c.Apply(protected))
		c.Must(disagreement(c, canary, 1))
		says(t, c.Apply(nil), "has deletion_protection")
	})
}

// Each error says that the record may be gone, and one says what to do.
func TestCleanUpWhoseOutcomeIsUnknown(t *testing.T) {
	inBubble(t, func(t *testing.T, server *robototest.Server, _ *protocol.Core) {
		f := newFleet(t, server, 3)
		f.cores[0].Settings = fields{"max_attempts": 1}
		server.Inject(robototest.Fault{Operation: robototest.PutValue, Status: http.StatusInternalServerError})
		server.Inject(robototest.Fault{Operation: robototest.DeleteSecret, Status: http.StatusBadGateway, After: true})
		n := 0
		server.Inject(robototest.Fault{Operation: robototest.GetSecret, Status: http.StatusServiceUnavailable, Match: func(robototest.Request) bool {
			n++
			return n%2 == 0 // after the deletion
		}})
		advised := 0
		for _, err := range f.errors(1, applyVersioned) {
			says(t, err, "could not be deleted again", "The secret may have been deleted anyway.")
			advised += strings.Count(fmt.Sprint(err), "run terraform apply, which replaces the record")
		}
		if advised != 1 {
			t.Errorf("%d errors say what to do, want 1", advised)
		}
	})
}
