// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package docs_test

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/creack/pty"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/leaks"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terminal"
)

// page is a Markdown file, with its blocks that are no examples.
type page struct {
	text   string
	blocks []block
}

// block is a fenced block, with the file that a comment above it says it belongs into, or "".
type block struct{ file, text string }

var blockPattern = regexp.MustCompile("(?m)(?:^<!-- file: (\\S+) -->\n)?^```\\w+\n((?s:.*?))^```$")

// readPage leaves out the blocks that are examples.
func readPage(t testing.TB, name string) page {
	t.Helper()
	examples := map[string]bool{}
	for _, example := range exampleFiles(t) {
		examples[strings.TrimSpace(readFile(t, example))] = true
	}
	p := page{text: readFile(t, name)}
	for _, match := range blockPattern.FindAllStringSubmatch(p.text, -1) {
		if !examples[strings.TrimSpace(match[2])] {
			p.blocks = append(p.blocks, block{match[1], match[2]})
		}
	}
	return p
}

// readFile reads a file of the repository.
func readFile(t testing.TB, name string) string {
	t.Helper()
	content, err := fs.ReadFile(os.DirFS(repository), name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// runElsewhere says who runs the blocks of a page.
var runElsewhere = map[string]string{
	"CONTRIBUTING.md":                    "the project's own checks",
	"SECURITY.md":                        "make release-check, as far as it goes without a release on GitHub",
	"docs/functions/parse_secret_uri.md": "the page is generated; the scene functions calls the function",
	"docs/guides/test-your-module.md":    "the scene module, and whoever tries the provider by hand",
	"docs/functions/secret_uri.md":       "the page is generated; the scene functions calls the function",
}

// TestPages runs the commands that the pages show, and looks for blocks that nobody runs.
func TestPages(t *testing.T) {
	run := map[string]bool{} // PAGE BLOCK
	current := ""
	for _, words := range commandsOf(t, slices.Concat(scripts(t, "pages"), scripts(t, "examples"), scripts(t, "."))) {
		switch words[0] {
		case "page":
			current = words[1]
		case "block", "file", "patch", "enter", "unrun":
			number, _, _ := strings.Cut(words[1], ".")
			run[current+" "+number] = true
		}
	}
	for _, name := range markdownPages(t) {
		page := readPage(t, name)
		if strings.HasPrefix(name, "docs/") && !strings.HasPrefix(name, "docs/guides/") && !strings.Contains(page.text, "\n## Example Usage\n") {
			t.Errorf("%s has no example", name)
		}
		for i, b := range page.blocks {
			if !run[fmt.Sprint(name, " ", i+1)] && runElsewhere[name] == "" {
				t.Errorf("%s: no scene in testdata runs block %d, and it is not an example; after a change of one, run make docs:\n%s",
					name, i+1, b.text)
			}
		}
	}
	runScenes(t, nil, scripts(t, "pages")...)
}

// TestFirstSecret does what the guide "Write a first secret" says, line by line, as readers do it in
// a terminal.
func TestFirstSecret(t *testing.T) {
	for shell := range shells {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			runScenes(t, []string{"READER=" + shell}, "testdata/first-secret.txtar")
		})
	}
}

// openPage: page FILE NUMBER, which is how many blocks the page has that are no examples. Other
// commands name a block by its number.
func (s *scene) openPage(args []string) {
	s.page = readPage(s.t, args[0])
	if len(s.page.blocks) != s.number(args[1]) {
		s.Fatalf("%s has %d blocks that are no examples, want %s; after a change of an example, run make docs: %+v",
			args[0], len(s.page.blocks), args[1], s.page.blocks)
	}
}

// text is a block, or one of its lines: BLOCK or BLOCK.LINE.
func (s *scene) text(arg string) string {
	number, line, ok := strings.Cut(arg, ".")
	text := strings.TrimSpace(s.page.blocks[s.number(number)-1].text)
	if ok {
		return strings.Split(text, "\n")[s.number(line)-1]
	}
	return text
}

// runBlock: block NUMBER runs a block in bash, or in the SHELL of the environment. With !, it fails with the exit
// code 1, or with that of ! block NUMBER EXITCODE.
func (s *scene) runBlock(args []string) {
	command := append(strings.Fields(cmp.Or(s.Getenv("SHELL"), "bash -e")), "-c", s.text(args[0]))
	s.run(s.number(append(args, "1")[1]), command[0], command[1:]...)
}

// writeBlock: file NUMBER NAME writes a block to the file that it belongs into, or to another.
func (s *scene) writeBlock(args []string) {
	b := s.page.blocks[s.number(args[0])-1]
	s.Check(os.WriteFile(s.MkAbs(append(args[1:], b.file)[0]), []byte(b.text), 0o600))
}

// patch: patch NUMBER applies a block that replaces one line, in the form that diff prints.
func (s *scene) patch(args []string) {
	b := s.page.blocks[s.number(args[0])-1]
	removed, added, ok := strings.Cut(strings.TrimPrefix(b.text, "-"), "\n+")
	if !ok {
		s.Fatalf("not a diff of one line: %q", b.text)
	}
	s.replace([]string{b.file, removed + "\n", added})
}

// shell is one that a reader of the guides may use.
type shell struct {
	args []string
	// config is the text of a file that the shell reads when it starts. It lets the
	// shell show ready before it reads a command, and run after it has read one.
	config, configFile string
}

const (
	ready   = "<ready>"
	started = "<run>"
)

var shells = map[string]shell{
	"bash": {[]string{"--noprofile", "-i"}, "PS1='<ready>'\nPS0='<run>'\n", ".bashrc"},
	"zsh":  {[]string{"-i"}, "PS1='<ready>'\npreexec() { print -n '<run>' }\n", ".zshrc"},
	"fish": {
		[]string{"-i"},
		"function fish_prompt; printf '<ready>'; end\nfunction run --on-event fish_preexec; printf '<run>'; end\n",
		".config/fish/config.fish",
	},
}

// hiddenInput is the command by which bash and zsh read what nobody should see.
var hiddenInput = regexp.MustCompile(`^printf '(.*: )'; read -rs (\w+); export \w+; echo$`)

// own is a shell's command for one of bash, and what it shows for a prompt of bash. They differ for a
// hidden input, if the page has a table with a row for the shell.
func own(shell, page, command, prompt string) (ownCommand, ownPrompt string) {
	input := hiddenInput.FindStringSubmatch(command)
	row := regexp.MustCompile("(?m)^\\| " + shell + " \\| `(.+)` \\|$").FindStringSubmatch(page)
	if input == nil || row == nil {
		return command, prompt
	}
	return strings.ReplaceAll(row[1], "NAME", input[2]), input[2] + ": "
}

// openTerminal: shell NAME opens a terminal.
func (s *scene) openTerminal(args []string) {
	s.need(args)
	sh := shells[args[0]]
	config := filepath.Join(s.Getenv("HOME"), sh.configFile)
	s.Check(os.MkdirAll(filepath.Dir(config), 0o750))
	s.Check(os.WriteFile(config, []byte(sh.config), 0o600))
	s.Setenv("TF_INPUT", "1")
	s.Setenv("TERM", "dumb") // no colors, no drawing
	s.run(0, "env", "-0")
	cmd := exec.CommandContext(s.t.Context(), args[0], sh.args...)
	cmd.Env, cmd.Dir = strings.Split(strings.TrimSuffix(s.ReadFile("stdout"), "\x00"), "\x00"), s.MkAbs(".")
	session, err := terminal.Start(cmd)
	if errors.Is(err, pty.ErrUnsupported) {
		s.t.Skipf("skipped: there are no pseudo-terminals here: %v", err)
	}
	s.Check(err)
	s.terminal, s.shell = session, args[0]
	s.must(session.Expect(ready))
}

// must fails the scene, and shows what was on the screen.
func (s *scene) must(err error) {
	if err != nil {
		s.Fatalf("%v; on the screen was:\n%s", err, s.terminal.Screen())
	}
}

// enter: enter BLOCK.LINE PROMPT ANSWER… enters a command, and answers what it asks for. The terminal
// shows no answer that begins with hidden:. What the command printed is the output.
func (s *scene) enter(args []string) {
	prompts := append(args[1:], "")
	var command string
	command, prompts[0] = own(s.shell, s.page.text, s.text(args[0]), prompts[0])
	before := len(s.terminal.Screen())
	s.must(s.terminal.Type(command))
	s.must(s.terminal.Expect(started))
	for asked := range slices.Chunk(prompts[:len(args)-1], 2) {
		s.must(s.terminal.Expect(asked[0]))
		answer, hidden := strings.CutPrefix(asked[1], "hidden:")
		if hidden {
			s.must(s.terminal.ExpectSilence())
			s.hidden = append(s.hidden, answer)
		}
		s.must(s.terminal.Type(answer))
	}
	s.must(s.terminal.Expect(ready))
	_, err := s.Stdout().Write([]byte(strings.ReplaceAll(string(s.terminal.Screen()[before:]), "\r", "")))
	s.Check(err)
}

// leave leaves the terminal. No hidden answer may be on its screen.
func (s *scene) leave([]string) {
	s.must(s.terminal.Type("exit"))
	_, screen, err := s.terminal.Wait()
	s.must(err)
	s.search(s.hidden, leaks.Bytes("the screen", screen))
}
