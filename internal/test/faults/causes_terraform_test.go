// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// With Terraform: an outage, a refused key or a mistake in the environment is one error for all
// refreshes. The run fails, and the state stays as it is. What a check block reads does not count.
func TestTerraformReportsACauseOnce(t *testing.T) {
	t.Parallel()
	const (
		quoted          = `ROBOTO_API_KEY="quoted"`
		refused, outage = "ROBOTO_API_KEY=rbt_of_somebody_else_entirely", "ROBOTO_SERVICE_ENDPOINT=http://127.0.0.1:9"
		notUsable       = "The api_key from ROBOTO_API_KEY is not usable"
		cannotRead      = "Error: Cannot Read Roboto Secret"
		check           = `
check "there" {
  data "roboto_secret" "one" {
    name   = "a"
    org_id = "og_test"
  }
  assert {
    condition     = data.roboto_secret.one.uri != ""
    error_message = "It is not there."
  }
}
`
	)
	secrets := func(arguments string) string {
		return "resource \"roboto_secret\" \"test\" {\n" +
			"  for_each = toset([\"a\", \"b\", \"c\"])\n  name     = each.key\n" + arguments + "}\n"
	}
	given := secrets("  org_id   = \"og_test\"\n")
	none, checked := secrets(""), given+check
	var state []byte
	tf := newTerraform(t, robototest.Start(t, robototest.Options{}), none)
	for _, run := range []struct {
		config, env string
		args        []string
		// errors is how many come, one of which says the words.
		errors int
		words  string
	}{
		{given, quoted, planNow, 0, "3 to add"},
		{none, "", []string{"plan", "-out=saved"}, 0, "3 to add"},
		// Terraform plans a create again while applying. What the plan knew must not become unknown, so that
		// each secret has its error.
		{none, refused, []string{"apply", "saved"}, 3, "Error: Cannot Find Organization of Roboto Secret"},
		{checked, "", applyNow, 0, "3 added"},
		{checked, outage, planNow, 1, cannotRead},
		{checked, refused, planNow, 1, cannotRead},
		{checked, refused, []string{"plan", `-target=roboto_secret.test["a"]`}, 1, cannotRead},
		{checked, refused, []string{"apply", "-refresh-only", "-auto-approve"}, 1, cannotRead},
		{checked, refused, []string{"refresh"}, 1, cannotRead},
		{checked, refused, applyNow, 1, cannotRead},
		{checked, refused, destroyNow, 1, cannotRead},
		{given, "", applyNow, 0, "0 destroyed"},
		{given, quoted, planNow, 1, notUsable},
		{given, quoted, destroyNow, 1, notUsable},
		{given, quoted, append(destroyNow, "-refresh=false"), 3, notUsable},
	} {
		tf.configure(run.config)
		said, ok := tf.runs([]string{run.env}, run.args...)
		// If Configure refused the environment, Terraform would say "requires explicit configuration", and point
		// at "<empty> line 0".
		wrong := regexp.MustCompile("explicit configuration|<empty>|inconsistent").FindString(said)
		if n := strings.Count(said, "Error: "); n != run.errors || ok != (run.errors == 0) || !strings.Contains(said, run.words) || wrong != "" {
			t.Errorf("with %s, terraform %q has %d errors, want %d and the words %q, and not %q:\n\n%s",
				run.env, run.args, n, run.errors, run.words, wrong, said)
		}
		now, _ := os.ReadFile(filepath.Join(tf.Dir, "terraform.tfstate")) // there is none at first
		if run.errors == 0 || state == nil {
			state = now
		}
		if diff := cmp.Diff(string(state), string(now)); diff != "" {
			t.Errorf("with %s, terraform %q changes the state (-before +now):\n%s", run.env, run.args, diff)
		}
	}
}
