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
	"time"

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
	stranger := *t.Client
	stranger.APIKey = "not-a-key-of-anybody"
	invalid := t.answer(stranger.Roboto(t.ctx, wire.Call{Path: callerPath}))
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

// arnPattern is that of a secret in AWS Secrets Manager, in any partition.
var arnPattern = regexp.MustCompile(`^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+$`)

func credentials(t *trial) {
	s := t.secret("creds")
	t.fact(52, unless(arnPattern.MatchString(s.record.ARN()), "something else"))
	data := t.object(t.permitted(t.Credentials(t.ctx, s.name)))
	creds, fields := data.Object("creds"), []string{"access_key_id", "secret_access_key", "session_token", "region"}
	t.fact(50, cmp.Or(kind(data, "an object", "record", "creds"), sameRecord(s.record, data.Object("record"))))
	var odd string
	for _, key := range fields {
		visible := !strings.ContainsFunc(creds.Text(key), func(r rune) bool { return r <= ' ' || r > '~' })
		odd = cmp.Or(odd, unless(visible, "`"+key+"` has other characters"))
	}
	t.fact(51, cmp.Or(kind(creds, "text", fields...), odd, unless(creds.Text("store_type") == "aws", "another `store_type`")))
	t.fact(53, unless(creds.Text("region") == wire.Access{ARN: s.record.ARN()}.Region(), "another region"))
	own, other := t.open(s), t.open(t.secret("others"))
	t.write(other.Access)
	a := t.answer(t.get(own.Access, wire.Object{"SecretId": other.ARN}))
	t.fact(54, unless(a.Code() == "AccessDeniedException", a))
}

func values(t *trial) {
	s := t.open(t.secret("value"))
	t.fact(60, unless(s.first.Code() == "ResourceNotFoundException", s.first))
	token, value := wire.NewToken(), t.value()
	put := t.permitted(t.put(s.Access, token, value))
	first := t.permitted(t.get(s.Access, wire.Object{})).Output()
	t.fact(61, cmp.Or(unless(put.OK(), put), unless(first.Text("SecretString") == value, "another value")))
	if !put.OK() {
		t.end("no value can be written")
	}
	t.fact(62, unless(put.Output().Text("VersionId") == token, "another `VersionId`"))
	again := t.permitted(t.put(s.Access, token, value))
	further := t.permitted(t.get(s.Access, wire.Object{"VersionStage": "AWSPREVIOUS"}))
	t.fact(63, cmp.Or(unless(again.OK(), again), same(first, t.read(s.Access), "VersionId"), unless(!further.OK(), "a further version")))
	reused := t.permitted(t.put(s.Access, token, t.value()))
	t.fact(64, unless(reused.Code() == "ResourceExistsException", reused))
	_, second, _ := t.write(s.Access)
	before := t.permitted(t.get(s.Access, wire.Object{"VersionId": first["VersionId"]}))
	t.fact(65, cmp.Or(unless(t.read(s.Access).Text("SecretString") == second, "the value before is still the current one"),
		unless(before.OK(), before), same(first, before.Output(), "SecretString")))
	written := t.object(t.permitted(t.Get(t.ctx, s.name)))
	t.fact(68, cmp.Or(sameRecord(s.record, written), sameCreated(s.record, written)))

	large := t.open(t.secret("large"))
	most := t.value()
	most += strings.Repeat("x", 65_536-len(most))
	put = t.permitted(t.put(large.Access, wire.NewToken(), most))
	var read string
	if put.OK() {
		read = t.read(large.Access).Text("SecretString")
	}
	t.fact(66, cmp.Or(unless(put.OK(), put), unless(read == most, "another value")))
	tooMuch := t.permitted(t.put(large.Access, wire.NewToken(), most+"x"))
	t.fact(67, unless(tooMuch.Status == http.StatusBadRequest, tooMuch))
}

func versions(t *trial) {
	s := t.open(t.secret("rewritten"))
	previous := func() wire.Answer { return t.permitted(t.get(s.Access, wire.Object{"VersionStage": "AWSPREVIOUS"})) }
	t.write(s.Access)
	none := previous()
	t.fact(81, unless(none.Code() == "ResourceNotFoundException", none))
	second, _, _ := t.write(s.Access)
	_, _, last := t.write(s.Access)
	before := previous()
	stages, _ := before.Output()["VersionStages"].([]any)
	t.fact(80, cmp.Or(unless(before.OK(), before), unless(before.Output().Text("VersionId") == second, "another version"),
		unless(slices.Contains(stages, any("AWSPREVIOUS")), "`VersionStages` without it")))
	current := t.read(s.Access)
	seconds, _ := current["CreatedDate"].(float64)
	t.fact(82, cmp.Or(kind(current, "a number", "CreatedDate"), within(time.UnixMilli(int64(seconds*1000)), last)))
}

// actionVariable names an action of the organization for tests that may be invoked, and then runs until
// it is canceled. It must need no parameters.
const actionVariable = "ROBOTO_CONFORMANCE_ACTION"

// The statuses of invocations from which on one has ended, and of one that was canceled.
const completed, cancelled = 5, 997

func actions(t *trial) {
	path := func(name string) string { return "/v1/actions/" + url.PathEscape(name) }
	t.fact(70, t.likeMissing(t.permitted(t.Roboto(t.ctx, wire.Call{Path: path(t.prefix + "never"), Owner: t.OrgID}))))
	t.fact(77, t.likeMissing(t.permitted(t.invocation(t.ctx, "iv_tfconformance"))))
	if t.action == "" {
		t.end("there is no action to try: %s names none", actionVariable)
	}
	action := t.object(t.permitted(t.Roboto(t.ctx, wire.Call{Path: path(t.action), Owner: t.OrgID})))
	var nameless string
	for _, parameter := range wire.Objects(action["parameters"]) {
		nameless = cmp.Or(nameless, kind(parameter, "text", "name"))
	}
	t.fact(71, cmp.Or(unless(action.Text("name") == t.action, "another `name`"), kind(action, "text", "org_id"),
		kind(action, "a list", "parameters"), nameless, kind(action, "a number|null|missing", "timeout")))

	invoke := wire.Call{Method: http.MethodPost, Path: path(t.action) + "/invoke", Acting: t.OrgID, Owner: action.Text("org_id"), Body: wire.Object{
		"invocation_source": "Manual", "data_source_type": "Dataset", "data_source_id": "__UNSPECIFIED_DATA_SOURCE__", "input_data": []string{},
		"parameter_values": wire.Object{}, "timeout": action["timeout"], "idempotency_id": wire.NewToken(),
	}}
	if digest := action.Text("digest"); digest != "" {
		invoke.Path += "?digest=" + url.QueryEscape(digest)
	}
	a, err := t.Roboto(t.ctx, invoke)
	again, againErr := t.Roboto(t.ctx, invoke) // if the first answer is lost, this one tells what is to be canceled
	id, second := a.Object().Text("invocation_id"), again.Object().Text("invocation_id")
	t.Cleanup(func() { t.endInvocations(id, second) })
	if id == "" && second == "" && (err != nil || a.Status >= 500) {
		t.report.left = append(t.report.left, "perhaps an invocation of the action")
	}
	t.permitted(a, err)
	record := a.Object()
	t.fact(72, cmp.Or(unless(a.OK(), a), kind(record, "text", "invocation_id"), kind(record, "a list", "status"),
		unless(record.Text("org_id") == t.OrgID, "another organization"),
		unless(record.Object("provenance").Object("action").Text("name") == t.action, "the name of the action is not in it")))
	if id == "" {
		t.end("there is no invocation: %s", a)
	}
	t.permitted(again, againErr)
	t.fact(75, unless(second == "" || second == id, "another invocation"))

	all, odd := wire.Objects(record["status"]), ""
	for _, s := range all {
		odd = cmp.Or(odd, kind(s, "a number", "status"), isTime(s, "timestamp"),
			unless(slices.Contains([]any{0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 997.0, 998.0, 999.0}, s["status"]), fmt.Sprint("the status ", s["status"])))
	}
	t.fact(73, cmp.Or(unless(len(all) > 0, "no status"), odd))
	got := t.permitted(t.invocation(t.ctx, id))
	t.fact(74, cmp.Or(unless(got.OK(), got), same(record, got.Object(), "invocation_id", "org_id", "provenance")))
	canceled, last := t.permitted(t.cancelInvocation(t.ctx, id)), -1
	ok := t.until(t.ctx, func() bool {
		last = lastStatus(t.object(t.permitted(t.invocation(t.ctx, id))))
		return last == cancelled
	})
	t.fact(76, cmp.Or(unlessKnown(!slices.Contains([]int{completed, 998, 999}, last), fmt.Sprintf("the action ended by itself (status %d); it has to run for longer", last)),
		unless(ok && canceled.OK(), fmt.Sprintf("%s, and then the status %d", canceled, last))))
}

// endInvocations cancels what may still run, after an interrupt too.
func (l *lab) endInvocations(ids ...string) {
	ctx, cancel := l.uninterrupted()
	defer cancel()
	for _, id := range slices.Compact(ids) {
		if id == "" {
			continue
		}
		_, _ = l.cancelInvocation(ctx, id) // the status tells whether that was of use
		if !l.until(ctx, func() bool {
			a, _ := l.invocation(ctx, id)
			return lastStatus(a.Object()) >= completed
		}) {
			l.report.left = append(l.report.left, l.redact("the invocation "+id))
		}
	}
}

func (l *lab) invocation(ctx context.Context, id string) (wire.Answer, error) {
	return l.Roboto(ctx, wire.Call{Path: "/v1/actions/invocations/" + url.PathEscape(id)})
}

func (l *lab) cancelInvocation(ctx context.Context, id string) (wire.Answer, error) {
	return l.Roboto(ctx, wire.Call{Method: http.MethodPost, Path: "/v1/actions/invocations/" + url.PathEscape(id) + "/cancel", Owner: l.OrgID})
}

// lastStatus is the SDK's: the last by time, then by number.
func lastStatus(invocation wire.Object) int {
	last, lastAt := -1.0, time.Time{}
	for _, s := range wire.Objects(invocation["status"]) {
		code, ok := s["status"].(float64)
		at := timeOf(s, "timestamp")
		if ok && (at.After(lastAt) || at.Equal(lastAt) && code > last) {
			last, lastAt = code, at
		}
	}
	return int(last)
}
