// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// orgPattern is what the URI of a secret can carry.
var orgPattern = regexp.MustCompile(`^\w+$`)

func organizationFacts() []fact {
	return []fact{{
		number:    40,
		statement: "`GET v1/orgs/caller` answers the list of the caller's organizations, each with `org_id`, `name`, `tier` and `status`.",
		sdk:       "src/roboto/domain/orgs/org.py:140, src/roboto/domain/orgs/org_records.py:46",
		reliedOn:  []string{"internal/roboto/owner.go"},
		risk:      "The organization has to be given everywhere, and what was deleted elsewhere makes every plan fail.",
		check: func(t *trial) {
			data := t.caller()
			if len(data) == 0 || data[0] != '[' {
				t.differs("no list")
			}
			orgs, err := parseOrgs(data)
			if err != nil {
				t.differs("a list of something else than objects")
			}
			for _, org := range orgs {
				for _, key := range []string{"org_id", "name", "tier", "status"} {
					t.wantKind(org, key, "text")
				}
			}
		},
	}, {
		number:    41,
		statement: "IDs of organizations consist of letters, digits and `_`.",
		sdk:       "src/roboto/domain/secrets/secret.py:26",
		reliedOn:  []string{"internal/roboto/uri.go", "internal/roboto/owner.go"},
		risk:      "The URIs of the organization's secrets are refused.",
		check: func(t *trial) {
			for _, org := range t.organizations() {
				if !orgPattern.MatchString(org.text("org_id")) {
					t.differs("another character")
				}
			}
		},
	}, {
		number:    42,
		statement: "The organization for tests is one of the caller's.",
		sdk:       "src/roboto/domain/orgs/org.py:119",
		reliedOn:  []string{"internal/roboto/identity.go"},
		risk:      "What was deleted elsewhere makes every plan fail, because \"not found\" is not believed.",
		check: func(t *trial) {
			if !slices.ContainsFunc(t.organizations(), func(org object) bool { return org.text("org_id") == t.orgID }) {
				t.differs("it is none of them")
			}
		},
	}, {
		number:    43,
		statement: "`X-Roboto-Org-Id` says in which organization a record is created, and the record repeats it.",
		sdk:       "src/roboto/http/constants.py:13, src/roboto/domain/secrets/secret.py:117",
		reliedOn:  []string{"internal/roboto/create.go", "internal/roboto/records.go"},
		risk:      "Secrets are created in another organization, or refused after they were created.",
		check: func(t *trial) {
			if t.secret("plain").record.text("org_id") != t.orgID {
				t.differs("another organization")
			}
		},
	}, {
		number:    44,
		statement: "Without `X-Roboto-Resource-Owner-Id`, the caller's only organization is meant. If there are several, the answer is 400 with \"did not provide a org for single-org operation\".",
		sdk:       "src/roboto/http/constants.py:7, src/roboto/exceptions/domain.py:113",
		reliedOn:  []string{"internal/roboto/owner.go"},
		risk:      "None for the provider, which always says which organization; the guides tell so of Roboto's own tools.",
		check: func(t *trial) {
			orgs := len(t.organizations())
			a := must(t.roboto(call{method: http.MethodGet, path: "/v1/secrets"}))
			switch {
			case orgs == 1 && !a.success():
				t.differs("%s, with one organization", a)
			case orgs > 1 && a.status != http.StatusBadRequest:
				t.differs("%s, with several organizations", a)
			case orgs > 1 && !strings.Contains(string(a.body), "did not provide a org for single-org operation"):
				t.differs("%d with another message", a.status)
			}
		},
	}, {
		number:    45,
		statement: "An API key that is not valid answers 401 or 403, with \"User is not authorized to access this resource with an explicit deny\".",
		sdk:       "src/roboto/exceptions/domain.py:118",
		reliedOn:  []string{"internal/roboto/errors.go"},
		risk:      "The error does not say that the API key is wrong.",
		check: func(t *trial) {
			a := must(orRefusal(t.roboto(call{method: http.MethodGet, path: callerPath, apiKey: "not-a-key-of-anybody"})))
			t.want(a.refusal(), a)
			if !strings.Contains(string(a.body), "User is not authorized to access this resource with an explicit deny") {
				t.differs("%d with another message", a.status)
			}
		},
	}, {
		number:    46,
		statement: "`GET v1/users` answers the caller, whose `user_id` is a text.",
		sdk:       "src/roboto/domain/users/user.py:100, src/roboto/domain/users/record.py:20",
		reliedOn:  []string{"internal/roboto/owner.go"},
		risk:      riskUnsettled,
		check: func(t *trial) {
			a := must(t.roboto(call{method: http.MethodGet, path: userPath}))
			t.want(a.success(), a)
			t.wantKind(must(a.object()), "user_id", "text")
		},
	}, {
		number:    47,
		statement: "`created_by` of a record that the caller creates is the caller's `user_id`, or `user:` and the `user_id`.",
		sdk:       "src/roboto/domain/secrets/record.py:81, src/roboto/principal.py:141",
		reliedOn:  []string{"internal/roboto/owner.go", "internal/roboto/create.go"},
		risk:      riskUnsettled,
		check: func(t *trial) {
			userID := must(must(t.roboto(call{method: http.MethodGet, path: userPath})).object()).text("user_id")
			createdBy := t.secret("plain").record.text("created_by")
			switch {
			case userID == "", createdBy == "":
				t.unknown("there is no `user_id`, or no `created_by`")
			case createdBy != userID && createdBy != "user:"+userID:
				t.differs("something else")
			}
		},
	}}
}

const (
	callerPath = "/v1/orgs/caller"
	userPath   = "/v1/users"
)

func (t *trial) caller() json.RawMessage {
	return must(must(t.roboto(call{method: http.MethodGet, path: callerPath})).data())
}

func (t *trial) organizations() []object { return must(parseOrgs(t.caller())) }

func parseOrgs(data json.RawMessage) ([]object, error) {
	var orgs []object
	if json.Unmarshal(data, &orgs) != nil {
		return nil, errors.New("the caller's organizations cannot be read")
	}
	return orgs, nil
}

func organizationFindings() []finding {
	return []finding{
		{"What does a secret of an organization answer that is none of the caller's?", func(t *trial) string {
			return must(orRefusal(t.roboto(call{method: http.MethodGet, path: secretPath(t.prefix + "never"), owner: "og_tfconformance"}))).String()
		}},
		{"What does `DELETE` answer?", func(t *trial) string {
			return fmt.Sprintf("%s, and %s the second time", t.gone().deleted, t.gone().again)
		}},
		{"When is the name of a deleted secret free?", func(t *trial) string {
			d := t.gone()
			return after(must(d.nameFree, d.nameRefused))
		}},
	}
}
