// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package conformance

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/wire"
)

const noSuchPath = "/v1/tf-no-such-path"

func records(t *trial) {
	name := t.prefix + "plain"
	posted := t.permitted(t.create(name))
	record := posted.Object()
	t.fact(1, cmp.Or(unless(record != nil, posted), unless(record.Text("name") == name, "another name in the record")))
	if record == nil {
		t.end("no secret could be created: %s", posted)
	}
	t.fact(2, cmp.Or(kind(record, "text", "name", "org_id", "created_by", "modified_by"),
		kind(record, "text|a number", "created", "modified"), // of which kind is another fact
		unless(record.Text("store_type") == "aws" && record.Object("location").Text("store_type") == "aws", "another `store_type`"),
		unless(record.ARN() != "", "no ARN")))
	t.fact(3, isTime(record, "created", "modified"))
	t.fact(4, within(timeOf(record, "created"), posted))
	_, err := posted.Date()
	t.fact(5, unless(err == nil, "none that can be read"))
	t.fact(6, kind(record, "null|missing", "last_used"))
	got := t.permitted(t.Get(t.ctx, name))
	t.fact(7, cmp.Or(unless(got.OK(), got), sameRecord(record, got.Object())))
	conflict := t.permitted(t.create(name))
	t.fact(8, unless(conflict.Status == http.StatusConflict, conflict))
	t.fact(9, unless(conflict.Code() == "RobotoConflictException", conflict))
	missing := t.answer(t.Get(t.ctx, t.prefix+"never"))
	t.fact(10, unless(missing.Status == http.StatusNotFound, missing))
	t.fact(11, unless(missing.Code() == "RobotoNotFoundException", missing))
	envelope := func(a wire.Answer) string {
		return cmp.Or(unlessKnown(!a.OK(), "there was no error"),
			kind(a.Output(), "an object", "error"), kind(a.Output().Object("error"), "text", "error_code", "message"))
	}
	t.fact(12, cmp.Or(envelope(missing), envelope(conflict)))
	elsewhere := t.answer(t.Roboto(t.ctx, wire.Call{Path: noSuchPath, Owner: t.OrgID}))
	t.fact(13, unless(elsewhere.Code() != "RobotoNotFoundException", elsewhere))
}

func deletion(t *trial) {
	s := t.secret("gone")
	deleted := t.permitted(t.Delete(t.ctx, s.name))
	t.fact(14, unless(deleted.OK(), deleted))
	t.fact(15, t.likeMissing(t.answer(t.Get(t.ctx, s.name))))
	t.fact(16, t.likeMissing(t.answer(t.Delete(t.ctx, s.name))))
	var a wire.Answer
	t.until(t.ctx, func() bool {
		a = t.permitted(t.create(s.name))
		return a.OK()
	})
	recreated := t.object(a)
	t.fact(17, cmp.Or(unless(recreated.ARN() != s.record.ARN(), "the same ARN"), unless(recreated["created"] != s.record["created"], "the same time")))
}

func names(t *trial) {
	var odd []string
	for _, special := range []string{"a b", "ü", "100%", "a%25b", "a?b", "a#b", "a+b", "a&b"} {
		name := t.prefix + special
		created := t.permitted(t.create(name))
		if created.Object() == nil {
			odd = append(odd, fmt.Sprintf("`%s` cannot be created (%s)", special, created))
		} else if a := t.permitted(t.Get(t.ctx, name)); a.Object().Text("name") != name || a.Object().ARN() != created.Object().ARN() {
			odd = append(odd, fmt.Sprintf("`%s` is not found (%s)", special, a))
		}
	}
	t.fact(18, strings.Join(odd, ", "))
	lower := t.secret("case")
	found := t.answer(t.Get(t.ctx, t.prefix+"CASE"))
	upper := t.permitted(t.create(t.prefix + "CASE"))
	t.fact(19, cmp.Or(unless(!found.OK(), "the other one's record"), unless(upper.Object() != nil, "creating the second: "+upper.String()),
		unless(upper.Object().ARN() != lower.record.ARN(), "the same ARN")))
}

func listings(t *trial) {
	s := t.secret("listed")
	t.until(t.ctx, func() bool { return t.list(t.ctx).find(s.name) != nil })
	for _, label := range []string{"listed-2", "listed-3", "listed-4"} { // so that an embedded Roboto has several pages
		t.secret(label)
	}
	list := t.list(t.ctx)
	if len(list.pages) == 0 {
		t.end("the listing cannot be read: %s", list.broken)
	}
	t.fact(30, list.odd)
	if list.odd != "" {
		t.end("the pages cannot be read")
	}
	seen, twice := map[string]bool{}, ""
	for _, record := range list.records {
		twice = cmp.Or(twice, unless(!seen[record.ARN()], "a record twice"))
		seen[record.ARN()] = true
	}
	t.fact(31, cmp.Or(list.broken, unlessKnown(len(list.pages) > 1, "all secrets of the organization are on one page"), twice))
	listed := list.find(s.name)
	lacking := unlessKnown(listed != nil, "the listing lacks the secret")
	t.fact(32, cmp.Or(lacking, sameRecord(s.record, listed)))
	others := slices.ContainsFunc(list.records, func(record wire.Object) bool { return record.Text("org_id") != "" && record.Text("org_id") != t.OrgID })
	t.fact(33, unless(!others, "a record of another organization"))
	byName := t.object(t.permitted(t.Get(t.ctx, s.name)))
	handed := t.object(t.permitted(t.Credentials(t.ctx, s.name))).Object("record")
	t.fact(34, cmp.Or(lacking, sameCreated(s.record, byName), sameCreated(s.record, listed), sameCreated(s.record, handed)))
}

// listing is what the pages said.
type listing struct {
	// records are those of all pages.
	pages, records []wire.Object
	// odd is what a page lacks, and broken why there is no last page, or "".
	odd, broken string
}

// find returns nil if no record has the name.
func (list listing) find(name string) wire.Object {
	for _, record := range list.records {
		if record.Text("name") == name {
			return record
		}
	}
	return nil
}

func (l *lab) list(ctx context.Context) (list listing) {
	path, tokens := "/v1/secrets", map[string]bool{}
	for token := "first"; token != "" && list.broken == ""; path = "/v1/secrets?page_token=" + url.QueryEscape(token) {
		a, err := l.Roboto(ctx, wire.Call{Path: path, Owner: l.OrgID})
		page := a.Object()
		if err != nil || page == nil {
			list.broken = cmp.Or(unlessKnown(err == nil, "a page has no answer"), "a page was answered "+a.String())
			return list
		}
		list.pages = append(list.pages, page)
		list.odd = cmp.Or(list.odd, kind(page, "a list", "items"), kind(page, "text|null", "next_token"))
		for _, record := range wire.Objects(page["items"]) {
			if record != nil {
				list.records = append(list.records, record)
			}
		}
		token = page.Text("next_token")
		list.broken = unless(!tokens[token] && len(list.pages) <= 1_000, "the pages do not end")
		tokens[token] = true
	}
	return list
}

const callerPath = "/v1/orgs/caller"

// orgPattern is what the URI of a secret can carry.
var orgPattern = regexp.MustCompile(`^\w+$`)

func organizations(t *trial) {
	data := t.permitted(t.Roboto(t.ctx, wire.Call{Path: callerPath})).Data()
	orgs := wire.Objects(data)
	var odd, oddID string
	for _, org := range orgs {
		odd = cmp.Or(odd, kind(org, "text", "org_id", "name", "tier", "status"))
		oddID = cmp.Or(oddID, unless(orgPattern.MatchString(org.Text("org_id")), "another character"))
	}
	t.fact(40, cmp.Or(unless(len(orgs) > 0, "no list, or an empty one"), odd))
	if len(orgs) == 0 {
		t.end("the caller's organizations cannot be read")
	}
	t.fact(41, oddID)
	t.fact(42, unless(slices.ContainsFunc(orgs, func(org wire.Object) bool { return org.Text("org_id") == t.OrgID }), "it is none of them"))
	a := t.permitted(t.Roboto(t.ctx, wire.Call{Path: "/v1/secrets"}))
	refused := a.Status == http.StatusBadRequest && strings.Contains(string(a.Body), "did not provide a org for single-org operation")
	t.fact(44, cmp.Or(unless(len(orgs) > 1 || a.OK(), a.String()+", with one organization"),
		unless(len(orgs) == 1 || refused, a.String()+", or another message, with several organizations")))
	invalid := t.answer(t.Roboto(t.ctx, wire.Call{Path: callerPath, APIKey: "not-a-key-of-anybody"}))
	t.fact(45, cmp.Or(unless(invalid.Refusal(), invalid),
		unless(strings.Contains(string(invalid.Body), "User is not authorized to access this resource with an explicit deny"), "another message")))
	record := t.secret("owned").record
	t.fact(43, unless(record.Text("org_id") == t.OrgID, "another organization"))
	user := t.permitted(t.Roboto(t.ctx, wire.Call{Path: "/v1/users"}))
	t.fact(46, cmp.Or(unless(user.OK(), user), kind(user.Object(), "text", "user_id")))
	userID, createdBy := user.Object().Text("user_id"), record.Text("created_by")
	t.fact(47, cmp.Or(unlessKnown(userID != "" && createdBy != "", "there is no `user_id`, or no `created_by`"),
		unless(createdBy == userID || createdBy == "user:"+userID, "something else")))
}
