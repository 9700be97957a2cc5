// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// actionVariable names an action of the organization for tests that may be invoked, and
// then runs until it is canceled. It must need no parameters.
const actionVariable = "ROBOTO_CONFORMANCE_ACTION"

// The statuses of invocations from which on one has ended, and of one that was canceled.
const (
	completed = 5
	cancelled = 997
)

func actionFacts() []fact {
	return []fact{{
		number:    70,
		statement: "`GET v1/actions/{name}` of a name that no action has answers as `GET` of a secret's does.",
		sdk:       "src/roboto/domain/actions/action.py:222",
		reliedOn:  []string{"internal/roboto/actions.go"},
		risk:      "The error does not say that the name of the action is wrong.",
		check: func(t *trial) {
			a := must(orRefusal(t.getAction(t.prefix + "never")))
			if a.refusal() { // of all actions, perhaps
				t.actionRecord()
			}
			t.wantLikeMissing(a)
		},
	}, {
		number:    71,
		statement: "An action has `name`, `org_id`, `parameters`, a list of objects with a `name`, and a `timeout`, a number or null.",
		sdk:       "src/roboto/domain/actions/action.py:240, src/roboto/domain/actions/action_record.py:272",
		reliedOn:  []string{"internal/roboto/actions.go"},
		risk:      "No action can be invoked.",
		check: func(t *trial) {
			record := t.actionRecord()
			if record.text("name") != t.action || record.text("org_id") == "" {
				t.differs("another `name`, or no `org_id`")
			}
			t.wantKind(record, "timeout", "a number", "null", "missing")
			var parameters []object
			if record.kind("parameters") != "a list" || json.Unmarshal(record["parameters"], &parameters) != nil {
				t.differs("`parameters` is %s", record.kind("parameters"))
			}
			for _, parameter := range parameters {
				if parameter.text("name") == "" {
					t.differs("a parameter without a name")
				}
			}
		},
	}, {
		number:    72,
		statement: "`POST v1/actions/{name}/invoke` answers the invocation, with `invocation_id`, `org_id`, `status` and the name of the action in `provenance`.",
		sdk:       "src/roboto/domain/actions/action.py:594, src/roboto/domain/actions/invocation_record.py:406",
		reliedOn:  []string{"internal/roboto/invocations.go"},
		risk:      "No action can be invoked, or it runs and is not followed.",
		check: func(t *trial) {
			answer, record := t.invoked().first.answer, t.invoked().first.record
			t.want(answer.success(), answer)
			if record.text("invocation_id") == "" || record.text("org_id") != t.orgID {
				t.differs("another organization, or no ID")
			}
			t.wantKind(record, "status", "a list")
			if record.object("provenance").object("action").text("name") != t.action {
				t.differs("the name of the action is not in it")
			}
		},
	}, {
		number:    73,
		statement: "Each status of an invocation has `status`, a number of the SDK's (0 to 5, 997 to 999), and `timestamp`, a text in ISO 8601.",
		sdk:       "src/roboto/domain/actions/invocation_record.py:310 and 380",
		reliedOn:  []string{"internal/roboto/invocations.go"},
		risk:      "An invocation is not followed to its end, or its end is not understood.",
		check: func(t *trial) {
			all := t.running().first.record.objects("status")
			if len(all) == 0 {
				t.differs("no status")
			}
			for _, s := range all {
				var code int
				if err := json.Unmarshal(s["status"], &code); err != nil {
					t.differs("`status` is %s", s.kind("status"))
				}
				if !slices.Contains([]int{0, 1, 2, 3, 4, 5, 997, 998, 999}, code) {
					t.differs("the status %d", code)
				}
				if _, err := recordTime(s, "timestamp"); err != nil {
					t.differs("`timestamp` is %s", s.kind("timestamp"))
				}
			}
		},
	}, {
		number:    74,
		statement: "`GET v1/actions/invocations/{id}` answers the same invocation, without a header for the organization.",
		sdk:       "src/roboto/domain/actions/invocation.py:90",
		reliedOn:  []string{"internal/roboto/invocations.go"},
		risk:      "An invocation is not followed to its end.",
		check: func(t *trial) {
			first := t.running().first
			a := must(t.invocation(first.id))
			t.want(a.success(), a)
			t.wantSame(first.record, must(a.object()), "invocation_id", "org_id", "provenance")
		},
	}, {
		number:    75,
		statement: "A second request with the same `idempotency_id` does not make a second invocation.",
		sdk:       "src/roboto/domain/actions/invocation_operations.py:82",
		reliedOn:  []string{"internal/roboto/invocations.go"},
		risk:      "An action whose answer was lost runs twice.",
		check: func(t *trial) {
			r := t.running()
			if r.second.id != "" && r.second.id != r.first.id {
				t.differs("another invocation")
			}
		},
	}, {
		number:    76,
		statement: "`POST v1/actions/invocations/{id}/cancel` answers with a success, and the last status is then 997.",
		sdk:       "src/roboto/domain/actions/invocation.py:205 and 308, src/roboto/domain/actions/invocation_record.py:320",
		reliedOn:  []string{"internal/roboto/invocations.go"},
		risk:      "An action goes on after Terraform was interrupted.",
		check: func(t *trial) {
			id := t.running().first.id
			canceled := must(t.made.cancel(t.ctx, id))
			last := -1
			_, err := t.until(func() bool {
				last = lastStatus(must(must(t.invocation(id)).object()))
				return last == cancelled
			})
			switch {
			case err == nil && !canceled.success():
				t.differs("%s, and the invocation was canceled", canceled)
			case err != nil && slices.Contains([]int{completed, 998, 999}, last):
				t.unknown("the action ended by itself (status %d); it has to run for longer", last)
			case err != nil:
				t.differs("%s, and then the status %d", canceled, last)
			}
		},
	}, {
		number:    77,
		statement: "`GET` of an invocation that never was answers as `GET` of a secret's name does.",
		sdk:       "src/roboto/domain/actions/invocation.py:79",
		reliedOn:  []string{"internal/roboto/invocations.go"},
		risk:      "None that is known; the error may be less clear.",
		check: func(t *trial) {
			a := must(orRefusal(t.invocation("iv_tfconformance")))
			if a.refusal() { // of all invocations, perhaps
				must(t.invocation(t.running().first.id))
			}
			t.wantLikeMissing(a)
		},
	}}
}

func actionPath(name string) string { return "/v1/actions/" + url.PathEscape(name) }

func (t *trial) getAction(name string) (answer, error) {
	return t.roboto(call{method: http.MethodGet, path: actionPath(name), owner: t.orgID})
}

// actionRecord is that of the action that may be invoked.
func (t *trial) actionRecord() object {
	if t.action == "" {
		t.unknown("there is no action to try: " + actionVariable + " names none")
	}
	return must(must(t.getAction(t.action)).object())
}

// running is an action that was invoked, with the same idempotency ID twice.
type running struct {
	first, second invocation
}

// running needs an invocation.
func (t *trial) running() running {
	r := t.invoked()
	if r.first.id == "" {
		t.unknown("there is no invocation")
	}
	return r
}

// invoked invokes the action once. Its invocation is canceled at the end, if not before.
func (t *trial) invoked() running {
	return once(t, "invocation", func() running {
		action := t.actionRecord()
		path := actionPath(t.action) + "/invoke"
		if digest := action.text("digest"); digest != "" {
			path += "?digest=" + url.QueryEscape(digest)
		}
		invoke := call{method: http.MethodPost, path: path, acting: t.orgID, owner: action.text("org_id"), body: map[string]any{
			"invocation_source": "Manual", "data_source_type": "Dataset", "data_source_id": "__UNSPECIFIED_DATA_SOURCE__", "input_data": []string{},
			"parameter_values": map[string]string{}, "timeout": action["timeout"], "idempotency_id": newToken(),
		}}
		first, err := t.made.invoke(t.ctx, invoke)
		if !t.made.invoked {
			must(first, err)
		}
		// If the first answer is lost, the second one tells what is to be canceled.
		second, secondErr := t.made.invoke(t.ctx, invoke)
		return must(running{first, second}, cmp.Or(err, secondErr))
	})
}

// lastStatus is the SDK's: the last by time, then by number.
func lastStatus(invocation object) int {
	last, lastAt := -1, time.Time{}
	for _, s := range invocation.objects("status") {
		var code int
		if json.Unmarshal(s["status"], &code) != nil {
			continue
		}
		at, _ := recordTime(s, "timestamp") // which other facts are about
		if at.After(lastAt) || at.Equal(lastAt) && code > last {
			last, lastAt = code, at
		}
	}
	return last
}

func actionFindings() []finding {
	return []finding{
		{"What does a second request with the same `idempotency_id` answer?", func(t *trial) string {
			r := t.running()
			if r.second.id == r.first.id {
				return fmt.Sprintf("%s, with the first one's invocation", r.second.answer)
			}
			return r.second.answer.String()
		}},
	}
}
