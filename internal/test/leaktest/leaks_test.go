// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package leaktest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/leakscan"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terraformcli"
)

// set is what all scenes share.
type set struct {
	terraform string
	mirror    terraformcli.Mirror
	// env are further variables of the environment.
	env []string
}

// newSet builds the provider, or one that leaks.
func newSet(t *testing.T, leaky bool, env ...string) *set {
	t.Helper()
	terraform, err := terraformcli.Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"-ldflags=-s -w"}
	if leaky {
		args = append(args, "-overlay="+overlay(t))
	}
	mirror, err := terraformcli.BuildMirror(t.Context(), t.TempDir(), args...)
	if err != nil {
		t.Fatal(err)
	}
	return &set{terraform: terraform, mirror: mirror, env: env}
}

// overlay makes go build take leaky/main.go for the provider's main.go.
func overlay(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "overlay.json")
	leaky, err := filepath.Abs("leaky/main.go")
	if err != nil {
		t.Fatal(err)
	}
	main := filepath.Join(filepath.Dir(leaky), "../../../../main.go")
	content, err := json.Marshal(map[string]any{"Replace": map[string]string{main: leaky}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// evidence is what all scenes left, and what must not be in it.
type evidence struct {
	mu        sync.Mutex
	artifacts []leakscan.Artifact
	needles   []needle
	// written are the needles that Terraform was to write, by name.
	written map[string]bool
	runs    int
}

// collect reads everything, since a scene's files go when its test ends.
func (e *evidence) collect(s *scene) {
	artifacts, err := s.artifacts()
	if err != nil {
		s.t.Error(err)
	}
	for i, artifact := range artifacts {
		content, err := artifact.Read()
		if err != nil {
			s.t.Error(err)
		}
		artifacts[i] = leakscan.Bytes(artifact.Name, content)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.artifacts = append(e.artifacts, artifacts...)
	e.needles = append(e.needles, s.needles()...)
	e.runs += s.runs
	if e.written == nil {
		e.written = map[string]bool{}
	}
	for name := range s.written {
		e.written[name] = true
	}
}

// verdict is what the search came to.
type verdict struct {
	leaks []leakscan.Finding
	// rightful counts the secrets that are where they belong.
	rightful map[place]int
	// unproven says what the search should have found and did not: it is not to be
	// trusted then.
	unproven []string
	stats    leakscan.Stats
	needles  int
	runs     int
	took     time.Duration
}

func (e *evidence) search() (verdict, error) {
	start := time.Now()
	needles := make([]leakscan.Needle, len(e.needles))
	classes := map[string]class{}
	for i, n := range e.needles {
		needles[i], classes[n.Name] = n.Needle, n.class
	}
	findings, stats, err := leakscan.Search(e.artifacts, needles)
	v := verdict{rightful: map[place]int{}, stats: stats, needles: len(needles), runs: e.runs}
	type sighting struct {
		place
		needle string
	}
	seen := map[sighting]bool{}
	for _, finding := range findings {
		scene, artifact, _ := strings.Cut(finding.Artifact, "/")
		at := place{artifact, classes[finding.Needle]}
		if !slices.ContainsFunc(knownPlaces(scene), func(known knownPlace) bool { return known.place == at }) {
			v.leaks = append(v.leaks, finding)
			continue
		}
		if s := (sighting{at, finding.Needle}); !seen[s] && !finding.Part {
			seen[s] = true
			v.rightful[at]++
		}
	}
	for name := range e.written {
		if !seen[sighting{place{awsPutValue, secretValue}, name}] {
			v.unproven = append(v.unproven, name+" is not found in the requests to AWS, where Terraform wrote it")
		}
	}
	for _, known := range everywhere {
		if v.rightful[known.place] == 0 {
			v.unproven = append(v.unproven, fmt.Sprintf("no %s is found in %s", known.class, known.artifact))
		}
	}
	slices.Sort(v.unproven)
	v.took = time.Since(start)
	return v, err
}

// TestNothingLeaks runs all scenes and searches what they left. It writes what it
// found into the file that ROBOTO_LEAK_REPORT names. With ROBOTO_LEAK_PLANT it takes the
// leaky provider, which leaks in that way, and so has to fail.
func TestNothingLeaks(t *testing.T) {
	plant := os.Getenv("ROBOTO_LEAK_PLANT")
	if _, ok := planted[plant]; !ok && plant != "" {
		t.Fatalf("ROBOTO_LEAK_PLANT is none of %q", slices.Sorted(maps.Keys(planted)))
	}
	set := newSet(t, plant != "", "ROBOTO_LEAK_PLANT="+plant)
	var e evidence
	t.Run("scenes", func(t *testing.T) {
		for name, play := range map[string]func(*scene){
			"lifecycle": lifecycle,
			"hostile":   hostile,
			"crash":     crash,
			"literals":  literals,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				play(e.stage(t, name, set))
			})
		}
	})
	v, err := e.search()
	if err != nil {
		t.Fatal(err)
	}
	if path := os.Getenv("ROBOTO_LEAK_REPORT"); path != "" {
		if err := os.WriteFile(path, v.report(), 0o600); err != nil {
			t.Fatal(err)
		}
		if len(v.leaks)+len(v.unproven) > 0 {
			t.Error("see the report")
		}
		return
	}
	for _, leak := range v.leaks {
		t.Errorf("leak: %s", leak)
	}
	for _, unproven := range v.unproven {
		t.Errorf("the search is not to be trusted: %s", unproven)
	}
}

// report is the verdict in words.
func (v verdict) report() []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, "%d runs of Terraform left %d artifacts, members of saved plans included: %d bytes.\n", v.runs, v.stats.Artifacts, v.stats.Bytes)
	fmt.Fprintf(&out, "Searched for %d secret values, API keys and temporary credentials in all encodings: %d searches, %.1f s.\n\n", v.needles, v.stats.Searches, v.took.Seconds())
	fmt.Fprintf(&out, "Found where they belong, or where Terraform itself puts what a configuration says:\n")
	for _, known := range slices.Concat(everywhere, ofLiterals) {
		fmt.Fprintf(&out, "%6d × %s in %s: %s\n", v.rightful[known.place], known.class, known.artifact, known.reason)
	}
	switch {
	case len(v.leaks) > 0:
		fmt.Fprintf(&out, "\n%d leaks:\n", len(v.leaks))
		for _, leak := range v.leaks {
			fmt.Fprintf(&out, "  %s\n", leak)
		}
	case len(v.unproven) > 0:
		fmt.Fprintf(&out, "\nThe search is not to be trusted:\n  %s\n", strings.Join(v.unproven, "\n  "))
	default:
		fmt.Fprintf(&out, "\nFound anywhere else: nothing.\n")
	}
	return out.Bytes()
}
