// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package docs_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// block is a fenced block of a Markdown file, with the file that a comment above
// it says it belongs into, or "".
type block struct {
	file, language, text string
}

var blockPattern = regexp.MustCompile("(?m)(?:^<!-- file: (\\S+) -->\n)?^```(\\w+)\n((?s:.*?))^```$")

func blocks(markdown string) []block {
	var found []block
	for _, match := range blockPattern.FindAllStringSubmatch(markdown, -1) {
		found = append(found, block{match[1], match[2], match[3]})
	}
	return found
}

// TestReadme does what the README says, block by block.
func TestReadme(t *testing.T) {
	need(t, writeOnly)
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("skipped: bash is not installed")
	}
	readme, err := os.ReadFile(filepath.Join(repository, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	w := newWorkspace(t, "og_test")
	apiKey := w.env["ROBOTO_API_KEY"]
	delete(w.env, "ROBOTO_API_KEY")
	invocation := w.installRobotoCLI()

	// The README's commands in order, what the reader types, and what is true then.
	steps := []struct {
		begins string
		typed  string
		check  func(printed string)
	}{
		{"terraform init", "", nil},
		{"printf 'Access token", apiKey + "\n", nil},
		{"printf 'Weather API key", "sunny\nyes\n", func(string) { w.wantValue("og_test", "weather_api_key", "sunny") }},
		{"terraform plan", "", func(printed string) { w.contains(printed, "No changes.") }},
		{"printf 'New weather", "rain\nyes\n", func(printed string) {
			w.contains(printed, "0 added, 1 changed, 0 destroyed")
			w.wantValue("og_test", "weather_api_key", "rain")
		}},
		{"roboto actions invoke", "", func(string) {
			arguments, err := os.ReadFile(invocation)
			if want := "actions invoke forecast --parameter api_key=roboto-secret://weather_api_key@og_test\n"; err != nil || string(arguments) != want {
				t.Errorf("roboto was called with %q (%v), want %q", arguments, err, want)
			}
		}},
		{"terraform destroy", "yes\n", func(string) {
			if left := w.roboto.Records("og_test"); len(left) != 0 {
				t.Errorf("left is %v", left)
			}
		}},
	}
	for _, b := range blocks(string(readme)) {
		switch {
		case b.language == "terraform" && b.file != "":
			w.write(b.file, b.text)
		case b.language == "diff":
			w.patch(b)
		case b.language == "shell" && !strings.HasPrefix(b.text, "make"): // the targets are the project's own checks
			if len(steps) == 0 || !strings.HasPrefix(b.text, steps[0].begins) {
				t.Fatalf("a block of the README is not expected here:\n%s", b.text)
			}
			printed := w.shell(b.text, steps[0].typed)
			if steps[0].check != nil {
				steps[0].check(printed)
			}
			steps = steps[1:]
		}
	}
	if len(steps) != 0 {
		t.Errorf("the README lacks a block that begins with %q", steps[0].begins)
	}
}

// shell runs a block as it stands. What it exports is there for the next one.
func (w *workspace) shell(text, typed string) string {
	w.t.Helper()
	kept := filepath.Join(w.root, "exported")
	script := "set -e\nif [ -e " + kept + " ]; then . " + kept + "; fi\n" + text + "\nexport -p > " + kept + "\n"
	return w.command(0, typed, "bash", "-c", script)
}

// patch applies a block of the form that diff prints.
func (w *workspace) patch(b block) {
	w.t.Helper()
	var from, to string
	for line := range strings.Lines(b.text) {
		switch rest := line[1:]; line[0] {
		case '-':
			from += rest
		case '+':
			to += rest
		default:
			w.t.Fatalf("not a line of a diff: %q", line)
		}
	}
	w.replace(b.file, from, to)
}

// installRobotoCLI puts a stand-in for Roboto's command line on the PATH and returns
// the file in which it writes down how it was called.
func (w *workspace) installRobotoCLI() string {
	w.t.Helper()
	bin, invocation := filepath.Join(w.root, "bin"), filepath.Join(w.root, "invocation")
	if err := os.Mkdir(bin, 0o750); err != nil {
		w.t.Fatal(err)
	}
	script := "#!/bin/sh\necho \"$@\" > " + invocation + "\n"
	if err := os.WriteFile(filepath.Join(bin, "roboto"), []byte(script), 0o700); err != nil {
		w.t.Fatal(err)
	}
	w.env["PATH"] = bin + string(os.PathListSeparator) + w.env["PATH"]
	return invocation
}
