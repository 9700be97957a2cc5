// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package docs_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// questions are those of users. Each is answered in two steps: from the table of the index to a
// guide, and there to a heading, if it is not the guide as a whole. They stand in the order of
// the index.
var questions = []struct{ question, guide, heading string }{
	{"How do I write my first secret?", "first-secret", ""},
	{"The provider is not in the registry. What now?", "first-secret", "install"},
	{"How do I use a value that is in Vault?", "values-from-elsewhere", "hashicorp-vault"},
	{"How do I store a certificate or a keystore?", "values-from-elsewhere", "take-a-value-that-is-not-text"},
	{"We have 40 secrets in a spreadsheet.", "many-secrets", "write-secrets-from-a-spreadsheet"},
	{"Terraform refuses my for_each.", "many-secrets", "understand-why-for_each-fails"},
	{"How do I separate dev, stage and prod?", "environments", ""},
	{"Can I use workspaces?", "environments", "give-each-environment-a-workspace"},
	{"I gave a new value, and Terraform says that nothing changes.", "rotate", "rotate-by-hand"},
	{"How do we rotate every 90 days a value that a partner gives us?", "rotate", "rotate-values-that-people-supply-every-90-days"},
	{"How do I notice that somebody changed a value?", "rotate", "notice-values-that-somebody-else-wrote"},
	{"How do I see that a new value works?", "prove-a-rotation", ""},
	{"The new value is wrong. How do I get the old one back?", "undo-a-rotation", ""},
	{"How does a trigger use a secret?", "use-in-actions", "give-the-secret-to-a-trigger"},
	{"How do I hand a secret to a module?", "use-in-actions", "keep-the-secrets-of-an-action-in-a-module"},
	{"How does the value get into Kubernetes?", "hand-on-a-value", "hand-a-value-to-kubernetes"},
	{"How does a database get the password?", "hand-on-a-value", "hand-a-generated-password-to-postgresql"},
	{"How do I import all our secrets?", "adopt", ""},
	{"How do I take a secret out of Terraform without deleting it?", "adopt", "stop-managing-a-secret"},
	{"How do I rename a secret and keep its value?", "rename-move-copy", "rename-a-secret"},
	{"I forgot the moved block.", "rename-move-copy", "when-you-forgot-the-moved-block"},
	{"How do I run this in GitHub Actions?", "run-in-ci", "use-github-actions"},
	{"And in GitLab?", "run-in-ci", "use-gitlab-ci"},
	{"With Atlantis?", "run-in-ci", "use-atlantis"},
	{"With Terragrunt?", "run-in-ci", "use-terragrunt"},
	{"With CDKTF?", "run-in-ci", "use-cdktf"},
	{"Is there a token that may plan and not read values?", "run-in-ci", "plan-without-reading-values"},
	{"Which secrets are old, which are unused?", "checks", "warn-about-old-values"},
	{"How do I test my module?", "test-your-module", ""},
	{"What does this error mean?", "when-something-goes-wrong", ""},
	{"How do I upgrade?", "upgrade", "upgrade-the-provider"},
	{"Where is the value, and who can read it?", "how-it-works", "what-is-kept-where"},
	{"I know AWS's provider. What is called what?", "coming-from-other-providers", ""},
}

// TestQuestions finds the answer to each question where it is said to be.
func TestQuestions(t *testing.T) {
	index := readFile(t, "docs/index.md")
	row := 0
	for _, q := range questions {
		found := strings.Index(index, registryDocs+"/guides/"+q.guide+") |")
		if found < row {
			t.Errorf("%s From there on, the table of the index does not lead to the guide %s", q.question, q.guide)
		}
		row = max(row, found)
		if q.heading != "" && !slices.Contains(anchors(readFile(t, "docs/guides/"+q.guide+".md")), q.heading) {
			t.Errorf("%s The guide %s has no heading %s", q.question, q.guide, q.heading)
		}
	}
}

// TestTableOfGuides: the table of the index, which the README has too, leads to each guide.
func TestTableOfGuides(t *testing.T) {
	table := func(page, guides, extension string) []string {
		rows := regexp.MustCompile(`(?m)^\| .+\]\(`+guides+`.+\) \|$`).FindAllString(readFile(t, page), -1)
		for i := range rows {
			rows[i] = strings.Replace(strings.Replace(rows[i], guides, "", 1), extension, "", 1)
		}
		return rows
	}
	index := table("docs/index.md", registryDocs+"/guides/", "")
	if diff := cmp.Diff(index, table("README.md", "docs/guides/", ".md")); diff != "" {
		t.Errorf("the table of README.md is not that of docs/index.md (-index +README):\n%s", diff)
	}
	for _, page := range markdownPages(t) {
		guide, ok := strings.CutPrefix(page, "docs/guides/")
		if ok && !strings.Contains(strings.Join(index, "\n"), "("+strings.TrimSuffix(guide, ".md")+")") {
			t.Errorf("the table of docs/index.md does not lead to %s", page)
		}
	}
}
