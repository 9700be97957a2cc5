// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package hostile

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const repository = "../../.."

func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(repository, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

var (
	usesPattern   = regexp.MustCompile(`uses: (\S+)`)
	pinnedPattern = regexp.MustCompile(`^[\w.-]+/[\w.-]+@[0-9a-f]{40}$`)
	writePattern  = regexp.MustCompile(`(?m)^\s*[\w-]+: (write|write-all)\b.*$|write-all`)
)

// TestReleaseWorkflow looks at the workflows as somebody who wants to change what is released,
// or to have the key that signs it.
func TestReleaseWorkflow(t *testing.T) {
	for _, name := range []string{".github/workflows/release.yml", ".github/workflows/test.yml"} {
		workflow := read(t, name)
		for _, uses := range usesPattern.FindAllStringSubmatch(workflow, -1) {
			if action := uses[1]; !strings.HasPrefix(action, "./") && !pinnedPattern.MatchString(action) {
				t.Errorf("%s: %s is not pinned to a commit, so its owner can change what runs", name, action)
			}
		}
		if !strings.Contains(workflow, "\npermissions:\n  contents: read\n") {
			t.Errorf("%s: jobs may do more than read by default", name)
		}
		if strings.Count(workflow, "actions/checkout@") != strings.Count(workflow, "persist-credentials: false") {
			t.Errorf("%s: a checkout leaves a token on the disk for every later step", name)
		}
		for _, event := range []string{"pull_request_target", "workflow_run", "issue_comment", "workflow_dispatch"} {
			if strings.Contains(workflow, event) {
				t.Errorf("%s: runs on %s", name, event)
			}
		}
		if strings.Contains(workflow, "${{ github.event.") {
			t.Errorf("%s: uses text of an event, which anybody may have written", name)
		}
	}

	release := read(t, ".github/workflows/release.yml")
	before, publish, found := strings.Cut(release, "\n  publish:\n")
	if !found || strings.Contains(publish, "\n  build:\n") {
		t.Fatal("the job that publishes is not the last one")
	}
	for _, text := range []string{"secrets.", "secrets: inherit", "github.token", "environment:", "\n    permissions:"} {
		if strings.Contains(before, text) {
			t.Errorf("another job than the one that publishes has %q", strings.TrimSpace(text))
		}
	}
	var got []string
	for _, permission := range writePattern.FindAllString(release, -1) {
		got = append(got, strings.TrimSpace(permission))
	}
	if want := []string{
		"contents: write # to publish the release",
		"id-token: write # to sign the attestation",
		"attestations: write # to store the attestation",
	}; !slices.Equal(got, want) {
		t.Errorf("the release may write %q, want %q", got, want)
	}
	if !strings.Contains(publish, "\n    environment: release\n") {
		t.Error("no environment guards the key")
	}
	// Whoever changes a tool, or this repository, would run beside the key.
	var workflow struct {
		Jobs map[string]struct {
			Steps []struct {
				Uses string `yaml:"uses"`
				Run  string `yaml:"run"`
			} `yaml:"steps"`
		} `yaml:"jobs"`
	}
	if err := yaml.Unmarshal([]byte(release), &workflow); err != nil {
		t.Fatal(err)
	}
	var runs []string
	for _, step := range workflow.Jobs["publish"].Steps {
		action, _, _ := strings.Cut(step.Uses, "@")
		for line := range strings.Lines(action + step.Run) {
			runs = append(runs, strings.Fields(line)[0])
		}
	}
	if want := []string{"actions/download-artifact", "sha256sum", "gpg", "gpg", "actions/attest", "gh"}; !slices.Equal(runs, want) {
		t.Errorf("the job that publishes runs %q, want %q", runs, want)
	}
	// What is published first and attested afterwards can be had in between without a proof.
	if !strings.Contains(read(t, ".goreleaser.yml"), "\nrelease:\n  disable: true\n") {
		t.Error("goreleaser publishes, before the files are signed and attested")
	}
	if strings.Contains(release, "actions/cache") || strings.Count(release, "actions/setup-go@") != strings.Count(release, "cache: false") {
		t.Error("the release is built with a cache, which another run may have filled")
	}
	if test := read(t, ".github/workflows/test.yml"); strings.Contains(test, "secrets.") || strings.Contains(test, "secrets: inherit") || writePattern.MatchString(test) {
		t.Error("tests, which run the code of pull requests, have secrets or may write")
	}
}

var rowPattern = regexp.MustCompile("(?m)^\\|.*\\| (`Test.*`) \\|$")

// TestSecurityTable looks for each test that SECURITY.md names.
func TestSecurityTable(t *testing.T) {
	tests := map[string]bool{}
	err := filepath.WalkDir(repository, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, declaration := range file.Decls {
			if function, ok := declaration.(*ast.FuncDecl); ok {
				tests[function.Name.Name] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	rows := rowPattern.FindAllStringSubmatch(read(t, "SECURITY.md"), -1)
	if len(rows) < 15 {
		t.Errorf("SECURITY.md has %d rows with tests", len(rows))
	}
	for _, row := range rows {
		for name := range strings.SplitSeq(row[1], ", ") {
			if !tests[strings.Trim(name, "`")] {
				t.Errorf("SECURITY.md names the test %s, which does not exist", name)
			}
		}
	}
}
