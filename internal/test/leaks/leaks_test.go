// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package leaks_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

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
			"functions": functions,
			"actions":   actions,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				play(scan.scene(t, name))
			})
		}
	})
	v := scan.search(t)
	if path := os.Getenv("ROBOTO_LEAK_REPORT"); path != "" {
		must(t, os.WriteFile(path, []byte(v.report), 0o600))
		if len(v.wrong) > 0 {
			t.Error("see the report")
		}
		return
	}
	for _, wrong := range v.wrong {
		t.Error(wrong)
	}
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
}

// newScan builds the provider, or one that leaks.
func newScan(t *testing.T, leaky bool, env ...string) *scan {
	t.Helper()
	args := []string{"-ldflags=-s -w"}
	if leaky {
		args = append(args, "-overlay="+overlay(t))
	}
	mirror, err := terraformcli.BuildMirror(t.Context(), t.TempDir(), args...)
	must(t, err)
	terraform, err := terraformcli.Find(t.Context())
	must(t, err)
	release, err := terraformcli.Identify(t.Context(), terraform)
	must(t, err)
	return &scan{terraform: terraform, release: release, mirror: mirror, env: env}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// changing matches where the provider begins to create or to update a secret.
var changing = regexp.MustCompile(`(?m)^func \(r \*secretResource\) (Create|Update)\(.*$`)

// overlay makes go build add leaky/leak.go to the provider, which calls it after each create and update.
func overlay(t *testing.T) string {
	t.Helper()
	const resource, call = "../../provider/secret_resource.go", "defer func() { resp.Diagnostics.Append(Leak(ctx, req.Config, &resp.State, resp.Private.SetKey)...) }()"
	source, err := os.ReadFile(resource)
	must(t, err)
	leaky, file := filepath.Join(t.TempDir(), "leaky.go"), filepath.Join(t.TempDir(), "overlay.json")
	must(t, os.WriteFile(leaky, changing.ReplaceAll(source, []byte("$0\n\t"+call)), 0o600))
	content, err := json.Marshal(map[string]any{"Replace": map[string]string{resource: leaky, "../../provider/leak.go": "leaky/leak.go"}})
	must(t, err)
	must(t, os.WriteFile(file, content, 0o600))
	return file
}

// collect reads everything, since a scene's files go when its test ends.
func (c *scan) collect(s *scene) {
	c.mu.Lock()
	defer c.mu.Unlock()
	add := func(name string, content []byte) {
		c.artifacts = append(c.artifacts, leaks.Bytes(s.name+"/"+name, content))
	}
	for dir, path := range map[string]string{"records": s.records, "workspace": s.root} {
		files, err := leaks.Files(os.DirFS(path), nil)
		if err != nil {
			s.t.Error(err)
		}
		for _, file := range files {
			add(dir+"/"+file.Name, file.Content)
			if strings.Contains(file.Name, "tfstate") && !strings.Contains(file.Name, "lock") && len(file.Content) > 0 {
				for resource, private := range s.privateData(file.Content) {
					add(dir+"/"+file.Name+"/private data of "+resource, private)
				}
			}
		}
	}
	for part, text := range s.requests() {
		add(part, text)
	}
	c.needles = append(c.needles, s.needles()...)
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

// in tells whether an artifact is the place's.
func (p place) in(artifact string) bool {
	scene, artifact, _ := strings.Cut(artifact, "/")
	return (p.scene == "" || p.scene == scene) && p.artifact == artifact
}

// verdict is what the search came to.
type verdict struct {
	leaks []leaks.Finding
	// wrong are the leaks in words, and what the search should have found and did not. Then it is not
	// to be trusted.
	wrong []string
	// report is all of it in words.
	report string
}

func (c *scan) search(t *testing.T) (v verdict) {
	t.Helper()
	var needles []leaks.Needle
	classes := map[string]class{}
	for _, n := range c.needles {
		needles = append(needles, n.Needle)
		classes[n.Name] = n.class
	}
	findings, stats, err := leaks.Search(c.artifacts, needles)
	must(t, err)
	rightful := map[place]map[string]bool{} // the names of the secrets that are where they belong
	for _, p := range places {
		rightful[p] = map[string]bool{}
	}
	for _, finding := range findings {
		at := slices.IndexFunc(places, func(p place) bool { return p.in(finding.Artifact) && p.class == classes[finding.Needle] })
		if at < 0 {
			v.leaks = append(v.leaks, finding)
			v.wrong = append(v.wrong, "leak: "+finding.String())
		} else if !finding.Part {
			rightful[places[at]][finding.Needle] = true
		}
	}
	var report strings.Builder
	fmt.Fprintf(&report, "Terraform and the provider left %d artifacts, members of saved plans included: %d bytes.\n", stats.Artifacts, stats.Bytes)
	fmt.Fprintf(&report, "Searched for %d secret values, API keys and temporary credentials in all encodings.\n\n", len(needles))
	report.WriteString("Found where they belong, or where Terraform itself puts what a configuration says:\n")
	for _, p := range places {
		fmt.Fprintf(&report, "%6d × %s in %s: %s\n", len(rightful[p]), p.class, p.artifact, p.reason)
		if p.scene == "" && len(rightful[p]) == 0 {
			v.wrong = append(v.wrong, fmt.Sprintf("the search is not to be trusted: no %s is found in %s", p.class, p.artifact))
		}
		for _, n := range c.needles {
			if n.written && p.artifact == awsPutValue && !rightful[p][n.Name] {
				v.wrong = append(v.wrong, "the search is not to be trusted: "+n.Name+" is not found in the requests to AWS that write it")
			}
		}
	}
	if len(v.wrong) == 0 {
		report.WriteString("\nFound anywhere else: nothing.\n")
	} else {
		fmt.Fprintf(&report, "\n%d findings:\n  %s\n", len(v.wrong), strings.Join(v.wrong, "\n  "))
	}
	v.report = report.String()
	return v
}
