// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package docs_test

import (
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"go.yaml.in/yaml/v3"
)

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
		if text := readFile(t, "examples/"+name); path.Ext(name) == ".hcl" && string(hclwrite.Format([]byte(text))) != text {
			t.Errorf("examples/%s is not formatted", name)
		}
	}
}

// syntaxError says what keeps a file of the repository from being parsed, or is nil.
func syntaxError(name string) error {
	if !slices.Contains([]string{".tf", ".hcl"}, path.Ext(name)) {
		return nil
	}
	content, err := os.ReadFile(filepath.Join(repository, name))
	if err != nil {
		return err
	}
	if _, diagnostics := hclparse.NewParser().ParseHCL(content, name); diagnostics.HasErrors() {
		return diagnostics
	}
	return nil
}

// TestVariablesOfValuesShowNothing looks at all variables that the documentation declares:
// what is ephemeral is sensitive too, as the guides say.
func TestVariablesOfValuesShowNothing(t *testing.T) {
	texts := map[string]string{}
	for _, name := range exampleFiles(t) {
		if name = "examples/" + name; path.Ext(name) == ".tf" && syntaxError(name) == nil {
			texts[name] = readFile(t, name)
		}
	}
	for _, name := range markdownPages(t) {
		for _, b := range readPage(t, name).blocks {
			if b.language == "terraform" {
				texts[fmt.Sprintf("%s:%d", name, b.line)] = b.text
			}
		}
	}
	found := 0
	for name, text := range texts {
		file, diagnostics := hclparse.NewParser().ParseHCL([]byte(text), name)
		if diagnostics.HasErrors() {
			t.Error(diagnostics)
			continue
		}
		variables := hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "variable", LabelNames: []string{"name"}}}}
		content, _, _ := file.Body.PartialContent(&variables)
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
	if found < 8 {
		t.Errorf("only %d ephemeral variables were found", found)
	}
}

// TestUnquotedVersionInYAML: YAML makes a number of it too, as the guides say.
func TestUnquotedVersionInYAML(t *testing.T) {
	var parsed map[string]any
	if err := yaml.Unmarshal([]byte("unquoted: 1.10\nquoted: \"1.10\"\n"), &parsed); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(parsed["unquoted"], " ", parsed["quoted"]); got != "1.1 1.10" {
		t.Errorf("YAML has %s", got)
	}
}
