// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"errors"
	"testing"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// Without ARN and creation time, a deletion could take another secret. TestEitherDifferenceMakesAnotherSecret has
// what becomes of another secret.
func TestDeleteSecretNeedsToKnowTheSecret(t *testing.T) {
	client, db, created := offline(t), ref("db"), time.Now()
	client.config.Unusable = errors.New("a request")
	for lacks, known := range map[string]Record{
		"ARN and creation time": {SecretRef: db},
		"creation time":         {SecretRef: db, ARN: fineARN},
		"ARN":                   {SecretRef: db, Created: created},
		"organization":          {SecretRef: SecretRef{Name: "db"}, ARN: fineARN, Created: created},
		"name":                  {SecretRef: SecretRef{OrgID: testOrg}, ARN: fineARN, Created: created},
	} {
		for _, err := range []error{client.DeleteSecret(t.Context(), known), client.UndoCreate(t.Context(), known)} {
			if err == nil || errors.Is(err, client.config.Unusable) {
				t.Errorf("a record without %s is enough for a deletion: %v", lacks, err)
			}
		}
	}
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
