// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package conformance

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/wire"
)

func listings(t *trial) {
	s := t.secret("listed")
	lag, shown := t.until(func() bool {
		list, _ := t.list(t.ctx)
		return list.find(s.name) != nil
	})
	t.measured("When does a listing show a new secret?", after(lag, shown))
	for _, label := range []string{"listed-2", "listed-3", "listed-4"} { // so that an embedded Roboto has several pages
		t.secret(label)
	}
	list, err := t.list(t.ctx)
	if err != nil {
		t.end("%v", err)
	}
	t.fact(30, list.odd())
	if list.odd() != "" {
		t.end("the pages cannot be read")
	}
	seen, twice := map[string]bool{}, ""
	for _, record := range list.records() {
		twice = cmp.Or(twice, unless(!seen[record.ARN()], "a record twice"))
		seen[record.ARN()] = true
	}
	t.fact(31, cmp.Or(list.broken, unlessKnown(len(list.pages) > 1, "all secrets of the organization are on one page"), twice))
	listed := list.find(s.name)
	lacking := unlessKnown(listed != nil, "the listing lacks the secret")
	t.fact(32, cmp.Or(lacking, sameRecord(s.record, listed)))
	others := slices.ContainsFunc(list.records(), func(record wire.Object) bool { return record.Text("org_id") != "" && record.Text("org_id") != t.OrgID })
	t.fact(33, unless(!others, "a record of another organization"))
	byName := t.object(t.permitted(t.Get(t.ctx, s.name)))
	handed := t.object(t.permitted(t.Credentials(t.ctx, s.name))).Object("record")
	t.fact(34, cmp.Or(lacking, sameCreated(s.record, byName), sameCreated(s.record, listed), sameCreated(s.record, handed)))
	t.measured("How many records are on a page?", fmt.Sprintf("%d, with %d pages", len(wire.Objects(list.pages[0]["items"])), len(list.pages)))
}

// listing is what the pages said.
type listing struct {
	pages []wire.Object
	// broken is why there is no last page, or "".
	broken string
}

// records leaves out what is none.
func (list listing) records() (all []wire.Object) {
	for _, page := range list.pages {
		all = append(all, wire.Objects(page["items"])...)
	}
	return slices.DeleteFunc(all, func(record wire.Object) bool { return record == nil })
}

// find returns nil if no record has the name.
func (list listing) find(name string) wire.Object {
	for _, record := range list.records() {
		if record.Text("name") == name {
			return record
		}
	}
	return nil
}

// odd is what a page lacks, or "".
func (list listing) odd() (seen string) {
	for _, page := range list.pages {
		seen = cmp.Or(seen, kind(page, "a list", "items"), kind(page, "text|null", "next_token"))
	}
	return seen
}

func (l *lab) list(ctx context.Context) (list listing, err error) {
	path, tokens := "/v1/secrets", map[string]bool{}
	for token := "first"; token != ""; path = "/v1/secrets?page_token=" + url.QueryEscape(token) {
		a, err := l.Roboto(ctx, wire.Call{Path: path, Owner: l.OrgID})
		page := a.Object()
		switch {
		case err != nil:
			return list, err
		case page == nil && len(list.pages) == 0:
			return list, errors.New("the listing was answered " + a.String())
		case page == nil:
			list.broken = "the next page was answered " + a.String()
			return list, nil
		}
		list.pages = append(list.pages, page)
		token = page.Text("next_token")
		if tokens[token] || len(list.pages) > 1_000 {
			list.broken = "the pages do not end"
			return list, nil
		}
		tokens[token] = true
	}
	return list, nil
}
