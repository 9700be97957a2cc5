// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package docs_test

import (
	"cmp"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2/hclwrite"
)

// Where the repository's files are seen from elsewhere.
const (
	registryDocs = "https://registry.terraform.io/providers/roboto-ai/roboto/latest/docs"
	onGitHub     = "https://github.com/roboto-ai/terraform-provider-roboto/"
	rawOnGitHub  = "https://raw.githubusercontent.com/roboto-ai/terraform-provider-roboto/main/"
)

var (
	linkPattern   = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	anchorPattern = regexp.MustCompile(`(?m)^(?:#+ (.+)|<a id="(.+)"></a>)$`)
	notInAnchors  = regexp.MustCompile(`[^-_a-z0-9]`)
	// codeLinkPattern matches a link to a declaration.
	codeLinkPattern = regexp.MustCompile("\\[`(\\w+)`\\]\\((\\S+\\.go)\\)")
	codePattern     = regexp.MustCompile("(?ms)^```.*?^```$|`[^`\n]*`")
)

// TestLinks follows all links between the repository's own pages. What a page calls by its name is declared in the
// file that the link leads to.
func TestLinks(t *testing.T) {
	links, declarations := 0, 0
	for _, page := range markdownPages(t) {
		text := readFile(t, page)
		for _, match := range linkPattern.FindAllStringSubmatch(codePattern.ReplaceAllString(text, "code"), -1) {
			links++
			if problem := checkLink(t, page, match[1]); problem != "" {
				t.Errorf("%s: %s %s", page, match[1], problem)
			}
		}
		for _, match := range codeLinkPattern.FindAllStringSubmatch(text, -1) {
			declarations++
			name, file := match[1], path.Join(path.Dir(page), match[2])
			code, _ := os.ReadFile(path.Join(repository, file)) // if there is none, the link leads nowhere
			declaration := `(?m)^(func (\([^)]+\) )?` + name + `[\[(]|(type|var|const) ` + name + `\b|\t` + name + ` += )`
			if !regexp.MustCompile(declaration).Match(code) {
				t.Errorf("%s: %s does not declare %s", page, file, name)
			}
		}
	}
	if links < 50 || declarations < 60 {
		t.Errorf("only %d links were found, and %d to code", links, declarations)
	}
}

// checkLink says what is wrong with a link on a page, or "".
func checkLink(t *testing.T, page, link string) string {
	t.Helper()
	place, fragment, _ := strings.Cut(link, "#")
	inRepository := func(prefix string) (ok bool) {
		rest, ok := strings.CutPrefix(place, prefix)
		if ok {
			place = strings.Trim(rest, "/")
		}
		return ok
	}
	switch {
	case inRepository(registryDocs):
		place = path.Join("docs", cmp.Or(place, "index")) + ".md"
	case inRepository(rawOnGitHub), inRepository(onGitHub + "blob/main/"), inRepository(onGitHub + "tree/main/"):
	case place+"/" == onGitHub:
		place = "README.md"
	case strings.HasPrefix(place, "https://"):
		return "" // elsewhere
	case strings.Contains(place, ":"):
		return "is not https"
	case place == "":
		place = page
	case page == "docs/index.md":
		// The registry shows it at …/docs, one level above where the file is.
		return "is relative, which resolves on GitHub or in the registry but not in both; link to the registry"
	default:
		place = path.Join(path.Dir(page), place)
		if strings.HasPrefix(page, "docs/") && !strings.HasPrefix(place, "docs/") {
			return "leaves docs/, so the registry does not have it; link to GitHub"
		}
	}
	if _, err := os.Stat(path.Join(repository, place)); err != nil {
		return "leads nowhere"
	}
	if fragment != "" && !slices.Contains(anchors(readFile(t, place)), fragment) {
		return "names no heading of the page"
	}
	return ""
}

// anchors are a page's headings as GitHub and the registry write them in URLs, and those that it names itself.
func anchors(markdown string) (found []string) {
	for _, match := range anchorPattern.FindAllStringSubmatch(markdown, -1) {
		dashed := strings.ReplaceAll(strings.ToLower(match[1]+match[2]), " ", "-")
		found = append(found, notInAnchors.ReplaceAllString(dashed, ""))
	}
	return found
}

// TestChangelog: an entry is one line of a list. A tool that wraps text makes one paragraph of them.
func TestChangelog(t *testing.T) {
	line := regexp.MustCompile(`^(## \d+\.\d+\.\d+ \(.+\)|[A-Z ]+:|\* .+|)$`)
	for i, text := range strings.Split(readFile(t, "CHANGELOG.md"), "\n") {
		if !line.MatchString(text) {
			t.Errorf("CHANGELOG.md:%d is no heading and no entry of a list: %.60q", i+1, text)
		}
	}
}

// TestDescriptionsSayMoreThanTheName: whoever reads a description knows the name already.
func TestDescriptionsSayMoreThanTheName(t *testing.T) {
	words, seen := regexp.MustCompile(`[a-z0-9]+`), 0
	check := func(page, name, description string) {
		seen++
		known := append(words.FindAllString(name, -1), "a", "an", "the", "of", "is", "id")
		text := words.FindAllString(strings.ToLower(description), -1)
		if !slices.ContainsFunc(text, func(word string) bool { return !slices.Contains(known, word) }) {
			t.Errorf("%s: the description %q says no more than the name %s", page, description, name)
		}
	}
	ofPage := regexp.MustCompile(`(?m)^description: \|-\n  (.*)`)
	ofAttribute := regexp.MustCompile("(?m)^(?:-|1\\.) `(\\w+)` \\((?:[^()]|\\([^()]*\\))*\\)(.*?)(?:\\(see .*)?$")
	for _, page := range markdownPages(t) {
		if text := readFile(t, page); strings.HasPrefix(page, "docs/") {
			check(page, path.Base(page), strings.Join(ofPage.FindStringSubmatch(text)[1:], ""))
			for _, match := range ofAttribute.FindAllStringSubmatch(text, -1) {
				check(page, match[1], match[2])
			}
		}
	}
	if seen < 100 {
		t.Errorf("only %d descriptions were found", seen)
	}
}

// TestExamplesAreFormatted also finds what Terraform cannot parse.
func TestExamplesAreFormatted(t *testing.T) {
	command := exec.CommandContext(t.Context(), terraform.path, "fmt", "-check", "-recursive", "-diff", "-no-color", ".")
	command.Dir = filepath.Join(repository, "examples")
	command.Env = []string{"CHECKPOINT_DISABLE=1"}
	if out, err := command.CombinedOutput(); err != nil {
		t.Errorf("terraform fmt in examples: %v\n%s", err, out)
	}
	// Terraform before 1.14 passes over query files.
	for _, name := range exampleFiles(t) {
		if text := readFile(t, name); path.Ext(name) == ".hcl" && string(hclwrite.Format([]byte(text))) != text {
			t.Errorf("%s is not formatted", name)
		}
	}
}

// TestVariablesOfValuesShowNothing looks at all variables that the documentation declares:
// what is ephemeral is sensitive too, as the guides say.
func TestVariablesOfValuesShowNothing(t *testing.T) {
	variable := regexp.MustCompile(`(?ms)^variable "(\w+)" \{(?:\n(.*?)^\}|( +\w+ += \w+) +\}$)`)
	hides := regexp.MustCompile(`(?m)^ {1,2}(ephemeral|sensitive) += true$`)
	found := 0
	for _, name := range slices.Concat(exampleFiles(t), markdownPages(t)) {
		for _, declared := range variable.FindAllStringSubmatch(readFile(t, name), -1) {
			switch len(hides.FindAllString(declared[2]+declared[3], -1)) {
			case 1:
				t.Errorf("%s: var.%s is ephemeral or sensitive, but not both", name, declared[1])
			case 2:
				found++
			}
		}
	}
	if found < 50 {
		t.Errorf("only %d ephemeral variables were found", found)
	}
}
