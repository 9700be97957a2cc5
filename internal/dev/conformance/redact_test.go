// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import "testing"

// TestRedactor is of the second line of defense, which the first one leaves without work.
func TestRedactor(t *testing.T) {
	var r redactor
	r.add("rbt_ABCDEFGH", "short", "")
	for text, want := range map[string]string{
		"400 RobotoNotFoundException":               "400 RobotoNotFoundException",
		"the key rbt_ABCDEFGH, twice: rbt_ABCDEFGH": "the key (redacted), twice: (redacted)",
		"short words stay":                          "short words stay",
		"at arn:aws:secretsmanager:us-west-2:123456789012:secret:a-AbCdEf it was": "at (an ARN) it was",
		"by jane.doe+x@example.com": "by (an e-mail address)",
		"account 123456789012":      "account (a long number)",
		"65536 bytes":               "65536 bytes",
	} {
		if got := r.redact(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}
