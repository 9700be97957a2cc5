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
	holds    = "holds"
	notKnown = "not known"
)

// sdk is the source of the facts.
const sdk = "roboto-ai/roboto-python-sdk 0.53.0 (commit eabde11)"

// report is what the checks of one run came to.
type report struct {
	// file is "" for none.
	file string
	// against says which service it was, without its host, which may be private.
	against string
	results []result
	// left may be left behind.
	left []string
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
		return cmp.Or(cmp.Compare(a.verdict, b.verdict), cmp.Compare(a.number, b.number))
	})
	var rows strings.Builder
	count, escape := map[string]int{}, strings.NewReplacer("|", `\|`, "\n", " ")
	for _, f := range r.results {
		count[f.verdict]++
		for _, cell := range []string{strconv.Itoa(f.number), f.verdict, f.statement, f.seen, f.risk, f.code, f.source} {
			rows.WriteString("| " + escape.Replace(cell) + " ")
		}
		rows.WriteString("|\n")
	}
	text := fmt.Sprintf("# Conformance\n\n%s, on %s: %d of %d facts hold, %d differ. Whether the others hold is not known.\nThe facts are from %s.\n",
		r.against, time.Now().UTC().Format(time.DateOnly), count[holds], len(facts()), count[differs], sdk)
	for _, name := range r.left {
		text += fmt.Sprintf("\nLeft behind: %q\n", name)
	}
	text += "\n## Facts\n\n| Fact | Verdict | Statement | Seen | At risk | Code | Source |\n" + strings.Repeat("| --- ", 7) + "|\n" + rows.String()
	if err := os.WriteFile(r.file, []byte(text), 0o644); err != nil {
		t.Error(err)
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
