// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"flag"
	"fmt"
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
					onPage = append(onPage, describe(entry.title, diagnostic))
				}
			})
		})
	}
	if happened < len(entries) {
		t.Skip("skipped: the files have all entries, and some did not run or failed")
	}
	golden(t, "errors.md", all.String())
	if !t.Failed() { // the page says the same in other words
		checkPage(t, onPage)
	}
}

// golden compares a text with a file in testdata, which -update writes.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("%s says something else than the provider. If the provider is right, run\n\n"+
			"\tgo test ./internal/test/faults -run '^%s$' -update\n\nand read what has changed. Only in the file:\n%s\nOnly from the provider:\n%s",
			file, t.Name(), without(string(want), got), without(got, string(want)))
	}
}

// without returns the lines that are not in another text.
func without(text, other string) string {
	lines := strings.Split(other, "\n")
	only := slices.DeleteFunc(strings.Split(text, "\n"), func(line string) bool { return slices.Contains(lines, line) })
	return strings.Join(only, "\n")
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
