// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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

// follow follows an invocation for an hour at most, and returns what is reported.
func (s service) follow(invocation Invocation) (reported []string, last Invocation, err error) {
	ctx, cancel := context.WithTimeout(s.Context(), time.Hour)
	defer cancel()
	last, err = s.client.Follow(ctx, invocation, func(status Status) {
		status.Detail = ""
		reported = append(reported, status.String())
	})
	return reported, last, err
}

func (s service) wantInvocations(want int) {
	s.Helper()
	if all := s.server.Invocations(); len(all) != want {
		s.Errorf("%d invocations, want %d", len(all), want)
	}
}

// Whatever becomes of the POST, the action runs once at most, and if it may run, the error
// says so.
func TestInvoke(t *testing.T) {
	const post = robototest.InvokeAction
	busyAfterwards := faults{on(post, lostAnswer), {Operation: post, Status: 400}}
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
		"a repetition is refused":                 {busyAfterwards, KindUnsettled, 2, 1},
		"no answer ever":                          {faults{{Operation: post, Drop: true}}, KindUnsettled, 3, 0},
		"the service fails for ever":              {faults{{Operation: post, Status: 503}}, KindUnsettled, 3, 0},
		"the service is busy for ever":            {faults{{Operation: post, Status: 429}}, KindUnavailable, 3, 0},
		"the service refuses":                     {faults{{Operation: post, Status: 409, Code: codeConflict}}, KindRefused, 1, 0},
		"the answer is endless":                   {faults{{Operation: post, Huge: 1 << 30}}, KindUnsettled, 1, 0},
		"the answer is no invocation":             {faults{{Operation: post, Body: `{"data":{}}`, After: true}}, KindUnsettled, 3, 1},
		"the answer has null for its statuses":    {faults{on(post, replacing(`"status":\[`, `"status":null,"x":[`))}, KindOther, 1, 1},
		"the answer has no last status":           {faults{on(post, replacing(`"last_status"`, `"x"`))}, KindOther, 1, 1},
		"it is about another action":              {faults{on(post, replacing(`"name":"check"`, `"name":"other"`))}, KindUnsettled, 3, 1},
		"it is about another organization":        {faults{on(post, replacing("og_test", "og_other"))}, KindUnsettled, 3, 1},
		"its ID would lead to another path":       {faults{on(post, replacing(`"invocation_id":"`, `"invocation_id":"../`))}, KindUnsettled, 3, 1},
	}, func(s service, test test) {
		s.inject(test.faults...)
		invocation, err := s.invoke(s.Context(), robototest.Action{})
		s.wantKind(err, test.want)
		s.wantCount(post, test.posts)
		s.wantInvocations(test.invocations)
		if err == nil && invocation.ID != s.server.Invocations()[0].ID {
			s.Errorf("the invocation is %q", invocation.ID)
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
			began := time.Now()
			_, err := s.invoke(ctx, robototest.Action{})
			s.wantKind(err, want)
			if took := time.Since(began); took > 11*time.Second {
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
	asked := 0
	everySecond := robototest.Fault{Status: 503, Match: func(r robototest.Request) bool {
		if r.Operation == robototest.GetInvocation {
			asked++
		}
		return asked%2 == 0
	}}
	oneInstant := robototest.Fault{Mutate: func(b []byte) []byte {
		return regexp.MustCompile(`"timestamp":"[^"]*"`).ReplaceAll(b, []byte(`"timestamp":"2100-01-01T00:00:00"`))
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
		"to its end":                       {want: good, took: 12500 * time.Millisecond},
		"until it stays failed":            {action: robototest.Action{Fails: "x"}, want: bad, took: 37500 * time.Millisecond},
		"while it is queued again":         {action: failsOnce, want: slices.Concat(bad, good), took: 37500 * time.Millisecond},
		"until the third failure":          {action: fails, want: slices.Concat(bad, bad, run, []string{"Deadly"}), took: 57500 * time.Millisecond},
		"while every second answer is 503": {fault: everySecond, want: good},
		"while four answers are HTML":      {fault: html(4, 0), want: good},
		"until five answers are HTML":      {fault: html(0, 1), want: run[:2], kind: KindUnexpectedAnswer},
		"until the token is refused":       {fault: robototest.Fault{Status: 401, Skip: 2}, want: run[:3], kind: KindTokenRefused},
		"until it is another invocation":   {fault: replacing(`"iv_`, `"iv_x`), want: run[:1], kind: KindUnexpectedAnswer},
		"by the last status alone":         {fault: replacing(`"status":\[`, `"status":[],"x":[`), want: good},
		"with an old status at the end":    {fault: replacing(`}\],"timeout"`, `},{"status":999,"timestamp":"1990-01-01T00:00:00"}],"timeout"`), want: good},
		"through statuses of one instant":  {fault: oneInstant, want: good},
		"through a status of the future":   {fault: replacing(`"status":4,`, `"status":77,`), want: slices.Concat(run, []string{"status 77", "Completed"})},
	}, func(s service, test test) {
		invocation := s.mustInvoke(test.action)
		s.inject(on(robototest.GetInvocation, test.fault))
		began := time.Now()
		reported, last, err := s.follow(invocation)
		s.wantKind(err, test.kind)
		if diff := cmp.Diff(test.want, reported); diff != "" || !strings.HasPrefix(last.Status.String(), test.want[len(test.want)-1]) {
			s.Errorf("the last status is %s. Reported (-want +got):\n%s", last.Status, diff)
		}
		if took := time.Since(began); test.took != 0 && took != test.took {
			s.Errorf("it took %s, want %s", took, test.took)
		}
	})
}

// An invocation that was queued again and failed again between two polls has failed anew.
func TestFollowGivesEachFailureItsTime(t *testing.T) {
	inService(t, func(s service) {
		invocation, began := s.mustInvoke(robototest.Action{Hang: true}), time.Now()
		s.inject(robototest.Fault{Operation: robototest.GetInvocation, Mutate: func(answer []byte) []byte {
			var statuses []string
			for _, status := range []struct {
				after time.Duration
				code  int
			}{{time.Second, 998}, {28 * time.Second, 0}, {30 * time.Second, 998}, {50 * time.Second, 0}, {time.Minute, 5}} {
				if time.Since(began) >= status.after {
					at := began.UTC().Add(status.after).Format(time.RFC3339Nano)
					statuses = append(statuses, fmt.Sprintf(`{"status":%d,"timestamp":%q}`, status.code, at))
				}
			}
			return regexp.MustCompile(`"status":\[[^\]]*\]`).ReplaceAllLiteral(answer, []byte(`"status":[`+strings.Join(statuses, ",")+"]"))
		}})
		reported, last, err := s.follow(invocation)
		if err != nil || last.Status.Code != StatusCompleted {
			s.Errorf("the end is %v (%v), after %q", last.Status, err, reported)
		}
	})
}

func TestCancelInvocation(t *testing.T) {
	const post, get = robototest.CancelInvocation, robototest.GetInvocation
	hangs, fails := robototest.Action{Hang: true}, robototest.Action{Fails: "x"}
	accepted := faults{{Operation: post, Status: 204}}
	type test struct {
		action robototest.Action
		// follow is how many times it is followed to its end before.
		follow int
		faults faults
		want   string
		kind   Kind
	}
	eachCase(t, map[string]test{
		"at once":                      {want: "Cancelled"},
		"after it has completed":       {follow: 1, want: "Completed", kind: KindRefused},
		"although the answer is lost":  {faults: faults{on(post, lostAnswer)}, want: "Cancelled"},
		"although the request is lost": {faults: faults{on(post, lostRequest)}, want: "Cancelled"},
		"although it fails at first":   {faults: faults{{Operation: post, Status: 503, Times: 1}}, want: "Cancelled"},
		"although it is busy":          {action: hangs, faults: faults{{Operation: post, Status: 429, Times: 1}}, want: "Cancelled"},
		"without permission":           {action: hangs, faults: faults{on(post, deniedRequest)}, want: "Scheduled", kind: KindUnauthorized},
		"without an answer": {
			faults: faults{{Operation: post, Delay: time.Hour}, {Operation: get, Delay: time.Hour}}, want: "Queued", kind: KindNoAnswer,
		},
		"after it failed":                       {action: fails, follow: 1, want: "Failed", kind: KindRefused},
		"after it failed, which Roboto accepts": {action: fails, follow: 1, faults: accepted, want: "Failed"},
		"accepted and without effect":           {action: hangs, faults: accepted, want: "Scheduled"},
	}, func(s service, test test) {
		invocation := s.mustInvoke(test.action)
		for range test.follow {
			_, _, err := s.follow(invocation)
			s.wantKind(err, KindOther)
		}
		s.inject(test.faults...)
		ctx, cancel := context.WithCancel(s.Context())
		cancel()
		began := time.Now()
		last, err := s.client.CancelInvocation(ctx, invocation)
		s.wantKind(err, test.kind)
		if got, _, _ := strings.Cut(last.Status.String(), " ("); got != test.want || time.Since(began) > 10*time.Second {
			s.Errorf("the status is %s after %s, want %s", got, time.Since(began), test.want)
		}
	})
}

// An outage in the meantime does not keep an invocation from being followed and canceled.
func TestInvocationAfterAnOutage(t *testing.T) {
	type test struct {
		operation robototest.Operation
		outage    time.Duration
		do        func(service, Invocation) (Invocation, error)
		want      int
	}
	eachCase(t, map[string]test{
		"followed": {robototest.GetInvocation, 10 * time.Minute, func(s service, invocation Invocation) (Invocation, error) {
			_, last, err := s.follow(invocation)
			return last, err
		}, StatusCompleted},
		// The outage is found out between 30 and 45 seconds after its begin. The next probe is half a minute
		// later.
		"canceled": {robototest.GetSecret, 46 * time.Second, func(s service, invocation Invocation) (Invocation, error) {
			_, err := s.client.Record(s.Context(), ref("db"))
			s.wantKind(err, KindNoAnswer)
			time.Sleep(16 * time.Second)
			return s.client.CancelInvocation(s.Context(), invocation)
		}, StatusCancelled},
	}, func(s service, test test) {
		s.client.config.MaxAttempts = 10
		invocation := s.mustInvoke(robototest.Action{Hang: test.want == StatusCancelled})
		s.inject(robototest.Fault{Operation: test.operation, Times: 1, Outage: test.outage})
		if last, err := test.do(s, invocation); err != nil || last.Status.Code != test.want {
			s.Errorf("the status is %s, the error %v", last.Status, err)
		}
	})
}

// An invocation whose answer was lost is settled although others find out meanwhile that the host is out of
// reach.
func TestInvokeDuringAnOutage(t *testing.T) {
	inService(t, func(s service) {
		s.client.config.MaxAttempts = 10
		s.inject(robototest.Fault{Operation: robototest.InvokeAction, Drop: true, After: true, Delay: 45 * time.Second, Times: 1})
		s.inject(robototest.Fault{Operation: robototest.GetSecret, Drop: true})
		ended := make(chan error)
		go func() {
			_, err := s.client.Record(s.Context(), ref("db"))
			ended <- err
		}()
		s.mustInvoke(robototest.Action{})
		s.wantKind(<-ended, KindNoAnswer)
		s.wantCount(robototest.InvokeAction, 2)
		s.wantInvocations(1)
	})
}

func TestAction(t *testing.T) {
	version := ActionRef{OrgID: testOrg, Name: "check", Digest: "0123"}
	type test struct {
		ref   ActionRef
		fault robototest.Fault
		// none says that the action has no parameters then.
		none bool
		want Kind
	}
	unusable := func(old, changed string) test {
		return test{ref: checkAction, fault: replacing(old, changed), want: KindUnexpectedAnswer}
	}
	eachCase(t, map[string]test{
		"the latest version":       {ref: checkAction},
		"a version":                {ref: version},
		"no such version":          {ref: ActionRef{OrgID: testOrg, Name: "check", Digest: "4567"}, want: KindNotFound},
		"no such action":           {ref: ActionRef{OrgID: testOrg, Name: "other"}, want: KindNotFound},
		"a gateway's 404":          {ref: checkAction, fault: robototest.Fault{Status: 404, Message: "Not Found"}, want: KindUnexpectedAnswer},
		"another version":          {ref: version, fault: replacing("0123", "4567"), want: KindUnexpectedAnswer},
		"without parameters":       {ref: checkAction, fault: replacing(`"parameters":\[`, `"x":[`), none: true},
		"another action":           unusable(`"name":"check"`, `"name":"other"`),
		"no organization":          unusable("og_test", "a b"),
		"another organization":     unusable("og_test", "og_other"),
		"a parameter of control":   unusable(`"level"`, `"\u001b[31m"`),
		"an endless parameter":     unusable(`"level"`, `"`+strings.Repeat("x", 3000)+`"`),
		"parameters that are none": unusable(`"parameters":\[`, `"parameters":7,"x":[`),
		"endless parameters":       unusable(`"parameters":\[`, `"parameters":[`+strings.Repeat(`{"name":"x"},`, 300)),
	}, func(s service, test test) {
		s.server.AddAction(robototest.Action{
			Name: "check", Digest: "0123", Parameters: []robototest.Parameter{{Name: "key", Required: true}, {Name: "level", Default: "info"}},
		})
		s.inject(on(robototest.GetAction, test.fault))
		action, err := s.client.Action(s.Context(), test.ref)
		s.wantKind(err, test.want)
		want := []Parameter{{"key", true}, {"level", false}}
		if test.none {
			want = nil
		}
		if err == nil && (!slices.Equal(action.Parameters, want) || action.Digest != "0123") {
			s.Errorf("the action is %+v", action)
		}
	})
}

func TestActionNamesAndOwners(t *testing.T) {
	for name, ok := range map[string]bool{"check": true, "with space ü": true, "": false, ".": false, "a/b": false, "a@b": false, "a\nb": false, "\xff": false} {
		if err := ValidateActionName(name); (err == nil) != ok {
			t.Errorf("the name %q: %v", name, err)
		}
	}
	for owner, ok := range map[string]bool{"og_1": true, "roboto-public": true, "": false, "a b": false, "a/b": false} {
		if err := ValidateActionOwner(owner); (err == nil) != ok {
			t.Errorf("the owner %q: %v", owner, err)
		}
	}
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
		want  object // what differs from a request without input
	}{
		"nothing":           {InvocationInput{}, object{}},
		"a dataset alone":   {InvocationInput{DatasetID: "ds_1"}, object{"data_source_id": "ds_1"}},
		"parameters":        {InvocationInput{Parameters: map[string]string{"key": "x"}}, object{"parameter_values": object{"key": "x"}}},
		"a query of topics": {InvocationInput{TopicQuery: "t"}, object{"rich_input_data": object{"files": nil, "topics": object{"query": "t"}}}},
		"queries and a timeout": {
			InvocationInput{FileQuery: "f", TopicQuery: "t", TimeoutMinutes: of(3)},
			object{"rich_input_data": object{"files": object{"query": "f"}, "topics": object{"query": "t"}}, "timeout": 3.0},
		},
		"files and a destination": {
			InvocationInput{DatasetID: "ds_1", FilePaths: []string{"a/*"}, UploadDatasetID: "ds_2"},
			object{
				"data_source_id": "ds_1", "input_data": []any{"a/*"},
				"rich_input_data":    object{"files": object{"dataset_id": "ds_1", "paths": []any{"a/*"}}, "topics": nil},
				"upload_destination": object{"destination_id": "ds_2", "destination_type": "Dataset"},
			},
		},
	} {
		test.input.OrgID = testOrg
		r := invokeRequest(action, test.input)
		if r.query.Encode() != "digest=0123" || r.actingOrg != testOrg || r.ownerOrg != "og-hub" {
			t.Errorf("%s: the request is %+v", name, r)
		}
		var got object
		encoded, err := json.Marshal(r.body)
		if err := errors.Join(err, json.Unmarshal(encoded, &got)); err != nil {
			t.Fatal(err)
		}
		if id := got["idempotency_id"]; known[id] {
			t.Errorf("%s: the idempotency ID is %v, and not a new one", name, id)
		}
		known[got["idempotency_id"]] = true
		delete(got, "idempotency_id")
		want := object{
			"data_source_id": "__UNSPECIFIED_DATA_SOURCE__", "data_source_type": "Dataset", "input_data": []any{}, "rich_input_data": nil,
			"parameter_values": nil, "timeout": 7.0, "upload_destination": nil, "invocation_source": "Manual",
		}
		maps.Copy(want, test.want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: the body (-want +got):\n%s", name, diff)
		}
	}
}
