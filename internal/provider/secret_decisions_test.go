// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/decisions"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

const configuredValue = "the configured value"

// trial is a secret in one situation, of one form that the situation can have.
type trial struct {
	*protocol.Core
	decisions.Situation
	name string
	// applied is value_wo during apply. An ignored value is null while planning, and not during apply.
	applied any
	// newFlag: the other change is one of detect_value_drift. unknown are the attributes that are so while planning.
	newFlag bool
	unknown []string
}

// "When a value is written", from the plan to the state: each situation ends as the table says.
func TestSecretValueIsWrittenAsDecided(t *testing.T) {
	t.Parallel()
	server := robototest.Start(t, robototest.Options{InMemory: true})
	count := 0
	for _, s := range decisions.All() {
		forms := []trial{{applied: configuredValue}}
		switch {
		case s.Value == decisions.ValueUnknown:
			forms[0].unknown = []string{"value_wo"}
		case s.Value == decisions.ValueNull && (s.Creates || s.Version == decisions.VersionRemoved):
			forms[0].applied = nil
		case s.Value == decisions.ValueNull && s.Version != decisions.VersionSame: // with it, null in the configuration itself is refused
			forms = append(forms, trial{})
		}
		if s.OtherChange && s.Stored == decisions.StoredSame {
			flag := forms[len(forms)-1]
			flag.newFlag = true
			forms = append(forms, flag)
			if s.DetectsDrift {
				flag.unknown = append(slices.Clone(flag.unknown), "detect_value_drift")
				forms = append(forms, flag)
			}
		}
		if s.Value == decisions.ValueGiven && !s.OtherChange && (s.Version == decisions.VersionChanged || s.Version == decisions.VersionAdded) {
			forms = append(forms, trial{applied: configuredValue, unknown: []string{"value_wo_version"}})
		}
		if s.Value != decisions.ValueNull && !s.Creates && s.Version == decisions.VersionNone {
			forms = append(forms, trial{unknown: forms[0].unknown})
		}
		for _, form := range forms {
			count++
			form.Core, form.Situation, form.name = protocol.NewCore(t, server), s, fmt.Sprintf("secret-%d", count)
			want := decisions.Find(s)
			turnsNull := form.applied == nil && s.Value != decisions.ValueNull
			if turnsNull { // which leaves everything as it is
				want.Writes, want.After = false, decisions.AfterKept
			}
			got, err := form.run(want.After)
			if turnsNull {
				want.Compares = got.Compares // the plan may, and the apply need not
			}
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("%+v, value_wo during apply: %v, the flag changes: %t, %q unknown: %v\nthe table (-) and what happened (+):\n%s",
					s, form.applied, form.newFlag, form.unknown, err, diff)
			}
		}
	}
}

// run plans and applies, and returns what happened. One ID can be that of several outcomes, of which want counts.
func (r *trial) run(want decisions.After) (got decisions.Outcome, err error) {
	known := r.prepare()
	planned, applied := maps.Clone(known), maps.Clone(known)
	applied["value_wo"] = r.applied
	for _, attribute := range r.unknown {
		planned[attribute] = unknown
	}
	before, versions := maps.Clone(r.State), len(r.Roboto.Versions(testOrg, r.name))
	r.Roboto.ResetRequests()

	s := r.MustStart()
	shown, _, out := s.Provider.Plan(r.Instance, planned)
	err = out.Err()
	if r.Creates {
		err = errors.Join(s.Validate(planned).Err(), err)
	}
	if err != nil && strings.Contains(err.Error(), "Missing Secret Value") {
		return decisions.Outcome{Refused: true}, nil
	} else if err != nil {
		return got, err
	}
	got.PlansUnknown = shown["version_id"] == unknown

	// Terraform plans again during apply, when all is known, and applies what is a change then.
	s = r.MustStart()
	shown, _, _ = s.Provider.Plan(r.Instance, known)
	plan, err := s.Plan(known)
	if err == nil && !reflect.DeepEqual(shown, before) {
		err = s.ApplyPlanned(plan.With(applied))
	}
	_, current, _ := r.Roboto.Value(testOrg, r.name)
	for after, id := range map[decisions.After]any{decisions.AfterKept: before["version_id"], decisions.AfterCurrent: current, decisions.AfterNull: nil} {
		if r.State["version_id"] == id && (got.After == "" || after == want) {
			got.After = after
		}
	}
	got.Compares = r.Roboto.Count(robototest.GetValue) > 0
	written := len(r.Roboto.Versions(testOrg, r.name)) - versions
	got.Writes = written > 0
	if written > 1 || r.Roboto.Count(robototest.GetCredentials) > 0 && written == 0 && !got.Compares {
		err = errors.Join(err, fmt.Errorf("credentials were requested, and %d versions written", written))
	}
	return got, err
}

// prepare brings secret and state into the situation, and returns the configuration.
func (r *trial) prepare() fields {
	config := fields{
		"name": r.name, "org_id": testOrg, "value_wo": configuredValue,
		"value_wo_version": map[decisions.Version]any{
			decisions.VersionSame: "1", decisions.VersionAdded: "1", decisions.VersionChanged: "2",
		}[r.Version],
	}
	if r.Value == decisions.ValueNull {
		config["value_wo"] = nil
	}
	if r.DetectsDrift {
		config["detect_value_drift"] = true
	}
	if r.Creates {
		return config
	}

	r.Roboto.AddSecret(testOrg, r.name)
	old := strings.Repeat("0", 32)
	if r.Stored != decisions.StoredNone {
		old = r.Roboto.SetValue(testOrg, r.name, "an old value")
		current := map[decisions.Stored]string{decisions.StoredSame: configuredValue, decisions.StoredDiffers: "another value"}[r.Stored]
		r.Roboto.SetValue(testOrg, r.name, current)
	}
	r.Must(r.ImportID(r.name + "@" + testOrg))
	r.Must(r.MustStart().Refresh())
	_, current, _ := r.Roboto.Value(testOrg, r.name)
	r.State["version_id"] = map[decisions.VersionID]any{decisions.IDCurrent: current, decisions.IDOld: old}[r.VersionID]
	if r.Version != decisions.VersionNone && r.Version != decisions.VersionAdded {
		r.State["value_wo_version"] = "1"
	}
	r.State["detect_value_drift"] = config["detect_value_drift"]
	switch {
	case r.newFlag:
		r.State["detect_value_drift"] = !r.DetectsDrift
	case r.OtherChange:
		r.State["deletion_protection"] = false
	}
	return config
}
