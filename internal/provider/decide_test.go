// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"errors"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
)

// secret is the secret db of og_test, with changes.
func secret(changes ...func(*secretModel)) *secretModel {
	m := &secretModel{Name: types.StringValue("db"), OrgID: types.StringValue("og_test")}
	for _, change := range changes {
		change(m)
	}
	return m
}

// Changes of a secret.
var (
	noOrg        = func(m *secretModel) { m.OrgID = types.StringNull() }
	otherOrg     = func(m *secretModel) { m.OrgID = types.StringValue("og_other") }
	value        = func(m *secretModel) { m.ValueWO = types.StringValue("value") }
	line         = func(m *secretModel) { m.ValueWO = types.StringValue("value\n") }
	lines        = func(m *secretModel) { m.ValueWO = types.StringValue("a\nvalue\n") }
	unknownValue = func(m *secretModel) { m.ValueWO = types.StringUnknown() }
	unknownName  = func(m *secretModel) { m.Name = types.StringUnknown() }
	written      = func(m *secretModel) { m.VersionID = types.StringValue("id") }
	one          = func(m *secretModel) { m.ValueWOVersion = types.StringValue("1") }
	two          = func(m *secretModel) { m.ValueWOVersion = types.StringValue("2") }
	watched      = func(m *secretModel) { m.DetectValueDrift = types.BoolValue(true) }
	protected    = func(m *secretModel) { m.DeletionProtection = types.BoolValue(true) }
)

func name(text string) func(*secretModel) {
	return func(m *secretModel) { m.Name = types.StringValue(text) }
}

// What is deleted, created and replaced, and what a plan warns of.
func TestDecideNotices(t *testing.T) {
	type notices = []*notice
	var (
		read       = remembered{refreshed: true}
		elsewhere  = remembered{conflict: true}
		recreated  = remembered{recreated: refOf("db")}
		applying   = remembered{applying: true}
		same       = &storedValue{same: true, versionID: "id"}
		differs    = &storedValue{versionID: "id"}
		another    = &storedValue{versionID: "another"}
		noValue    = &storedValue{}
		ofOrg      = func(id string) *defaultOrg { return &defaultOrg{id} }
		db         = secret()
		cache      = name("cache")
		seen       = map[*notice]bool{}
		notOfPlans = notices{noticeTwoAddresses, noticeCreatedTwice, noticeDeletedElsewhere, noticeChangedByTerraform}
	)
	// decide asks for nothing that is not given here. What is remembered is given unless the secret is protected.
	for title, test := range map[string]struct {
		state, config *secretModel
		remembered    remembered
		// configured is the organization of the provider block or the environment.
		configured string
		defaults   *defaultOrg
		stored     *storedValue
		want       notices
		// orgID is that of the plan as a text, or "" if it is that of the configuration or the state.
		orgID string
	}{
		"delete":                                    {state: secret(written)},
		"delete what Terraform did not write":       {state: db, want: notices{noticeLost}},
		"delete what has drifted, during apply":     {state: secret(one), remembered: applying},
		"delete what is kept at another address":    {state: db, remembered: elsewhere, want: notices{noticeKeptElsewhere}},
		"delete what is created at another address": {state: secret(written), remembered: recreated, want: notices{noticeAddressChanged}},
		"delete what moved and has drifted":         {state: secret(one), remembered: recreated, want: notices{noticeAddressChanged, noticeLost}},
		"delete what is protected":                  {state: secret(protected), want: notices{noticeProtected}},

		"replace":                   {state: secret(written), config: secret(cache, value)},
		"replace what is protected": {state: secret(protected), config: secret(noOrg, cache), want: notices{noticeProtected}},
		"replace what will no longer be protected": {state: secret(protected), config: secret(cache), want: notices{noticeProtected}},
		"replace what will be protected":           {state: secret(written), config: secret(cache, value, protected)},
		"replace what was written, with an odd name": {
			state: secret(written), config: secret(name("c %"), value), want: notices{noticeNameUnresolvable},
		},
		"replace an odd name in another organization": {
			state: secret(name("c %"), written), config: secret(name("c %"), otherOrg, value), orgID: `"og_other"`,
		},
		"replace, with a line break":          {state: secret(written), config: secret(cache, line), want: notices{noticeLineBreak}},
		"replace by a name to come":           {state: secret(written), config: secret(unknownName, value)},
		"replace without a value":             {state: secret(written), config: secret(cache), want: notices{noticeNoValueAgain}},
		"replace what drifted, and no value":  {state: secret(one), config: secret(cache), want: notices{noticeNoValueAgain}},
		"replace with an ignored value":       {state: secret(written, one), config: secret(cache, one)},
		"replace with a first value":          {state: db, config: secret(cache, value), want: notices{noticeReplacedLost}},
		"replace with a first value to come":  {state: db, config: secret(cache, unknownValue), want: notices{noticeReplacedLost}},
		"swap names":                          {state: secret(written), config: secret(cache, value), remembered: recreated, want: notices{noticeAddressChanged}},
		"replace in the default organization": {state: secret(written), config: secret(noOrg, cache, value), defaults: ofOrg("og_test")},
		"replace in another default organization": {
			state: secret(written), config: secret(noOrg, cache, value), defaults: ofOrg("og_other"), want: notices{noticeMoves},
		},
		"replace in a default organization to come": {state: secret(written), config: secret(noOrg, cache, value), defaults: ofOrg("")},

		"create":                                   {config: secret(value)},
		"create in the default organization":       {config: secret(noOrg, value), defaults: ofOrg("og_other"), orgID: `"og_other"`},
		"create in a default organization to come": {config: secret(noOrg), defaults: ofOrg(""), orgID: "<unknown>"},
		"create a name to come":                    {config: secret(unknownName)},
		"create a name that actions cannot use":    {config: secret(name("größe")), want: notices{noticeNameUnresolvable}},
		"create with a line break":                 {config: secret(line), want: notices{noticeLineBreak}},
		"create with several lines":                {config: secret(lines)},
		"create in place of a tainted one":         {config: db, remembered: read, want: notices{noticeNoValueAgain}},
		"write in place of a tainted one":          {config: secret(value), remembered: read},
		"create what another address deletes":      {config: secret(value), remembered: recreated, want: notices{noticeAddressChanged}},

		"keep":                              {state: db, config: db},
		"keep what another address deletes": {state: db, config: db, remembered: elsewhere, want: notices{noticeKeptElsewhere}},
		"keep in another organization": {
			state: db, config: secret(noOrg), configured: "og_other", remembered: read, want: notices{noticeOtherDefault},
		},
		"keep in another organization, unread":  {state: db, config: secret(noOrg), configured: "og_other"},
		"keep in an organization that is given": {state: db, config: db, configured: "og_other", remembered: read},
		"keep in the default organization":      {state: db, config: secret(noOrg), configured: "og_test", remembered: read},
		"keep without a default organization":   {state: db, config: secret(noOrg), remembered: read},
		"keep a line break":                     {state: secret(written, one), config: secret(line, one), remembered: read},

		"write in another organization": {
			state: secret(written), config: secret(noOrg, value, one), configured: "og_other", remembered: read, want: notices{noticeOtherDefault},
		},
		"write nothing with a new version": {state: db, config: secret(noOrg, one), remembered: read, want: notices{noticeMissingValue}},
		"write another version":            {state: secret(written, one), config: secret(value, two), remembered: read},
		"write a line break":               {state: secret(written, one), config: secret(line, two), remembered: read, want: notices{noticeLineBreak}},
		"write a line break, unread":       {state: secret(written, one), config: secret(line, two)},
		"write another version over drift": {
			state: secret(one), config: secret(value, two), remembered: read, want: notices{noticeOverwritten},
		},
		"write another version over drift, unread": {state: secret(one), config: secret(value, two)},
		"write the same version over drift": {
			state: secret(one, watched), config: secret(value, one, watched), remembered: read, want: notices{noticeOverwritten},
		},
		"write a version after an import": {state: db, config: secret(value, one), remembered: read, want: notices{noticeMayBeOverwritten}},
		"write another value":             {state: secret(written), config: secret(value), remembered: read, stored: differs},
		"write over another value": {
			state: secret(written), config: secret(value), remembered: read, stored: another, want: notices{noticeOverwritten},
		},
		"write over another value, unread":   {state: secret(written), config: secret(value), stored: another},
		"write over a value after an import": {state: db, config: secret(value), remembered: read, stored: another, want: notices{noticeOverwritten}},
		"write a first value":                {state: db, config: secret(value), remembered: read, stored: noValue},
		"write a value that is lost":         {state: secret(written), config: secret(value), remembered: read, stored: noValue},
		"write a value to come":              {state: db, config: secret(unknownValue), remembered: read},
		"write over another value with a flag": {
			state: secret(written), config: secret(value, watched), remembered: read, stored: another, want: notices{noticeOverwritten},
		},
		"change a flag":         {state: secret(written), config: secret(value, watched), remembered: read, stored: same},
		"change a flag, unread": {state: secret(written), config: secret(value, watched)},
	} {
		t.Run(title, func(t *testing.T) {
			f := facts{state: test.state, configuredOrg: test.configured, defaultOrg: test.defaults, stored: test.stored}
			if !slices.Contains(test.want, noticeProtected) {
				f.remembered = &test.remembered
			}
			wantOrgID := types.StringNull().String()
			if test.config != nil {
				f.config = *test.config
				plan := *test.config
				if plan.OrgID.IsNull() { // as the schema's plan modifiers have it
					plan.OrgID = types.StringUnknown()
					if test.state != nil {
						plan.OrgID = test.state.OrgID
					}
				}
				f.plan, wantOrgID = &plan, plan.OrgID.String()
			}
			if test.orgID != "" {
				wantOrgID = test.orgID
			}
			d := decide(f)
			if d.need != needNothing {
				t.Fatalf("decide asks for %d, which it should not need", d.need)
			}
			sentence := cmp.Transformer("sentence", func(n *notice) string { return n.sentence }) // several have one title
			if diff := cmp.Diff(test.want, d.notices, sentence, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("the plan has other notices (-want +got):\n%s", diff)
			}
			refused := slices.ContainsFunc(test.want, func(n *notice) bool { return n.refuses })
			if orgID := d.orgID.String(); !refused && orgID != wantOrgID {
				t.Errorf("org_id is %s, want %s", orgID, wantOrgID)
			}
			for _, n := range d.notices {
				seen[n] = true
			}
		})
	}
	for _, n := range planNotices {
		if !seen[n] && !slices.Contains(notOfPlans, n) {
			t.Errorf("no row of the table has the notice %q", n.title)
		}
	}
}

// planNotices are about secrets, and otherNotices about something else.
var (
	planNotices = []*notice{
		noticeProtected, noticeKeptElsewhere, noticeMissingValue, noticeCreatedTwice, noticeTwoAddresses, noticeAddressChanged, noticeLost,
		noticeReplacedLost, noticeNoValueAgain, noticeOverwritten, noticeMayBeOverwritten, noticeMoves, noticeOtherDefault,
		noticeNameUnresolvable, noticeChangedByTerraform, noticeLineBreak, noticeDeletedElsewhere,
	}
	otherNotices = []*notice{
		noticeOrgChanged, noticeImportID, noticeActionParameters, noticeActionFailed, noticeActionCanceled, noticeActionNotCanceled,
		noticeListLimit, noticeOmitted, noticeNotListed, noticeNoDrift, noticeBinary, noticeUnusable,
	}
)

// Terraform folds warnings of one title, so the title names the secret.
func TestNoticeTexts(t *testing.T) {
	for _, n := range slices.Concat(planNotices, otherNotices) {
		if n.title == "" || n.sentence == "" || n.advice == "" {
			t.Errorf("a notice lacks a text: %+v", n)
		}
	}
	for _, n := range planNotices {
		if !n.refuses && !n.once && !strings.Contains(n.title, "{name}") {
			t.Errorf("the title %q does not name the secret", n.title)
		}
		if !strings.Contains(n.sentence, "{secret}") && !strings.Contains(n.sentence, "{name}") {
			t.Errorf("the sentence %q does not name the secret", n.sentence)
		}
	}
	source, err := os.ReadFile("texts.go")
	if n := strings.Count(string(source), "&notice{"); err != nil || n != len(planNotices)+len(otherNotices) {
		t.Errorf("there are %d notices, and this test knows others (%v)", n, err)
	}
}

// Each kind of error has advice of its own.
func TestEveryKindOfErrorHasAdvice(t *testing.T) {
	given := map[string]roboto.Kind{}
	for _, kind := range slices.Sorted(maps.Keys(advices)) {
		advice := advise(&roboto.Error{Kind: kind})
		if other, taken := given[advice]; taken {
			t.Errorf("%q has the advice of %q: %q", kind, other, advice)
		}
		given[advice] = kind
		if !strings.HasSuffix(advice, ".") || strings.Contains(advice, "{") {
			t.Errorf("%q: %q is not a sentence", kind, advice)
		}
	}
}

// Advice about certificates names the variables that count on the system.
func TestAdviceTrust(t *testing.T) {
	const reads, ignores = "name its file in SSL_CERT_FILE. AWS_CA_BUNDLE has no effect", "SSL_CERT_FILE and AWS_CA_BUNDLE have no effect"
	for goos, texts := range map[string][2]string{
		"linux": {reads}, "freebsd": {reads}, "darwin": {"keychain", ignores}, "windows": {"certificates of Windows", ignores},
	} {
		if advice := adviceTrust(goos); !strings.Contains(advice, texts[0]) || !strings.Contains(advice, texts[1]) {
			t.Errorf("%s: %q are not in the advice: %s", goos, texts, advice)
		}
	}
}

// An error of something else is a sentence too.
func TestOtherErrorsAreSentences(t *testing.T) {
	if got := what(errors.New("some mistake")); got != "Some mistake." {
		t.Errorf("%q", got)
	}
}
