// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// With Terraform: what facts_test.go shows, where it depends on what Terraform asks when.

// runs is what a run with further variables says, on one line, and whether it succeeded.
func (tf *terraform) runs(env []string, args ...string) (said string, ok bool) {
	tf.t.Helper()
	result, err := tf.Run(tf.t.Context(), env, args...)
	if err != nil {
		tf.t.Fatal(err)
	}
	return strings.Join(strings.Fields(strings.ReplaceAll(result.Output(), "│", " ")), " "), result.ExitCode == 0
}

// secretBlock is a secret at an address, whose value names the address.
func secretBlock(address, name string) string {
	return fmt.Sprintf("resource \"roboto_secret\" %q {\n  name             = %q\n  value_wo         = \"the value of %[1]s\"\n  value_wo_version = \"1\"\n}\n\n", address, name)
}

// The name is handed on, and nobody refreshes before the deletion.
func TestTerraformLooksBeforeItDestroys(t *testing.T) {
	unrefreshed := append(slices.Clip(destroyNow), "-refresh=false")
	for name, test := range map[string]struct {
		plan, apply []string
		// gone says that nobody takes the name.
		gone bool
	}{
		"destroy -refresh=false":       {nil, unrefreshed, false},
		"a saved plan":                 {[]string{"plan", "-destroy", "-out=saved"}, []string{"apply", "saved"}, false},
		"a saved plan, -refresh=false": {[]string{"plan", "-destroy", "-refresh=false", "-out=saved"}, []string{"apply", "saved"}, false},
		"deleted elsewhere":            {nil, unrefreshed, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := robototest.Start(t, robototest.Options{})
			tf := newTerraform(t, server, oneSecret)
			tf.succeeds(applyNow...)
			if test.plan != nil {
				tf.succeeds(test.plan...)
			}
			handOn(server)
			if test.gone {
				server.DeleteSecret(robototest.DefaultOrg, "db")
			}
			server.ResetRequests()
			tf.succeeds(test.apply...)
			tf.holds()
			if n := server.Count(robototest.DeleteSecret); n != 0 {
				t.Errorf("%d deletions were sent", n)
			}
			if err := successorIsSafe(server); err != nil && !test.gone {
				t.Error(err)
			}
		})
	}
}

// A replacement whose create cannot succeed deletes nothing. Once what stands in its way is
// gone, the same works.
func TestTerraformReplacementKeepsTheSecretIfItsCreateFails(t *testing.T) {
	one, two := []string{"ROBOTO_ORG_ID=og_one"}, []string{"ROBOTO_ORG_ID=og_two"}
	for name, test := range map[string]struct {
		// newName is the one in the configuration, "db" if -replace or taint replaces.
		newName string
		taint   bool
		args    []string
		// env is the environment of the apply, in place of that of the plan.
		env []string
		// taken says that somebody has the new name, early before the plan already.
		taken, early bool
		words        []string
	}{
		"renamed, another organization":  {newName: "cache", env: two, words: []string{"og_one", "og_two"}},
		"renamed, no organization":       {newName: "cache", words: []string{"og_one", "og_two"}},
		"-replace, another organization": {newName: "db", args: []string{"-replace=roboto_secret.test"}, env: two, words: []string{"og_one", "og_two"}},
		"-replace, no organization":      {newName: "db", args: []string{"-replace=roboto_secret.test"}, words: []string{"og_one", "og_two"}},
		"tainted, another organization":  {newName: "db", taint: true, env: two, words: []string{"og_one", "og_two"}},
		"the new name is taken":          {newName: "cache", env: one, taken: true, words: []string{`"cache"`, otherPrincipal}},
		"the new name was taken before":  {newName: "cache", env: one, taken: true, early: true, words: []string{`"cache"`, otherPrincipal}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := robototest.Start(t, robototest.Options{Orgs: []string{"og_one", "og_two"}})
			tf := newTerraform(t, server, secretBlock("test", "db"))
			must := func(env []string, args ...string) {
				t.Helper()
				if said, ok := tf.runs(env, args...); !ok {
					t.Fatal(said)
				}
			}
			must(one, applyNow...)
			record, _ := server.Record("og_one", "db")
			if test.taint {
				tf.succeeds("taint", "roboto_secret.test")
			}
			tf.configure(secretBlock("test", test.newName))
			if test.early {
				server.AddSecret("og_one", "cache")
			}
			apply := []string{"apply", "saved"}
			if said, ok := tf.runs(one, append([]string{"plan", "-out=saved"}, test.args...)...); !ok {
				if !test.early { // which may be an error of the plan too
					t.Fatal(said)
				}
				apply = applyNow
			}
			if test.taken && !test.early {
				server.AddSecret("og_one", "cache")
			}
			server.ResetRequests()
			said, ok := tf.runs(test.env, apply...)
			if ok {
				t.Error("the apply succeeded")
			}
			for _, word := range test.words {
				if !strings.Contains(said, word) {
					t.Errorf("%q is not in:\n%s", word, said)
				}
			}
			if n := server.Count(robototest.DeleteSecret); n != 0 {
				t.Errorf("%d deletions were sent", n)
			}
			untouched(t, server, record, "the value of test")
			tf.holds("test")

			if test.taken {
				server.DeleteSecret("og_one", "cache")
			}
			must(one, slices.Concat(applyNow, test.args)...)
			if value, _, _ := server.Value("og_one", test.newName); value != "the value of test" || len(server.Records("og_one"))+len(server.Records("og_two")) != 1 {
				t.Errorf("the value is %q", value)
			}
		})
	}
}

// One secret is in the state twice. Each plan says so, none deletes it at one address, and
// after the advice all works.
func TestTerraformOneSecretAtTwoAddresses(t *testing.T) {
	const shared = "resource \"roboto_secret\" %q {\n  name     = \"db\"\n  value_wo = \"shared\"\n}\n\n"
	first, second := fmt.Sprintf(shared, "first"), fmt.Sprintf(shared, "second")
	for removed, kept := range map[string]string{"first": second, "second": first} {
		t.Run(removed+" is removed", func(t *testing.T) {
			t.Parallel()
			server := robototest.Start(t, robototest.Options{})
			record := server.AddSecret(robototest.DefaultOrg, "db")
			server.SetValue(robototest.DefaultOrg, "db", "shared")
			tf := newTerraform(t, server, first+second)
			tf.succeeds("import", "roboto_secret.first", "db")
			tf.succeeds("import", "roboto_secret.second", "db")
			if said, ok := tf.runs(nil, planNow...); !ok || !strings.Contains(said, "Warning:") || !strings.Contains(said, "terraform state rm") {
				t.Errorf("the plan does not warn:\n%s", said)
			}
			tf.configure(kept)
			for _, more := range []string{"-refresh=true", "-refresh=false"} {
				said, ok := tf.runs(nil, append(slices.Clip(applyNow), more)...)
				if ok || !strings.Contains(said, "terraform state rm") {
					t.Errorf("%s: the apply succeeded: %t\n%s", more, ok, said)
				}
			}
			untouched(t, server, record, "shared")
			if t.Failed() {
				return // there is nothing to go on with
			}
			tf.succeeds("state", "rm", "roboto_secret."+removed)
			if said, ok := tf.runs(nil, "plan", "-detailed-exitcode"); !ok || strings.Contains(said, "Warning:") {
				t.Errorf("the plan is not quiet:\n%s", said)
			}
			tf.succeeds(destroyNow...)
			tf.holds()
			if got := recordNames(server); len(got) != 0 {
				t.Errorf("the service holds %q", got)
			}
		})
	}
}

// Two import blocks of one secret, as two overlapping list blocks generate them.
func TestTerraformImportOfOneSecretTwice(t *testing.T) {
	t.Parallel()
	server := robototest.Start(t, robototest.Options{})
	server.AddSecret(robototest.DefaultOrg, "db")
	const imported = "import {\n  to = roboto_secret.%[1]s\n  id = \"db\"\n}\n\nresource \"roboto_secret\" %[1]q {\n  name = \"db\"\n}\n\n"
	tf := newTerraform(t, server, fmt.Sprintf(imported, "first"))
	if said, ok := tf.runs(nil, planNow...); !ok || strings.Contains(said, "Warning:") {
		t.Errorf("one import warns:\n%s", said)
	}
	tf.configure(fmt.Sprintf(imported, "first") + fmt.Sprintf(imported, "second"))
	if said, ok := tf.runs(nil, planNow...); !ok || !strings.Contains(said, "Warning:") || !strings.Contains(said, `"db"`) {
		t.Errorf("two imports do not warn:\n%s", said)
	}
}

// A secret is deleted at one address and created at another. The plan says how to avoid that, where
// the address was renamed, a count shifts, or names are swapped.
func TestTerraformSaysHowNamesKeepTheirSecrets(t *testing.T) {
	counted := func(names string) string {
		return "locals {\n  names = " + names + "\n}\n\nresource \"roboto_secret\" \"test\" {\n  count            = length(local.names)\n  name             = local.names[count.index]\n  value_wo         = \"value\"\n  value_wo_version = \"1\"\n}\n"
	}
	for name, test := range map[string]struct {
		before, after string
		says          bool
	}{
		"another address":      {secretBlock("old", "db"), secretBlock("new", "db"), true},
		"two other addresses":  {secretBlock("a", "x") + secretBlock("b", "y"), secretBlock("c", "x") + secretBlock("d", "y"), true},
		"names swapped":        {secretBlock("a", "x") + secretBlock("b", "y"), secretBlock("a", "y") + secretBlock("b", "x"), true},
		"names handed on":      {secretBlock("a", "x") + secretBlock("b", "y"), secretBlock("a", "y") + secretBlock("b", "z"), true},
		"a count that shifts":  {counted(`["a", "b", "c"]`), counted(`["b", "c"]`), true},
		"a count that grows":   {counted(`["a", "b"]`), counted(`["new", "a", "b"]`), true},
		"another name":         {secretBlock("a", "x"), secretBlock("a", "y"), false},
		"one gone and one new": {secretBlock("a", "x"), secretBlock("b", "y"), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := robototest.Start(t, robototest.Options{})
			tf := newTerraform(t, server, test.before)
			tf.succeeds(applyNow...)
			tf.configure(test.after)
			said, ok := tf.runs(nil, planNow...)
			if !ok {
				t.Error(said)
			}
			for _, remedy := range []string{"moved block", "for_each", "terraform state mv"} {
				if strings.Contains(said, remedy) != test.says {
					t.Errorf("that the plan says %q is not %t:\n%s", remedy, test.says, said)
				}
			}
		})
	}
}

// Nobody wrote moved, and the deletion takes longer than all attempts of the create. An advice
// to import what is about to be deleted would be wrong. A moved block changes nothing at all.
func TestTerraformAnotherAddressAndASlowDeletion(t *testing.T) {
	const impatient = "provider \"roboto\" {\n  max_attempts = 2\n}\n\n"
	moved := impatient + secretBlock("new", "db") + "moved {\n  from = roboto_secret.old\n  to   = roboto_secret.new\n}\n"
	for name, after := range map[string]string{"without moved": impatient + secretBlock("new", "db"), "with moved": moved} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := robototest.Start(t, robototest.Options{})
			tf := newTerraform(t, server, impatient+secretBlock("old", "db"))
			tf.succeeds(applyNow...)
			tf.configure(after)
			server.ResetRequests()
			server.Inject(robototest.Fault{Operation: robototest.DeleteSecret, Delay: 10 * time.Second})
			said, ok := tf.runs(nil, applyNow...)
			if !ok && strings.Contains(said, "import {") {
				t.Errorf("the apply advises an import:\n%s", said)
			}
			if n := server.Count(robototest.DeleteSecret); n > 0 && after == moved {
				t.Errorf("%d deletions were sent", n)
			}
			server.ClearFaults()
			tf.succeeds(applyNow...)
			value := map[string]string{"new": "the value of new"}
			if after == moved {
				value["new"] = "the value of old"
			}
			tf.endsRight(value)
		})
	}
}

// What ignore_changes hides is left alone, and nothing else is.
func TestTerraformIgnoresNoMoreThanItIsTold(t *testing.T) {
	const (
		value     = "  value_wo = %q\n"
		version   = "  value_wo_version = %q\n"
		protected = "  deletion_protection = true\n"
	)
	before := fmt.Sprintf(value, "the old value")
	versioned := before + fmt.Sprintf(version, "1")
	for name, test := range map[string]struct {
		ignored, before, after string
		// orgID is that in the configuration of the second apply.
		orgID string
		want  string
		// forgets says that version_id ends as null.
		forgets bool
	}{
		"the organization, and the value changes":            {"org_id", versioned, fmt.Sprintf(value+version, "the new value", "2"), "og_other", "the new value", false},
		"the organization, and a compared value changes":     {"org_id", before, fmt.Sprintf(value, "the new value"), "og_other", "the new value", false},
		"the organization, and value and version go":         {"org_id", versioned, "", "og_other", "the old value", true},
		"the same organization, and value and version go":    {"org_id", versioned, "", "og_test", "the old value", true},
		"the value, and another attribute changes":           {"value_wo", versioned, fmt.Sprintf(value+version, "the new value", "1") + protected, "og_test", "the old value", false},
		"the compared value, and another attribute changes":  {"value_wo", before, fmt.Sprintf(value, "the new value") + protected, "og_test", "the old value", false},
		"value and version, and another attribute changes":   {"value_wo, value_wo_version", versioned, fmt.Sprintf(value+version, "the new value", "2") + protected, "og_test", "the old value", false},
		"value and organization, and another one changes":    {"value_wo, org_id", versioned, fmt.Sprintf(value+version, "the new value", "1") + protected, "og_other", "the old value", false},
		"value and organization, and a compared one changes": {"value_wo, org_id", before, fmt.Sprintf(value, "the new value") + protected, "og_other", "the old value", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := robototest.Start(t, robototest.Options{Orgs: []string{"og_test", "og_other"}})
			config := func(orgID, lines string) string {
				return fmt.Sprintf("resource \"roboto_secret\" \"test\" {\n  name   = \"db\"\n  org_id = %q\n%s  lifecycle {\n    ignore_changes = [%s]\n  }\n}\n", orgID, lines, test.ignored)
			}
			tf := newTerraform(t, server, config("og_test", test.before))
			tf.succeeds(applyNow...)
			tf.configure(config(test.orgID, test.after))
			tf.succeeds(applyNow...)
			got, want, _ := server.Value(robototest.DefaultOrg, "db")
			versionID := ""
			if known := tf.state()["test"].VersionID; known != nil {
				versionID = *known
			}
			if test.forgets {
				want = ""
			}
			if got != test.want || versionID != want {
				t.Errorf("the value is %q, the version in state %q, want %q", got, versionID, want)
			}
			for range 2 {
				tf.succeeds("plan", "-detailed-exitcode")
			}
		})
	}
}

// What was planned for a replacement that was refused does not count for a later deletion.
func TestTerraformDestroysAfterARefusedReplacement(t *testing.T) {
	for name, test := range map[string]struct {
		config string
		args   []string
	}{
		"destroy":           {secretBlock("a", "y"), destroyNow},
		"destroy, old name": {secretBlock("a", "x"), destroyNow},
		"block removed":     {"", applyNow},
		"another name, created first": {
			strings.Replace(secretBlock("a", "z"), "\n}", "\n  lifecycle {\n    create_before_destroy = true\n  }\n}", 1), applyNow,
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := robototest.Start(t, robototest.Options{})
			tf := newTerraform(t, server, secretBlock("a", "x"))
			tf.succeeds(applyNow...)
			server.AddSecret(robototest.DefaultOrg, "y")
			tf.configure(secretBlock("a", "y"))
			if said, ok := tf.runs(nil, applyNow...); ok {
				t.Fatal(said)
			}
			tf.configure(test.config)
			for range 2 {
				if said, ok := tf.runs(nil, test.args...); !ok {
					t.Errorf("it is refused:\n%s", said[max(0, len(said)-700):])
				}
			}
		})
	}
	t.Run("another default organization", func(t *testing.T) {
		server := robototest.Start(t, robototest.Options{Orgs: []string{"og_one", "og_two"}})
		tf := newTerraform(t, server, secretBlock("a", "x"))
		if said, ok := tf.runs([]string{"ROBOTO_ORG_ID=og_one"}, applyNow...); !ok {
			t.Fatal(said)
		}
		server.Inject(robototest.Fault{Operation: robototest.DeleteSecret, Status: 403, Message: "Forbidden"})
		if said, ok := tf.runs([]string{"ROBOTO_ORG_ID=og_one"}, "apply", "-auto-approve", "-replace=roboto_secret.a"); ok {
			t.Fatal(said)
		}
		server.ClearFaults()
		if said, ok := tf.runs([]string{"ROBOTO_ORG_ID=og_two"}, destroyNow...); !ok {
			t.Errorf("it is refused:\n%s", said[max(0, len(said)-900):])
		}
	})
}
