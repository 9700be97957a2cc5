// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"maps"
	"reflect"
	"strings"
	"testing"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/decisions"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// "When a value is written", from the plan to the state: each situation ends as the table says.
func TestSecretValueIsWrittenAsDecided(t *testing.T) {
	t.Parallel()
	server := robototest.Start(t, robototest.Options{InMemory: true})
	count := 0
	for _, s := range decisions.All() {
		// An ignored value is null while planning, and not during apply.
		applied := []any{configuredValue}
		if s.Value == decisions.ValueNull {
			applied = []any{nil}
			if !s.Creates && s.Version != decisions.VersionRemoved {
				applied = append(applied, configuredValue)
			}
			if s.Version == decisions.VersionSame { // null in the configuration itself, it is refused
				applied = applied[1:]
			}
		}
		for _, value := range applied {
			count++
			c := protocol.NewCore(t, server)
			trial := &valueTrial{Core: c, situation: s, name: fmt.Sprintf("secret-%d", count), server: server}
			if problem := trial.run(value); problem != "" {
				t.Errorf("%+v, with the value %v during apply: %s", s, value, problem)
			}
		}
	}
}

// A value that turns out to be null during apply leaves everything as it is.
func TestSecretValueThatIsNullDuringApply(t *testing.T) {
	server := robototest.Start(t, robototest.Options{InMemory: true})
	c := protocol.NewCore(t, server)
	c.Must(c.Apply(fields{"name": "db", "value_wo": configuredValue}))
	before := maps.Clone(c.State)
	for _, planned := range []any{"another value", unknown} {
		s := c.MustStart()
		plan, err := s.Plan(fields{"name": "db", "value_wo": planned, "deletion_protection": true})
		c.Must(err)
		c.Must(s.ApplyPlanned(plan.With(fields{"name": "db", "deletion_protection": true})))
		if versions := server.Versions(testOrg, "db"); len(versions) != 1 || c.State["version_id"] != before["version_id"] {
			t.Errorf("version_id is %v, and there are %d versions", c.State["version_id"], len(versions))
		}
	}
}

const configuredValue = "the configured value"

// valueTrial is a secret in one situation.
type valueTrial struct {
	*protocol.Core
	situation decisions.Situation
	name      string
	server    *robototest.Server
}

// run plans and applies, and returns what is not as the table says.
func (v *valueTrial) run(valueDuringApply any) (problem string) {
	planned := v.prepare()
	want := decisions.Find(v.situation)
	before := maps.Clone(v.State)
	versions := len(v.server.Versions(testOrg, v.name))
	v.server.ResetRequests()

	s := v.MustStart()
	if v.situation.Creates && want.Refused {
		if s.Validate(planned).Err() == nil {
			return "the configuration is valid"
		}
		return ""
	}
	shown, _, out := s.Provider.Plan(v.Instance, planned)
	if refused := out.Err() != nil && strings.Contains(out.Err().Error(), "Missing Secret Value"); refused || want.Refused {
		if refused != want.Refused {
			return fmt.Sprintf("refused: %v, %v", refused, out.Err())
		}
		return ""
	}
	if isUnknown := shown["version_id"] == unknown; isUnknown != want.PlansUnknown {
		return fmt.Sprintf("version_id is planned as %v", shown["version_id"])
	}

	applied := maps.Clone(planned)
	applied["value_wo"] = valueDuringApply
	s = v.MustStart()
	if v.situation.Value == decisions.ValueUnknown { // by now it is known
		planned = applied
		shown, _, _ = s.Provider.Plan(v.Instance, planned)
	}
	plan, err := s.Plan(planned)
	if err == nil && !reflect.DeepEqual(shown, before) {
		err = s.ApplyPlanned(plan.With(applied))
	}
	if err != nil {
		return err.Error()
	}

	_, current, _ := v.server.Value(testOrg, v.name)
	after := map[decisions.After]any{decisions.AfterKept: before["version_id"], decisions.AfterCurrent: current, decisions.AfterNull: nil}[want.After]
	written := len(v.server.Versions(testOrg, v.name)) - versions
	compared := v.server.Count(robototest.GetValue) > 0
	switch {
	case v.State["version_id"] != after:
		return fmt.Sprintf("version_id is %v, want %v", v.State["version_id"], after)
	case written != 0 && !want.Writes || written != 1 && want.Writes:
		return fmt.Sprintf("%d versions were written", written)
	case compared != want.Compares:
		return fmt.Sprintf("the value was compared: %v", compared)
	case v.server.Count(robototest.GetCredentials) > 0 && !want.Writes && !want.Compares:
		return "there was a request for credentials"
	}
	return ""
}

// prepare brings secret and state into the situation, and returns the configuration.
func (v *valueTrial) prepare() fields {
	s := v.situation
	config := fields{"name": v.name, "org_id": testOrg}
	switch s.Value {
	case decisions.ValueGiven:
		config["value_wo"] = configuredValue
	case decisions.ValueUnknown:
		config["value_wo"] = unknown
	case decisions.ValueNull:
	}
	if s.DetectsDrift {
		config["detect_value_drift"] = true
	}
	switch s.Version {
	case decisions.VersionNone, decisions.VersionRemoved:
	case decisions.VersionSame, decisions.VersionAdded:
		config["value_wo_version"] = "1"
	case decisions.VersionChanged:
		config["value_wo_version"] = "2"
	}
	if s.Creates {
		return config
	}

	v.server.AddSecret(testOrg, v.name)
	old := strings.Repeat("0", 32)
	switch s.Stored {
	case decisions.StoredNone:
	case decisions.StoredSame:
		old = v.server.SetValue(testOrg, v.name, "an old value")
		v.server.SetValue(testOrg, v.name, configuredValue)
	case decisions.StoredDiffers:
		old = v.server.SetValue(testOrg, v.name, "an old value")
		v.server.SetValue(testOrg, v.name, "another value")
	}
	v.Must(v.ImportID(v.name + "@" + testOrg))
	v.Must(v.MustStart().Refresh())
	switch s.VersionID {
	case decisions.IDNull:
	case decisions.IDCurrent:
		_, v.State["version_id"], _ = v.server.Value(testOrg, v.name)
	case decisions.IDOld:
		v.State["version_id"] = old
	}
	switch s.Version {
	case decisions.VersionNone, decisions.VersionAdded:
	case decisions.VersionSame, decisions.VersionChanged, decisions.VersionRemoved:
		v.State["value_wo_version"] = "1"
	}
	v.State["detect_value_drift"] = config["detect_value_drift"]
	if s.OtherChange {
		v.State["deletion_protection"] = false
	}
	return config
}
