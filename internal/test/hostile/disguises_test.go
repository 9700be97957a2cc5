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

const (
	disguisedKey   = `rbt_Kanarienvogel+47/11<"&'>Zaun%\koenig=Ende`
	disguisedValue = `{"kanarienvogel":"Zaunkönig<4711>&\"x\"","pin":["Rotkehlchen+/=%", 8765309]}`

	// harmless is what a place says that repeats nothing.
	harmless = "Kolibri"
)

// disguise is a form in which a service may repeat a secret.
type disguise struct {
	name string
	of   func(string) string
}

// disguises are those that the client looks for in the texts that it uses or shows. It does not look
// for all there may be: a service that wants to get a secret past it, can. That is why nothing of AWS's
// messages is shown, and why Roboto is never told a value. Roboto's texts are not searched for an API key
// in another case, which is no API key.
var disguises = []disguise{
	{"as it is", func(s string) string { return s }},
	{"in JSON", func(s string) string { encoded, _ := json.Marshal(s); return unquoted(string(encoded)) }},
	{"in HTML", html.EscapeString},
	{"quoted by Go", func(s string) string { return unquoted(strconv.Quote(s)) }},
	{"in a query", url.QueryEscape},
	{"in a path", url.PathEscape},
	{"in a query, in lower case", func(s string) string {
		return regexp.MustCompile(`%[0-9A-F]{2}`).ReplaceAllStringFunc(url.QueryEscape(s), strings.ToLower)
	}},
	{"in hexadecimal", func(s string) string { return hex.EncodeToString([]byte(s)) }},
	{"in upper-case hexadecimal", func(s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) }},
	{"in base64", func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }},
	{"in base64 after a byte", func(s string) string { return base64.StdEncoding.EncodeToString([]byte("x" + s)) }},
	{"in base64 after two bytes", func(s string) string { return base64.StdEncoding.EncodeToString([]byte("xy" + s)) }},
	{"in base64 for URLs", func(s string) string { return base64.URLEncoding.EncodeToString([]byte("x" + s)) }},
	{"its first eight bytes", func(s string) string { return s[:8] }},
	{"eight bytes of its middle", func(s string) string { return s[6:14] }},
	{"its last eight bytes", func(s string) string { return s[len(s)-8:] }},
	{"eight bytes in hexadecimal", func(s string) string { return hex.EncodeToString([]byte(s[4:12])) }},
}

// otherDisguises are for the places of which nothing is shown.
var otherDisguises = []disguise{
	{"indented", func(s string) string {
		var indented bytes.Buffer
		_ = json.Indent(&indented, []byte(s), "", "  ")
		return indented.String()
	}},
	{"in CSV", func(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }},
	{"in upper case", strings.ToUpper},
	{"in lower case", strings.ToLower},
	{"with spaces", func(s string) string { return strings.Join(strings.Split(s, ""), " ") }},
	{"twice in base64", func(s string) string {
		return base64.StdEncoding.EncodeToString([]byte(base64.StdEncoding.EncodeToString([]byte(s))))
	}},
	{"twice in JSON", func(s string) string { encoded, _ := json.Marshal(strconv.Quote(s)); return string(encoded) }},
}

func unquoted(literal string) string { return literal[1 : len(literal)-1] }

// reply is an answer of a service's that can be changed before it is sent.
type reply struct {
	status string
	header http.Header
	body   map[string]any
}

// at is what JSON objects hold on a path. Of a list, it is the first item.
func (r *reply) at(path ...string) map[string]any {
	object := r.body
	for _, name := range path {
		switch next := object[name].(type) {
		case map[string]any:
			object = next
		case []any:
			object, _ = next[0].(map[string]any)
		}
	}
	return object
}

func set(name string, path ...string) func(*reply, string) {
	return func(r *reply, text string) { r.at(path...)[name] = text }
}

func inARN(path ...string) func(*reply, string) {
	return func(r *reply, text string) {
		set("arn", path...)(r, "arn:aws:secretsmanager:us-west-2:123456789012:secret:"+text)
	}
}

func refusedWith(code, message func(string) string) func(*reply, string) {
	return func(r *reply, text string) {
		r.status = "400 Bad Request"
		r.body = map[string]any{
			"error":  map[string]any{"error_code": code(text), "message": message(text)}, // Roboto's
			"__type": code(text), "message": message(text),                               // AWS's
		}
	}
}

func refusedAs(status string) func(*reply, string) {
	return func(r *reply, text string) { r.status, r.body = status, map[string]any{"message": text} }
}

func inHeaders(r *reply, text string) {
	for _, name := range []string{"Date", "Retry-After", "Server", "Warning", "Www-Authenticate", "X-Amzn-Errortype", "X-Amzn-Requestid"} {
		r.header.Set(name, strings.ReplaceAll(text, "\n", " "))
	}
}

func both(changes ...func(*reply, string)) func(*reply, string) {
	return func(r *reply, text string) {
		for _, change := range changes {
			change(r, text)
		}
	}
}

func same(text string) string { return text }

func always(text string) func(string) string { return func(string) string { return text } }

// place is where a service can repeat something.
type place struct {
	name      string
	operation robototest.Operation
	change    func(*reply, string)
	// act makes the request.
	act func(*scene) []any
	// shown is whether something harmless gets to diagnostics, state, plan, progress or log.
	shown bool
	// noEffect is set if the request must not take effect, because the client looks.
	noEffect bool
}

const (
	hidden, shown    = false, true
	effect, noEffect = false, true
)

var lettersOnly = regexp.MustCompile(`[^A-Za-z]`)

func inCode(text string) string {
	return "Roboto" + lettersOnly.ReplaceAllString(text, "") + "Exception"
}

func inVersionID(text string) string { return (text + strings.Repeat("-0123456789", 6))[:64] }

// robotoPlaces are those in answers of Roboto's that come without credentials.
var robotoPlaces = []place{
	{"message", robototest.GetSecret, refusedWith(always("RobotoInvalidRequestException"), same), refresh, shown, effect},
	{"message about a create", robototest.CreateSecret, refusedWith(always("RobotoConflictException"), same), create, shown, noEffect},
	{"message about a listing", robototest.ListSecrets, refusedWith(always("RobotoInvalidRequestException"), same), list, shown, effect},
	{"message about a deletion", robototest.DeleteSecret, refusedWith(always("RobotoInvalidRequestException"), same), destroy, shown, noEffect},
	{"message about credentials", robototest.GetCredentials, refusedWith(always("RobotoInvalidRequestException"), same), open, shown, effect},
	{"message of a gateway", robototest.GetSecret, refusedAs("403 Forbidden"), refresh, shown, effect},
	{"code", robototest.GetSecret, refusedWith(inCode, always("")), refresh, shown, effect},
	{"code of another form", robototest.GetSecret, refusedWith(same, always("")), refresh, hidden, effect},
	{"status line", robototest.GetSecret, func(r *reply, text string) { refusedAs("400 "+text)(r, "") }, refresh, hidden, effect},
	{"headers of an error", robototest.GetSecret, both(refusedAs("400 Bad Request"), func(r *reply, text string) { r.body = nil; inHeaders(r, text) }), refresh, hidden, effect},
	{"headers", robototest.GetSecret, inHeaders, refresh, hidden, effect},
	{"page token", robototest.ListSecrets, set("next_token", "data"), list, hidden, effect},
	{"name", robototest.GetSecret, set("name", "data"), refresh, hidden, effect},
	{"organization", robototest.GetSecret, set("org_id", "data"), refresh, hidden, effect},
	{"store type", robototest.GetSecret, set("store_type", "data"), refresh, hidden, effect},
	{"ARN", robototest.GetSecret, inARN("data", "location"), refresh, shown, effect},
	{"created_by", robototest.GetSecret, set("created_by", "data"), refresh, shown, effect},
	{"modified_by", robototest.GetSecret, set("modified_by", "data"), refresh, shown, effect},
	{"created_by of a create", robototest.CreateSecret, set("created_by", "data"), create, shown, effect},
	{"ARN of a create", robototest.CreateSecret, inARN("data", "location"), create, shown, effect}, // the credentials are for another ARN then
	{"name in a listing", robototest.ListSecrets, set("name", "data", "items"), list, shown, effect},
	{"store type in a listing", robototest.ListSecrets, set("store_type", "data", "items"), list, hidden, effect},
	{"ARN in a listing", robototest.ListSecrets, inARN("data", "items", "location"), list, shown, effect},
	{"created_by in a listing", robototest.ListSecrets, set("created_by", "data", "items"), list, shown, effect},
	{"creator of what a listing leaves out", robototest.ListSecrets, both(set("created_by", "data", "items"), func(r *reply, _ string) {
		r.at("data", "items")["name"] = "\x1b"
	}), list, shown, effect},
	{"ID of an organization", robototest.ListOrgs, set("org_id", "data"), organizations, shown, effect},
	{"name of an organization", robototest.ListOrgs, set("name", "data"), organizations, shown, effect},
	{"tier of an organization", robototest.ListOrgs, set("tier", "data"), organizations, shown, effect},
	{"status of an organization", robototest.ListOrgs, set("status", "data"), organizations, shown, effect},
	{"ID of the user", robototest.GetUser, set("user_id", "data"), createLost, hidden, effect},
	{"parameter of an action", robototest.GetAction, set("name", "data", "parameters"), invoke, shown, effect},
	{"digest of an action", robototest.GetAction, set("digest", "data"), invoke, hidden, effect},
	{"ID of an invocation", robototest.InvokeAction, func(r *reply, text string) { r.at("data")["invocation_id"] = text[:min(len(text), 64)] }, invoke, shown, effect},
	{"status of an invocation", robototest.InvokeAction, set("detail", "data", "status"), invoke, shown, effect},
	{"last status of an invocation", robototest.GetInvocation, func(r *reply, text string) {
		statuses, _ := r.at("data")["status"].([]any)
		r.at("data")["status"] = []any{statuses[len(statuses)-1]}
		set("detail", "data", "status")(r, text)
	}, invoke, shown, effect},
}

// credentialsPlaces are those beside credentials. Roboto knows them, and may repeat them there.
var credentialsPlaces = []place{
	{"name", robototest.GetCredentials, set("name", "data", "record"), open, hidden, effect},
	{"organization", robototest.GetCredentials, set("org_id", "data", "record"), open, hidden, effect},
	{"store type", robototest.GetCredentials, func(r *reply, text string) { r.at("data", "record")["store_type"] = text[:min(len(text), 20)] }, open, hidden, effect},
	{"store type of the credentials", robototest.GetCredentials, func(r *reply, text string) { r.at("data", "creds")["store_type"] = text[:min(len(text), 20)] }, open, hidden, effect},
	{"region", robototest.GetCredentials, set("region", "data", "creds"), open, hidden, effect},
	{"ARN", robototest.GetCredentials, inARN("data", "record", "location"), open, hidden, effect},
	{"ARN of another secret", robototest.GetCredentials, inARN("data", "record", "location"), create, hidden, effect},
	{"created_by", robototest.GetCredentials, set("created_by", "data", "record"), open, hidden, effect},
	{"headers", robototest.GetCredentials, inHeaders, open, hidden, effect},
}

// awsPlaces are those of AWS, which knows the value too.
var awsPlaces = []place{
	{"message about a write", robototest.PutValue, refusedWith(always("InvalidParameterException"), same), create, hidden, noEffect},
	{"message about a read", robototest.GetValue, refusedWith(always("DecryptionFailure"), same), open, hidden, effect},
	{"message about a version", robototest.GetValue, refusedWith(always("AccessDeniedException"), same), readVersion, hidden, effect},
	{"code about a write", robototest.PutValue, refusedWith(same, same), create, hidden, noEffect},
	{"code about a read", robototest.GetValue, refusedWith(same, same), open, hidden, effect},
	{"status line", robototest.PutValue, func(r *reply, text string) { refusedAs("400 "+strings.ReplaceAll(text, "\n", " "))(r, text) }, create, hidden, noEffect},
	{"headers of an error", robototest.PutValue, both(refusedAs("400 Bad Request"), inHeaders), create, hidden, noEffect},
	{"headers", robototest.PutValue, inHeaders, create, hidden, effect},
	{"name", robototest.PutValue, set("Name"), create, hidden, effect},
	{"ARN", robototest.PutValue, set("ARN"), create, hidden, effect},
	{"ARN of a read", robototest.GetValue, set("ARN"), open, hidden, effect},
	{"ID of the version that was written", robototest.PutValue, func(r *reply, text string) { r.body["VersionId"] = inVersionID(text) }, create, hidden, effect},
}

// versionPlace is the only text of AWS's that gets into the state.
var versionPlace = place{"ID of the current version", robototest.GetValue, func(r *reply, text string) { r.body["VersionId"] = inVersionID(text) }, readVersion, shown, effect}

// scene is a Roboto in memory, and a secret that Terraform works on.
type scene struct {
	*protocol.Core
	server *robototest.Server
	config protocol.Fields
}

func refresh(s *scene) []any {
	session := s.MustStart()
	imported, importing := session.Import("db@"+robototest.DefaultOrg, nil)
	current, reading := session.Provider.Read(imported)
	planned, _, planning := session.Provider.Plan(current, protocol.Fields{"name": "db", "org_id": robototest.DefaultOrg, "detect_value_drift": true})
	found, finding := session.ReadDataSource(protocol.TypeSecret, protocol.Fields{"name": "db", "org_id": robototest.DefaultOrg})
	return []any{imported, importing, current, reading, planned, planning, found, finding}
}

func readVersion(s *scene) []any {
	found, out := s.MustStart().ReadDataSource(protocol.TypeSecret, protocol.Fields{"name": "db", "org_id": robototest.DefaultOrg, "read_version_id": true})
	return []any{found, out}
}

func open(s *scene) []any {
	_, out := s.MustStart().Provider.OpenEphemeral(protocol.Fields{"name": "db", "org_id": robototest.DefaultOrg})
	return []any{out} // the result is the value
}

func list(s *scene) []any {
	session := s.MustStart()
	found, out := session.ReadDataSource(protocol.TypeSecrets, protocol.Fields{"org_id": robototest.DefaultOrg})
	all := []any{found, out}
	for result := range session.List(protocol.Listing{Config: protocol.Fields{"org_id": robototest.DefaultOrg}, IncludeResource: true}) {
		all = append(all, result.Outcome, result.DisplayName, result.Identity, result.Resource)
	}
	return all
}

// create may have to delete a record again.
func create(s *scene) []any {
	s.Instance, s.Tainted = protocol.Instance{}, false
	err := s.Apply(s.config)
	all := []any{err, s.Instance, s.Warning}
	s.server.DeleteSecret(robototest.DefaultOrg, "new")
	return all
}

func createLost(s *scene) []any {
	s.server.Inject(robototest.Fault{Operation: robototest.CreateSecret, Drop: true, After: true})
	return create(s)
}

func destroy(s *scene) []any {
	session := s.MustStart()
	imported, _ := session.Import("db@"+robototest.DefaultOrg, nil)
	current, _ := session.Provider.Read(imported)
	current, out := session.TryApply(current, nil)
	return []any{current, out}
}

func organizations(s *scene) []any {
	session := s.MustStart()
	found, out := session.ReadDataSource(protocol.TypeOrganizations, nil)
	_, several := session.ReadDataSource(protocol.TypeSecrets, nil) // which names them all
	return []any{found, out, several}
}

func invoke(s *scene) []any {
	config := protocol.Fields{"name": "check", "org_id": robototest.DefaultOrg}
	progress, err := s.RunAction(config)
	config["parameter_values"] = map[string]any{"unknown": "x"} // the error names those that there are
	_, unknown := s.RunAction(config)
	return []any{progress, err, unknown}
}

// changed is the answer with a text in a place.
func (p place) changed(answer []byte, text string) []byte {
	resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(answer)), nil)
	if err != nil {
		panic(err)
	}
	r := reply{status: resp.Status, header: resp.Header}
	if body, _ := io.ReadAll(resp.Body); len(body) > 0 && json.Unmarshal(body, &r.body) != nil {
		panic("the embedded services speak JSON")
	}
	p.change(&r, text)
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

// loggedTB gives all calls of the provider a logger.
type loggedTB struct {
	testing.TB
	ctx context.Context //nolint:containedctx // that of the test
}

func (l loggedTB) Context() context.Context { return l.ctx }

// says has a service say something in a place, which is made up when the answer is. It returns all
// that is left: diagnostics, states, plans, progress and log.
func (p place) says(t *testing.T, text func(*robototest.Server) string) string {
	var all, log, frameworkLog bytes.Buffer
	tb := loggedTB{t, tfsdklogtest.RootLogger(tflogtest.RootLogger(t.Context(), &log), &frameworkLog)}
	server := robototest.Start(tb, robototest.Options{InMemory: true, APIKey: disguisedKey, Orgs: []string{robototest.DefaultOrg, "og_other"}})
	server.AllowViolations() // what is repeated to a service counts as one
	server.AddSecret(robototest.DefaultOrg, "db")
	server.SetValue(robototest.DefaultOrg, "db", disguisedValue)
	server.AddAction(robototest.Action{Name: "check", Fails: "No.", Parameters: []robototest.Parameter{{Name: "key"}}})
	s := &scene{protocol.NewCore(tb, server), server, protocol.Fields{"name": "new", "org_id": robototest.DefaultOrg, "value_wo": disguisedValue, "value_wo_version": "1"}}
	s.Settings["max_attempts"] = 2
	said := false
	fault := robototest.Fault{Operation: p.operation, Wire: func(answer []byte) []byte {
		changed := p.changed(answer, text(server))
		said = true
		return changed
	}}
	if p.noEffect {
		fault.Message = "Refused."
	}
	server.Inject(fault)
	for _, part := range p.act(s) {
		if out, ok := part.(protocol.Outcome); ok {
			part = fmt.Sprint(out.Err(), out.Warning())
		}
		fmt.Fprintf(&all, "\n%v", part)
		if instance, ok := part.(protocol.Instance); ok {
			fmt.Fprintf(&all, "\n%s", instance.Private)
		}
	}
	if synctest.Wait(); !said {
		t.Errorf("nothing was said in answer to %s", p.operation)
	}
	if log.Len() == 0 || frameworkLog.Len() == 0 {
		t.Error("there is no log")
	}
	return all.String() + log.String() + frameworkLog.String()
}

// What the services know, by name.
var (
	keyOf = map[string]func(*robototest.Server) string{"API key": (*robototest.Server).APIKey}

	credentialsOf = map[string]func(*robototest.Server) string{
		"access key ID":     func(s *robototest.Server) string { return latest(s).AccessKeyID },
		"secret access key": func(s *robototest.Server) string { return latest(s).SecretAccessKey },
		"session token":     func(s *robototest.Server) string { return latest(s).SessionToken },
	}
	valueOf = map[string]func(*robototest.Server) string{"value": func(*robototest.Server) string { return disguisedValue }}
)

func latest(s *robototest.Server) robototest.Credentials {
	issued := s.IssuedCredentials()
	return issued[len(issued)-1]
}

// TestDisguises has both services repeat what they know, in each form and in each place.
func TestDisguises(t *testing.T) {
	for service, table := range map[string]struct {
		places    []place
		disguises []disguise
		secrets   []map[string]func(*robototest.Server) string
	}{
		"Roboto":                     {robotoPlaces, disguises, []map[string]func(*robototest.Server) string{keyOf}},
		"Roboto, beside credentials": {credentialsPlaces, disguises, []map[string]func(*robototest.Server) string{keyOf, credentialsOf}},
		"AWS":                        {awsPlaces, slices.Concat(disguises, otherDisguises), []map[string]func(*robototest.Server) string{valueOf, credentialsOf}},
		"AWS's version":              {[]place{versionPlace}, disguises, []map[string]func(*robototest.Server) string{valueOf, credentialsOf}},
	} {
		for _, place := range table.places {
			t.Run(service+"/"+place.name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					left := place.says(t, func(*robototest.Server) string { return harmless })
					if strings.Contains(left, harmless) != place.shown {
						t.Errorf("that something harmless is shown is not %t:\n%s", place.shown, left)
					}
				})
				for _, secrets := range table.secrets {
					for what, secret := range secrets {
						for _, disguise := range table.disguises {
							synctest.Test(t, func(t *testing.T) {
								pieces := map[string]string{}
								left := place.says(t, func(s *robototest.Server) string {
									for _, form := range append(disguises, disguise) {
										text := form.of(secret(s))
										for i := 0; i+8 <= len(text); i++ {
											pieces[text[i:i+8]] = form.name
										}
									}
									return disguise.of(secret(s))
								})
								for i := 0; i+8 <= len(left); i++ {
									if form, ok := pieces[left[i:i+8]]; ok {
										t.Errorf("the %s %s leaves %q of it %s:\n%s", what, disguise.name, left[i:i+8], form, left)
										return
									}
								}
							})
						}
					}
				}
			})
		}
	}
}
