// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

func TestOnlyOrgID(t *testing.T) {
	for name, test := range map[string]struct {
		body string
		want string
		kind roboto.Kind
	}{
		"one":                    {`[{"org_id": "og_a", "name": "A"}]`, "og_a", roboto.KindOther},
		"none":                   {`[]`, "belongs to no organization", roboto.KindUnauthorized},
		"several":                {`[{"org_id": "og_a", "name": "A"}, {"org_id": "og_b", "name": "B"}]`, "og_a (A), og_b (B)", roboto.KindNoOnlyOrg},
		"not an ID":              {`[{"org_id": "A B", "name": "A"}]`, "without a valid ID", roboto.KindUnexpectedAnswer},
		"one of several invalid": {`[{"org_id": "og_a"}, {"org_id": ""}]`, "without a valid ID", roboto.KindUnexpectedAnswer},
		"another shape":          {`{"og_a": "A"}`, "shape", roboto.KindUnexpectedAnswer},
	} {
		t.Run(name, func(t *testing.T) {
			inService(t, func(t *testing.T, s service) {
				s.server.Inject(robototest.Fault{Operation: robototest.ListOrgs, Status: http.StatusOK, Body: `{"data": ` + test.body + `}`})
				orgID, err := s.client.OnlyOrgID(t.Context())
				s.wantKind(err, test.kind)
				if err == nil && orgID != test.want || err != nil && !strings.Contains(err.Error(), test.want) {
					t.Errorf("%q, %v, want %q", orgID, err, test.want)
				}
			})
		})
	}
}

// Many resources ask at once, and one request answers them all, whether it succeeds or not.
func TestOrganizationsAreAskedForOnce(t *testing.T) {
	for name, status := range map[string]int{"with an answer": 0, "with an error": http.StatusForbidden} {
		t.Run(name, func(t *testing.T) {
			inService(t, func(t *testing.T, s service) {
				if status != 0 {
					s.server.Inject(robototest.Fault{Operation: robototest.ListOrgs, Status: status})
				}
				var group sync.WaitGroup
				for range 20 {
					group.Go(func() {
						if _, err := s.client.OnlyOrgID(t.Context()); (err != nil) != (status != 0) {
							t.Errorf("the error is %v", err)
						}
					})
				}
				group.Wait()
				s.wantCount(robototest.ListOrgs, 1)
			})
		})
	}
}

// One lost request ends one call, also with max_attempts = 1 and before any answer.
func TestOneLostRequest(t *testing.T) {
	for _, operation := range []robototest.Operation{robototest.ListOrgs, robototest.GetSecret} { // net/http repeats some
		t.Run(string(operation), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := robototest.Start(t, robototest.Options{InMemory: true})
				server.AddSecret(robototest.DefaultOrg, "db")
				client := newClient(t, server, roboto.Config{MaxAttempts: 1})
				server.Inject(robototest.Fault{Operation: operation, Drop: true, Times: 1})
				failed := 0
				for range 10 {
					orgID, err := client.OnlyOrgID(t.Context())
					if err == nil {
						_, err = client.Record(t.Context(), roboto.SecretRef{OrgID: orgID, Name: "db"})
					}
					if err != nil {
						failed++
					}
				}
				if failed > 1 {
					t.Errorf("%d of 10 calls failed", failed)
				}
			})
		})
	}
}
