// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// What the other tests of this package prove at protocol level for every call,
// these prove with a real Terraform for a few.

var (
	planNow    = []string{"plan"}
	applyNow   = []string{"apply", "-auto-approve"}
	destroyNow = []string{"destroy", "-auto-approve"}
)

const oneSecret = `
resource "roboto_secret" "test" {
  name             = "db"
  value_wo         = "the value of db"
  value_wo_version = "1"
}
`

// A Ctrl-C ends the run although an answer is still missing; what was done before it is in the state.
// TestFaults does the same for each call, without Terraform.
func TestTerraformInterrupted(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot be sent an interrupt on Windows; TestFaults covers the provider's part")
	}
	config := secretBlock("first", "first") + with(strings.TrimSpace(secretBlock("second", "second")), "depends_on = [roboto_secret.first]")
	both := []string{"first", "second"}
	for name, test := range map[string]struct {
		fault robototest.Fault
		act   []string
		// left are the secrets that are there after the interrupt, in the state as well.
		left []string
	}{
		// Terraform 1.11.4 passes an interrupt on to the provider while it plans in terraform plan,
		// but not while it plans in terraform apply.
		"organization look-up": {robototest.Fault{Operation: robototest.ListOrgs}, planNow, nil},
		"create, done":         {robototest.Fault{Operation: robototest.CreateSecret, Skip: 1, After: true}, applyNow, both[:1]},
		"put, done":            {robototest.Fault{Operation: robototest.PutValue, Skip: 1, After: true}, applyNow, both},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := robototest.Start(t, robototest.Options{})
			tf := newTerraform(t, server, config)
			ctx, interrupt := context.WithCancel(t.Context())
			defer interrupt()
			fault := test.fault
			fault.Delay, fault.Times = time.Hour, 1
			var seen atomic.Int64
			fault.Match = func(robototest.Request) bool {
				if seen.Add(1) > int64(fault.Skip) {
					interrupt()
				}
				return true
			}
			server.Inject(fault)
			result, err := tf.Run(ctx, nil, test.act...)
			tf.must(err)
			if result.ExitCode != 1 || server.Faulted() == 0 {
				t.Errorf("terraform ended with %d, after %d requests without an answer:\n%s", result.ExitCode, server.Faulted(), result.Output())
			}
			tf.holds(test.left...)
			if got := recordNames(server); !slices.Equal(got, test.left) {
				t.Errorf("the service holds %q, want %q", got, test.left)
			}
			server.ClearFaults()
			tf.succeeds(applyNow...)
			tf.endsRight(map[string]string{"first": "the value of first", "second": "the value of second"})
		})
	}
}

// An outage, a refused key or a mistake in the environment is one error for all
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
			warns(true) // the import is a read as well
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

// Terraform: what ignore_changes hides is left alone, and nothing else is. Each row is a resource. Where
// its value goes, version_id ends as null.
func TestTerraformIgnoresNoMoreThanItIsTold(t *testing.T) {
	t.Parallel()
	const (
		other      = "og_other"
		first, one = "  value_wo = \"old\"\n", "  value_wo_version = \"1\"\n"
		next, two  = "  value_wo = \"new\"\n", "  value_wo_version = \"2\"\n"
		protected  = "  deletion_protection = true\n"
		stays      = "  org_id = \"og_test\"\n"
		moves      = "  org_id = \"og_other\"\n"
	)
	rows := []struct {
		name, ignored, before, after string
		// want is the value in the end.
		want string
	}{
		{"a value", "value_wo", first + one + stays, next + one + stays + protected, "old"},
		{"value and version", "value_wo, value_wo_version", first + one + stays, next + two + stays + protected, "old"},
		{"value and organization", "value_wo, org_id", first + one + stays, next + one + moves + protected, "old"},
		{"compared value and organization", "value_wo, org_id", first + stays, next + moves + protected, "old"},
		{"organization, and a new version", "org_id", first + one + stays, next + two + moves, "new"},
		{"organization, and a new value", "org_id", first + stays, next + moves, "new"},
		{"organization, and no value", "org_id", first + one + stays, moves, "old"},
	}
	block := func(i int, lines string) string {
		return fmt.Sprintf("resource \"roboto_secret\" \"row%d\" {\n  name = %q\n%s  lifecycle {\n    ignore_changes = [%s]\n  }\n}\n\n",
			i, rows[i].name, lines, rows[i].ignored)
	}
	var was, is string
	for i, row := range rows {
		was += block(i, row.before)
		is += block(i, row.after)
	}
	server := robototest.Start(t, robototest.Options{Orgs: []string{robototest.DefaultOrg, other}})
	tf := newTerraform(t, server, was)
	tf.succeeds(applyNow...)
	tf.succeeds("plan", "-detailed-exitcode")
	tf.configure(is)
	tf.succeeds(applyNow...)
	state := tf.state()
	for i, row := range rows {
		value, current, _ := server.Value(robototest.DefaultOrg, row.name)
		want := []any{row.want, current}
		if row.after == moves {
			want[1] = nil
		}
		if diff := cmp.Diff(want, []any{value, state[fmt.Sprint("row", i)]["version_id"]}); diff != "" {
			t.Errorf("%s: value and version_id (-want +got):\n%s", row.name, diff)
		}
	}
	tf.succeeds("plan", "-detailed-exitcode")

	// The provider sees a new version, and no new value.
	tf.configure(block(0, next+two+stays))
	tf.fails(planNow, "ignore_changes keeps it from the provider")
}
