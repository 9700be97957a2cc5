// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terraformcli"
)

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
