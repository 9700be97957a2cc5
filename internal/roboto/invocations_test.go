// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

var checkAction = roboto.ActionRef{OrgID: robototest.DefaultOrg, Name: "check"}

// invoke adds an action without a parameter and invokes it.
func (s service) invoke(ctx context.Context, action robototest.Action) (roboto.Invocation, error) {
	s.t.Helper()
	action.Name = checkAction.Name
	s.server.AddAction(action)
	known, err := s.client.Action(s.t.Context(), checkAction)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.client.Invoke(ctx, known, roboto.InvocationInput{OrgID: robototest.DefaultOrg})
}

// mustInvoke is invoke for a test that is about what follows.
func (s service) mustInvoke(action robototest.Action) roboto.Invocation {
	s.t.Helper()
	invocation, err := s.invoke(s.t.Context(), action)
	if err != nil {
		s.t.Fatal(err)
	}
	return invocation
}

// follow follows an invocation and returns what is reported.
func (s service) follow(ctx context.Context, invocation roboto.Invocation) (reported []string, last roboto.Invocation, err error) {
	last, err = s.client.Follow(ctx, invocation, func(status roboto.Status) {
		status.Detail = ""
		reported = append(reported, status.String())
	})
	return reported, last, err
}

// Whatever becomes of the POST, the action runs once at most, and if it may run, the error
// says so.
func TestInvoke(t *testing.T) {
	const post = robototest.InvokeAction
	lost := func(times int) robototest.Fault { return robototest.Fault{Operation: post, Drop: true, Times: times} }
	lostAfter := robototest.Fault{Operation: post, Drop: true, After: true, Times: 1}
	answer := func(status int, code string) robototest.Fault {
		return robototest.Fault{Operation: post, Status: status, Code: code}
	}
	replacing := func(old, changed string) robototest.Fault {
		return robototest.Fault{Operation: post, Mutate: func(b []byte) []byte { return bytes.ReplaceAll(b, []byte(old), []byte(changed)) }}
	}
	for name, test := range map[string]struct {
		faults      []robototest.Fault
		refuse      bool
		want        roboto.Kind
		posts       int
		invocations int
	}{
		"it is invoked": {posts: 1, invocations: 1},
		"the answer is lost and it has no effect": {faults: []robototest.Fault{lost(1)}, posts: 2, invocations: 1},
		"the answer is lost and it took effect":   {faults: []robototest.Fault{lostAfter}, posts: 2, invocations: 1},
		"a repetition is refused":                 {faults: []robototest.Fault{lostAfter}, refuse: true, want: roboto.KindUnsettled, posts: 2, invocations: 1},
		"no answer ever":                          {faults: []robototest.Fault{lost(0)}, want: roboto.KindUnsettled, posts: 3},
		"the service fails for ever":              {faults: []robototest.Fault{answer(503, "RobotoServiceUnavailableException")}, want: roboto.KindUnsettled, posts: 3},
		"the service is busy for ever":            {faults: []robototest.Fault{answer(429, "")}, want: roboto.KindUnavailable, posts: 3},
		"the service refuses":                     {faults: []robototest.Fault{answer(400, "RobotoInvalidRequestException")}, want: roboto.KindRefused, posts: 1},
		"the service has such an invocation":      {faults: []robototest.Fault{answer(409, "RobotoConflictException")}, want: roboto.KindRefused, posts: 1},
		"the answer is endless":                   {faults: []robototest.Fault{{Operation: post, Huge: 1 << 30}}, want: roboto.KindUnsettled, posts: 1},
		"the answer is no invocation":             {faults: []robototest.Fault{{Operation: post, Status: 200, Body: `{"data":{}}`, After: true}}, want: roboto.KindUnsettled, posts: 3, invocations: 1},
		"the answer has no status": {faults: []robototest.Fault{{Operation: post, Mutate: func(b []byte) []byte {
			return bytes.ReplaceAll(bytes.ReplaceAll(b, []byte(`"status":[{`), []byte(`"status":[],"x":[{`)), []byte(`"last_status"`), []byte(`"y"`))
		}}}, posts: 1, invocations: 1},
		"the answer has null for its statuses": {faults: []robototest.Fault{{Operation: post, Mutate: func(b []byte) []byte {
			return bytes.ReplaceAll(b, []byte(`"status":[{`), []byte(`"status":null,"x":[{`))
		}}}, posts: 1, invocations: 1},
		"the answer is about another action":         {faults: []robototest.Fault{replacing(`"name":"check"`, `"name":"other"`)}, want: roboto.KindUnsettled, posts: 3, invocations: 1},
		"the answer is about another organization":   {faults: []robototest.Fault{replacing("og_test", "og_other")}, want: roboto.KindUnsettled, posts: 3, invocations: 1},
		"the answer's ID would lead to another path": {faults: []robototest.Fault{replacing(`"invocation_id":"`, `"invocation_id":"../`)}, want: roboto.KindUnsettled, posts: 3, invocations: 1},
	} {
		t.Run(name, func(t *testing.T) {
			inService(t, func(t *testing.T, s service) {
				for _, fault := range test.faults {
					s.server.Inject(fault)
				}
				if test.refuse {
					s.server.RefuseRepeats()
				}
				invocation, err := s.invoke(t.Context(), robototest.Action{})
				s.wantKind(err, test.want)
				s.wantCount(post, test.posts)
				all := s.server.Invocations()
				if len(all) != test.invocations {
					t.Errorf("%d invocations, want %d", len(all), test.invocations)
				}
				if err == nil && invocation.ID != all[0].ID {
					t.Errorf("the invocation is %q, want %q", invocation.ID, all[0].ID)
				}
			})
		})
	}
}

// After an interrupt, the answer is waited for, because it has the ID to cancel.
func TestInvokeWhileInterrupted(t *testing.T) {
	for name, test := range map[string]struct {
		fault       robototest.Fault
		before      bool
		want        roboto.Kind
		invocations int
		took        time.Duration
	}{
		"before it is sent":             {before: true, want: roboto.KindCanceled},
		"while the answer is late":      {fault: robototest.Fault{Delay: 5 * time.Second, After: true}, invocations: 1, took: 4 * time.Second},
		"while there is no answer":      {fault: robototest.Fault{Delay: time.Hour, After: true}, want: roboto.KindUnsettled, invocations: 1, took: 10 * time.Second},
		"while the service is too busy": {fault: robototest.Fault{Delay: 2 * time.Second, Status: 429}, want: roboto.KindUnavailable, took: time.Second},
		"after an answer was lost":      {fault: robototest.Fault{Delay: 900 * time.Millisecond, Drop: true, After: true, Times: 1}, invocations: 1, took: time.Second},
		"before another attempt":        {fault: robototest.Fault{Status: 429, Header: http.Header{"Retry-After": {"5"}}, Times: 1}, want: roboto.KindUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			inService(t, func(t *testing.T, s service) {
				test.fault.Operation = robototest.InvokeAction
				s.server.Inject(test.fault)
				ctx, cancel := context.WithCancel(t.Context())
				var stopped time.Time
				interrupt := func() { stopped = time.Now(); cancel() }
				if test.before {
					interrupt()
				} else {
					time.AfterFunc(time.Second, interrupt)
				}
				_, err := s.invoke(ctx, robototest.Action{})
				s.wantKind(err, test.want)
				if took := time.Since(stopped); took > test.took {
					t.Errorf("it took %s, want %s at most", took, test.took)
				}
				if all := s.server.Invocations(); len(all) != test.invocations {
					t.Errorf("%d invocations, want %d", len(all), test.invocations)
				}
			})
		})
	}
}

func TestFollow(t *testing.T) {
	run := []string{"Queued", "Scheduled", "Downloading", "Processing"}
	good := slices.Concat(run, []string{"Uploading", "Completed"})
	bad := slices.Concat(run, []string{"Failed"})
	poll := func(fault robototest.Fault) []robototest.Fault {
		fault.Operation = robototest.GetInvocation
		return []robototest.Fault{fault}
	}
	every := func(n int) func(robototest.Request) bool {
		asked := 0
		return func(r robototest.Request) bool {
			if r.Operation == robototest.GetInvocation {
				asked++
			}
			return asked%n == 0
		}
	}
	for name, test := range map[string]struct {
		action robototest.Action
		faults []robototest.Fault
		want   []string
		kind   roboto.Kind
		took   time.Duration
	}{
		// Half a second, one, two, four and five.
		"to its end":                       {want: good, took: 12500 * time.Millisecond},
		"until it stays failed":            {action: robototest.Action{Fails: "x"}, want: bad, took: 37500 * time.Millisecond},
		"while it is queued again":         {action: robototest.Action{Fails: "x", FailedRuns: 1, Requeue: true}, want: slices.Concat(bad, good), took: 37500 * time.Millisecond},
		"until the third failure":          {action: robototest.Action{Fails: "x", Requeue: true}, want: slices.Concat(bad, bad, run, []string{"Deadly"}), took: 57500 * time.Millisecond},
		"while every second answer is 503": {faults: poll(robototest.Fault{Status: 503, Match: every(2)}), want: good},
		"while four answers are HTML":      {faults: poll(robototest.Fault{Status: 200, Body: "<html>", Times: 4}), want: good},
		"until five answers are HTML":      {faults: poll(robototest.Fault{Status: 200, Body: "<html>", Skip: 1}), want: run[:2], kind: roboto.KindUnexpectedAnswer},
		"until the token is refused":       {faults: poll(robototest.Fault{Status: 401, Skip: 2}), want: run[:3], kind: roboto.KindTokenRefused},
		"until it is another invocation":   {faults: poll(robototest.Fault{Mutate: func(b []byte) []byte { return bytes.ReplaceAll(b, []byte(`"iv_`), []byte(`"iv_x`)) }}), want: run[:1], kind: roboto.KindUnexpectedAnswer},
		"by the last status alone": {faults: poll(robototest.Fault{Mutate: func(b []byte) []byte {
			return bytes.Replace(b, []byte(`"status":[`), []byte(`"status":[],"x":[`), 1)
		}}), want: good},
		"although the first status comes last": {faults: poll(robototest.Fault{Mutate: func(b []byte) []byte {
			return bytes.Replace(b, []byte(`}],"timeout"`), []byte(`},{"status":999,"timestamp":"1990-01-01T00:00:00"}],"timeout"`), 1)
		}}), want: good},
		"through statuses of one instant": {faults: poll(robototest.Fault{Mutate: func(b []byte) []byte {
			return regexp.MustCompile(`"timestamp":"[^"]*"`).ReplaceAll(b, []byte(`"timestamp":"2100-01-01T00:00:00"`))
		}}), want: good},
		"through a status of the future": {faults: poll(robototest.Fault{Mutate: func(b []byte) []byte {
			return bytes.ReplaceAll(b, []byte(`"status":4,`), []byte(`"status":77,`))
		}}), want: slices.Concat(run, []string{"status 77", "Completed"})},
	} {
		t.Run(name, func(t *testing.T) {
			inService(t, func(t *testing.T, s service) {
				invocation := s.mustInvoke(test.action)
				for _, fault := range test.faults {
					s.server.Inject(fault)
				}
				began := time.Now()
				reported, last, err := s.follow(t.Context(), invocation)
				s.wantKind(err, test.kind)
				if !slices.Equal(reported, test.want) || !strings.HasPrefix(last.Status.String(), test.want[len(test.want)-1]) {
					t.Errorf("reported %q, want %q; the last is %s", reported, test.want, last.Status)
				}
				if took := time.Since(began); test.took != 0 && took != test.took {
					t.Errorf("it took %s, want %s", took, test.took)
				}
			})
		})
	}
}

func TestFollowEndsWithItsContext(t *testing.T) {
	inService(t, func(t *testing.T, s service) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		reported, last, err := s.follow(ctx, s.mustInvoke(robototest.Action{Hang: true}))
		s.wantKind(err, roboto.KindCanceled)
		if took := time.Since(began); took != time.Minute || last.Status.IsTerminal() || len(reported) != 4 {
			t.Errorf("after %s, %q, the status is %s", took, reported, last.Status)
		}
	})
}

// The texts of the service go to a terminal.
func TestDetailsAreCleaned(t *testing.T) {
	for name, test := range map[string]struct{ detail, want string }{
		"a text":      {"Out of memory.", "Out of memory."},
		"none":        {"None", ""},
		"control":     {"a\x1b[31mb\nc", `a\x1b[31mb c`},
		"a long text": {strings.Repeat("long ", 200), strings.Repeat("long ", 100) + "…"},
	} {
		t.Run(name, func(t *testing.T) {
			inService(t, func(t *testing.T, s service) {
				_, last, err := s.follow(t.Context(), s.mustInvoke(robototest.Action{Fails: test.detail}))
				s.wantKind(err, roboto.KindOther)
				if got := last.Status.Detail; got != test.want {
					t.Errorf("the detail is %q, want %q", got, test.want)
				}
			})
		})
	}
	t.Run("the API key", func(t *testing.T) {
		inService(t, func(t *testing.T, s service) {
			_, last, err := s.follow(t.Context(), s.mustInvoke(robototest.Action{Fails: "refused " + s.server.APIKey()}))
			s.wantKind(err, roboto.KindOther)
			if got := last.Status.Detail; got != "(redacted)" {
				t.Errorf("the detail is %q", got)
			}
		})
	})
}

func TestCancelInvocation(t *testing.T) {
	const post, get = robototest.CancelInvocation, robototest.GetInvocation
	for name, test := range map[string]struct {
		action robototest.Action
		steps  int
		faults []robototest.Fault
		want   string
		kind   roboto.Kind
	}{
		"at once":                               {want: "Cancelled"},
		"after it has completed":                {steps: 5, want: "Completed", kind: roboto.KindRefused},
		"although the answer is lost":           {faults: []robototest.Fault{{Operation: post, Drop: true, After: true, Times: 1}}, want: "Cancelled"},
		"although the request is lost":          {faults: []robototest.Fault{{Operation: post, Drop: true, Times: 1}}, want: "Cancelled"},
		"although it fails at first":            {faults: []robototest.Fault{{Operation: post, Status: 503, Times: 1}}, want: "Cancelled"},
		"without permission":                    {action: robototest.Action{Hang: true}, faults: []robototest.Fault{{Operation: post, Status: 403, Code: "RobotoUnauthorizedException"}}, want: "Scheduled", kind: roboto.KindUnauthorized},
		"without an answer":                     {faults: []robototest.Fault{{Operation: post, Delay: time.Hour}, {Operation: get, Delay: time.Hour}}, want: "Queued", kind: roboto.KindNoAnswer},
		"after it failed":                       {action: robototest.Action{Fails: "x"}, steps: 1, want: "Failed", kind: roboto.KindRefused},
		"after it failed, which Roboto accepts": {action: robototest.Action{Fails: "x"}, steps: 1, faults: []robototest.Fault{{Operation: post, Status: 204}}, want: "Failed"},
		"accepted and without effect": {
			action: robototest.Action{Hang: true}, faults: []robototest.Fault{{Operation: post, Status: 204}}, want: "Scheduled",
		},
	} {
		t.Run(name, func(t *testing.T) {
			inService(t, func(t *testing.T, s service) {
				invocation := s.mustInvoke(test.action)
				for range test.steps {
					if _, _, err := s.follow(t.Context(), invocation); err != nil {
						t.Fatal(err)
					}
				}
				for _, fault := range test.faults {
					s.server.Inject(fault)
				}
				ctx, cancel := context.WithCancel(t.Context())
				cancel()
				began := time.Now()
				last, err := s.client.CancelInvocation(ctx, invocation)
				s.wantKind(err, test.kind)
				if got, _, _ := strings.Cut(last.Status.String(), " ("); got != test.want {
					t.Errorf("the status is %s, want %s", got, test.want)
				}
				if took := time.Since(began); took > 10*time.Second {
					t.Errorf("it took %s", took)
				}
			})
		})
	}
}

// An outage in the meantime does not keep an invocation from being followed and canceled.
func TestInvocationAfterAnOutage(t *testing.T) {
	patient := func(t *testing.T, f func(*testing.T, service)) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			server := robototest.Start(t, robototest.Options{InMemory: true})
			f(t, service{t, server, newClient(t, server, roboto.Config{MaxAttempts: 10})})
		})
	}
	outage := func(operation robototest.Operation, length time.Duration) robototest.Fault {
		return robototest.Fault{Operation: operation, Times: 1, Outage: length}
	}
	t.Run("invoked", func(t *testing.T) {
		patient(t, func(t *testing.T, s service) {
			s.server.AddAction(robototest.Action{Name: checkAction.Name})
			known, err := s.client.Action(t.Context(), checkAction)
			if err != nil {
				t.Fatal(err)
			}
			s.server.Inject(robototest.Fault{Operation: robototest.InvokeAction, Drop: true, After: true, Delay: 45 * time.Second, Times: 1})
			s.server.Inject(robototest.Fault{Operation: robototest.GetSecret, Drop: true})
			var group sync.WaitGroup
			group.Go(func() { // others find out that the host is out of reach
				_, err := s.client.Record(t.Context(), roboto.SecretRef{OrgID: robototest.DefaultOrg, Name: "db"})
				s.wantKind(err, roboto.KindNoAnswer)
			})
			_, err = s.client.Invoke(t.Context(), known, roboto.InvocationInput{OrgID: robototest.DefaultOrg})
			s.wantKind(err, roboto.KindOther)
			group.Wait()
			s.wantCount(robototest.InvokeAction, 2)
			if all := s.server.Invocations(); len(all) != 1 {
				t.Errorf("%d invocations", len(all))
			}
		})
	})
	t.Run("followed", func(t *testing.T) {
		patient(t, func(t *testing.T, s service) {
			invocation := s.mustInvoke(robototest.Action{})
			s.server.Inject(outage(robototest.GetInvocation, 10*time.Minute))
			_, last, err := s.follow(t.Context(), invocation)
			if err != nil || last.Status.Code != roboto.StatusCompleted {
				t.Errorf("the status is %s, the error %v", last.Status, err)
			}
		})
	})
	t.Run("canceled", func(t *testing.T) {
		patient(t, func(t *testing.T, s service) {
			invocation := s.mustInvoke(robototest.Action{Hang: true})
			// It is found out between 30 and 45 seconds after the begin, and the next probe is half a
			// minute later.
			s.server.Inject(outage(robototest.GetSecret, 46*time.Second))
			_, err := s.client.Record(t.Context(), roboto.SecretRef{OrgID: robototest.DefaultOrg, Name: "db"})
			s.wantKind(err, roboto.KindNoAnswer)
			time.Sleep(16 * time.Second)
			last, err := s.client.CancelInvocation(t.Context(), invocation)
			if err != nil || last.Status.Code != roboto.StatusCancelled {
				t.Errorf("the status is %s, the error %v", last.Status, err)
			}
		})
	})
}

func TestAction(t *testing.T) {
	parameters := []robototest.Parameter{{Name: "key", Required: true}, {Name: "level", Default: "info"}}
	replacing := func(old, changed string) robototest.Fault {
		return robototest.Fault{Mutate: func(b []byte) []byte { return bytes.ReplaceAll(b, []byte(old), []byte(changed)) }}
	}
	for name, test := range map[string]struct {
		ref   roboto.ActionRef
		fault robototest.Fault
		// none says that the action has no parameters then.
		none bool
		want roboto.Kind
	}{
		"the latest version":       {ref: checkAction},
		"a version":                {ref: roboto.ActionRef{OrgID: robototest.DefaultOrg, Name: "check", Digest: "0123"}},
		"no such version":          {ref: roboto.ActionRef{OrgID: robototest.DefaultOrg, Name: "check", Digest: "4567"}, want: roboto.KindNotFound},
		"no such action":           {ref: roboto.ActionRef{OrgID: robototest.DefaultOrg, Name: "other"}, want: roboto.KindNotFound},
		"a gateway's 404":          {ref: checkAction, fault: robototest.Fault{Status: 404, Message: "Not Found"}, want: roboto.KindUnexpectedAnswer},
		"another action":           {ref: checkAction, fault: replacing(`"name":"check"`, `"name":"other"`), want: roboto.KindUnexpectedAnswer},
		"another version":          {ref: roboto.ActionRef{OrgID: robototest.DefaultOrg, Name: "check", Digest: "0123"}, fault: replacing("0123", "4567"), want: roboto.KindUnexpectedAnswer},
		"no organization":          {ref: checkAction, fault: replacing("og_test", "a b"), want: roboto.KindUnexpectedAnswer},
		"another organization":     {ref: checkAction, fault: replacing("og_test", "og_other"), want: roboto.KindUnexpectedAnswer},
		"a parameter of control":   {ref: checkAction, fault: replacing(`"level"`, `"\u001b[31m"`), want: roboto.KindUnexpectedAnswer},
		"an endless parameter":     {ref: checkAction, fault: replacing(`"level"`, `"`+strings.Repeat("x", 3000)+`"`), want: roboto.KindUnexpectedAnswer},
		"parameters that are none": {ref: checkAction, fault: replacing(`"parameters":[`, `"parameters":7,"x":[`), want: roboto.KindUnexpectedAnswer},
		"without parameters":       {ref: checkAction, fault: replacing(`"parameters":[`, `"x":[`), none: true},
		"endless parameters": {
			ref: checkAction, fault: replacing(`"parameters":[`, `"parameters":[`+strings.Repeat(`{"name":"x"},`, 300)), want: roboto.KindUnexpectedAnswer,
		},
	} {
		t.Run(name, func(t *testing.T) {
			inService(t, func(t *testing.T, s service) {
				s.server.AddAction(robototest.Action{Name: "check", Digest: "0123", Parameters: parameters})
				test.fault.Operation = robototest.GetAction
				s.server.Inject(test.fault)
				action, err := s.client.Action(t.Context(), test.ref)
				s.wantKind(err, test.want)
				want := "[{key true} {level false}]"
				if test.none {
					want = "[]"
				}
				if got := fmt.Sprint(action.Parameters); err == nil && (got != want || action.Digest != "0123") {
					t.Errorf("the action is %v", action)
				}
			})
		})
	}
}

func TestActionNamesAndOwners(t *testing.T) {
	for name, ok := range map[string]bool{"check": true, "with space ü": true, "": false, ".": false, "a/b": false, "a@b": false, "a\nb": false, "\xff": false} {
		if err := roboto.ValidateActionName(name); (err == nil) != ok {
			t.Errorf("the name %q: %v", name, err)
		}
	}
	for owner, ok := range map[string]bool{"og_1": true, "roboto-public": true, "": false, "a b": false, "a/b": false} {
		if err := roboto.ValidateActionOwner(owner); (err == nil) != ok {
			t.Errorf("the owner %q: %v", owner, err)
		}
	}
}

// What the request holds is what the action is to get, and what is left out is the
// action's own.
func TestInvocationInput(t *testing.T) {
	const noDataset, noFiles, noQuery = `"data_source_id":"__UNSPECIFIED_DATA_SOURCE__"`, `"input_data":[]`, `"rich_input_data":null`
	minutes := 3
	for name, test := range map[string]struct {
		input roboto.InvocationInput
		want  []string
	}{
		"nothing":         {roboto.InvocationInput{}, []string{noDataset, noFiles, noQuery, `"timeout":7`, `"upload_destination":null`, `"invocation_source":"Manual"`, `"data_source_type":"Dataset"`}},
		"parameters":      {roboto.InvocationInput{Parameters: map[string]string{"key": "roboto-secret://db"}}, []string{`"parameter_values":{"key":"roboto-secret://db"}`}},
		"files":           {roboto.InvocationInput{DatasetID: "ds_1", FilePaths: []string{"a/*"}}, []string{`"data_source_id":"ds_1"`, `"input_data":["a/*"]`, `"rich_input_data":{"files":{"dataset_id":"ds_1","paths":["a/*"]},"topics":null}`}},
		"a dataset alone": {roboto.InvocationInput{DatasetID: "ds_1"}, []string{`"data_source_id":"ds_1"`, noFiles, noQuery}},
		"a query":         {roboto.InvocationInput{TopicQuery: "t"}, []string{`"rich_input_data":{"files":null,"topics":{"query":"t"}}`, noDataset}},
		"queries":         {roboto.InvocationInput{FileQuery: "f", TopicQuery: "t"}, []string{`"rich_input_data":{"files":{"query":"f"},"topics":{"query":"t"}}`, noDataset}},
		"a timeout":       {roboto.InvocationInput{TimeoutMinutes: &minutes}, []string{`"timeout":3`}},
		"a destination":   {roboto.InvocationInput{UploadDatasetID: "ds_2"}, []string{`"upload_destination":{"destination_id":"ds_2","destination_type":"Dataset"}`}},
	} {
		t.Run(name, func(t *testing.T) {
			inService(t, func(t *testing.T, s service) {
				s.server.AddAction(robototest.Action{OrgID: "og-hub", Name: "check", Hub: true, Timeout: 7, Parameters: []robototest.Parameter{{Name: "key"}}})
				action, err := s.client.Action(t.Context(), roboto.ActionRef{OrgID: "og-hub", Name: "check"})
				if err != nil {
					t.Fatal(err)
				}
				test.input.OrgID = robototest.DefaultOrg
				if _, err = s.client.Invoke(t.Context(), action, test.input); err != nil {
					t.Fatal(err)
				}
				sent := s.server.Requests()[1]
				if sent.Query != "digest="+action.Digest || sent.Header.Get("X-Roboto-Org-Id") != robototest.DefaultOrg || sent.Header.Get("X-Roboto-Resource-Owner-Id") != "og-hub" {
					t.Errorf("sent %+v", sent)
				}
				for _, text := range test.want {
					if !strings.Contains(string(sent.Body), text) {
						t.Errorf("%s is not in %s", text, sent.Body)
					}
				}
			})
		})
	}
}

// An invocation that was queued again and failed again between two polls has failed anew.
func TestFollowGivesEachFailureItsTime(t *testing.T) {
	inService(t, func(t *testing.T, s service) {
		invocation := s.mustInvoke(robototest.Action{Hang: true})
		began := time.Now()
		s.server.Inject(robototest.Fault{Operation: robototest.GetInvocation, Mutate: func(answer []byte) []byte {
			var statuses []string
			for _, status := range []struct {
				after time.Duration
				code  int
			}{{time.Second, 998}, {28 * time.Second, 0}, {30 * time.Second, 998}, {50 * time.Second, 0}, {time.Minute, 5}} {
				if time.Since(began) >= status.after {
					statuses = append(statuses, fmt.Sprintf(`{"status":%d,"timestamp":%q}`, status.code, began.UTC().Add(status.after).Format(time.RFC3339Nano)))
				}
			}
			before, rest, _ := bytes.Cut(answer, []byte(`"status":[`))
			_, after, _ := bytes.Cut(rest, []byte("]"))
			return slices.Concat(before, []byte(`"status":[`+strings.Join(statuses, ",")+"]"), after)
		}})
		reported, last, err := s.follow(t.Context(), invocation)
		if err != nil || last.Status.Code != roboto.StatusCompleted {
			t.Errorf("the end is %v (%v), after %q", last.Status, err, reported)
		}
	})
}
