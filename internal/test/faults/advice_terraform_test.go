// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// with is a configuration of one secret with further lines in its block.
func with(config string, lines ...string) string {
	return strings.Replace(config, "\n}", "\n  "+strings.Join(lines, "\n  ")+"\n}", 1)
}

// TestTerraformFollowsAdvice follows with Terraform what an advice says of Terraform's own commands
// and blocks. Each scenario ends with the values that the service has to hold.
func TestTerraformFollowsAdvice(t *testing.T) {
	const value = "the value of db"
	denied := robototest.Fault{Operation: robototest.GetCredentials, Status: 403, Code: codeDenied, Message: "Not permitted."}
	const reading = "ephemeral \"roboto_secret\" \"test\" {\n  uri        = roboto_secret.test.uri\n  version_id = roboto_secret.test.version_id\n}\n"
	const dependent = "resource \"terraform_data\" \"dependent\" {\n  input = roboto_secret.test.uri\n" +
		"  lifecycle {\n    create_before_destroy = true\n  }\n}\n"
	compared := with(recordBlock, `value_wo = "ours"`)
	counted := func(each, names string) string {
		return fmt.Sprintf("locals {\n  names = %s\n}\n\nresource \"roboto_secret\" \"test\" {\n%s  value_wo         = \"the value\"\n  value_wo_version = \"1\"\n}\n", names, each)
	}
	for name, test := range map[string]struct {
		config string
		follow func(tf *terraform)
		ends   map[string]string
	}{
		"a count that shifts: for_each": {counted("  count = length(local.names)\n  name = local.names[count.index]\n", `["a", "b", "c"]`), func(tf *terraform) {
			for _, name := range []string{"b", "c"} {
				tf.roboto.SetValue(testOrg, name, "kept")
			}
			each := counted("  for_each = toset(local.names)\n  name = each.key\n", `["b", "c"]`)
			tf.configure(each)
			if said, _ := tf.runs(nil, planNow...); !strings.Contains(said, "3 to destroy") {
				tf.t.Errorf("with for_each alone, the plan deletes other than 3 secrets:\n%s", said)
			}
			tf.configure(each + "moved {\n  from = roboto_secret.test[1]\n  to   = roboto_secret.test[\"b\"]\n}\nmoved {\n  from = roboto_secret.test[2]\n  to   = roboto_secret.test[\"c\"]\n}\n")
			tf.succeeds(applyNow...)
			tf.configure(each)
		}, map[string]string{"b": "kept", "c": "kept"}},

		"names that are swapped: state mv": {secretBlock("one", "a") + secretBlock("two", "b"), func(tf *terraform) {
			swapped := strings.NewReplacer(`"a"`, `"b"`, `"b"`, `"a"`, "value of one", "value of two", "value of two", "value of one")
			tf.configure(swapped.Replace(secretBlock("one", "a") + secretBlock("two", "b")))
			if said, _ := tf.runs(nil, planNow...); !strings.Contains(said, "2 to destroy") {
				tf.t.Errorf("without a command, the plan deletes other than 2 secrets:\n%s", said)
			}
			tf.succeeds("state", "mv", "roboto_secret.one", "roboto_secret.other")
			tf.succeeds("state", "mv", "roboto_secret.two", "roboto_secret.one")
			tf.succeeds("state", "mv", "roboto_secret.other", "roboto_secret.two")
			tf.succeeds(applyNow...)
		}, map[string]string{"a": "the value of one", "b": "the value of two"}},

		// Whoever may not read the value can destroy the secret nevertheless.
		"a value that may not be read: remove value_wo, and destroy": {compared, func(tf *terraform) {
			tf.roboto.Inject(denied)
			tf.fails(destroyNow, "remove value_wo first")
			tf.configure(recordBlock)
			tf.succeeds(destroyNow...)
			tf.configure("")
		}, map[string]string{}},

		"a leftover record: untaint": {"", func(tf *terraform) {
			tf.configure("provider \"roboto\" {\n  max_attempts = 1\n}\n" + oneSecret + dependent)
			tf.roboto.Inject(robototest.Fault{Operation: robototest.PutValue, AWSError: "AccessDeniedException"})
			tf.roboto.Inject(robototest.Fault{Operation: robototest.DeleteSecret, Status: 403, Code: codeDenied})
			tf.fails(applyNow, "without a value and marked as tainted", "run terraform apply, which replaces the record", "run terraform untaint")
			tf.roboto.ClearFaults()
			tf.fails(applyNow, "create_before_destroy is a likely cause")
			record, _ := tf.roboto.Record(testOrg, "db")
			tf.succeeds("untaint", "roboto_secret.test")
			tf.succeeds(applyNow...)
			untouched(tf.t, tf.roboto, record, value)
		}, map[string]string{"db": value}},

		"one secret at two addresses: state rm": {compared, func(tf *terraform) {
			record, _ := tf.roboto.Record(testOrg, "db")
			second := strings.Replace(compared, `"test"`, `"second"`, 1)
			warns := func(want bool) {
				if said, ok := tf.runs(nil, planNow...); !ok || strings.Contains(said, "terraform state rm") != want {
					tf.t.Errorf("the plan succeeds: %t, and should warn: %t\n%s", ok, want, said)
				}
			}
			tf.configure("import {\n  to = roboto_secret.second\n  id = \"db\"\n}\n" + compared + second)
			tf.succeeds(applyNow...)
			warns(true)
			for _, kept := range []string{compared, second} {
				tf.configure(kept)
				for _, more := range []string{"-refresh=true", "-refresh=false"} {
					tf.fails(slices.Concat(applyNow, []string{more}), "terraform state rm")
				}
			}
			untouched(tf.t, tf.roboto, record, "ours")
			tf.succeeds("state", "rm", "roboto_secret.test")
			warns(false)
		}, map[string]string{"db": "ours"}},

		// Without version_id, the ephemeral resource would not wait for the secret:
		// TestAccSecretEphemeralResourceInFirstApply.
		"a version that is gone: value_wo_version": {oneSecret + reading, func(tf *terraform) {
			for range 2 {
				writeValue(tf.roboto)
			}
			tf.roboto.RemoveOldVersions(testOrg, "db")
			tf.fails(planNow)
			tf.configure(strings.Replace(oneSecret, `"1"`, `"2"`, 1) + reading)
			tf.succeeds(applyNow...)
		}, map[string]string{"db": value}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := robototest.Start(t, robototest.Options{})
			tf := newTerraform(t, server, test.config)
			tf.succeeds(applyNow...)
			test.follow(tf)
			tf.succeeds("plan", "-detailed-exitcode")
			server.ClearFaults()
			got := map[string]string{}
			for _, name := range recordNames(server) {
				got[name], _, _ = server.Value(testOrg, name)
			}
			if diff := cmp.Diff(test.ends, got); diff != "" {
				t.Errorf("the values that the service holds (-want +got):\n%s", diff)
			}
		})
	}
}
