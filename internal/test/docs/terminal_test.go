// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package docs_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/creack/pty"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/leaks"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terminal"
)

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
