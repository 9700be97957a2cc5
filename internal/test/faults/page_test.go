// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terraformcli"
)

// The guide "When something goes wrong" has the errors of the catalog in the chapters from the first one on.
// The chapter about answers has what is common to many errors.
const (
	firstChapter     = "Set up the provider"
	answersChapter   = "What Roboto, AWS or the network answers"
	terraformChapter = "What Terraform says"
	lastChapter      = "When nothing helps"
)

var pageFile = filepath.Join("..", "..", "..", "templates", "guides", "when-something-goes-wrong.md.tmpl")

// block is a part of the page: quotations from errors, and what to do. Above the first quotation, it has none.
type block struct{ quotations, advice []string }

// guideLink matches a link to a guide, whose title errors have in quotation marks.
var guideLink = regexp.MustCompile(`\[([^]]*)\]\([a-z-]*\.md\)`)

// pageParts are the blocks of the page by their headings, from one chapter to another.
func pageParts(t *testing.T, from, to string) map[string][]block {
	t.Helper()
	content, err := os.ReadFile(pageFile)
	if err != nil {
		t.Fatal(err)
	}
	plain := guideLink.ReplaceAllString(strings.ReplaceAll(string(content), "`", ""), `"$1"`)
	_, page, begins := strings.Cut(plain, "\n## "+from+"\n")
	page, _, ends := strings.Cut(page, "\n## "+to+"\n")
	if !begins || !ends {
		t.Fatalf("%s lacks the chapter %q or %q", pageFile, from, to)
	}
	parts := map[string][]block{}
	heading := from
	for paragraph := range strings.SplitSeq(page, "\n\n") {
		paragraph = strings.TrimSpace(paragraph)
		switch {
		case strings.HasPrefix(paragraph, "#"):
			heading = strings.TrimLeft(paragraph, "# ")
			parts[heading] = []block{{}}
		case strings.HasPrefix(paragraph, "> "):
			var b block
			for quotation := range strings.SplitSeq(strings.ReplaceAll("\n"+paragraph, "\n> ", "\n"), "\n- ") {
				if text := oneLine(quotation); text != "" {
					b.quotations = append(b.quotations, text)
				}
			}
			parts[heading] = append(parts[heading], b)
		default:
			text, ofAll := strings.CutPrefix(oneLine(paragraph), "In each case: ")
			blocks := parts[heading]
			for i := range blocks {
				if ofAll || i == len(blocks)-1 {
					blocks[i].advice = slices.AppendSeq(blocks[i].advice, sentences(text))
				}
			}
		}
	}
	return parts
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// checkPage checks that the page has each error of the catalog, and says nothing that no error says.
func checkPage(t *testing.T, catalog []described) {
	t.Helper()
	titles, answers := pageParts(t, firstChapter, answersChapter), pageParts(t, answersChapter, terraformChapter)
	said := map[string][]string{}
	common := slices.Concat(slices.Collect(maps.Values(answers))...)
	for _, d := range catalog {
		said[d.heading] = append(said[d.heading], d.sentences...)
		if titles[d.heading] == nil || !slices.ContainsFunc(slices.Concat(titles[d.heading], common), d.isIn) {
			t.Errorf("%s lacks the error %q. Below the title %q, or in the chapter %q, there has to be\n\n> %s\n\n%s",
				pageFile, d.entry, d.heading, answersChapter, d.reason, strings.Join(d.advice, " "))
		}
	}
	all := slices.Concat(slices.Collect(maps.Values(said))...)
	for heading := range answers {
		said[heading] = all
	}
	maps.Copy(titles, answers)
	for heading, blocks := range titles {
		for _, b := range blocks {
			for _, sentence := range slices.Concat(b.quotations, b.advice) {
				for sentence := range sentences(sentence) {
					if !slices.Contains(said[heading], sentence) && !reference.MatchString(sentence) {
						t.Errorf("%s: below %q, it says what no such error says any more: %s", pageFile, heading, sentence)
					}
				}
			}
		}
	}
}

// reference matches what the page says of its own parts.
var reference = regexp.MustCompile(`^(Or see|See) \[|^These come under`)

// described is an error of the catalog as the page has it, without names.
type described struct {
	entry, heading, reason string
	// advice is what to do, and sentences are all.
	advice, sentences []string
}

// isIn reports whether a block has the reason, and below it the advice.
func (d described) isIn(b block) bool {
	return slices.ContainsFunc(b.quotations, func(quotation string) bool { return strings.Contains(quotation, d.reason) }) &&
		!slices.ContainsFunc(d.advice, func(sentence string) bool { return !slices.Contains(b.advice, sentence) })
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

// describe is what the page says of a diagnostic.
func describe(entry string, diagnostic protocol.DiagnosticError) described {
	title := titleNames.ReplaceAllString(diagnostic.Summary, "…")
	d := described{entry: entry, heading: title}
	if diagnostic.Severity == tfprotov6.DiagnosticSeverityWarning {
		d.heading = "Warning: " + title
	}
	failed, reason := paragraphs(title)
	for i, paragraph := range strings.Split(diagnostic.Detail, "\n\n") {
		if strings.HasPrefix(paragraph, "import {") {
			paragraph = "The error shows the block."
		}
		for sentence := range sentences(general(paragraph)) {
			if introduction, cut := strings.CutSuffix(sentence, ":"); cut {
				sentence = introduction + "."
			}
			d.sentences = append(d.sentences, sentence)
			switch {
			case i < failed:
			case i >= failed+reason && !report.MatchString(sentence), strings.HasPrefix(sentence, "To "):
				d.advice = append(d.advice, sentence)
			case d.reason == "":
				d.reason = sentence
			}
		}
	}
	return d
}

// titleNames are the names of secrets and organizations in titles.
var titleNames = regexp.MustCompile(`"[^"]*"|\bog_\w+`)

// report matches what happened to a request, which is no advice wherever it stands.
var report = regexp.MustCompile(`^(Roboto|AWS Secrets Manager)( \([^)]*\))? (answered|gave) |^The answer from |^The secret may have been deleted|^Looking for it failed`)

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

// general is a text without what is different each time.
func general(text string) string {
	for _, g := range generalities {
		text = g.pattern.ReplaceAllString(text, g.by)
	}
	return text
}

var sentenceEnd = regexp.MustCompile(`\. ([A-Z"])`)

// sentences are those of a paragraph.
func sentences(paragraph string) func(yield func(string) bool) {
	return strings.SplitSeq(sentenceEnd.ReplaceAllString(paragraph, ".\n$1"), "\n")
}

const (
	recordBlock   = "resource \"roboto_secret\" \"test\" {\n  name = \"db\"\n}\n"
	lockFile      = ".terraform.lock.hcl"
	variableBlock = "variable \"v\" {\n  type      = string\n  ephemeral = true\n}\n"
)

// quotedMinor is the version of Terraform, 1.x, whose words the page has.
const quotedMinor = 11

// terraformSays brings about what the page quotes, by the heading there.
var terraformSays = map[string]func(tf *terraform) string{
	"Failed to query available provider packages": func(tf *terraform) string {
		assumed := tf.initsWithModule(recordBlock)
		tf.must(tf.Write("main.tf", requiring(`version = "~> 9.0"`)))
		return assumed + tf.fails([]string{"init", "-upgrade"})
	},
	"Inconsistent dependency lock file": func(tf *terraform) string {
		tf.must(tf.Write("main.tf", requiring(`version = "~> 9.0"`)))
		changed := tf.fails(planNow)
		tf.must(os.Remove(filepath.Join(tf.Dir, lockFile)))
		return changed + tf.fails(planNow)
	},
	"Failed to install provider": func(tf *terraform) string {
		lock, err := os.ReadFile(filepath.Join(tf.Dir, lockFile))
		tf.must(err)
		tf.must(os.RemoveAll(filepath.Join(tf.Dir, ".terraform")))
		tf.must(tf.Write(lockFile, strings.Replace(string(lock), "h1:", "h1:of-another-machine", 1)))
		return tf.fails([]string{"init"})
	},
	"Provider configuration not present": func(tf *terraform) string {
		aliased := with(recordBlock, "provider = roboto.other")
		mistyped := tf.planFails(aliased)
		tf.configure("provider \"roboto\" {\n  alias = \"other\"\n}\n" + aliased)
		tf.succeeds(applyNow...)
		return mistyped + tf.planFails("")
	},
	"Missing required provider configuration": func(tf *terraform) string {
		return tf.initsWithModule(requiring("configuration_aliases = [roboto.prod]") + with(recordBlock, "provider = roboto.prod"))
	},
	"Unsupported argument": func(tf *terraform) string { return tf.planFails(with(recordBlock, `value = "the value"`)) },
	"Unsupported attribute": func(tf *terraform) string {
		return tf.planFails(recordBlock + "output \"v\" {\n  value = roboto_secret.test.value\n}\n")
	},
	// No Terraform before 1.11 is at hand. The provider says this to it.
	"WriteOnly Attribute Not Allowed": func(tf *terraform) (said string) {
		inBubble(tf.t, func(_ *testing.T, _ *robototest.Server, c *protocol.Core) {
			s := c.MustStart()
			s.Provider.BeforeWriteOnly = true
			said = "Error: " + s.Validate(versionedSecret).Err().Error()
		})
		return said
	},
	"No changes": func(tf *terraform) string {
		tf.configure(variableBlock + with(recordBlock, "value_wo = var.v", `value_wo_version = "1"`))
		tf.succeeds(append(applyNow, "-var=v=the old value")...)
		said, _ := tf.runs(nil, "plan", "-var=v=the new value")
		return said
	},
	"No value for required variable": func(tf *terraform) string {
		tf.configure(variableBlock + with(recordBlock, "value_wo = var.v"))
		tf.succeeds("plan", "-var=v=x", "-out=saved")
		return tf.fails([]string{"apply", "saved"}) + tf.fails([]string{"destroy"})
	},
	"Invalid use of ephemeral value": func(tf *terraform) string {
		return tf.planFails(variableBlock+with(recordBlock, "value_wo_version = sha256(var.v)"), "-var=v=x")
	},
	"Invalid for_each argument": func(tf *terraform) string {
		each := with(recordBlock, "for_each = toset([var.v])")
		return tf.planFails(variableBlock+each, "-var=v=x") +
			tf.planFails(strings.Replace(variableBlock, "ephemeral", "sensitive", 1)+each, "-var=v=x")
	},
	"Provider produced inconsistent final plan": func(tf *terraform) (said string) {
		tf.roboto.AddOrg("og_other", "Other Organization")
		key := tf.roboto.AddAPIKey(robototest.Grant{Orgs: []string{"og_other"}})
		tf.configure(recordBlock)
		for _, changed := range []string{"ROBOTO_ORG_ID=og_other", "ROBOTO_API_KEY=" + key} {
			if planned, ok := tf.runs([]string{"ROBOTO_ORG_ID=og_test"}, "plan", "-out=saved"); !ok {
				tf.t.Fatal(planned)
			}
			applied, _ := tf.runs([]string{changed}, "apply", "saved")
			says(tf.t, errors.New(applied), "inconsistent final plan")
			said += applied
		}
		if n := tf.roboto.Count(robototest.CreateSecret); n != 0 {
			tf.t.Errorf("%d secrets were created", n)
		}
		return said
	},
}

// planFails is what the plan of a configuration says, which has to fail.
func (tf *terraform) planFails(config string, options ...string) string {
	tf.t.Helper()
	tf.configure(config)
	return tf.fails(slices.Concat(planNow, options))
}

var ellipsis = regexp.MustCompile(` *… *`)

// TestTerraformSaysWhatThePageQuotes brings about each message of Terraform's own that the page has.
func TestTerraformSaysWhatThePageQuotes(t *testing.T) {
	executable, notFound := terraformcli.Find(t.Context())
	release, err := terraformcli.Identify(t.Context(), executable)
	if err := errors.Join(notFound, err); err != nil {
		t.Fatal(err)
	}
	if release.Minor != quotedMinor || release.OpenTofu {
		t.Skipf("skipped: the page quotes Terraform 1.%d", quotedMinor)
	}
	parts := pageParts(t, terraformChapter, lastChapter)
	for heading, blocks := range parts {
		t.Run(heading, func(t *testing.T) {
			t.Parallel()
			bringAbout := terraformSays[heading]
			if bringAbout == nil {
				t.Fatal("nothing brings it about")
			}
			said := bringAbout(newTerraform(t, robototest.Start(t, robototest.Options{}), ""))
			quotes := []string{heading}
			for _, b := range blocks {
				quotes = append(quotes, b.quotations...)
			}
			if len(quotes) == 1 {
				t.Error("the page quotes nothing")
			}
			for _, quote := range quotes {
				pattern := ellipsis.ReplaceAllString(regexp.QuoteMeta(quote), ".*")
				if !regexp.MustCompile(pattern).MatchString(said) {
					t.Errorf("Terraform does not say %q:\n%s", quote, said)
				}
			}
		})
	}
	for heading := range terraformSays {
		if parts[heading] == nil {
			t.Errorf("the page lacks %q", heading)
		}
	}
}

// requiring requires the provider with one more line.
func requiring(line string) string {
	const source = `source = "roboto-ai/roboto"`
	return strings.Replace(requiredProviders, source, source+"\n      "+line, 1)
}

// initsWithModule is what init says of a module that is called.
func (tf *terraform) initsWithModule(module string) string {
	tf.t.Helper()
	tf.must(os.Mkdir(filepath.Join(tf.Dir, "m"), 0o700))
	tf.must(tf.Write(filepath.Join("m", "main.tf"), module))
	tf.configure("module \"m\" {\n  source = \"./m\"\n}\n")
	return tf.fails([]string{"init"})
}
