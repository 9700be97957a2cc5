// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package lives

import (
	"fmt"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/decisions"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
)

// expectation is how a plain apply has to end.
type expectation struct {
	// value is what is stored then.
	value string
	// writes is how often Terraform writes it.
	writes int
	// versionID is what the state says: the current version if isCurrent is set.
	versionID any
	isCurrent bool
	// again is whether the plan after it finds drift.
	again bool
}

// expectation is what package decisions says of the state and the service as they are now.
func (w *world) expectation() expectation {
	situation, state := w.situation()
	outcome := decisions.Find(situation)
	want := expectation{isCurrent: outcome.After == decisions.AfterCurrent}
	switch {
	case outcome.Writes:
		want.value, want.writes = text(w.config.Value), 1
	case !situation.Creates:
		want.value, _, _ = w.roboto.Value(org, w.config.Name)
	}
	if outcome.After == decisions.AfterKept && situation.VersionID != decisions.IDNull {
		want.versionID = state["version_id"]
	}
	// A refresh uses the setting of the last apply.
	want.again = situation.Version == decisions.VersionSame && situation.DetectsDrift && state["detect_value_drift"] != true &&
		situation.VersionID == decisions.IDOld
	return want
}

// situation is what a plain apply decides about. There is no state if it creates the secret.
func (w *world) situation() (situation decisions.Situation, state protocol.Fields) {
	situation = decisions.Situation{
		Value: decisions.ValueGiven, Version: decisions.VersionNone, DetectsDrift: w.config.Drift,
		VersionID: decisions.IDNull, Stored: decisions.StoredNone,
	}
	if w.config.Value == "" {
		situation.Value = decisions.ValueNull
	}
	state, tainted := w.core.State, w.core.Tainted
	record, exists := w.roboto.Record(org, w.config.Name)
	if state == nil || !exists || tainted || state["name"] != w.config.Name || state["arn"] != record.ARN {
		situation.Creates = true
		if w.config.Version != "" {
			situation.Version = decisions.VersionAdded
		}
		return situation, nil
	}
	stateVersion, _ := state["value_wo_version"].(string)
	switch {
	case w.config.Version == stateVersion && stateVersion != "":
		situation.Version = decisions.VersionSame
	case w.config.Version == stateVersion:
	case stateVersion == "":
		situation.Version = decisions.VersionAdded
	case w.config.Version == "":
		situation.Version = decisions.VersionRemoved
	default:
		situation.Version = decisions.VersionChanged
	}
	drift, _ := state["detect_value_drift"].(bool)
	situation.OtherChange = drift != w.config.Drift
	value, current, stored := w.roboto.Value(org, w.config.Name)
	switch {
	case stored && value == text(w.config.Value):
		situation.Stored = decisions.StoredSame
	case stored:
		situation.Stored = decisions.StoredDiffers
	}
	switch versionID := state["version_id"]; {
	case versionID == nil:
	case versionID == current:
		situation.VersionID = decisions.IDCurrent
	case !drift || stateVersion == "": // the refresh does not look for drift
		situation.VersionID = decisions.IDOld
	}
	return situation, state
}

// judge compares the world with what is expected after a plain apply.
func (w *world) judge(want expectation) {
	state, tainted := w.core.State, w.core.Tainted
	for _, record := range w.roboto.Records(org) {
		if !w.others[record.ARN] && record.Name != w.config.Name {
			w.fail("the record %s is left", record.Name)
		}
	}
	if hasValue(fmt.Sprint(state, w.core.Identity, string(w.core.Private), w.core.Warning)) {
		w.fail("a value is kept or was printed")
	}
	if w.config.Name == "" {
		if state != nil {
			w.fail("the secret is still in the state")
		}
		return
	}
	record, exists := w.roboto.Record(org, w.config.Name)
	if !exists || state == nil || tainted {
		w.fail("the secret is not there")
		return
	}
	stored, current, _ := w.roboto.Value(org, w.config.Name)
	if want.isCurrent {
		want.versionID = current
	}
	if state["arn"] != record.ARN {
		w.fail("the state has another secret")
	}
	if stored != want.value {
		w.fail("the stored value is %q, want %q", stored, want.value)
	}
	if state["version_id"] != want.versionID {
		w.fail("version_id is %v, want %v; the current version is %s", state["version_id"], want.versionID, current)
	}
	if want.again {
		return
	}
	if empty, err := w.core.PlanIsEmpty(w.config.fields()); err != nil || !empty {
		w.fail("the plan after it is not empty (empty: %v, error: %v)", empty, err)
	}
}
