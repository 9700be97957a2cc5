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
	t.fact(40, "`GET v1/orgs/caller` answers the list of the caller's organizations, each with `org_id`, `name`, `tier` and `status`.",
		"src/roboto/domain/orgs/org.py:140, src/roboto/domain/orgs/org_records.py:46", "internal/roboto/owner.go",
		"The organization has to be given everywhere, and what was deleted elsewhere makes every plan fail.",
		cmp.Or(unless(len(orgs) > 0, "no list, or an empty one"), odd))
	if len(orgs) == 0 {
		t.end("the caller's organizations cannot be read")
	}
	t.fact(41, "IDs of organizations consist of letters, digits and `_`.",
		"src/roboto/domain/secrets/secret.py:26", "internal/roboto/uri.go, internal/roboto/owner.go",
		"The URIs of the organization's secrets are refused.",
		oddID)
	t.fact(42, "The organization for tests is one of the caller's.",
		"src/roboto/domain/orgs/org.py:119", "internal/roboto/identity.go",
		"What was deleted elsewhere makes every plan fail, because \"not found\" is not believed.",
		unless(slices.ContainsFunc(orgs, func(org wire.Object) bool { return org.Text("org_id") == t.OrgID }), "it is none of them"))
	a := t.permitted(t.Roboto(t.ctx, wire.Call{Path: "/v1/secrets"}))
	refused := a.Status == http.StatusBadRequest && strings.Contains(string(a.Body), "did not provide a org for single-org operation")
	t.fact(44, "Without `X-Roboto-Resource-Owner-Id`, the caller's only organization is meant. If there are several, the answer is 400 with \"did not provide a org for single-org operation\".",
		"src/roboto/http/constants.py:7, src/roboto/exceptions/domain.py:113", "internal/roboto/owner.go",
		"None for the provider, which always says which organization; the guides tell so of Roboto's own tools.",
		cmp.Or(unless(len(orgs) > 1 || a.OK(), a.String()+", with one organization"),
			unless(len(orgs) == 1 || refused, a.String()+", or another message, with several organizations")))
	invalid := t.answer(t.Roboto(t.ctx, wire.Call{Path: callerPath, APIKey: "not-a-key-of-anybody"}))
	t.fact(45, "An API key that is not valid answers 401 or 403, with \"User is not authorized to access this resource with an explicit deny\".",
		"src/roboto/exceptions/domain.py:118", "internal/roboto/errors.go",
		"The error does not say that the API key is wrong.",
		cmp.Or(unless(invalid.Refusal(), invalid),
			unless(strings.Contains(string(invalid.Body), "User is not authorized to access this resource with an explicit deny"), "another message")))
	foreign := t.answer(t.Roboto(t.ctx, wire.Call{Path: wire.SecretPath(t.prefix + "never"), Owner: "og_tfconformance"}))
	t.measured("What does a secret of an organization answer that is none of the caller's?", foreign.String())
	record := t.secret("owned").record
	t.fact(43, "`X-Roboto-Org-Id` says in which organization a record is created, and the record repeats it.",
		"src/roboto/http/constants.py:13, src/roboto/domain/secrets/secret.py:117", "internal/roboto/create.go, internal/roboto/records.go",
		"Secrets are created in another organization, or refused after they were created.",
		unless(record.Text("org_id") == t.OrgID, "another organization"))
	user := t.permitted(t.Roboto(t.ctx, wire.Call{Path: "/v1/users"}))
	t.fact(46, "`GET v1/users` answers the caller, whose `user_id` is a text.",
		"src/roboto/domain/users/user.py:100, src/roboto/domain/users/record.py:20", "internal/roboto/owner.go",
		riskUnsettled,
		cmp.Or(unless(user.OK(), user), kind(user.Object(), "text", "user_id")))
	userID, createdBy := user.Object().Text("user_id"), record.Text("created_by")
	t.fact(47, "`created_by` of a record that the caller creates is the caller's `user_id`, or `user:` and the `user_id`.",
		"src/roboto/domain/secrets/record.py:81, src/roboto/principal.py:141", "internal/roboto/owner.go, internal/roboto/create.go",
		riskUnsettled,
		cmp.Or(unlessKnown(userID != "" && createdBy != "", "there is no `user_id`, or no `created_by`"),
			unless(createdBy == userID || createdBy == "user:"+userID, "something else")))
}
