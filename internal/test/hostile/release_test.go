// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package hostile

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

const repository = "../../.."

func read(t *testing.T, name string) string {
	t.Helper()
	return readFile(t, filepath.Join(repository, name))
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	must(t, err)
	return string(content)
}

// workflow is a GitHub workflow, as far as these tests look at it. What they do not expect, such
// as permissions: write-all, cannot be decoded.
type workflow struct {
	On          map[string]any    `yaml:"on"`
	Permissions map[string]string `yaml:"permissions"`
	Jobs        map[string]job    `yaml:"jobs"`
	Rest        map[string]any    `yaml:",inline"`
}

type job struct {
	Uses        string            `yaml:"uses"`
	Needs       string            `yaml:"needs"`
	Environment string            `yaml:"environment"`
	Permissions map[string]string `yaml:"permissions"`
	Steps       []step            `yaml:"steps"`
	Rest        map[string]any    `yaml:",inline"`
}

type step struct {
	Uses string         `yaml:"uses"`
	Run  string         `yaml:"run"`
	With map[string]any `yaml:"with"`
	Rest map[string]any `yaml:",inline"`
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// action is what the step runs, without its version.
func (s step) action() string {
	action, _, _ := strings.Cut(s.Uses, "@")
	return action
}

func parse(t *testing.T, name string, into any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(read(t, name)), into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

var pinnedPattern = regexp.MustCompile(`^([\w.-]+/[\w.-]+@[0-9a-f]{40}|\./.*|)$`)

// TestReleaseWorkflow looks at the workflows as somebody who wants to change what is released,
// or to have the key that signs it.
func TestReleaseWorkflow(t *testing.T) {
	var release, tests workflow
	parse(t, ".github/workflows/release.yml", &release)
	parse(t, ".github/workflows/test.yml", &tests)
	publish, build := release.Jobs["publish"], release.Jobs["build"]

	for name, w := range map[string]workflow{"release.yml": release, "test.yml": tests} {
		expect := func(met bool, text string) {
			if !met {
				t.Errorf("%s: %s", name, text)
			}
		}
		has := func(text string) bool { // anywhere but in a comment
			all, err := yaml.Marshal(w)
			return err != nil || strings.Contains(string(all), text)
		}
		expect(maps.Equal(w.Permissions, map[string]string{"contents": "read"}), "jobs may do more than read by default")
		expect(!has("github.event."), "uses text of an event, which anybody may have written")
		for event := range w.On {
			expect(slices.Contains([]string{"push", "pull_request", "workflow_call"}, event), "runs on "+event)
		}
		for _, job := range w.Jobs {
			for _, step := range append(job.Steps, step{Uses: job.Uses}) {
				expect(pinnedPattern.MatchString(step.Uses), step.Uses+" is not pinned to a commit, so its owner can change what runs")
				expect(step.action() != "actions/checkout" || step.With["persist-credentials"] == false,
					"a checkout leaves a token on the disk for every later step")
			}
		}
		if name == "release.yml" {
			delete(w.Jobs, "publish")
		}
		// The others run what many can change, the tests even pull requests.
		for title, job := range w.Jobs {
			expect(job.Permissions == nil && job.Environment == "", title+" has an environment, or permissions of its own")
		}
		expect(!has("secrets") && !has("github.token"), "another job than the one that publishes has secrets or a token")
	}

	if build.Needs != "test" || release.Jobs["test"].Uses != "./.github/workflows/test.yml" {
		t.Error("what is built was not tested")
	}
	// Whoever changes a tool, or this repository, would run beside the key.
	var runs []string
	for _, step := range publish.Steps {
		for line := range strings.Lines(step.action() + step.Run) {
			runs = append(runs, strings.Fields(line)[0])
		}
	}
	want := map[string]any{
		"needs":       "build",
		"environment": "release", // which has to guard the key
		// To publish the release, to sign the attestation, and to store it.
		"permissions": map[string]string{"contents": "write", "id-token": "write", "attestations": "write"},
		"runs":        []string{"actions/download-artifact", "sha256sum", "gpg", "gpg", "actions/attest", "gh"},
	}
	got := map[string]any{"needs": publish.Needs, "environment": publish.Environment, "permissions": publish.Permissions, "runs": runs}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the job that publishes (-want +got):\n%s", diff)
	}
	for _, step := range build.Steps {
		if step.action() == "actions/cache" || step.action() == "actions/setup-go" && step.With["cache"] != false {
			t.Error("the release is built with a cache, which another run may have filled")
		}
	}
	// What is published first and attested afterwards can be had in between without a proof.
	var goreleaser struct {
		Release map[string]any `yaml:"release"`
	}
	if parse(t, ".goreleaser.yml", &goreleaser); goreleaser.Release["disable"] != true {
		t.Error("goreleaser publishes, before the files are signed and attested")
	}
}

var (
	rowPattern  = regexp.MustCompile("(?m)^\\|.*\\| (`Test.*`) \\|$")
	testPattern = regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\) \{`)
)

// TestSecurityTable looks for each test that SECURITY.md names.
func TestSecurityTable(t *testing.T) {
	tests := map[string]bool{}
	err := filepath.WalkDir(repository, func(path string, _ fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, "_test.go") {
			for _, match := range testPattern.FindAllStringSubmatch(readFile(t, path), -1) {
				tests[match[1]] = true
			}
		}
		return err
	})
	must(t, err)
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
