// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package leaks_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/leaks"
)

// plantedLeak is a leak of the leaky provider, and where it has to be found.
type plantedLeak struct {
	// plant is how the provider leaks the value, and kind that of the value.
	plant, kind string
	// artifact is a part of the name of the artifact that holds it.
	artifact string
	// encodings are how it may be written there; nil means in any way.
	encodings []string
}

// secret is the name of the secret whose value leaks.
func (p plantedLeak) secret() string { return p.plant + "-" + p.kind }

// plantedLeaks are all plants with most kinds of values. Terraform quotes a line of
// stderr that it gets alone, but not several that it gets at once.
func plantedLeaks() []plantedLeak {
	all := []plantedLeak{
		{"log", "quotes", "02-apply.trace.log", []string{"JSON"}},
		{"stderr", "quotes", "02-apply.trace.log", []string{"JSON", "raw"}},
		{"diagnostic", "quotes", "02-apply.stdout", []string{"raw"}},
		{"state", "quotes", "module/terraform.tfstate", []string{"JSON"}},
		{"base64", "quotes", "module/terraform.tfstate", []string{"base64"}},
		{"private", "quotes", "module/terraform.tfstate/private data of leaks", []string{"base64 of JSON"}},
		{"request", "quotes", "requests to Roboto", []string{"URL path"}},
		{"crash", "quotes", "03-apply.stderr", []string{"raw"}},
		{"log", longKind, "02-apply.trace.log", nil}, // the environment has room for one long value
	}
	for _, leak := range all[:7] { // only one crash can happen
		for kind := range kinds {
			if kind != leak.kind && kind != longKind {
				all = append(all, plantedLeak{leak.plant, kind, leak.artifact, nil})
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

variable "leaks" { type = set(string) }

resource "roboto_secret" "leaks" {
  for_each = var.leaks
  name     = each.key
  value_wo = var.values[each.key]
}
`

// The scan is worth something only if it can fail.
func TestScanFindsPlantedLeaks(t *testing.T) {
	t.Parallel()
	planted := plantedLeaks()
	values, plants := map[string]string{}, map[string]string{}
	var quiet, crashing []string
	for _, leak := range planted {
		plants[leak.secret()] = leak.plant
		if leak.plant == "crash" {
			crashing = append(crashing, leak.secret())
		} else {
			quiet = append(quiet, leak.secret())
		}
	}
	encoded, err := json.Marshal(plants)
	must(t, err)
	scan := newScan(t, true, "ROBOTO_LEAK_PLANTS="+string(encoded))
	t.Run("scene", func(t *testing.T) {
		s := scan.scene(t, "planted")
		s.roboto.AllowViolations()
		for _, leak := range planted {
			values[leak.secret()] = s.canary(leak.kind, "leaked by "+leak.secret())
		}
		s.module("main.tf", plantedModule)
		s.variable("values", values)
		s.variable("leaks", quiet)
		s.run(0, "init")
		s.run(0, "apply", "-auto-approve")
		s.variable("leaks", slices.Concat(quiet, crashing))
		s.run(1, "apply", "-auto-approve", "-refresh=false")
	})
	v := scan.search(t)
	for _, leak := range planted {
		i := slices.IndexFunc(v.leaks, func(finding leaks.Finding) bool {
			return strings.HasSuffix(finding.Needle, " leaked by "+leak.secret()+" of planted") && strings.Contains(finding.Artifact, leak.artifact) &&
				(leak.encodings == nil || slices.Contains(leak.encodings, finding.Encoding))
		})
		switch {
		case i < 0:
			t.Errorf("the value of %s is not found in %s, %q", leak.secret(), leak.artifact, leak.encodings)
		case !strings.Contains(v.report, v.leaks[i].String()):
			t.Errorf("the report does not say: %s", v.leaks[i])
		}
	}
	for _, needle := range scan.needles {
		if strings.Contains(v.report, needle.Value) {
			t.Errorf("the report repeats %s", needle.Name)
		}
	}
	if t.Failed() {
		t.Log(v.report)
	}
}
