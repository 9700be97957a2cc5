// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package docs_test

import (
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// runElsewhere says who runs the blocks of a page that are no examples.
var runElsewhere = map[string]string{
	"README.md":                                 "TestReadme",
	"CONTRIBUTING.md":                           "the project's own checks",
	"SECURITY.md":                               "make release-check, as far as it goes without a release on GitHub",
	"docs/guides/first-secret.md":               "TestFirstSecret",
	"docs/functions/parse_secret_uri.md":        "the page is generated; testFunctions calls the function",
	"docs/functions/secret_uri.md":              "the page is generated; testFunctions calls the function",
	"docs/guides/prove-a-rotation.md":           "testProveRotation, where Terraform has actions",
	"docs/guides/test-your-module.md":           "testModule, and whoever tries the provider by hand",
	"examples/modules/action-secrets/README.md": "testUseModule",
}

// pythonPages says why nobody runs the Python of a page.
var pythonPages = map[string]string{
	"docs/guides/use-in-actions.md": "it needs Roboto's SDK; the calls were compared with the source of version 0.53",
}

// pageTests run the commands of a page, in their order.
var pageTests = map[string]func(w *workspace, commands []string){
	"docs/index.md":                        testIndexCommands,
	"docs/guides/rotate.md":                testRotateCommands,
	"docs/guides/undo-a-rotation.md":       testUndoCommands,
	"docs/guides/run-in-ci.md":             testRunInCICommands,
	"docs/guides/checks.md":                testChecksCommands,
	"docs/guides/environments.md":          testEnvironmentsCommands,
	"docs/guides/use-in-actions.md":        testActionCommands,
	"docs/guides/adopt.md":                 testAdoptCommands,
	"docs/guides/upgrade.md":               testUpgradeCommands,
	"docs/list-resources/secret.md":        testQueryCommands,
	"docs/guides/values-from-elsewhere.md": testSavedPlanCommands,
	"docs/guides/rename-move-copy.md":      testMoveCommands,
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
			case b.language == "python" && pythonPages[page] != "":
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
			needShell(t, "bash")
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

// threeLines are the commands of a block that has three.
func threeLines(t *testing.T, block string) []string {
	t.Helper()
	all := strings.Split(block, "\n")
	if len(all) != 3 {
		t.Fatalf("a block has %d lines, want 3:\n%s", len(all), block)
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
	block := threeLines(w.t, commands[0])
	apiKey, value := w.env["ROBOTO_API_KEY"], "sunny "+rand.Text()
	delete(w.env, "ROBOTO_API_KEY")
	reader := w.openTerminal(bash())
	reader.enter(block[0], input{"Access token: ", apiKey, true})
	reader.enter(block[1])
	reader.enter(block[2], input{"Enter a value: ", value, true}, input{"Enter a value: ", "yes", false})
	reader.close(apiKey, value)
	w.wantValue(testOrg, "weather_api_key", value)
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

func testActionCommands(w *workspace, commands []string) {
	count(w.t, commands, 4)
	w.env["TF_VAR_weather_api_key"] = "sunny"
	w.init()
	w.apply()
	invocation := w.installRobotoCLI()
	for i, want := range []string{
		"actions invoke forecast --parameter api_key=roboto-secret://weather_api_key@og_acme",
		"triggers create --name forecast-new-logs --action forecast --required-inputs **/*.mcap --parameter-value api_key=roboto-secret://weather_api_key@og_acme",
		"actions update forecast --put-parameter name=api_key|default=roboto-secret://weather_api_key@og_acme",
	} {
		w.run(0, commands[i])
		called, err := os.ReadFile(invocation)
		if err != nil || string(called) != strings.ReplaceAll(want, " ", "\n")+"\n" {
			w.t.Errorf("roboto was called with %q (%v), want %q", called, err, want)
		}
	}
	// The last is that of the module, which testUseModule runs.
	readme, err := os.ReadFile(filepath.Join(repository, "examples/modules/action-secrets/README.md"))
	if err != nil || !strings.Contains(string(readme), commands[3]) {
		w.t.Errorf("the module has another command than %q (%v)", commands[3], err)
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

const lockFile = ".terraform.lock.hcl"

// testUpgradeCommands upgrades to a release that appears later, goes back, and changes from a
// build to a release.
func testUpgradeCommands(w *workspace, commands []string) {
	count(w.t, commands, 2)
	w.env["TF_VAR_weather_api_key"] = "sunny"
	releases, home := filepath.Join(w.root, "releases"), filepath.Join(w.root, "home", ".terraform.d", "plugins")
	w.installFrom(releases)
	w.release(releases, "0.1.0", "")
	w.init()
	w.apply()
	w.release(releases, "0.1.1", "")
	w.init()
	w.wantLocked("0.1.0")
	w.run(0, commands[0])
	w.wantLocked("0.1.1")
	w.settled()

	w.replace("provider_provider.tf", `"~> 0.1"`, `"0.1.0"`)
	w.terraform(0, "init", "-upgrade")
	w.wantLocked("0.1.0")
	w.settled()

	// A build is another file than the release of its version. Terraform goes on with it.
	if err := os.RemoveAll(filepath.Join(w.Dir, ".terraform")); err != nil {
		w.t.Fatal(err)
	}
	w.write(lockFile, "")
	w.release(home, "0.1.0", "\n")
	w.installFrom("")
	w.init()
	build := w.read(lockFile)
	w.installFrom(releases)
	w.init()
	if w.read(lockFile) != build {
		w.t.Error("init alone changed to the release")
	}
	w.run(0, commands[1])
	if w.read(lockFile) == build {
		w.t.Error("Terraform still has the build")
	}
	w.settled()
}

// release puts the provider into a directory, as a release of the version. What is appended to
// the executable gives it another checksum.
func (w *workspace) release(dir, version, appended string) {
	w.t.Helper()
	executable, err := os.ReadFile(terraform.provider)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, host := range []string{"registry.terraform.io", "registry.opentofu.org"} {
		place := filepath.Join(dir, host, "roboto-ai", "roboto", version, runtime.GOOS+"_"+runtime.GOARCH)
		name := "terraform-provider-roboto_v" + version
		err := errors.Join(os.MkdirAll(place, 0o750), os.WriteFile(filepath.Join(place, name), append(executable, appended...), 0o700))
		if err != nil {
			w.t.Fatal(err)
		}
	}
}

// wantLocked fails unless the lock file has the version.
func (w *workspace) wantLocked(version string) {
	w.t.Helper()
	if content := w.read(lockFile); !regexp.MustCompile(`version += "` + regexp.QuoteMeta(version) + `"`).MatchString(content) {
		w.t.Errorf("the lock file is not of %s:\n%s", version, content)
	}
}
