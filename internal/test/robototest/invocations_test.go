// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package robototest_test

import (
	"fmt"
	"testing"

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

// run asks until an invocation no longer changes, and lists its statuses and the last detail.
func (c *client) run(id string) string {
	c.t.Helper()
	var seen []any
	for {
		invocation := c.wants(200, "", "GET /v1/actions/invocations/"+id).Object()
		statuses := wire.Objects(invocation["status"])
		if len(statuses) == len(seen) {
			last := statuses[len(statuses)-1]
			if last["status"] != invocation["last_status"] {
				c.t.Errorf("the last status is %v, want %v", invocation["last_status"], last["status"])
			}
			return fmt.Sprint(seen, " ", last["detail"])
		}
		seen = nil
		for _, status := range statuses {
			seen = append(seen, status["status"])
		}
	}
}

func TestInvocationsRun(t *testing.T) {
	const uri = "roboto-secret://db"
	good := map[string]string{"key": "the good value"}
	preset := []robototest.Parameter{{Name: "key"}, {Name: "other", Default: uri}}
	for name, test := range map[string]struct {
		action robototest.Action
		value  string
		want   string
	}{
		"to their end":            {robototest.Action{}, "v", "[0 1 2 3 4 5] None"},
		"with the expected value": {robototest.Action{Expect: good}, "the good value", "[0 1 2 3 4 5] None"},
		"with another value":      {robototest.Action{Expect: good}, "the bad value", "[0 1 2 3 998] The action exited with code 1."},
		"with a default":          {robototest.Action{Expect: map[string]string{"other": "v"}, Parameters: preset}, "v", "[0 1 2 3 4 5] None"},
		"without a value":         {robototest.Action{}, "", "[0 1 2 998] Failed to retrieve secret roboto-secret://db, because it does not exist."},
		"until they fail":         {robototest.Action{Fails: "Out of memory."}, "v", "[0 1 2 3 998] Out of memory."},
		"again after a failure":   {robototest.Action{Fails: "Lost.", FailedRuns: 1, Requeue: true}, "v", "[0 1 2 3 998 0 1 2 3 4 5] None"},
		"three times":             {robototest.Action{Fails: "Lost.", Requeue: true}, "v", "[0 1 2 3 998 0 1 2 3 998 0 1 2 3 999] Lost."},
		"for ever":                {robototest.Action{Hang: true}, "v", "[0 1 2 3] None"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, robototest.Options{})
			test.action.Name = "check"
			if test.action.Parameters == nil {
				test.action.Parameters = []robototest.Parameter{{Name: "key", Required: true}}
			}
			c.s.AddAction(test.action)
			if test.value != "" {
				c.s.SetValue(org, "db", test.value)
			}
			invocation := c.wants(200, `"parameter_values":{"key":"`+uri+`"}`, invoke+`,"parameter_values":{"key":"`+uri+`"}}`).Object()
			if diff := cmp.Diff(test.want, c.run(invocation.Text("invocation_id"))); diff != "" {
				t.Errorf("statuses and detail are what has +, not what has -\n%s", diff)
			}
			if record, _ := c.s.Record(org, "db"); (record.LastUsed != nil) != (test.value != "") {
				t.Errorf("the secret was last used at %v", record.LastUsed)
			}
		})
	}
}

func TestInvocationsOfTheSameIdempotencyID(t *testing.T) {
	c := newClient(t, robototest.Options{})
	c.s.AddAction(robototest.Action{Name: "check", Parameters: []robototest.Parameter{{Name: "key", Required: true}}})
	c.wants(400, `required parameter \"key\"`, invoke+"}")
	c.wants(400, `no parameter \"other\"`, invoke+`,"parameter_values":{"key":"1","other":"2"}}`)
	call := invoke + `,"parameter_values":{"key":"1"}}`
	c.wants(200, "", call)
	c.wants(200, c.s.Invocations()[0].ID, call)
	c.s.RefuseRepeats()
	c.wants(409, "RobotoConflictException", call)
	if n := len(c.s.Invocations()); n != 1 {
		t.Errorf("%d invocations, want one", n)
	}
}
