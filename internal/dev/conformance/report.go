// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// report is what the checks of one run came to.
type report struct {
	// against says which service it was, without its host.
	against string
	at      time.Time
	results []result
	// measurements are findings that came to something.
	measurements []measurement
	// left are secrets that could not be deleted and invocations that could not be ended, as
	// far as is known.
	left []string
}

// inspect checks all facts, tells each result at once, and cleans up whatever happens.
func inspect(ctx context.Context, l *lab, facts []fact, findings []finding, tell func(result)) (r report) {
	r.at = time.Now().UTC()
	defer func() { r.left = l.made.run(ctx) }()
	for _, f := range facts {
		result := f.try(ctx, l)
		tell(result)
		r.results = append(r.results, result)
	}
	for _, f := range findings {
		r.measurements = append(r.measurements, f.try(ctx, l))
	}
	return r
}

func (r report) all(v verdict) []result {
	return slices.DeleteFunc(slices.Clone(r.results), func(result result) bool { return result.verdict != v })
}

func (r report) count(v verdict) int { return len(r.all(v)) }

func (r report) summary() string {
	return fmt.Sprintf("%d facts hold, %d differ, %d are not known", r.count(holds), r.count(differs), r.count(notKnown))
}

// tellResult prints one line of the table on the screen, and more where more is to be said.
func tellResult(w io.Writer, r result) {
	_, _ = fmt.Fprintf(w, "%4d  %-9s  %s\n", r.number, r.verdict, plain(r.statement))
	switch r.verdict {
	case differs:
		_, _ = fmt.Fprintf(w, "%17sseen:    %s\n%17sSDK:     %s\n%17scode:    %s\n%17sat risk: %s\n",
			"", plain(r.seen), "", r.sdk, "", strings.Join(r.reliedOn, ", "), "", plain(r.risk))
	case notKnown:
		_, _ = fmt.Fprintf(w, "%17sbecause: %s\n", "", plain(r.seen))
	case holds:
	}
}

func (r report) tellRest(w io.Writer) {
	_, _ = fmt.Fprintln(w, "\nMeasured, not judged:")
	for _, m := range r.measurements {
		_, _ = fmt.Fprintf(w, "  %s\n    %s\n", plain(m.question), plain(m.answer))
	}
	_, _ = fmt.Fprintf(w, "\n%s.\n", r.summary())
	for _, name := range r.left {
		_, _ = fmt.Fprintf(w, "Left behind, because it could not be deleted or ended, or is not known: %q\n", name)
	}
}

// plain leaves out the marks of Markdown.
func plain(text string) string { return strings.ReplaceAll(text, "`", "") }

// markdown is for an issue. What differs comes first.
func (r report) markdown(w io.Writer) {
	_, _ = fmt.Fprintf(w, "# Conformance\n\n%s, on %s: %s.\nThe facts are from %s.\n",
		r.against, r.at.Format(time.DateOnly), r.summary(), sdk)
	if len(r.left) > 0 {
		_, _ = fmt.Fprint(w, "\n## Left behind\n\n")
		for _, name := range r.left {
			_, _ = fmt.Fprintf(w, "- %q\n", name)
		}
	}
	for _, section := range []struct {
		verdict verdict
		heading string
		columns []string
	}{
		{differs, "Differs", []string{"Fact", "Statement", "Seen", "At risk", "Code", "SDK"}},
		{notKnown, "Not known", []string{"Fact", "Statement", "Why", "Code", "SDK"}},
		{holds, "Holds", []string{"Fact", "Statement", "Code", "SDK"}},
	} {
		results := r.all(section.verdict)
		if len(results) == 0 {
			continue
		}
		_, _ = fmt.Fprintf(w, "\n## %s\n\n", section.heading)
		header(w, section.columns...)
		for _, result := range results {
			cells := []string{fmt.Sprint(result.number), result.statement}
			if section.verdict != holds {
				cells = append(cells, result.seen)
			}
			if section.verdict == differs {
				cells = append(cells, result.risk)
			}
			row(w, append(cells, strings.Join(result.reliedOn, ", "), result.sdk)...)
		}
	}
	_, _ = fmt.Fprint(w, "\n## Measured, not judged\n\n")
	header(w, "Question", "Answer")
	for _, m := range r.measurements {
		row(w, m.question, m.answer)
	}
}

func header(w io.Writer, columns ...string) {
	row(w, columns...)
	row(w, slices.Repeat([]string{"---"}, len(columns))...)
}

func row(w io.Writer, cells ...string) {
	for i, cell := range cells {
		cells[i] = strings.ReplaceAll(strings.ReplaceAll(cell, "|", `\|`), "\n", " ")
	}
	_, _ = fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | "))
}
