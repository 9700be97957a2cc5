// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
)

// The guide "When something goes wrong" has each error of the catalog, between these lines.
const (
	pageBegins = "<!-- The catalog of errors begins. `go test ./internal/test/faults -run TestErrorCatalog -update` writes it, and `make docs` after that. -->\n\n"
	pageEnds   = "<!-- The catalog of errors ends. -->\n"
)

var pageFile = filepath.Join("..", "..", "..", "templates", "guides", "when-something-goes-wrong.md.tmpl")

// readPage returns what the catalog writes of the page, and what stands before and after it.
func readPage(t *testing.T) (before, page, after string) {
	t.Helper()
	content, err := os.ReadFile(pageFile)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(content), pageBegins)
	page, after, ends := strings.Cut(rest, pageEnds)
	if !begins || !ends {
		t.Fatalf("%s lacks a line between which the catalog of errors stands:\n%s%s", pageFile, pageBegins, pageEnds)
	}
	return before + pageBegins, page, pageEnds + after
}

type chapter struct {
	heading string
	titles  []string
}

// chapters are the parts of the page, about what somebody was doing. They have each title of the
// catalog once, with … for the names in it.
var chapters = []chapter{
	{"Set up the provider", []string{
		"Invalid Provider Configuration", "Unsafe Provider Configuration",
	}},
	{"Plan", []string{
		"Applying Will Need Other Settings", "Cannot Find Organization of Roboto Secret", "Invalid Secret Name",
		"Invalid Secret Value", "Missing Secret Value", "detect_value_drift Has No Effect",
		"Value of Roboto Secret … Ends with a Line Break", "Actions Cannot Use the Secret Name …",
		"Roboto Secrets Stay in Their Organization", "Roboto Secret … Moves to Another Organization",
	}},
	{"Create", []string{
		"Cannot Create Roboto Secret", "Roboto Secret Is Created Twice",
	}},
	{"Write and rotate", []string{
		"Cannot Write Roboto Secret Value", "Cannot Update Roboto Secret", "Cannot Compare Roboto Secret Value",
		"Value of Roboto Secret … Will Be Overwritten", "Value of Roboto Secret … May Be Overwritten",
	}},
	{"Refresh and read", []string{
		"Cannot Read Roboto Secret", "Cannot Read Roboto Secret Version", "Cannot Detect Roboto Secret Value Drift",
		"Value of Roboto Secret … Is Changed by Terraform", "Roboto Secret … Was Deleted Elsewhere",
		"Roboto Secret … Was Replaced Elsewhere", "Roboto Secret … Is at Two Addresses", "Cannot List Roboto Secrets",
		"Cannot List Roboto Organizations", "Roboto Secrets Are Refreshed One by One",
		"Unusable Roboto Secrets of … Are Not Listed",
	}},
	{"Delete and replace", []string{
		"Cannot Delete Roboto Secret", "Roboto Secret Is Protected", "Roboto Secret Is Kept at Another Address",
		"Roboto Secret … Is Deleted and Created Again", "Value of Roboto Secret … Will Be Lost", "Cannot Replace Roboto Secret",
		"Roboto Organization Changed Since the Plan",
	}},
	{"Import and query", []string{
		"Invalid Import ID", "Cannot Import Roboto Secret", "Not All Roboto Secrets Are Listed",
	}},
	{"Invoke an action", []string{
		"Invalid Secret URI", "Invalid Action Parameters", "Cannot Find Roboto Action", "Cannot Invoke Roboto Action",
		"Roboto Action Failed", "Roboto Action Was Canceled", "Roboto Action May Still Run",
	}},
}

// paragraphs is how many paragraphs of an error say what failed and what happened. The others are
// advice.
func paragraphs(title string) (failed, reason int) {
	switch {
	case title == "Cannot Read Roboto Secret Version":
		return 0, 2
	case strings.HasPrefix(title, "Cannot "):
		return 1, 1
	}
	return 0, 1
}

// situations are what many errors have in common, whatever failed: the advice of an entry of the
// catalog.
var situations = []struct{ heading, entry string }{
	{"The API key is refused", "The token is refused"},
	{"A permission is missing", "Create: no permission"},
	{"The organization is not yours", "An organization that is not the caller's"},
	{"The organization of a managed secret is not yours", "Refresh: the organization is not the caller's"},
	{"Another secret has the name by now", "Update: another secret has the name"},
	{"The service is busy or fails", "The service keeps throttling"},
	{"No answer comes", "The connection keeps breaking"},
	{"The certificate is not trusted", "The certificate is not trusted"},
	{"Something else answers, not Roboto", "A login page answers"},
	{"Something else answers, not AWS", "Write: AWS does not speak its protocol"},
	{"Roboto refuses a request", "Create: the service refuses the name"},
	{"AWS denies access", "Write: AWS denies access"},
	{"AWS refuses a request", "Write: AWS KMS refuses"},
}

const situationsHeading = "What Roboto, AWS or the network answers"

// described is an entry of the catalog as the page has it: what failed, why, and what to do, in
// sentences without names.
type described struct {
	entry, title        string
	warning             bool
	failed, reason, fix []string
}

// describe is what the page says of a diagnostic.
func describe(entry string, d protocol.DiagnosticError) (described, error) {
	title := titleNames.ReplaceAllString(d.Summary, "…")
	if !slices.ContainsFunc(chapters, func(c chapter) bool { return slices.Contains(c.titles, title) }) {
		return described{}, fmt.Errorf("the page has no place for the title %q: put it into a chapter of page_test.go", title)
	}
	failed, reason := paragraphs(title)
	all := described{entry: entry, title: title, warning: d.Severity == tfprotov6.DiagnosticSeverityWarning}
	for i, paragraph := range strings.Split(d.Detail, "\n\n") {
		if strings.HasPrefix(paragraph, "import {") {
			paragraph = "The error shows the block."
		}
		for sentence := range sentences(general(paragraph)) {
			to := &all.fix
			switch {
			case i < failed:
				to = &all.failed
			case i < failed+reason && !strings.HasPrefix(sentence, "To "), report.MatchString(sentence):
				to = &all.reason
			}
			if introduction, cut := strings.CutSuffix(sentence, ":"); cut {
				sentence = introduction + "."
			}
			*to = append(*to, sentence)
		}
	}
	if len(all.reason) == 0 {
		return described{}, fmt.Errorf("the page finds no reason in an error of the title %q: correct paragraphs in page_test.go", title)
	}
	return all, nil
}

// titleNames are the names of secrets and organizations in titles.
var titleNames = regexp.MustCompile(`"[^"]*"|\bog_\w+`)

// report matches what happened to a request, which is no advice wherever it stands.
var report = regexp.MustCompile(`^(Roboto|AWS Secrets Manager)( \([^)]*\))? (answered|gave) |^The answer from `)

// generalities are what the page leaves out: names, times, hosts, paths, and the messages of the
// test's Roboto.
var generalities = []struct {
	pattern *regexp.Regexp
	by      string
}{
	{regexp.MustCompile(` \((127\.0\.0\.1:\d+|api\.example\.com)(, with the API key from [^)]*)?\)`), ""},
	{regexp.MustCompile(`(answered [^:]*? to \S+( /\S+?)?): [^.]*\.`), "$1."},
	{regexp.MustCompile(` to (GET|POST|PUT|DELETE) /[\w/.]*\w`), ""},
	{regexp.MustCompile(`(secret|action) "[^"]*"`), "$1"},
	{regexp.MustCompile(`(replaces it), "[^"]*"( of the organization og_\w+)?,`), "$1"},
	{regexp.MustCompile(` whose name is not known yet`), ""},
	{regexp.MustCompile(`(setting \w+), which comes from \S+, is`), "$1 is"},
	{regexp.MustCompile(`arn:aws:[\w:/-]+`), "…"},
	{regexp.MustCompile(` of the organization og_\w+`), ""},
	{regexp.MustCompile(`og_\w+( \([^)]*\))?(, og_\w+( \([^)]*\))?)*`), "…"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT[\d:]+Z`), "…"},
	{regexp.MustCompile(`user:\w+@example\.com`), "…"},
	{regexp.MustCompile(`version-\d|[0-]{36}`), "…"},
	{regexp.MustCompile(`iv_\d`), "…"},
	{regexp.MustCompile(`the status (Failed|Deadly) \([^)]*\)`), "the status $1"},
	{regexp.MustCompile(`the status (Processing|Queued)`), "the status …"},
}

// general is a text without what is different each time, and with links to the guides that it names.
func general(text string) string {
	for _, g := range generalities {
		text = g.pattern.ReplaceAllString(text, g.by)
	}
	return guideLinks().Replace(text)
}

// guideLinks replace the titles of guides in quotation marks.
var guideLinks = sync.OnceValue(func() *strings.Replacer {
	var links []string
	guides, err := filepath.Glob(filepath.Join(filepath.Dir(pageFile), "*.md.tmpl"))
	if err != nil {
		panic(err)
	}
	for _, name := range guides {
		content, err := os.ReadFile(name)
		if err != nil {
			panic(err)
		}
		if title := guideTitle.FindSubmatch(content); title != nil {
			links = append(links, fmt.Sprintf("%q", title[1]), fmt.Sprintf("[%s](%s)", title[1], strings.TrimSuffix(filepath.Base(name), ".tmpl")))
		}
	}
	return strings.NewReplacer(links...)
})

var guideTitle = regexp.MustCompile(`(?m)^page_title: "(.*)"$`)

var sentenceEnd = regexp.MustCompile(`\. ([A-Z"])`)

// sentences are those of a paragraph.
func sentences(paragraph string) func(yield func(string) bool) {
	return strings.SplitSeq(sentenceEnd.ReplaceAllString(paragraph, ".\n$1"), "\n")
}

// advice is what several entries say to do, and their reasons.
type advice struct {
	fix     []string
	reasons [][]string
}

// advices are those of the entries, in the order of the catalog.
func advices(all []described) (grouped []*advice) {
	for _, d := range all {
		i := slices.IndexFunc(grouped, func(a *advice) bool { return slices.Equal(a.fix, d.fix) })
		if i < 0 {
			i = len(grouped)
			grouped = append(grouped, &advice{fix: d.fix})
		}
		grouped[i].add(d.reason)
	}
	return grouped
}

// add adds a reason. Of reasons that begin alike, the beginning is enough.
func (a *advice) add(reason []string) {
	for i, known := range a.reasons {
		common := 0
		for common < min(len(known), len(reason)) && known[common] == reason[common] {
			common++
		}
		if common > 0 {
			a.reasons[i] = known[:common]
			return
		}
	}
	a.reasons = append(a.reasons, reason)
}

// guide writes the part of the page that the catalog writes.
type guide struct {
	writer
	catalog []described
	// fixes are those of the situations, and shared are the errors that have them.
	fixes  [][]string
	shared [][]described
}

// written is the part of the page that the catalog writes.
func written(catalog []described) (string, error) {
	g := guide{catalog: catalog, shared: make([][]described, len(situations))}
	for _, situation := range situations {
		at := slices.IndexFunc(catalog, func(d described) bool { return d.entry == situation.entry })
		if at < 0 {
			return "", fmt.Errorf("the catalog has no entry %q for the part %q of the page: correct the situations in page_test.go",
				situation.entry, situation.heading)
		}
		g.fixes = append(g.fixes, catalog[at].fix)
	}
	for _, chapter := range chapters {
		g.heading(2, chapter.heading)
		for _, title := range chapter.titles {
			if !slices.ContainsFunc(catalog, func(d described) bool { return d.title == title }) {
				return "", fmt.Errorf("the catalog has no error with the title %q: take it off the chapters in page_test.go", title)
			}
			g.titled(title)
		}
	}
	g.heading(2, situationsHeading)
	g.paragraph("These come under most titles that begin with \"Cannot\".")
	for i, situation := range situations {
		if len(g.shared[i]) == 0 {
			return "", fmt.Errorf("no error has the advice of %q alone, for the part %q of the page: correct the situations in page_test.go",
				situation.entry, situation.heading)
		}
		g.heading(3, situation.heading)
		g.advices(g.shared[i])
	}
	return g.String(), nil
}

// titled writes the errors of a title.
func (g *guide) titled(title string) {
	var own []described
	heading, failed := title, mostFrequent(g.catalog, title)
	for _, d := range g.catalog {
		if d.title != title {
			continue
		}
		if d.warning {
			heading = "Warning: " + title
		}
		if i := slices.IndexFunc(g.fixes, func(fix []string) bool { return slices.Equal(fix, d.fix) }); i >= 0 {
			g.shared[i] = append(g.shared[i], d)
			continue
		}
		if !slices.Equal(d.failed, failed) && !restates(d.failed) || slices.ContainsFunc(g.catalog, d.looksLike) {
			d.reason = slices.Concat(d.failed, d.reason)
		}
		own = append(own, d)
	}
	g.heading(3, heading)
	if !restates(failed) {
		g.paragraph(strings.Join(failed, " "))
	}
	if len(own) > 0 {
		g.advices(own)
	}
	if strings.HasPrefix(title, "Cannot ") {
		introduction := "Or see"
		if len(own) == 0 {
			introduction = "See"
		}
		g.paragraph(introduction + " [" + situationsHeading + "](#" + anchor(situationsHeading) + ").")
	}
}

// missing is what the page lacks of an error, "" for nothing.
func (d described) missing(page string) string {
	plain := strings.NewReplacer("`", "", "\n>   ", " ", "\n> ", " ", "\n", " ").Replace(page)
	for _, text := range append([]string{d.title, d.reason[0]}, d.fix...) {
		if !strings.Contains(plain, text) {
			return text
		}
	}
	return ""
}

// looksLike reports whether what failed is all that tells two errors from each other.
func (d described) looksLike(other described) bool {
	return d.title == other.title && slices.Equal(d.reason, other.reason) && !slices.Equal(d.failed, other.failed)
}

// mostFrequent is what most entries of a title say of what failed.
func mostFrequent(catalog []described, title string) (most []string) {
	counts := map[string]int{}
	for _, d := range catalog {
		if d.title == title {
			key := strings.Join(d.failed, " ")
			if counts[key]++; counts[key] > counts[strings.Join(most, " ")] {
				most = d.failed
			}
		}
	}
	return most
}

var restating = regexp.MustCompile(`^[^,]+ (could not be \w+|failed)\.$`)

// restates reports whether what failed says no more than the title.
func restates(failed []string) bool {
	return len(failed) == 0 || len(failed) == 1 && restating.MatchString(failed[0])
}

// writer writes Markdown.
type writer struct{ strings.Builder }

func (w *writer) heading(level int, text string) {
	fmt.Fprintf(w, "%s %s\n\n", strings.Repeat("#", level), text)
}

// advices writes what is on the screen as a quotation, and below it what to do.
func (w *writer) advices(all []described) {
	grouped := advices(all)
	common := slices.Clone(grouped[0].fix)
	for _, a := range grouped {
		common = slices.DeleteFunc(common, func(sentence string) bool { return len(grouped) == 1 || !slices.Contains(a.fix, sentence) })
	}
	for _, a := range grouped {
		for _, reason := range a.reasons {
			prefix := "> "
			if len(a.reasons) > 1 {
				prefix = "> - "
			}
			w.lines(prefix, strings.Join(reason, " "))
		}
		w.WriteString("\n")
		w.paragraph(strings.Join(without(a.fix, common), " "))
	}
	if len(common) > 0 {
		w.paragraph("In each case: " + strings.Join(common, " "))
	}
}

// without returns the sentences that are not among the others.
func without(sentences, others []string) []string {
	return slices.DeleteFunc(slices.Clone(sentences), func(sentence string) bool { return slices.Contains(others, sentence) })
}

func (w *writer) paragraph(text string) {
	if text != "" {
		w.lines("", text)
		w.WriteString("\n")
	}
}

// lines writes a text in lines of at most 120 characters.
func (w *writer) lines(prefix, text string) {
	line := prefix
	for i, word := range words.FindAllString(code.ReplaceAllString(text, "`$0`"), -1) {
		switch {
		case i == 0:
			line += word
		case utf8.RuneCountInString(line+" "+word) <= 120:
			line += " " + word
		default:
			w.WriteString(line + "\n")
			line = strings.ReplaceAll(prefix, "-", " ") + word
		}
	}
	w.WriteString(line + "\n")
}

// words matches what stays on one line.
var words = regexp.MustCompile("(`[^`]*`|\\[[^]]*\\]\\([^)]*\\)|\\S)+")

// code matches what is typed: commands, options, assignments, arguments and variables.
var code = regexp.MustCompile(`[a-z_]+ = ("[^"]*"|[\w.…]*\w)|terraform (state )?[a-z-]+( -[a-z-]+(=[\w.…]*[\w…])?)*|roboto [a-z]+ [a-z-]+( …)?|\B--?[a-z]+(-[a-z]+)*(=[\w.…]*[\w…])?|\w[\w.@:/…-]*_[\w.@:/…-]*\w`)

// anchor is a heading as it stands in links.
func anchor(heading string) string {
	return strings.ReplaceAll(strings.ToLower(strings.ReplaceAll(heading, ",", "")), " ", "-")
}
