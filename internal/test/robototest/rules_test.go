// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package robototest_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/wire"
)

const (
	idempotency = `"idempotency_id":"0123456789abcdef"`
	// invoke lacks the brace at its end.
	invoke = `POST /v1/actions/check/invoke {"invocation_source":"Manual","data_source_type":"Dataset",` +
		`"data_source_id":"__UNSPECIFIED_DATA_SOURCE__","input_data":[],` + idempotency
)

func TestWhatACorrectClientNeverDoesIsAViolation(t *testing.T) {
	const (
		dataset = `POST /v1/actions/check/invoke {"invocation_source":"Manual","data_source_type":"Dataset","data_source_id":"ds_1",` + idempotency
		version = "X-Roboto-Api-Version"
		asker   = "X-Roboto-Requester"
		owned   = "X-Roboto-Resource-Owner-Id"
	)
	for name, test := range map[string]struct {
		call      string
		edit      edit
		violation string
	}{
		"no token":                   {listed, header("Authorization"), "no bearer token"},
		"basic authentication":       {listed, header("Authorization", "Basic eDp5"), "no bearer token"},
		"a retired token":            {listed, bearer("robo_pat_1"), "retired format"},
		"no API version":             {listed, header(version), version},
		"another API version":        {listed, header(version, "2020-01-01"), version},
		"no requester":               {listed, header(asker), asker},
		"a requester that is none":   {listed, header(asker, "null"), asker},
		"another requester's schema": {listed, header(asker, `{"schema_version":"v2","roboto_tool":"x"}`), asker},
		"a requester without a tool": {listed, header(asker, `{"schema_version":"v1"}`), asker},
		"an owner when creating":     {create, owner(org), owned},
		"an owner of the caller":     {"GET /v1/users", owner(org), owned},
		"an owner of an invocation":  {"GET /v1/actions/invocations/iv_1", owner(org), owned},
		"an actor when listing":      {listed, header("X-Roboto-Org-Id", org), "X-Roboto-Org-Id"},
		"no organization's name":     {listed, owner(""), owned},
		"two organizations":          {listed, header(owned, org, org), owned},
		"no content type":            {create, header("Content-Type"), "Content-Type"},
		"an unknown key":             {`POST /v1/secrets {"name":"a","value":"b"}`, nil, "body"},
		"another key":                {`POST /v1/secrets {"value":"b"}`, nil, "body"},
		"a body with a GET":          {listed + ` {"name":"b"}`, nil, "body"},
		"a query":                    {listed + "?page_size=5", nil, "query"},
		"a query of another call":    {"GET /v1/actions/check?page_token=x", nil, "query"},
		"an unknown path":            {"GET /v1/secrets/db", nil, "no call"},
		"a double slash":             {"GET //v1/secrets", nil, "no call"},
		"an unescaped slash":         {"GET /v1/secrets/name/a/b", nil, "no call"},
		"an unknown method":          {"PUT /v1/secrets/name/db", nil, "no call"},
		"credentials by DELETE":      {"DELETE /v1/secrets/name/db/creds", nil, "no call"},
		"an action without a name":   {"GET /v1/actions/", nil, "no call"},

		"an invocation with an unknown key":           {invoke + `,"secret":"x"}`, nil, "body"},
		"an invocation without an idempotency ID":     {strings.ReplaceAll(invoke, idempotency, `"input_data":[]`) + "}", nil, "body"},
		"an invocation without a list of files":       {dataset + "}", nil, "body"},
		"an invocation with files of no dataset":      {strings.ReplaceAll(invoke, "[]", `["a"]`) + "}", nil, "body"},
		"an invocation with a destination of no kind": {dataset + `,"input_data":[],"upload_destination":{"destination_id":"ds_1"}}`, nil, "body"},
		"an invocation with a value that is no text":  {invoke + `,"parameter_values":{"key":[1]}}`, nil, "body"},
		"an invocation without a body":                {"POST /v1/actions/check/invoke", nil, "body"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, robototest.Options{})
			for range 2 {
				if a, err := c.call(test.call, test.edit); err != nil || test.violation == "no call" && a.String() != "404" {
					t.Errorf("answered %s (%v)", a, err)
				}
			}
			c.wantViolation(test.violation)
		})
	}
}

// No two fields of a record have the same value, as given or as made up.
func TestRecordsShowAllFields(t *testing.T) {
	c := newClient(t, robototest.Options{})
	c.s.AddRecord(robototest.Record{
		Name: "given", OrgID: org, ARN: "arn", Created: time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC), CreatedBy: "creator",
	})
	c.s.TouchLastUsed(org, "given", time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC))
	want := wire.Object{
		"name": "given", "org_id": org, "store_type": "aws", "location": map[string]any{"store_type": "aws", "arn": "arn"},
		"created": "2020-01-02T03:04:05.000000Z", "created_by": "creator",
		"modified": "2020-01-02T05:04:05.000000Z", "modified_by": "user:modifier@example.com", "last_used": "2026-01-02T03:04:05.000006Z",
	}
	if diff := cmp.Diff(want, c.wants(200, "", "GET /v1/secrets/name/given").Object()); diff != "" {
		t.Errorf("the record has what has +, not what has -\n%s", diff)
	}
}

// The search itself is tested in internal/test/leaks.
func TestLeaksAreViolations(t *testing.T) {
	const value = "correct horse battery staple"
	for name, test := range map[string]struct {
		leak      func(*client)
		violation string
	}{
		"nothing": {func(c *client) { c.put(c.access(), value) }, ""},
		"a value in the path": {func(c *client) {
			c.s.SetValue(org, "db", value)
			c.wants(404, "", "GET /v1/secrets/name/"+url.PathEscape(value))
		}, "GetSecret to Roboto carries a secret value"},
		"a value in the query": {func(c *client) {
			c.s.SetValue(org, "db", value)
			c.wants(400, "", listed+"?page_token="+url.QueryEscape(value))
		}, "ListSecrets to Roboto carries a secret value"},
		"a value in a header, which is written later": {func(c *client) {
			c.wants(200, "", listed, header("X-Other", value))
			c.put(c.access(), value)
		}, "ListSecrets to Roboto carries a secret value"},
		"a value among parameters": {func(c *client) {
			c.s.AddAction(robototest.Action{Name: "check", Parameters: []robototest.Parameter{{Name: "key"}}, Expect: map[string]string{"key": value}})
			c.wants(200, "", invoke+`,"parameter_values":{"key":"`+value+`"}}`)
		}, "InvokeAction to Roboto carries a secret value"},
		"an API key to AWS": {func(c *client) {
			c.aws(c.access(), "PutSecretValue", wire.Object{}, header("X-Other", c.s.APIKey()))
		}, "carries an API key"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, robototest.Options{})
			test.leak(c)
			c.wantViolation(test.violation)
			c.s.ResetRequests()
			c.wantViolation(test.violation)
			if strings.Contains(strings.Join(c.s.Violations(), ""), value) {
				t.Error("the violation repeats the value")
			}
		})
	}
}
