// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"slices"
	"strings"
	"testing"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// With Terraform: a mistake in the environment is said once, of the first secret that needs the
// client, also without a provider block. If Configure refused it, Terraform would say that it
// "requires explicit configuration", and point at "<empty> line 0".
func TestTerraformSaysWhatIsWrongInTheEnvironment(t *testing.T) {
	server := robototest.Start(t, robototest.Options{})
	const given = "  org_id   = \"og_test\"\n"
	secrets := func(arguments string) string {
		return "resource \"roboto_secret\" \"test\" {\n  for_each = toset([\"a\", \"b\", \"c\"])\n  name     = each.key\n" + arguments + "}\n"
	}
	quoted, misnamed := []string{`ROBOTO_API_KEY="quoted"`}, []string{"ROBOTO_ORG_ID=My Org"}
	tf := newTerraform(t, server, secrets(given))
	says := func(env []string, want int, words string, args ...string) {
		t.Helper()
		result, err := tf.Run(t.Context(), env, args...)
		if err != nil {
			t.Fatal(err)
		}
		output := result.Output()
		if n := strings.Count(output, "Error: "); n != want || (result.ExitCode != 0) != (want > 0) {
			t.Errorf("terraform %q ends with %d and %d errors, want %d:\n\n%s", args, result.ExitCode, n, want, output)
		}
		for _, never := range []string{"explicit configuration", "<empty>"} {
			if strings.Contains(output, never) {
				t.Errorf("terraform %q says %q:\n\n%s", args, never, output)
			}
		}
		if !strings.Contains(strings.Join(strings.Fields(output), " "), words) {
			t.Errorf("terraform %q does not say %q:\n\n%s", args, words, output)
		}
	}
	says(quoted, 0, "The configuration is valid.", "validate")
	says(quoted, 0, "3 to add", "plan")
	says(misnamed, 0, "3 to add", "plan")
	tf.configure(secrets(""))
	says(misnamed, 3, "The org_id from ROBOTO_ORG_ID is not usable", "plan")
	tf.configure(secrets(given))
	tf.succeeds(applyNow...)
	before := tf.stateFile()
	says(quoted, 1, "The api_key from ROBOTO_API_KEY is not usable", "plan")
	says(quoted, 1, "The api_key from ROBOTO_API_KEY is not usable", destroyNow...)
	says(quoted, 3, "The api_key from ROBOTO_API_KEY is not usable", append(slices.Clone(destroyNow), "-refresh=false")...)
	if tf.stateFile() != before {
		t.Error("the state has changed")
	}
	says(misnamed, 0, "No changes", "plan")
	// What the block itself says wrongly is said of the block.
	tf.configure("provider \"roboto\" {\n  endpoint = \"http://example.com\"\n}\n\n" + secrets(given))
	says(nil, 1, "in provider \"roboto\"", "validate")
}
