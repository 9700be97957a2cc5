// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
)

// screen prints what the person who runs the demo reads.
type screen struct {
	w io.Writer
	// bold is whether headings are.
	bold bool
}

// newScreen writes plain text unless out is a terminal, and also if the person wants no
// color (https://no-color.org).
func newScreen(out *os.File) *screen {
	info, err := out.Stat()
	terminal := err == nil && info.Mode()&os.ModeCharDevice != 0
	return &screen{w: out, bold: terminal && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
}

func (s *screen) line(format string, args ...any) {
	_, _ = fmt.Fprintf(s.w, format+"\n", args...)
}

func (s *screen) title(text string) {
	if s.bold {
		text = "\x1b[1m" + text + "\x1b[0m"
	}
	s.line("%s", text)
}

func (s *screen) heading(text string) {
	s.line("")
	s.title(text)
}

func (s *screen) fact(name, text string) { s.line("  %-10s %s", name, text) }

func (s *screen) command(args []string) { s.line("  $ terraform %s", strings.Join(args, " ")) }

func (s *screen) verified(claim string) { s.line("  ✓ %s", claim) }

// essential lines of Terraform's output say what happens to which secret and to its
// main attributes, count the changes, or print an output.
var essential = regexp.MustCompile(`^  # \S+ (will|must) be |^      [+~] (uri|value_wo|value_wo_version|version_id) |^Plan: |^No changes\. |^(Apply|Destroy) complete! |^\w+ = `)

// progress is what an action reports, after its address.
var progress = regexp.MustCompile(`^Action .*: (Invocation .*)`)

func (s *screen) terraform(output string) {
	// Each apply repeats the outputs.
	output, _, _ = strings.Cut(output, "\nOutputs:\n")
	for line := range strings.Lines(output) {
		if report := progress.FindStringSubmatch(line); report != nil {
			s.line("    %s", report[1])
		}
		if essential.MatchString(line) {
			s.line("    %s", strings.TrimRight(line, "\r\n"))
		}
	}
}
