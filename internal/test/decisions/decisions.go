// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// Package decisions says when a value is written. It imports nothing of the provider, so that the
// provider can be tested against it.
package decisions

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

// Find returns the outcome of a situation.
func Find(s Situation) Outcome {
	var (
		refused   = Outcome{Refused: true}
		nothing   = Outcome{After: AfterKept}
		forgets   = Outcome{PlansUnknown: true, After: AfterNull}
		writes    = Outcome{PlansUnknown: true, Writes: true, After: AfterCurrent}
		takesOver = Outcome{PlansUnknown: true, Compares: true, After: AfterCurrent}
	)
	switch hasValue := s.Value != ValueNull; {
	case s.Creates && hasValue:
		return writes
	case s.Creates && s.Version == VersionNone:
		return forgets
	case s.Creates: // with a version, and nothing to write
		return refused

	case hasValue && s.Version == VersionNone && s.Stored != StoredSame:
		return Outcome{PlansUnknown: true, Compares: true, Writes: true, After: AfterCurrent}
	case hasValue && s.Version == VersionNone && (s.OtherChange || s.VersionID == IDOld):
		// An update without a version promises none, because it is planned again during apply. A value that is
		// current in another version is taken over.
		return takesOver
	case hasValue && s.Version == VersionNone:
		// What is not known while planning counts as different, until Terraform plans again during apply.
		return Outcome{PlansUnknown: s.Value == ValueUnknown, Compares: true, After: AfterKept}
	case hasValue && s.Version != VersionSame: // it changes, also from or to null
		return writes
	case hasValue && s.DetectsDrift && s.VersionID == IDNull: // the value has drifted, or was never written
		return writes
	case hasValue:
		return nothing

	case s.Version == VersionNone:
		// A removed value looks like an ignored one, and stays. An update without a version promises none,
		// because it is planned again during apply.
		return Outcome{PlansUnknown: s.OtherChange, After: AfterKept}
	case s.Version == VersionSame: // the value is ignored
		return nothing
	case s.Version == VersionRemoved: // the value is left to somebody else: version_id would name an old one some day
		return forgets
	}
	return refused // the version asks for a write, and there is nothing to write
}

// All returns all situations that can be.
func All() (all []Situation) {
	both := []bool{false, true}
	for _, value := range []Value{ValueGiven, ValueNull, ValueUnknown} {
		for _, version := range []Version{VersionNone, VersionAdded} {
			all = append(all, Situation{Creates: true, Value: value, Version: version, VersionID: IDNull, Stored: StoredNone})
		}
		for _, version := range []Version{VersionNone, VersionSame, VersionChanged, VersionAdded, VersionRemoved} {
			for _, id := range []VersionID{IDNull, IDCurrent, IDOld} {
				for _, stored := range []Stored{StoredSame, StoredDiffers, StoredNone} {
					if id == IDCurrent && stored == StoredNone {
						continue
					}
					for _, detectsDrift := range both {
						for _, otherChange := range both {
							all = append(all, Situation{false, value, version, detectsDrift, id, stored, otherChange})
						}
					}
				}
			}
		}
	}
	return all
}
