// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// check invokes the action "check" with the secret "db", and with changes.
func check(changes fields) fields {
	config := key("roboto-secret://db@og_test")
	config["name"] = "check"
	maps.Copy(config, changes)
	return config
}

// key is the change of the parameter.
func key(value any) fields { return fields{"parameter_values": map[string]any{"key": value}} }

// addActions adds an action "check" that requires the parameter "key", and another one of the hub.
func addActions(server *robototest.Server, check robototest.Action) {
	check.Name, check.Parameters = "check", []robototest.Parameter{{Name: "key", Required: true}, {Name: "level"}}
	server.AddAction(check)
	server.AddAction(robototest.Action{OrgID: "roboto-public", Name: "shared", Hub: true, Digest: "0123"})
	server.AddAction(robototest.Action{OrgID: "roboto-public", Name: "shared", Hub: true, Digest: "4567"})
}

// What is wrong is refused by validation or while planning, and again when the action is invoked: it may have been
// unknown before.
func TestActionInvokePlans(t *testing.T) {
	// An owner's ID may have a hyphen.
	ofHub := func(name string, value any) fields {
		return fields{"name": "shared", "action_org_id": "roboto-public", "parameter_values": nil, name: value}
	}
	type texts = []string
	const (
		badName, badOrg, badURI  = "Invalid Action Name", "Invalid Organization ID", "Invalid Secret URI"
		badDuration, combination = "Invalid Duration", "Invalid Attribute Combination"
	)
	noKey := [2]string{"ROBOTO_API_KEY", ""}
	for name, test := range map[string]struct {
		settings fields
		variable [2]string
		config   fields
		// invalid is said by validation, and texts by the plan and by the invocation.
		invalid, texts []string
		requests       int
	}{
		"an action that fits":          {requests: 2},
		"an action of an organization": {config: fields{"org_id": testOrg}, requests: 1},
		"an action of the hub":         {config: ofHub("digest", nil), requests: 1},
		"a parameter that is unknown":  {config: key(unknown), requests: 2},
		"all parameters unknown":       {config: fields{"parameter_values": unknown}, requests: 2},
		"a name that is unknown":       {config: fields{"name": unknown}},
		"a digest that is unknown":     {config: fields{"digest": unknown}},
		"an owner that is unknown":     {config: fields{"action_org_id": unknown}},
		"an unknown organization":      {config: fields{"org_id": unknown}},
		"only another's organization":  {config: ofHub("org_id", unknown), requests: 1},
		"a name unknown, no token":     {variable: noKey, config: fields{"name": unknown}},
		"a token that is unknown":      {settings: fields{"api_key": unknown}},
		"an unknown default":           {settings: fields{"org_id": unknown}},
		"an unknown default, not used": {settings: fields{"org_id": unknown}, config: fields{"org_id": testOrg}, requests: 1},

		"a parameter like no URI":     {config: key("https://example.com"), requests: 2},
		"a dataset alone":             {config: fields{"dataset_id": "ds_1"}, requests: 2},
		"files of an unknown dataset": {config: fields{"dataset_id": unknown, "file_paths": []any{"a"}}, requests: 2},
		"a query, a dataset to come":  {config: fields{"dataset_id": unknown, "file_query": "a"}, requests: 2},
		"two queries":                 {config: fields{"file_query": "a", "topic_query": "b"}, requests: 2},
		"files and durations": {
			config:   fields{"dataset_id": "ds_1", "file_paths": []any{"**/*.bag"}, "action_timeout": "1h30m", "wait_timeout": "90s"},
			requests: 2,
		},

		"a name with a digest":          {config: fields{"name": "check@1"}, invalid: texts{badName, `must not contain "@"`, `"digest"`}},
		"a name with an owner":          {config: fields{"name": "org/check"}, invalid: texts{badName, `must not contain "/"`, `"action_org_id"`}},
		"an organization's name":        {config: fields{"org_id": "My Org"}, invalid: texts{badOrg, `"org_id"`}},
		"an owner's name":               {config: fields{"action_org_id": "My Org"}, invalid: texts{badOrg, `"action_org_id"`}},
		"an empty digest":               {config: fields{"digest": ""}, invalid: texts{"digest"}},
		"a malformed URI":               {config: key("roboto-secret://db@a b"), invalid: texts{badURI, `"key" begins like the URI of a secret`}},
		"a URI without a name":          {config: key("roboto-secret://"), invalid: texts{badURI, "must not be empty"}},
		"files of no dataset":           {config: fields{"file_paths": []any{"a"}}, invalid: texts{combination, `"dataset_id" must be specified`}},
		"no files":                      {config: fields{"dataset_id": "ds_1", "file_paths": []any{}}, invalid: texts{"file_paths"}},
		"a file that is null":           {config: fields{"dataset_id": "ds_1", "file_paths": []any{nil}}, invalid: texts{"Null List Value"}},
		"a file query and a dataset":    {config: fields{"dataset_id": "ds_1", "file_query": "a"}, invalid: texts{combination, `when "file_query"`}},
		"a topic query and a dataset":   {config: fields{"dataset_id": "ds_1", "topic_query": "a"}, invalid: texts{combination, `when "topic_query"`}},
		"a timeout of no whole minutes": {config: fields{"action_timeout": "90s"}, invalid: texts{"whole minutes", "1m30s"}},
		"a timeout that is no duration": {config: fields{"action_timeout": "10"}, invalid: texts{badDuration, `"action_timeout" is not usable: "10" is not a pos`}},
		"a negative wait":               {config: fields{"wait_timeout": "-1m"}, invalid: texts{badDuration, "wait_timeout"}},

		"a bad URI, unknown before":      {config: key("roboto-secret://a b@"), texts: texts{badURI}},
		"a bad duration, unknown before": {config: fields{"wait_timeout": "soon"}, texts: texts{badDuration}},
		"a bad name, unknown before":     {config: fields{"name": "a/b"}, texts: texts{"must not contain"}, requests: 1},
		"no token":                       {variable: noKey, texts: texts{"Cannot Find Roboto Action", "No API key was found"}},
		"no such version":                {config: fields{"digest": "0"}, texts: texts{"RobotoNotFoundException", "the digest"}, requests: 2},
		"a parameter is null, another has a typo": {
			config: fields{"parameter_values": map[string]any{"key": nil, "kye": "x"}}, requests: 2,
			texts: texts{`requires "key", and does not have "kye".`},
		},
		"there are no parameters": {
			config: ofHub("parameter_values", map[string]any{"key": "x"}), requests: 1,
			texts: texts{"The parameters of the action are: none."},
		},
	} {
		t.Run(name, func(t *testing.T) {
			env := newEnvironment(t).with(test.variable[0], test.variable[1])
			addActions(env.roboto, robototest.Action{})
			p, config := env.protocol(test.settings), check(test.config)
			switch {
			case test.invalid != nil:
				p.Fails(p.ValidateAction(config), test.invalid...)
			case test.texts == nil:
				p.Succeeds(p.ValidateAction(config))
				p.Succeeds(p.Deferring().PlanAction(config))
			default:
				p.Fails(p.PlanAction(config), test.texts...)
			}
			env.wantRequests(test.requests)
			if test.texts != nil {
				_, out := env.protocol(test.settings).InvokeAction(config)
				p.Fails(out, append(test.texts, "-invoke=action.roboto_action_invoke.NAME")...)
				env.wantCount(robototest.InvokeAction, 0)
			}
		})
	}
}

// What the catalog of errors does not have, in fake time. Each error says how to invoke again, and nothing shows
// the value.
func TestActionInvokes(t *testing.T) {
	const value = "correct horse battery staple"
	run := []string{"Queued", "Scheduled", "Downloading", "Processing", "Uploading", "Completed"}
	again := append(slices.Clone(run[:4]), "Failed (Lost). Waiting 30s, because Roboto may queue it again.")
	notCanceled := robototest.Fault{Operation: robototest.CancelInvocation, Status: 400, Code: "RobotoInvalidRequestException"}
	lateAnswer := robototest.Fault{Operation: robototest.InvokeAction, Delay: 3 * time.Second, After: true}
	hangs := robototest.Action{Hang: true}
	completed, canceled := []int{robototest.Completed}, []int{robototest.Cancelled}
	for name, test := range map[string]struct {
		action robototest.Action
		fault  robototest.Fault
		config fields
		// after are things that happen meanwhile, by their time.
		after map[time.Duration]func(*protocol.Core)
		// texts are in the error, none for success.
		texts []string
		// progress is checked unless it is nil. last are the statuses of the invocations: there is one at most.
		progress []string
		last     []int
		// sent are in the request for it.
		sent []string
	}{
		"to the end": {
			progress: run, last: completed, sent: []string{`"parameter_values":{"key":"roboto-secret://db@og_test"}`, `"timeout":9`, "og_test"},
		},
		"without waiting": {config: fields{"wait": false}, progress: run[:1], last: []int{robototest.Queued}},
		"with files of a dataset, and a parameter that is null": {
			config: fields{
				"dataset_id": "ds_1", "file_paths": []any{"a", "b"}, "action_timeout": "1h", "upload_dataset_id": "ds_2",
				"parameter_values": map[string]any{"key": "x", "level": nil},
			},
			sent: []string{`"input_data":["a","b"]`, `"ds_1"`, `"timeout":60`, `"destination_id":"ds_2"`, `"parameter_values":{"key":"x"}`},
			last: completed,
		},
		"with queries and a digest": {
			config: fields{
				"name": "shared", "org_id": "og_other", "action_org_id": "roboto-public", "digest": "0123", "parameter_values": nil,
				"file_query": "f", "topic_query": "t",
			},
			last: completed, sent: []string{`"query":"f"`, `"query":"t"`, "digest=0123", "og_other"},
		},
		"with the latest version": {
			config: fields{"name": "shared", "action_org_id": "roboto-public", "parameter_values": nil}, last: completed, sent: []string{"digest=4567"},
		},
		"although it has to be repeated": {
			action: robototest.Action{Fails: "Lost.", FailedRuns: 1, Requeue: true}, progress: slices.Concat(again, run), last: completed,
		},
		"although its time runs out at the end": {config: fields{"wait_timeout": "8s"}, fault: notCanceled, progress: run[:5], last: completed},

		"with a secret it cannot see": {
			config: key("roboto-secret://db@og_else"), texts: []string{`"db" of the organization og_else`, "You are not a member"},
		},
		"too slowly": {
			action: hangs, config: fields{"wait_timeout": "1m"}, last: canceled,
			texts: []string{"Roboto Action Was Canceled", "wait_timeout of 1m expired", "roboto invocations logs iv_"},
		},
		"until somebody cancels": {
			action: hangs, last: canceled, texts: []string{"Roboto Action Failed", "the status Cancelled (Cancelled by somebody@example.com)"},
			after: map[time.Duration]func(*protocol.Core){
				time.Minute: func(c *protocol.Core) { c.Roboto.CancelInvocation(c.Roboto.Invocations()[0].ID) },
			},
		},
		"interrupted while the answer is late": {
			fault: lateAnswer, last: canceled, texts: []string{"Roboto Action Was Canceled"},
			after: map[time.Duration]func(*protocol.Core){time.Second: (*protocol.Core).Interrupt},
		},
		"interrupted after the answer was lost": {
			fault: robototest.Fault{Operation: robototest.InvokeAction, Drop: true, After: true, Times: 1}, last: canceled,
			texts: []string{"Roboto Action Was Canceled"},
			after: map[time.Duration]func(*protocol.Core){time.Second / 4: (*protocol.Core).Interrupt},
		},
		"interrupted after it failed, and it cannot be canceled": {
			action: robototest.Action{Fails: "Lost."}, fault: robototest.Fault{Operation: robototest.CancelInvocation, Status: 403},
			texts: []string{"Roboto Action May Still Run"}, last: []int{robototest.Failed},
			after: map[time.Duration]func(*protocol.Core){20 * time.Second: (*protocol.Core).Interrupt},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := robototest.Start(t, robototest.Options{InMemory: true, Orgs: []string{testOrg, "og_other"}})
				test.action.Timeout = 9
				addActions(server, test.action)
				c := protocol.NewCore(t, server)
				c.Settings["org_id"] = testOrg
				c.Must(c.Apply(fields{"name": "db", "value_wo": value}))
				for wait, happens := range test.after {
					time.AfterFunc(wait, func() { happens(c) })
				}
				if test.fault.Operation != "" {
					server.Inject(test.fault)
				}
				progress, err := c.RunAction(check(test.config))
				if test.texts == nil {
					c.Must(err)
				} else {
					test.texts = append(test.texts, "-invoke=action.roboto_action_invoke.NAME")
				}
				for _, text := range test.texts {
					if !strings.Contains(fmt.Sprint(err), text) {
						t.Errorf("%q is not in the error: %v", text, err)
					}
				}
				var last []int
				var wantProgress []string
				for _, i := range server.Invocations() {
					last = append(last, i.Status())
					for _, status := range test.progress {
						wantProgress = append(wantProgress, fmt.Sprintf("Invocation %s of %q: %s", i.ID, "check", status))
					}
				}
				if diff := cmp.Diff(test.last, last); diff != "" {
					t.Errorf("the invocations have other statuses (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(wantProgress, progress); test.progress != nil && diff != "" {
					t.Errorf("other progress (-want +got):\n%s", diff)
				}
				sent := ""
				for _, r := range server.Requests() {
					if r.Operation == robototest.InvokeAction {
						sent = fmt.Sprint(r.Query, r.OrgID, string(r.Body))
					}
				}
				for _, text := range test.sent {
					if !strings.Contains(sent, text) {
						t.Errorf("%s is not in the request: %s", text, sent)
					}
				}
				if text := fmt.Sprint(progress, err, c.State); strings.Contains(text, "horse") {
					t.Errorf("a value is shown:\n%s", text)
				}
			})
		})
	}
}
