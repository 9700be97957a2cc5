// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// patience is how long an error may take that no waiting changes.
const patience = 20 * time.Second

// TestAdviceHeals follows the advice of each error, and sees that it helps, and that it is needed.
func TestAdviceHeals(t *testing.T) {
	for _, entry := range catalog(deadHosts(t)) {
		for advice, follow := range entry.cures {
			t.Run(entry.title+"/"+advice, func(t *testing.T) {
				if follow != nil && entry.healedBy(t, nil) == nil {
					t.Error("the scene is healed without the advice")
				}
				if err := entry.healedBy(t, follow); err != nil {
					t.Errorf("the advice does not help: %v", err)
				}
			})
		}
	}
}

// healedBy returns why a new scene is not healed by a step, which may be nil.
func (e cataloged) healedBy(t *testing.T, follow step) (err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := e.happen(t)
		if s.took > patience && !s.late {
			t.Errorf("the error came after %s", s.took)
		}
		if follow != nil {
			follow(s)
		}
		err = s.healed()
	})
	return err
}

func (s *scene) notInState() map[string][]robototest.Version {
	others := map[string][]robototest.Version{}
	for _, orgID := range []string{testOrg, "og_other", "og_one", "og_two"} {
		for _, record := range s.Roboto.Records(orgID) {
			if record.ARN != s.State["arn"] {
				others[record.ARN] = s.Roboto.Versions(orgID, record.Name)
			}
		}
	}
	return others
}

// healed runs the operation, and checks what comes of it.
func (s *scene) healed() error {
	err := s.operation.do(s.operation.config)
	if title, _, _ := strings.Cut(s.said.Error(), "\n"); err == nil && strings.Contains(fmt.Sprint(s.Warning), title) {
		err = s.Warning
	}
	if err == nil && s.operation.applies {
		err = s.isRight()
	}
	if err != nil {
		return err
	}
	if arn, _ := s.State["arn"].(string); arn != "" {
		delete(s.others, arn) // it was imported
	}
	if now := s.notInState(); !reflect.DeepEqual(now, s.others) {
		return fmt.Errorf("of what is not in the state, the service has %v, and before %v", now, s.others)
	}
	for _, invocation := range s.Roboto.Invocations() {
		if invocation.Status() < robototest.Completed {
			return fmt.Errorf("the invocation %s still runs", invocation.ID)
		}
	}
	return nil
}

// isRight checks that the state is that of the configuration and of the service.
func (s *scene) isRight() error {
	if s.operation.config == nil {
		if s.State != nil {
			return errors.New("the secret is still in the state")
		}
		return nil
	}
	switch empty, err := s.PlanIsEmpty(s.operation.config); {
	case err != nil:
		return err
	case !empty || s.Warning != nil:
		return fmt.Errorf("the next plan is empty: %t, and warns: %w", empty, s.Warning)
	}
	wanted, managed := s.operation.config["value_wo"].(string)
	versions := 0
	if managed && s.operation.config["value_wo_version"] != nil {
		versions = 100 // any number
	}
	return disagreement(s.Core, cmp.Or(wanted, s.value), versions)
}

// The steps after an error, which an advice names. applies applies a configuration.
func applies(config fields) step {
	return func(s *scene) { s.operation = operation{config, s.Apply, true} }
}

// appliesSaved applies a plan of another organization.
func appliesSaved(s *scene) {
	s.operation = operation{config: renamedSecret, applies: true, do: func(config fields) error {
		now := s.Settings["org_id"]
		s.Settings["org_id"] = testOrg
		deletion, err := s.MustStart().PlanReplacement(renamedSecret)
		s.Must(err)
		s.Settings["org_id"] = now
		if err := s.MustStart().ApplyPlanned(deletion); err != nil {
			return err
		}
		return s.Apply(config)
	}}
}

// imports imports, and applies.
func imports(s *scene) {
	importID := s.operation.do
	s.operation.do = func(config fields) error {
		if err := importID(config); err != nil {
			return err
		}
		return s.Apply(bareSecret)
	}
}

// plans has the secret at as many addresses as there are configurations.
func plans(configs ...fields) step {
	return func(s *scene) {
		s.operation = operation{do: func(fields) error {
			if err := planAt(s.MustStart(), configs); err != nil {
				return err
			}
			warned, instance := s.Warning, s.Instance
			session := s.MustStart()
			for _, config := range configs {
				s.Instance = instance
				if err := session.Change(config); err != nil {
					return err
				}
			}
			s.Warning = warned
			return nil
		}}
	}
}

func all(steps ...step) step {
	return func(s *scene) {
		for _, follow := range steps {
			follow(s)
		}
	}
}

// recovers: whatever has gone wrong outside is right again.
func recovers(s *scene) {
	s.Roboto.ClearFaults()
	s.Roboto.Latency(0)
}

// elsewhere is what somebody does without Terraform.
func elsewhere(do func(*robototest.Server)) step {
	return func(s *scene) {
		do(s.Roboto)
		s.others = s.notInState()
	}
}

var (
	writeElsewhere = elsewhere(writeValue)
	addSecret      = elsewhere(func(r *robototest.Server) {
		r.AddSecret(testOrg, "db")
		writeValue(r)
	})
	addToOrgOne = elsewhere(func(r *robototest.Server) {
		r.AddSecret("og_one", "db")
		r.SetValue("og_one", "db", "written elsewhere")
	})
	addAction = elsewhere(func(r *robototest.Server) {
		r.AddAction(robototest.Action{Name: "check", Parameters: []robototest.Parameter{{Name: "key", Required: true}}})
	})
	deletedElsewhere = elsewhere(func(r *robototest.Server) { r.DeleteSecret(testOrg, "db") })
	handedOn         = elsewhere(handOn)
	setClock         = elsewhere(func(r *robototest.Server) { r.SetClock(0) })
	encodeStored     = elsewhere(func(r *robototest.Server) {
		stored, _, _ := r.Value(testOrg, "db")
		r.SetValue(testOrg, "db", base64.StdEncoding.EncodeToString([]byte(stored)))
	})
)

func addOrg(id string) step {
	return elsewhere(func(r *robototest.Server) { r.AddOrg(id, "Other Organization") })
}

func adds(names ...string) step {
	return elsewhere(func(r *robototest.Server) {
		for _, name := range names {
			r.AddSecret(testOrg, name)
		}
	})
}

func stores(value string) step {
	return elsewhere(func(r *robototest.Server) { r.SetValue(testOrg, "db", value) })
}

func unset(attribute string) step { return change(fields{attribute: nil}) }

func writeValue(r *robototest.Server) { r.SetValue(testOrg, "db", "written elsewhere") }

// correctSettings leads to the server.
func correctSettings(s *scene) {
	s.Vars, s.Settings, s.Dial = protocol.NewMachine(s.Roboto).Vars, fields{}, s.Roboto.DialContext
}

// repairConfigFile writes one in which the profile has a key.
func repairConfigFile(s *scene) {
	profile, _ := s.Settings["profile"].(string)
	s.Settings["config_file"] = filepath.Join(s.t.TempDir(), "config.json")
	content := fmt.Sprintf(`{"version": "v1", "profiles": {%q: {"api_key": %q, "endpoint": %q}}}`,
		cmp.Or(profile, "default"), s.Roboto.APIKey(), s.Roboto.Endpoint())
	s.Must(os.WriteFile(fmt.Sprint(s.Settings["config_file"]), []byte(content), 0o600))
}

// useOtherKey uses a key to which none of the faults happens.
func useOtherKey(s *scene) {
	first := "Bearer " + s.Roboto.APIKey()
	s.Roboto.ClearFaults()
	for _, fault := range s.faults {
		fault.Match = func(r robototest.Request) bool {
			return r.AWS() && fault.Operation != "" || r.Header.Get("Authorization") == first
		}
		s.Roboto.Inject(fault)
	}
	s.Vars["ROBOTO_API_KEY"] = s.Roboto.AddAPIKey(robototest.Grant{User: "colleague@example.com"})
}

// change changes the configuration.
func change(changes fields) step {
	return func(s *scene) {
		config := fields{}
		maps.Copy(config, s.operation.config)
		maps.Copy(config, changes)
		s.operation.config = config
	}
}

// importAsAdvised imports what the block in the error names.
func importAsAdvised(s *scene) {
	id, found := importBlockID(s.said.Error())
	if !found {
		s.t.Error("there is no import block")
	}
	s.Must(s.ImportID(id))
	s.value, _, _ = s.Roboto.Value(fmt.Sprint(s.State["org_id"]), fmt.Sprint(s.State["name"]))
}

// applyAndImport applies, which has to fail, and does what that error says.
func applyAndImport(s *scene) {
	s.said = s.operation.do(s.operation.config)
	if s.said == nil {
		s.t.Error("the apply does not fail")
	}
	importAsAdvised(s)
}

// applyWithout removes an attribute, and applies once without a refresh.
func applyWithout(attribute string) step {
	return func(s *scene) {
		config := maps.Clone(s.given)
		delete(config, attribute)
		s.Must(s.MustStart().Change(config))
		if s.operation.config != nil {
			s.operation.config = config
		}
	}
}

// forget removes the secret from the state and from the configuration.
func forget(s *scene) {
	s.Instance, s.operation.config = protocol.Instance{}, nil
	s.others = s.notInState()
}

// replace is what terraform apply -replace does.
func replace(s *scene) {
	session := s.MustStart()
	s.Must(session.Refresh())
	s.Must(session.ReplaceTainted(s.operation.config))
}

// setVersionWithOtherKey applies once with a key that may read and write the value.
func setVersionWithOtherKey(s *scene) {
	first := s.Vars["ROBOTO_API_KEY"]
	useOtherKey(s)
	change(fields{"value_wo_version": "1"})(s)
	s.Must(s.Apply(s.operation.config))
	s.Vars["ROBOTO_API_KEY"] = first
}

func untaint(s *scene) { s.Tainted = false }

// copyFirst creates the secret of the new name with the value of the old one, and then deletes that.
func copyFirst(s *scene) {
	writeValue(s.Roboto)
	read, err := s.OpenEphemeral(fields{"name": "db"})
	s.Must(err)
	change(fields{"value_wo": read["value"], "value_wo_version": "1"})(s)
	old := s.Instance
	s.Instance = protocol.Instance{}
	s.Must(s.Apply(s.operation.config))
	created := s.Instance
	s.Instance = old
	s.Must(s.Apply(nil))
	s.Instance = created
}

// keepOtherValue puts the stored value into the configuration.
func keepOtherValue(s *scene) {
	s.value, _, _ = s.Roboto.Value(testOrg, "db")
	change(fields{"value_wo": cmp.Or(s.value, canary)})(s)
}

// deleteOther deletes with Roboto's own tools what is not in the state.
func deleteOther(s *scene) {
	for _, record := range s.Roboto.Records(testOrg) {
		if _, other := s.others[record.ARN]; other {
			s.Roboto.DeleteSecret(record.OrgID, record.Name)
		}
	}
	s.others = s.notInState()
}

var invocationID = regexp.MustCompile(`\biv_[a-z0-9]+`)

// cancelInvocation cancels the invocation that the error names.
func cancelInvocation(s *scene) { s.Roboto.CancelInvocation(invocationID.FindString(s.said.Error())) }
