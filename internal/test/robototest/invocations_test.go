// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package robototest_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

const (
	invoke = "POST /v1/actions/check/invoke "
	// request lacks the brace at its end.
	request = `{"invocation_source":"Manual","data_source_type":"Dataset","data_source_id":"__UNSPECIFIED_DATA_SOURCE__","input_data":[],"idempotency_id":"0123456789abcdef"`
)

type wireInvocation struct {
	ID         string `json:"invocation_id"`
	OrgID      string `json:"org_id"`
	LastStatus int    `json:"last_status"`
	Status     []struct {
		Status int
		Detail string
	}
	Parameters map[string]string `json:"parameter_values"`
}

// invoke invokes the action with a secret as the parameter "key".
func (c client) invoke(uri string) wireInvocation {
	c.t.Helper()
	return decode[wireInvocation](c.t, c.call(invoke+request+fmt.Sprintf(`,"parameter_values":{"key":%q}}`, uri)).want(c.t, http.StatusOK))
}

// run asks until the invocation no longer changes.
func (c client) run(id string) wireInvocation {
	c.t.Helper()
	last := wireInvocation{}
	for {
		next := decode[wireInvocation](c.t, c.call("GET /v1/actions/invocations/"+id).want(c.t, http.StatusOK))
		if len(next.Status) == len(last.Status) {
			return last
		}
		last = next
	}
}

func (i wireInvocation) statuses() []int {
	var codes []int
	for _, status := range i.Status {
		codes = append(codes, status.Status)
	}
	return codes
}

func TestInvocationsRun(t *testing.T) {
	const uri = "roboto-secret://db"
	missing := "Failed to retrieve secret roboto-secret://db, because it does not exist."
	for name, test := range map[string]struct {
		action robototest.Action
		value  string
		want   []int
		detail string
	}{
		"to their end":                    {robototest.Action{}, "v", []int{0, 1, 2, 3, 4, 5}, "None"},
		"with the expected value":         {robototest.Action{Expect: map[string]string{"key": "the good value"}}, "the good value", []int{0, 1, 2, 3, 4, 5}, "None"},
		"with another value":              {robototest.Action{Expect: map[string]string{"key": "the good value"}}, "the bad value", []int{0, 1, 2, 3, 998}, "The action exited with code 1."},
		"without the secret":              {robototest.Action{}, "", []int{0, 1, 2, 998}, missing},
		"until they fail":                 {robototest.Action{Fails: "Out of memory."}, "v", []int{0, 1, 2, 3, 998}, "Out of memory."},
		"again after a failure":           {robototest.Action{Fails: "Lost.", FailedRuns: 1, Requeue: true}, "v", []int{0, 1, 2, 3, 998, 0, 1, 2, 3, 4, 5}, "None"},
		"three times":                     {robototest.Action{Fails: "Lost.", Requeue: true}, "v", []int{0, 1, 2, 3, 998, 0, 1, 2, 3, 998, 0, 1, 2, 3, 999}, "Lost."},
		"for ever":                        {robototest.Action{Hang: true}, "v", []int{0, 1, 2, 3}, "None"},
		"with the default of a parameter": {robototest.Action{Expect: map[string]string{"other": "v"}, Parameters: []robototest.Parameter{{Name: "key"}, {Name: "other", Default: uri}}}, "v", []int{0, 1, 2, 3, 4, 5}, "None"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, robototest.Options{})
			test.action.Name = "check"
			if test.action.Parameters == nil {
				test.action.Parameters = []robototest.Parameter{{Name: "key", Required: true}}
			}
			c.s.AddAction(test.action)
			if test.value != "" {
				c.s.AddSecret(org, "db")
				c.s.SetValue(org, "db", test.value)
			}
			got := c.run(c.invoke(uri).ID)
			if !slices.Equal(got.statuses(), test.want) || got.LastStatus != test.want[len(test.want)-1] {
				t.Errorf("statuses %v, want %v", got.statuses(), test.want)
			}
			if detail := got.Status[len(got.Status)-1].Detail; detail != test.detail {
				t.Errorf("detail %q", detail)
			}
			if got.Parameters["key"] != uri {
				t.Errorf("parameters %v", got.Parameters)
			}
			if record, exists := c.s.Record(org, "db"); exists && record.LastUsed == nil {
				t.Error("the secret was not used")
			}
		})
	}
}

func TestInvocationsOfTheSameIdempotencyID(t *testing.T) {
	c := newClient(t, robototest.Options{})
	c.s.AddAction(robototest.Action{Name: "check", Parameters: []robototest.Parameter{{Name: "key"}}})
	first := c.invoke("x")
	if second := c.invoke("x"); second.ID != first.ID || len(c.s.Invocations()) != 1 {
		t.Errorf("%v and %v", first, second)
	}
	c.s.RefuseRepeats()
	c.call(invoke+request+"}").want(t, http.StatusConflict, "RobotoConflictException")
}

func TestInvocationsCanBeCanceled(t *testing.T) {
	c := newClient(t, robototest.Options{})
	c.s.AddAction(robototest.Action{Name: "check", Parameters: []robototest.Parameter{{Name: "key"}}})
	id := c.invoke("x").ID
	cancel := "POST /v1/actions/invocations/" + id + "/cancel"
	c.call(cancel, header("X-Roboto-Resource-Owner-Id", "og_elsewhere")).want(t, http.StatusNotFound)
	c.call(cancel, header("X-Roboto-Resource-Owner-Id", org)).want(t, http.StatusNoContent)
	if got := c.run(id).statuses(); !slices.Equal(got, []int{0, 997}) {
		t.Errorf("statuses %v", got)
	}
	c.call(cancel).want(t, http.StatusBadRequest, "has ended")
	c.call("POST /v1/actions/invocations/iv_nowhere/cancel").want(t, http.StatusNotFound, "RobotoNotFoundException")
}

func TestWhoMayInvokeWhat(t *testing.T) {
	c := newClient(t, robototest.Options{Orgs: []string{"og_a", "og_b"}})
	private := c.s.AddAction(robototest.Action{OrgID: "og_b", Name: "check"})
	newer := c.s.AddAction(robototest.Action{OrgID: "og_b", Name: "check", Timeout: 7})
	c.s.AddAction(robototest.Action{OrgID: "og_hub", Name: "shared", Hub: true})
	c.s.AddAction(robototest.Action{OrgID: "og_hub", Name: "own"})
	only := header("Authorization", "Bearer "+c.s.AddAPIKey(robototest.Grant{Orgs: []string{"og_a"}}))
	owner := func(id string) edit { return header("X-Roboto-Resource-Owner-Id", id) }
	acting := func(id string) edit { return header("X-Roboto-Org-Id", id) }
	shared := "POST /v1/actions/shared/invoke " + request + "}"

	c.call("GET /v1/actions/check", owner("og_b")).want(t, http.StatusOK, newer.Digest, `"timeout":7`, `"accessibility":"organization"`)
	c.call("GET /v1/actions/check?digest="+private.Digest, owner("og_b")).want(t, http.StatusOK, private.Digest, `"timeout":null`)
	c.call("GET /v1/actions/check?digest=none", owner("og_b")).want(t, http.StatusNotFound)
	c.call("GET /v1/actions/check", owner("og_b"), only).want(t, http.StatusNotFound, "RobotoNotFoundException")
	c.call("GET /v1/actions/check").want(t, http.StatusBadRequest, "did not provide a org")
	c.call("GET /v1/actions/check", only).want(t, http.StatusNotFound)
	c.call("GET /v1/actions/shared", owner("og_hub"), only).want(t, http.StatusOK, `"accessibility":"action_hub"`)
	c.call("GET /v1/actions/own", owner("og_hub"), only).want(t, http.StatusNotFound)

	c.call(shared, owner("og_hub"), acting("og_b"), only).want(t, http.StatusUnauthorized)
	got := decode[wireInvocation](t, c.call(shared, owner("og_hub"), acting("og_a"), only).want(t, http.StatusOK, `"org_id":"og_hub"`))
	if got.OrgID != "og_a" {
		t.Errorf("invoked in %s", got.OrgID)
	}
	other := header("Authorization", "Bearer "+c.s.AddAPIKey(robototest.Grant{Orgs: []string{"og_b"}}))
	c.call("GET /v1/actions/invocations/"+got.ID, other).want(t, http.StatusNotFound)
}

func TestParametersAreThoseOfTheAction(t *testing.T) {
	c := newClient(t, robototest.Options{})
	c.s.AddAction(robototest.Action{Name: "check", Parameters: []robototest.Parameter{{Name: "key", Required: true}}})
	c.call(invoke+request+"}").want(t, http.StatusBadRequest, `required parameter \"key\"`)
	c.call(invoke+request+`,"parameter_values":{"key":"1","other":"2"}}`).want(t, http.StatusBadRequest, `no parameter \"other\"`)
	if all := c.s.Invocations(); len(all) != 0 {
		t.Errorf("invocations: %v", all)
	}
}

func TestWhatNobodyInvokesWith(t *testing.T) {
	const dataset = `{"invocation_source":"Manual","data_source_type":"Dataset","data_source_id":"ds_1","idempotency_id":"0123456789abcdef"`
	for name, test := range map[string]struct{ call, violation string }{
		"an unknown key":             {invoke + request + `,"secret":"x"}`, "body"},
		"no idempotency ID":          {invoke + `{"invocation_source":"Manual","data_source_type":"Dataset","data_source_id":"ds_1","input_data":[]}`, "body"},
		"another source":             {invoke + `{"invocation_source":"Trigger","data_source_type":"Dataset","data_source_id":"ds_1","input_data":[],"idempotency_id":"0123456789abcdef"}`, "body"},
		"no list of files":           {invoke + dataset + "}", "body"},
		"files of no dataset":        {invoke + request[:len(request)-len(`[],"idempotency_id":"0123456789abcdef"`)] + `["a"],"idempotency_id":"0123456789abcdef"}`, "body"},
		"input of nothing":           {invoke + dataset + `,"input_data":[],"rich_input_data":{}}`, "body"},
		"a selector of nothing":      {invoke + dataset + `,"input_data":[],"rich_input_data":{"files":{"dataset_id":"ds_1"}}}`, "body"},
		"a destination of no kind":   {invoke + dataset + `,"input_data":[],"upload_destination":{"destination_id":"ds_1"}}`, "body"},
		"a value that is no text":    {invoke + dataset + `,"input_data":[],"parameter_values":{"key":[1]}}`, "body"},
		"no body":                    {"POST /v1/actions/check/invoke", "body"},
		"a body with a GET":          {"GET /v1/actions/check {}", "body"},
		"a query":                    {"GET /v1/actions/check?page_token=x", "query"},
		"an organization with a GET": {"GET /v1/actions/invocations/iv_1", "X-Roboto-Resource-Owner-Id"},
		"a call that there is not":   {"GET /v1/actions/check/invoke/x", "no call"},
		"an action without a name":   {"GET /v1/actions/", "no call"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, robototest.Options{})
			var edits []edit
			if test.violation == "X-Roboto-Resource-Owner-Id" {
				edits = append(edits, header(test.violation, org))
			}
			c.call(test.call, edits...)
			c.wantViolation(test.violation)
		})
	}
}

func TestAValueAmongParametersIsALeak(t *testing.T) {
	c := newClient(t, robototest.Options{})
	c.s.AddAction(robototest.Action{Name: "check", Parameters: []robototest.Parameter{{Name: "key"}}, Expect: map[string]string{"key": "correct horse battery staple"}})
	c.invoke("correct horse battery staple")
	c.wantViolation("InvokeAction to Roboto carries a secret value")
}
