// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"testing"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// Without ARN and creation time, a deletion could take another secret. TestEitherDifferenceMakesAnotherSecret has
// what becomes of another secret.
func TestDeleteSecretNeedsToKnowTheSecret(t *testing.T) {
	inService(t, func(s service) {
		s.server.AddSecret(testOrg, "db")
		db, created := ref("db"), time.Now()
		for lacks, known := range map[string]Record{
			"ARN and creation time": {SecretRef: db},
			"creation time":         {SecretRef: db, ARN: "the ARN"},
			"ARN":                   {SecretRef: db, Created: created},
			"organization":          {SecretRef: SecretRef{Name: "db"}, ARN: "the ARN", Created: created},
			"name":                  {SecretRef: SecretRef{OrgID: testOrg}, ARN: "the ARN", Created: created},
		} {
			if s.client.DeleteSecret(s.Context(), known) == nil || s.client.UndoCreate(s.Context(), known) == nil || len(s.server.Requests()) != 0 {
				s.Errorf("a record without %s is enough for a deletion: %d requests", lacks, len(s.server.Requests()))
			}
		}
	})
}

// A DELETE that was refused has had no effect, so "not found" still means that the record is new. TestCleanUp has one
// whose answer is lost.
func TestUndoOfARecordThatRobotoDoesNotShow(t *testing.T) {
	inService(t, func(s service) {
		record, err := s.client.CreateSecret(s.Context(), ref("db"), Record{})
		s.wantKind(err, KindOther)
		hidden := robototest.Fault{Operation: robototest.GetSecret, Skip: 1, Status: 404, Code: codeNotFound}
		s.inject(robototest.Fault{Operation: robototest.DeleteSecret, Status: 429, Times: 1}, hidden)
		s.wantKind(s.client.UndoCreate(s.Context(), record), KindUnsettled)
	})
}
