// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package hostile

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// harmless is what a place says that repeats nothing.
const harmless = "Kolibri"

// disguises are tried in each place. There are no more of them, because one guard looks at what all
// places say, and TestTextsWithAPieceOfTheKeyAreWithheld tries all forms and all pieces with that.
// What is hidden is hidden in any form.
var disguises = map[string]func(string) string{
	"as it is":                  func(s string) string { return s },
	"in base64 after a byte":    func(s string) string { return base64.StdEncoding.EncodeToString([]byte("x" + s)) },
	"eight bytes of its middle": func(s string) string { return s[6:14] },
}

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

// refusedWith is an error, in whose code and message "*" stands for the text.
func refusedWith(code, message string) func(*reply, string) {
	return func(r *reply, text string) {
		code, message := strings.ReplaceAll(code, "*", text), strings.ReplaceAll(message, "*", text)
		r.status = "400 Bad Request"
		r.body = map[string]any{
			"error":  map[string]any{"error_code": code, "message": message}, // Roboto's
			"__type": code, "message": message,                               // AWS's
		}
	}
}

// everywhere has the text in all fields, or in what is made of it.
func everywhere(made func(string) any) func(*reply, string) {
	var fill func(value any, text string) any
	fill = func(value any, text string) any {
		switch value := value.(type) {
		case map[string]any:
			for name, member := range value {
				value[name] = fill(member, text)
			}
			return value
		case []any:
			for i, item := range value {
				value[i] = fill(item, text)
			}
			return value
		}
		return made(text)
	}
	return func(r *reply, text string) { fill(r.body, text) }
}

func refusedAs(status string) func(*reply, string) {
	return func(r *reply, text string) { r.status, r.body = status, map[string]any{"message": text} }
}

func inHeaders(r *reply, text string) {
	for _, name := range []string{
		"Content-Type", "Date", "Retry-After", "Server", "Set-Cookie", "Warning", "Www-Authenticate", "X-Amzn-Errortype", "X-Amzn-Requestid", "X-Cache",
	} {
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

// place is where a service can repeat something.
type place struct {
	name      string
	operation robototest.Operation
	change    func(*reply, string)
	// act makes the request.
	act act
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

func setVersionID(r *reply, text string) {
	r.body["VersionId"] = (text + strings.Repeat("-0123456789", 6))[:64]
}

// robotoPlaces are those in answers of Roboto's that come without credentials.
var robotoPlaces = []place{
	{"message", robototest.GetSecret, refusedWith("RobotoInvalidRequestException", "*"), refresh, shown, effect},
	{"message about a create", robototest.CreateSecret, refusedWith("RobotoConflictException", "*"), create, shown, noEffect},
	{"message about a listing", robototest.ListSecrets, refusedWith("RobotoInvalidRequestException", "*"), list, shown, effect},
	{"message about a deletion", robototest.DeleteSecret, refusedWith("RobotoInvalidRequestException", "*"), destroy, shown, noEffect},
	{"message about credentials", robototest.GetCredentials, refusedWith("RobotoInvalidRequestException", "*"), open, shown, effect},
	{"message of a gateway", robototest.GetSecret, refusedAs("403 Forbidden"), refresh, shown, effect},
	{"code", robototest.GetSecret, func(r *reply, text string) {
		refusedWith("Roboto*Exception", "")(r, lettersOnly.ReplaceAllString(text, ""))
	}, refresh, shown, effect},
	{"code of another form", robototest.GetSecret, refusedWith("*", ""), refresh, hidden, effect},
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
	{"message about a write", robototest.PutValue, refusedWith("InvalidParameterException", "*"), create, hidden, noEffect},
	{"message about a read", robototest.GetValue, refusedWith("DecryptionFailure", "*"), open, hidden, effect},
	{"message about a version", robototest.GetValue, refusedWith("AccessDeniedException", "*"), readVersion, hidden, effect},
	{"code about a write", robototest.PutValue, refusedWith("*", "*"), create, hidden, noEffect},
	{"code about a read", robototest.GetValue, refusedWith("*", "*"), open, hidden, effect},
	{"status line", robototest.PutValue, func(r *reply, text string) { refusedAs("400 "+strings.ReplaceAll(text, "\n", " "))(r, text) }, create, hidden, noEffect},
	{"headers of an error", robototest.PutValue, both(refusedAs("400 Bad Request"), inHeaders), create, hidden, noEffect},
	{"headers", robototest.PutValue, inHeaders, create, hidden, effect},
	{"name", robototest.PutValue, set("Name"), create, hidden, effect},
	{"ARN", robototest.PutValue, set("ARN"), create, hidden, effect},
	{"ARN of a read", robototest.GetValue, set("ARN"), open, hidden, effect},
	{"ID of the version that was written", robototest.PutValue, setVersionID, create, hidden, effect},
	// The only text of AWS's that gets into the state.
	{"ID of the current version", robototest.GetValue, setVersionID, readVersion, shown, effect},
}

// changed is an answer with a text in a place.
func changed(answer []byte, change func(*reply, string), text string) []byte {
	resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(answer)), nil)
	if err != nil {
		panic(err)
	}
	r := reply{status: resp.Status, header: resp.Header}
	if body, _ := io.ReadAll(resp.Body); len(body) > 0 && json.Unmarshal(body, &r.body) != nil {
		panic("the embedded services speak JSON")
	}
	change(&r, text)
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

// TestDisguises has both services repeat what they know in each place.
func TestDisguises(t *testing.T) {
	for service, table := range map[string]struct {
		places  []place
		secrets []string
	}{
		"Roboto":                     {robotoPlaces, []string{"API key"}},
		"Roboto, beside credentials": {credentialsPlaces, []string{"API key", "access key ID", "secret access key", "session token"}},
		"AWS":                        {awsPlaces, []string{"value", "access key ID", "secret access key", "session token"}},
	} {
		for _, place := range table.places {
			says := func(t *testing.T, text func(known) string) (left string, k known) {
				return leftBy(t, place.act, place.operation, place.noEffect, func(answer []byte, k known) []byte {
					return changed(answer, place.change, text(k))
				})
			}
			t.Run(service+"/"+place.name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					left, _ := says(t, func(known) string { return harmless })
					if strings.Contains(left, harmless) != place.shown {
						t.Errorf("that something harmless is shown is not %t:\n%s", place.shown, left)
					}
				})
				for _, secret := range table.secrets {
					for form, disguise := range disguises {
						synctest.Test(t, func(t *testing.T) {
							left, k := says(t, func(k known) string { return disguise(k[secret]) })
							if found := k.in(left); found != "" {
								t.Errorf("the %s is repeated %s: %s", secret, form, found)
							}
						})
					}
				}
			})
		}
	}
}
