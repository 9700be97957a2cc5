// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package conformance

import (
	"cmp"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/wire"
)

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
	foreign := t.answer(t.Roboto(t.ctx, wire.Call{Path: wire.SecretPath(t.prefix + "never"), Owner: "og_tfconformance"}))
	t.measured("What does a secret of an organization answer that is none of the caller's?", foreign.String())
	record := t.secret("owned").record
	t.fact(43, unless(record.Text("org_id") == t.OrgID, "another organization"))
	user := t.permitted(t.Roboto(t.ctx, wire.Call{Path: "/v1/users"}))
	t.fact(46, cmp.Or(unless(user.OK(), user), kind(user.Object(), "text", "user_id")))
	userID, createdBy := user.Object().Text("user_id"), record.Text("created_by")
	t.fact(47, cmp.Or(unlessKnown(userID != "" && createdBy != "", "there is no `user_id`, or no `created_by`"),
		unless(createdBy == userID || createdBy == "user:"+userID, "something else")))
}
