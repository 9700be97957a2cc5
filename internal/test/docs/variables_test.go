// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package docs_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
)

// TestVariablesOfValuesShowNothing looks at all variables that the documentation declares:
// what is ephemeral is sensitive too, as the guides say.
func TestVariablesOfValuesShowNothing(t *testing.T) {
	found := 0
	check := func(name, text string) {
		t.Helper()
		file, diagnostics := hclparse.NewParser().ParseHCL([]byte(text), name)
		if diagnostics.HasErrors() {
			t.Fatal(diagnostics)
		}
		content, _, _ := file.Body.PartialContent(&hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "variable", LabelNames: []string{"name"}}}})
		for _, block := range content.Blocks {
			attributes, _ := block.Body.JustAttributes() // validation blocks do not matter
			_, ephemeral := attributes["ephemeral"]
			_, sensitive := attributes["sensitive"]
			if ephemeral {
				found++
			}
			if ephemeral != sensitive {
				t.Errorf("%s: var.%s is ephemeral or sensitive, but not both", name, block.Labels[0])
			}
		}
	}
	for _, name := range exampleFiles(t) {
		if filepath.Ext(name) != ".tf" {
			continue
		}
		content, err := os.ReadFile(filepath.Join(repository, "examples", name))
		if err != nil {
			t.Fatal(err)
		}
		check(name, string(content))
	}
	for _, page := range markdownPages(t, os.DirFS(repository)) {
		content, err := os.ReadFile(filepath.Join(repository, page))
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range blocks(string(content)) {
			if b.language == "terraform" {
				check(page, b.text)
			}
		}
	}
	if found < 8 {
		t.Errorf("only %d ephemeral variables were found", found)
	}
}
