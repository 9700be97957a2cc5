// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package leaks_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/leaks"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terraformcli"
)

// TestNothingLeaks takes secrets through their life with a real Terraform, against
// services that behave and services that do not, and searches whatever is left for each
// value, API key and temporary credential. It writes what it found into the file that
// ROBOTO_LEAK_REPORT names. With ROBOTO_LEAK_PLANT it takes the leaky provider, which
// leaks in that way, and so has to fail.
func TestNothingLeaks(t *testing.T) {
	plant := os.Getenv("ROBOTO_LEAK_PLANT")
	if plant != "" && !slices.ContainsFunc(plantedLeaks(), func(p plantedLeak) bool { return p.plant == plant }) {
		t.Fatalf("no leak is planted as ROBOTO_LEAK_PLANT=%s", plant)
	}
	scan := newScan(t, plant != "", fmt.Sprintf(`ROBOTO_LEAK_PLANTS={"*":%q}`, plant))
	t.Run("scenes", func(t *testing.T) {
		for name, play := range map[string]func(*scene){
			"lifecycle": lifecycle,
			"hostile":   hostile,
			"crash":     crash,
			"literals":  literals,
			"prompts":   prompts,
			"functions": functions,
			"actions":   actions,
			"undo":      undo,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				play(scan.scene(t, name))
			})
		}
	})
	v, err := scan.search()
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
	v.judge(t)
}

// scan is what all scenes share, what they left, and what must not be in it.
type scan struct {
	terraform string
	release   terraformcli.Release
	mirror    terraformcli.Mirror
	// env are further variables of the environment.
	env []string

	mu        sync.Mutex
	artifacts []leaks.Artifact
	needles   []needle
	runs      int
}

// newScan builds the provider, or one that leaks.
func newScan(t *testing.T, leaky bool, env ...string) *scan {
	t.Helper()
	terraform, err := terraformcli.Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	release, err := terraformcli.Identify(t.Context(), terraform)
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
	return &scan{terraform: terraform, release: release, mirror: mirror, env: env}
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

// collect reads everything, since a scene's files go when its test ends.
func (c *scan) collect(s *scene) {
	artifacts, err := s.artifacts()
	if err != nil {
		s.t.Error(err)
	}
	for i, artifact := range artifacts {
		content, err := artifact.Read()
		if err != nil {
			s.t.Error(err)
		}
		artifacts[i] = leaks.Bytes(s.name+"/"+artifact.Name, content)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.artifacts = append(c.artifacts, artifacts...)
	c.needles = append(c.needles, s.needles()...)
	c.runs += s.runs
}

// place is where a class of secrets belongs, or where Terraform itself puts it.
type place struct {
	// scene is the only one that has the place; "" means all have it.
	scene    string
	artifact string
	class    class
	reason   string
}

// places are all that are known. The search has to find something in each that all
// scenes have, which shows that it works. In the scene "literals" the practitioner
// writes an API key and a value into the configuration; what comes of it is Terraform's
// doing.
var places = []place{
	{"", robotoAuthorization, apiKey, "it authorizes the request"},
	{"", awsAuthorization, accessKeyID, "AWS's signatures name the key"},
	{"", awsSessionToken, sessionToken, "AWS wants it beside the signature"},
	{"", awsPutValue, secretValue, "this is how a value is written"},
	{"literals", "workspace/module/main.tf", apiKey, "the practitioner wrote it there"},
	{"literals", "workspace/module/main.tf", secretValue, "the practitioner wrote it there"},
	{"literals", "workspace/module/literals.tfplan/tfconfig/m-/main.tf", apiKey, "a saved plan holds a copy of the configuration"},
	{"literals", "workspace/module/literals.tfplan/tfconfig/m-/main.tf", secretValue, "a saved plan holds a copy of the configuration"},
	{"literals", "records/03-show.stdout", apiKey, "terraform show -json prints the configuration of a plan"},
	{"literals", "records/03-show.stdout", secretValue, "terraform show -json prints the configuration of a plan"},
	{"literals", "records/06-validate.stderr", apiKey, "Terraform prints the line of an argument of a wrong type"},
	{"functions", "records/03-plan.stderr", secretValue, "some of Terraform's functions quote a sensitive argument"},
	{"functions", "records/03-plan.trace.log", secretValue, "some of Terraform's functions quote a sensitive argument"},
}

// placeOf is the place of a secret of a class in an artifact, false if it has none.
func placeOf(artifact string, class class) (place, bool) {
	scene, artifact, _ := strings.Cut(artifact, "/")
	i := slices.IndexFunc(places, func(p place) bool {
		return (p.scene == "" || p.scene == scene) && p.artifact == artifact && p.class == class
	})
	if i < 0 {
		return place{}, false
	}
	return places[i], true
}

// verdict is what the search came to.
type verdict struct {
	leaks []leaks.Finding
	// rightful are the names of the secrets that are where they belong.
	rightful map[place]map[string]bool
	// unproven says what the search should have found and did not. Then it is not to be
	// trusted.
	unproven []string
	stats    leaks.Stats
	needles  int
	runs     int
	took     time.Duration
}

func (c *scan) search() (verdict, error) {
	start := time.Now()
	var needles []leaks.Needle
	classes := map[string]class{}
	for _, n := range c.needles {
		needles = append(needles, n.Needle)
		classes[n.Name] = n.class
	}
	findings, stats, err := leaks.Search(c.artifacts, needles)
	v := verdict{rightful: map[place]map[string]bool{}, stats: stats, needles: len(needles), runs: c.runs}
	for _, p := range places {
		v.rightful[p] = map[string]bool{}
	}
	for _, finding := range findings {
		if at, known := placeOf(finding.Artifact, classes[finding.Needle]); !known {
			v.leaks = append(v.leaks, finding)
		} else if !finding.Part {
			v.rightful[at][finding.Needle] = true
		}
	}
	for _, p := range places {
		if p.scene == "" && len(v.rightful[p]) == 0 {
			v.unproven = append(v.unproven, fmt.Sprintf("no %s is found in %s", p.class, p.artifact))
		}
		for _, n := range c.needles {
			if n.written && p.artifact == awsPutValue && !v.rightful[p][n.Name] {
				v.unproven = append(v.unproven, n.Name+" is not found in the requests to AWS, where Terraform wrote it")
			}
		}
	}
	v.took = time.Since(start)
	return v, err
}

// judge fails the test unless nothing leaks and the search can be trusted.
func (v verdict) judge(t *testing.T) {
	t.Helper()
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
	for _, p := range places {
		fmt.Fprintf(&out, "%6d × %s in %s: %s\n", len(v.rightful[p]), p.class, p.artifact, p.reason)
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
