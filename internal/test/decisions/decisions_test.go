// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package decisions

import "testing"

// The order of the rows means nothing.
func TestEachSituationHasOneRow(t *testing.T) {
	found := make([]int, len(table))
	for _, s := range All() {
		var reasons []string
		for i, r := range table {
			if r.when(s) {
				found[i]++
				reasons = append(reasons, r.reason)
			}
		}
		if len(reasons) != 1 {
			t.Errorf("%+v has the rows %q, want one", s, reasons)
		}
	}
	for i, r := range table {
		if found[i] == 0 {
			t.Errorf("no situation has the row %q", r.reason)
		}
	}
}

func TestOutcomesAreConsistent(t *testing.T) {
	for _, s := range All() {
		if s.Value == ValueUnknown {
			known := s
			known.Value = ValueGiven
			o := Find(known)
			o.PlansUnknown = o.PlansUnknown || s.Version == VersionNone
			if Find(s) != o {
				t.Errorf("%+v has the outcome %+v, and ends as %+v if the value is known", s, Find(s), o)
			}
		}
		switch o := Find(s); {
		case o.Refused && o != Outcome{Refused: true}:
			t.Errorf("%+v is refused, and has an outcome: %+v", s, o)
		case o.Writes && (s.Value == ValueNull || o.After != AfterCurrent):
			t.Errorf("%+v writes nothing, or forgets its version: %+v", s, o)
		case o.After != AfterKept && !o.Refused && !o.PlansUnknown:
			t.Errorf("%+v changes version_id, and its plan does not say so: %+v", s, o)
		case o.Compares && (s.Version != VersionNone || s.Value == ValueNull || s.Creates):
			t.Errorf("%+v reads the value: %+v", s, o)
		}
	}
}
