// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package lives

// expectation is how a plain apply has to end.
type expectation struct {
	// value is what is stored then.
	value string
	// writes is how often Terraform writes it.
	writes int
	// versionID is what the state says: the current version, or what it said before.
	versionID any
	isCurrent bool
	again     bool
}

// expectation is the table "When the value is written", for the state and the service as
// they are now.
func (w *world) expectation() expectation {
	state, tainted := w.core.State()
	config := w.config
	var known bool
	if state != nil {
		record, exists := w.roboto.Record(org, config.Name)
		known = exists && !tainted && state["name"] == config.Name && (state["arn"] == nil || state["arn"] == record.ARN)
	}
	if !known {
		if config.Value == "" {
			return expectation{}
		}
		return expectation{value: text(config.Value), writes: 1, isCurrent: true}
	}

	stored, current, _ := w.roboto.Value(org, config.Name)
	drift, _ := state["detect_value_drift"].(bool)
	versionID := state["version_id"]
	stateVersion, _ := state["value_wo_version"].(string)
	if drift && stateVersion != "" && versionID != nil && versionID != current {
		versionID = nil // found by the refresh
	}
	kept := expectation{value: stored, versionID: versionID}
	written := expectation{value: text(config.Value), writes: 1, isCurrent: true}
	switch {
	case config.Value == "":
		return expectation{value: stored}
	case config.Version != stateVersion:
		return written
	case config.Version != "" && config.Drift && versionID == nil:
		return written
	case config.Version != "":
		// A refresh uses the setting of the last apply.
		kept.again = config.Drift && !drift
		return kept
	case stored != text(config.Value):
		return written
	}
	same := expectation{value: stored, isCurrent: true}
	if versionID == nil && config.Drift == drift {
		return kept
	}
	return same
}

// judge compares the world with what is expected after a plain apply.
func (w *world) judge(want expectation) {
	state, tainted := w.core.State()
	for _, record := range w.roboto.Records(org) {
		if _, other := w.others[record.ARN]; !other && record.Name != w.config.Name {
			w.fail("the record %s is left", record.Name)
		}
	}
	if hasValue(w.core.Kept()) {
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
	if empty, err := w.core.PlanIsEmpty(w.config); err != nil || !empty {
		w.fail("the plan after it is not empty (empty: %v, error: %v)", empty, err)
	}
}
