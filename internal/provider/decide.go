// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
)

// facts are all that a plan depends on.
type facts struct {
	// plan is nil if the secret is deleted, and state if there is none yet.
	config secretModel
	plan   *secretModel
	state  *secretModel
	// configuredOrg is the organization of the provider block or the environment, or "".
	configuredOrg string

	// The rest is nil until decide asks for it. remembered is what this process has seen and
	// planned before.
	defaultOrg *defaultOrg
	remembered *remembered
	stored     *storedValue
}

// defaultOrg is the default organization.
type defaultOrg struct {
	// id is "" if it cannot be known while planning.
	id string
}

// storedValue is how the stored value compares with the configured one.
type storedValue struct {
	same bool
	// versionID is that of the current version, or "" if there is no value, or no secret.
	versionID string
}

// decision is what a plan shows.
type decision struct {
	// need is what decide has to know first. If it is not needNothing, the rest is not set.
	need need
	// orgID is the organization of a secret that is created.
	orgID types.String
	// versionID is unknown if the value will be written, or may be.
	versionID types.String
	// nullValue: Update must not write the value.
	nullValue bool
	// notices are refusals and warnings.
	notices []*notice
}

type need int

const (
	needNothing need = iota
	needDefaultOrg
	needRemembered
	needStoredValue
)

// decide is what is decided about a secret while planning. It makes no call: the caller finds
// out what is needed and asks again.
func decide(f facts) decision {
	deletes := f.plan == nil || f.state != nil && replaces(*f.plan, *f.state)
	creates := f.state == nil || deletes && f.plan != nil
	switch {
	case deletes && f.state.DeletionProtection.ValueBool():
		return decision{notices: []*notice{noticeProtected}}
	case creates && f.config.OrgID.IsNull() && f.defaultOrg == nil:
		return decision{need: needDefaultOrg}
	case f.remembered == nil:
		return decision{need: needRemembered}
	case f.remembered.conflict:
		return decision{notices: []*notice{noticeKeptElsewhere}}
	case deletes && creates:
		return f.decideReplacement()
	case deletes:
		return f.decideDelete()
	case creates:
		return f.decideCreate()
	}
	return f.decideUpdate()
}

// createdRef is the secret that the plan creates. It returns false if that is not known yet.
func (f facts) createdRef() (roboto.SecretRef, bool) {
	if f.plan == nil {
		return roboto.SecretRef{}, false
	}
	ref := f.plan.ref()
	if f.config.OrgID.IsNull() && f.defaultOrg != nil {
		ref.OrgID = f.defaultOrg.id
	}
	return ref, ref.Name != "" && ref.OrgID != ""
}

func (f facts) decideDelete() decision {
	d := decision{}.with(f.recreated())
	// While applying, Terraform plans the deletion of a deposed object once more.
	if !f.remembered.applying {
		d = d.with(f.lostValue())
	}
	return d
}

func (f facts) decideCreate() decision {
	// A value may be null while planning and not during apply, as terraform.applying makes it.
	d := decision{orgID: f.plan.OrgID, versionID: types.StringUnknown()}
	if f.config.OrgID.IsNull() && f.defaultOrg.id != "" {
		d.orgID = types.StringValue(f.defaultOrg.id)
	}
	d = d.with(f.recreated()).with(nameNotice(f.plan.Name)).with(f.lineBreak())
	// It is tainted, or replaced by -replace.
	if f.remembered.refreshed && f.config.ValueWO.IsNull() {
		d = d.with(noticeNoValueAgain)
	}
	return d
}

// decideReplacement gives all notices of a replacement. Terraform plans the create too, and drops
// its warnings.
func (f facts) decideReplacement() decision {
	d := f.decideDelete()
	d = d.with(f.lineBreak())
	d.orgID, d.versionID = f.plan.OrgID, types.StringUnknown()
	if !f.plan.Name.Equal(f.state.Name) {
		d = d.with(nameNotice(f.plan.Name))
	}
	if f.config.OrgID.IsNull() && f.defaultOrg.id != "" && f.defaultOrg.id != f.state.OrgID.ValueString() {
		d = d.with(noticeMoves)
	}
	return d
}

// decideUpdate decides about a secret that stays: "When a value is written". What is unknown
// counts as changed.
func (f facts) decideUpdate() decision {
	var (
		config, plan, state = f.config, *f.plan, *f.state
		newVersion          = !config.ValueWOVersion.Equal(state.ValueWOVersion)
		versioned           = !config.ValueWOVersion.IsNull() || !state.ValueWOVersion.IsNull()
		changes             = newVersion || !plan.DetectValueDrift.Equal(state.DetectValueDrift) || !plan.DeletionProtection.Equal(state.DeletionProtection)
		detectsDrift        = config.DetectValueDrift.ValueBool() || config.DetectValueDrift.IsUnknown()

		keep  = decision{orgID: plan.OrgID, versionID: state.VersionID}
		write = decision{orgID: plan.OrgID, versionID: types.StringUnknown()}
	)
	if f.remembered.refreshed {
		write = write.with(f.lineBreak())
	}
	if config.OrgID.IsNull() && f.remembered.refreshed && f.configuredOrg != "" && f.configuredOrg != state.OrgID.ValueString() {
		keep, write = keep.with(noticeOtherDefault), write.with(noticeOtherDefault)
	}
	switch {
	case config.ValueWO.IsNull() && newVersion && !config.ValueWOVersion.IsNull():
		return decision{notices: []*notice{noticeMissingValue}}
	case config.ValueWO.IsNull() && changes && (newVersion || !versioned):
		write.nullValue = true
		return write
	case config.ValueWO.IsNull():
		return keep
	case newVersion, versioned && detectsDrift && state.VersionID.IsNull():
		return write.with(f.overwritten())
	case versioned:
		return keep
	case config.ValueWO.IsUnknown(), changes && !f.remembered.refreshed:
		// There is nothing to compare, or the comparison could only add a warning.
		return write
	case f.stored == nil:
		return decision{need: needStoredValue}
	case !f.stored.same:
		return write.with(f.overwritten())
	case changes, !state.VersionID.IsNull() && state.VersionID.ValueString() != f.stored.versionID:
		// Terraform plans again during apply, and the comparison may have another result by then:
		// an update must not promise a version. The same value in another version is an update
		// that writes nothing.
		return write
	}
	return keep
}

func (d decision) with(n *notice) decision {
	if n != nil {
		d.notices = append(d.notices, n)
	}
	return d
}

// recreated is the warning of a secret that is deleted at one address, while one of its name is
// created at another.
func (f facts) recreated() *notice {
	if f.remembered.recreated.Name != "" {
		return noticeAddressChanged
	}
	return nil
}

func nameNotice(name types.String) *notice {
	if name.IsUnknown() || roboto.ResolvableName(name.ValueString()) {
		return nil
	}
	return noticeNameUnresolvable
}

// lineBreak is the warning of a value of one line that ends with a line break, as many files do.
func (f facts) lineBreak() *notice {
	line, ends := strings.CutSuffix(f.config.ValueWO.ValueString(), "\n")
	if !ends || strings.Contains(line, "\n") {
		return nil
	}
	return noticeLineBreak
}

// lostValue is the warning of a value that the configuration cannot write again. Terraform does
// not show the provider the configuration of a resource that it deletes, so the state has to do.
func (f facts) lostValue() *notice {
	replaced, unwritten := f.plan != nil, f.state.VersionID.IsNull()
	switch {
	case replaced && f.config.ValueWO.IsNull() && f.config.ValueWOVersion.IsNull():
		return noticeNoValueAgain
	case unwritten && replaced:
		return noticeReplacedLost
	case unwritten:
		return noticeLost
	}
	return nil
}

// overwritten is the warning of a write to a value that Terraform did not write. Only a process
// that refreshed the secret warns: Terraform plans again during apply.
func (f facts) overwritten() *notice {
	switch {
	case !f.remembered.refreshed:
		return nil
	case f.stored != nil && (f.stored.versionID == "" || f.stored.versionID == f.state.VersionID.ValueString()):
		return nil
	case f.stored != nil, driftFound(*f.state):
		return noticeOverwritten
	case f.state.VersionID.IsNull():
		return noticeMayBeOverwritten
	}
	return nil
}

// afterNullValue is the version ID after an update that leaves the value alone. It goes with a
// version that was removed. Without one, a removed value looks like an ignored one.
func afterNullValue(plan, state secretModel) types.String {
	if plan.ValueWOVersion.IsNull() && !state.ValueWOVersion.IsNull() {
		return types.StringNull()
	}
	return state.VersionID
}

// replaces reports whether the plan deletes the secret and creates another one.
func replaces(plan, state secretModel) bool {
	return !plan.Name.Equal(state.Name) || !plan.OrgID.Equal(state.OrgID)
}

// driftFound reports whether a refresh found another value. Only that clears the version ID
// of a value with a version.
func driftFound(state secretModel) bool {
	return !state.ValueWOVersion.IsNull() && state.VersionID.IsNull()
}
