// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// Terraform plans twice in an apply, and folds warnings of one title, which would hide all secrets but
// one. So a warning is given once of each secret, and advises once. TestDecideNotices has all cases.
func TestTerraformWarnsOnce(t *testing.T) {
	const (
		overwritten = "Value of Roboto Secret %q Will Be Overwritten"
		lost        = "Value of Roboto Secret %q Will Be Lost"
		again       = "Roboto Secret %q Is Deleted and Created Again"
	)
	recordOnly := "resource \"roboto_secret\" \"test\" {\n  for_each = toset([\"db\", \"cache\"])\n  name     = each.key\n}\n"
	compared := with(recordOnly, `value_wo = "ours"`)
	watched := with(compared, `value_wo_version = "1"`, "detect_value_drift = true")
	createdFirst := with(strings.Replace(recordOnly, "each.key", `"new-${each.key}"`, 1),
		"lifecycle {", "  create_before_destroy = true", "}")
	for name, test := range map[string]struct {
		before, after string
		// title is that of each secret's warning, or "" for none. advice comes once, or is "" where Terraform
		// may drop a warning, so that each advises.
		title, advice string
	}{
		"compared, written elsewhere":                {compared, compared, overwritten, "To keep the other value"},
		"block removed":                              {recordOnly, "# empty", lost, "use a removed block"},
		"renamed without a value, the new one first": {recordOnly, createdFirst, lost, "The guide"},
		"tainted":                       {recordOnly, recordOnly, lost, ""},
		"address changed without moved": {compared, strings.Replace(compared, `"test"`, `"new"`, 1), again, ""},
		"value left to somebody else":   {watched, recordOnly, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := robototest.Start(t, robototest.Options{})
			tf := newTerraform(t, server, test.before)
			tf.succeeds(applyNow...)
			for _, secret := range recordNames(server) {
				server.SetValue(robototest.DefaultOrg, secret, "theirs")
				if name == "tainted" {
					tf.succeeds("taint", fmt.Sprintf("roboto_secret.test[%q]", secret))
				}
			}
			tf.configure(test.after)
			said, ok := tf.runs(nil, applyNow...)
			want := map[string]int{"more similar warning": 0}
			if test.title == "" {
				want["Warning: "] = 0
			} else {
				if test.advice != "" {
					want[test.advice] = 1
				}
				for _, secret := range []string{"db", "cache"} {
					want[fmt.Sprintf(test.title, secret)] = 1
				}
			}
			for text, times := range want {
				if n := strings.Count(said, text); n != times || !ok {
					t.Errorf("Terraform succeeds: %t; it says %q %d times, want %d:\n\n%s", ok, text, n, times, said)
				}
			}
		})
	}
}

// Terraform changes all text to Unicode NFC: what it reads from a file, what it gets from the provider,
// and what its functions decode. Only base64 keeps the bytes of a value.
func TestTerraformChangesTextToNFC(t *testing.T) {
	t.Parallel()
	const composed, decomposed = "kanarienv\u00f6gel", "kanarienvo\u0308gel"
	encoded := base64.StdEncoding.EncodeToString([]byte(decomposed))
	server := robototest.Start(t, robototest.Options{})
	server.AddSecret(robototest.DefaultOrg, "theirs")
	server.SetValue(robototest.DefaultOrg, "theirs", decomposed)
	config := `
ephemeral "roboto_secret" "theirs" {
  name = "theirs"
}
`
	wanted := map[string]string{}
	for name, expression := range map[string]string{
		"copy":    "ephemeral.roboto_secret.theirs.value",
		"file":    `file("value.txt")`,
		"encoded": `filebase64("value.txt")`,
		"decoded": fmt.Sprintf("base64decode(%q)", encoded),
	} {
		config += fmt.Sprintf("\nresource \"roboto_secret\" %[1]q {\n  name     = %[1]q\n  value_wo = %[2]s\n}\n", name, expression)
		wanted[name] = composed
	}
	wanted["encoded"] = encoded
	tf := newTerraform(t, server, config)
	tf.must(tf.Write("value.txt", decomposed))
	const changed = `Value of Roboto Secret "theirs" Is Changed by Terraform`
	if said, _ := tf.runs(nil, planNow...); strings.Count(said, changed) != 1 || strings.Contains(said, "kanarien") {
		t.Errorf("the plan does not say %q once, or shows the value:\n%s", changed, said)
	}
	tf.succeeds(applyNow...)
	tf.endsRight(wanted)
}
