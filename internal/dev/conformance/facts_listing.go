// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// maxPages is far more than an organization for tests has.
const maxPages = 1_000

func listingFacts() []fact {
	return []fact{
		{
			number:    30,
			statement: "`GET v1/secrets` answers a page: `items`, a list, and `next_token`, a text or null.",
			sdk:       "src/roboto/domain/secrets/secret.py:174, src/roboto/http/response.py:233",
			reliedOn:  []string{"internal/roboto/records.go", "internal/roboto/bulk_refresh.go"},
			risk:      "The data source and the list resource show no secrets, or only those of the first page.",
			check: func(ctx context.Context, l *lab) error {
				list, err := l.listing(ctx)
				if err != nil {
					return err
				}
				first := list.pages[0]
				token := first.kind("next_token")
				if items := first.kind("items"); items != "a list" {
					return saw("`items` is %s", items)
				}
				if token != "text" && token != "null" {
					return saw("`next_token` is %s", token)
				}
				return nil
			},
		},
		{
			number:    31,
			statement: "`page_token` with the `next_token` of a page answers the next page; the last one's is null, and no record comes twice.",
			sdk:       "src/roboto/domain/secrets/secret.py:168",
			reliedOn:  []string{"internal/roboto/records.go", "internal/roboto/bulk_refresh.go"},
			risk:      "The data source and the list resource show secrets twice, or end in an error.",
			check: func(ctx context.Context, l *lab) error {
				list, err := l.complete(ctx)
				switch {
				case err != nil:
					return err
				case list.failed != nil:
					return saw("the next page was answered %s", list.failed)
				case list.circle:
					return saw("the pages go round in a circle")
				case len(list.pages) == 1:
					return errors.New("all secrets of the organization are on one page")
				}
				seen := map[string]bool{}
				for _, record := range list.records() {
					if seen[arn(record)] {
						return saw("a record twice")
					}
					seen[arn(record)] = true
				}
				return nil
			},
		},
		{
			number:    32,
			statement: "The items of a page are the records that `GET v1/secrets/name/{name}` answers.",
			sdk:       "src/roboto/domain/secrets/secret.py:178",
			reliedOn:  []string{"internal/roboto/bulk_refresh.go"},
			risk:      "With bulk_refresh, a secret is taken for another one.",
			check: func(ctx context.Context, l *lab) error {
				s, err := l.secret(ctx, "plain")
				if err != nil {
					return err
				}
				list, err := l.complete(ctx)
				if err != nil {
					return err
				}
				for _, record := range list.records() {
					if record.text("name") == s.name {
						return checkSame(s.record, record)
					}
				}
				return errors.New("the listing lacks the secret")
			},
		},
		{
			number:    33,
			statement: "A listing has the records of the given organization only.",
			sdk:       "src/roboto/domain/secrets/secret.py:133 and 176",
			reliedOn:  []string{"internal/roboto/records.go"},
			risk:      "The data source and the list resource end in an error.",
			check: func(ctx context.Context, l *lab) error {
				list, err := l.complete(ctx)
				if err != nil {
					return err
				}
				for _, record := range list.records() {
					if org := record.text("org_id"); org != "" && org != l.orgID {
						return saw("a record of another organization")
					}
				}
				return nil
			},
		},
	}
}

// listing is what the pages said.
type listing struct {
	pages []object
	// failed is the answer that was no page, or nil.
	failed *answer
	circle bool
}

func (list listing) records() []object {
	var all []object
	for _, page := range list.pages {
		var items []json.RawMessage
		_ = json.Unmarshal(page["items"], &items)
		for _, item := range items {
			if record, err := parseObject(item); err == nil {
				all = append(all, record)
			}
		}
	}
	return all
}

// listing reads all pages once. There are three secrets at least, so that an embedded
// Roboto with small pages has several.
func (l *lab) listing(ctx context.Context) (listing, error) {
	if l.listed != nil {
		return l.listed.result, l.listed.err
	}
	var err error
	for _, label := range []string{"plain", "listed-1", "listed-2", "listed-3"} {
		if _, secretErr := l.secret(ctx, label); secretErr != nil {
			err = secretErr
		}
	}
	var list listing
	if err == nil {
		list, err = l.made.list(ctx)
	}
	l.listed = &memo[listing]{list, err}
	return list, err
}

// complete is a listing whose pages say what comes next.
func (l *lab) complete(ctx context.Context) (listing, error) {
	list, err := l.listing(ctx)
	if err == nil {
		err = list.readable()
	}
	return list, err
}

func (list listing) readable() error {
	for _, page := range list.pages {
		if kind := page.kind("next_token"); page.kind("items") != "a list" || kind != "text" && kind != "null" {
			return errors.New("the pages cannot be read")
		}
	}
	return nil
}

func (c *cleanup) list(ctx context.Context) (list listing, err error) {
	path, tokens := "/v1/secrets", map[string]bool{}
	for range maxPages {
		a, err := c.service.roboto(ctx, call{method: http.MethodGet, path: path, header: owningOrg, orgID: c.orgID})
		if err != nil {
			return list, err
		}
		if !a.success() && len(list.pages) > 0 {
			list.failed = &a
			return list, nil
		}
		page, err := a.object()
		if err != nil {
			return list, fmt.Errorf("no listing: %w", err)
		}
		list.pages = append(list.pages, page)
		token := page.text("next_token")
		if token == "" || tokens[token] {
			list.circle = token != ""
			return list, nil
		}
		tokens[token] = true
		path = "/v1/secrets?page_token=" + url.QueryEscape(token)
	}
	return list, errors.New("the listing does not end")
}

func listingFindings() []finding {
	return []finding{
		{"How many records are on a page?", func(ctx context.Context, l *lab) (string, error) {
			list, err := l.complete(ctx)
			if err != nil {
				return "", err
			}
			first := len(listing{pages: list.pages[:1]}.records())
			if len(list.pages) == 1 {
				return fmt.Sprintf("at least %d", first), nil
			}
			return fmt.Sprint(first), nil
		}},
		{"When does a listing show a new secret?", func(ctx context.Context, l *lab) (string, error) {
			s, err := l.secret(ctx, "lag")
			if err != nil {
				return "", err
			}
			lag, err := l.until(ctx, func() (bool, error) {
				list, err := l.made.list(ctx)
				for _, record := range list.records() {
					if record.text("name") == s.name {
						return true, nil
					}
				}
				return false, err
			})
			return after(lag), err
		}},
		{"Which fields does a record have that the provider does not read?", func(ctx context.Context, l *lab) (string, error) {
			s, err := l.secret(ctx, "plain")
			if err != nil {
				return "", err
			}
			return unread(s.record, "name", "org_id", "store_type", "location", "created", "created_by", "modified", "modified_by", "last_used"), nil
		}},
	}
}

// after leaves out what is within the time of one request or two.
func after(lag time.Duration) string {
	if lag < pollInterval {
		return "at once"
	}
	return "after at most " + lag.Round(pollInterval/5).String()
}
