// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package docs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What the guide "Adopt what exists" needs beyond the table of the first page.
var (
	moduleImport    = feature{"import blocks in modules", 16, never}
	forgetOnDestroy = feature{"destroy = false in a lifecycle block", 16, 12}
)

// testAdoptCommands runs the commands of the guide: one address of two is forgotten, and a query
// writes the configuration.
func testAdoptCommands(w *workspace, commands []string) {
	count(w.t, commands, 2)
	w.env["TF_VAR_weather_api_key"] = "sunny"
	w.init()
	w.apply()
	w.write("second.tf", "resource \"roboto_secret\" \"second\" {\n  name = \"weather_api_key\"\n}\n\nimport {\n  to = roboto_secret.second\n  id = \"weather_api_key\"\n}\n")
	w.apply()
	w.contains(w.terraform(0, "plan", "-input=false"), `Roboto Secret "weather_api_key" Is at Two Addresses`)
	w.run(0, commands[1])
	w.write("resources_roboto_secret_resource.tf", "")
	w.write("second.tf", "resource \"roboto_secret\" \"second\" {\n  name = \"weather_api_key\"\n}\n")
	w.contains(w.apply(), "0 added, 0 changed, 0 destroyed")
	w.wantValue(testOrg, "weather_api_key", "sunny")

	w.write("second.tf", "")
	w.terraform(0, "state", "rm", "roboto_secret.second")
	w.use("resources/roboto_secret/resource.tf")
	testQueryCommands(w, commands[:1])
}

// testAdoptModule imports into a module from the root module, and then from the module itself.
func testAdoptModule(t *testing.T) {
	need(t, writeOnly)
	w := newWorkspace(t)
	w.roboto.AddSecret(testOrg, "forecast_api_key")
	w.inGuide("adopt-module")
	w.env["TF_VAR_weather_api_key"] = "sunny"
	w.init()
	w.contains(w.apply(), "1 imported, 0 added, 1 changed, 0 destroyed")
	w.wantValue(testOrg, "forecast_api_key", "sunny")
	w.settled()

	w.terraform(0, "state", "rm", `module.forecast.roboto_secret.parameter["api_key"]`)
	root, err := os.ReadFile(filepath.Join(w.Dir, "main.tf"))
	if err != nil {
		t.Fatal(err)
	}
	before, block, _ := strings.Cut(string(root), "import {")
	w.write("main.tf", before)
	w.write("../../modules/action-secrets/import.tf", "import {"+strings.Replace(block, "module.forecast.", "", 1))
	if !has(moduleImport) {
		w.contains(w.terraform(1, "plan", "-input=false"), "Import blocks are only allowed in the root module.")
		return
	}
	w.contains(w.apply(), "1 imported, 0 added, 1 changed, 0 destroyed")
	w.settled()
}

// testKeepOnDestroy fills the table of the guide, a cell at a time: what becomes of a secret.
func testKeepOnDestroy(t *testing.T) {
	need(t, writeOnly)
	if !has(forgetOnDestroy) {
		w := newWorkspace(t)
		w.inGuide("keep-on-destroy")
		w.contains(w.terraform(1, "init", "-input=false"), `An argument named "destroy" is not expected here.`)
	}
	need(t, forgetOnDestroy)
	const (
		forgets = "forgets"
		deletes = "deletes"
		refuses = "refuses"
		fails   = "forgets and fails"
	)
	const main = "main.tf"
	protected := func(w *workspace) { w.replace(main, "    destroy = false\n", "") }
	both := func(*workspace) {}
	kept := func(w *workspace) { w.replace(main, "deletion_protection = true", "deletion_protection = false") }
	apply := []string{"apply", "-input=false", "-auto-approve"}
	for _, test := range []struct {
		name                string
		change              func(w *workspace)
		args                []string
		terraform, openTofu [2]string // with both, and with destroy = false alone
	}{
		{
			name: "destroy", args: []string{"destroy", "-input=false", "-auto-approve"},
			terraform: [2]string{forgets, forgets}, openTofu: [2]string{fails, fails},
		},
		{
			name: "a key is removed", change: func(w *workspace) { w.replace(main, `toset(["weather_api_key"])`, "toset([])") },
			terraform: [2]string{forgets, forgets}, openTofu: [2]string{forgets, forgets},
		},
		{
			name: "the block is removed", change: func(w *workspace) { w.write(main, "variable \"weather_api_key\" {}\n") },
			terraform: [2]string{refuses, deletes}, openTofu: [2]string{forgets, forgets},
		},
	} {
		want := test.terraform
		if terraform.OpenTofu {
			want = test.openTofu
		}
		args := test.args
		if args == nil {
			args = apply
		}
		for how, column := range map[string]struct {
			configure func(w *workspace)
			want      string
		}{"protected": {protected, refuses}, "both": {both, want[0]}, "destroy = false": {kept, want[1]}} {
			t.Run(test.name+", "+how, func(t *testing.T) {
				t.Parallel()
				w := newWorkspace(t)
				w.inGuide("keep-on-destroy")
				w.env["TF_VAR_weather_api_key"] = "sunny"
				w.replace(main, `  name                = "weather_api_key"`, "  for_each = toset([\"weather_api_key\"])\n  name                = each.key")
				column.configure(w)
				w.init()
				w.apply()
				first, _ := w.roboto.Record(testOrg, "weather_api_key")
				if test.change != nil {
					test.change(w)
				}
				exitCode := 0
				if column.want == refuses || column.want == fails {
					exitCode = 1
				}
				printed := w.terraform(exitCode, args...)
				left, ok := w.roboto.Record(testOrg, "weather_api_key")
				managed := strings.Contains(w.terraform(0, "state", "pull"), first.ARN)
				got := deletes
				switch {
				case ok && left.ARN == first.ARN && managed:
					got = refuses
				case ok && left.ARN == first.ARN && exitCode == 1:
					got = fails
				case ok && left.ARN == first.ARN:
					got = forgets
				}
				if got != column.want {
					t.Errorf("it %s, want %s:\n%s", got, column.want, printed)
				}
			})
		}
	}
}
