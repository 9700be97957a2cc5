// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// maxPages is far more than an organization for tests has.
const maxPages = 1_000

func listingFacts() []fact {
	return []fact{{
		number:    30,
		statement: "`GET v1/secrets` answers a page: `items`, a list, and `next_token`, a text or null.",
		sdk:       "src/roboto/domain/secrets/secret.py:174, src/roboto/http/response.py:233",
		reliedOn:  []string{"internal/roboto/records.go", "internal/roboto/bulk_refresh.go"},
		risk:      "The data source and the list resource show no secrets, or only those of the first page.",
		check: func(t *trial) {
			first := t.listing().pages[0]
			t.wantKind(first, "items", "a list")
			t.wantKind(first, "next_token", "text", "null")
		},
	}, {
		number:    31,
		statement: "`page_token` with the `next_token` of a page answers the next page; the last one's is null, and no record comes twice.",
		sdk:       "src/roboto/domain/secrets/secret.py:168",
		reliedOn:  []string{"internal/roboto/records.go", "internal/roboto/bulk_refresh.go"},
		risk:      "The data source and the list resource show secrets twice, or end in an error.",
		check: func(t *trial) {
			list := t.complete()
			switch {
			case list.failed != nil:
				t.differs("the next page was answered %s", list.failed)
			case list.circle:
				t.differs("the pages go round in a circle")
			case len(list.pages) == 1:
				t.unknown("all secrets of the organization are on one page")
			}
			seen := map[string]bool{}
			for _, record := range list.records() {
				if seen[arn(record)] {
					t.differs("a record twice")
				}
				seen[arn(record)] = true
			}
		},
	}, {
		number:    32,
		statement: "The items of a page are the records that `GET v1/secrets/name/{name}` answers.",
		sdk:       "src/roboto/domain/secrets/secret.py:178",
		reliedOn:  []string{"internal/roboto/bulk_refresh.go"},
		risk:      "With bulk_refresh, a secret is taken for another one.",
		check: func(t *trial) {
			s := t.secret("plain")
			record := t.complete().find(s.name)
			if record == nil {
				t.unknown("the listing lacks the secret")
			}
			t.wantSame(s.record, record, identity...)
		},
	}, {
		number:    33,
		statement: "A listing has the records of the given organization only.",
		sdk:       "src/roboto/domain/secrets/secret.py:133 and 176",
		reliedOn:  []string{"internal/roboto/records.go"},
		risk:      "The data source and the list resource end in an error.",
		check: func(t *trial) {
			for _, record := range t.complete().records() {
				if org := record.text("org_id"); org != "" && org != t.orgID {
					t.differs("a record of another organization")
				}
			}
		},
	}, {
		number:    34,
		statement: "`created` of a record is the same instant when it is created, by its name, in a listing and with credentials, apart from digits that are cut off.",
		sdk:       "src/roboto/domain/secrets/record.py:78 and 118, src/roboto/domain/secrets/secret.py:178",
		reliedOn:  []string{"internal/roboto/identity.go", "internal/roboto/bulk_refresh.go", "internal/roboto/credentials.go"},
		risk:      "A secret is taken for another one, so that it is dropped from the state, and neither written nor deleted.",
		check: func(t *trial) {
			s := t.secret("plain")
			t.wantSameCreated(s.record, must(must(t.get(s.name)).object()), "by its name")
			t.wantSameCreated(s.record, t.complete().find(s.name), "in a listing")
			t.wantSameCreated(s.record, must(t.handed(s)).object("record"), "with credentials")
		},
	}}
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
		all = append(all, page.objects("items")...)
	}
	return slices.DeleteFunc(all, func(record object) bool { return record == nil })
}

// find returns nil if no record has the name.
func (list listing) find(name string) object {
	for _, record := range list.records() {
		if record.text("name") == name {
			return record
		}
	}
	return nil
}

// listing reads all pages once. There are four secrets at least, so that an embedded
// Roboto with small pages has several.
func (t *trial) listing() listing {
	return once(t, "listing", func() listing {
		for _, label := range []string{"plain", "listed-1", "listed-2", "listed-3"} {
			t.secret(label)
		}
		return must(t.made.list(t.ctx))
	})
}

// complete is a listing whose pages say what comes next.
func (t *trial) complete() listing {
	list := t.listing()
	return must(list, list.readable())
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
		a, err := c.service.roboto(ctx, call{method: http.MethodGet, path: path, owner: c.orgID})
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
		{"How many records are on a page?", func(t *trial) string {
			pages := t.complete().pages
			first := len(listing{pages: pages[:1]}.records())
			if len(pages) == 1 {
				return fmt.Sprintf("at least %d", first)
			}
			return fmt.Sprint(first)
		}},
		{"When does a listing show a new secret?", func(t *trial) string {
			s := t.secret("lag")
			return after(must(t.until(func() bool { return must(t.made.list(t.ctx)).find(s.name) != nil })))
		}},
		{"Which fields does a record have that the provider does not read?", func(t *trial) string {
			return unread(t.secret("plain").record, "name", "org_id", "store_type", "location", "created", "created_by", "modified", "modified_by", "last_used")
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
