// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

var checkAction = ActionRef{OrgID: testOrg, Name: "check"}

// invoke adds an action without a parameter and invokes it.
func (s service) invoke(ctx context.Context, action robototest.Action) (Invocation, error) {
	s.Helper()
	action.Name = checkAction.Name
	s.server.AddAction(action)
	known, err := s.client.Action(s.Context(), checkAction)
	s.wantKind(err, KindOther)
	return s.client.Invoke(ctx, known, InvocationInput{OrgID: testOrg})
}

// mustInvoke is invoke for a test that is about what follows.
func (s service) mustInvoke(action robototest.Action) Invocation {
	s.Helper()
	invocation, err := s.invoke(s.Context(), action)
	s.wantKind(err, KindOther)
	return invocation
}

// Whatever becomes of the POST, the action runs once at most, and if it may run, the error
// says so. The matrix has other answers.
func TestInvoke(t *testing.T) {
	const post = robototest.InvokeAction
	type test struct {
		faults      faults
		want        Kind
		posts       int
		invocations int
	}
	eachCase(t, map[string]test{
		"it is invoked": {nil, KindOther, 1, 1},
		"the answer is lost and it has no effect": {faults{on(post, lostRequest)}, KindOther, 2, 1},
		"the answer is lost and it took effect":   {faults{on(post, lostAnswer)}, KindOther, 2, 1},
		"a repetition is refused":                 {faults{on(post, lostAnswer), {Operation: post, Status: 400}}, KindUnsettled, 2, 1},
		"the service fails for ever":              {faults{{Operation: post, Status: 503}}, KindUnsettled, 3, 0},
		"the service is busy for ever":            {faults{{Operation: post, Status: 429}}, KindUnavailable, 3, 0},
		"the service refuses":                     {faults{{Operation: post, Status: 409, Code: codeConflict}}, KindRefused, 1, 0},
		"the answer has no statuses":              {faults{on(post, replacing(`"(status|last_status)":`, `"x":`))}, KindOther, 1, 1},
		"it is about another action":              {faults{on(post, replacing(`"name":"check"`, `"name":"other"`))}, KindUnsettled, 3, 1},
		"it is about another organization":        {faults{on(post, replacing("og_test", "og_other"))}, KindUnsettled, 3, 1},
		"its ID would lead to another path":       {faults{on(post, replacing(`"invocation_id":"`, `"invocation_id":"../`))}, KindUnsettled, 3, 1},
	}, func(s service, test test) {
		s.inject(test.faults...)
		invocation, err := s.invoke(s.Context(), robototest.Action{})
		s.wantKind(err, test.want)
		s.wantCount(post, test.posts)
		if all := s.server.Invocations(); len(all) != test.invocations || err == nil && invocation.ID != all[0].ID {
			s.Errorf("%d invocations, want %d. The invocation is %q", len(all), test.invocations, invocation.ID)
		}
	})
}

// After an interrupt, the answer is waited for, but not for long: it has the ID to cancel.
func TestInvokeWhileInterrupted(t *testing.T) {
	for delay, want := range map[time.Duration]Kind{5 * time.Second: KindOther, time.Hour: KindUnsettled} {
		inService(t, func(s service) {
			s.inject(robototest.Fault{Operation: robototest.InvokeAction, Delay: delay, After: true})
			ctx, cancel := context.WithCancel(s.Context())
			time.AfterFunc(time.Second, cancel)
			_, err := s.invoke(ctx, robototest.Action{})
			s.wantKind(err, want)
			if took := time.Since(startOfTime); took > 11*time.Second {
				s.Errorf("it took %s", took)
			}
		})
	}
}

func TestFollow(t *testing.T) {
	run := []string{"Queued", "Scheduled", "Downloading", "Processing"}
	good, bad := slices.Concat(run, []string{"Uploading", "Completed"}), slices.Concat(run, []string{"Failed"})
	fails := robototest.Action{Fails: "x", Requeue: true}
	failsOnce := fails
	failsOnce.FailedRuns = 1
	html := func(times, skip int) robototest.Fault {
		return robototest.Fault{Status: 200, Body: "<html>", Times: times, Skip: skip}
	}
	// It fails after a second, and is queued again and fails again between two polls.
	failsAnew := robototest.Fault{Mutate: func(answer []byte) []byte {
		var statuses []string
		for after, code := range map[int]int{1: StatusFailed, 28: 0, 30: StatusFailed, 50: 0, 60: StatusCompleted} {
			if at := startOfTime.Add(time.Duration(after) * time.Second); !at.After(time.Now()) {
				statuses = append(statuses, fmt.Sprintf(`{"status":%d,"timestamp":%q}`, code, at.Format(time.RFC3339)))
			}
		}
		return replacing(`"status":\[[^\]]*\]`, `"status":[`+strings.Join(statuses, ",")+"]").Mutate(answer)
	}}
	type test struct {
		action robototest.Action
		fault  robototest.Fault
		want   []string
		kind   Kind
		took   time.Duration
	}
	eachCase(t, map[string]test{
		// Half a second, one, two, four and five.
		"to its end":               {want: good, took: 12500 * time.Millisecond},
		"until it stays failed":    {action: robototest.Action{Fails: "x"}, want: bad, took: 37500 * time.Millisecond},
		"while it is queued again": {action: failsOnce, want: slices.Concat(bad, good), took: 37500 * time.Millisecond},
		"until the third failure":  {action: fails, want: slices.Concat(bad, bad, run, []string{"Deadly"}), took: 57500 * time.Millisecond},
		"until it stays failed anew": {
			action: robototest.Action{Hang: true}, fault: failsAnew, want: []string{"Queued", "Scheduled", "Failed", "Failed", "Queued", "Completed"},
		},
		"through an outage after it failed": {
			action: failsOnce, fault: robototest.Fault{Skip: 4, Times: 1, Outage: 40 * time.Second}, want: slices.Concat(bad, good),
		},
		"while four answers are HTML":     {fault: html(4, 0), want: good},
		"until five answers are HTML":     {fault: html(0, 1), want: run[:2], kind: KindUnexpectedAnswer},
		"until the token is refused":      {fault: robototest.Fault{Status: 401, Skip: 2}, want: run[:3], kind: KindTokenRefused},
		"until it is another invocation":  {fault: replacing(`"iv_`, `"iv_x`), want: run[:1], kind: KindUnexpectedAnswer},
		"through an outage":               {fault: robototest.Fault{Times: 1, Outage: 10 * time.Minute}, want: good},
		"by the last status alone":        {fault: replacing(`"status":\[`, `"status":[],"x":[`), want: good},
		"with an old status at the end":   {fault: replacing(`}\],"timeout"`, `},{"status":999,"timestamp":"1990-01-01T00:00:00"}],"timeout"`), want: good},
		"through statuses of one instant": {fault: replacing(`"timestamp":"[^"]*"`, `"timestamp":"2100-01-01T00:00:00"`), want: good},
		"through a status of the future":  {fault: replacing(`"status":4,`, `"status":77,`), want: slices.Concat(run, []string{"status 77", "Completed"})},
	}, func(s service, test test) {
		invocation := s.mustInvoke(test.action)
		s.inject(on(robototest.GetInvocation, test.fault))
		ctx, cancel := context.WithTimeout(s.Context(), time.Hour)
		defer cancel()
		began := time.Now()
		var reported []string
		last, err := s.client.Follow(ctx, invocation, func(status Status) {
			reported = append(reported, cmp.Or(statusNames[status.Code], status.String()))
		})
		s.wantKind(err, test.kind)
		if diff := gocmp.Diff(test.want, reported); diff != "" || !strings.HasPrefix(last.Status.String(), test.want[len(test.want)-1]) {
			s.Errorf("the last status is %s. Reported (-want +got):\n%s", last.Status, diff)
		}
		if took := time.Since(began); test.took != 0 && took != test.took {
			s.Errorf("it took %s, want %s", took, test.took)
		}
	})
}

// Terraform has been interrupted, and does not wait for long. The catalog and the matrix have other answers.
func TestCancelInvocation(t *testing.T) {
	const post, get = robototest.CancelInvocation, robototest.GetInvocation
	accepted, hangs := faults{{Operation: post, Status: 204}}, robototest.Action{Hang: true}
	type test struct {
		action robototest.Action
		ended  bool // before it is canceled
		faults faults
		want   string
		kind   Kind
	}
	eachCase(t, map[string]test{
		"at once":                               {want: "Cancelled"},
		"after it has completed":                {ended: true, want: "Completed", kind: KindRefused},
		"after it failed, which Roboto accepts": {action: robototest.Action{Fails: "x"}, ended: true, faults: accepted, want: "Failed (x)"},
		"although the answer is lost":           {faults: faults{on(post, lostAnswer)}, want: "Cancelled"},
		"although it is busy":                   {action: hangs, faults: faults{{Operation: post, Status: 429, Times: 1}}, want: "Cancelled"},
		"without permission":                    {action: hangs, faults: faults{on(post, deniedRequest)}, want: "Scheduled", kind: KindUnauthorized},
		"accepted and without effect":           {action: hangs, faults: accepted, want: "Scheduled"},
		"without an answer": {
			faults: faults{{Operation: post, Delay: time.Hour}, {Operation: get, Delay: time.Hour}}, want: "Queued", kind: KindNoAnswer,
		},
	}, func(s service, test test) {
		invocation := s.mustInvoke(test.action)
		if test.ended {
			_, err := s.client.Follow(s.Context(), invocation, func(Status) {})
			s.wantKind(err, KindOther)
		}
		s.inject(test.faults...)
		ctx, cancel := context.WithCancel(s.Context())
		cancel()
		began := time.Now()
		last, err := s.client.CancelInvocation(ctx, invocation)
		s.wantKind(err, test.kind)
		if !strings.HasPrefix(last.Status.String(), test.want) || time.Since(began) > 10*time.Second {
			s.Errorf("the status is %s after %s, want %s", last.Status, time.Since(began), test.want)
		}
	})
}

// Although others find out that the host is out of reach, an invocation is canceled, and one whose answer was lost is
// settled. The outage is found out between 30 and 45 seconds after its begin. The next probe is half a minute later.
func TestInvocationInAnOutage(t *testing.T) {
	type test struct {
		outage robototest.Fault
		do     func(service) error
	}
	find := func(s service) {
		_, err := s.client.Record(s.Context(), ref("db"))
		s.wantKind(err, KindNoAnswer)
	}
	eachCase(t, map[string]test{
		"canceled": {robototest.Fault{Times: 1, Outage: 46 * time.Second}, func(s service) error {
			invocation := s.mustInvoke(robototest.Action{Hang: true})
			find(s)
			time.Sleep(16 * time.Second)
			_, err := s.client.CancelInvocation(s.Context(), invocation)
			return err
		}},
		"settled": {robototest.Fault{Drop: true}, func(s service) error {
			s.inject(robototest.Fault{Operation: robototest.InvokeAction, Drop: true, After: true, Delay: 45 * time.Second, Times: 1})
			go find(s)
			_, err := s.invoke(s.Context(), robototest.Action{})
			s.wantCount(robototest.InvokeAction, 2)
			return err
		}},
	}, func(s service, test test) {
		s.client.config.MaxAttempts = 10
		s.inject(on(robototest.GetSecret, test.outage))
		s.wantKind(test.do(s), KindOther)
		if all := s.server.Invocations(); len(all) != 1 {
			s.Errorf("%d invocations, want one", len(all))
		}
	})
}

// What Roboto says of another action is not believed, nor a parameter that cannot be shown.
func TestActionsThatMustNotBeUsed(t *testing.T) {
	const parameters, unusable = `"parameters":\[`, KindUnexpectedAnswer
	type test struct {
		pattern, changed string
		want             Kind
	}
	eachCase(t, map[string]test{
		"another action":           {`"name":"check"`, `"name":"other"`, unusable},
		"another version":          {"0123", "4567", unusable},
		"no organization":          {"og_test", "a b", unusable},
		"another organization":     {"og_test", "og_other", unusable},
		"a parameter of control":   {`"level"`, `"\u001b[31m"`, unusable},
		"an endless parameter":     {`"level"`, `"` + strings.Repeat("x", 3000) + `"`, unusable},
		"parameters that are none": {parameters, `"parameters":7,"x":[`, unusable},
		"endless parameters":       {parameters, `"parameters":[` + strings.Repeat(`{"name":"x"},`, 300), unusable},
		"no parameters":            {parameters, `"x":[`, KindOther},
	}, func(s service, test test) {
		s.server.AddAction(robototest.Action{Name: "check", Digest: "0123", Parameters: []robototest.Parameter{{Name: "level"}}})
		s.inject(on(robototest.GetAction, replacing(test.pattern, test.changed)))
		_, err := s.client.Action(s.Context(), ActionRef{OrgID: testOrg, Name: "check", Digest: "0123"})
		s.wantKind(err, test.want)
	})
}

// What the request holds is what the action is to get, and what is left out is the action's own. Roboto takes
// a request with a known idempotency ID for a repetition.
func TestInvocationInput(t *testing.T) {
	of := func(minutes int) *int { return &minutes }
	action := Action{ActionRef: ActionRef{OrgID: "og-hub", Name: "check", Digest: "0123"}, timeout: of(7)}
	type object = map[string]any
	known := map[any]bool{nil: true, "": true}
	for name, test := range map[string]struct {
		input InvocationInput
		want  string // what differs from a request without input
	}{
		"nothing":           {InvocationInput{}, `{}`},
		"a dataset alone":   {InvocationInput{DatasetID: "ds_1"}, `{"data_source_id": "ds_1"}`},
		"parameters":        {InvocationInput{Parameters: map[string]string{"key": "x"}}, `{"parameter_values": {"key": "x"}}`},
		"a query of topics": {InvocationInput{TopicQuery: "t"}, `{"rich_input_data": {"files": null, "topics": {"query": "t"}}}`},
		"queries and a timeout": {
			InvocationInput{FileQuery: "f", TopicQuery: "t", TimeoutMinutes: of(3)},
			`{"rich_input_data": {"files": {"query": "f"}, "topics": {"query": "t"}}, "timeout": 3}`,
		},
		"files and a destination": {
			InvocationInput{DatasetID: "ds_1", FilePaths: []string{"a/*"}, UploadDatasetID: "ds_2"},
			`{"data_source_id": "ds_1", "input_data": ["a/*"], "upload_destination": {"destination_id": "ds_2", "destination_type": "Dataset"},
				"rich_input_data": {"files": {"dataset_id": "ds_1", "paths": ["a/*"]}, "topics": null}}`,
		},
	} {
		test.input.OrgID = testOrg
		r := invokeRequest(action, test.input)
		if r.query.Encode() != "digest=0123" || r.actingOrg != testOrg || r.ownerOrg != "og-hub" {
			t.Errorf("%s: the request is %+v", name, r)
		}
		var got object
		want := object{
			"data_source_id": "__UNSPECIFIED_DATA_SOURCE__", "data_source_type": "Dataset", "input_data": []any{}, "rich_input_data": nil,
			"parameter_values": nil, "timeout": 7.0, "upload_destination": nil, "invocation_source": "Manual",
		}
		encoded, err := json.Marshal(r.body)
		if err := errors.Join(err, json.Unmarshal(encoded, &got), json.Unmarshal([]byte(test.want), &want)); err != nil {
			t.Fatal(err)
		}
		if id := got["idempotency_id"]; known[id] {
			t.Errorf("%s: the idempotency ID is %v, and not a new one", name, id)
		}
		known[got["idempotency_id"]] = true
		delete(got, "idempotency_id")
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("%s: the body (-want +got):\n%s", name, diff)
		}
	}
}
