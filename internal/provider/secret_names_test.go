// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// An apply that deletes a secret at one address and creates one of its name at another waits for
// the deletion, whenever it ends: while the create is refused, while it is found out who has the
// name, or later.
func TestSecretCreateWaitsForTheDeletionOfItsName(t *testing.T) {
	for name, faults := range map[string][]robototest.Fault{
		"as fast as the create": nil,
		"slow":                  {{Operation: robototest.DeleteSecret, Delay: 10 * time.Second}},
		"done before the record is found": {
			{Operation: robototest.DeleteSecret, Delay: time.Second}, {Operation: robototest.GetSecret, Skip: 1, Delay: 2 * time.Second},
		},
		"done while it is found out who the caller is": {
			{Operation: robototest.DeleteSecret, Delay: time.Second}, {Operation: robototest.GetUser, Delay: 2 * time.Second},
		},
	} {
		t.Run(name, func(t *testing.T) {
			atTwoAddresses(t, faults, func(deleted, created error, server *robototest.Server) {
				if deleted != nil || created != nil {
					t.Errorf("the deletion ends with %v, the create with %v", deleted, created)
				}
				if value, _, _ := server.Value(testOrg, "db"); value != "second" {
					t.Errorf("the value is %q", value)
				}
			})
		})
	}
	t.Run("in vain", func(t *testing.T) {
		refused := robototest.Fault{Operation: robototest.DeleteSecret, Delay: 10 * time.Second, Status: http.StatusForbidden, Code: "RobotoUnauthorizedException"}
		atTwoAddresses(t, []robototest.Fault{refused}, func(deleted, created error, server *robototest.Server) {
			wantTexts(t, deleted, "could not be deleted")
			wantTexts(t, created, "exists already")
			if n := server.Count(robototest.CreateSecret); n != 1 {
				t.Errorf("%d requests for a create, want 1", n)
			}
		})
	})
}

// atTwoAddresses applies in one process what deletes db at one address, and creates it at another.
func atTwoAddresses(t *testing.T, faults []robototest.Fault, check func(deleted, created error, server *robototest.Server)) {
	t.Helper()
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
		var deleted, created error
		var group sync.WaitGroup
		group.Go(func() { deleted = s.ApplyPlanned(deletion) })
		group.Go(func() {
			time.Sleep(100 * time.Millisecond) // the deletion has looked by then
			created = s.With(after).ApplyPlanned(creation)
		})
		group.Wait()
		check(deleted, created, server)
	})
}

// Two blocks of one name and a lost answer: one of the two gets the secret.
func TestSecretOfTwoBlocksIsCreatedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := robototest.Start(t, robototest.Options{InMemory: true})
		server.Inject(robototest.Fault{Operation: robototest.CreateSecret, Drop: true, After: true})
		first, second := protocol.NewCore(t, server), protocol.NewCore(t, server)
		s := first.MustStart()
		var errs [2]error
		var group sync.WaitGroup
		for i, c := range []*protocol.Core{first, second} {
			group.Go(func() { errs[i] = s.With(c).Change(fields{"name": "db", "value_wo": "value"}) })
		}
		group.Wait()
		failed := errs[0]
		if failed == nil {
			failed = errs[1]
		}
		wantTexts(t, failed, "Roboto Secret Is Created Twice", "Nothing was created for this block")
		if (first.State == nil) == (second.State == nil) {
			t.Errorf("the two states are %v and %v", first.State, second.State)
		}
		if versions := server.Versions(testOrg, "db"); len(versions) != 1 {
			t.Errorf("%d versions were written", len(versions))
		}
	})
}
