// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package docs_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/creack/pty"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/leaks"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terminal"
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

// hiddenInput is the command by which bash and zsh read what nobody should see.
var hiddenInput = regexp.MustCompile(`^printf '(.*: )'; read -rs (\w+); export \w+; echo$`)

// shell is one that a reader of the guide may use.
type shell struct {
	name string
	args []string
	// config is the text of a file that the shell reads when it starts. It lets the
	// shell show ready before it reads a command, and run after it has read one.
	config, configFile string
}

const (
	ready   = "<ready>"
	started = "<run>"
)

var shells = []shell{
	{"bash", []string{"--noprofile", "-i"}, "PS1='<ready>'\nPS0='<run>'\n", ".bashrc"},
	{"zsh", []string{"-i"}, "PS1='<ready>'\npreexec() { print -n '<run>' }\n", ".zshrc"},
	{"fish", []string{"-i"}, "function fish_prompt; printf '<ready>'; end\nfunction run --on-event fish_preexec; printf '<run>'; end\n", ".config/fish/config.fish"},
}

// hidden is the shell's command for a hidden input of bash, and what the command shows.
func (s shell) hidden(t *testing.T, guide, command string) (own, prompt string) {
	t.Helper()
	parts := hiddenInput.FindStringSubmatch(command)
	if parts == nil {
		t.Fatalf("the guide has another command for hidden input: %s", command)
	}
	row := regexp.MustCompile("(?m)^\\| " + s.name + " \\| `(.+)` \\|$").FindStringSubmatch(guide)
	if row == nil {
		return command, parts[1]
	}
	return strings.ReplaceAll(row[1], "NAME", parts[2]), parts[2] + ": "
}

// TestFirstSecret does what the guide "Write a first secret" says, line by line, as readers do
// it in a terminal.
func TestFirstSecret(t *testing.T) {
	need(t, writeOnly)
	for _, shell := range shells {
		t.Run(shell.name, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(shell.name); err != nil {
				t.Skipf("skipped: %s is not installed", shell.name)
			}
			testFirstSecret(t, shell)
		})
	}
}

func testFirstSecret(t *testing.T, shell shell) {
	content, err := os.ReadFile(filepath.Join(repository, "docs/guides/first-secret.md"))
	if err != nil {
		t.Fatal(err)
	}
	guide := string(content)
	w := newWorkspace(t, "og_test")
	apiKey := w.env["ROBOTO_API_KEY"]
	delete(w.env, "ROBOTO_API_KEY")
	invocation := w.installRobotoCLI()
	first, second := `1 "sunny" $day \ `+rand.Text(), `2 'rainy' $(days) `+rand.Text()

	// The guide's commands in order, what the reader types at which prompt, and what is
	// true then. A hidden input has its own prompt.
	steps := []struct {
		begins string
		prompt string
		typed  string
		check  func(printed string)
	}{
		{"terraform init", "", "", nil},
		{"printf 'Access token", "", apiKey, nil},
		{"printf 'Weather API key", "", first, nil},
		{"terraform apply", "Enter a value: ", "yes", func(string) { w.wantValue("og_test", "weather_api_key", first) }},
		{"terraform plan", "", "", func(printed string) { w.contains(printed, "No changes.") }},
		{"printf 'New weather", "", second, nil},
		{"terraform apply", "Enter a value: ", "yes", func(printed string) {
			w.contains(printed, "0 added, 1 changed, 0 destroyed")
			w.wantValue("og_test", "weather_api_key", second)
		}},
		{"roboto actions invoke", "", "", func(string) {
			arguments, err := os.ReadFile(invocation)
			if want := "actions\ninvoke\nforecast\n--parameter\napi_key=roboto-secret://weather_api_key@og_test\n"; err != nil || string(arguments) != want {
				t.Errorf("roboto was called with %q (%v), want %q", arguments, err, want)
			}
		}},
		{"terraform destroy", "Enter a value: ", "yes", func(string) {
			if left := w.roboto.Records("og_test"); len(left) != 0 {
				t.Errorf("left is %v", left)
			}
		}},
	}
	reader := w.openTerminal(shell)
	for _, b := range blocks(guide) {
		switch {
		case b.language == "terraform" && b.file != "":
			w.write(b.file, b.text)
		case b.language == "diff":
			w.patch(b)
		case strings.HasPrefix(b.text, "git clone "): // TestReadme runs this
		case b.language == "shell":
			for line := range strings.Lines(b.text) {
				command := strings.TrimSpace(line)
				if len(steps) == 0 || !strings.HasPrefix(command, steps[0].begins) {
					t.Fatalf("a command of the guide is not expected here: %s", command)
				}
				step := steps[0]
				steps = steps[1:]
				var inputs []input
				switch {
				case step.prompt != "":
					inputs = []input{{step.prompt, step.typed, false}}
				case step.typed != "":
					var prompt string
					command, prompt = shell.hidden(t, guide, command)
					inputs = []input{{prompt, step.typed, true}}
				}
				printed := reader.enter(command, inputs...)
				if step.check != nil {
					step.check(printed)
				}
			}
		}
	}
	if len(steps) != 0 {
		t.Errorf("the guide lacks a command that begins with %q", steps[0].begins)
	}
	reader.close(apiKey, first, second)
}

// TestReadme builds and installs the provider as the README says, and applies its secret.
func TestReadme(t *testing.T) {
	need(t, writeOnly)
	for _, tool := range []string{"bash", "make"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("skipped: %s is not installed", tool)
		}
	}
	content, err := os.ReadFile(filepath.Join(repository, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	self, err := filepath.Abs(repository)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorkspace(t)
	w.installFrom("")
	w.keepGoCaches()
	w.env["TF_VAR_weather_api_key"] = "sunny"
	if err := os.Symlink(self, filepath.Join(w.Dir, "terraform-provider-roboto")); err != nil {
		t.Fatal(err)
	}
	for _, b := range blocks(string(content)) {
		switch {
		case b.language == "terraform" && b.file == "":
			w.write("secrets.tf", b.text)
		case b.language == "terraform":
			w.write(b.file, b.text)
		case strings.HasPrefix(b.text, "make "): // the targets are the project's own checks
		default:
			w.run(0, strings.Replace(b.text, "git clone ", ": ", 1))
		}
	}
	w.apply()
	w.wantValue(testOrg, "weather_api_key", "sunny")
}

// installFrom makes Terraform take providers from a directory alone, or, with "", look for them
// where it does by itself.
func (w *workspace) installFrom(dir string) {
	w.t.Helper()
	text := "disable_checkpoint = true\n"
	if dir != "" {
		text += fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", filepath.ToSlash(dir))
	}
	file := filepath.Join(w.root, "installation.rc")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	w.env["TF_CLI_CONFIG_FILE"] = file
}

// keepGoCaches makes Go use the caches of whoever runs the tests, and not those of the workspace's home.
func (w *workspace) keepGoCaches() {
	w.t.Helper()
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPATH", "GOPROXY", "GOSUMDB", "GOFLAGS", "GOTOOLCHAIN"} {
		value, err := exec.CommandContext(w.t.Context(), "go", "env", name).Output()
		if err != nil {
			w.t.Fatal(err)
		}
		w.env[name] = strings.TrimSpace(string(value))
	}
}

// reader is somebody who sits before a terminal.
type reader struct {
	w       *workspace
	session *terminal.Session
}

func (w *workspace) openTerminal(shell shell) *reader {
	w.t.Helper()
	config := filepath.Join(w.root, "home", shell.configFile)
	if err := os.MkdirAll(filepath.Dir(config), 0o750); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(config, []byte(shell.config), 0o600); err != nil {
		w.t.Fatal(err)
	}
	w.env["TF_INPUT"] = "1"
	w.env["TERM"] = "dumb" // no colors, no drawing
	session, err := terminal.Start(w.With(shell.name).Command(w.t.Context(), w.environ(), shell.args...))
	if errors.Is(err, pty.ErrUnsupported) {
		w.t.Skipf("skipped: there are no pseudo-terminals here: %v", err)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	r := &reader{w: w, session: session}
	r.must(session.Expect(ready))
	return r
}

// must fails the test, and shows what was on the screen.
func (r *reader) must(err error) {
	r.w.t.Helper()
	if err != nil {
		r.w.t.Fatalf("%v; on the screen was:\n%s", err, r.session.Screen())
	}
}

// input is what the reader types at a prompt. When it is hidden, the terminal does not
// show it.
type input struct {
	prompt, typed string
	hidden        bool
}

// enter enters a command, and types what the command asks for. It returns what the
// command printed.
func (r *reader) enter(command string, inputs ...input) string {
	r.w.t.Helper()
	before := len(r.session.Screen())
	r.must(r.session.Type(command))
	r.must(r.session.Expect(started))
	for _, input := range inputs {
		r.must(r.session.Expect(input.prompt))
		if input.hidden {
			r.must(r.session.ExpectSilence())
		}
		r.must(r.session.Type(input.typed))
	}
	r.must(r.session.Expect(ready))
	return strings.ReplaceAll(string(r.session.Screen()[before:]), "\r", "")
}

// close leaves the terminal. Nothing secret may be on its screen.
func (r *reader) close(secrets ...string) {
	r.w.t.Helper()
	r.must(r.session.Type("exit"))
	_, screen, err := r.session.Wait()
	r.must(err)
	var needles []leaks.Needle
	for i, secret := range secrets {
		needles = append(needles, leaks.Needle{Name: "secret " + strconv.Itoa(i+1), Value: secret})
	}
	findings, _, err := leaks.Search([]leaks.Artifact{leaks.Bytes("the screen", screen)}, needles)
	r.must(err)
	for _, finding := range findings {
		r.w.t.Error(finding)
	}
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
	script := "#!/bin/sh\nprintf '%s\\n' \"$@\" > " + invocation + "\n"
	if err := os.WriteFile(filepath.Join(bin, "roboto"), []byte(script), 0o700); err != nil {
		w.t.Fatal(err)
	}
	w.env["PATH"] = bin + string(os.PathListSeparator) + w.env["PATH"]
	return invocation
}
