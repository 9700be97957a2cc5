// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"testing"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

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

// Roboto deletes by name, so the record is read before the DELETE. TestEitherDifferenceMakesAnotherSecret has more ways.
func TestDeleteSecretLooksFirst(t *testing.T) {
	inService(t, func(s service) {
		known := s.known()
		s.server.DeleteSecret(testOrg, "db")
		s.server.AddSecret(testOrg, "db")
		s.wantKind(s.client.DeleteSecret(s.Context(), known), KindOther)
		s.wantCount(robototest.GetSecret, 1)
		s.wantCount(robototest.DeleteSecret, 0)
	})
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
			hidden := robototest.Fault{Operation: robototest.GetSecret, Skip: 1, Status: 404, Code: codeNotFound}
			s.inject(on(robototest.DeleteSecret, fault), hidden)
			err = s.client.UndoCreate(s.Context(), record)
			if _, left := s.server.Record(testOrg, "db"); left != (err != nil) {
				s.Errorf("the undo ends with %v, and a record is left: %t", err, left)
			}
		})
	}
}
