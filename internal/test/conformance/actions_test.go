// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package conformance

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/wire"
)

// actionVariable names an action of the organization for tests that may be invoked, and then runs until
// it is canceled. It must need no parameters.
const actionVariable = "ROBOTO_CONFORMANCE_ACTION"

// The statuses of invocations from which on one has ended, and of one that was canceled.
const (
	completed = 5
	cancelled = 997
)

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
	for _, id := range ids {
		_, _ = l.cancelInvocation(ctx, id) // the status tells whether that was of use
		if id != "" && !l.until(ctx, func() bool {
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
