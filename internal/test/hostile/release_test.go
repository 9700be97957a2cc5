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
	content, err := os.ReadFile(filepath.Join(repository, name))
	must(t, err)
	return string(content)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// workflow is a GitHub workflow, as far as these tests look at it. What they do not expect, such
// as permissions: write-all, cannot be decoded.
type workflow struct {
	On          map[string]any
	Permissions map[string]string
	Jobs        map[string]struct {
		Uses, Needs, Environment string
		Permissions              map[string]string
		Steps                    []step
		Rest                     map[string]any `yaml:",inline"`
	}
	Rest map[string]any `yaml:",inline"`
}

type step struct {
	Uses, Run string
	With      map[string]any
	Rest      map[string]any `yaml:",inline"`
}

// action is what the step runs, without its version.
func (s step) action() string {
	action, _, _ := strings.Cut(s.Uses, "@")
	return action
}

// has looks for a text anywhere but in a comment.
func (w workflow) has(text string) bool {
	all, err := yaml.Marshal(w)
	return err != nil || strings.Contains(string(all), text)
}

var pinnedPattern = regexp.MustCompile(`^([\w.-]+/[\w.-]+@[0-9a-f]{40}|\./.*|)$`)

// TestReleaseWorkflow looks at the workflows as somebody who wants to change what is released,
// or to have the key that signs it.
func TestReleaseWorkflow(t *testing.T) {
	expect := func(met bool, what string) {
		t.Helper()
		if !met {
			t.Error(what)
		}
	}
	var release, tests workflow
	must(t, yaml.Unmarshal([]byte(read(t, ".github/workflows/release.yml")), &release))
	must(t, yaml.Unmarshal([]byte(read(t, ".github/workflows/test.yml")), &tests))
	publish, build := release.Jobs["publish"], release.Jobs["build"]
	for name, w := range map[string]workflow{"release.yml: ": release, "test.yml: ": tests} {
		expect(maps.Equal(w.Permissions, map[string]string{"contents": "read"}), name+"jobs may do more than read by default")
		expect(!w.has("github.event."), name+"uses text of an event, which anybody may have written")
		for event := range w.On {
			expect(slices.Contains([]string{"push", "pull_request", "workflow_call"}, event), name+"runs on "+event)
		}
		for title, job := range w.Jobs {
			// The others run what many can change, the tests even pull requests.
			expect(name+title == "release.yml: publish" || job.Permissions == nil && job.Environment == "", name+title+" has an environment, or permissions of its own")
			for _, step := range append(job.Steps, step{Uses: job.Uses}) {
				expect(pinnedPattern.MatchString(step.Uses), name+step.Uses+" is not pinned to a commit, so its owner can change what runs")
				expect(step.action() != "actions/checkout" || step.With["persist-credentials"] == false,
					name+"a checkout leaves a token on the disk for every later step")
			}
		}
	}
	delete(release.Jobs, "publish")
	for _, w := range []workflow{release, tests} {
		expect(!w.has("secrets") && !w.has("github.token"), "another job than the one that publishes has secrets or a token")
	}
	expect(build.Needs == "test" && release.Jobs["test"].Uses == "./.github/workflows/test.yml", "what is built was not tested")
	for _, step := range build.Steps {
		expect(step.action() != "actions/cache" && (step.action() != "actions/setup-go" || step.With["cache"] == false),
			"the release is built with a cache, which another run may have filled")
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
	// What is published first and attested afterwards can be had in between without a proof.
	var goreleaser struct{ Release struct{ Disable bool } }
	must(t, yaml.Unmarshal([]byte(read(t, ".goreleaser.yml")), &goreleaser))
	expect(goreleaser.Release.Disable, "goreleaser publishes, before the files are signed and attested")
}

// TestSecurityTable looks for each test that SECURITY.md names.
func TestSecurityTable(t *testing.T) {
	var code strings.Builder
	must(t, fs.WalkDir(os.DirFS(repository), ".", func(path string, _ fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, "_test.go") {
			code.WriteString(read(t, path))
		}
		return err
	}))
	names := regexp.MustCompile("`(Test\\w+)`").FindAllStringSubmatch(read(t, "SECURITY.md"), -1)
	if len(names) < 50 {
		t.Errorf("SECURITY.md names %d tests", len(names))
	}
	for _, name := range names {
		if !strings.Contains(code.String(), "\nfunc "+name[1]+"(t *testing.T) {") {
			t.Errorf("SECURITY.md names the test %s, which does not exist", name[1])
		}
	}
}
