// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

const (
	goodValue = "correct horse battery staple"
	badValue  = "incorrect horse battery staple"
)

// dbSecret is a secret of the action's parameter.
func dbSecret(value, version string) fields {
	return fields{"name": "db", "value_wo": value, "value_wo_version": version}
}

// checkDB invokes the action "check" with that secret.
func checkDB() fields { return checkWith("roboto-secret://db@og_test") }

func checkWith(value any) fields {
	return fields{"name": "check", "parameter_values": map[string]any{"key": value}}
}

// invoking runs a test in fake time, with an action "check" that requires the parameter "key".
func invoking(t *testing.T, action robototest.Action, test func(t *testing.T, server *robototest.Server, c *protocol.Core)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server := robototest.Start(t, robototest.Options{InMemory: true})
		action.Name = "check"
		action.Parameters = append(action.Parameters, robototest.Parameter{Name: "key", Required: true}, robototest.Parameter{Name: "level"})
		server.AddAction(action)
		test(t, server, protocol.NewCore(t, server))
	})
}

// wantTexts fails the test unless the error holds each of the texts.
func wantTexts(t *testing.T, err error, texts ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("there was no error")
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("%q is not in the error:\n%s", text, err)
		}
	}
}

// statusesOf takes the statuses out of the progress, which has to name the invocation.
func statusesOf(t *testing.T, progress []string, invocation robototest.Invocation) []string {
	t.Helper()
	var statuses []string
	for _, line := range progress {
		status, ok := strings.CutPrefix(line, fmt.Sprintf("Invocation %s of %q: ", invocation.ID, "check"))
		if !ok {
			t.Errorf("%q does not name the invocation %s", line, invocation.ID)
		}
		statuses = append(statuses, status)
	}
	return statuses
}

func TestActionInvokeValidates(t *testing.T) {
	p := newEnvironment(t).with("ROBOTO_API_KEY", "").protocol(fields{})
	for name, test := range map[string]struct {
		config fields
		texts  []string
	}{
		"parameters":                     {config: checkDB()},
		"parameters that are unknown":    {config: checkWith(unknown)},
		"files":                          {config: fields{"name": "check", "dataset_id": "ds_1", "file_paths": []any{"**/*.bag"}}},
		"a dataset alone":                {config: fields{"name": "check", "dataset_id": "ds_1"}},
		"files of an unknown dataset":    {config: fields{"name": "check", "dataset_id": unknown, "file_paths": []any{"a"}}},
		"two queries":                    {config: fields{"name": "check", "file_query": "a", "topic_query": "b"}},
		"a query and an unknown dataset": {config: fields{"name": "check", "dataset_id": unknown, "file_query": "a"}},
		"durations":                      {config: fields{"name": "check", "action_timeout": "1h30m", "wait_timeout": "90s"}},
		"an owner with a hyphen":         {config: fields{"name": "check", "action_org_id": "roboto-public"}},
		"a parameter like no URI":        {config: checkWith("https://example.com")},
		"a name with a digest":           {fields{"name": "check@1"}, []string{"Invalid Action Name", `must not contain "@"`, `"digest"`}},
		"a name with an owner":           {fields{"name": "org/check"}, []string{"Invalid Action Name", `must not contain "/"`, `"action_org_id"`}},
		"an organization's name":         {fields{"name": "check", "org_id": "My Org"}, []string{"Invalid Organization ID", `"org_id"`}},
		"an owner's name":                {fields{"name": "check", "action_org_id": "My Org"}, []string{"Invalid Organization ID", `"action_org_id"`}},
		"an empty digest":                {fields{"name": "check", "digest": ""}, []string{"digest"}},
		"a malformed URI":                {checkWith("roboto-secret://db@a b"), []string{"Invalid Secret URI", `The parameter "key" begins like the URI of a secret`}},
		"a URI without a name":           {checkWith("roboto-secret://"), []string{"Invalid Secret URI", "must not be empty"}},
		"files of no dataset":            {fields{"name": "check", "file_paths": []any{"a"}}, []string{"Invalid Attribute Combination", `"dataset_id" must be specified`}},
		"no files":                       {fields{"name": "check", "dataset_id": "ds_1", "file_paths": []any{}}, []string{"file_paths"}},
		"a file that is null":            {fields{"name": "check", "dataset_id": "ds_1", "file_paths": []any{nil}}, []string{"Null List Value"}},
		"a file query beside a dataset":  {fields{"name": "check", "dataset_id": "ds_1", "file_query": "a"}, []string{"Invalid Attribute Combination", `"dataset_id" cannot be specified when "file_query"`}},
		"a topic query beside a dataset": {fields{"name": "check", "dataset_id": "ds_1", "topic_query": "a"}, []string{"Invalid Attribute Combination", `"dataset_id" cannot be specified when "topic_query"`}},
		"a timeout of no whole minutes":  {fields{"name": "check", "action_timeout": "90s"}, []string{"whole minutes", "1m30s"}},
		"a timeout that is no duration":  {fields{"name": "check", "action_timeout": "10"}, []string{"Invalid Duration", "action_timeout", `"10" is not a positive duration`}},
		"a negative wait":                {fields{"name": "check", "wait_timeout": "-1m"}, []string{"Invalid Duration", "wait_timeout"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := p.In(t)
			out := p.ValidateAction(test.config)
			if test.texts == nil {
				p.Succeeds(out)
				return
			}
			p.Fails(out, test.texts...)
		})
	}
}

func TestActionInvokePlans(t *testing.T) {
	check := checkDB()
	with := func(more fields) fields {
		all := fields{"name": "check", "parameter_values": check["parameter_values"]}
		maps.Copy(all, more)
		return all
	}
	for name, test := range map[string]struct {
		settings fields
		vars     []string
		config   fields
		texts    []string
		requests int
	}{
		"an action that fits":          {config: check, requests: 2},
		"an action of an organization": {config: with(fields{"org_id": testOrg}), requests: 1},
		"an action of the hub":         {config: fields{"name": "shared", "action_org_id": "og_hub"}, requests: 1},
		"a parameter that is unknown":  {config: checkWith(unknown), requests: 2},
		"all parameters unknown":       {config: fields{"name": "check", "parameter_values": unknown}, requests: 2},
		"a name that is unknown":       {config: with(fields{"name": unknown})},
		"a digest that is unknown":     {config: with(fields{"digest": unknown})},
		"an owner that is unknown":     {config: with(fields{"action_org_id": unknown})},
		"an unknown organization":      {config: with(fields{"org_id": unknown})},
		"only another's organization":  {config: fields{"name": "shared", "org_id": unknown, "action_org_id": "og_hub"}, requests: 1},
		"a name unknown, no token":     {vars: []string{"ROBOTO_API_KEY", ""}, config: with(fields{"name": unknown})},
		"a token that is unknown":      {settings: fields{"api_key": unknown}, config: check},
		"an unknown default":           {settings: fields{"org_id": unknown}, config: check},
		"an unknown default, not used": {settings: fields{"org_id": unknown}, config: with(fields{"org_id": testOrg}), requests: 1},

		"no token":                 {vars: []string{"ROBOTO_API_KEY", ""}, config: check, texts: []string{"Cannot Find Roboto Action", "No API key was found"}},
		"no such action":           {config: with(fields{"name": "nowhere"}), texts: []string{`The action "nowhere" of the organization og_test could not be looked up`, "Nothing was invoked", "Action Hub"}, requests: 2},
		"no such version":          {config: with(fields{"digest": "0"}), texts: []string{"RobotoNotFoundException", "the digest"}, requests: 2},
		"a parameter is missing":   {config: fields{"name": "check"}, texts: []string{"Invalid Action Parameters", `the action "check", which requires "key".`, "key, level"}, requests: 2},
		"a parameter is null":      {config: checkWith(nil), texts: []string{`which requires "key".`}, requests: 2},
		"a parameter is not known": {config: with(fields{"parameter_values": map[string]any{"key": "x", "kye": "y"}}), texts: []string{"Invalid Action Parameters", `which does not have "kye".`, "key, level"}, requests: 2},
		"a parameter with a typo":  {config: fields{"name": "check", "parameter_values": map[string]any{"kye": "x"}}, texts: []string{`which requires "key", and does not have "kye".`}, requests: 2},
		"there are no parameters":  {config: fields{"name": "shared", "action_org_id": "og_hub", "parameter_values": map[string]any{"key": "x"}}, texts: []string{"The parameters of the action are: none."}, requests: 1},
		"a malformed URI":          {config: checkWith("roboto-secret://a/b"), texts: []string{"Invalid Secret URI"}},
	} {
		t.Run(name, func(t *testing.T) {
			env := newEnvironment(t).with(test.vars...)
			env.roboto.AddAction(robototest.Action{Name: "check", Parameters: []robototest.Parameter{{Name: "key", Required: true}, {Name: "level"}}})
			env.roboto.AddAction(robototest.Action{OrgID: "og_hub", Name: "shared", Hub: true})
			p := env.protocol(test.settings)
			if test.texts == nil {
				p.Succeeds(p.Deferring().PlanAction(test.config))
			} else {
				p.Fails(p.PlanAction(test.config), test.texts...)
			}
			if got := len(env.roboto.Requests()); got != test.requests {
				t.Errorf("%d requests, want %d", got, test.requests)
			}
		})
	}
}

func TestActionInvokes(t *testing.T) {
	run := []string{"Queued", "Scheduled", "Downloading", "Processing", "Uploading", "Completed"}
	again := []string{"Queued", "Scheduled", "Downloading", "Processing", "Failed (Lost). Waiting 30s, because Roboto may queue it again."}
	for name, test := range map[string]struct {
		action robototest.Action
		config fields
		faults []robototest.Fault
		want   []string
	}{
		"to the end":                       {want: run},
		"without waiting":                  {config: fields{"wait": false}, want: run[:1]},
		"although the answer is lost":      {faults: []robototest.Fault{{Operation: robototest.InvokeAction, Drop: true, After: true, Times: 1}}, want: run},
		"although every second poll fails": {faults: []robototest.Fault{everySecond(robototest.Fault{Operation: robototest.GetInvocation, Status: 503})}, want: run},
		"although its time runs out at the end": {
			config: fields{"wait_timeout": "8s"}, want: run[:5],
			faults: []robototest.Fault{{Operation: robototest.CancelInvocation, Status: 400, Code: "RobotoInvalidRequestException"}},
		},
		"although it has to be repeated": {action: robototest.Action{Fails: "Lost.", FailedRuns: 1, Requeue: true}, want: slices.Concat(again, run)},
	} {
		t.Run(name, func(t *testing.T) {
			invoking(t, test.action, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
				c.Must(c.Apply(dbSecret(goodValue, "1")))
				config := checkDB()
				maps.Copy(config, test.config)
				for _, fault := range test.faults {
					server.Inject(fault)
				}
				progress, err := c.RunAction(config)
				if err != nil || c.Warning != nil {
					t.Fatalf("error %v, warning %v", err, c.Warning)
				}
				all := server.Invocations()
				if len(all) != 1 {
					t.Fatalf("%d invocations", len(all))
				}
				if got := statusesOf(t, progress, all[0]); !slices.Equal(got, test.want) {
					t.Errorf("progress %q, want %q", got, test.want)
				}
				if got := fmt.Sprint(all[0].Parameters); got != "map[key:roboto-secret://db@og_test]" {
					t.Errorf("the parameters are %s", got)
				}
			})
		})
	}
}

// everySecond lets a fault happen to every second request.
func everySecond(fault robototest.Fault) robototest.Fault {
	asked, operation := 0, fault.Operation
	fault.Match = func(r robototest.Request) bool {
		if r.Operation == operation {
			asked++
		}
		return asked%2 == 0
	}
	return fault
}

// What the action is invoked with, is what the configuration says.
func TestActionInvokeInput(t *testing.T) {
	invoking(t, robototest.Action{Timeout: 9}, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
		server.AddAction(robototest.Action{OrgID: "og_hub", Name: "shared", Hub: true, Digest: "0123"})
		server.AddAction(robototest.Action{OrgID: "og_hub", Name: "shared", Hub: true, Digest: "4567"})
		server.AddOrg("og_other", "Other")
		for _, test := range []struct {
			config fields
			want   []string
		}{
			{fields{"name": "check", "org_id": testOrg, "parameter_values": map[string]any{"key": "x", "level": nil}}, []string{`"parameter_values":{"key":"x"}`, `"timeout":9`}},
			{
				fields{"name": "shared", "org_id": "og_other", "action_org_id": "og_hub", "digest": "0123", "dataset_id": "ds_1", "file_paths": []any{"a", "b"}, "action_timeout": "1h", "upload_dataset_id": "ds_2"},
				[]string{`"input_data":["a","b"]`, `"timeout":60`, `"destination_id":"ds_2"`, "digest=0123", "og_other"},
			},
			{fields{"name": "shared", "org_id": "og_other", "action_org_id": "og_hub", "file_query": "f", "topic_query": "t"}, []string{`"query":"f"`, `"query":"t"`, "digest=4567"}},
		} {
			server.ResetRequests()
			if _, err := c.RunAction(test.config); err != nil {
				t.Fatal(err)
			}
			requests := server.Requests()
			i := slices.IndexFunc(requests, func(r robototest.Request) bool { return r.Operation == robototest.InvokeAction })
			for _, text := range test.want {
				if sent := fmt.Sprint(requests[i].Query, requests[i].OrgID, string(requests[i].Body)); !strings.Contains(sent, text) {
					t.Errorf("%s is not in %s", text, sent)
				}
			}
		}
	})
}

// A rotation to a value that the action refuses shows all that is needed and not the value.
func TestActionInvokeProvesARotation(t *testing.T) {
	invoking(t, robototest.Action{Expect: map[string]string{"key": goodValue}}, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
		c.Must(c.Apply(dbSecret(goodValue, "1")))
		progress, err := c.RunAction(checkDB())
		c.Must(err)
		c.Must(c.Apply(dbSecret(badValue, "2")))
		failed, err := c.RunAction(checkDB())
		all := server.Invocations()
		wantTexts(t, err, "Roboto Action Failed", all[1].ID, `the action "check"`, "Failed (The action exited with code 1)", "roboto invocations logs "+all[1].ID, "apply -invoke=")
		for _, text := range append(append(progress, failed...), err.Error(), fmt.Sprint(c.State)) {
			if strings.Contains(text, goodValue) || strings.Contains(text, badValue) {
				t.Errorf("%q holds a value", text)
			}
		}
		c.Must(c.Apply(dbSecret(goodValue, "3")))
		_, err = c.RunAction(checkDB())
		c.Must(err)
	})
}

func TestActionInvokeFails(t *testing.T) {
	fault := func(operation robototest.Operation, f robototest.Fault) []robototest.Fault {
		f.Operation = operation
		return []robototest.Fault{f}
	}
	hangs := robototest.Action{Hang: true}
	// While planning, the action is still found.
	gone := robototest.Fault{Status: 404, Code: "RobotoNotFoundException", Message: "Gone.", Skip: 1}
	for name, test := range map[string]struct {
		action      robototest.Action
		config      fields
		faults      []robototest.Fault
		texts       []string
		invocations int
		last        int
	}{
		"for good":                    {action: robototest.Action{Fails: "Lost.", Requeue: true}, texts: []string{"ended with the status Deadly (Lost)"}, invocations: 1, last: robototest.Deadly},
		"without the action":          {faults: fault(robototest.GetAction, gone), texts: []string{"Cannot Find Roboto Action", "Gone.", "action_org_id"}},
		"without the secret":          {config: checkWith("roboto-secret://other"), texts: []string{`The parameter "key" of the action "check" names the secret "other" of the organization og_test`, "Nothing was invoked"}},
		"with a secret it cannot see": {config: checkWith("roboto-secret://db@og_else"), texts: []string{`"db" of the organization og_else`, "You are not a member"}},
		"as nobody may invoke it":     {faults: fault(robototest.InvokeAction, robototest.Fault{Status: 403, Code: "RobotoUnauthorizedException", Message: "Ask."}), texts: []string{"Invoking the action \"check\" of the organization og_test failed", "Ask.", "Ask an administrator"}},
		"without an answer":           {faults: fault(robototest.InvokeAction, robototest.Fault{Drop: true, After: true}), texts: []string{"It is not known whether the action was invoked", "connection was closed", "list-invocations"}, invocations: 1},
		"out of sight":                {faults: fault(robototest.GetInvocation, robototest.Fault{Status: 401, Skip: 2}), texts: []string{"Was Canceled", "answered 401", "was canceled. Its last known status was Downloading"}, invocations: 1, last: robototest.Cancelled},
		"too slowly":                  {action: hangs, config: fields{"wait_timeout": "1m"}, texts: []string{"Was Canceled", "wait_timeout of 1m expired", "was canceled. Its last known status was Processing", "roboto invocations logs iv_"}, invocations: 1, last: robototest.Cancelled},
		"too slowly, and goes on": {
			action: hangs, config: fields{"wait_timeout": "1m"}, faults: fault(robototest.CancelInvocation, robototest.Fault{Status: 403, Code: "RobotoUnauthorizedException", Message: "No."}),
			texts: []string{"May Still Run", "could not be canceled. Its last known status was Processing", "No.", "roboto invocations cancel iv_"}, invocations: 1, last: robototest.Processing,
		},
		"too long out of reach": {
			config: fields{"wait_timeout": "5m"}, faults: fault(robototest.GetInvocation, robototest.Fault{Skip: 2, Times: 1, Outage: time.Hour}),
			texts: []string{"May Still Run", "wait_timeout of 5m expired. Roboto (", "could not be canceled. Its last known status was Downloading. Roboto ("}, invocations: 1, last: robototest.Downloading,
		},
		"too slowly, and is not stopped yet": {
			action: hangs, config: fields{"wait_timeout": "1m"}, faults: fault(robototest.CancelInvocation, robototest.Fault{Status: 204}),
			texts: []string{"Was Canceled", "Its last known status was Processing"}, invocations: 1, last: robototest.Processing,
		},
	} {
		t.Run(name, func(t *testing.T) {
			invoking(t, test.action, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
				c.Must(c.Apply(dbSecret(goodValue, "1")))
				config := checkDB()
				maps.Copy(config, test.config)
				for _, fault := range test.faults {
					server.Inject(fault)
				}
				_, err := c.RunAction(config)
				wantTexts(t, err, append(test.texts, "-invoke=action.roboto_action_invoke.NAME")...)
				if test.config["wait_timeout"] != nil && strings.Contains(err.Error(), "no more requests") {
					t.Errorf("the provider goes on asking for the invocation, and the error denies it:\n%s", err)
				}
				all := server.Invocations()
				if len(all) != test.invocations || len(all) == 1 && all[0].Status() != test.last {
					t.Errorf("invocations: %+v", all)
				}
			})
		})
	}
}

// Each error says what happened and how to invoke again. Advice is given once.
func TestActionInvokeAdvisesOnce(t *testing.T) {
	refused := robototest.Fault{Status: http.StatusUnauthorized, Message: "Unauthorized"}
	for name, test := range map[string]struct {
		operation robototest.Operation
		fault     robototest.Fault
		text      string
		advice    string
	}{
		"before the action is found":   {robototest.GetAction, refused, "Nothing was invoked.", "It may have expired"},
		"before the secret is found":   {robototest.GetSecret, refused, "Nothing was invoked.", "It may have expired"},
		"before the action is invoked": {robototest.InvokeAction, refused, "Invoking the action", "It may have expired"},
		"while it is perhaps invoked": {
			robototest.InvokeAction, robototest.Fault{Status: http.StatusBadGateway}, "It is not known whether the action was invoked.", "list-invocations",
		},
	} {
		t.Run(name, func(t *testing.T) {
			invoking(t, robototest.Action{}, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
				c.Must(c.Apply(dbSecret(goodValue, "1")))
				test.fault.Operation = test.operation
				server.Inject(test.fault)
				s := c.MustStart()
				for i := range 3 {
					_, out := s.InvokeAction(checkDB())
					wantTexts(t, out.Err(), test.text, strconv.Itoa(test.fault.Status), "-invoke=action.roboto_action_invoke.NAME")
					if advises := strings.Contains(out.Err().Error(), test.advice); advises != (i == 0) {
						t.Errorf("error %d gives the advice: %t\n%s", i, advises, out.Err())
					}
				}
			})
		})
	}
}

// Somebody else cancels.
func TestActionInvokeIsCanceledElsewhere(t *testing.T) {
	invoking(t, robototest.Action{Hang: true}, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
		c.Must(c.Apply(dbSecret(goodValue, "1")))
		time.AfterFunc(time.Minute, func() { server.CancelInvocation(server.Invocations()[0].ID) })
		_, err := c.RunAction(checkDB())
		wantTexts(t, err, "ended with the status Cancelled (Cancelled by somebody@example.com)")
	})
}

func TestActionInvokeIsInterrupted(t *testing.T) {
	for name, test := range map[string]struct {
		action robototest.Action
		fault  robototest.Fault
		after  time.Duration
		texts  []string
		last   int
	}{
		"while it waits":               {after: time.Minute, action: robototest.Action{Hang: true}, texts: []string{"Terraform was interrupted.", "was canceled. Its last known status was Processing"}, last: robototest.Cancelled},
		"while the answer is late":     {after: time.Second, fault: robototest.Fault{Operation: robototest.InvokeAction, Delay: 3 * time.Second, After: true}, texts: []string{"was canceled."}, last: robototest.Cancelled},
		"while the poll has no answer": {after: time.Minute, fault: robototest.Fault{Operation: robototest.GetInvocation, Delay: time.Hour, Skip: 2, Times: 1}, texts: []string{"was canceled."}, last: robototest.Cancelled},
		"after it failed":              {after: 14 * time.Second, action: robototest.Action{Fails: "Lost."}, texts: []string{"Roboto Action Failed", "ended with the status Failed (Lost)"}, last: robototest.Failed},
	} {
		t.Run(name, func(t *testing.T) {
			invoking(t, test.action, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
				c.Vars["ROBOTO_DEFAULT_HTTP_TIMEOUT"] = "86400"
				c.Must(c.Apply(dbSecret(goodValue, "1")))
				server.Inject(test.fault)
				time.AfterFunc(test.after, c.Interrupt)
				began := time.Now()
				_, err := c.RunAction(checkDB())
				wantTexts(t, err, test.texts...)
				if took := time.Since(began); took > test.after+20*time.Second {
					t.Errorf("it took %s", took)
				}
				if all := server.Invocations(); len(all) != 1 || all[0].Status() != test.last {
					t.Errorf("invocations: %+v", all)
				}
			})
		})
	}
}

// What is unknown while planning is checked before anything is sent.
func TestActionInvokeChecksAgain(t *testing.T) {
	invoking(t, robototest.Action{}, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
		s := c.MustStart()
		for text, config := range map[string]fields{
			"Invalid Secret URI": checkWith("roboto-secret://a b@"),
			"requires \"key\"":   {"name": "check"},
			"Invalid Duration":   {"name": "check", "wait_timeout": "soon"},
			"must not contain":   {"name": "a/b"},
		} {
			_, out := s.InvokeAction(config)
			wantTexts(t, out.Err(), text, "-invoke=action.roboto_action_invoke.NAME")
		}
		if all := server.Invocations(); len(all) != 0 {
			t.Errorf("invocations: %+v", all)
		}
	})
}

// With real Terraform. A test at the level of the protocol shows each of this too.
func TestActionInvokeAfterARotation(t *testing.T) {
	env := newEnvironment(t)
	env.roboto.AddAction(robototest.Action{Name: "check", Parameters: []robototest.Parameter{{Name: "key", Required: true}}, Expect: map[string]string{"key": goodValue}})
	config := func(value, version string) string {
		return fmt.Sprintf(`
resource "roboto_secret" "test" {
  name             = "db"
  value_wo         = %q
  value_wo_version = %q
  lifecycle {
    action_trigger {
      events  = [after_create, after_update]
      actions = [action.roboto_action_invoke.test]
    }
  }
}

action "roboto_action_invoke" "test" {
  config {
    name             = "check"
    parameter_values = { key = "roboto-secret://db" }
  }
}
`, value, version)
	}
	failure := errorLike("has ended with the status Failed (The action exited with code 1)")
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: env.factories(),
		TerraformVersionChecks:   []tfversion.TerraformVersionCheck{orSkip("an action that a rotation triggers", tfversion.SkipBelow(tfversion.Version1_14_0))},
		Steps: []resource.TestStep{
			{Config: config(goodValue, "1")},
			{Config: config(badValue, "2"), ExpectError: failure},
			{Config: config(goodValue, "3")},
		},
	})
	all := env.roboto.Invocations()
	if len(all) != 3 || all[0].Status() != robototest.Completed || all[1].Status() != robototest.Failed || all[2].Status() != robototest.Completed {
		t.Errorf("invocations: %+v", all)
	}
}

// A value in place of a URI would be a secret on its way through Roboto.
func TestActionInvokeRefusesEphemeralValues(t *testing.T) {
	env := newEnvironment(t)
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: env.factories(),
		TerraformVersionChecks:   []tfversion.TerraformVersionCheck{orSkip("an ephemeral value as a parameter", tfversion.SkipBelow(tfversion.Version1_14_0))},
		Steps: []resource.TestStep{{
			Config: `
variable "value" {
  type      = string
  ephemeral = true
  default   = "incorrect horse battery staple"
}

action "roboto_action_invoke" "test" {
  config {
    name             = "check"
    parameter_values = { key = var.value }
  }
}
`,
			ExpectError: errorLike("Ephemeral values are not valid"),
		}},
	})
}
