// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package hostile

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/hashicorp/terraform-plugin-log/tflogtest"
	"github.com/hashicorp/terraform-plugin-log/tfsdklogtest"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// harmless is what a place says that repeats nothing.
const harmless = "Kolibri"

// disguises are tried in each place. There are no more of them, because one guard looks at what all
// places say, and TestTextsWithAPieceOfTheKeyAreWithheld tries all forms and all pieces with that.
var disguises = map[string]func(string) string{
	"as it is":                  func(s string) string { return s },
	"in base64 after a byte":    func(s string) string { return base64.StdEncoding.EncodeToString([]byte("x" + s)) },
	"eight bytes of its middle": func(s string) string { return s[6:14] },
}

// reply is an answer of a service's that can be changed before it is sent.
type reply struct {
	status string
	header http.Header
	body   any
}

// change is what a service does with a text in an answer.
type change func(r *reply, text string)

// refusals are in place of an answer.
var refusals = map[string]func(answer []byte, text string) []byte{
	"message":                  refusedWith("AccessDeniedException", "*").in,
	"message about a conflict": refusedWith("RobotoConflictException", "*").in,
	"code": change(func(r *reply, text string) {
		refusedWith("Roboto*Exception", "")(r, notLetter.ReplaceAllString(text, ""))
	}).in,
	"code of another form": refusedWith("*", "").in,
	"message of a gateway": refusedAs("403 Forbidden").in,
	"error of the server": change(func(r *reply, text string) {
		refusedWith("*", "*")(r, text)
		r.status = "500 Internal Server Error"
	}).in,
	"status line":         change(func(r *reply, text string) { refusedAs("400 "+oneLine(text))(r, "") }).in,
	"headers of an error": change(func(r *reply, text string) { refusedAs("400 Bad Request")(r, ""); inHeaders(r, text) }).in,
}

var notLetter = regexp.MustCompile(`[^A-Za-z]`)

// refusedWith is an error, in whose code and message "*" stands for the text.
func refusedWith(code, message string) change {
	return func(r *reply, text string) {
		code, message := strings.ReplaceAll(code, "*", text), strings.ReplaceAll(message, "*", text)
		r.status = "400 Bad Request"
		r.body = map[string]any{
			"error":  map[string]any{"error_code": code, "message": message}, // Roboto's
			"__type": code, "message": message,                               // AWS's
		}
	}
}

func refusedAs(status string) change {
	return func(r *reply, text string) { r.status, r.body = status, map[string]any{"message": text} }
}

func inHeaders(r *reply, text string) {
	for _, name := range []string{
		"Content-Type", "Date", "Retry-After", "Server", "Set-Cookie", "Warning", "Www-Authenticate", "X-Amzn-Errortype", "X-Amzn-Requestid", "X-Cache",
	} {
		r.header.Set(name, oneLine(text))
	}
}

func oneLine(text string) string { return strings.ReplaceAll(text, "\n", " ") }

// edit replaces each text, number and so on in JSON by what made returns for its path and itself.
func edit(value any, path string, made func(path string, leaf any) any) any {
	switch value := value.(type) {
	case map[string]any:
		for name, member := range value {
			value[name] = edit(member, strings.TrimPrefix(path+"."+name, "."), made)
		}
		return value
	case []any:
		for i, item := range value {
			value[i] = edit(item, path, made)
		}
		return value
	}
	return made(path, value)
}

// inField has the text in a field, in the form that is wanted there.
func inField(field string) change {
	return func(r *reply, text string) {
		switch field[strings.LastIndex(field, ".")+1:] {
		case "arn", "ARN":
			text = "arn:aws:secretsmanager:us-west-2:123456789012:secret:" + text
		case "VersionId":
			text = (text + strings.Repeat("-0123456789", 6))[:64]
		case "store_type", "invocation_id":
			text = text[:min(len(text), 20)]
		}
		r.body = edit(r.body, "", func(path string, leaf any) any {
			if path == field {
				return text
			}
			return leaf
		})
	}
}

// in changes a complete answer.
func (c change) in(answer []byte, text string) []byte {
	resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(answer)), nil)
	if err != nil {
		panic(err)
	}
	r := reply{status: resp.Status, header: resp.Header}
	if body, _ := io.ReadAll(resp.Body); len(body) > 0 && json.Unmarshal(body, &r.body) != nil {
		panic("the embedded services speak JSON")
	}
	c(&r, text)
	var body, out bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(r.body)
	r.header.Set("Content-Length", strconv.Itoa(body.Len()))
	r.header.Set("Connection", "close")
	fmt.Fprintf(&out, "HTTP/1.1 %s\r\n", r.status)
	_ = r.header.Write(&out)
	return append(append(out.Bytes(), "\r\n"...), body.Bytes()...)
}

// garbled are answers that hold words where a client expects something else. Some are no HTTP: the HTTP
// client's own errors quote it.
var garbled = map[string]func(answer []byte, words string) []byte{
	"headers": change(inHeaders).in,
	"lists in all fields": change(func(r *reply, words string) {
		r.body = edit(r.body, "", func(string, any) any { return []any{words} })
	}).in,
	"HTML":                 raw("HTTP/1.1 502 Bad Gateway\r\n", "<html><pre>*"),
	"HTML of a success":    raw(goodStatus, "<html><pre>*"),
	"JSON that is none":    raw(goodStatus, `{"data":{"name":"*`),
	"body that breaks off": raw(goodStatus+"Content-Length: 1000000\r\n", "*"),
	"after the answer":     func(answer []byte, words string) []byte { return append(slices.Clip(answer), words...) },
	"protocol":             raw("* 200 OK\r\n", ""),
	"status":               raw("HTTP/1.1 *\r\n", ""),
	"header":               raw(goodStatus+"*\r\n", ""),
	"length":               raw(goodStatus+"Content-Length: *\r\n", ""),
	"encoding":             raw(goodStatus+"Transfer-Encoding: *\r\n", ""),
	"chunk":                raw(goodStatus+"Transfer-Encoding: chunked\r\n", "*\r\n"),
	"redirect": func(_ []byte, words string) []byte {
		return raw("HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:9/*\r\n", "")(nil, url.PathEscape(words))
	},
}

// raw is an answer in which "*" stands for the words. It ends with its connection, unless its header says otherwise.
func raw(header, body string) func(answer []byte, words string) []byte {
	return func(_ []byte, words string) []byte {
		return []byte(strings.ReplaceAll(header+"Connection: close\r\n\r\n"+body, "*", words))
	}
}

// TestDisguises has both services repeat what they know in each place of their answers, and in answers that
// are none.
func TestDisguises(t *testing.T) {
	for _, call := range calls {
		t.Run(call.name, func(t *testing.T) {
			t.Parallel()
			places := maps.Clone(garbled)
			maps.Copy(places, refusals)
			synctest.Test(t, func(t *testing.T) {
				call.leftBy(t, false, func(known) string { return "" }, change(func(r *reply, _ string) {
					edit(r.body, "", func(path string, leaf any) any { places[path] = inField(path).in; return leaf })
				}).in)
			})
			var shown []string
			for _, place := range slices.Sorted(maps.Keys(places)) {
				refuses := refusals[place] != nil
				texts := map[string]func(known) string{"all that is known": call.words}
				synctest.Test(t, func(t *testing.T) {
					left, _ := call.leftBy(t, refuses, func(known) string { return harmless }, places[place])
					if strings.Contains(left, harmless) {
						shown = append(shown, place)
					}
				})
				for _, secret := range call.secrets() {
					for form, disguise := range disguises {
						if slices.Contains(shown, place) { // what is hidden is hidden in any form
							texts[secret+" "+form] = func(k known) string { return disguise(k[secret]) }
						}
					}
				}
				for what, text := range texts {
					synctest.Test(t, func(t *testing.T) {
						left, k := call.leftBy(t, refuses, text, places[place])
						if found := k.in(left); found != "" {
							t.Errorf("%s repeats the %s: %s", place, what, found)
						}
					})
				}
			}
			want := strings.Fields(call.shown)
			if !call.toAWS() {
				want = append(want, "code", "message", "message about a conflict", "message of a gateway", "error of the server")
			}
			if slices.Sort(want); !slices.Equal(shown, want) {
				t.Errorf("something harmless is shown from %q, want %q", shown, want)
			}
		})
	}
}

// words are all that the services know. Roboto never knows the value.
func (c call) words(k known) string {
	if !c.toAWS() {
		delete(k, "value")
	}
	return strings.Join(slices.Sorted(maps.Values(k)), " ")
}

// secrets are those that a service knows, and of which nothing is left in a place that is shown.
func (c call) secrets() []string {
	if c.toAWS() {
		return []string{"access key ID", "secret access key", "session token", "value"}
	}
	return []string{"API key"}
}

const (
	disguisedKey   = `rbt_Kanarienvogel+47/11<"&'>Zaun%\koenig=Ende`
	disguisedValue = `{"kanarienvogel":"Zaunkönig<4711>&\"x\"","pin":["Rotkehlchen+/=%", 8765309]}`
)

// known is what the services know, by what it is.
type known map[string]string

func knownTo(server *robototest.Server) known {
	k := known{"API key": server.APIKey(), "value": disguisedValue}
	if issued := server.IssuedCredentials(); len(issued) > 0 {
		latest := issued[len(issued)-1]
		k["access key ID"], k["secret access key"], k["session token"] = latest.AccessKeyID, latest.SecretAccessKey, latest.SessionToken
	}
	return k
}

// in tells what is known of which a text holds eight bytes in a row, in any form, and where, or "".
func (k known) in(text string) string {
	const length = 8
	pieces := map[string]string{}
	for what, secret := range k {
		inJSON, _ := json.Marshal(secret) // a string can always be encoded
		forms := []string{
			secret, string(inJSON), strconv.Quote(secret), html.EscapeString(secret),
			url.QueryEscape(secret), url.PathEscape(secret), hex.EncodeToString([]byte(secret)),
		}
		for before := range 3 {
			forms = append(forms, base64.RawStdEncoding.EncodeToString(append(make([]byte, before), secret...)))
		}
		for _, form := range forms {
			for i := 0; i+length <= len(form); i++ {
				pieces[form[i:i+length]] = what
			}
		}
	}
	for i := 0; i+length <= len(text); i++ {
		if what := pieces[text[i:i+length]]; what != "" {
			return fmt.Sprintf("a part of the %s is left in %q", what, text[max(0, i-200):min(len(text), i+200)])
		}
	}
	return ""
}

// act is what Terraform does. It returns what can be seen of it.
type act func(*protocol.Core) []any

func refresh(s *protocol.Core) []any {
	session := s.MustStart()
	imported, importing := session.Import("db@"+robototest.DefaultOrg, nil)
	current, reading := session.Provider.Read(imported)
	planned, _, planning := session.Provider.Plan(current, protocol.Fields{"name": "db", "org_id": robototest.DefaultOrg, "detect_value_drift": true})
	found, finding := session.ReadDataSource(protocol.TypeSecret, protocol.Fields{"name": "db", "org_id": robototest.DefaultOrg})
	return []any{imported, importing, current, reading, planned, planning, found, finding}
}

// compare plans for a value without a version, and looks for drift of one with a version.
func compare(s *protocol.Core) (seen []any) {
	for _, change := range []protocol.Fields{{"value_wo_version": nil}, {"value_wo_version": "1", "detect_value_drift": true}} {
		s.Roboto.DeleteSecret(robototest.DefaultOrg, "new")
		config := newSecret(change)
		seen = append(seen, apply(s, config)...)
		_, err := s.PlanIsEmpty(config)
		seen = append(seen, err, s.Instance, s.Warning)
	}
	return seen
}

// readValue reads the value for the configuration, and its version.
func readValue(s *protocol.Core) []any {
	_, opening := s.MustStart().Provider.OpenEphemeral(protocol.Fields{"name": "db", "org_id": robototest.DefaultOrg}) // the result is the value
	found, reading := s.MustStart().ReadDataSource(protocol.TypeSecret, protocol.Fields{"name": "db", "org_id": robototest.DefaultOrg, "read_version_id": true})
	return []any{opening, found, reading}
}

func list(s *protocol.Core) []any {
	session := s.MustStart()
	found, out := session.ReadDataSource(protocol.TypeSecrets, protocol.Fields{"org_id": robototest.DefaultOrg})
	seen := []any{found, out}
	for result := range session.List(protocol.Listing{Config: protocol.Fields{"org_id": robototest.DefaultOrg}, IncludeResource: true}) {
		seen = append(seen, result.Outcome, result.DisplayName, result.Identity, result.Resource)
	}
	return seen
}

func newSecret(change protocol.Fields) protocol.Fields {
	config := protocol.Fields{"name": "new", "org_id": robototest.DefaultOrg, "value_wo": disguisedValue, "value_wo_version": "1"}
	maps.Copy(config, change)
	return config
}

// create may have to delete a record again.
func create(s *protocol.Core) []any { return apply(s, newSecret(nil)) }

func apply(s *protocol.Core, config protocol.Fields) []any {
	s.Instance, s.Tainted = protocol.Instance{}, false
	err := s.Apply(config)
	return []any{err, s.Instance, s.Warning}
}

func createDuring(fault robototest.Fault) act {
	return func(s *protocol.Core) []any {
		s.Roboto.Inject(fault)
		return create(s)
	}
}

func destroy(s *protocol.Core) []any {
	session := s.MustStart()
	imported, _ := session.Import("db@"+robototest.DefaultOrg, nil)
	current, _ := session.Provider.Read(imported)
	current, out := session.TryApply(current, nil)
	return []any{current, out}
}

func organizations(s *protocol.Core) []any {
	session := s.MustStart()
	found, out := session.ReadDataSource(protocol.TypeOrganizations, nil)
	_, several := session.ReadDataSource(protocol.TypeSecrets, nil) // which names them all
	return []any{found, out, several}
}

func invoke(s *protocol.Core) []any {
	config := protocol.Fields{"name": "check", "org_id": robototest.DefaultOrg}
	progress, err := s.RunAction(config)
	config["parameter_values"] = map[string]any{"unknown": "x"} // the error names those that there are
	_, unknown := s.RunAction(config)
	return []any{progress, err, unknown}
}

// cancel invokes an action that takes longer than is waited for.
func cancel(s *protocol.Core) []any {
	progress, err := s.RunAction(protocol.Fields{
		"name": "hang", "org_id": robototest.DefaultOrg, "wait_timeout": "1m",
		"parameter_values": map[string]any{"key": "roboto-secret://db@" + robototest.DefaultOrg},
	})
	return []any{progress, err}
}

// call is one of the provider's requests.
type call struct {
	name      string
	operation robototest.Operation
	act       act
	// shown are the fields of the answer whose text gets to diagnostics, state, plan, progress or log.
	shown string
}

var calls = []call{
	{"create", robototest.CreateSecret, create, "data.created_by data.location.arn"},
	{"who the caller is, after a create", robototest.GetUser, createDuring(robototest.Fault{Operation: robototest.CreateSecret, Drop: true, After: true}), ""},
	{"credentials for a create", robototest.GetCredentials, create, ""},
	{"credentials to read", robototest.GetCredentials, readValue, ""},
	{"write", robototest.PutValue, create, ""},
	{"undo of a create", robototest.DeleteSecret, createDuring(robototest.Fault{Operation: robototest.PutValue, AWSError: "InvalidParameterException"}), ""},
	{"record", robototest.GetSecret, refresh, "data.created_by data.location.arn data.modified_by"},
	{"comparison", robototest.GetValue, compare, ""},
	{"value and version", robototest.GetValue, readValue, "VersionId"},
	{"deletion", robototest.DeleteSecret, destroy, ""},
	{"listing", robototest.ListSecrets, list, "data.items.created_by data.items.location.arn data.items.modified_by data.items.name"},
	{"organizations", robototest.ListOrgs, organizations, "data.name data.org_id data.status data.tier"},
	{"action", robototest.GetAction, invoke, "data.parameters.name"},
	{"secret of an action", robototest.GetSecret, cancel, ""},
	{"invocation", robototest.InvokeAction, invoke, "data.invocation_id data.status.detail"},
	{"status of an invocation", robototest.GetInvocation, invoke, "data.status.detail"},
	{"cancel of an invocation", robototest.CancelInvocation, cancel, ""},
}

func (c call) toAWS() bool {
	return c.operation == robototest.PutValue || c.operation == robototest.GetValue
}

// loggedTB gives all calls of the provider a logger.
type loggedTB struct {
	testing.TB
	ctx context.Context //nolint:containedctx // that of the test
}

func (l loggedTB) Context() context.Context { return l.ctx }

// leftBy acts while a service changes its answers to a call by a text. With noEffect, it refuses the
// requests. It returns all that is left, which is diagnostics, states, plans, progress and log, and
// what was known in the end.
func (c call) leftBy(t *testing.T, noEffect bool, text func(known) string, change func(answer []byte, text string) []byte) (left string, k known) {
	var seen, log, frameworkLog bytes.Buffer
	tb := loggedTB{t, tfsdklogtest.RootLogger(tflogtest.RootLogger(t.Context(), &log), &frameworkLog)}
	server := robototest.Start(tb, robototest.Options{InMemory: true, APIKey: disguisedKey, Orgs: []string{robototest.DefaultOrg, "og_other"}})
	server.AllowViolations() // what is repeated to a service counts as one
	server.AddSecret(robototest.DefaultOrg, "db")
	server.AddRecord(robototest.Record{OrgID: robototest.DefaultOrg, Name: "\x1b", CreatedBy: "x"}) // listings leave it out
	server.SetValue(robototest.DefaultOrg, "db", disguisedValue)
	parameters := []robototest.Parameter{{Name: "key"}}
	server.AddAction(robototest.Action{Name: "check", Fails: "No.", Parameters: parameters})
	server.AddAction(robototest.Action{Name: "hang", Hang: true, Parameters: parameters})
	s := protocol.NewCore(tb, server)
	s.Settings["max_attempts"] = 2
	changed := false
	fault := robototest.Fault{Operation: c.operation, Wire: func(answer []byte) []byte {
		answer = change(answer, text(knownTo(server)))
		changed = true
		return answer
	}}
	if noEffect {
		fault.Message = "Refused."
	}
	server.Inject(fault)
	for _, part := range c.act(s) {
		if out, ok := part.(protocol.Outcome); ok {
			part = fmt.Sprint(out.Err(), out.Warning())
		}
		fmt.Fprintf(&seen, "\n%v", part)
		if instance, ok := part.(protocol.Instance); ok {
			fmt.Fprintf(&seen, "\n%s", instance.Private)
		}
	}
	if synctest.Wait(); !changed {
		t.Errorf("there was no answer to %s", c.operation)
	}
	if log.Len() == 0 || frameworkLog.Len() == 0 {
		t.Error("there is no log")
	}
	for _, violation := range server.Violations() {
		if strings.Contains(violation, "carries a secret value") {
			t.Error(violation)
		}
	}
	return seen.String() + log.String() + frameworkLog.String(), knownTo(server)
}
