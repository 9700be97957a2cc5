// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
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
	return []fact{
		{
			number:    40,
			statement: "`GET v1/orgs/caller` answers the list of the caller's organizations, each with `org_id`, `name`, `tier` and `status`.",
			sdk:       "src/roboto/domain/orgs/org.py:140, src/roboto/domain/orgs/org_records.py:46",
			reliedOn:  []string{"internal/roboto/orgs.go"},
			risk:      "The organization has to be given everywhere, and what was deleted elsewhere makes every plan fail.",
			check: func(ctx context.Context, l *lab) error {
				data, err := l.caller(ctx)
				if err != nil {
					return err
				}
				if len(data) == 0 || data[0] != '[' {
					return saw("no list")
				}
				orgs, err := parseOrgs(data)
				if err != nil {
					return saw("a list of something else than objects")
				}
				for _, org := range orgs {
					for _, key := range []string{"org_id", "name", "tier", "status"} {
						if kind := org.kind(key); kind != "text" {
							return saw("`%s` is %s", key, kind)
						}
					}
				}
				return nil
			},
		},
		{
			number:    41,
			statement: "IDs of organizations consist of letters, digits and `_`.",
			sdk:       "src/roboto/domain/secrets/secret.py:26",
			reliedOn:  []string{"internal/roboto/uri.go", "internal/roboto/orgs.go"},
			risk:      "The URIs of the organization's secrets are refused.",
			check: func(ctx context.Context, l *lab) error {
				orgs, err := l.organizations(ctx)
				if err != nil {
					return err
				}
				for _, org := range orgs {
					if !orgPattern.MatchString(org.text("org_id")) {
						return saw("another character")
					}
				}
				return nil
			},
		},
		{
			number:    42,
			statement: "The organization for tests is one of the caller's.",
			sdk:       "src/roboto/domain/orgs/org.py:119",
			reliedOn:  []string{"internal/roboto/identity.go"},
			risk:      "What was deleted elsewhere makes every plan fail, because \"not found\" is not believed.",
			check: func(ctx context.Context, l *lab) error {
				orgs, err := l.organizations(ctx)
				if err != nil {
					return err
				}
				if !slices.ContainsFunc(orgs, func(org object) bool { return org.text("org_id") == l.orgID }) {
					return saw("it is none of them")
				}
				return nil
			},
		},
		{
			number:    43,
			statement: "`X-Roboto-Org-Id` says in which organization a record is created, and the record repeats it.",
			sdk:       "src/roboto/http/constants.py:13, src/roboto/domain/secrets/secret.py:117",
			reliedOn:  []string{"internal/roboto/create.go", "internal/roboto/records.go"},
			risk:      "Secrets are created in another organization, or refused after they were created.",
			check: func(ctx context.Context, l *lab) error {
				s, err := l.secret(ctx, "plain")
				if err == nil && s.record.text("org_id") != l.orgID {
					return saw("another organization")
				}
				return err
			},
		},
		{
			number:    44,
			statement: "Without `X-Roboto-Resource-Owner-Id`, the caller's only organization is meant. If there are several, the answer is 400 with \"did not provide a org for single-org operation\".",
			sdk:       "src/roboto/http/constants.py:7, src/roboto/exceptions/domain.py:113",
			reliedOn:  []string{"internal/roboto/orgs.go"},
			risk:      "None for the provider, which always says which organization; the guides tell so of Roboto's own tools.",
			check:     checkWithoutOrg,
		},
		{
			number:    45,
			statement: "An API key that is not valid answers 401 or 403, with \"User is not authorized to access this resource with an explicit deny\".",
			sdk:       "src/roboto/exceptions/domain.py:118",
			reliedOn:  []string{"internal/roboto/errors.go"},
			risk:      "The error does not say that the API key is wrong.",
			check: func(ctx context.Context, l *lab) error {
				a, err := refused(l.service.roboto(ctx, call{method: http.MethodGet, path: "/v1/orgs/caller", apiKey: "not-a-key-of-anybody"}))
				switch {
				case err != nil:
					return err
				case !a.refusal():
					return saw("%s", a)
				case !strings.Contains(string(a.body), "User is not authorized to access this resource with an explicit deny"):
					return saw("%d with another message", a.status)
				}
				return nil
			},
		},
	}
}

func (l *lab) caller(ctx context.Context) (json.RawMessage, error) {
	a, err := l.service.roboto(ctx, call{method: http.MethodGet, path: "/v1/orgs/caller"})
	if err != nil {
		return nil, err
	}
	return a.data()
}

func (l *lab) organizations(ctx context.Context) ([]object, error) {
	data, err := l.caller(ctx)
	if err != nil {
		return nil, err
	}
	return parseOrgs(data)
}

func parseOrgs(data json.RawMessage) ([]object, error) {
	var orgs []object
	if json.Unmarshal(data, &orgs) != nil {
		return nil, errors.New("the caller's organizations cannot be read")
	}
	return orgs, nil
}

func checkWithoutOrg(ctx context.Context, l *lab) error {
	orgs, err := l.organizations(ctx)
	if err != nil {
		return err
	}
	a, err := l.service.roboto(ctx, call{method: http.MethodGet, path: "/v1/secrets"})
	switch {
	case err != nil:
		return err
	case len(orgs) == 1 && !a.success():
		return saw("%s, with one organization", a)
	case len(orgs) > 1 && a.status != http.StatusBadRequest:
		return saw("%s, with several organizations", a)
	case len(orgs) > 1 && !strings.Contains(string(a.body), "did not provide a org for single-org operation"):
		return saw("%d with another message", a.status)
	}
	return nil
}

func organizationFindings() []finding {
	return []finding{
		{"What does a secret of an organization answer that is none of the caller's?", func(ctx context.Context, l *lab) (string, error) {
			a, err := refused(l.service.roboto(ctx, call{method: http.MethodGet, path: secretPath(l.prefix + "never"), header: owningOrg, orgID: "og_tfconformance"}))
			return a.String(), err
		}},
		{"What does `DELETE` answer?", func(ctx context.Context, l *lab) (string, error) {
			d, err := l.gone(ctx)
			if err != nil {
				return "", err
			}
			return fmt.Sprintf("%s, and %s the second time", d.deleted, d.again), nil
		}},
		{"When is the name of a deleted secret free?", func(ctx context.Context, l *lab) (string, error) {
			d, err := l.gone(ctx)
			if err != nil {
				return "", err
			}
			return after(d.nameFree), d.nameRefused
		}},
	}
}
