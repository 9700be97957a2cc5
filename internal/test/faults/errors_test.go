// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
)

// canary is the secret value: no error may hold it.
const canary = "kanarienvogel-4711-x"

var update = flag.Bool("update", false, "write the files in testdata anew")

// TestErrorCatalog makes each error happen and compares them all with testdata/errors.md, which is to
// read well from top to bottom, and with the page that the documentation has of them.
func TestErrorCatalog(t *testing.T) {
	entries := catalog(deadHosts(t))
	var all strings.Builder
	var onPage []described
	happened := 0
	all.WriteString("# Errors\n\nEvery error that a practitioner can meet, as Terraform shows it. Written by `go test ./internal/test/faults -run TestErrorCatalog -update`.\n")
	for _, entry := range entries {
		t.Run(entry.title, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := entry.happen(t)
				happened++
				fmt.Fprintf(&all, "\n## %s\n\n```\n%s\n```\n", entry.title, s.stable(s.said.Error()))
				for _, diagnostic := range protocol.Diagnostics(s.said) {
					diagnostic.Detail = s.stable(diagnostic.Detail)
					d, err := describe(entry.title, diagnostic)
					if err != nil {
						t.Error(err)
						continue
					}
					onPage = append(onPage, d)
				}
			})
		})
	}
	if happened < len(entries) {
		t.Skip("skipped: the files have all entries, and some did not run or failed")
	}
	before, page, after := readPage(t)
	generated, err := written(onPage)
	if err != nil {
		t.Error(err)
		generated = page
	}
	catalogFile := filepath.Join("testdata", "errors.md")
	if *update {
		for file, content := range map[string]string{catalogFile: all.String(), pageFile: before + generated + after} {
			if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		page = generated
	}
	golden, err := os.ReadFile(catalogFile)
	if err != nil {
		t.Fatal(err)
	}
	// The page says the same in other words, so it is of interest only if it differs alone.
	file, difference := catalogFile, differenceByHeading(string(golden), all.String())
	if difference == "" {
		file, difference = pageFile, differenceByHeading(page, generated)
	}
	if difference != "" {
		t.Errorf("the errors are not those of %s. Lines with - are in the file, those with + are what the provider says now:\n%s\n"+
			"If the errors are meant to be so, run\n\n"+
			"\tgo test ./internal/test/faults -run TestErrorCatalog -update\n\tmake docs\n\nand read what has changed.", file, difference)
	}
	for _, d := range onPage {
		if missing := d.missing(generated); missing != "" {
			t.Errorf("%s: of the entry %q, the page lacks %q", pageFile, d.entry, missing)
		}
	}
}

// differenceByHeading shows the lines that are in one of two pages only. A change comes once, below all
// headings that it is under.
func differenceByHeading(file, want string) string {
	old, changed := byHeading(file), byHeading(want)
	headings := maps.Clone(old)
	maps.Copy(headings, changed)
	changes := map[string]string{}
	for _, heading := range slices.Sorted(maps.Keys(headings)) {
		if slices.Equal(old[heading], changed[heading]) {
			continue
		}
		var change strings.Builder
		for _, line := range without(old[heading], changed[heading]) {
			fmt.Fprintf(&change, "\t- %s\n", line)
		}
		for _, line := range without(changed[heading], old[heading]) {
			fmt.Fprintf(&change, "\t+ %s\n", line)
		}
		changes[change.String()] += "\n  " + heading
	}
	if len(changes) == 0 && file != want {
		return "\n  the order of the headings differs\n"
	}
	var shown strings.Builder
	for change, under := range changes {
		shown.WriteString(under + "\n" + change)
	}
	return shown.String()
}

// byHeading are the lines of a page by their headings.
func byHeading(page string) map[string][]string {
	parts := map[string][]string{}
	heading := ""
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, "#") {
			heading = strings.TrimSpace(strings.TrimLeft(line, "#"))
		}
		parts[heading] = append(parts[heading], strings.TrimSuffix(line, "\n"))
	}
	return parts
}

// stable is a text of the scene without what is different each time. It checks that it holds no secret.
func (s *scene) stable(shown string) string {
	if strings.Contains(shown, canary) || strings.Contains(shown, s.Roboto.APIKey()) {
		s.t.Error("the error holds a secret")
	}
	if path, ok := s.Settings["config_file"].(string); ok {
		shown = strings.ReplaceAll(shown, path, "/home/me/.roboto/config.json")
	}
	if runtime.GOOS == "darwin" || runtime.GOOS == "windows" { // the golden file has the advice for Linux
		shown = regexp.MustCompile(`add its certificate to .*`).ReplaceAllString(shown,
			"add its certificate to the system's trusted certificates, or name its file in SSL_CERT_FILE. AWS_CA_BUNDLE has no effect here.")
	}
	// Whether the time is in the text depends on whether there was time for two attempts.
	shown = regexp.MustCompile(`(wait_timeout of .*?) It was tried for \d+ seconds\.`).ReplaceAllString(shown, "$1")
	shown = regexp.MustCompile(`tried for \d+ seconds`).ReplaceAllString(shown, "tried for … seconds")
	for pattern, format := range map[string]string{
		`roboto/og_test/[a-z0-9]+-[A-Z0-9]+`: "roboto/og_test/%d",
		`[A-Z2-7]{26}-by-hand`:               "version-%d",
		`iv_[a-z0-9]{16}`:                    "iv_%d",
	} {
		var seen []string
		shown = regexp.MustCompile(pattern).ReplaceAllStringFunc(shown, func(name string) string {
			if !slices.Contains(seen, name) {
				seen = append(seen, name)
			}
			return fmt.Sprintf(format, slices.Index(seen, name)+1)
		})
	}
	return shown
}
