// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package docs_test

import (
	"crypto/rand"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// runElsewhere says who runs the blocks of a page that are no examples.
var runElsewhere = map[string]string{
	"README.md":                                 "TestReadme",
	"CONTRIBUTING.md":                           "the project's own checks",
	"SECURITY.md":                               "make release-check, as far as it goes without a release on GitHub",
	"docs/functions/parse_secret_uri.md":        "the page is generated; testFunctions calls the function",
	"docs/functions/secret_uri.md":              "the page is generated; testFunctions calls the function",
	"docs/guides/prove-a-rotation.md":           "testProveRotation, where Terraform has actions",
	"docs/guides/test-your-module.md":           "testModule, and whoever tries the provider by hand",
	"examples/modules/action-secrets/README.md": "testUseModule",
}

// pageTests run the commands of a page, in their order.
var pageTests = map[string]func(w *workspace, commands []string){
	"docs/index.md":                  testIndexCommands,
	"docs/guides/rotate.md":          testWriteAndRotateCommands,
	"docs/guides/undo-a-rotation.md": testUndoCommands,
	"docs/guides/checks.md":          testChecksCommands,
	"docs/guides/use-in-actions.md":  testActionCommands,
	"docs/guides/adopt.md":           testQueryCommands,
	"docs/list-resources/secret.md":  testQueryCommands,
}

// TestPages runs the commands that the pages show, and looks for blocks that nobody runs.
func TestPages(t *testing.T) {
	examples := map[string]bool{}
	for _, name := range exampleFiles(t) {
		content, err := os.ReadFile(filepath.Join(repository, "examples", name))
		if err != nil {
			t.Fatal(err)
		}
		examples[strings.TrimSpace(string(content))] = true
	}
	found := map[string]bool{}
	for _, page := range markdownPages(t, os.DirFS(repository)) {
		content, err := os.ReadFile(filepath.Join(repository, page))
		if err != nil {
			t.Fatal(err)
		}
		var commands []string
		for _, b := range blocks(string(content)) {
			switch {
			case examples[strings.TrimSpace(b.text)] || runElsewhere[page] != "":
			case b.language == "python": // what an action does is Roboto's matter
			case b.language == "shell" && pageTests[page] != nil:
				commands = append(commands, strings.TrimSpace(b.text))
			default:
				t.Errorf("%s: nobody runs this block:\n%s", page, b.text)
			}
		}
		if len(commands) == 0 {
			continue
		}
		found[page] = true
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			need(t, writeOnly)
			if _, err := exec.LookPath("bash"); err != nil {
				t.Skip("skipped: bash is not installed")
			}
			w := newWorkspace(t)
			w.use(providerBlock, "resources/roboto_secret/resource.tf")
			pageTests[page](w, commands)
		})
	}
	for page := range pageTests {
		if !found[page] {
			t.Errorf("%s shows no command", page)
		}
	}
}

// bash is the shell of the pages.
func bash() shell {
	return shells[slices.IndexFunc(shells, func(s shell) bool { return s.name == "bash" })]
}

// run runs the commands of a block, which has to end with the exit code.
func (w *workspace) run(exitCode int, commands string) {
	w.t.Helper()
	w.command(exitCode, "bash", "-e", "-c", commands)
}

// lines are the commands of a block, which has to have as many as wanted.
func lines(t *testing.T, block string, want int) []string {
	t.Helper()
	all := strings.Split(block, "\n")
	if len(all) != want {
		t.Fatalf("a block has %d lines, want %d:\n%s", len(all), want, block)
	}
	return all
}

// count fails the test if a page has another number of blocks than its test runs.
func count(t *testing.T, commands []string, want int) {
	t.Helper()
	if len(commands) != want {
		t.Fatalf("the page has %d blocks of commands, want %d: %q", len(commands), want, commands)
	}
}

func testIndexCommands(w *workspace, commands []string) {
	count(w.t, commands, 1)
	block := lines(w.t, commands[0], 3)
	apiKey, value := w.env["ROBOTO_API_KEY"], "sunny "+rand.Text()
	delete(w.env, "ROBOTO_API_KEY")
	reader := w.openTerminal(bash())
	reader.enter(block[0], input{"Access token: ", apiKey, true})
	reader.enter(block[1])
	reader.enter(block[2], input{"Enter a value: ", value, true}, input{"Enter a value: ", "yes", false})
	reader.close(apiKey, value)
	w.wantValue(testOrg, "weather_api_key", value)
}

func testWriteAndRotateCommands(w *workspace, commands []string) {
	count(w.t, commands, 2)
	w.env["TF_VAR_weather_api_key"] = "sunny"
	w.init()
	w.apply()
	delete(w.env, "TF_VAR_weather_api_key")

	w.replace("resources_roboto_secret_resource.tf", `value_wo_version = "1"`, `value_wo_version = "2"`)
	second, third := "rain "+rand.Text(), "snow "+rand.Text()
	reader := w.openTerminal(bash())
	reader.enter(commands[0], input{"Enter a value: ", second, true}, input{"Enter a value: ", "yes", false})
	w.wantValue(testOrg, "weather_api_key", second)

	w.replace("resources_roboto_secret_resource.tf", `value_wo_version = "2"`, `value_wo_version = "3"`)
	block := lines(w.t, commands[1], 3)
	reader.enter(block[0], input{"Weather API key: ", third, true})
	reader.enter(block[1])
	reader.enter(block[2])
	reader.close(second, third)
	w.wantValue(testOrg, "weather_api_key", third)
}

func testUndoCommands(w *workspace, commands []string) {
	count(w.t, commands, 2)
	good, bad := "sunny "+rand.Text(), "rain "+rand.Text()
	versionID := w.rotateBadly(good, bad)
	w.use("guides/undo-rotation/previous.tf")
	reader := w.openTerminal(bash())
	shown := reader.enter(commands[0], input{"Enter a value: ", "any text", true})
	if !strings.Contains(shown, "Changes to Outputs") || !strings.Contains(shown, versionID) {
		w.t.Errorf("the plan does not show the version %s:\n%s", versionID, shown)
	}
	w.undo(versionID)
	reader.enter(commands[1], input{"Enter a value: ", "yes", false})
	reader.close(good, bad)
	w.wantValue(testOrg, "weather_api_key", good)
}

func testChecksCommands(w *workspace, commands []string) {
	count(w.t, commands, 2)
	w.env["TF_VAR_weather_api_key"] = "sunny"
	w.init()
	w.run(2, commands[0])
	w.apply()
	w.run(0, commands[0])
	delete(w.env, "TF_VAR_weather_api_key")
	w.run(0, commands[1])
	w.wantValue(testOrg, "weather_api_key", "sunny")
}

func testActionCommands(w *workspace, commands []string) {
	count(w.t, commands, 2)
	w.env["TF_VAR_weather_api_key"] = "sunny"
	w.init()
	w.apply()
	invocation := w.installRobotoCLI()
	w.run(0, commands[0])
	called, err := os.ReadFile(invocation)
	if err != nil || !strings.HasSuffix(string(called), "\napi_key=roboto-secret://weather_api_key@og_acme\n") {
		w.t.Errorf("roboto was called with %q (%v)", called, err)
	}
	// The other is that of the module, which testUseModule runs.
	readme, err := os.ReadFile(filepath.Join(repository, "examples/modules/action-secrets/README.md"))
	if err != nil || !strings.Contains(string(readme), commands[1]) {
		w.t.Errorf("the module has another command than %q (%v)", commands[1], err)
	}
}

func testQueryCommands(w *workspace, commands []string) {
	count(w.t, commands, 1)
	need(w.t, query)
	w.roboto.AddSecret(testOrg, "sensor_gps")
	w.env["TF_VAR_weather_api_key"] = "sunny"
	w.use("list-resources/roboto_secret/list-resource.tfquery.hcl")
	w.init()
	w.run(0, commands[0])
	if _, err := os.Stat(filepath.Join(w.Dir, "generated.tf")); err != nil {
		w.t.Error(err)
	}
}
