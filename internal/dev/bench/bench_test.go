// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terraformcli"
)

// The numbers of requests do not depend on the machine, so tests compare them: the
// expected ones with those of real runs, and with those of the page.

func TestOperationsMakeTheExpectedRequests(t *testing.T) {
	b := testBench(t)
	for _, s := range scenarios() {
		t.Run(s.title, func(t *testing.T) {
			// Two pages: the number of listings has to follow from that of the secrets.
			l := life{scenario: s, secrets: 3, valueBytes: 64, pageSize: 2}
			if _, err := b.live(t.Context(), l, operations()...); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestStepsMakeTheExpectedRequests(t *testing.T) {
	b := testBench(t)
	for _, s := range slices.Concat(inStates()[:1], inListings()[1:]) {
		// Ten of them have the prefix.
		s.life.secrets, s.life.pageSize, s.life.latency = 21, 10, 0
		rows, err := b.stepRows(t.Context(), []step{s})
		if err != nil || len(rows) != len(s.runs) {
			t.Errorf("got the rows %q (%v)", rows, err)
		}
	}
}

func TestBaselinesHaveARowForEachOperation(t *testing.T) {
	rows, err := testBench(t).baselineRows(t.Context(), []int{2})
	if err != nil {
		t.Fatal(err)
	}
	for i, op := range operations() {
		if len(rows) != len(operations()) || !strings.HasPrefix(rows[i], "| 2 | "+string(op)+" | ") {
			t.Errorf("got the rows %q", rows)
			break
		}
	}
}

// testBench is one whose Terraform can run the module, or skips the test.
func testBench(t *testing.T) *bench {
	t.Helper()
	b, err := newBench(t.Context(), terraformcli.TempDir(t))
	if err != nil {
		t.Fatal(err)
	}
	release, err := terraformcli.Identify(t.Context(), b.terraform)
	if err != nil {
		t.Fatal(err)
	}
	if release.Minor < 11 {
		t.Skipf("Terraform %s has no write-only arguments; they need 1.11", release.Version)
	}
	return b
}

func TestPagePromisesTheExpectedRequests(t *testing.T) {
	content, err := os.ReadFile("../../../BENCHMARKS.md")
	if err != nil {
		t.Fatal(err)
	}
	_, tables, _ := strings.Cut(string(content), "\n## ")
	for _, s := range scenarios() {
		title, rows, _ := strings.Cut(tables, "\n")
		if title != s.title {
			t.Fatalf("got the table %q, want %q", title, s.title)
		}
		rows, tables, _ = strings.Cut(rows, "\n## ")
		for _, secrets := range sizes {
			l := life{scenario: s, secrets: secrets, pageSize: pageSize}
			for _, op := range operations() {
				if want := "\n" + requestCells(secrets, op, l.expected(op)); strings.Count(rows, want) != 1 {
					t.Errorf("%s: the page has no row %s", s.title, want[1:])
				}
			}
		}
	}
}

func TestPagePromisesTheExpectedRequestsOfSteps(t *testing.T) {
	content, err := os.ReadFile("../../../BENCHMARKS.md")
	if err != nil {
		t.Fatal(err)
	}
	_, tables, _ := strings.Cut(string(content), "\n## By number of secrets")
	for _, s := range slices.Concat(inStates(), inListings()) {
		for _, op := range s.runs {
			if want := "\n" + requestCells(s.life.secrets, op, s.life.expected(op)); strings.Count(tables, want) != 1 {
				t.Errorf("the page has no row %s", want[1:])
			}
		}
	}
}

func TestPageSaysWhatTheTemplateSays(t *testing.T) {
	content, err := os.ReadFile("../../../BENCHMARKS.md")
	if err != nil {
		t.Fatal(err)
	}
	var empty strings.Builder
	if err := (page{}).write(&empty); err != nil {
		t.Fatal(err)
	}
	want, _, _ := strings.Cut(empty.String(), "Machine: ")
	if got, _, _ := strings.Cut(string(content), "Machine: "); got != want {
		t.Errorf("the page begins with\n%s\nwant\n%s", got, want)
	}
}

func TestPageTellsWhichPromisesAreKept(t *testing.T) {
	var got strings.Builder
	p := page{
		Tables:    []table{{"A scenario", []string{"| 1 |", "| 2 |"}}, {"Another", []string{"| 3 |"}}},
		Baselines: []string{"| 4 |"}, States: []string{"| 5 |"}, Listings: []string{"| 6 |"},
		Promises:   []promise{ratioPromise("Fast", maxRatio, maxRatio), sizePromise("Small", maxExecutable, maxExecutable+1), sizePromise("Known", maxMemory, 0)},
		LoadBefore: "0.10", LoadAfter: "2.00",
	}
	if err := p.write(&got); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"\n\n## A scenario\n\n| Secrets |", "--: |\n| 1 |\n| 2 |\n\n## Another\n", "--: |\n| 3 |\n\n## Beside ", "--: |\n| 4 |\n\n## By ", "--: |\n| 5 |\n\n## By ", "--: |\n| 6 |\n\n## Promises\n",
		"\n| Fast | at most 1.05 | 1.050 | kept |\n| Small | at most 22 MB | 22.0 MB | **broken** |\n| Known | at most 160 MB | unknown | **broken** |\n",
		"\n\nThe machine's load average was 0.10 before the start and 2.00 at the end.",
	} {
		if !strings.Contains(got.String(), want) {
			t.Errorf("the page lacks %q:\n%s", want, &got)
		}
	}
	if !strings.HasSuffix(got.String(), "about 2.\n") {
		t.Errorf("the page ends otherwise:\n%s", &got)
	}
}

func TestNetworkPart(t *testing.T) {
	for _, tc := range []struct {
		scenario *scenario
		op       operation
		secrets  int
		want     time.Duration
	}{
		{versioned, plan, 1000, 5 * time.Second},
		{versioned, plan, 1001, 5050 * time.Millisecond},
		{versionedBulk, plan, 1000, 500 * time.Millisecond},
		{versioned, create, 200, 3 * time.Second},
		{versionedBulk, create, 200, 3 * time.Second},
		{versioned, rotate, 200, 3 * time.Second},
		{versionedBulk, rotate, 200, 2100 * time.Millisecond},
		{versioned, destroy, 200, 3 * time.Second},
		{versionedBulk, destroy, 200, 2100 * time.Millisecond},
		{unversioned, plan, 200, 3 * time.Second},
		{unversioned, rotate, 200, 8 * time.Second},
	} {
		l := life{scenario: tc.scenario, secrets: tc.secrets, pageSize: pageSize}
		if got := l.network(tc.op); got != tc.want {
			t.Errorf("%s, %s of %d: %s, want %s", tc.scenario.title, tc.op, tc.secrets, got, tc.want)
		}
	}
}

func TestMedian(t *testing.T) {
	for _, tc := range []struct {
		times []time.Duration
		want  time.Duration
	}{
		{[]time.Duration{7}, 7},
		{[]time.Duration{9, 1, 5}, 5},
		{[]time.Duration{40, 10, 20, 1000}, 30},
	} {
		if got := median(tc.times); got != tc.want {
			t.Errorf("median(%d) = %d, want %d", tc.times, got, tc.want)
		}
	}
}
