// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package docs_test

import (
	"io/fs"
	"net/url"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/roboto-ai/terraform-provider-roboto/internal/provider"
	"github.com/roboto-ai/terraform-provider-roboto/internal/settings"
)

// Where the repository's files are seen from elsewhere.
const (
	registryDocs = "https://registry.terraform.io/providers/roboto-ai/roboto/latest/docs"
	onGitHub     = "https://github.com/roboto-ai/terraform-provider-roboto/"
	rawOnGitHub  = "https://raw.githubusercontent.com/roboto-ai/terraform-provider-roboto/main/"
)

var (
	linkPattern    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	headingPattern = regexp.MustCompile(`(?m)^#+ (.+)$`)
	anchorPattern  = regexp.MustCompile(`<a id="([^"]+)">`)
	// codeLinkPattern matches a link to a declaration.
	codeLinkPattern = regexp.MustCompile("\\[`(\\w+)`\\]\\((\\S+\\.go)\\)")
	codePattern     = regexp.MustCompile("(?ms)^```.*?^```$|`[^`\n]*`")
)

// TestLinks follows all links between the repository's own pages.
func TestLinks(t *testing.T) {
	repo := os.DirFS(repository)
	checked := 0
	for _, page := range markdownPages(t) {
		for _, match := range linkPattern.FindAllStringSubmatch(codePattern.ReplaceAllString(readFile(t, page), "code"), -1) {
			checked++
			if problem := checkLink(repo, page, match[1]); problem != "" {
				t.Errorf("%s: %s %s", page, match[1], problem)
			}
		}
	}
	if checked < 50 {
		t.Errorf("only %d links were found", checked)
	}
}

// TestLinksToCode: what a page calls by its name is declared in the file that the link leads to.
func TestLinksToCode(t *testing.T) {
	checked := 0
	for _, page := range markdownPages(t) {
		for _, match := range codeLinkPattern.FindAllStringSubmatch(readFile(t, page), -1) {
			checked++
			name, file := match[1], path.Join(path.Dir(page), match[2])
			code, err := fs.ReadFile(os.DirFS(repository), file)
			if err != nil {
				continue // TestLinks says so
			}
			declaration := regexp.MustCompile(`(?m)^(func (\([^)]+\) )?` + name + `[\[(]|(type|var|const) ` + name + `\b|\t` + name + ` += )`)
			if !declaration.Match(code) {
				t.Errorf("%s: %s does not declare %s", page, file, name)
			}
		}
	}
	if checked < 60 {
		t.Errorf("only %d links were found", checked)
	}
}

func markdownPages(t *testing.T) (pages []string) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(repository), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains([]string{".git", "bin", "dist", ".terraform", "testdata"}, entry.Name()):
			return fs.SkipDir
		case path.Ext(name) == ".md":
			pages = append(pages, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

// checkLink says what is wrong with a link on a page, or "".
func checkLink(repo fs.FS, page, link string) string {
	target, err := url.Parse(link)
	if err != nil {
		return "is not a URL"
	}
	place, _, _ := strings.Cut(link, "#")
	switch {
	case strings.HasPrefix(place, registryDocs):
		place = path.Join("docs", strings.TrimPrefix(place, registryDocs))
		if place == "docs" {
			place = "docs/index"
		}
		place += ".md"
	case place+"/" == onGitHub:
		place = "README.md"
	case strings.HasPrefix(place, rawOnGitHub):
		place = strings.TrimPrefix(place, rawOnGitHub)
	case strings.HasPrefix(place, onGitHub+"blob/main/"), strings.HasPrefix(place, onGitHub+"tree/main/"):
		place = strings.SplitN(strings.TrimPrefix(place, onGitHub), "/", 3)[2]
	case target.Scheme == "https":
		return "" // elsewhere
	case target.Scheme != "":
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
	content, err := fs.ReadFile(repo, place)
	if info, statErr := fs.Stat(repo, place); statErr == nil && info.IsDir() {
		err = nil
	}
	if err != nil {
		return "leads nowhere"
	}
	if target.Fragment != "" && !slices.Contains(anchors(string(content)), target.Fragment) {
		return "names no heading of the page"
	}
	return ""
}

// anchors are a page's headings as GitHub and the registry write them in URLs.
func anchors(markdown string) []string {
	var found []string
	for _, match := range anchorPattern.FindAllStringSubmatch(markdown, -1) {
		found = append(found, match[1])
	}
	for _, match := range headingPattern.FindAllStringSubmatch(markdown, -1) {
		anchor := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-' || r == '_' || 'a' <= r && r <= 'z' || '0' <= r && r <= '9':
				return r
			}
			return -1
		}, strings.ToLower(match[1]))
		found = append(found, anchor)
	}
	return found
}

// TestTableOfGuides: the README has the table of the index.
func TestTableOfGuides(t *testing.T) {
	row := regexp.MustCompile(`(?m)^\| .+ \| \[.+\]\((\S*/guides/)[a-z-]+(\.md)?[#a-z-]*\) \|$`)
	table := func(page string) (rows []string) {
		for _, match := range row.FindAllStringSubmatch(readFile(t, page), -1) {
			rows = append(rows, strings.Replace(strings.Replace(match[0], match[1], "", 1), match[2], "", 1))
		}
		return rows
	}
	readme, index := table("README.md"), table("docs/index.md")
	if diff := cmp.Diff(index, readme); len(index) < 10 || diff != "" {
		t.Errorf("the table has %d rows in docs/index.md, and README.md differs (-index +README):\n%s", len(index), diff)
	}
}

func TestCheckLink(t *testing.T) {
	repo := os.DirFS(repository)
	for link, ok := range map[string]bool{
		"../guides/adopt.md":                             true,
		"../guides/adopt.md#one-secret":                  true,
		"../guides/adopt.md#two-secrets":                 false,
		"../guides/no-such-guide.md":                     false,
		"../../README.md":                                false,
		"http://example.com":                             false,
		"https://example.com":                            true,
		registryDocs + "/guides/adopt":                   true,
		registryDocs + "#authentication":                 true,
		registryDocs + "/guides/no-such":                 false,
		onGitHub + "blob/main/README.md":                 true,
		strings.TrimSuffix(onGitHub, "/") + "#install":   true,
		strings.TrimSuffix(onGitHub, "/") + "#configure": false,
		onGitHub + "blob/main/NO-SUCH.md":                false,
		rawOnGitHub + "assets/no-such-file.png":          false,
	} {
		if got := checkLink(repo, "docs/resources/secret.md", link); (got == "") != ok {
			t.Errorf("%s: %q", link, got)
		}
	}
	if checkLink(repo, "docs/index.md", "guides/adopt.md") == "" {
		t.Error("a relative link on the index page was accepted")
	}
}

// TestEveryGuideIsLinked: who reads the first page finds each guide.
func TestEveryGuideIsLinked(t *testing.T) {
	index := readFile(t, "docs/index.md")
	guides, err := os.ReadDir(path.Join(repository, "docs", "guides"))
	if err != nil || len(guides) == 0 {
		t.Fatalf("there are no guides (%v)", err)
	}
	for _, guide := range guides {
		if name := strings.TrimSuffix(guide.Name(), ".md"); !strings.Contains(index, "/docs/guides/"+name+")") {
			t.Errorf("docs/index.md does not list the guide %s", name)
		}
	}
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

// TestEverySchemaHasAPage: a new resource without documentation fails here.
func TestEverySchemaHasAPage(t *testing.T) {
	server := providerserver.NewProtocol6(provider.New("test", settings.OSEnvironment())())()
	metadata, err := server.GetMetadata(t.Context(), &tfprotov6.GetMetadataRequest{})
	if err != nil {
		t.Fatal(err)
	}
	pages := []string{"index.md"}
	add := func(kind, name string) {
		pages = append(pages, kind+"/"+strings.TrimPrefix(name, "roboto_")+".md")
	}
	for _, m := range metadata.Resources {
		add("resources", m.TypeName)
	}
	for _, m := range metadata.DataSources {
		add("data-sources", m.TypeName)
	}
	for _, m := range metadata.EphemeralResources {
		add("ephemeral-resources", m.TypeName)
	}
	for _, m := range metadata.ListResources {
		add("list-resources", m.TypeName)
	}
	for _, m := range metadata.Actions {
		add("actions", m.TypeName)
	}
	for _, m := range metadata.Functions {
		add("functions", m.Name)
	}
	for _, page := range pages {
		content, err := os.ReadFile(path.Join(repository, "docs", page))
		if err != nil {
			t.Error(err)
			continue
		}
		if page != "index.md" && !strings.Contains(string(content), "\n## Example Usage\n") {
			t.Errorf("docs/%s has no example", page)
		}
	}
	if len(pages) < 8 {
		t.Errorf("the provider names only %v", pages)
	}
}
