// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"text/tabwriter"
	"time"

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

func faultCases() []faultCase {
	aws := func(c faultCall) bool {
		return c.operation == robototest.PutValue || c.operation == robototest.GetValue
	}
	roboto := func(c faultCall) bool { return !aws(c) }
	credentials := func(c faultCall) bool { return c.operation == robototest.GetCredentials }
	// The answers to a deletion and a cancellation are empty.
	answered := func(c faultCall) bool {
		return c.operation != robototest.DeleteSecret && c.operation != robototest.CancelInvocation
	}
	// Those whose answer holds a secret's record.
	records := func(c faultCall) bool {
		return slices.Contains([]robototest.Operation{robototest.CreateSecret, robototest.ListSecrets, robototest.GetSecret, robototest.GetCredentials}, c.operation)
	}
	replacing := func(old, changed string) robototest.Fault {
		return robototest.Fault{Mutate: func(b []byte) []byte { return bytes.ReplaceAll(b, []byte(old), []byte(changed)) }}
	}
	envelope := func(status int, code string) robototest.Fault {
		return robototest.Fault{Status: status, Code: code, Message: "something is wrong"}
	}
	html := http.Header{"Content-Type": {"text/html"}}
	return []faultCase{
		{"429 Retry-After", robototest.Fault{Status: 429, Message: "Too Many Requests", Header: http.Header{"Retry-After": {"3"}}}, roboto},
		{"429", robototest.Fault{Status: 429, Message: "Too Many Requests"}, roboto},
		{"429 endless Retry-After", robototest.Fault{Status: 429, Header: http.Header{"Retry-After": {"86400"}}}, roboto},
		{"500", envelope(500, "RobotoInternalException"), roboto},
		{"500 after", robototest.Fault{Status: 500, Code: "RobotoInternalException", Message: "late", After: true}, nil},
		{"502", robototest.Fault{Status: 502, Body: "<html>Bad Gateway</html>", Header: html}, nil},
		{"503", envelope(503, "RobotoServiceUnavailableException"), roboto},
		{"504", envelope(504, "RobotoServiceTimeoutException"), roboto},
		{"504 after", robototest.Fault{Status: 504, Code: "RobotoServiceTimeoutException", Message: "late", After: true}, roboto},
		{"401", envelope(401, "RobotoUnauthorizedException"), roboto},
		{"403", robototest.Fault{Status: 403, Message: "User is not authorized to access this resource with an explicit deny"}, roboto},
		{"404 envelope", envelope(404, "RobotoNotFoundException"), roboto},
		{"404 HTML", robototest.Fault{Status: 404, Body: "<html>Not Found</html>", Header: html}, nil},
		{"404 gateway", robototest.Fault{Status: 404, Message: "Not Found"}, roboto},
		{"redirect", robototest.Fault{Status: 307, Header: http.Header{"Location": {"https://example.com/"}}}, nil},
		{"reset before", robototest.Fault{Drop: true}, nil},
		{"reset after", robototest.Fault{Drop: true, After: true}, nil},
		{"outage", robototest.Fault{Outage: 10 * time.Second}, nil},
		{"outage after", robototest.Fault{Outage: 10 * time.Second, After: true}, nil},
		{"timeout", robototest.Fault{Delay: time.Hour}, nil},
		{"timeout after", robototest.Fault{Delay: time.Hour, After: true}, nil},
		{"truncated", robototest.Fault{Truncate: true}, answered},
		{"wrong shape", robototest.Fault{Status: 200, Body: `{"data":{"items":7,"name":[]}}`, After: true}, nil},
		{"HTML 200", robototest.Fault{Status: 200, Body: "<html>Log in</html>", Header: html}, nil},
		{"1 GB", robototest.Fault{Huge: 1 << 30}, nil},
		{"expired credentials", robototest.Fault{AWSError: "ExpiredTokenException", Message: "expired"}, aws},
		{"throttled", robototest.Fault{AWSError: "ThrottlingException", Message: "Rate exceeded"}, aws},
		{"AWS 429", robototest.Fault{Status: 429, Message: "Too Many Requests"}, aws},
		{"AWS 500", robototest.Fault{AWSError: "InternalServiceError", Status: 500}, aws},
		{"access denied", robototest.Fault{AWSError: "AccessDeniedException", Message: "not authorized"}, aws},
		{"marked for deletion", robototest.Fault{AWSError: "InvalidRequestException", Message: "the secret was marked for deletion"}, aws},
		{"wrong region", replacing(`us-west-2"`, `eu-west-1"`), credentials},
		{"ARN elsewhere", replacing(":us-west-2:", ":eu-west-1:"), records},
	}
}

// faultCall is a call of the provider, reached by one of Terraform's operations.
type faultCall struct {
	name      string
	operation robototest.Operation
	// skip lets calls of the same operation pass that the scenario makes before.
	skip int
	// settings are the provider's.
	settings fields
	// prepare runs before the fault; act is where it happens.
	prepare, act func(*protocol.Core) error
	// again, if set, runs before the plain apply.
	again func(*protocol.Core) error
	// after is the configuration of the plain apply; nil destroys.
	after fields
	// versions is the most that may be stored in the end.
	versions int
	// handedOn lets somebody else take the name as soon as it is free. That secret has to
	// be there in the end.
	handedOn bool
}

func faultCalls() []faultCall {
	versioned := fields{"name": "db", "value_wo": "the value", "value_wo_version": "1"}
	rotated := fields{"name": "db", "value_wo": "another value", "value_wo_version": "2"}
	reverted := fields{"name": "db", "value_wo": "the value", "value_wo_version": "3"}
	plain := fields{"name": "db", "value_wo": "the value"}
	changed := fields{"name": "db", "value_wo": "another value"}
	apply := func(config fields) func(*protocol.Core) error {
		return func(c *protocol.Core) error { return c.Apply(config) }
	}
	badly := func(c *protocol.Core) error { return errors.Join(c.Apply(versioned), c.Apply(rotated)) }
	undo := func(c *protocol.Core) error { return undoRotation(c, fields{"version_id": firstVersion(c)}, "3") }
	list := func(c *protocol.Core) error {
		names, err := readSecrets(c)
		if err == nil && !slices.Equal(names, []any{"db", "x1", "x2", "x3"}) {
			err = fmt.Errorf("WRONG: the list is %v", names)
		}
		return err
	}
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
	data := func(c *protocol.Core) error {
		result, err := c.ReadData(protocol.TypeSecret, fields{"name": "db", "read_version_id": true})
		if _, versionID, _ := c.Roboto.Value(robototest.DefaultOrg, "db"); err == nil && result["version_id"] != versionID {
			err = fmt.Errorf("WRONG: the version is %v", result["version_id"])
		}
		return err
	}
	// An import that fails leaves the state as it was.
	imported := func(c *protocol.Core) error {
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
	query := func(c *protocol.Core) error {
		s := c.MustStart()
		var names []string
		for result := range s.List(protocol.Listing{Limit: 3}) {
			if err := (protocol.Outcome{Diagnostics: result.Diagnostics}).Err(); err != nil {
				return err
			}
			names = append(names, result.DisplayName)
		}
		if len(names) != 3 {
			return fmt.Errorf("WRONG: the list is %v", names)
		}
		return nil
	}
	run := func(actionName string) func(*protocol.Core) error {
		return func(c *protocol.Core) error { return runAction(c, actionName) }
	}
	return []faultCall{
		{name: "organizations", operation: robototest.ListOrgs, act: apply(versioned), after: versioned, versions: 1},
		{name: "create", operation: robototest.CreateSecret, act: apply(versioned), after: versioned, versions: 1},
		{name: "credentials on create", operation: robototest.GetCredentials, act: apply(versioned), after: versioned, versions: 1},
		{name: "put on create", operation: robototest.PutValue, act: apply(versioned), after: versioned, versions: 1},
		{name: "get on refresh", operation: robototest.GetSecret, prepare: apply(versioned), act: apply(versioned), after: versioned, versions: 2},
		{name: "credentials on rotate", operation: robototest.GetCredentials, prepare: apply(versioned), act: apply(rotated), after: rotated, versions: 2},
		{name: "put on rotate", operation: robototest.PutValue, prepare: apply(versioned), act: apply(rotated), after: rotated, versions: 3},
		{name: "credentials on undo", operation: robototest.GetCredentials, prepare: badly, act: undo, again: undo, after: reverted, versions: 3},
		{name: "get value on undo", operation: robototest.GetValue, prepare: badly, act: undo, again: undo, after: reverted, versions: 3},
		{name: "put on undo", operation: robototest.PutValue, prepare: badly, act: undo, again: undo, after: reverted, versions: 4},
		{name: "credentials on compare", operation: robototest.GetCredentials, prepare: apply(plain), act: apply(changed), after: changed, versions: 2},
		{name: "get value on compare", operation: robototest.GetValue, prepare: apply(plain), act: apply(changed), after: changed, versions: 2},
		{name: "put on update", operation: robototest.PutValue, prepare: apply(plain), act: apply(changed), after: changed, versions: 2},
		{name: "delete", operation: robototest.DeleteSecret, prepare: apply(versioned), act: apply(nil), after: nil},
		{name: "delete, name handed on", operation: robototest.DeleteSecret, prepare: apply(versioned), act: apply(nil), after: nil, handedOn: true},
		{name: "get on refresh, name handed on", operation: robototest.GetSecret, prepare: replaced, act: apply(nil), after: nil, handedOn: true},
		{name: "list page 1", operation: robototest.ListSecrets, prepare: listed, act: list, after: versioned, versions: 1},
		{name: "list page 2", operation: robototest.ListSecrets, skip: 1, prepare: listed, act: list, after: versioned, versions: 1},
		{
			name: "bulk refresh", operation: robototest.ListSecrets, prepare: listed, act: apply(versioned), after: versioned, versions: 1,
			settings: fields{"bulk_refresh": true},
		},
		{name: "get on import", operation: robototest.GetSecret, prepare: apply(versioned), act: imported, after: versioned, versions: 2},
		{name: "get by the data source", operation: robototest.GetSecret, prepare: apply(versioned), act: data, after: versioned, versions: 1},
		{name: "credentials for the data source", operation: robototest.GetCredentials, prepare: apply(versioned), act: data, after: versioned, versions: 1},
		{name: "get value by the data source", operation: robototest.GetValue, prepare: apply(versioned), act: data, after: versioned, versions: 1},
		{name: "query page 1", operation: robototest.ListSecrets, prepare: listed, act: query, after: versioned, versions: 1},
		{name: "query page 2", operation: robototest.ListSecrets, skip: 1, prepare: listed, act: query, after: versioned, versions: 1},
		{name: "action on plan", operation: robototest.GetAction, prepare: apply(versioned), act: run("check"), after: versioned, versions: 1},
		{name: "action on invoke", operation: robototest.GetAction, skip: 1, prepare: apply(versioned), act: run("check"), after: versioned, versions: 1},
		{name: "secret on invoke", operation: robototest.GetSecret, prepare: apply(versioned), act: run("check"), after: versioned, versions: 1},
		{name: "invoke", operation: robototest.InvokeAction, prepare: apply(versioned), act: run("check"), after: versioned, versions: 1},
		{name: "follow", operation: robototest.GetInvocation, prepare: apply(versioned), act: run("check"), after: versioned, versions: 1},
		{name: "cancel", operation: robototest.CancelInvocation, prepare: apply(versioned), act: run("hang"), after: versioned, versions: 1},
	}
}

// runAction invokes an action with the secret. One that hangs has to be canceled, which
// counts as a success.
func runAction(c *protocol.Core, actionName string) error {
	_, err := c.RunAction(fields{"name": actionName, "parameter_values": map[string]any{"key": "roboto-secret://db"}, "wait_timeout": "20m"})
	all := c.Roboto.Invocations()
	status := -1
	if len(all) > 0 {
		status = all[0].Status()
	}
	canceled := err != nil && strings.Contains(err.Error(), "was canceled.")
	switch {
	case len(all) > 1:
		return fmt.Errorf("WRONG: %d invocations", len(all))
	case err == nil && status != robototest.Completed, canceled && status != robototest.Cancelled:
		return fmt.Errorf("WRONG: the status is %d", status)
	case canceled && actionName == "hang":
		return nil
	}
	return err
}

// believes tells whether the answer is no fault but Roboto's own word: the secret
// is gone.
func (c faultCall) believes(f robototest.Fault) bool {
	return (c.name != "secret on invoke" && c.operation == robototest.GetSecret || c.operation == robototest.DeleteSecret) && f.Code == "RobotoNotFoundException"
}

// TestFaults is the matrix: each call, each fault, once, three times and for
// ever. Whatever happens in the middle, one plain apply after the fault ends right, or
// ends in an error whose import block does. testdata/faults.txt says which faults are survived; run with -update after
// a change. The table also goes into the file that ROBOTO_FAULT_TABLE names.
func TestFaults(t *testing.T) {
	cases, calls := faultCases(), faultCalls()
	table := map[[2]string]string{}
	cells := 0
	for _, call := range calls {
		for _, fc := range cases {
			if fc.of != nil && !fc.of(call) || call.believes(fc.fault) {
				continue
			}
			cell := ""
			for _, times := range []int{1, 3, 0} {
				cells++
				cell += runFault(t, call, fc, times)
			}
			table[[2]string{call.name, fc.name}] = cell
		}
	}
	got := faultTable(calls, cases, table, cells)
	if path := os.Getenv("ROBOTO_FAULT_TABLE"); path != "" {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	golden := filepath.Join("testdata", "faults.txt")
	if *update {
		if err := os.WriteFile(golden, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, got) {
		t.Errorf("other faults are survived than in %s; run with -update and read the difference", golden)
	}
}

func faultTable(calls []faultCall, cases []faultCase, table map[[2]string]string, cells int) []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, "Each cell: the fault once, three times, for ever; an outage for ten seconds, two minutes, for ever.\ns survived   e clear error, repaired by one plain apply   i clear error, repaired by its import block   W wrong   - not a fault of this call\n\n")
	for i, call := range calls {
		fmt.Fprintf(&out, "%4d  %s\n", i+1, call.name)
	}
	fmt.Fprintln(&out)
	w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, "fault")
	for i := range calls {
		fmt.Fprintf(w, "\t%d", i+1)
	}
	for _, fc := range cases {
		fmt.Fprintf(w, "\n%s", fc.name)
		for _, call := range calls {
			fmt.Fprintf(w, "\t%s", cmp.Or(table[[2]string{call.name, fc.name}], "-"))
		}
	}
	_ = w.Flush()
	fmt.Fprintf(&out, "\n\n%d cells, %d wrong\n", cells, strings.Count(fmt.Sprint(slices.Collect(maps.Values(table))), "W"))
	return out.Bytes()
}

// faultDeadline bounds every operation, on the fake clock: ten attempts of
// thirty seconds with the longest waits, for each of a few calls.
const faultDeadline = 30 * time.Minute

// outages are how long an outage lasts in place of once, three times and for ever.
var outages = map[int]time.Duration{1: 10 * time.Second, 3: 2 * time.Minute, 0: 1000 * time.Hour}

// runFault returns "s", "e", "i" or "W".
func runFault(t *testing.T, call faultCall, fc faultCase, times int) string {
	verdict := "W"
	t.Run(fmt.Sprintf("%s/%s/%d", call.name, fc.name, times), func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			server, c := startCall(t, call)
			fault := fc.fault
			fault.Operation, fault.Skip, fault.Times = call.operation, call.skip, times
			if fault.Outage > 0 {
				fault.Outage, fault.Times = outages[times], 1
			}
			server.Inject(fault)
			began := time.Now()
			err := call.act(c)
			if server.Faulted() == 0 {
				t.Error("the fault did not happen")
			}
			if took := time.Since(began); took > faultDeadline {
				t.Errorf("it took %s", took)
			}
			if err != nil && strings.Contains(err.Error(), "WRONG") {
				t.Error(err)
			}
			server.ClearFaults()
			if call.again != nil {
				c.Must(call.again(c))
			}
			imported, again := repair(c, call.after)
			if again != nil {
				t.Fatalf("the plain apply failed: %v\n\nafter: %v", again, err)
			}
			if wrong := disagreement(c, call); wrong != nil {
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
	var next successor
	server := robototest.Start(t, robototest.Options{InMemory: true, PageSize: 2, OnRequest: func(robototest.Request) { next.watch() }})
	server.AddAction(robototest.Action{Name: "check", Parameters: []robototest.Parameter{{Name: "key"}}})
	server.AddAction(robototest.Action{Name: "hang", Parameters: []robototest.Parameter{{Name: "key"}}, Hang: true})
	c := protocol.NewCore(t, server)
	c.Settings = call.settings
	if call.prepare != nil {
		c.Must(call.prepare(c))
	}
	if call.handedOn {
		time.Sleep(time.Second) // the successor is made at another time
		next.server.Store(server)
	}
	return server, c
}

// disagreement compares state and service.
func disagreement(c *protocol.Core, call faultCall) error {
	record, exists := c.Roboto.Record(robototest.DefaultOrg, "db")
	if call.after == nil && call.handedOn {
		if c.State != nil {
			return errors.New("the secret is still in the state")
		}
		return successorIsSafe(c.Roboto)
	}
	if call.after == nil {
		if exists || c.State != nil {
			return errors.New("the secret is not gone")
		}
		return nil
	}
	value, versionID, _ := c.Roboto.Value(robototest.DefaultOrg, "db")
	switch {
	case !exists || c.State == nil || c.Tainted:
		return errors.New("the secret is not there")
	case value != call.after["value_wo"]:
		return fmt.Errorf("the stored value is %q", value)
	case c.State["version_id"] != versionID:
		return fmt.Errorf("version_id is %q, the service has %q", c.State["version_id"], versionID)
	case c.State["arn"] != record.ARN:
		return errors.New("the ARN is that of another secret")
	}
	if n := len(c.Roboto.Versions(robototest.DefaultOrg, "db")); n > call.versions {
		return fmt.Errorf("%d versions were written, at most %d are right", n, call.versions)
	}
	empty, err := c.PlanIsEmpty(call.after)
	if err == nil && !empty {
		err = errors.New("the plan after it is not empty")
	}
	return err
}

// readSecrets reads data.roboto_secrets and returns the names.
func readSecrets(c *protocol.Core) ([]any, error) {
	result, err := c.ReadData(protocol.TypeSecrets, nil)
	names, _ := result["names"].([]any)
	return names, err
}
