// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package docs_test

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
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
	p := page{text: readFile(t, name)}
	for _, match := range blockPattern.FindAllStringSubmatch(p.text, -1) {
		if !isExample(t, match[2]) {
			p.blocks = append(p.blocks, block{match[1], match[2]})
		}
	}
	return p
}

// isExample tells whether a text is one of the examples.
func isExample(t testing.TB, text string) bool {
	t.Helper()
	return slices.ContainsFunc(exampleFiles(t), func(name string) bool {
		return strings.TrimSpace(readFile(t, name)) == strings.TrimSpace(text)
	})
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

const firstSecret = "testdata/first-secret.txtar"

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
	for _, words := range commandsOf(t, slices.Concat(scripts(t, "pages"), scripts(t, "examples"), []string{firstSecret})) {
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
			runScenes(t, []string{"READER=" + shell}, firstSecret)
		})
	}
}

// openPage: page FILE NUMBER, which is how many blocks the page has that are no examples. Other
// commands name a block by its number.
func (s *scene) openPage(args []string) {
	s.page = readPage(s.t, args[0])
	if len(s.page.blocks) != s.number(args[1]) {
		s.Fatalf("%s has %d blocks that are no examples, want %s; after a change of an example, run make docs: %+v", args[0], len(s.page.blocks), args[1], s.page.blocks)
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
