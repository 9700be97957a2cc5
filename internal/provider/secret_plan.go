// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import "github.com/hashicorp/terraform-plugin-framework/types"

// valueAction says what to do with the stored value of an existing secret.
type valueAction int

const (
	// keepValue: the stored value is left alone.
	keepValue valueAction = iota
	// writeValue: the value is written, whatever is stored.
	writeValue
	// compareValue: the value is written if it differs from the stored one.
	compareValue
)

// decideValueAction implements "When a value is written" for an existing secret.
// Unknown attributes count as changed.
func decideValueAction(config, state secretModel) valueAction {
	versioned := !config.ValueWOVersion.IsNull() || !state.ValueWOVersion.IsNull()
	switch {
	case config.ValueWO.IsNull():
		return keepValue
	case !config.ValueWOVersion.Equal(state.ValueWOVersion):
		return writeValue
	case versioned && state.VersionID.IsNull() && mayDetectDrift(config.DetectValueDrift):
		return writeValue
	case versioned:
		return keepValue
	}
	return compareValue
}

func mayDetectDrift(flag types.Bool) bool { return flag.ValueBool() || flag.IsUnknown() }

// replaces tells whether the plan destroys the secret and creates another one.
func replaces(plan, state secretModel) bool {
	return !plan.Name.Equal(state.Name) || !plan.OrgID.Equal(state.OrgID)
}

// updates tells whether an attribute other than the value changes.
func updates(plan, state secretModel) bool {
	return !plan.ValueWOVersion.Equal(state.ValueWOVersion) ||
		!plan.DetectValueDrift.Equal(state.DetectValueDrift) ||
		!plan.DeletionProtection.Equal(state.DeletionProtection)
}

// driftFound tells whether a refresh has found that another value was written elsewhere.
// Nothing else takes the version ID of a value with a version away.
func driftFound(state secretModel) bool {
	return !state.ValueWOVersion.IsNull() && state.VersionID.IsNull()
}

// wroteValue tells whether state shows that the configuration has, or had, a value.
func wroteValue(state secretModel) bool {
	return !state.ValueWOVersion.IsNull() || !state.VersionID.IsNull()
}
