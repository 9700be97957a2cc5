// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package conformance

import (
	"cmp"
	"fmt"
	"net/http"
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
	t.measured("Which fields does a record have that the provider does not read?",
		otherKeys(record, "name", "org_id", "store_type", "location", "created", "created_by", "modified", "modified_by", "last_used"))
	t.measured("Which version of HTTP does Roboto speak?", posted.Protocol)
}

func deletion(t *trial) {
	s := t.secret("gone")
	deleted := t.permitted(t.Delete(t.ctx, s.name))
	t.fact(14, unless(deleted.OK(), deleted))
	t.fact(15, t.likeMissing(t.answer(t.Get(t.ctx, s.name))))
	again := t.answer(t.Delete(t.ctx, s.name))
	t.fact(16, t.likeMissing(again))
	t.measured("What does `DELETE` answer?", fmt.Sprintf("%s, and %s the second time", deleted, again))
	recreated, free := t.recreate(s)
	t.fact(17, cmp.Or(unless(recreated.record.ARN() != s.record.ARN(), "the same ARN"),
		unless(recreated.record["created"] != s.record["created"], "the same time")))
	t.measured("When is the name of a deleted secret free?", free)
}

// recreate waits until the name is free, and tells when that was.
func (t *trial) recreate(s secret) (again secret, free string) {
	t.Helper()
	var a wire.Answer
	lag, ok := t.until(func() bool {
		a = t.permitted(t.create(s.name))
		return a.OK()
	})
	if !ok {
		t.end("the name was not free again: %s", a)
	}
	return secret{s.name, t.object(a)}, after(lag, ok)
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
