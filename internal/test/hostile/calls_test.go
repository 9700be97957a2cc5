// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package hostile

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/hashicorp/terraform-plugin-log/tflogtest"
	"github.com/hashicorp/terraform-plugin-log/tfsdklogtest"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

const (
	disguisedKey   = `rbt_Kanarienvogel+47/11<"&'>Zaun%\koenig=Ende`
	disguisedValue = `{"kanarienvogel":"Zaunkönig<4711>&\"x\"","pin":["Rotkehlchen+/=%", 8765309]}`
)

// known is what the services know, by what it is.
type known map[string]string

func knownTo(server *robototest.Server) known {
	k := known{"API key": server.APIKey(), "value": disguisedValue}
	if issued := server.IssuedCredentials(); len(issued) > 0 {
		latest := issued[len(issued)-1]
		k["access key ID"], k["secret access key"], k["session token"] = latest.AccessKeyID, latest.SecretAccessKey, latest.SessionToken
	}
	return k
}

// in tells what is known of which a text holds eight bytes in a row, and where, or "".
func (k known) in(text string) string {
	const length = 8
	pieces := map[string]string{}
	for what, secret := range k {
		for _, form := range formsOf(secret) {
			for i := 0; i+length <= len(form); i++ {
				pieces[form[i:i+length]] = what
			}
		}
	}
	for i := 0; i+length <= len(text); i++ {
		if what := pieces[text[i:i+length]]; what != "" {
			return fmt.Sprintf("a part of the %s is left in %q", what, text[max(0, i-200):min(len(text), i+200)])
		}
	}
	return ""
}

// formsOf are the forms in which a secret may be left.
func formsOf(secret string) []string {
	inJSON, _ := json.Marshal(secret) // a string can always be encoded
	forms := []string{
		secret, string(inJSON), strconv.Quote(secret), html.EscapeString(secret),
		url.QueryEscape(secret), url.PathEscape(secret), hex.EncodeToString([]byte(secret)),
	}
	for before := range 3 {
		forms = append(forms, base64.RawStdEncoding.EncodeToString(append(make([]byte, before), secret...)))
	}
	return forms
}

// scene is a Roboto in memory, and a secret that Terraform works on.
type scene struct {
	*protocol.Core
	config protocol.Fields
}

// act is what is done in a scene. It returns what can be seen of it.
type act func(*scene) []any

func refresh(s *scene) []any {
	session := s.MustStart()
	imported, importing := session.Import("db@"+robototest.DefaultOrg, nil)
	current, reading := session.Provider.Read(imported)
	planned, _, planning := session.Provider.Plan(current, protocol.Fields{"name": "db", "org_id": robototest.DefaultOrg, "detect_value_drift": true})
	found, finding := session.ReadDataSource(protocol.TypeSecret, protocol.Fields{"name": "db", "org_id": robototest.DefaultOrg})
	return []any{imported, importing, current, reading, planned, planning, found, finding}
}

// compare plans for a value without a version, and looks for drift of one with a version.
func compare(s *scene) (seen []any) {
	for _, change := range []protocol.Fields{{"value_wo_version": nil}, {"value_wo_version": "1", "detect_value_drift": true}} {
		s.Roboto.DeleteSecret(robototest.DefaultOrg, "new")
		maps.Copy(s.config, change)
		seen = append(seen, create(s)...)
		_, err := s.PlanIsEmpty(s.config)
		seen = append(seen, err, s.Instance, s.Warning)
	}
	return seen
}

// readValue reads the value for the configuration, and its version.
func readValue(s *scene) []any {
	_, opening := s.MustStart().Provider.OpenEphemeral(protocol.Fields{"name": "db", "org_id": robototest.DefaultOrg}) // the result is the value
	found, reading := s.MustStart().ReadDataSource(protocol.TypeSecret, protocol.Fields{"name": "db", "org_id": robototest.DefaultOrg, "read_version_id": true})
	return []any{opening, found, reading}
}

func list(s *scene) []any {
	session := s.MustStart()
	found, out := session.ReadDataSource(protocol.TypeSecrets, protocol.Fields{"org_id": robototest.DefaultOrg})
	seen := []any{found, out}
	for result := range session.List(protocol.Listing{Config: protocol.Fields{"org_id": robototest.DefaultOrg}, IncludeResource: true}) {
		seen = append(seen, result.Outcome, result.DisplayName, result.Identity, result.Resource)
	}
	return seen
}

// create may have to delete a record again.
func create(s *scene) []any {
	s.Instance, s.Tainted = protocol.Instance{}, false
	err := s.Apply(s.config)
	return []any{err, s.Instance, s.Warning}
}

func createLost(s *scene) []any {
	s.Roboto.Inject(robototest.Fault{Operation: robototest.CreateSecret, Drop: true, After: true})
	return create(s)
}

// createRefused has AWS refuse the value, so that the record is deleted again.
func createRefused(s *scene) []any {
	s.Roboto.Inject(robototest.Fault{Operation: robototest.PutValue, AWSError: "InvalidParameterException"})
	return create(s)
}

func destroy(s *scene) []any {
	session := s.MustStart()
	imported, _ := session.Import("db@"+robototest.DefaultOrg, nil)
	current, _ := session.Provider.Read(imported)
	current, out := session.TryApply(current, nil)
	return []any{current, out}
}

func organizations(s *scene) []any {
	session := s.MustStart()
	found, out := session.ReadDataSource(protocol.TypeOrganizations, nil)
	_, several := session.ReadDataSource(protocol.TypeSecrets, nil) // which names them all
	return []any{found, out, several}
}

func invoke(s *scene) []any {
	config := protocol.Fields{"name": "check", "org_id": robototest.DefaultOrg}
	progress, err := s.RunAction(config)
	config["parameter_values"] = map[string]any{"unknown": "x"} // the error names those that there are
	_, unknown := s.RunAction(config)
	return []any{progress, err, unknown}
}

// cancel invokes an action that takes longer than is waited for.
func cancel(s *scene) []any {
	progress, err := s.RunAction(protocol.Fields{
		"name": "hang", "org_id": robototest.DefaultOrg, "wait_timeout": "1m",
		"parameter_values": map[string]any{"key": "roboto-secret://db@" + robototest.DefaultOrg},
	})
	return []any{progress, err}
}

// call is one of the provider's requests.
type call struct {
	name      string
	operation robototest.Operation
	act       act
	// shown are the fields of the answer whose text gets to diagnostics, state, plan, progress or log.
	shown string
}

var calls = []call{
	{"create", robototest.CreateSecret, create, "data.created_by data.location.arn"},
	{"who the caller is, after a create", robototest.GetUser, createLost, ""},
	{"credentials for a create", robototest.GetCredentials, create, ""},
	{"credentials to read", robototest.GetCredentials, readValue, ""},
	{"write", robototest.PutValue, create, ""},
	{"undo of a create", robototest.DeleteSecret, createRefused, ""},
	{"record", robototest.GetSecret, refresh, "data.created_by data.location.arn data.modified_by"},
	{"comparison", robototest.GetValue, compare, ""},
	{"value and version", robototest.GetValue, readValue, "VersionId"},
	{"deletion", robototest.DeleteSecret, destroy, ""},
	{"listing", robototest.ListSecrets, list, "data.items.created_by data.items.location.arn data.items.modified_by data.items.name"},
	{"organizations", robototest.ListOrgs, organizations, "data.name data.org_id data.status data.tier"},
	{"action", robototest.GetAction, invoke, "data.parameters.name"},
	{"secret of an action", robototest.GetSecret, cancel, ""},
	{"invocation", robototest.InvokeAction, invoke, "data.invocation_id data.status.detail"},
	{"status of an invocation", robototest.GetInvocation, invoke, "data.status.detail"},
	{"cancel of an invocation", robototest.CancelInvocation, cancel, ""},
}

func (c call) toAWS() bool {
	return c.operation == robototest.PutValue || c.operation == robototest.GetValue
}

// loggedTB gives all calls of the provider a logger.
type loggedTB struct {
	testing.TB
	ctx context.Context //nolint:containedctx // that of the test
}

func (l loggedTB) Context() context.Context { return l.ctx }

// leftBy acts while a service changes its answers to a call by a text. With noEffect, it refuses the
// requests. It returns all that is left, which is diagnostics, states, plans, progress and log, and
// what was known in the end.
func (c call) leftBy(t *testing.T, noEffect bool, text func(known) string, change func(answer []byte, text string) []byte) (left string, k known) {
	var seen, log, frameworkLog bytes.Buffer
	tb := loggedTB{t, tfsdklogtest.RootLogger(tflogtest.RootLogger(t.Context(), &log), &frameworkLog)}
	server := robototest.Start(tb, robototest.Options{InMemory: true, APIKey: disguisedKey, Orgs: []string{robototest.DefaultOrg, "og_other"}})
	server.AllowViolations() // what is repeated to a service counts as one
	server.AddSecret(robototest.DefaultOrg, "db")
	server.AddRecord(robototest.Record{OrgID: robototest.DefaultOrg, Name: "\x1b", CreatedBy: "x"}) // listings leave it out
	server.SetValue(robototest.DefaultOrg, "db", disguisedValue)
	parameters := []robototest.Parameter{{Name: "key"}}
	server.AddAction(robototest.Action{Name: "check", Fails: "No.", Parameters: parameters})
	server.AddAction(robototest.Action{Name: "hang", Hang: true, Parameters: parameters})
	s := &scene{protocol.NewCore(tb, server), protocol.Fields{
		"name": "new", "org_id": robototest.DefaultOrg, "value_wo": disguisedValue, "value_wo_version": "1",
	}}
	s.Settings["max_attempts"] = 2
	changed := false
	fault := robototest.Fault{Operation: c.operation, Wire: func(answer []byte) []byte {
		answer = change(answer, text(knownTo(server)))
		changed = true
		return answer
	}}
	if noEffect {
		fault.Message = "Refused."
	}
	server.Inject(fault)
	for _, part := range c.act(s) {
		if out, ok := part.(protocol.Outcome); ok {
			part = fmt.Sprint(out.Err(), out.Warning())
		}
		fmt.Fprintf(&seen, "\n%v", part)
		if instance, ok := part.(protocol.Instance); ok {
			fmt.Fprintf(&seen, "\n%s", instance.Private)
		}
	}
	if synctest.Wait(); !changed {
		t.Errorf("there was no answer to %s", c.operation)
	}
	if log.Len() == 0 || frameworkLog.Len() == 0 {
		t.Error("there is no log")
	}
	for _, violation := range server.Violations() {
		if strings.Contains(violation, "carries a secret value") {
			t.Error(violation)
		}
	}
	return seen.String() + log.String() + frameworkLog.String(), knownTo(server)
}
