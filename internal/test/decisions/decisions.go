// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// Package decisions is the table "When a value is written" as data. It imports nothing of the
// provider, so that the provider can be tested against it.
package decisions

import (
	"fmt"
	"slices"
)

// Situation is what a decision about the value of a secret depends on, after the refresh.
type Situation struct {
	// Creates is whether the secret is created, also as a replacement. Then only Value and
	// Version matter, and Version is VersionNone or VersionAdded.
	Creates bool
	Value   Value
	Version Version
	// DetectsDrift is detect_value_drift in the configuration.
	DetectsDrift bool
	// VersionID is version_id in the state. A refresh with detect_value_drift in the state has
	// made it null if another version is current.
	VersionID VersionID
	// Stored is how the stored value compares with value_wo. It does not matter if value_wo is
	// null.
	Stored Stored
	// OtherChange is whether detect_value_drift or deletion_protection changes.
	OtherChange bool
}

// Value is value_wo in the configuration, as Terraform shows it while planning.
type Value string

// The forms of value_wo.
const (
	ValueGiven Value = "value given"
	// ValueNull is one that is not set, or is hidden by ignore_changes. Unless it is hidden, a
	// version without a value is refused in any case. If terraform.applying keeps a value from the
	// plan alone, an update treats it as given: Terraform plans again during apply.
	ValueNull Value = "value null"
	// ValueUnknown is one that turns out to be given during apply.
	ValueUnknown Value = "value unknown"
)

// Version is value_wo_version in the configuration, compared with the state. An unknown one has
// changed, or was added.
type Version string

// The changes of value_wo_version.
const (
	VersionNone    Version = "no version"
	VersionSame    Version = "same version"
	VersionChanged Version = "changed version"
	VersionAdded   Version = "added version"
	VersionRemoved Version = "removed version"
)

// VersionID is version_id in the state.
type VersionID string

// What version_id can be.
const (
	IDNull VersionID = "version_id null"
	// IDCurrent is that of the current version of the value at AWS.
	IDCurrent VersionID = "version_id current"
	// IDOld is that of an earlier version.
	IDOld VersionID = "version_id old"
)

// Stored is how the current version of the value at AWS compares with value_wo.
type Stored string

// The results of a comparison.
const (
	StoredSame    Stored = "same value stored"
	StoredDiffers Stored = "other value stored"
	StoredNone    Stored = "no value stored"
)

// Outcome is what a plan and its apply do about the value.
type Outcome struct {
	// Refused is whether the plan is refused. Then the rest is not set.
	Refused bool
	// PlansUnknown is whether the plan shows version_id as known after apply.
	PlansUnknown bool
	// Compares is whether the stored value is read and compared. A plan that cannot do so because
	// value_wo is unknown, or need not because PlansUnknown is certain, leaves it to the apply.
	Compares bool
	// Writes is whether a new version of the value is stored.
	Writes bool
	// After is version_id in the state after the apply.
	After After
}

// After is version_id in the state after an apply.
type After string

// What version_id becomes.
const (
	// AfterKept is what it was before.
	AfterKept After = "kept"
	// AfterCurrent is that of the current version, which is a new one if the value was written.
	AfterCurrent After = "current"
	AfterNull    After = "null"
)

// row is a row of the table. A list that is nil stands for all.
type row struct {
	reason       string
	creates      bool
	value        []Value
	version      []Version
	detectsDrift []bool
	versionID    []VersionID
	stored       []Stored
	otherChange  []bool
	outcome      Outcome
}

var (
	yes = []bool{true}
	no  = []bool{false}

	set       = []Value{ValueGiven, ValueUnknown}
	null      = []Value{ValueNull}
	given     = []Value{ValueGiven}
	unknown   = []Value{ValueUnknown}
	versioned = []Version{VersionChanged, VersionAdded, VersionRemoved}

	refused   = Outcome{Refused: true}
	nothing   = Outcome{After: AfterKept}
	writes    = Outcome{PlansUnknown: true, Writes: true, After: AfterCurrent}
	differs   = Outcome{PlansUnknown: true, Compares: true, Writes: true, After: AfterCurrent}
	takesOver = Outcome{PlansUnknown: true, Compares: true, After: AfterCurrent}
)

// table has one row for each situation.
var table = []row{
	{
		reason: "a create with a value writes it", creates: true,
		value: set, outcome: writes,
	},
	{
		reason: "a create without a value writes nothing", creates: true,
		value: null, version: []Version{VersionNone}, outcome: Outcome{PlansUnknown: true, After: AfterNull},
	},
	{
		reason: "a create with a version has nothing to write", creates: true,
		value: null, version: []Version{VersionAdded}, outcome: refused,
	},

	// Without value_wo.
	{
		reason: "the version asks for a write, and there is nothing to write",
		value:  null, version: []Version{VersionChanged, VersionAdded}, outcome: refused,
	},
	{
		reason: "the value is left to somebody else: version_id would name an old one some day",
		value:  null, version: []Version{VersionRemoved}, outcome: Outcome{PlansUnknown: true, After: AfterNull},
	},
	{
		reason: "an ignored value with a version stays",
		value:  null, version: []Version{VersionSame}, outcome: nothing,
	},
	{
		reason: "a removed value without a version looks like an ignored one, and stays",
		value:  null, version: []Version{VersionNone}, otherChange: no, outcome: nothing,
	},
	{
		reason: "an update without a version promises none, because it is planned again during apply",
		value:  null, version: []Version{VersionNone}, otherChange: yes, outcome: Outcome{PlansUnknown: true, After: AfterKept},
	},

	// With value_wo_version.
	{
		reason: "the version changes, also from or to null",
		value:  set, version: versioned, outcome: writes,
	},
	{
		reason: "the value has drifted, or was never written",
		value:  set, version: []Version{VersionSame}, detectsDrift: yes, versionID: []VersionID{IDNull}, outcome: writes,
	},
	{
		reason: "there is no drift",
		value:  set, version: []Version{VersionSame}, detectsDrift: yes, versionID: []VersionID{IDCurrent, IDOld}, outcome: nothing,
	},
	{
		reason: "the same version asks for no write",
		value:  set, version: []Version{VersionSame}, detectsDrift: no, outcome: nothing,
	},

	// Without value_wo_version.
	{
		reason: "another value is stored, or none",
		value:  set, version: []Version{VersionNone}, stored: []Stored{StoredDiffers, StoredNone}, outcome: differs,
	},
	{
		reason: "an update without a version promises none, because it is planned again during apply",
		value:  set, version: []Version{VersionNone}, stored: []Stored{StoredSame}, otherChange: yes, outcome: takesOver,
	},
	{
		reason: "the same value is current in another version",
		value:  set, version: []Version{VersionNone}, stored: []Stored{StoredSame}, otherChange: no, versionID: []VersionID{IDOld}, outcome: takesOver,
	},
	{
		reason: "what is not known while planning counts as different, until Terraform plans again during apply",
		value:  unknown, version: []Version{VersionNone}, stored: []Stored{StoredSame}, otherChange: no, versionID: []VersionID{IDCurrent, IDNull},
		outcome: Outcome{PlansUnknown: true, Compares: true, After: AfterKept},
	},
	{
		reason: "the same value is stored",
		value:  given, version: []Version{VersionNone}, stored: []Stored{StoredSame}, otherChange: no, versionID: []VersionID{IDCurrent, IDNull},
		outcome: Outcome{Compares: true, After: AfterKept},
	},
}

// Find returns the outcome of a situation.
func Find(s Situation) Outcome {
	for _, r := range table {
		if r.matches(s) {
			return r.outcome
		}
	}
	panic(fmt.Sprintf("the table has no row for %+v", s))
}

func (r row) matches(s Situation) bool {
	return r.creates == s.Creates && has(r.value, s.Value) && has(r.version, s.Version) && has(r.detectsDrift, s.DetectsDrift) &&
		has(r.versionID, s.VersionID) && has(r.stored, s.Stored) && has(r.otherChange, s.OtherChange)
}

func has[T comparable](list []T, item T) bool { return list == nil || slices.Contains(list, item) }

// All returns all situations that can be.
func All() []Situation {
	var (
		all    []Situation
		values = []Value{ValueGiven, ValueNull, ValueUnknown}
		both   = []bool{false, true}
	)
	for _, value := range values {
		for _, version := range []Version{VersionNone, VersionAdded} {
			all = append(all, Situation{Creates: true, Value: value, Version: version, VersionID: IDNull, Stored: StoredNone})
		}
		for _, version := range []Version{VersionNone, VersionSame, VersionChanged, VersionAdded, VersionRemoved} {
			for _, detectsDrift := range both {
				for _, id := range []VersionID{IDNull, IDCurrent, IDOld} {
					for _, stored := range []Stored{StoredSame, StoredDiffers, StoredNone} {
						for _, otherChange := range both {
							if id == IDCurrent && stored == StoredNone {
								continue
							}
							all = append(all, Situation{
								Value: value, Version: version, DetectsDrift: detectsDrift, VersionID: id, Stored: stored, OtherChange: otherChange,
							})
						}
					}
				}
			}
		}
	}
	return all
}
