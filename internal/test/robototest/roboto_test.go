// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package robototest_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

func TestRecordsLiveAndDie(t *testing.T) {
	c := newClient(t, robototest.Options{})
	created := decode[wireRecord](t, c.call(`POST /v1/secrets {"name":"db"}`).want(t, http.StatusOK))
	if created.Name != "db" || created.OrgID != org || created.LastUsed != nil {
		t.Errorf("created %+v", created)
	}
	c.call(`POST /v1/secrets {"name":"db"}`).want(t, http.StatusConflict, "RobotoConflictException")
	c.call(`POST /v1/secrets {"name":""}`).want(t, http.StatusBadRequest, "RobotoInvalidRequestException")
	at := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
	c.s.TouchLastUsed(org, "db", at)
	record, _ := c.s.Record(org, "db")
	const stamp = `"2006-01-02T15:04:05.000000Z"`
	c.call(getDB).want(t, http.StatusOK, `"store_type":"aws"`, `"created":`+record.Created.Format(stamp), `"modified":`+record.Created.Add(time.Hour).Format(stamp),
		`"created_by":"user:caller@example.com"`, `"modified_by":"user:modifier@example.com"`, `"location":{"arn":"`+record.ARN+`","store_type":"aws"}`)
	got := decode[wireRecord](t, c.call(getDB).want(t, http.StatusOK))
	if got.LastUsed == nil || *got.LastUsed != "2026-01-02T03:04:05.000006Z" {
		t.Errorf("last used %v", got.LastUsed)
	}
	if got.Location.ARN != created.Location.ARN {
		t.Errorf("the ARN changed from %s to %s", created.Location.ARN, got.Location.ARN)
	}
	c.call("DELETE /v1/secrets/name/db").want(t, http.StatusNoContent)
	for _, call := range []string{getDB, creds, "DELETE /v1/secrets/name/db"} {
		c.call(call).want(t, http.StatusNotFound, "RobotoNotFoundException")
	}
}

func TestWritingAValueDoesNotTouchTheRecord(t *testing.T) {
	c := newClient(t, robototest.Options{})
	before := c.s.AddSecret(org, "db")
	c.s.SetValue(org, "db", "some value")
	if after, _ := c.s.Record(org, "db"); after != before {
		t.Errorf("%+v became %+v", before, after)
	}
}

func TestRecordsAreAddedAsGiven(t *testing.T) {
	c := newClient(t, robototest.Options{})
	given := robototest.Record{
		Name: "db", OrgID: org, ARN: "arn:aws:secretsmanager:us-west-2:123456789012:secret:db-ABCDEF",
		Created: time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC), CreatedBy: "device:arm@og_test",
	}
	got := c.s.AddRecord(given)
	given.Modified, given.ModifiedBy = given.Created.Add(time.Hour), "user:modifier@example.com"
	if got != given {
		t.Errorf("added %+v, want %+v", got, given)
	}
	if filled := c.s.AddSecret(org, "cache"); filled.ARN == "" || filled.CreatedBy != "user:somebody@example.com" || time.Since(filled.Created) > time.Minute {
		t.Errorf("added %+v", filled)
	}
	defer func() {
		if recover() == nil {
			t.Error("a record was added twice")
		}
	}()
	c.s.AddRecord(given)
}

func TestTheCallerIsWhoCreates(t *testing.T) {
	for name, test := range map[string]struct {
		options robototest.Options
		grant   robototest.Grant
		user    string
		by      string
	}{
		"default":     {user: "caller@example.com", by: "user:caller@example.com"},
		"another":     {options: robototest.Options{User: "me@example.com"}, user: "me@example.com", by: "user:me@example.com"},
		"the bare ID": {options: robototest.Options{User: "me@example.com", CreatedBy: "me@example.com"}, user: "me@example.com", by: "me@example.com"},
		"by the key":  {grant: robototest.Grant{User: "you@example.com"}, user: "you@example.com", by: "user:you@example.com"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, test.options)
			key := header("Authorization", "Bearer "+c.s.AddAPIKey(test.grant))
			c.call("GET /v1/users", key).want(t, http.StatusOK, `{"data":{"is_service_user":false,"name":"Test Caller","user_id":"`+test.user+`"}}`)
			c.call(post, key).want(t, http.StatusOK, `"created_by":"`+test.by+`"`)
			if n := c.s.Count(robototest.GetUser); n != 1 {
				t.Errorf("%d requests for the caller", n)
			}
			c.call("GET /v1/users", header("Authorization", "Bearer unknown")).want(t, http.StatusForbidden)
			c.call("GET /v1/users", header("X-Roboto-Org-Id", org))
			c.wantViolation("X-Roboto-Org-Id")
		})
	}
}

func TestNamesAreDecodedOnce(t *testing.T) {
	c := newClient(t, robototest.Options{})
	for _, name := range []string{"a b", "ü", "a/b", "a?b#c", "100%25", "creds", "+"} {
		c.s.AddSecret(org, name)
		got := decode[wireRecord](t, c.call("GET /v1/secrets/name/"+url.PathEscape(name)).want(t, http.StatusOK))
		if got.Name != name {
			t.Errorf("asked for %q, got %q", name, got.Name)
		}
	}
}

func TestAPIKeys(t *testing.T) {
	c := newClient(t, robototest.Options{Orgs: []string{"og_a", "og_b"}})
	c.s.AddSecret("og_a", "db")
	with := func(grant robototest.Grant) edit {
		grant.Orgs = []string{"og_a"}
		return header("Authorization", "Bearer "+c.s.AddAPIKey(grant))
	}
	all, noCredentials := with(robototest.Grant{}), with(robototest.Grant{NoCredentials: true})
	c.call("GET /v1/orgs/caller", all).want(t, http.StatusOK, "og_a")
	c.call(getDB, all, header("X-Roboto-Resource-Owner-Id", "og_b")).want(t, http.StatusUnauthorized)
	c.call(creds, noCredentials).want(t, http.StatusUnauthorized, "RobotoUnauthorizedException")
	c.call(getDB, noCredentials).want(t, http.StatusOK)
	c.call(creds, all).want(t, http.StatusOK)
	c.call("DELETE /v1/secrets/name/db", all).want(t, http.StatusNoContent)
	c.call(listed, header("Authorization", "Bearer unknown")).want(t, http.StatusForbidden, "with an explicit deny")
	c.call(listed, without("Authorization")).want(t, http.StatusUnauthorized, `{"message":"Unauthorized"}`)
	c.wantViolation("no bearer token")
}

func TestWhatACorrectClientNeverDoesIsAViolation(t *testing.T) {
	for name, test := range map[string]struct {
		call      string
		edit      edit
		violation string
	}{
		"no token":              {listed, without("Authorization"), "no bearer token"},
		"basic authentication":  {listed, header("Authorization", "Basic eDp5"), "no bearer token"},
		"retired token":         {listed, header("Authorization", "Bearer robo_pat_1"), "retired format"},
		"no API version":        {listed, without("X-Roboto-Api-Version"), "X-Roboto-Api-Version"},
		"another API version":   {listed, header("X-Roboto-Api-Version", "2020-01-01"), "X-Roboto-Api-Version"},
		"no requester":          {listed, without("X-Roboto-Requester"), "X-Roboto-Requester"},
		"requester no object":   {listed, header("X-Roboto-Requester", "null"), "X-Roboto-Requester"},
		"requester's schema":    {listed, header("X-Roboto-Requester", `{"schema_version":"v2","roboto_tool":"x"}`), "X-Roboto-Requester"},
		"requester, no tool":    {listed, header("X-Roboto-Requester", `{"schema_version":"v1"}`), "X-Roboto-Requester"},
		"owner when creating":   {`POST /v1/secrets {"name":"a"}`, header("X-Roboto-Resource-Owner-Id", org), "X-Roboto-Resource-Owner-Id"},
		"empty organization":    {listed, header("X-Roboto-Resource-Owner-Id", ""), "X-Roboto-Resource-Owner-Id"},
		"two organizations":     {listed, func(r *http.Request) { r.Header["X-Roboto-Resource-Owner-Id"] = []string{org, org} }, "X-Roboto-Resource-Owner-Id"},
		"no content type":       {`POST /v1/secrets {"name":"a"}`, without("Content-Type"), "Content-Type"},
		"unknown key":           {`POST /v1/secrets {"name":"a","value":"b"}`, nil, "body"},
		"another key":           {`POST /v1/secrets {"value":"b"}`, nil, "body"},
		"body with a GET":       {listed + ` {"name":"b"}`, nil, "body"},
		"query":                 {listed + "?page_size=5", nil, "query"},
		"unknown path":          {"GET /v1/secrets/db", nil, "no call"},
		"double slash":          {"GET //v1/secrets", nil, "no call"},
		"unescaped slash":       {"GET /v1/secrets/name/a/b", nil, "no call"},
		"a method of its own":   {"PUT /v1/secrets/name/db", nil, "no call"},
		"credentials by delete": {"DELETE /v1/secrets/name/db/creds", nil, "no call"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, robototest.Options{})
			var edits []edit
			if test.edit != nil {
				edits = append(edits, test.edit)
			}
			got := c.call(test.call, edits...)
			c.call(test.call, edits...)
			if test.violation == "no call" {
				got.want(t, http.StatusNotFound, `{"message":"Not Found"}`)
			}
			c.wantViolation(test.violation)
		})
	}
}

func TestRequestsAreRecorded(t *testing.T) {
	var told []robototest.Request
	c := newClient(t, robototest.Options{OnRequest: func(r robototest.Request) { told = append(told, r) }})
	c.call(`POST /v1/secrets {"name":"a b"}`, header("X-Roboto-Org-Id", org))
	c.call("GET /v1/secrets/name/a%20b?page_token=x")
	c.wantViolation("query")
	requests := c.s.Requests()
	if len(requests) != 2 || len(told) != 2 || c.s.Count(robototest.GetSecret) != 1 {
		t.Fatalf("recorded %+v, told %+v", requests, told)
	}
	if r := requests[0]; r.Operation != robototest.CreateSecret || r.Status != http.StatusOK || string(r.Body) != `{"name":"a b"}` || r.OrgID != org || r.AWS() {
		t.Errorf("first %+v", r)
	}
	if r := requests[1]; r.Path != "/v1/secrets/name/a%20b" || r.Query != "page_token=x" || r.Name != "a b" || r.Method != http.MethodGet {
		t.Errorf("second %+v", r)
	}
	c.s.ResetRequests()
	if n := len(c.s.Requests()); n != 0 {
		t.Errorf("%d requests after a reset", n)
	}
}
