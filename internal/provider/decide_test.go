// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// secretWith is the secret db of og_test, with changes.
func secretWith(changes ...func(*secretModel)) *secretModel {
	secret := &secretModel{Name: types.StringValue("db"), OrgID: types.StringValue("og_test")}
	for _, change := range changes {
		change(secret)
	}
	return secret
}

// Changes of secretWith.
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
		db         = secretWith()
		cache      = name("cache")
		seen       = map[*notice]bool{}
		notOfPlans = notices{noticeTwoAddresses, noticeCreatedTwice, noticeDeletedElsewhere, noticeChangedByTerraform}
	)
	// decide asks for what is given here, and for nothing else: for default and stored if they are not nil, and
	// for what is remembered unless the secret is protected.
	for title, test := range map[string]struct {
		state, config *secretModel
		remembered    remembered
		// configured is the organization of the provider block or the environment.
		configured string
		defaults   *defaultOrg
		stored     *storedValue
		want       notices
		// orgID is that of the plan if it is not og_test.
		orgID string
	}{
		"delete":                                    {state: secretWith(written)},
		"delete, with a version":                    {state: secretWith(written, one)},
		"delete what has drifted":                   {state: secretWith(one), want: notices{noticeLost}},
		"delete what Terraform did not write":       {state: db, want: notices{noticeLost}},
		"delete what has drifted, during apply":     {state: secretWith(one), remembered: applying},
		"delete what is kept at another address":    {state: db, remembered: elsewhere, want: notices{noticeKeptElsewhere}},
		"delete what is created at another address": {state: secretWith(written), remembered: recreated, want: notices{noticeAddressChanged}},
		"delete what moved and has drifted":         {state: secretWith(one), remembered: recreated, want: notices{noticeAddressChanged, noticeLost}},
		"delete what is protected":                  {state: secretWith(protected), want: notices{noticeProtected}},

		"replace": {state: secretWith(written), config: secretWith(cache, value)},
		"replace what is protected": {
			state: secretWith(protected), config: secretWith(noOrg, cache), want: notices{noticeProtected},
		},
		"replace what will no longer be protected": {state: secretWith(protected), config: secretWith(cache), want: notices{noticeProtected}},
		"replace what will be protected":           {state: secretWith(written), config: secretWith(cache, value, protected)},
		"replace what was written, with an odd name": {
			state: secretWith(written), config: secretWith(name("c %"), value), want: notices{noticeNameUnresolvable},
		},
		"replace, with a space": {state: secretWith(written), config: secretWith(name("cache "), value), want: notices{noticeNameUnresolvable}},
		"replace an odd name in another organization": {
			state: secretWith(name("c %"), written), config: secretWith(name("c %"), otherOrg, value), orgID: "og_other",
		},
		"replace, with a line break":            {state: secretWith(written), config: secretWith(cache, line), want: notices{noticeLineBreak}},
		"replace by a name to come":             {state: secretWith(written), config: secretWith(unknownName, value)},
		"replace without a value":               {state: secretWith(written), config: secretWith(cache), want: notices{noticeNoValueAgain}},
		"replace with an ignored value":         {state: secretWith(written, one), config: secretWith(cache, one)},
		"replace with a first value":            {state: db, config: secretWith(cache, value), want: notices{noticeReplacedLost}},
		"replace with a first value to come":    {state: db, config: secretWith(cache, unknownValue), want: notices{noticeReplacedLost}},
		"replace what has drifted":              {state: secretWith(one), config: secretWith(cache, value, one), want: notices{noticeReplacedLost}},
		"replace what drifted, without a value": {state: secretWith(one), config: secretWith(cache), want: notices{noticeNoValueAgain}},
		"replace what is kept at another address": {
			state: db, config: secretWith(cache), remembered: elsewhere, want: notices{noticeKeptElsewhere},
		},
		"swap names": {
			state: secretWith(written), config: secretWith(cache, value), remembered: recreated, want: notices{noticeAddressChanged},
		},
		"replace in the default organization": {state: secretWith(written), config: secretWith(noOrg, cache, value), defaults: ofOrg("og_test")},
		"replace in another default organization": {
			state: secretWith(written), config: secretWith(noOrg, cache, value), defaults: ofOrg("og_other"), want: notices{noticeMoves},
		},
		"replace in a default organization to come": {state: secretWith(written), config: secretWith(noOrg, cache, value), defaults: ofOrg("")},

		"create":                                   {config: secretWith(value)},
		"create in the default organization":       {config: secretWith(noOrg, value), defaults: ofOrg("og_other"), orgID: "og_other"},
		"create in a default organization to come": {config: secretWith(noOrg), defaults: ofOrg(""), orgID: "unknown"},
		"create a name to come":                    {config: secretWith(unknownName)},
		"create a name with a space":               {config: secretWith(name(" db")), want: notices{noticeNameUnresolvable}},
		"create a name that actions cannot use":    {config: secretWith(name("größe")), want: notices{noticeNameUnresolvable}},
		"create with a line break":                 {config: secretWith(line), want: notices{noticeLineBreak}},
		"create with several lines":                {config: secretWith(lines)},
		"create in place of a tainted one":         {config: db, remembered: read, want: notices{noticeNoValueAgain}},
		"write in place of a tainted one":          {config: secretWith(value), remembered: read},
		"create in place of one at two addresses":  {config: secretWith(value), remembered: elsewhere, want: notices{noticeKeptElsewhere}},
		"create what another address deletes":      {config: secretWith(value), remembered: recreated, want: notices{noticeAddressChanged}},

		"keep":                              {state: db, config: db},
		"keep what another address deletes": {state: db, config: db, remembered: elsewhere, want: notices{noticeKeptElsewhere}},
		"keep in another organization": {
			state: db, config: secretWith(noOrg), configured: "og_other", remembered: read, want: notices{noticeOtherDefault},
		},
		"keep in another organization, unread":  {state: db, config: secretWith(noOrg), configured: "og_other"},
		"keep in an organization that is given": {state: db, config: db, configured: "og_other", remembered: read},
		"keep in the default organization":      {state: db, config: secretWith(noOrg), configured: "og_test", remembered: read},
		"keep without a default organization":   {state: db, config: secretWith(noOrg), remembered: read},
		"keep a line break":                     {state: secretWith(written, one), config: secretWith(line, one), remembered: read},

		"write in another organization": {
			state: secretWith(written), config: secretWith(noOrg, value, one), configured: "og_other", remembered: read, want: notices{noticeOtherDefault},
		},
		"write nothing with a new version": {state: db, config: secretWith(noOrg, one), remembered: read, want: notices{noticeMissingValue}},
		"write another version":            {state: secretWith(written, one), config: secretWith(value, two), remembered: read},
		"write a line break": {
			state: secretWith(written, one), config: secretWith(line, two), remembered: read, want: notices{noticeLineBreak},
		},
		"write a line break, unread": {state: secretWith(written, one), config: secretWith(line, two)},
		"write another version over drift": {
			state: secretWith(one), config: secretWith(value, two), remembered: read, want: notices{noticeOverwritten},
		},
		"write another version over drift, unread": {state: secretWith(one), config: secretWith(value, two)},
		"write the same version over drift": {
			state: secretWith(one, watched), config: secretWith(value, one, watched), remembered: read, want: notices{noticeOverwritten},
		},
		"write a version after an import": {state: db, config: secretWith(value, one), remembered: read, want: notices{noticeMayBeOverwritten}},
		"write another value":             {state: secretWith(written), config: secretWith(value), remembered: read, stored: differs},
		"write over another value": {
			state: secretWith(written), config: secretWith(value), remembered: read, stored: another, want: notices{noticeOverwritten},
		},
		"write over another value, unread":   {state: secretWith(written), config: secretWith(value), stored: another},
		"write over a value after an import": {state: db, config: secretWith(value), remembered: read, stored: another, want: notices{noticeOverwritten}},
		"write a first value":                {state: db, config: secretWith(value), remembered: read, stored: noValue},
		"write a value that is lost":         {state: secretWith(written), config: secretWith(value), remembered: read, stored: noValue},
		"write a value to come":              {state: db, config: secretWith(unknownValue), remembered: read},
		"write over another value with a flag": {
			state: secretWith(written), config: secretWith(value, watched), remembered: read, stored: another, want: notices{noticeOverwritten},
		},
		"change a flag":         {state: secretWith(written), config: secretWith(value, watched), remembered: read, stored: same},
		"change a flag, unread": {state: secretWith(written), config: secretWith(value, watched)},
	} {
		t.Run(title, func(t *testing.T) {
			f := facts{state: test.state, configuredOrg: test.configured}
			if test.config != nil {
				f.config = *test.config
				plan := *test.config
				if plan.OrgID.IsNull() { // as the schema's plan modifiers have it
					plan.OrgID = types.StringUnknown()
					if test.state != nil {
						plan.OrgID = test.state.OrgID
					}
				}
				f.plan = &plan
			}
			var want, needed []need
			if test.defaults != nil {
				want = append(want, needDefaultOrg)
			}
			if !slices.Contains(test.want, noticeProtected) {
				want = append(want, needRemembered)
			}
			if test.stored != nil {
				want = append(want, needStoredValue)
			}
			d := decide(f)
			for ; d.need != needNothing && len(needed) < 4; d = decide(f) {
				needed = append(needed, d.need)
				switch d.need {
				case needDefaultOrg:
					f.defaultOrg = test.defaults
				case needRemembered:
					f.remembered = &test.remembered
				case needStoredValue:
					f.stored = test.stored
				}
			}
			if diff := cmp.Diff(want, needed); diff != "" {
				t.Errorf("decide asks for something else (-want +got):\n%s", diff)
			}
			titles := func(all []*notice) (titles []string) {
				for _, n := range all {
					titles = append(titles, n.title)
				}
				return titles
			}
			if diff := cmp.Diff(titles(test.want), titles(d.notices), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("the plan has other notices (-want +got):\n%s", diff)
			}
			refused := slices.ContainsFunc(test.want, func(n *notice) bool { return n.refuses })
			orgID, wantOrgID := d.orgID.ValueString(), test.orgID
			if d.orgID.IsUnknown() {
				orgID = "unknown"
			}
			if wantOrgID == "" {
				wantOrgID = "og_test"
			}
			if test.config != nil && !refused && orgID != wantOrgID {
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
