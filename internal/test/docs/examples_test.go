// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package docs_test

import (
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/hashicorp/hcl/v2/hclwrite"
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
		if text := readFile(t, name); path.Ext(name) == ".hcl" && string(hclwrite.Format([]byte(text))) != text {
			t.Errorf("%s is not formatted", name)
		}
	}
}

// TestVariablesOfValuesShowNothing looks at all variables that the documentation declares:
// what is ephemeral is sensitive too, as the guides say.
func TestVariablesOfValuesShowNothing(t *testing.T) {
	variable := regexp.MustCompile(`(?ms)^variable "(\w+)" \{\n(.*?)^\}`)
	hides := regexp.MustCompile(`(?m)^  (ephemeral|sensitive) += true$`)
	found := 0
	for _, name := range slices.Concat(exampleFiles(t), markdownPages(t)) {
		for _, declared := range variable.FindAllStringSubmatch(readFile(t, name), -1) {
			switch len(hides.FindAllString(declared[2], -1)) {
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
