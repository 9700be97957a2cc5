// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package requests

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terraformcli"
)

func TestOperationsMakeTheExpectedRequests(t *testing.T) {
	b, err := NewBench(t.Context(), terraformcli.TempDir(t))
	if err != nil {
		t.Fatal(err)
	}
	if b.Terraform.Minor < 11 {
		t.Skipf("skipped: Terraform %s has no write-only arguments; they need 1.11", b.Terraform.Version)
	}
	for _, s := range Scenarios() {
		t.Run(s.Title, func(t *testing.T) {
			s.PageSize = 10 // three pages: how many there are has to follow from the number of secrets
			if err := b.Live(t.Context(), s, 21, 0, func(Run, time.Duration) {}); err != nil {
				t.Error(err)
			}
		})
	}
}

// rowPattern is what says the requests of a run in BENCHMARKS.md.
var rowPattern = regexp.MustCompile(`(?m)^\| [\d,]+ \| .+? \| .+? \|`)

func TestPagesSayTheExpectedRequests(t *testing.T) {
	tables := map[string][]string{}
	for _, s := range Scenarios() {
		for _, secrets := range s.Sizes {
			for _, r := range s.Runs {
				tables[s.Title] = append(tables[s.Title], fmt.Sprintf("| %s | %s | %s |", Thousands(secrets), r.Name, s.Expected(r, secrets)))
			}
		}
	}
	for title, want := range tables {
		_, section, _ := strings.Cut(read(t, "BENCHMARKS.md"), "\n## "+title+"\n")
		section, _, _ = strings.Cut(section, "\n## ")
		if diff := cmp.Diff(want, rowPattern.FindAllString(section, -1)); diff != "" {
			t.Errorf("%s: BENCHMARKS.md has what has +, not what has -\n%s", title, diff)
		}
	}

	// What is promised in words has to follow from the table.
	for i, want := range []string{"GetSecret", "ListSecrets", "GetSecret GetCredentials GetValue"} {
		if got := Scenarios()[i].Runs[1].Requests; got != want {
			t.Errorf("%s: a plan takes %s, but the pages promise %s", Scenarios()[i].Title, got, want)
		}
	}
	for page, promise := range map[string]string{
		"BENCHMARKS.md":                         "a plan of 1,000 versioned secrets makes exactly 1,000 requests, and 10 with `bulk_refresh`",
		"templates/guides/many-secrets.md.tmpl": "A plan takes one request for each secret. Without a version, it takes three.",
	} {
		if !strings.Contains(read(t, page), promise) {
			t.Errorf("%s does not say: %s", page, promise)
		}
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile("../../../" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
