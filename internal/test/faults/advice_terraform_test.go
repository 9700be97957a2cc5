// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// removedBlock ends the management of roboto_secret.test.
const removedBlock = "removed {\n  from = roboto_secret.test\n  lifecycle {\n    destroy = false\n  }\n}\n"

// with is a configuration of one secret with further lines in its block.
func with(config string, lines ...string) string {
	return strings.Replace(config, "\n}", "\n  "+strings.Join(lines, "\n  ")+"\n}", 1)
}

// pastes adds the import block of an output to the module.
func (tf *terraform) pastes(output string) (remove func()) {
	tf.t.Helper()
	block := importBlock.FindString(output)
	if block == "" {
		tf.t.Fatal("there is no import block")
	}
	tf.writes("import.tf", strings.Replace(block, "ADDRESS_OF_THIS_RESOURCE", "test", 1))
	return func() {
		if err := os.Remove(filepath.Join(tf.Dir, "import.tf")); err != nil {
			tf.t.Error(err)
		}
	}
}

// plansDeletions is how many deletions a plan shows.
func (tf *terraform) plansDeletions() (deletions int) {
	tf.t.Helper()
	said, ok := tf.runs(nil, planNow...)
	if !ok {
		tf.t.Error(said)
	}
	if _, counts, found := strings.Cut(said, "to change, "); found {
		_, _ = fmt.Sscan(counts, &deletions)
	}
	return deletions
}

// TestTerraformFollowsAdvice follows with Terraform what an advice says of Terraform's own commands
// and blocks. Each scenario ends with the values that the service has to hold.
func TestTerraformFollowsAdvice(t *testing.T) {
	const value = "the value of db"
	denied := robototest.Fault{Operation: robototest.GetCredentials, Status: 403, Code: "RobotoUnauthorizedException", Message: "Not permitted."}
	counted := func(each, names string) string {
		return fmt.Sprintf("locals {\n  names = %s\n}\n\nresource \"roboto_secret\" \"test\" {\n%s  value_wo         = \"the value\"\n  value_wo_version = \"1\"\n}\n", names, each)
	}
	for name, test := range map[string]struct {
		config string
		follow func(tf *terraform)
		ends   map[string]string
	}{
		"a name that is taken: the import block": {"", func(tf *terraform) {
			tf.roboto.AddSecret(robototest.DefaultOrg, "db")
			tf.configure(oneSecret)
			remove := tf.pastes(tf.fails(tf.t.Context(), applyNow))
			tf.succeeds(applyNow...)
			remove()
		}, map[string]string{"db": value}},

		"another secret of the name: the import block": {oneSecret, func(tf *terraform) {
			handOn(tf.roboto)
			result, err := tf.Run(tf.t.Context(), nil, planNow...)
			if err != nil {
				tf.t.Fatal(err)
			}
			tf.succeeds(append(slices.Clip(applyNow), "-refresh-only")...)
			remove := tf.pastes(result.Output())
			tf.succeeds(applyNow...)
			remove()
		}, map[string]string{"db": value}},

		"another organization: a removed block": {oneSecret, func(tf *terraform) {
			tf.roboto.Inject(robototest.Fault{Operation: robototest.GetSecret, Status: 404, Code: "RobotoNotFoundException", Message: "Not found."})
			tf.roboto.Inject(robototest.Fault{Operation: robototest.ListOrgs, Body: `{"data":[]}`})
			tf.fails(tf.t.Context(), applyNow)
			tf.configure(removedBlock)
			tf.succeeds(applyNow...)
			tf.configure("")
		}, map[string]string{"db": value}},

		"another address: a moved block": {secretBlock("old", "db"), func(tf *terraform) {
			tf.configure(secretBlock("new", "db"))
			if n := tf.plansDeletions(); n != 1 {
				tf.t.Errorf("without the block, %d secrets are deleted", n)
			}
			tf.configure(secretBlock("new", "db") + "moved {\n  from = roboto_secret.old\n  to   = roboto_secret.new\n}\n")
			tf.succeeds(applyNow...)
			tf.configure(secretBlock("new", "db"))
		}, map[string]string{"db": "the value of old"}},

		// for_each changes all addresses, so that it takes moved blocks too.
		"a count that shifts: for_each": {counted("  count = length(local.names)\n  name = local.names[count.index]\n", `["a", "b", "c"]`), func(tf *terraform) {
			for _, name := range []string{"b", "c"} {
				tf.roboto.SetValue(robototest.DefaultOrg, name, "kept")
			}
			each := counted("  for_each = toset(local.names)\n  name = each.key\n", `["b", "c"]`)
			tf.configure(each)
			if n := tf.plansDeletions(); n != 3 {
				tf.t.Errorf("with for_each alone, %d secrets are deleted", n)
			}
			tf.configure(each + "moved {\n  from = roboto_secret.test[1]\n  to   = roboto_secret.test[\"b\"]\n}\nmoved {\n  from = roboto_secret.test[2]\n  to   = roboto_secret.test[\"c\"]\n}\n")
			tf.succeeds(applyNow...)
			tf.configure(each)
		}, map[string]string{"b": "kept", "c": "kept"}},

		"names that are swapped: state mv": {secretBlock("one", "a") + secretBlock("two", "b"), func(tf *terraform) {
			swapped := strings.NewReplacer(`"a"`, `"b"`, `"b"`, `"a"`, "value of one", "value of two", "value of two", "value of one")
			tf.configure(swapped.Replace(secretBlock("one", "a") + secretBlock("two", "b")))
			if n := tf.plansDeletions(); n != 2 {
				tf.t.Errorf("without a command, %d secrets are deleted", n)
			}
			tf.succeeds("state", "mv", "roboto_secret.one", "roboto_secret.other")
			tf.succeeds("state", "mv", "roboto_secret.two", "roboto_secret.one")
			tf.succeeds("state", "mv", "roboto_secret.other", "roboto_secret.two")
			tf.succeeds(applyNow...)
		}, map[string]string{"a": "the value of one", "b": "the value of two"}},

		"drift that may not be looked for: -refresh=false -target": {with(oneSecret, "detect_value_drift = true"), func(tf *terraform) {
			tf.roboto.Inject(denied)
			tf.fails(tf.t.Context(), planNow)
			tf.fails(tf.t.Context(), destroyNow)
			tf.configure(oneSecret)
			tf.fails(tf.t.Context(), planNow)
			tf.succeeds(append(slices.Clip(applyNow), "-refresh=false", "-target=roboto_secret.test")...)
		}, map[string]string{"db": value}},

		"a secret that the configuration creates, and then a version that is gone: version_id": {"", func(tf *terraform) {
			const reading = "ephemeral \"roboto_secret\" \"test\" {\n  uri = roboto_secret.test.uri\n}\n"
			tf.configure(oneSecret + reading)
			tf.fails(tf.t.Context(), applyNow)
			waiting := with(reading, "version_id = roboto_secret.test.version_id")
			tf.configure(oneSecret + waiting)
			tf.succeeds(applyNow...)

			for range 2 {
				writeValue(tf.roboto)
			}
			tf.roboto.RemoveOldVersions(robototest.DefaultOrg, "db")
			tf.fails(tf.t.Context(), planNow)
			tf.configure(strings.Replace(oneSecret, `"1"`, `"2"`, 1) + waiting)
			tf.succeeds(applyNow...)
		}, map[string]string{"db": value}},

		"a protected secret that is tainted: untaint, and lift the protection": {protectedSecret, func(tf *terraform) {
			tf.succeeds("taint", "roboto_secret.test")
			tf.fails(tf.t.Context(), applyNow)
			tf.succeeds("untaint", "roboto_secret.test")
			tf.configure(unprotected(protectedSecret))
			tf.succeeds(applyNow...)
			tf.configure("")
			tf.succeeds(applyNow...)
		}, map[string]string{}},
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
			for _, record := range server.Records(robototest.DefaultOrg) {
				got[record.Name], _, _ = server.Value(record.OrgID, record.Name)
			}
			if fmt.Sprint(got) != fmt.Sprint(test.ends) {
				t.Errorf("the service has %v, want %v", got, test.ends)
			}
		})
	}
}
