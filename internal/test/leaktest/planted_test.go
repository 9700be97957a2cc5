// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package leaktest

import (
	"slices"
	"strings"
	"testing"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/leakscan"
)

// planted are the ways in which the leaky provider leaks, and what is to be found: a
// part of the artifact's name, and in which of some encodings a value with quotes is
// written there: Terraform quotes a line of stderr that it gets alone, but not several
// that it gets at once.
var planted = map[string]struct {
	artifact  string
	encodings []string
}{
	"log":        {"02-apply.trace.log", []string{"JSON"}},
	"stderr":     {"02-apply.trace.log", []string{"JSON", "raw"}},
	"diagnostic": {"02-apply.stdout", []string{"raw"}},
	"state":      {"module/terraform.tfstate", []string{"JSON"}},
	"base64":     {"module/terraform.tfstate", []string{"base64"}},
	"private":    {"module/terraform.tfstate/private data of leaks", []string{"base64 of JSON"}},
	"request":    {"requests to Roboto", []string{"URL path"}},
	"crash":      {"03-apply.stderr", []string{"raw"}},
}

// plantedKinds are the kinds of values that each leak is tried with. Environment
// variables have room for one long value.
func plantedKinds() map[string][]string {
	all := map[string][]string{}
	for leak := range planted {
		for kind := range awkward {
			if kind == "quotes" || leak != "crash" && (kind != "60-kB" || leak == "log") {
				all[leak] = append(all[leak], kind)
			}
		}
	}
	return all
}

const plantedModule = required + `
variable "values" {
  type      = map(string)
  ephemeral = true
}

variable "leaks" {
  type = set(string)
}

resource "roboto_secret" "leaks" {
  for_each = var.leaks
  name     = each.key
  value_wo = var.values[each.key]
}
`

// The scan is worth something only if it can fail.
func TestScanFindsPlantedLeaks(t *testing.T) {
	t.Parallel()
	set := newSet(t, true)
	var e evidence
	t.Run("scene", func(t *testing.T) {
		s := e.stage(t, "planted", set)
		s.roboto.AllowViolations()
		values := map[string]string{}
		var leaks []string
		for leak, kinds := range plantedKinds() {
			for _, kind := range kinds {
				values[leak+"-"+kind] = s.canary(kind, "leaked by "+leak)
				leaks = append(leaks, leak+"-"+kind)
			}
		}
		s.module("main.tf", plantedModule)
		s.variable("values", values)
		s.variable("leaks", slices.DeleteFunc(slices.Clone(leaks), func(name string) bool { return name == "crash-quotes" }))
		s.run(0, "init")
		s.run(0, "apply", "-auto-approve")
		s.variable("leaks", leaks)
		s.run(1, "apply", "-auto-approve", "-refresh=false")
	})
	v, err := e.search()
	if err != nil {
		t.Fatal(err)
	}
	report := string(v.report())
	for leak, where := range planted {
		for _, kind := range plantedKinds()[leak] {
			needle := "the " + kind + " value leaked by " + leak + " of planted"
			i := slices.IndexFunc(v.leaks, func(finding leakscan.Finding) bool {
				return finding.Needle == needle && strings.Contains(finding.Artifact, where.artifact) &&
					(slices.Contains(where.encodings, finding.Encoding) || kind != "quotes")
			})
			switch {
			case i < 0:
				t.Errorf("%s is not found in %s, %q", needle, where.artifact, where.encodings)
			case !strings.Contains(report, v.leaks[i].String()):
				t.Errorf("the report does not say: %s", v.leaks[i])
			}
		}
	}
	for _, needle := range e.needles {
		if strings.Contains(report, needle.Value) {
			t.Errorf("the report repeats %s", needle.Name)
		}
	}
	if t.Failed() {
		t.Logf("%s", report)
	}
}
