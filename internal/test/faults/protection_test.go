// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"net/http"
	"os"
	"path/filepath"
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

// protecting is a Terraform with a protected secret in its state.
func protecting(t *testing.T, config string) *terraform {
	t.Helper()
	t.Parallel()
	server := robototest.Start(t, robototest.Options{Orgs: []string{"og_test", "og_other"}})
	tf := newTerraform(t, server, config)
	tf.succeeds(applyNow...)
	return tf
}

func unprotected(config string) string {
	return strings.Replace(config, "deletion_protection = true", "deletion_protection = false", 1)
}

// A protected secret is deleted by nothing that Terraform does, and nothing is sent. After
// the two steps that the error names, the same works.
func TestTerraformDeletionProtection(t *testing.T) {
	notSent := "-refresh=false"
	const source = "terraform {\n  required_providers {\n    roboto = {\n      source = \"roboto-ai/roboto\"\n    }\n  }\n}\n"
	for name, test := range map[string]struct {
		// change is the configuration that deletes; "" for the one before.
		change string
		args   []string
		// early says that a plan is refused already, not only its apply.
		early bool
	}{
		"the block removed":               {"# empty", applyNow, true},
		"another name":                    {strings.Replace(protectedSecret, `"db"`, `"cache"`, 1), applyNow, true},
		"another organization":            {strings.Replace(protectedSecret, "og_test", "og_other", 1), applyNow, true},
		"another name, protection lifted": {unprotected(strings.Replace(protectedSecret, `"db"`, `"cache"`, 1)), applyNow, true},
		"terraform destroy":               {"", destroyNow, true},
		"a removed block":                 {"removed {\n  from = roboto_secret.test\n  lifecycle {\n    destroy = true\n  }\n}\n", applyNow, true},
		"-replace":                        {"", append(slices.Clone(applyNow), "-replace=roboto_secret.test"), false},
	} {
		t.Run(name, func(t *testing.T) {
			tf := protecting(t, protectedSecret)
			change := test.change
			if change == "" {
				change = protectedSecret
			}
			tf.configure(change)
			tf.roboto.ResetRequests()
			if test.early {
				plan := []string{"plan", notSent}
				if test.args[0] == "destroy" {
					plan = append(plan, "-destroy")
				}
				tf.fails(t.Context(), plan, `"db" of the organization og_test has deletion_protection`)
			}
			tf.fails(t.Context(), append(slices.Clone(test.args), notSent),
				`"db" of the organization og_test has deletion_protection`, "Nothing was deleted", "set deletion_protection = false")
			tf.sentNothing()
			tf.endsProtected()

			tf.configure(unprotected(protectedSecret))
			tf.roboto.ResetRequests()
			tf.succeeds("apply", "-auto-approve", notSent)
			tf.sentNothing()
			if test.change != "" {
				tf.configure(test.change)
			}
			tf.succeeds(test.args...)
			if n := tf.roboto.Count(robototest.DeleteSecret); n != 1 {
				t.Errorf("%d deletions were sent, want 1", n)
			}
		})
	}
	t.Run("a module removed", func(t *testing.T) {
		tf := protecting(t, "")
		tf.writes("secrets/main.tf", source+protectedSecret)
		tf.configure("module \"secrets\" {\n  source = \"./secrets\"\n}\n")
		tf.succeeds("init")
		tf.succeeds(applyNow...)
		tf.configure("# empty")
		tf.roboto.ResetRequests()
		tf.fails(t.Context(), append(slices.Clone(applyNow), notSent), `"db" of the organization og_test has deletion_protection`)
		tf.sentNothing()
		tf.writes("secrets/main.tf", source+unprotected(protectedSecret))
		tf.configure("module \"secrets\" {\n  source = \"./secrets\"\n}\n")
		tf.succeeds(applyNow...)
		tf.configure("# empty")
		tf.succeeds(applyNow...)
		if n := tf.roboto.Count(robototest.DeleteSecret); n != 1 {
			t.Errorf("%d deletions were sent, want 1", n)
		}
	})
	t.Run("tainted", func(t *testing.T) {
		tf := protecting(t, protectedSecret)
		tf.succeeds("taint", "roboto_secret.test")
		tf.roboto.ResetRequests()
		tf.fails(t.Context(), append(slices.Clone(applyNow), notSent),
			`"db" of the organization og_test has deletion_protection`, "run terraform untaint with its address before you apply")
		tf.sentNothing()
		tf.succeeds("untaint", "roboto_secret.test")
		tf.endsProtected()
	})
	t.Run("-replace with create_before_destroy", func(t *testing.T) {
		tf := protecting(t, strings.Replace(protectedSecret, "}", "lifecycle {\n    create_before_destroy = true\n  }\n}", 1))
		tf.roboto.ResetRequests()
		tf.fails(t.Context(), append(slices.Clone(applyNow), "-replace=roboto_secret.test"), "A secret of this name exists already")
		if n := tf.roboto.Count(robototest.DeleteSecret); n != 0 {
			t.Errorf("%d deletions were sent", n)
		}
		tf.endsProtected()
	})
}

func (tf *terraform) sentNothing() {
	tf.t.Helper()
	if requests := tf.roboto.Requests(); len(requests) != 0 {
		tf.t.Errorf("%d requests were sent: %v", len(requests), requests)
	}
}

func (tf *terraform) writes(name, content string) {
	tf.t.Helper()
	if err := os.MkdirAll(filepath.Dir(filepath.Join(tf.Dir, name)), 0o700); err != nil {
		tf.t.Fatal(err)
	}
	if err := tf.Write(name, content); err != nil {
		tf.t.Fatal(err)
	}
}

// endsProtected checks that the secret is as it was.
func (tf *terraform) endsProtected() {
	tf.t.Helper()
	tf.holds("test")
	secret := tf.state()["test"]
	record, exists := tf.roboto.Record("og_test", "db")
	value, _, _ := tf.roboto.Value("og_test", "db")
	if !exists || record.ARN != secret.ARN || value != "the value of db" {
		tf.t.Errorf("the state holds %+v, the service %+v with the value %q", secret, record, value)
	}
}

// The record that a failed create leaves behind is not protected: it holds no value, and a
// protected one could be neither replaced nor deleted.
func TestTerraformLeftoverRecordIsNotProtected(t *testing.T) {
	t.Parallel()
	server := robototest.Start(t, robototest.Options{})
	tf := newTerraform(t, server, "provider \"roboto\" {\n  max_attempts = 1\n}\n"+protectedSecret)
	server.Inject(robototest.Fault{Operation: robototest.PutValue, AWSError: "AccessDeniedException", Message: "Denied.", Times: 1})
	tf.fails(t.Context(), applyNow, "its new record was deleted again")
	tf.holds()
	server.Inject(robototest.Fault{Operation: robototest.PutValue, AWSError: "AccessDeniedException", Message: "Denied.", Times: 1})
	server.Inject(robototest.Fault{Operation: robototest.DeleteSecret, Status: http.StatusForbidden, Code: "RobotoUnauthorizedException", Message: "Not permitted."})
	tf.fails(t.Context(), applyNow, "marked as tainted")
	server.ClearFaults()
	tf.succeeds(applyNow...)
	tf.endsRight(map[string]string{"test": "the value of db"})
	tf.fails(t.Context(), destroyNow, "has deletion_protection")
}

// Lifting or setting the protection alone writes no value. With a version it sends nothing.
func TestDeletionProtectionWritesNothing(t *testing.T) {
	for name, test := range map[string]struct {
		config fields
		sends  int
	}{
		"with a version":    {fields{"name": "db", "value_wo": "value", "value_wo_version": "1"}, 0},
		"without a value":   {fields{"name": "db"}, 0},
		"without a version": {fields{"name": "db", "value_wo": "value"}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			server := robototest.Start(t, robototest.Options{InMemory: true})
			c := protocol.NewCore(t, server)
			c.Must(c.Apply(test.config))
			before := c.State["version_id"]
			for _, protected := range []bool{true, false} {
				test.config["deletion_protection"] = protected
				s := c.MustStart()
				server.ResetRequests()
				c.Must(s.Change(test.config))
				if requests := server.Requests(); len(requests) != test.sends {
					t.Errorf("%d requests, want %d: %v", len(requests), test.sends, requests)
				}
				if after := c.State["version_id"]; after != before {
					t.Errorf("the version is %v, want still %v", after, before)
				}
			}
			if n := server.Count(robototest.PutValue); n != 0 {
				t.Errorf("the value was written %d times", n)
			}
		})
	}
}

// The deposed object of a replacement keeps its protection, which no configuration lifts.
func TestTerraformProtectsADeposedSecret(t *testing.T) {
	t.Parallel()
	server := robototest.Start(t, robototest.Options{})
	config := strings.Replace(protectedSecret, "}", "  lifecycle {\n    create_before_destroy = true\n  }\n}", 1)
	tf := newTerraform(t, server, config)
	tf.succeeds(applyNow...)
	tf.succeeds("taint", "roboto_secret.test")
	tf.configure(strings.Replace(config, `"db"`, `"other"`, 1))
	tf.fails(t.Context(), applyNow, "deposed object")
	tf.fails(t.Context(), planNow, "For a deposed object, see \"Deletion\"")
	tf.succeeds("state", "rm", "roboto_secret.test")
	tf.succeeds("import", "roboto_secret.test", "other")
	tf.succeeds(applyNow...)
	if _, exists := server.Record(robototest.DefaultOrg, "db"); !exists {
		t.Error("the protected secret was deleted")
	}
	tf.holds("test")
}
