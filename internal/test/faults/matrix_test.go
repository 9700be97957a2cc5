// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"text/tabwriter"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// faultCase is one way in which a call can go wrong.
type faultCase struct {
	name  string
	fault robototest.Fault
	// of tells of which calls it is a fault; nil means all.
	of func(faultCall) bool
}

// In these cases somebody presses Ctrl-C during the call.
const canceled, canceledAfter = "Ctrl-C", "Ctrl-C after"

func faultCases() []faultCase {
	of := func(operations ...robototest.Operation) func(faultCall) bool {
		return func(c faultCall) bool { return slices.Contains(operations, c.operation) }
	}
	aws := of(robototest.PutValue, robototest.GetValue)
	roboto := func(c faultCall) bool { return !aws(c) }
	records := of(robototest.CreateSecret, robototest.ListSecrets, robototest.GetSecret, robototest.GetCredentials)
	// The answers to a deletion and a cancellation are empty.
	answered := func(c faultCall) bool { return !of(robototest.DeleteSecret, robototest.CancelInvocation)(c) }
	mutated := func(pattern, changed string) robototest.Fault {
		return robototest.Fault{Mutate: func(b []byte) []byte { return regexp.MustCompile(pattern).ReplaceAll(b, []byte(changed)) }}
	}
	redirect := func(status int) robototest.Fault {
		return robototest.Fault{Status: status, Header: http.Header{"Location": {"/elsewhere"}}}
	}
	record := of(robototest.CreateSecret, robototest.GetSecret, robototest.GetCredentials)
	credentials := of(robototest.GetCredentials)
	html := func(status int) robototest.Fault {
		return robototest.Fault{Status: status, Body: "<html>", Header: http.Header{"Content-Type": {"text/html"}}}
	}
	return []faultCase{
		{"429", tooMany("3"), roboto},
		{"500 after", robototest.Fault{Status: 500, Code: "RobotoInternalException", Message: "failed", After: true}, nil},
		{"502 HTML", html(502), nil},
		{"403", robototest.Fault{Status: 403, Message: "User is not authorized to access this resource with an explicit deny"}, roboto},
		{"404 of Roboto", robototest.Fault{Status: 404, Code: "RobotoNotFoundException", Message: "Not found."}, roboto},
		{"404 HTML", html(404), nil},
		{"reset before", robototest.Fault{Drop: true}, nil},
		{"reset after", robototest.Fault{Drop: true, After: true}, nil},
		{"outage", robototest.Fault{Outage: 10 * time.Second}, nil},
		{"outage after", robototest.Fault{Outage: 10 * time.Second, After: true}, nil},
		{"timeout", robototest.Fault{Delay: time.Hour}, nil},
		{"timeout after", robototest.Fault{Delay: time.Hour, After: true}, nil},
		{canceled, robototest.Fault{Delay: time.Hour}, nil},
		{canceledAfter, robototest.Fault{Delay: time.Hour, After: true}, nil},
		{"truncated", robototest.Fault{Truncate: true}, answered},
		{"wrong shape", robototest.Fault{Status: 200, Body: `{"data":{"items":7,"name":[]}}`, After: true}, nil},
		{"200 HTML", html(200), nil},
		{"200 of a gateway", robototest.Fault{Status: 200, Body: `{"message":"scheduled maintenance"}`}, nil},
		{"303", redirect(303), nil},
		{"307", redirect(307), nil},
		{"1 GB", robototest.Fault{Huge: 1 << 30}, nil},
		{"expired credentials", robototest.Fault{AWSError: "ExpiredTokenException"}, aws},
		{"throttled", robototest.Fault{AWSError: "ThrottlingException"}, aws},
		{"access denied", robototest.Fault{AWSError: "AccessDeniedException"}, aws},
		{"marked for deletion", robototest.Fault{AWSError: "InvalidRequestException", Message: "the secret was marked for deletion"}, aws},
		{"ARN elsewhere", mutated(":us-west-2:", ":eu-west-1:"), records},
		{"another name", mutated(`"name":"db"`, `"name":"other"`), record},
		{"another org", mutated(`"org_id":"og_test"`, `"org_id":"og_evil"`), record},
		{"another service", mutated(":secretsmanager:", ":s3:"), record},
		{"another store", mutated(`"store_type":"aws"`, `"store_type":"vault"`), record},
		{"region with a dot", mutated("us-west-2", "evil.s3"), record},
		{"another region", mutated(`"region":"us-west-2"`, `"region":"eu-west-1"`), credentials},
		{"no key", mutated(`"secret_access_key":"`, `"secret_access_key":"","x":"`), credentials},
		{"no token", mutated(`"session_token":"`, `"session_token":"","x":"`), credentials},
		{"whole seconds", mutated(`("created":"[^".]*)\.\d+`, "$1"), records},
	}
}

// in is the fault of a call, once or for ever.
func (fc faultCase) in(call faultCall, forEver bool) robototest.Fault {
	fault := fc.fault
	fault.Operation, fault.Skip = call.operation, call.skip
	switch {
	case !forEver:
		fault.Times = 1
	case fault.Outage > 0:
		fault.Outage, fault.Times = 1000*time.Hour, 1
	}
	return fault
}

func (fc faultCase) interrupts() bool { return fc.name == canceled || fc.name == canceledAfter }

// faultCall is a call of the provider, reached by one of Terraform's operations.
type faultCall struct {
	name      string
	operation robototest.Operation
	// prepare, if set, runs before the fault. act is where the fault happens.
	prepare, act func(*protocol.Core) error
	// after is the configuration of the plain apply; nil destroys. again, if set, runs before it.
	after fields
	again func(*protocol.Core) error
	// versions is the most that may be stored in the end.
	versions int
	// skip lets calls of the same operation pass that the scenario makes before.
	skip int
	// settings are the provider's.
	settings fields
	// proves says that Roboto's "not found" is no fault: the secret is gone then.
	proves bool
	// handedOn lets somebody else take the name as soon as it is free. That secret has to
	// be there in the end.
	handedOn bool
}

func faultCalls() []faultCall {
	const (
		post     = robototest.CreateSecret
		get      = robototest.GetSecret
		list     = robototest.ListSecrets
		remove   = robototest.DeleteSecret
		creds    = robototest.GetCredentials
		getValue = robototest.GetValue
		putValue = robototest.PutValue
	)
	versioned := fields{"name": "db", "value_wo": "the value", "value_wo_version": "1"}
	rotated := fields{"name": "db", "value_wo": "another value", "value_wo_version": "2"}
	reverted := fields{"name": "db", "value_wo": "the value", "value_wo_version": "3"}
	plain := fields{"name": "db", "value_wo": "the value"}
	changed := fields{"name": "db", "value_wo": "another value"}
	apply := func(config fields) func(*protocol.Core) error {
		return func(c *protocol.Core) error { return c.Apply(config) }
	}
	// lost applies, and the first answer to the create is lost.
	lost := func(after bool) func(*protocol.Core) error {
		return func(c *protocol.Core) error {
			c.Roboto.Inject(robototest.Fault{Operation: post, Drop: true, After: after, Times: 1})
			return c.Apply(versioned)
		}
	}
	badly := func(c *protocol.Core) error { return errors.Join(c.Apply(versioned), c.Apply(rotated)) }
	undo := func(c *protocol.Core) error { return undoRotation(c, fields{"version_id": firstVersion(c)}, "3") }
	listed := func(c *protocol.Core) error {
		for _, name := range []string{"x1", "x2", "x3"} {
			c.Roboto.AddSecret(robototest.DefaultOrg, name)
		}
		return c.Apply(versioned)
	}
	replaced := func(c *protocol.Core) error {
		err := c.Apply(versioned)
		handOn(c.Roboto)
		return err
	}
	// reads is a call that changes nothing.
	reads := func(name string, operation robototest.Operation, act func(*protocol.Core) error, changes ...func(*faultCall)) faultCall {
		c := faultCall{name: name, operation: operation, prepare: apply(versioned), act: act, after: versioned, versions: 1}
		for _, change := range changes {
			change(&c)
		}
		return c
	}
	second := func(c *faultCall) { c.skip = 1 }
	ofSeveral := func(c *faultCall) { c.prepare = listed }
	secondPage := func(c *faultCall) { c.prepare, c.skip = listed, 1 }
	proves := func(c *faultCall) { c.proves = true }
	return []faultCall{
		{name: "organizations", operation: robototest.ListOrgs, act: apply(versioned), after: versioned, versions: 1},
		{name: "create", operation: post, act: apply(versioned), after: versioned, versions: 1},
		{name: "create after a lost one", operation: post, skip: 1, act: lost(false), after: versioned, versions: 1},
		{name: "get after a lost create", operation: get, act: lost(true), after: versioned, versions: 1},
		{name: "user after a lost create", operation: robototest.GetUser, act: lost(true), after: versioned, versions: 1},
		{name: "credentials after a lost create", operation: creds, act: lost(true), after: versioned, versions: 1},
		{name: "get value after a lost create", operation: getValue, act: lost(true), after: versioned, versions: 1},
		{name: "credentials on create", operation: creds, act: apply(versioned), after: versioned, versions: 1},
		{name: "put on create", operation: putValue, act: apply(versioned), after: versioned, versions: 1},
		{name: "get on refresh", operation: get, prepare: apply(versioned), act: apply(versioned), after: versioned, versions: 2, proves: true},
		{name: "credentials on rotate", operation: creds, prepare: apply(versioned), act: apply(rotated), after: rotated, versions: 2},
		{name: "put on rotate", operation: putValue, prepare: apply(versioned), act: apply(rotated), after: rotated, versions: 3},
		{name: "credentials on undo", operation: creds, prepare: badly, act: undo, again: undo, after: reverted, versions: 3},
		{name: "get value on undo", operation: getValue, prepare: badly, act: undo, again: undo, after: reverted, versions: 3},
		{name: "put on undo", operation: putValue, prepare: badly, act: undo, again: undo, after: reverted, versions: 4},
		{name: "credentials on compare", operation: creds, prepare: apply(plain), act: apply(changed), after: changed, versions: 2},
		{name: "get value on compare", operation: getValue, prepare: apply(plain), act: apply(changed), after: changed, versions: 2},
		{name: "put on update", operation: putValue, prepare: apply(plain), act: apply(changed), after: changed, versions: 2},
		{name: "delete", operation: remove, prepare: apply(versioned), act: apply(nil), proves: true},
		{name: "delete, name handed on", operation: remove, prepare: apply(versioned), act: apply(nil), proves: true, handedOn: true},
		{name: "get on refresh, name handed on", operation: get, prepare: replaced, act: apply(nil), proves: true, handedOn: true},
		reads("list page 1", list, readAll, ofSeveral),
		reads("list page 2", list, readAll, secondPage),
		reads("bulk refresh", list, apply(versioned), func(c *faultCall) { c.prepare, c.settings = listed, fields{"bulk_refresh": true} }),
		reads("get on import", get, importAgain, func(c *faultCall) { c.proves, c.versions = true, 2 }),
		reads("get by the data source", get, readVersion, proves),
		reads("credentials for the data source", creds, readVersion),
		reads("get value by the data source", getValue, readVersion),
		reads("query page 1", list, queryThree, ofSeveral),
		reads("query page 2", list, queryThree, secondPage),
		reads("action on plan", robototest.GetAction, runCheck),
		reads("action on invoke", robototest.GetAction, runCheck, second),
		reads("secret on invoke", get, runCheck),
		reads("invoke", robototest.InvokeAction, runCheck),
		reads("follow", robototest.GetInvocation, runCheck),
		reads("cancel", robototest.CancelInvocation, func(c *protocol.Core) error { return runAction(c, "hang") }),
	}
}

// wrongly is what must never come of a fault.
type wrongly string

func (w wrongly) Error() string { return string(w) }

func expect(err error, right bool, format string, args ...any) error {
	if err == nil && !right {
		return wrongly(fmt.Sprintf(format, args...))
	}
	return err
}

func readAll(c *protocol.Core) error {
	result, err := c.ReadData(protocol.TypeSecrets, nil)
	return expect(err, cmp.Equal(result["names"], []any{"db", "x1", "x2", "x3"}), "the list is %v", result["names"])
}

func readVersion(c *protocol.Core) error {
	result, err := c.ReadData(protocol.TypeSecret, fields{"name": "db", "read_version_id": true})
	_, versionID, _ := c.Roboto.Value(robototest.DefaultOrg, "db")
	return expect(err, result["version_id"] == versionID, "the version is %v", result["version_id"])
}

// importAgain leaves the state as it was if the import fails.
func importAgain(c *protocol.Core) error {
	before := c.Instance
	err := c.ImportID("db")
	if err == nil {
		err = c.MustStart().Refresh()
	}
	if err != nil {
		c.Instance = before
	}
	return err
}

func queryThree(c *protocol.Core) error {
	var names []string
	for result := range c.MustStart().List(protocol.Listing{Limit: 3}) {
		if err := (protocol.Outcome{Diagnostics: result.Diagnostics}).Err(); err != nil {
			return err
		}
		names = append(names, result.DisplayName)
	}
	return expect(nil, len(names) == 3, "the list is %v", names)
}

func runCheck(c *protocol.Core) error { return runAction(c, "check") }

// runAction invokes an action with the secret. One that hangs has to be canceled, which
// counts as a success.
func runAction(c *protocol.Core, actionName string) error {
	_, err := c.RunAction(fields{"name": actionName, "parameter_values": map[string]any{"key": "roboto-secret://db"}, "wait_timeout": "20m"})
	all := c.Roboto.Invocations()
	status := -1
	if len(all) > 0 {
		status = all[0].Status()
	}
	stopped := err != nil && strings.Contains(err.Error(), "was canceled. Its last known status")
	switch {
	case len(all) > 1:
		return wrongly(fmt.Sprintf("%d invocations", len(all)))
	case err == nil && status != robototest.Completed, stopped && status != robototest.Cancelled:
		return wrongly(fmt.Sprintf("the status is %d", status))
	case stopped && actionName == "hang":
		return nil
	}
	return err
}

// TestFaults is the matrix: each call, each fault, once and for ever. Whatever happens in the middle,
// one plain apply after the fault ends right, or ends in an error whose import block does.
// testdata/faults.txt says which faults are survived.
func TestFaults(t *testing.T) {
	cases, calls := faultCases(), faultCalls()
	verdicts := make([][]string, len(calls))
	t.Run("of", func(t *testing.T) {
		for i, call := range calls {
			verdicts[i] = make([]string, len(cases))
			t.Run(call.name, func(t *testing.T) {
				t.Parallel()
				for j, fc := range cases {
					if fc.of != nil && !fc.of(call) || call.proves && fc.fault.Code == "RobotoNotFoundException" {
						verdicts[i][j] = "-"
						continue
					}
					verdicts[i][j] = runFault(t, call, fc, false) + runFault(t, call, fc, true)
				}
			})
		}
	})
	if slices.ContainsFunc(verdicts, func(of []string) bool { return of[0] == "" }) {
		t.Skip("skipped: the file has all calls, and some did not run or failed")
	}
	golden(t, "faults.txt", faultTable(calls, cases, verdicts))
}

func faultTable(calls []faultCall, cases []faultCase, verdicts [][]string) string {
	var out strings.Builder
	fmt.Fprint(&out, "Each cell: the fault once, and for ever. An outage lasts ten seconds once. "+
		"After Ctrl-C, other requests are answered, or none.\n\n"+
		"s survived   e clear error, repaired by one plain apply   i clear error, repaired by its import block   "+
		"W wrong   - not a fault of this call\n\n")
	for i, call := range calls {
		fmt.Fprintf(&out, "%4d  %s\n", i+1, call.name)
	}
	w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, "\nfault")
	for i := range calls {
		fmt.Fprintf(w, "\t%d", i+1)
	}
	for j, fc := range cases {
		fmt.Fprintf(w, "\n%s", fc.name)
		for i := range calls {
			fmt.Fprintf(w, "\t%s", verdicts[i][j])
		}
	}
	fmt.Fprintln(w)
	_ = w.Flush()
	return out.String()
}

// Every operation is bounded, on the fake clock: ten attempts of thirty seconds with the longest
// waits, for each of a few calls; and after Ctrl-C, a create that cleans up behind itself.
const (
	faultDeadline  = 30 * time.Minute
	cancelDeadline = time.Minute
)

// runFault returns "s", "e", "i" or "W".
func runFault(t *testing.T, call faultCall, fc faultCase, forEver bool) string {
	verdict := "W"
	t.Run(fmt.Sprintf("%s/for ever %t", fc.name, forEver), func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			server, c := startCall(t, call)
			server.Inject(fc.in(call, forEver))
			began := time.Now()
			act := call.act
			if fc.interrupts() {
				act = pressCtrlC(act, forEver)
			}
			err := act(c)
			if server.Faulted() == 0 {
				t.Error("the fault did not happen")
			}
			if n := server.Count(robototest.Unknown); n != 0 {
				t.Errorf("%d redirects were followed, or requests sent elsewhere", n)
			}
			if took := time.Since(began); took > faultDeadline {
				t.Errorf("it took %s", took)
			}
			if wrong, ok := errors.AsType[wrongly](err); ok {
				t.Error(wrong)
			}
			server.ClearFaults()
			if call.again != nil {
				c.Must(call.again(c))
			}
			imported, again := repair(c, call.after)
			if again != nil {
				t.Fatalf("the plain apply failed: %v\n\nafter: %v", again, err)
			}
			if wrong := wrongEnd(c, call); wrong != nil {
				t.Fatalf("%v\n\nafter: %v", wrong, err)
			}
			switch {
			case imported:
				verdict = "i"
			case err != nil:
				verdict = "e"
			default:
				verdict = "s"
			}
		})
	})
	return verdict
}

// pressCtrlC acts, with Ctrl-C after a second. If it hangs, nothing is answered from then on.
func pressCtrlC(act func(*protocol.Core) error, hangs bool) func(*protocol.Core) error {
	return func(c *protocol.Core) error {
		c.Vars["ROBOTO_DEFAULT_HTTP_TIMEOUT"] = "86400" // no request ends by itself
		done := make(chan error)
		go func() { done <- act(c) }()
		time.Sleep(time.Second)
		if hangs {
			c.Roboto.Inject(robototest.Fault{Delay: time.Hour})
		}
		stopped := time.Now()
		c.Interrupt()
		err := <-done
		if took := time.Since(stopped); took > cancelDeadline {
			return wrongly(fmt.Sprintf("it went on for %s: %v", took, err))
		}
		return err
	}
}

// repair applies once more. If that fails, and the error has an import block, it does what the
// block says, and imported is true.
func repair(c *protocol.Core, config fields) (imported bool, err error) {
	err = c.Apply(config)
	if err == nil {
		return false, nil
	}
	id, found := importBlockID(err.Error())
	if !found {
		return false, err
	}
	if refused := c.ImportID(id); refused != nil {
		return false, fmt.Errorf("the import block of the error does not help: %w\n\nthe error: %w", refused, err)
	}
	return true, c.Apply(config)
}

var importBlock = regexp.MustCompile(`import \{\n {2}to = roboto_secret\.ADDRESS_OF_THIS_RESOURCE\n {2}id = ("[^"\n]*")\n\}`)

// importBlockID is the ID in the import block of an error.
func importBlockID(text string) (string, bool) {
	match := importBlock.FindStringSubmatch(text)
	if match == nil {
		return "", false
	}
	id, err := strconv.Unquote(match[1])
	return id, err == nil
}

// startCall has done what comes before the call. Where the name is handed on, this
// happens as soon as it is free.
func startCall(t *testing.T, call faultCall) (*robototest.Server, *protocol.Core) {
	t.Helper()
	var next atomic.Pointer[robototest.Server]
	server := robototest.Start(t, robototest.Options{InMemory: true, PageSize: 2, OnRequest: func(robototest.Request) { takeOverWhenFree(&next) }})
	for name, hang := range map[string]bool{"check": false, "hang": true} {
		server.AddAction(robototest.Action{Name: name, Parameters: []robototest.Parameter{{Name: "key"}}, Hang: hang})
	}
	time.Sleep(123456 * time.Microsecond) // creation times have microseconds
	c := protocol.NewCore(t, server)
	c.Settings = call.settings
	if call.prepare != nil {
		c.Must(call.prepare(c))
	}
	if call.handedOn {
		time.Sleep(time.Second) // the successor is made at another time
		next.Store(server)
	}
	return server, c
}

// wrongEnd is what is wrong after the plain apply.
func wrongEnd(c *protocol.Core, call faultCall) error {
	if call.after == nil {
		_, exists := c.Roboto.Record(robototest.DefaultOrg, "db")
		switch {
		case c.State != nil:
			return errors.New("the secret is still in the state")
		case call.handedOn:
			return successorIsSafe(c.Roboto)
		}
		return expect(nil, !exists, "the secret is not gone")
	}
	if err := disagreement(c, call.after["value_wo"], call.versions); err != nil {
		return err
	}
	empty, err := c.PlanIsEmpty(call.after)
	return expect(err, empty, "the plan after it is not empty")
}
