// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package robototest_test

import (
	"net/http"
	"testing"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

func TestTheOrganizationOfEachCall(t *testing.T) {
	const unnamed = "did not provide a org for single-org operation"
	for name, test := range map[string]struct {
		caller []string
		named  string
		status int
		text   string
	}{
		"the only one":        {[]string{"og_b"}, "", http.StatusOK, `"org_id":"og_b"`},
		"the only one, named": {[]string{"og_b"}, "og_b", http.StatusOK, `"org_id":"og_b"`},
		"one of two":          {[]string{"og_a", "og_b"}, "og_b", http.StatusOK, `"org_id":"og_b"`},
		"none of two":         {[]string{"og_a", "og_b"}, "", http.StatusBadRequest, unnamed},
		"none of none":        {[]string{}, "", http.StatusBadRequest, unnamed},
		"any of all":          {nil, "og_b", http.StatusOK, `"org_id":"og_b"`},
		"foreign":             {[]string{"og_a"}, "og_b", http.StatusUnauthorized, "RobotoUnauthorizedException"},
		"unknown":             {nil, "og_nowhere", http.StatusUnauthorized, "RobotoUnauthorizedException"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, robototest.Options{Orgs: []string{"og_a", "og_b"}})
			c.s.AddSecret("og_b", "db")
			all := 2
			if test.caller != nil {
				all = len(test.caller)
			}
			key := header("Authorization", "Bearer "+c.s.AddAPIKey(robototest.Grant{Orgs: test.caller}))
			if got := len(decode[[]any](t, c.call("GET /v1/orgs/caller", key))); got != all {
				t.Errorf("the caller has %d organizations, want %d", got, all)
			}
			for _, call := range []string{`POST /v1/secrets {"name":"new"}`, listed, getDB, creds, "DELETE /v1/secrets/name/db"} {
				edits := []edit{key}
				if test.named != "" && call[0] == 'P' {
					edits = append(edits, header("X-Roboto-Org-Id", test.named))
				} else if test.named != "" {
					edits = append(edits, header("X-Roboto-Resource-Owner-Id", test.named))
				}
				if call[0] == 'D' && test.status == http.StatusOK {
					c.call(call, edits...).want(t, http.StatusNoContent)
				} else {
					c.call(call, edits...).want(t, test.status, test.text)
				}
			}
		})
	}
}

func TestNamesBelongToOrganizations(t *testing.T) {
	c := newClient(t, robototest.Options{Orgs: []string{"og_a", "og_b"}})
	c.s.AddSecret("og_b", "db")
	c.call(getDB, header("X-Roboto-Resource-Owner-Id", "og_a")).want(t, http.StatusNotFound, "RobotoNotFoundException")
	c.call(getDB, header("X-Roboto-Resource-Owner-Id", "og_b")).want(t, http.StatusOK, `"org_id":"og_b"`)
}

func TestTheHeaderOfAnotherCallIsNotHeard(t *testing.T) {
	c := newClient(t, robototest.Options{Orgs: []string{"og_a", "og_b"}})
	c.call(listed, header("X-Roboto-Org-Id", "og_a")).want(t, http.StatusBadRequest)
	c.wantViolation("X-Roboto-Org-Id")
}
