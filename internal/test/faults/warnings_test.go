// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terraformcli"
)

// Terraform plans twice in an apply. A warning about what the plan does is given once.
func TestTerraformWarnsOnce(t *testing.T) {
	const (
		compared   = "resource \"roboto_secret\" \"test\" {\n  name     = \"db\"\n  value_wo = \"ours\"\n}\n"
		watched    = "resource \"roboto_secret\" \"test\" {\n  name               = \"db\"\n  value_wo           = \"ours\"\n  value_wo_version   = \"1\"\n  detect_value_drift = true\n}\n"
		recordOnly = "resource \"roboto_secret\" \"test\" {\n  name = \"db\"\n}\n"
		elsewhere  = "has a value that Terraform did not write, according to the state. Applying overwrites it"
		lost       = `Value of Roboto Secret "db" Will Be Lost`
	)
	for name, test := range map[string]struct {
		before, after string
		args          []string
		says          string
		times         int
	}{
		"compared, written elsewhere":                  {compared, compared, applyNow, elsewhere, 1},
		"compared, written elsewhere, and a new value": {compared, strings.Replace(compared, "ours", "new", 1), applyNow, elsewhere, 1},
		"compared, written elsewhere, and another attribute": {
			compared, strings.Replace(compared, "}", "  deletion_protection = true\n}", 1), applyNow, elsewhere, 1,
		},
		"watched, written elsewhere":                  {watched, watched, applyNow, elsewhere, 1},
		"watched, written elsewhere, and a new value": {watched, strings.Replace(watched, `"1"`, `"2"`, 1), applyNow, elsewhere, 1},
		"renamed without a value":                     {recordOnly, strings.Replace(recordOnly, "db", "cache", 1), applyNow, lost, 1},
		"renamed without a value, the new one first": {
			recordOnly, strings.Replace(recordOnly, `"db"`, "\"cache\"\n  lifecycle {\n    create_before_destroy = true\n  }", 1), applyNow, lost, 1,
		},
		"created with a space":    {"# empty", strings.Replace(compared, `"db"`, `"db "`, 1), planNow, "Actions Cannot Use the Secret Name", 1},
		"renamed with a space":    {compared, strings.Replace(compared, `"db"`, `"db "`, 1), planNow, "Actions Cannot Use the Secret Name", 1},
		"a line break at the end": {"# empty", strings.Replace(compared, "ours", `ours\n`, 1), planNow, "Ends with a Line Break", 1},
		"rotated to a line break": {compared, strings.Replace(compared, "ours", `ours\n`, 1), applyNow, "Ends with a Line Break", 1},
		"renamed under another default": {
			compared, "provider \"roboto\" {\n  org_id = \"og_other\"\n}\n\n" + strings.Replace(compared, `"db"`, `"cache"`, 1), planNow, `Roboto Secret "db" Moves to Another Organization`, 1,
		},
		"replaced under another default": {
			compared, "provider \"roboto\" {\n  org_id = \"og_other\"\n}\n\n" + compared, append(planNow, "-replace=roboto_secret.test"), "is created in og_other", 1,
		},
		"watched, written elsewhere, and renamed":   {watched, strings.Replace(watched, `"db"`, `"cache"`, 1), applyNow, "If it has one, that is deleted for good", 1},
		"watched, written elsewhere, and destroyed": {watched, watched, destroyNow, lost, 1},
		"renamed with a first value": {
			recordOnly, strings.NewReplacer(`"db"`, `"cache"`, "}", "  value_wo = \"ours\"\n}").Replace(recordOnly), applyNow, lost, 1,
		},
		"a first value":                {recordOnly, compared, applyNow, elsewhere, 1},
		"a first value with a version": {recordOnly, strings.Replace(compared, "}", "  value_wo_version = \"1\"\n}", 1), applyNow, "If it has one, applying overwrites it", 1},
		"value left to somebody else":  {watched, recordOnly, applyNow, "Value of Roboto Secret", 0},
		"block removed":                {recordOnly, "# empty", applyNow, lost, 1},
		"destroyed":                    {recordOnly, recordOnly, destroyNow, lost, 1},
		"address changed without moved": {
			compared, strings.Replace(compared, `"test"`, `"new"`, 1), applyNow, `Roboto Secret "db" Is Deleted and Created Again`, 1,
		},
		"renamed with a value":       {compared, strings.Replace(compared, `"db"`, `"cache"`, 1), applyNow, lost, 0},
		"destroyed although changed": {compared, compared, destroyNow, elsewhere, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := robototest.Start(t, robototest.Options{})
			tf := newTerraform(t, server, test.before)
			tf.succeeds(applyNow...)
			if _, exists := server.Record(robototest.DefaultOrg, "db"); exists {
				server.SetValue(robototest.DefaultOrg, "db", "theirs")
			}
			tf.configure(test.after)
			result, err := tf.Run(t.Context(), nil, test.args...)
			if err != nil {
				t.Fatal(err)
			}
			if result.ExitCode != 0 {
				t.Fatal(result.Output())
			}
			said := strings.Join(strings.Fields(strings.ReplaceAll(result.Output(), "│", "")), " ")
			if n := strings.Count(said, test.says); n != test.times {
				t.Errorf("Terraform says %q %d times, want %d:\n\n%s", test.says, n, test.times, result.Output())
			}
			// Terraform folds warnings of one title.
			if strings.Contains(said, "more similar warning") {
				t.Errorf("a warning is repeated:\n\n%s", result.Output())
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
	for _, name := range []string{"theirs", "list-e\u0301", "list-\u00e9", "list-re\u0301sume\u0301"} {
		server.AddSecret(robototest.DefaultOrg, name)
	}
	server.SetValue(robototest.DefaultOrg, "theirs", decomposed)
	config := `
ephemeral "roboto_secret" "theirs" {
  name = "theirs"
}

data "roboto_secrets" "all" {
  name_prefix = "list-"
}

data "roboto_secret" "each" {
  for_each = data.roboto_secrets.all.uris
  uri      = each.value
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
	if err := tf.Write("value.txt", decomposed); err != nil {
		t.Fatal(err)
	}
	const (
		changed = `Value of Roboto Secret "theirs" Is Changed by Terraform`
		omitted = `leaves out 2 that Terraform cannot use`
	)
	said, _ := tf.runs(nil, "plan")
	if strings.Count(said, changed) != 1 || strings.Count(said, omitted) != 1 || strings.Contains(said, "kanarien") {
		t.Errorf("the plan does not say %q and %q once, or shows the value:\n%s", changed, omitted, said)
	}
	tf.succeeds(applyNow...)
	tf.endsRight(wanted)

	// Another tool that writes the text of the file as it is writes another value each time.
	for range 2 {
		server.SetValue(robototest.DefaultOrg, "file", decomposed)
		if result, err := tf.Run(t.Context(), nil, "plan", "-detailed-exitcode"); err != nil || result.ExitCode != terraformcli.Changes || !strings.Contains(result.Output(), `Value of Roboto Secret "file" Will Be Overwritten`) {
			t.Errorf("%v\n\n%s", err, result.Output())
		}
		tf.succeeds(applyNow...)
		if value, _, _ := server.Value(robototest.DefaultOrg, "file"); value != composed {
			t.Errorf("the value is %+q", value)
		}
		tf.succeeds("plan", "-detailed-exitcode")
	}
}

// Terraform folds warnings of one title, which would hide all secrets but one.
func TestTerraformWarnsOfEachSecret(t *testing.T) {
	const compared = "resource \"roboto_secret\" \"test\" {\n  for_each = toset([\"db\", \"cache\"])\n  name     = each.key\n  value_wo = \"ours\"\n}\n"
	recordOnly := strings.Replace(compared, "  value_wo = \"ours\"\n", "", 1)
	for title, test := range map[string]struct{ before, after, advice string }{
		"Value of Roboto Secret %q Will Be Overwritten":      {compared, compared, "To keep the other value"},
		"Value of Roboto Secret %q Will Be Lost":             {recordOnly, "# empty", "use a removed block"},
		"Roboto Secret %q Moves to Another Organization":     {recordOnly, "provider \"roboto\" {\n  org_id = \"og_other\"\n}\n\n" + strings.Replace(recordOnly, "each.key", `"new-${each.key}"`, 1), "set its org_id"},
		"Actions Cannot Use the Secret Name \"a new %[2]s\"": {"# empty", strings.Replace(compared, "each.key", `"a new ${each.key}"`, 1), "choose a name"},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			server := robototest.Start(t, robototest.Options{})
			tf := newTerraform(t, server, test.before)
			tf.succeeds(applyNow...)
			for _, name := range recordNames(server) {
				server.SetValue(robototest.DefaultOrg, name, "theirs")
			}
			tf.configure(test.after)
			result, err := tf.Run(t.Context(), nil, "plan", "-no-color")
			if err != nil || result.ExitCode != 0 {
				t.Fatalf("%v\n\n%s", err, result.Output())
			}
			for _, name := range []string{"db", "cache"} {
				if want := fmt.Sprintf(strings.ReplaceAll(title, "%q", "%[1]q"), name, name); !strings.Contains(result.Output(), want) {
					t.Errorf("the plan does not say %q", want)
				}
			}
			if n := strings.Count(strings.Join(strings.Fields(strings.ReplaceAll(result.Output(), "│", "")), " "), test.advice); n != 1 {
				t.Errorf("the plan advises %d times", n)
			}
			if t.Failed() {
				t.Log(result.Output())
			}
		})
	}
}

// Terraform plans only a create for a tainted secret.
func TestTerraformWarnsOfATaintedSecret(t *testing.T) {
	t.Parallel()
	server := robototest.Start(t, robototest.Options{})
	tf := newTerraform(t, server, "resource \"roboto_secret\" \"test\" {\n  name = \"db\"\n}\n")
	tf.succeeds(applyNow...)
	tf.succeeds("taint", "roboto_secret.test")
	for _, args := range [][]string{planNow, applyNow} {
		result, err := tf.Run(t.Context(), nil, append(args, "-no-color")...)
		if err != nil || result.ExitCode != 0 {
			t.Fatalf("%v\n\n%s", err, result.Output())
		}
		if n := strings.Count(result.Output(), `Value of Roboto Secret "db" Will Be Lost`); n != 1 {
			t.Errorf("terraform %v warns %d times:\n\n%s", args, n, result.Output())
		}
	}
}

// Whoever may not read the value can destroy the secret nevertheless, as the error says.
func TestTerraformDestroysWhatItMayNotRead(t *testing.T) {
	t.Parallel()
	server := robototest.Start(t, robototest.Options{})
	const compared = "resource \"roboto_secret\" \"test\" {\n  name     = \"db\"\n  value_wo = \"ours\"\n}\n"
	tf := newTerraform(t, server, compared)
	tf.succeeds(applyNow...)
	server.Inject(robototest.Fault{Operation: robototest.GetCredentials, Status: http.StatusForbidden, Code: "RobotoUnauthorizedException", Message: "no"})
	tf.fails(t.Context(), destroyNow, "remove value_wo first")
	tf.configure("resource \"roboto_secret\" \"test\" {\n  name = \"db\"\n}\n")
	tf.succeeds(destroyNow...)
	tf.holds()
}

// Roboto's own SDK does not find a secret by such a name.
func TestTerraformWarnsOfUnresolvableName(t *testing.T) {
	t.Parallel()
	server := robototest.Start(t, robototest.Options{})
	tf := newTerraform(t, server, oneSecret)
	for name, warned := range map[string]bool{"db": false, "a-b_c.d~": false, "a b": true, "grün": true, "a%20b": true, "a#b": true, "a?b": true} {
		tf.configure(strings.Replace(oneSecret, `"db"`, strconv.Quote(name), 1))
		result, err := tf.Run(t.Context(), nil, "plan", "-no-color")
		if err != nil || result.ExitCode != 0 {
			t.Fatalf("%v\n\n%s", err, result.Output())
		}
		if got := strings.Contains(result.Output(), "Actions Cannot Use the Secret Name"); got != warned {
			t.Errorf("the plan for the name %q warns: %t, want %t", name, got, warned)
		}
	}
}

// Terraform hides an ignored value from the plan, and not from the apply.
func TestTerraformLeavesAnIgnoredValueAlone(t *testing.T) {
	for _, ignored := range []string{"[value_wo]", "[value_wo, value_wo_version]", "all"} {
		for name, version := range map[string]string{"compared": "", "versioned": "  value_wo_version = \"1\"\n"} {
			t.Run(name+" "+ignored, func(t *testing.T) {
				t.Parallel()
				server := robototest.Start(t, robototest.Options{Orgs: []string{robototest.DefaultOrg, "og_other"}})
				config := "provider \"roboto\" {\n  org_id = \"og_test\"\n}\nresource \"roboto_secret\" \"test\" {\n  name     = \"db\"\n  value_wo = \"ours\"\n" + version + "  lifecycle {\n    ignore_changes = " + ignored + "\n  }\n}\n" +
					// of the same name, and without a value
					"resource \"roboto_secret\" \"other\" {\n  name   = \"db\"\n  org_id = \"og_other\"\n}\n"
				tf := newTerraform(t, server, config)
				tf.succeeds(applyNow...)
				for _, config := range []string{config, strings.Replace(config, "  lifecycle", "  detect_value_drift = false\n  lifecycle", 1)} {
					tf.succeeds("plan", "-detailed-exitcode")
					server.SetValue(robototest.DefaultOrg, "db", "theirs")
					tf.configure(config)
					tf.succeeds(applyNow...)
					if value, _, _ := server.Value(robototest.DefaultOrg, "db"); value != "theirs" {
						t.Errorf("the value is %q", value)
					}
				}
			})
		}
	}
}
