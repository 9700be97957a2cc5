// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"net/http"
	"os"
	"path/filepath"
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
	server := robototest.Start(t, robototest.Options{})
	tf := newTerraform(t, server, given)
	// run checks how many errors come, and that one of them says the words. If Configure refused the
	// environment, Terraform would say "requires explicit configuration", and point at "<empty> line 0".
	run := func(env string, want int, words string, args ...string) {
		t.Helper()
		result, err := tf.Run(t.Context(), []string{env}, append(args, "-no-color")...)
		if err != nil {
			t.Fatal(err)
		}
		output := strings.Join(strings.Fields(result.Output()), " ")
		n := strings.Count(output, "Error: ")
		if n != want || (result.ExitCode != 0) != (want > 0) || !strings.Contains(output, words) ||
			strings.Contains(output, "explicit configuration") || strings.Contains(output, "<empty>") || strings.Contains(output, "inconsistent") {
			t.Errorf("with %s, terraform %q ends with %d and %d errors, want %d and the words %q:\n\n%s",
				env, args, result.ExitCode, n, want, words, result.Output())
		}
	}
	run(quoted, 0, "3 to add", "plan")
	// Terraform plans a create again while applying. What the plan knew must not become unknown, so that
	// each secret has its error.
	tf.configure(secrets(""))
	tf.succeeds("plan", "-out=saved")
	server.Inject(robototest.Fault{Status: http.StatusUnauthorized, Code: codeDenied, Message: "no"})
	run("", 3, "Error: Cannot Find Organization of Roboto Secret", "apply", "saved")
	server.ClearFaults()

	tf.configure(given + check)
	tf.succeeds(applyNow...)
	before := tf.stateFile()
	unchanged := func() {
		t.Helper()
		if diff := cmp.Diff(before, tf.stateFile()); diff != "" {
			t.Errorf("the state has changed (-want +got):\n%s", diff)
		}
	}
	run(outage, 1, cannotRead, "plan")
	for _, args := range [][]string{
		planNow, {"plan", "-target=roboto_secret.test[\"a\"]"}, {"apply", "-refresh-only", "-auto-approve"}, {"refresh"}, applyNow, destroyNow,
	} {
		run(refused, 1, cannotRead, args...)
	}
	unchanged()

	tf.configure(given)
	tf.succeeds(applyNow...)
	before = tf.stateFile()
	run(quoted, 1, notUsable, "plan")
	run(quoted, 1, notUsable, destroyNow...)
	run(quoted, 3, notUsable, "destroy", "-auto-approve", "-refresh=false")
	unchanged()
}

// stateFile is the state as it is stored.
func (tf *terraform) stateFile() string {
	tf.t.Helper()
	content, err := os.ReadFile(filepath.Join(tf.Dir, "terraform.tfstate"))
	if err != nil {
		tf.t.Fatal(err)
	}
	return string(content)
}
