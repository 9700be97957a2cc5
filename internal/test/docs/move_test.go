// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package docs_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// oldAddress is the resource of the guide before its address was renamed.
const oldAddress = "resource \"roboto_secret\" \"weather\" {\n  name = \"weather_api_key\"\n}\n"

// beforeRename has applied the old address, and a person has written the value.
func beforeRename(t *testing.T) *workspace {
	t.Helper()
	w := newWorkspace(t)
	w.use(providerBlock)
	w.replace("provider_provider.tf", `org_id = "og_acme"`, "org_id       = \"og_acme\"\n  max_attempts = 2")
	w.write("main.tf", oldAddress)
	w.init()
	w.apply()
	w.roboto.SetValue(testOrg, "weather_api_key", "written by a person")
	return w
}

// renameWithout renames the address, and returns what adds the moved block.
func (w *workspace) renameWithout() (addMoved func()) {
	w.t.Helper()
	w.write("main.tf", "")
	w.use("guides/rename-resource/main.tf")
	const name = "guides_rename-resource_main.tf"
	whole, err := os.ReadFile(filepath.Join(w.Dir, name))
	if err != nil {
		w.t.Fatal(err)
	}
	resource, _, _ := strings.Cut(string(whole), "moved {")
	w.write(name, resource)
	return func() { w.write(name, string(whole)) }
}

func testRenameResource(t *testing.T) {
	kept := func(w *workspace) {
		t.Helper()
		w.contains(w.apply(), "0 added, 0 changed, 0 destroyed")
		w.wantValue(testOrg, "weather_api_key", "written by a person")
		w.settled()
	}
	t.Run("with the block", func(t *testing.T) {
		t.Parallel()
		w := beforeRename(t)
		w.renameWithout()()
		kept(w)
	})
	t.Run("forgotten in the plan", func(t *testing.T) {
		t.Parallel()
		w := beforeRename(t)
		addMoved := w.renameWithout()
		printed := w.terraform(0, "plan", "-input=false")
		w.contains(printed, "1 to add, 0 to change, 1 to destroy")
		w.contains(printed, `Roboto Secret "weather_api_key" Is Deleted and Created Again`)
		addMoved()
		kept(w)
	})
	t.Run("forgotten, and protected", func(t *testing.T) {
		t.Parallel()
		w := beforeRename(t)
		w.replace("main.tf", "}\n", "  deletion_protection = true\n}\n")
		w.apply()
		addMoved := w.renameWithout()
		w.contains(w.terraform(1, "plan", "-input=false"), "Roboto Secret Is Protected")
		addMoved()
		w.contains(w.apply(), "0 added, 1 changed, 0 destroyed") // the example is not protected
		w.wantValue(testOrg, "weather_api_key", "written by a person")
	})
	t.Run("forgotten in an apply", func(t *testing.T) {
		t.Parallel()
		w := beforeRename(t)
		addMoved := w.renameWithout()
		w.contains(w.apply(), "1 added, 0 changed, 1 destroyed")
		addMoved()
		w.contains(w.apply(), "0 added, 0 changed, 0 destroyed")
		w.wantValue(testOrg, "weather_api_key", "")
	})
	t.Run("forgotten in an apply, with a value", func(t *testing.T) {
		t.Parallel()
		need(t, writeOnly)
		w := newWorkspace(t)
		w.use(providerBlock, "resources/roboto_secret/resource.tf")
		w.env["TF_VAR_weather_api_key"] = "sunny"
		w.init()
		w.apply()
		_, versionID, _ := w.roboto.Value(testOrg, "weather_api_key")
		const name = "resources_roboto_secret_resource.tf"
		w.replace(name, `resource "roboto_secret" "weather_api_key"`, `resource "roboto_secret" "renamed"`)
		w.replace(name, "value = roboto_secret.weather_api_key.uri", "value = roboto_secret.renamed.uri")
		w.env["TF_VAR_weather_api_key"] = "any text"
		printed := w.apply()
		w.contains(printed, `weather_api_key_uri = "roboto-secret://weather_api_key@og_acme"`)
		w.wantValue(testOrg, "weather_api_key", "any text")
		for _, version := range w.roboto.Versions(testOrg, "weather_api_key") {
			if version.ID == versionID {
				t.Error("the earlier version is still there")
			}
		}
		w.env["TF_VAR_weather_api_key"] = "sunny"
		w.settled()
		w.replace(name, `value_wo_version = "1"`, `value_wo_version = "2"`)
		w.contains(w.apply(), "0 added, 1 changed, 0 destroyed")
		w.wantValue(testOrg, "weather_api_key", "sunny")
	})
	t.Run("the apply failed, and the old secret is there", func(t *testing.T) {
		t.Parallel()
		w := beforeRename(t)
		addMoved := w.renameWithout()
		w.roboto.Inject(robototest.Fault{Operation: robototest.DeleteSecret, Status: http.StatusForbidden})
		w.contains(w.terraform(1, "apply", "-input=false", "-auto-approve"), "Cannot Create Roboto Secret")
		w.roboto.ClearFaults()
		w.contains(w.terraform(0, "state", "list"), "roboto_secret.weather")
		addMoved()
		kept(w)
	})
	t.Run("the apply failed, and no secret is there", func(t *testing.T) {
		t.Parallel()
		w := beforeRename(t)
		w.renameWithout()
		w.roboto.Inject(robototest.Fault{Operation: robototest.CreateSecret, Status: http.StatusConflict, Code: "RobotoConflictException"})
		w.contains(w.terraform(1, "apply", "-input=false", "-auto-approve"), "Cannot Create Roboto Secret")
		w.roboto.ClearFaults()
		if left := w.terraform(0, "state", "list"); left != "" {
			t.Errorf("the state has %s", left)
		}
		w.contains(w.apply(), "1 added, 0 changed, 0 destroyed")
	})
}

// testMoveCommands lists the state, moves a secret to another one in both ways, and then to another workspace.
func testMoveCommands(w *workspace, commands []string) {
	count(w.t, commands, 3)
	w.env["TF_VAR_weather_api_key"] = "sunny"
	w.init()
	w.apply()
	w.contains(w.command(0, "bash", "-e", "-c", commands[0]), "roboto_secret.weather_api_key")
	_, written, _ := w.roboto.Value(testOrg, "weather_api_key")

	old := w.Dir
	elsewhere := func(name string) {
		w.t.Helper()
		w.Dir = filepath.Join(filepath.Dir(old), name)
		if err := os.MkdirAll(w.Dir, 0o750); err != nil {
			w.t.Fatal(err)
		}
		w.use(providerBlock, "resources/roboto_secret/resource.tf")
		w.init()
	}
	elsewhere("new")
	w.Dir = old
	w.run(0, commands[1])
	w.write("resources_roboto_secret_resource.tf", "")
	w.contains(w.apply(), "0 added, 0 changed, 0 destroyed")
	elsewhere("new")
	w.contains(w.apply(), "0 added, 0 changed, 0 destroyed")
	if _, now, _ := w.roboto.Value(testOrg, "weather_api_key"); now != written {
		w.t.Error("the value was written")
	}

	w.write("resources_roboto_secret_resource.tf", "")
	w.use("guides/stop-managing/main.tf")
	w.contains(w.apply(), "0 added, 0 changed, 0 destroyed")
	elsewhere("newer")
	w.use("resources/roboto_secret/import-by-string-id.tf")
	w.contains(w.apply(), "1 imported, 0 added, 1 changed, 0 destroyed")
	w.wantValue(testOrg, "weather_api_key", "sunny")
	w.write("resources_roboto_secret_import-by-string-id.tf", "")

	w.run(0, commands[2])
	w.contains(w.apply(), "0 added, 1 changed, 0 destroyed")
	w.settled()
	w.terraform(0, "workspace", "select", "default")
	w.contains(w.terraform(1, "apply", "-input=false", "-auto-approve"), "A secret of this name exists already")
}
