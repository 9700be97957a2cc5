// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/decisions"
)

// found is what a test finds out for decide. Whatever is not nil in it may be asked for.
type found struct {
	defaultOrg *defaultOrg
	remembered remembered
	stored     *storedValue
}

// decideWith finds out what decide needs, and reports what that was.
func decideWith(t *testing.T, f facts, from found) (d decision, needed []need) {
	t.Helper()
	for range 4 {
		d = decide(f)
		switch d.need {
		case needNothing:
			return d, needed
		case needDefaultOrg:
			f.defaultOrg = from.defaultOrg
		case needRemembered:
			f.remembered = &from.remembered
		case needStoredValue:
			f.stored = from.stored
		}
		needed = append(needed, d.need)
	}
	t.Fatalf("decide asks for the same again: %v", needed)
	return d, needed
}

// "When a value is written", in each situation.
func TestDecideValue(t *testing.T) {
	for _, s := range decisions.All() {
		want := decisions.Find(s)
		for variant, f := range factsOf(s) {
			for _, refreshed := range []bool{false, true} {
				d, needed := decideWith(t, f, found{remembered: remembered{refreshed: refreshed}, stored: storedOf(s)})
				for _, problem := range compareDecision(s, want, f, d, refreshed, slices.Contains(needed, needStoredValue)) {
					t.Errorf("%+v, %s, refreshed %v: %s", s, variant, refreshed, problem)
				}
			}
		}
	}
}

// compareDecision returns what is wrong with a decision.
func compareDecision(s decisions.Situation, want decisions.Outcome, f facts, d decision, refreshed, compared bool) (problems []string) {
	check := func(what string, got, want any) {
		if got != want {
			problems = append(problems, fmt.Sprintf("%s is %v, want %v", what, got, want))
		}
	}
	refused := slices.Contains(d.notices, noticeMissingValue)
	if s.Creates && want.Refused { // by validateValue
		check("refused", refused, false)
		return problems
	}
	check("refused", refused, want.Refused)
	if refused || want.Refused {
		check("notices", len(d.notices), 1)
		return problems
	}
	check("version_id unknown", d.versionID.IsUnknown(), want.PlansUnknown)
	check("org_id", d.orgID, f.plan.OrgID)
	check("null value", d.nullValue, want.PlansUnknown && s.Value == decisions.ValueNull && !s.Creates)
	// What cannot be compared yet, or need not be, is left to the apply.
	check("compared while planning", compared, want.Compares && s.Value == decisions.ValueGiven && (refreshed || !s.OtherChange))
	if s.Creates || s.Value == decisions.ValueUnknown { // which is decided again when it is known
		return problems
	}
	after := decisions.AfterCurrent
	switch {
	case d.nullValue:
		after = afterOf(afterNullValue(*f.plan, *f.state), f.state.VersionID)
	case !d.versionID.IsUnknown():
		after = afterOf(d.versionID, f.state.VersionID)
	}
	if want.After != decisions.AfterNull || !f.state.VersionID.IsNull() {
		check("version_id after the apply", after, want.After)
	}
	return problems
}

func afterOf(versionID, before types.String) decisions.After {
	switch {
	case versionID.Equal(before):
		return decisions.AfterKept
	case versionID.IsNull():
		return decisions.AfterNull
	}
	return decisions.AfterCurrent
}

// factsOf returns the forms that a situation can have.
func factsOf(s decisions.Situation) map[string]facts {
	all := map[string]facts{}
	add := func(variant string, change func(config, state *secretModel)) {
		config, state := modelsOf(s)
		change(&config, &state)
		plan := config
		plan.ValueWO = types.StringNull()
		f := facts{config: config, plan: &plan, state: &state}
		if s.Creates {
			f.state = nil
		}
		all[variant] = f
	}
	if s.OtherChange {
		add("other drift setting", func(config, state *secretModel) {
			state.DetectValueDrift = types.BoolValue(!config.DetectValueDrift.ValueBool())
		})
		add("other protection", func(_, state *secretModel) { state.DeletionProtection = types.BoolValue(false) })
	} else {
		add("plain", func(_, _ *secretModel) {})
	}
	if s.OtherChange && s.DetectsDrift {
		add("unknown drift setting", func(config, _ *secretModel) { config.DetectValueDrift = types.BoolUnknown() })
	}
	if !s.OtherChange && (s.Version == decisions.VersionChanged || s.Version == decisions.VersionAdded) {
		add("unknown version", func(config, _ *secretModel) { config.ValueWOVersion = types.StringUnknown() })
	}
	return all
}

// modelsOf is a configuration and the state before it, without another change.
func modelsOf(s decisions.Situation) (config, state secretModel) {
	config = secretModel{Name: types.StringValue("db"), OrgID: types.StringValue("og_test")}
	if s.DetectsDrift {
		config.DetectValueDrift = types.BoolValue(true)
	}
	switch s.Value {
	case decisions.ValueGiven:
		config.ValueWO = types.StringValue("value")
	case decisions.ValueUnknown:
		config.ValueWO = types.StringUnknown()
	case decisions.ValueNull:
	}
	state = config
	state.ValueWO = types.StringNull()
	one, two := types.StringValue("1"), types.StringValue("2")
	switch s.Version {
	case decisions.VersionNone:
	case decisions.VersionSame:
		config.ValueWOVersion, state.ValueWOVersion = one, one
	case decisions.VersionChanged:
		config.ValueWOVersion, state.ValueWOVersion = two, one
	case decisions.VersionAdded:
		config.ValueWOVersion = one
	case decisions.VersionRemoved:
		state.ValueWOVersion = one
	}
	switch s.VersionID {
	case decisions.IDNull:
	case decisions.IDCurrent:
		state.VersionID = types.StringValue("current")
	case decisions.IDOld:
		state.VersionID = types.StringValue("old")
	}
	return config, state
}

func storedOf(s decisions.Situation) *storedValue {
	if s.Stored == decisions.StoredNone {
		return &storedValue{}
	}
	return &storedValue{same: s.Stored == decisions.StoredSame, versionID: "current"}
}

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
	value        = func(m *secretModel) { m.ValueWO = types.StringValue("value") }
	line         = func(m *secretModel) { m.ValueWO = types.StringValue("value\n") }
	lines        = func(m *secretModel) { m.ValueWO = types.StringValue("a\nvalue\n") }
	unknownValue = func(m *secretModel) { m.ValueWO = types.StringUnknown() }
	unknownName  = func(m *secretModel) { m.Name = types.StringUnknown() }
	versionID    = func(m *secretModel) { m.VersionID = types.StringValue("id") }
	watched      = func(m *secretModel) { m.DetectValueDrift = types.BoolValue(true) }
	protected    = func(m *secretModel) { m.DeletionProtection = types.BoolValue(true) }
)

func name(text string) func(*secretModel) {
	return func(m *secretModel) { m.Name = types.StringValue(text) }
}

func org(id string) func(*secretModel) {
	return func(m *secretModel) { m.OrgID = types.StringValue(id) }
}

func version(text string) func(*secretModel) {
	return func(m *secretModel) { m.ValueWOVersion = types.StringValue(text) }
}

// What is deleted, created and replaced, and what a plan warns of.
func TestDecideNotices(t *testing.T) {
	const (
		defaults = needDefaultOrg
		memory   = needRemembered
		compare  = needStoredValue
	)
	var (
		first     = []need{memory}
		read      = remembered{refreshed: true}
		inDefault = func(id string) *defaultOrg { return &defaultOrg{id} }
		another   = &storedValue{versionID: "another"}
		seen      = map[*notice]bool{}
	)
	for title, test := range map[string]struct {
		state, config *secretModel
		configuredOrg string
		found         found
		needs         []need
		want          []*notice
		// orgID is that of the plan, or "" if it is unknown or there is none.
		orgID string
	}{
		"delete":                                      {state: secretWith(versionID), needs: first},
		"delete, with a version":                      {state: secretWith(versionID, version("1")), needs: first},
		"delete what has drifted":                     {state: secretWith(version("1")), needs: first, want: []*notice{noticeLost}},
		"delete what Terraform did not write":         {state: secretWith(), needs: first, want: []*notice{noticeLost}},
		"delete what has drifted, during apply":       {state: secretWith(version("1")), needs: first, found: found{remembered: remembered{applying: true}}},
		"delete what is kept at another address":      {state: secretWith(), needs: first, found: found{remembered: remembered{conflict: true}}, want: []*notice{noticeKeptElsewhere}},
		"delete what is created at another address":   {state: secretWith(versionID), needs: first, found: found{remembered: remembered{recreated: refOf("db")}}, want: []*notice{noticeAddressChanged}},
		"delete what moved and has drifted":           {state: secretWith(version("1")), needs: first, found: found{remembered: remembered{recreated: refOf("db")}}, want: []*notice{noticeAddressChanged, noticeLost}},
		"delete what is protected":                    {state: secretWith(protected), want: []*notice{noticeProtected}},
		"replace what is protected":                   {state: secretWith(protected), config: secretWith(noOrg, name("cache")), want: []*notice{noticeProtected}},
		"replace what will no longer be protected":    {state: secretWith(protected), config: secretWith(name("cache")), want: []*notice{noticeProtected}},
		"replace what will be protected":              {state: secretWith(versionID), config: secretWith(name("cache"), value, protected), needs: first, orgID: "og_test"},
		"replace":                                     {state: secretWith(versionID), config: secretWith(name("cache"), value), needs: first, orgID: "og_test"},
		"replace what was written, with an odd name":  {state: secretWith(versionID), config: secretWith(name("c %"), value), needs: first, orgID: "og_test", want: []*notice{noticeNameUnresolvable}},
		"replace, with a space":                       {state: secretWith(versionID), config: secretWith(name("cache "), value), needs: first, orgID: "og_test", want: []*notice{noticeNameUnresolvable}},
		"replace an odd name in another organization": {state: secretWith(name("c %"), versionID), config: secretWith(name("c %"), org("og_other"), value), needs: first, orgID: "og_other"},
		"replace, with a line break":                  {state: secretWith(versionID), config: secretWith(name("cache"), line), needs: first, orgID: "og_test", want: []*notice{noticeLineBreak}},
		"replace by a name to come":                   {state: secretWith(versionID), config: secretWith(unknownName, value), needs: first, orgID: "og_test"},
		"replace without a value":                     {state: secretWith(versionID), config: secretWith(name("cache")), needs: first, orgID: "og_test", want: []*notice{noticeNoValueAgain}},
		"replace with an ignored value":               {state: secretWith(versionID, version("1")), config: secretWith(name("cache"), version("1")), needs: first, orgID: "og_test"},
		"replace with a first value":                  {state: secretWith(), config: secretWith(name("cache"), value), needs: first, orgID: "og_test", want: []*notice{noticeReplacedLost}},
		"replace with a first value to come":          {state: secretWith(), config: secretWith(name("cache"), unknownValue), needs: first, orgID: "og_test", want: []*notice{noticeReplacedLost}},
		"replace what has drifted":                    {state: secretWith(version("1")), config: secretWith(name("cache"), value, version("1")), needs: first, orgID: "og_test", want: []*notice{noticeReplacedLost}},
		"replace what has drifted, without a value":   {state: secretWith(version("1")), config: secretWith(name("cache")), needs: first, orgID: "og_test", want: []*notice{noticeNoValueAgain}},
		"replace what is kept at another address":     {state: secretWith(), config: secretWith(name("cache")), needs: first, found: found{remembered: remembered{conflict: true}}, want: []*notice{noticeKeptElsewhere}},
		"swap names":                                  {state: secretWith(versionID), config: secretWith(name("cache"), value), needs: first, orgID: "og_test", found: found{remembered: remembered{recreated: refOf("db")}}, want: []*notice{noticeAddressChanged}},
		"replace in the default organization": {
			state: secretWith(versionID), config: secretWith(noOrg, name("cache"), value), needs: []need{defaults, memory}, orgID: "og_test",
			found: found{defaultOrg: inDefault("og_test")},
		},
		"replace in another default organization": {
			state: secretWith(versionID), config: secretWith(noOrg, name("cache"), value), needs: []need{defaults, memory}, orgID: "og_test",
			found: found{defaultOrg: inDefault("og_other")}, want: []*notice{noticeMoves},
		},
		"replace in a default organization to come": {
			state: secretWith(versionID), config: secretWith(noOrg, name("cache"), value), needs: []need{defaults, memory}, orgID: "og_test",
			found: found{defaultOrg: inDefault("")},
		},

		"create": {config: secretWith(value), needs: first, orgID: "og_test"},
		"create in the default organization": {
			config: secretWith(noOrg, value), needs: []need{defaults, memory}, found: found{defaultOrg: inDefault("og_other")}, orgID: "og_other",
		},
		"create in a default organization to come": {config: secretWith(noOrg), needs: []need{defaults, memory}, found: found{defaultOrg: inDefault("")}},
		"create a name to come":                    {config: secretWith(unknownName), needs: first, orgID: "og_test"},
		"create a name with a space":               {config: secretWith(name(" db")), needs: first, orgID: "og_test", want: []*notice{noticeNameUnresolvable}},
		"create a name that actions cannot use":    {config: secretWith(name("größe")), needs: first, orgID: "og_test", want: []*notice{noticeNameUnresolvable}},
		"create with a line break":                 {config: secretWith(line), needs: first, orgID: "og_test", want: []*notice{noticeLineBreak}},
		"create with several lines":                {config: secretWith(lines), needs: first, orgID: "og_test"},
		"create in place of a tainted one":         {config: secretWith(), needs: first, orgID: "og_test", found: found{remembered: read}, want: []*notice{noticeNoValueAgain}},
		"write in place of a tainted one":          {config: secretWith(value), needs: first, orgID: "og_test", found: found{remembered: read}},
		"create in place of one at two addresses":  {config: secretWith(value), needs: first, found: found{remembered: remembered{conflict: true}}, want: []*notice{noticeKeptElsewhere}},
		"create what another address deletes":      {config: secretWith(value), needs: first, orgID: "og_test", found: found{remembered: remembered{recreated: refOf("db")}}, want: []*notice{noticeAddressChanged}},

		"keep":                                     {state: secretWith(), config: secretWith(), needs: first, orgID: "og_test"},
		"keep what another address deletes":        {state: secretWith(), config: secretWith(), needs: first, found: found{remembered: remembered{conflict: true}}, want: []*notice{noticeKeptElsewhere}},
		"keep in another organization":             {state: secretWith(), config: secretWith(noOrg), configuredOrg: "og_other", needs: first, orgID: "og_test", found: found{remembered: read}, want: []*notice{noticeOtherDefault}},
		"keep in another organization, unread":     {state: secretWith(), config: secretWith(noOrg), configuredOrg: "og_other", needs: first, orgID: "og_test"},
		"keep in an organization that is given":    {state: secretWith(), config: secretWith(), configuredOrg: "og_other", needs: first, orgID: "og_test", found: found{remembered: read}},
		"keep in the default organization":         {state: secretWith(), config: secretWith(noOrg), configuredOrg: "og_test", needs: first, orgID: "og_test", found: found{remembered: read}},
		"keep without a default organization":      {state: secretWith(), config: secretWith(noOrg), needs: first, orgID: "og_test", found: found{remembered: read}},
		"write in another organization":            {state: secretWith(versionID), config: secretWith(noOrg, value, version("1")), configuredOrg: "og_other", needs: first, orgID: "og_test", found: found{remembered: read}, want: []*notice{noticeOtherDefault}},
		"write nothing with a new version":         {state: secretWith(), config: secretWith(noOrg, version("1")), configuredOrg: "og_other", needs: first, found: found{remembered: read}, want: []*notice{noticeMissingValue}},
		"write another version":                    {state: secretWith(versionID, version("1")), config: secretWith(value, version("2")), needs: first, orgID: "og_test", found: found{remembered: read}},
		"write a line break":                       {state: secretWith(versionID, version("1")), config: secretWith(line, version("2")), needs: first, orgID: "og_test", found: found{remembered: read}, want: []*notice{noticeLineBreak}},
		"write a line break, unread":               {state: secretWith(versionID, version("1")), config: secretWith(line, version("2")), needs: first, orgID: "og_test"},
		"keep a line break":                        {state: secretWith(versionID, version("1")), config: secretWith(line, version("1")), needs: first, orgID: "og_test", found: found{remembered: read}},
		"write another version over drift":         {state: secretWith(version("1")), config: secretWith(value, version("2")), needs: first, orgID: "og_test", found: found{remembered: read}, want: []*notice{noticeOverwritten}},
		"write another version over drift, unread": {state: secretWith(version("1")), config: secretWith(value, version("2")), needs: first, orgID: "og_test"},
		"write the same version over drift":        {state: secretWith(version("1"), watched), config: secretWith(value, version("1"), watched), needs: first, orgID: "og_test", found: found{remembered: read}, want: []*notice{noticeOverwritten}},
		"write a version after an import":          {state: secretWith(), config: secretWith(value, version("1")), needs: first, orgID: "og_test", found: found{remembered: read}, want: []*notice{noticeMayBeOverwritten}},
		"write another value": {
			state: secretWith(versionID), config: secretWith(value), needs: []need{memory, compare}, orgID: "og_test",
			found: found{remembered: read, stored: &storedValue{versionID: "id"}},
		},
		"write over another value": {
			state: secretWith(versionID), config: secretWith(value), needs: []need{memory, compare}, orgID: "og_test",
			found: found{remembered: read, stored: another}, want: []*notice{noticeOverwritten},
		},
		"write over another value, unread": {
			state: secretWith(versionID), config: secretWith(value), needs: []need{memory, compare}, orgID: "og_test",
			found: found{stored: another},
		},
		"write over a value after an import": {
			state: secretWith(), config: secretWith(value), needs: []need{memory, compare}, orgID: "og_test",
			found: found{remembered: read, stored: another}, want: []*notice{noticeOverwritten},
		},
		"write a first value": {
			state: secretWith(), config: secretWith(value), needs: []need{memory, compare}, orgID: "og_test",
			found: found{remembered: read, stored: &storedValue{}},
		},
		"write a value that is lost": {
			state: secretWith(versionID), config: secretWith(value), needs: []need{memory, compare}, orgID: "og_test",
			found: found{remembered: read, stored: &storedValue{}},
		},
		"write a value to come": {state: secretWith(), config: secretWith(unknownValue), needs: first, orgID: "og_test", found: found{remembered: read}},
		"write over another value with a flag": {
			state: secretWith(versionID), config: secretWith(value, watched), needs: []need{memory, compare}, orgID: "og_test",
			found: found{remembered: read, stored: another}, want: []*notice{noticeOverwritten},
		},
	} {
		t.Run(title, func(t *testing.T) {
			f := facts{state: test.state, configuredOrg: test.configuredOrg}
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
			d, needed := decideWith(t, f, test.found)
			if !slices.Equal(needed, test.needs) {
				t.Errorf("needs %v, want %v", needed, test.needs)
			}
			if !slices.Equal(d.notices, test.want) {
				t.Errorf("notices %v, want %v", d.notices, test.want)
			}
			if d.orgID.ValueString() != test.orgID {
				t.Errorf("org_id %v, want %q", d.orgID, test.orgID)
			}
			for _, n := range d.notices {
				seen[n] = true
			}
		})
	}
	for _, n := range planNotices {
		// These are not about plans.
		if !seen[n] && !slices.Contains([]*notice{noticeTwoAddresses, noticeCreatedTwice, noticeDeletedElsewhere, noticeChangedByTerraform}, n) {
			t.Errorf("no row of the table has the notice %q", n.title)
		}
	}
}
