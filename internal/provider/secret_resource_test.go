// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// A changed default never moves or destroys existing secrets, imported ones included.
func TestSecretKeepsItsOrganization(t *testing.T) {
	env := newEnvironment(t)
	env.roboto.AddOrg("og_other", "Other")
	env.roboto.AddSecret(testOrg, "db")
	imported, _ := env.protocol(fields{"org_id": testOrg}).Import("db", nil)
	for variable, block := range map[string]fields{testOrg: {"org_id": "og_other"}, "og_other": nil} {
		p := env.with("ROBOTO_ORG_ID", variable).protocol(block)
		kept, out := p.Read(imported)
		p.Succeeds(out)
		p.Equal("identity", kept.Identity, identityOfDB)
		planned, replaces, out := p.Plan(kept, fields{"name": "db"})
		p.Succeeds(out)
		p.Equal("plan", planned, kept.State)
		p.Equal("replaced attributes", replaces, []string(nil))
	}
}

// Each operation sets the identity, also in a state that an older Terraform wrote.
func TestSecretIdentityIsSet(t *testing.T) {
	env := newEnvironment(t)
	p := env.protocol(fields{})
	created := p.Apply(instance{}, fields{"name": "db"})
	p.Equal("identity after create", created.Identity, identityOfDB)
	waiting := env.protocol(fields{"api_key": unknown}).Deferring()
	for _, before := range []fields{identityOfDB, nil} {
		p := env.protocol(fields{})
		prior := created
		prior.Identity = before
		refreshed, out := p.Read(prior)
		p.Succeeds(out)
		deferred, out := waiting.Read(prior)
		p.Defers(out)
		for name, read := range map[string]instance{"a read": refreshed, "a read that is deferred": deferred} {
			p.Equal("identity after "+name, read.Identity, identityOfDB)
			p.Equal("state after "+name, read.State, created.State)
		}
		updated := p.Apply(prior, fields{"name": "db", "detect_value_drift": true})
		p.Equal("identity after update", updated.Identity, identityOfDB)
	}
	env.roboto.DeleteSecret(testOrg, "db")
	gone, out := p.Read(created)
	p.Succeeds(out)
	p.Equal("state of what is gone", gone.State, fields(nil))
}

// The catalog of errors has more refusals, with their whole texts.
func TestSecretImportByIDOrIdentity(t *testing.T) {
	env := newEnvironment(t)
	arns := map[string]string{}
	for _, name := range []string{"db", "arn:db", "caf\u00e9", "cafe\u0301"} {
		arns[name] = env.roboto.AddSecret(testOrg, name).ARN
	}
	const byURI, badIdentity = "roboto-secret://", "The identity is not valid"
	notNFC := `must be in Unicode NFC, to which Terraform changes all text, and "cafe\u0301" is not`
	for name, test := range map[string]struct {
		id       string
		identity fields
		// want is the name of the secret, or "" if the import is refused with the texts.
		want  string
		texts []string
	}{
		"name":                          {id: "db", want: "db"},
		"name@org_id":                   {id: "db@og_test", want: "db"},
		"URI":                           {id: byURI + "db@og_test", want: "db"},
		"URI without org_id":            {id: byURI + "db", want: "db"},
		"URI of a name like an ARN":     {id: byURI + "arn:db@og_test", want: "arn:db"},
		"NFC":                           {id: "caf\u00e9", want: "caf\u00e9"},
		"not NFC":                       {id: "cafe\u0301", texts: []string{"Invalid Import ID", notNFC}},
		"organization's name":           {id: "db@My Org", texts: []string{"Invalid Import ID", "letters, digits"}},
		"identity":                      {identity: identityOfDB, want: "db"},
		"identity without org_id":       {identity: fields{"name": "db"}, want: "db"},
		"identity of one not there":     {identity: fields{"name": "nope"}, texts: []string{`There is no secret "nope" in the organization og_test`}},
		"identity with an empty name":   {identity: fields{"name": ""}, texts: []string{badIdentity, "must not be empty"}},
		"identity with a URI as a name": {identity: fields{"name": byURI + "db@og_test"}, texts: []string{badIdentity, `must not contain "@"`}},
		"identity with a bad org_id":    {identity: fields{"name": "db", "org_id": "My Org"}, texts: []string{badIdentity, "organization ID"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := env.in(t).protocol(fields{})
			imported, out := p.Import(test.id, test.identity)
			if out.Err() == nil {
				imported, out = p.Read(imported)
			}
			if test.want == "" {
				p.Fails(out, test.texts...)
				return
			}
			p.Succeeds(out)
			p.Equal("identity", imported.Identity, fields{"name": test.want, "org_id": testOrg})
			p.Equal("ARN", imported.State["arn"], arns[test.want])
		})
	}
}

// Drift is asked for only where a version was written, and a value that is gone is drift.
func TestSecretAsksForDriftOfWhatItWrote(t *testing.T) {
	env := newEnvironment(t)
	p := env.protocol(fields{})
	unversioned := p.Apply(instance{}, fields{"name": "db", "value_wo": "value", "detect_value_drift": true})
	watched := p.Apply(unversioned, fields{"name": "db", "value_wo": "value", "value_wo_version": "1", "detect_value_drift": true})
	env.roboto.Inject(robototest.Fault{Operation: robototest.GetValue, AWSError: "ResourceNotFoundException"})
	env.roboto.ResetRequests()
	drifted, out := p.Read(watched)
	p.Succeeds(out)
	p.Equal("version_id", drifted.State["version_id"], nil)
	for _, unwatched := range []instance{drifted, unversioned} {
		_, out = p.Read(unwatched)
		p.Succeeds(out)
	}
	env.wantCount(robototest.GetCredentials, 1)
}

// An apply that deletes a secret at one address and creates one of its name at another waits for
// the deletion, whenever it ends.
func TestSecretCreateWaitsForTheDeletionOfItsName(t *testing.T) {
	const remove, find, caller, denied = robototest.DeleteSecret, robototest.GetSecret, robototest.GetUser, "RobotoUnauthorizedException"
	second := time.Second
	for name, faults := range map[string][]robototest.Fault{
		"as fast as the create":           nil,
		"slow":                            {{Operation: remove, Delay: 10 * second}},
		"done before the record is found": {{Operation: remove, Delay: second}, {Operation: find, Skip: 1, Delay: 2 * second}},
		"done while it is found out who the caller is": {{Operation: remove, Delay: second}, {Operation: caller, Delay: 2 * second}},
		"in vain": {{Operation: remove, Delay: 10 * second, Status: http.StatusForbidden, Code: denied}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := robototest.Start(t, robototest.Options{InMemory: true})
				before, after := protocol.NewCore(t, server), protocol.NewCore(t, server)
				before.Must(before.Apply(fields{"name": "db", "value_wo": "first"}))
				time.Sleep(time.Hour)
				for _, fault := range faults {
					server.Inject(fault)
				}
				server.ResetRequests()
				s := before.MustStart()
				deletion, err := s.Plan(nil)
				before.Must(err)
				creation, err := s.With(after).Plan(fields{"name": "db", "value_wo": "second"})
				before.Must(err)
				var group sync.WaitGroup
				var deleted error
				group.Go(func() { deleted = s.ApplyPlanned(deletion) })
				time.Sleep(100 * time.Millisecond) // the deletion has looked by then
				created := s.With(after).ApplyPlanned(creation)
				group.Wait()
				value, _, _ := server.Value(testOrg, "db")
				switch n := server.Count(robototest.CreateSecret); {
				case name == "in vain":
					said := fmt.Sprint(deleted, created)
					if !strings.Contains(said, "could not be deleted") || !strings.Contains(said, "exists already") || n != 1 || value != "first" {
						t.Errorf("after %d requests for a create, the value is %q, and the errors are %s", n, value, said)
					}
				case deleted != nil || created != nil || value != "second":
					t.Errorf("the deletion ends with %v, the create with %v, and the value is %q", deleted, created, value)
				}
			})
		})
	}
}

func TestDriftDetectionWithoutEffectIsWarnedOf(t *testing.T) {
	p := newEnvironment(t).protocol(fields{})
	for _, test := range []struct {
		config fields
		texts  []string
	}{
		{fields{"name": "db"}, []string{`The secret "db" has detect_value_drift`, "does not manage the value"}},
		{fields{"name": unknown}, []string{"The secret whose name is not known yet has detect_value_drift"}},
		{fields{"name": "db", "value_wo": unknown, "value_wo_version": "1"}, nil},
		{fields{"name": "db", "value_wo": "value"}, []string{"each plan compares the value anyway"}},
	} {
		test.config["detect_value_drift"] = true
		p.Warns(p.Validate(test.config), test.texts...)
	}
}
