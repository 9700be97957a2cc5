// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"strings"
	"sync"
	"testing"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

func TestOnlyOrgID(t *testing.T) {
	type test struct {
		body, want string
		kind       Kind
	}
	eachCase(t, map[string]test{
		"one":                    {`[{"org_id": "og_a", "name": "A"}]`, "og_a", KindOther},
		"none":                   {`[]`, "belongs to no organization", KindUnauthorized},
		"several":                {`[{"org_id": "og_a", "name": "A"}, {"org_id": "og_b", "name": "B"}]`, "og_a (A), og_b (B)", KindNoOnlyOrg},
		"not an ID":              {`[{"org_id": "A B", "name": "A"}]`, "without a valid ID", KindUnexpectedAnswer},
		"one of several invalid": {`[{"org_id": "og_a"}, {"org_id": ""}]`, "without a valid ID", KindUnexpectedAnswer},
		"another shape":          {`{"og_a": "A"}`, "shape", KindUnexpectedAnswer},
	}, func(s service, test test) {
		s.inject(robototest.Fault{Operation: robototest.ListOrgs, Body: `{"data": ` + test.body + `}`})
		orgID, err := s.client.OnlyOrgID(s.Context())
		s.wantKind(err, test.kind)
		if err == nil && orgID != test.want || err != nil && !strings.Contains(err.Error(), test.want) {
			s.Errorf("%q, %v, want %q", orgID, err, test.want)
		}
	})
}

// Many resources ask at once, and one request answers them all.
func TestOwnerIsAskedForOnce(t *testing.T) {
	inService(t, func(s service) {
		var group sync.WaitGroup
		for range 20 {
			group.Go(func() {
				_, orgErr := s.client.OnlyOrgID(s.Context())
				_, userErr := s.client.userID(s.Context())
				s.wantKind(orgErr, KindOther)
				s.wantKind(userErr, KindOther)
			})
		}
		group.Wait()
		s.wantCount(robototest.ListOrgs, 1)
		s.wantCount(robototest.GetUser, 1)
	})
}
