// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
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
	return []fact{
		{
			number:    70,
			statement: "`GET v1/actions/{name}` of a name that no action has answers as `GET` of a secret's does.",
			sdk:       "src/roboto/domain/actions/action.py:222",
			reliedOn:  []string{"internal/roboto/actions.go"},
			risk:      "The error does not say that the name of the action is wrong.",
			check: func(ctx context.Context, l *lab) error {
				a, err := refused(l.getAction(ctx, l.prefix+"never"))
				if err == nil && a.refusal() { // of all actions, perhaps
					_, err = l.actionRecord(ctx)
				}
				return l.checkLikeMissing(ctx, a, err)
			},
		},
		{
			number:    71,
			statement: "An action has `name`, `org_id`, `parameters`, a list of objects with a `name`, and a `timeout`, a number or null.",
			sdk:       "src/roboto/domain/actions/action.py:240, src/roboto/domain/actions/action_record.py:272",
			reliedOn:  []string{"internal/roboto/actions.go"},
			risk:      "No action can be invoked.",
			check:     checkAction,
		},
		{
			number:    72,
			statement: "`POST v1/actions/{name}/invoke` answers the invocation, with `invocation_id`, `org_id`, `status` and the name of the action in `provenance`.",
			sdk:       "src/roboto/domain/actions/action.py:594, src/roboto/domain/actions/invocation_record.py:406",
			reliedOn:  []string{"internal/roboto/invocations.go"},
			risk:      "No action can be invoked, or it runs and is not followed.",
			check: func(ctx context.Context, l *lab) error {
				r, err := l.run(ctx)
				switch {
				case err != nil:
					return err
				case !r.answer.success():
					return saw("%s", r.answer)
				case r.invocation.text("invocation_id") == "" || r.invocation.text("org_id") != l.orgID:
					return saw("another organization, or no ID")
				case r.invocation.kind("status") != "a list":
					return saw("`status` is %s", r.invocation.kind("status"))
				case r.invocation.object("provenance").object("action").text("name") != l.action:
					return saw("the name of the action is not in it")
				}
				return nil
			},
		},
		{
			number:    73,
			statement: "Each status of an invocation has `status`, a number of the SDK's (0 to 5, 997 to 999), and `timestamp`, a text in ISO 8601.",
			sdk:       "src/roboto/domain/actions/invocation_record.py:310 and 380",
			reliedOn:  []string{"internal/roboto/invocations.go"},
			risk:      "An invocation is not followed to its end, or its end is not understood.",
			check: func(ctx context.Context, l *lab) error {
				r, err := l.ran(ctx)
				if err != nil {
					return err
				}
				return checkStatuses(r.invocation)
			},
		},
		{
			number:    74,
			statement: "`GET v1/actions/invocations/{id}` answers the same invocation, without a header for the organization.",
			sdk:       "src/roboto/domain/actions/invocation.py:90",
			reliedOn:  []string{"internal/roboto/invocations.go"},
			risk:      "An invocation is not followed to its end.",
			check: func(ctx context.Context, l *lab) error {
				r, err := l.ran(ctx)
				if err != nil {
					return err
				}
				a, err := l.made.invocation(ctx, r.invocation.text("invocation_id"))
				if err != nil {
					return err
				}
				if !a.success() {
					return saw("%s", a)
				}
				again, err := a.object()
				if err != nil {
					return err
				}
				for _, key := range []string{"invocation_id", "org_id", "provenance"} {
					if string(again[key]) != string(r.invocation[key]) {
						return saw("another `%s`", key)
					}
				}
				return nil
			},
		},
		{
			number:    75,
			statement: "A second request with the same `idempotency_id` does not make a second invocation.",
			sdk:       "src/roboto/domain/actions/invocation_operations.py:82",
			reliedOn:  []string{"internal/roboto/invocations.go"},
			risk:      "An action whose answer was lost runs twice.",
			check: func(ctx context.Context, l *lab) error {
				r, err := l.ran(ctx)
				if err != nil {
					return err
				}
				if second := r.second.text("invocation_id"); second != "" && second != r.invocation.text("invocation_id") {
					return saw("another invocation")
				}
				return nil
			},
		},
		{
			number:    76,
			statement: "`POST v1/actions/invocations/{id}/cancel` answers with a success, and the last status is then 997.",
			sdk:       "src/roboto/domain/actions/invocation.py:205 and 308, src/roboto/domain/actions/invocation_record.py:320",
			reliedOn:  []string{"internal/roboto/invocations.go"},
			risk:      "An action goes on after Terraform was interrupted.",
			check:     checkCancel,
		},
		{
			number:    77,
			statement: "`GET` of an invocation that never was answers as `GET` of a secret's name does.",
			sdk:       "src/roboto/domain/actions/invocation.py:79",
			reliedOn:  []string{"internal/roboto/invocations.go"},
			risk:      "None that is known; the error may be less clear.",
			check: func(ctx context.Context, l *lab) error {
				a, err := refused(l.made.invocation(ctx, "iv_tfconformance"))
				if err == nil && a.refusal() { // of all invocations, perhaps
					var r running
					if r, err = l.ran(ctx); err == nil {
						_, err = l.made.invocation(ctx, r.invocation.text("invocation_id"))
					}
				}
				return l.checkLikeMissing(ctx, a, err)
			},
		},
	}
}

func actionPath(name string) string { return "/v1/actions/" + url.PathEscape(name) }

func (l *lab) getAction(ctx context.Context, name string) (answer, error) {
	return l.service.roboto(ctx, call{method: http.MethodGet, path: actionPath(name), header: owningOrg, orgID: l.orgID})
}

// actionRecord is that of the action that may be invoked.
func (l *lab) actionRecord(ctx context.Context) (object, error) {
	if l.action == "" {
		return nil, errors.New("there is no action to try: " + actionVariable + " names none")
	}
	a, err := l.getAction(ctx, l.action)
	if err != nil {
		return nil, err
	}
	return a.object()
}

func checkAction(ctx context.Context, l *lab) error {
	record, err := l.actionRecord(ctx)
	if err != nil {
		return err
	}
	if record.text("name") != l.action || record.text("org_id") == "" {
		return saw("another `name`, or no `org_id`")
	}
	if kind := record.kind("timeout"); kind != "a number" && kind != "null" && kind != "missing" {
		return saw("`timeout` is %s", kind)
	}
	var parameters []object
	if record.kind("parameters") != "a list" || json.Unmarshal(record["parameters"], &parameters) != nil {
		return saw("`parameters` is %s", record.kind("parameters"))
	}
	for _, parameter := range parameters {
		if parameter.text("name") == "" {
			return saw("a parameter without a name")
		}
	}
	return nil
}

// running is an action that was invoked, with the same idempotency ID twice.
type running struct {
	answer             answer
	invocation, second object
	secondAnswer       answer
}

// run invokes the action once. Its invocation is canceled at the end, if not before.
func (l *lab) run(ctx context.Context) (running, error) {
	if l.invoked == nil {
		r, err := l.invokeTwice(ctx)
		l.invoked = &memo[running]{r, err}
	}
	return l.invoked.result, l.invoked.err
}

// ran is run with an invocation.
func (l *lab) ran(ctx context.Context) (running, error) {
	r, err := l.run(ctx)
	if err == nil && r.invocation.text("invocation_id") == "" {
		err = errors.New("there is no invocation")
	}
	return r, err
}

func (l *lab) invokeTwice(ctx context.Context) (r running, err error) {
	action, err := l.actionRecord(ctx)
	if err != nil {
		return r, err
	}
	path := actionPath(l.action) + "/invoke"
	if digest := action.text("digest"); digest != "" {
		path += "?digest=" + url.QueryEscape(digest)
	}
	body := map[string]any{
		"invocation_source": "Manual", "data_source_type": "Dataset", "data_source_id": "__UNSPECIFIED_DATA_SOURCE__", "input_data": []string{},
		"parameter_values": map[string]string{}, "timeout": action["timeout"], "idempotency_id": newToken(),
	}
	runs := false // perhaps
	invoke := func() (answer, object, error) {
		a, err := l.service.roboto(ctx, call{
			method: http.MethodPost, path: path, header: actingOrg, orgID: l.orgID, owner: action.text("org_id"), body: body,
		})
		if err != nil {
			runs = runs || mayBeDone(err)
			return a, nil, err
		}
		runs = runs || a.success()
		invocation, _ := a.object()
		if id := invocation.text("invocation_id"); id != "" {
			l.made.noteInvocation(id)
		}
		return a, invocation, nil
	}
	if r.answer, r.invocation, err = invoke(); err != nil && !runs {
		return r, err
	}
	// If the first answer is lost, the second one tells what is to be canceled.
	var secondErr error
	r.secondAnswer, r.second, secondErr = invoke()
	if runs && len(l.made.invocations) == 0 {
		l.made.lost = append(l.made.lost, "perhaps an invocation of the action")
	}
	return r, cmp.Or(err, secondErr)
}

func statuses(invocation object) []object {
	var all []object
	_ = json.Unmarshal(invocation["status"], &all)
	return all
}

func checkStatuses(invocation object) error {
	all := statuses(invocation)
	if len(all) == 0 {
		return saw("no status")
	}
	for _, s := range all {
		var code int
		if err := json.Unmarshal(s["status"], &code); err != nil {
			return saw("`status` is %s", s.kind("status"))
		}
		if !slices.Contains([]int{0, 1, 2, 3, 4, 5, 997, 998, 999}, code) {
			return saw("the status %d", code)
		}
		if _, err := recordTime(s, "timestamp"); err != nil {
			return saw("`timestamp` is %s", s.kind("timestamp"))
		}
	}
	return nil
}

// lastStatus is the SDK's: the last by time, then by number.
func lastStatus(invocation object) int {
	last, lastAt := -1, time.Time{}
	for _, s := range statuses(invocation) {
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

func checkCancel(ctx context.Context, l *lab) error {
	r, err := l.ran(ctx)
	if err != nil {
		return err
	}
	id := r.invocation.text("invocation_id")
	canceled, err := l.made.cancel(ctx, id)
	if err != nil {
		return err
	}
	last := -1
	_, err = l.until(ctx, func() (bool, error) {
		a, err := l.made.invocation(ctx, id)
		if err != nil {
			return false, err
		}
		invocation, err := a.object()
		last = lastStatus(invocation)
		return last == cancelled, err
	})
	switch {
	case err == nil && canceled.success():
		return nil
	case err == nil:
		return saw("%s, and the invocation was canceled", canceled)
	case slices.Contains([]int{5, 998, 999}, last):
		return fmt.Errorf("the action ended by itself (status %d); it has to run for longer", last)
	case errors.Is(err, errNotInTime):
		return saw("%s, and then the status %d", canceled, last)
	}
	return err
}

func actionFindings() []finding {
	return []finding{
		{"What does a second request with the same `idempotency_id` answer?", func(ctx context.Context, l *lab) (string, error) {
			r, err := l.ran(ctx)
			if err != nil {
				return "", err
			}
			if r.second.text("invocation_id") == r.invocation.text("invocation_id") {
				return fmt.Sprintf("%s, with the first one's invocation", r.secondAnswer), nil
			}
			return r.secondAnswer.String(), nil
		}},
	}
}
