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

func (s Situation) updates(version ...Version) bool {
	return !s.Creates && slices.Contains(version, s.Version)
}

func (s Situation) hasValue() bool { return s.Value != ValueNull }

// findsSame is whether an update without a version finds the same value stored, and nothing else changes.
func (s Situation) findsSame() bool {
	return s.updates(VersionNone) && s.hasValue() && s.Stored == StoredSame && !s.OtherChange
}

// row is a row of the table.
type row struct {
	reason  string
	outcome Outcome
	when    func(Situation) bool
}

var (
	refused   = Outcome{Refused: true}
	nothing   = Outcome{After: AfterKept}
	forgets   = Outcome{PlansUnknown: true, After: AfterNull}
	writes    = Outcome{PlansUnknown: true, Writes: true, After: AfterCurrent}
	differs   = Outcome{PlansUnknown: true, Compares: true, Writes: true, After: AfterCurrent}
	takesOver = Outcome{PlansUnknown: true, Compares: true, After: AfterCurrent}
)

// table has one row for each situation.
var table = []row{
	{"a create with a value writes it", writes, func(s Situation) bool { return s.Creates && s.hasValue() }},
	{"a create without a value writes nothing", forgets, func(s Situation) bool { return s.Creates && !s.hasValue() && s.Version == VersionNone }},
	{"a create with a version has nothing to write", refused, func(s Situation) bool { return s.Creates && !s.hasValue() && s.Version != VersionNone }},

	// Without value_wo.
	{
		"the version asks for a write, and there is nothing to write", refused,
		func(s Situation) bool { return !s.hasValue() && s.updates(VersionChanged, VersionAdded) },
	},
	{
		"the value is left to somebody else: version_id would name an old one some day", forgets,
		func(s Situation) bool { return !s.hasValue() && s.updates(VersionRemoved) },
	},
	{"an ignored value with a version stays", nothing, func(s Situation) bool { return !s.hasValue() && s.updates(VersionSame) }},
	{
		"a removed value without a version looks like an ignored one, and stays", nothing,
		func(s Situation) bool { return !s.hasValue() && s.updates(VersionNone) && !s.OtherChange },
	},
	{
		"an update without a version promises none, because it is planned again during apply",
		Outcome{PlansUnknown: true, After: AfterKept},
		func(s Situation) bool { return !s.hasValue() && s.updates(VersionNone) && s.OtherChange },
	},

	// With value_wo_version.
	{
		"the version changes, also from or to null", writes,
		func(s Situation) bool { return s.hasValue() && s.updates(VersionChanged, VersionAdded, VersionRemoved) },
	},
	{
		"the value has drifted, or was never written", writes,
		func(s Situation) bool {
			return s.hasValue() && s.updates(VersionSame) && s.DetectsDrift && s.VersionID == IDNull
		},
	},
	{
		"there is no drift", nothing,
		func(s Situation) bool {
			return s.hasValue() && s.updates(VersionSame) && s.DetectsDrift && s.VersionID != IDNull
		},
	},
	{"the same version asks for no write", nothing, func(s Situation) bool { return s.hasValue() && s.updates(VersionSame) && !s.DetectsDrift }},

	// Without value_wo_version.
	{"another value is stored, or none", differs, func(s Situation) bool { return s.hasValue() && s.updates(VersionNone) && s.Stored != StoredSame }},
	{
		"an update without a version promises none, because it is planned again during apply", takesOver,
		func(s Situation) bool {
			return s.hasValue() && s.updates(VersionNone) && s.Stored == StoredSame && s.OtherChange
		},
	},
	{"the same value is current in another version", takesOver, func(s Situation) bool { return s.findsSame() && s.VersionID == IDOld }},
	{
		"what is not known while planning counts as different, until Terraform plans again during apply",
		Outcome{PlansUnknown: true, Compares: true, After: AfterKept},
		func(s Situation) bool { return s.findsSame() && s.VersionID != IDOld && s.Value == ValueUnknown },
	},
	{
		"the same value is stored",
		Outcome{Compares: true, After: AfterKept},
		func(s Situation) bool { return s.findsSame() && s.VersionID != IDOld && s.Value == ValueGiven },
	},
}

// Find returns the outcome of a situation.
func Find(s Situation) Outcome {
	for _, r := range table {
		if r.when(s) {
			return r.outcome
		}
	}
	panic(fmt.Sprintf("the table has no row for %+v", s))
}

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
