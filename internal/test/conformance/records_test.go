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

const (
	noSuchPath = "/v1/tf-no-such-path"
	// riskUnsettled is shared by the facts that show whose record it is.
	riskUnsettled = "A create whose answer was lost is never recognized as Terraform's own, and ends in an error."
)

func records(t *trial) {
	name := t.prefix + "plain"
	posted := t.permitted(t.create(name))
	record := posted.Object()
	t.fact(1, "`POST v1/secrets` with a name creates a record, and answers it in `data`.",
		"src/roboto/domain/secrets/secret.py:114, src/roboto/http/response.py:30", "internal/roboto/create.go",
		"No secret can be created.",
		cmp.Or(unless(record != nil, posted), unless(record.Text("name") == name, "another name in the record")))
	if record == nil {
		t.end("no secret could be created: %s", posted)
	}
	t.fact(2, "A record has `name`, `org_id`, `store_type` and `location` (both of the store \"aws\"), `created`, `created_by`, `modified` and `modified_by`.",
		"src/roboto/domain/secrets/record.py:73", "internal/roboto/records.go",
		"Records are refused as unreadable, or attributes such as `created_by` are empty.",
		cmp.Or(kind(record, "text", "name", "org_id", "created_by", "modified_by"),
			kind(record, "text|a number", "created", "modified"), // of which kind is another fact
			unless(record.Text("store_type") == "aws" && record.Object("location").Text("store_type") == "aws", "another `store_type`"),
			unless(record.ARN() != "", "no ARN")))
	t.fact(3, "Times of a record are texts in ISO 8601, with an offset, or without one for UTC.",
		"src/roboto/domain/secrets/record.py:78, 84 and 91", "internal/roboto/records.go",
		"Records are refused as unreadable.",
		isTime(record, "created", "modified"))
	t.fact(4, "`created` is not before the request that created the record, by the clock that the `Date` of answers shows.",
		"not in the SDK; src/roboto/domain/secrets/record.py:79 says when the secret was created", "internal/roboto/create.go, internal/roboto/credentials.go",
		"A create whose answer was lost is not recognized as Terraform's own, and ends in an error.",
		within(timeOf(record, "created"), posted))
	_, err := posted.Date()
	t.fact(5, "Answers have a `Date` header.",
		"not in the SDK; RFC 9110, section 6.6.1", "internal/roboto/create.go, internal/roboto/credentials.go",
		riskUnsettled,
		unless(err == nil, "none that can be read"))
	t.fact(6, "`last_used` of a record that no action has used is null, or not there.",
		"src/roboto/domain/secrets/record.py:84", "internal/roboto/records.go",
		"The data sources show a use that never was, or records are refused as unreadable.",
		kind(record, "null|missing", "last_used"))
	got := t.permitted(t.Get(t.ctx, name))
	t.fact(7, "`GET v1/secrets/name/{name}` answers the record that creating it answered.",
		"src/roboto/domain/secrets/secret.py:228", "internal/roboto/records.go, internal/roboto/identity.go",
		"A secret is taken for another one, or for gone.",
		cmp.Or(unless(got.OK(), got), sameRecord(record, got.Object())))
	conflict := t.permitted(t.create(name))
	t.fact(8, "A second `POST` of a name answers 409.",
		"src/roboto/domain/secrets/secret.py:93, src/roboto/exceptions/domain.py:302", "internal/roboto/create.go, internal/roboto/errors.go",
		"A name that is taken ends in an error without the import block.",
		unless(conflict.Status == http.StatusConflict, conflict))
	t.fact(9, "The answer to a second `POST` of a name bears the error code `RobotoConflictException`.",
		"src/roboto/exceptions/domain.py:302", "internal/roboto/errors.go",
		"A name that is taken ends in an error without the import block.",
		unless(conflict.Code() == "RobotoConflictException", conflict))
	missing := t.answer(t.Get(t.ctx, t.prefix+"never"))
	t.fact(10, "`GET` of a name that no secret has answers 404.",
		"src/roboto/domain/secrets/secret.py:211, src/roboto/exceptions/domain.py:192", "internal/roboto/errors.go",
		"A deleted secret makes every plan fail.",
		unless(missing.Status == http.StatusNotFound, missing))
	t.fact(11, "The answer to `GET` of a name that no secret has bears the error code `RobotoNotFoundException`.",
		"src/roboto/exceptions/domain.py:192", "internal/roboto/errors.go",
		"A deleted secret makes every plan fail.",
		unless(missing.Code() == "RobotoNotFoundException", missing))
	envelope := func(a wire.Answer) string {
		return cmp.Or(unlessKnown(!a.OK(), "there was no error"),
			kind(a.Output(), "an object", "error"), kind(a.Output().Object("error"), "text", "error_code", "message"))
	}
	t.fact(12, "Roboto's errors are `{\"error\": {\"error_code\": …, \"message\": …}}`.",
		"src/roboto/exceptions/domain.py:63 and 162", "internal/roboto/errors.go",
		"Errors are taken for those of a proxy: a deleted secret makes every plan fail.",
		cmp.Or(envelope(missing), envelope(conflict)))
	elsewhere := t.answer(t.Roboto(t.ctx, wire.Call{Path: noSuchPath, Owner: t.OrgID}))
	t.fact(13, "A path that Roboto does not have does not answer `RobotoNotFoundException`.",
		"src/roboto/exceptions/domain.py:374", "internal/roboto/errors.go",
		"A wrong endpoint makes all secrets disappear from the state.",
		unless(elsewhere.Code() != "RobotoNotFoundException", elsewhere))
	t.measured("Which fields does a record have that the provider does not read?",
		otherKeys(record, "name", "org_id", "store_type", "location", "created", "created_by", "modified", "modified_by", "last_used"))
	t.measured("Which version of HTTP does Roboto speak?", posted.Protocol)
}

func deletion(t *trial) {
	s := t.secret("gone")
	deleted := t.permitted(t.Delete(t.ctx, s.name))
	t.fact(14, "`DELETE v1/secrets/name/{name}` answers with a success.",
		"src/roboto/domain/secrets/secret.py:353", "internal/roboto/delete.go",
		"Destroying a secret ends in an error.",
		unless(deleted.OK(), deleted))
	t.fact(15, "A deleted secret is answered at once as one that never was.",
		"src/roboto/domain/secrets/secret.py:211 and 337", "internal/roboto/delete.go, internal/roboto/create.go",
		"A deletion whose answer was lost is done twice, or a create after it ends in an error.",
		t.likeMissing(t.answer(t.Get(t.ctx, s.name))))
	again := t.answer(t.Delete(t.ctx, s.name))
	t.fact(16, "`DELETE` of a name that no secret has answers as `GET` does.",
		"src/roboto/domain/secrets/secret.py:344", "internal/roboto/delete.go",
		"Destroying what somebody else has deleted ends in an error.",
		t.likeMissing(again))
	t.measured("What does `DELETE` answer?", fmt.Sprintf("%s, and %s the second time", deleted, again))
	recreated, free := t.recreate(s)
	t.fact(17, "A secret that is created again under its name has another ARN and another creation time.",
		"not in the SDK; src/roboto/domain/secrets/secret.py:339 says that deletion is for good", "internal/roboto/identity.go",
		"Terraform takes another secret of the same name for its own, and may write to it or delete it.",
		cmp.Or(unless(recreated.record.ARN() != s.record.ARN(), "the same ARN"),
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
	t.fact(18, "Names with a space, `ü`, `%`, `%25`, `?`, `#`, `+` and `&` can be created, and are found at their percent-encoded path, decoded once.",
		"src/roboto/domain/secrets/record.py:112, src/roboto/domain/secrets/secret.py:229 (which does not encode them)", "internal/roboto/records.go, internal/roboto/uri.go",
		"Secrets with such names cannot be managed, or another one is found.",
		strings.Join(odd, ", "))
	lower := t.secret("case")
	found := t.answer(t.Get(t.ctx, t.prefix+"CASE"))
	upper := t.permitted(t.create(t.prefix + "CASE"))
	t.fact(19, "Names that differ in case only are those of two secrets.",
		"not in the SDK; src/roboto/domain/secrets/record.py:98 says that names are unique", "internal/roboto/records.go",
		"A secret is refused as that of another name.",
		cmp.Or(unless(!found.OK(), "the other one's record"), unless(upper.Object() != nil, "creating the second: "+upper.String()),
			unless(upper.Object().ARN() != lower.record.ARN(), "the same ARN")))
}
