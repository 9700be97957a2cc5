// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package conformance

import (
	"cmp"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	differs  = "differs"
	notKnown = "not known"
	holds    = "holds"
)

// sdk is the source of the facts.
const sdk = "roboto-ai/roboto-python-sdk 0.53.0 (commit eabde11)"

// verdicts are in the order of the report.
var verdicts = []string{differs, notKnown, holds}

// report is what the checks of one run came to.
type report struct {
	// file is "" for none.
	file string
	// against says which service it was, without its host, which may be private.
	against  string
	results  []result
	measured [][]string
	// left may be left behind by this run, earlier by others.
	left, earlier []string
}

type result struct {
	// number is 0 for a trial that ended early.
	number        int
	verdict, seen string
	fact
}

// write writes a document for an issue. What differs comes first.
func (r report) write(t *testing.T) {
	t.Helper()
	if r.file == "" {
		return
	}
	slices.SortFunc(r.results, func(a, b result) int {
		return cmp.Or(slices.Index(verdicts, a.verdict)-slices.Index(verdicts, b.verdict), a.number-b.number)
	})
	rows, count := [][]string{}, map[string]int{}
	for _, f := range r.results {
		count[f.verdict]++
		rows = append(rows, []string{strconv.Itoa(f.number), f.verdict, f.statement, f.seen, f.risk, f.code, f.source})
	}
	var text strings.Builder
	fmt.Fprintf(&text, "# Conformance\n\n%s, on %s: %d of %d facts hold, %d differ. Whether the others hold is not known.\nThe facts are from %s.\n",
		r.against, time.Now().UTC().Format(time.DateOnly), count[holds], len(facts()), count[differs], sdk)
	for _, name := range r.left {
		fmt.Fprintf(&text, "\nLeft behind: %q\n", name)
	}
	for _, name := range r.earlier {
		fmt.Fprintf(&text, "\nLeft by an earlier run: %q\n", name)
	}
	table(&text, "Facts", []string{"Fact", "Verdict", "Statement", "Seen", "At risk", "Code", "Source"}, rows)
	table(&text, "Measured, not judged", []string{"Question", "Answer"}, r.measured)
	if err := os.WriteFile(r.file, []byte(text.String()), 0o644); err != nil {
		t.Error(err)
	}
}

func table(text *strings.Builder, heading string, columns []string, rows [][]string) {
	fmt.Fprintf(text, "\n## %s\n\n", heading)
	for _, row := range slices.Concat([][]string{columns, slices.Repeat([]string{"---"}, len(columns))}, rows) {
		for _, cell := range row {
			text.WriteString("| " + strings.NewReplacer("|", `\|`, "\n", " ").Replace(cell) + " ")
		}
		text.WriteString("|\n")
	}
}

// hide keeps secrets out of what is printed. That is the second line of defense: what is printed is
// made of fixed words, statuses, codes and counts in the first place.
func (l *lab) hide(secrets ...string) {
	for _, secret := range secrets {
		if len(secret) >= 8 { // else it is a word by chance
			l.secrets = append(l.secrets, secret)
		}
	}
}

// private is an ARN, an e-mail address or an AWS account's ID.
var private = regexp.MustCompile(`arn:aws[^\s"]*|[^\s"@]+@[^\s"@]+\.[A-Za-z]+|\d{12,}`)

func (l *lab) redact(text string) string {
	for _, secret := range l.secrets {
		text = strings.ReplaceAll(text, secret, "(redacted)")
	}
	return private.ReplaceAllString(text, "(redacted)")
}
