// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"testing"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// Roboto deletes by name, so the record is read before each DELETE.
func TestDeleteSecret(t *testing.T) {
	const get, del = robototest.GetSecret, robototest.DeleteSecret
	remove := func(s service) { s.server.DeleteSecret(testOrg, "db") }
	replace := func(s service) {
		remove(s)
		s.server.AddSecret(testOrg, "db")
	}
	hideLater := on(get, deniedRequest)
	hideLater.Skip = 1
	type test struct {
		before func(service)
		faults faults
		// meanwhile happens a second after the deletion began.
		meanwhile     func(service)
		want          Kind
		gets, deletes int
		// left is whether a secret of the name is left.
		left bool
	}
	eachCase(t, map[string]test{
		"it is deleted":                   {gets: 1, deletes: 1},
		"it is gone before":               {before: remove, gets: 1},
		"another secret has the name":     {before: replace, gets: 1, left: true},
		"it cannot be looked for":         {faults: faults{on(get, deniedRequest)}, want: KindUnauthorized, gets: 1, left: true},
		"the service refuses":             {faults: faults{on(del, deniedRequest)}, want: KindUnauthorized, gets: 1, deletes: 1, left: true},
		"lost, and it took effect":        {faults: faults{on(del, lostAnswer)}, gets: 2, deletes: 1},
		"lost, and it had no effect":      {faults: faults{on(del, lostRequest)}, gets: 2, deletes: 2},
		"lost, and cannot be looked for":  {faults: faults{on(del, lostAnswer), hideLater}, want: KindUnsettled, gets: 2, deletes: 1},
		"lost, and the name is handed on": {faults: faults{{Operation: del, Delay: 2 * time.Minute}}, meanwhile: replace, gets: 2, deletes: 1, left: true},
		"lost each time":                  {faults: faults{{Operation: del, Drop: true}}, want: KindNoAnswer, gets: 4, deletes: 3, left: true},
		"lost, and the last took effect":  {faults: faults{{Operation: del, Drop: true, Times: 2}, on(del, lostAnswer)}, gets: 4, deletes: 3},
		"too many requests each time":     {faults: faults{{Operation: del, Status: 429}}, want: KindUnavailable, gets: 3, deletes: 3, left: true},
		"gone when it is deleted":         {faults: faults{{Operation: del, Delay: 2 * time.Second}}, meanwhile: remove, gets: 1, deletes: 1},
	}, func(s service, test test) {
		known := s.known()
		if test.before != nil {
			test.before(s)
		}
		s.inject(test.faults...)
		if test.meanwhile != nil {
			time.AfterFunc(time.Second, func() { test.meanwhile(s) })
		}
		s.wantKind(s.client.DeleteSecret(s.Context(), known), test.want)
		s.wantCount(get, test.gets)
		s.wantCount(del, test.deletes)
		s.wantLeft(test.left)
	})
}

// known creates a secret, and returns its record a minute later.
func (s service) known() Record {
	s.Helper()
	s.server.AddSecret(testOrg, "db")
	time.Sleep(time.Minute)
	known, err := s.client.Record(s.Context(), ref("db"))
	s.wantKind(err, KindOther)
	s.server.ResetRequests()
	return known
}

func (s service) wantLeft(want bool) {
	s.Helper()
	if _, left := s.server.Record(testOrg, "db"); left != want {
		s.Errorf("a secret of the name is left: %t, want %t", left, want)
	}
}

// Without ARN and creation time, a deletion could take another secret.
func TestDeleteSecretNeedsToKnowTheSecret(t *testing.T) {
	inService(t, func(s service) {
		known := s.known()
		for name, known := range map[string]Record{
			"a name":          {SecretRef: known.SecretRef},
			"no creation":     {SecretRef: known.SecretRef, ARN: known.ARN},
			"no ARN":          {SecretRef: known.SecretRef, Created: known.Created},
			"no organization": {SecretRef: SecretRef{Name: "db"}, ARN: known.ARN, Created: known.Created},
			"no name":         {SecretRef: SecretRef{OrgID: testOrg}, ARN: known.ARN, Created: known.Created},
		} {
			if s.client.DeleteSecret(s.Context(), known) == nil || s.client.UndoCreate(s.Context(), known) == nil {
				s.Errorf("%s is enough for a deletion", name)
			}
		}
		if requests := s.server.Requests(); len(requests) != 0 {
			s.Errorf("%d requests were sent", len(requests))
		}
	})
}

// A DELETE that was refused has had no effect, so "not found" still means that the record is new. After
// one whose answer was lost, it means that the record is gone.
func TestUndoOfARecordThatRobotoDoesNotShow(t *testing.T) {
	for _, fault := range (faults{{Status: 429, Times: 1}, lostAnswer}) {
		inService(t, func(s service) {
			record, err := s.client.CreateSecret(s.Context(), ref("db"), Record{})
			s.wantKind(err, KindOther)
			s.inject(on(robototest.DeleteSecret, fault), robototest.Fault{Operation: robototest.GetSecret, Skip: 1, Times: 1, Status: 404, Code: codeNotFound})
			err = s.client.UndoCreate(s.Context(), record)
			s.wantLeft(err != nil)
		})
	}
}
