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
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
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
	body   any
}

// change is what a service does with a text in an answer.
type change func(r *reply, text string)

// refusals are in place of an answer.
var refusals = map[string]change{
	"message":                  refusedWith("AccessDeniedException", "*"),
	"message about a conflict": refusedWith("RobotoConflictException", "*"),
	"code": func(r *reply, text string) {
		refusedWith("Roboto*Exception", "")(r, notLetter.ReplaceAllString(text, ""))
	},
	"code of another form": refusedWith("*", ""),
	"message of a gateway": refusedAs("403 Forbidden"),
	"status line":          func(r *reply, text string) { refusedAs("400 "+oneLine(text))(r, "") },
	"headers of an error":  func(r *reply, text string) { refusedAs("400 Bad Request")(r, ""); inHeaders(r, text) },
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

// TestDisguises has both services repeat what they know in each place of their answers.
func TestDisguises(t *testing.T) {
	for _, call := range calls {
		t.Run(call.name, func(t *testing.T) {
			t.Parallel()
			places := map[string]change{"headers": inHeaders}
			maps.Copy(places, refusals)
			synctest.Test(t, func(t *testing.T) {
				call.leftBy(t, false, func(known) string { return "" }, change(func(r *reply, _ string) {
					edit(r.body, "", func(path string, leaf any) any { places[path] = inField(path); return leaf })
				}).in)
			})
			var shown []string
			for _, place := range slices.Sorted(maps.Keys(places)) {
				refuses := refusals[place] != nil
				synctest.Test(t, func(t *testing.T) {
					left, _ := call.leftBy(t, refuses, func(known) string { return harmless }, places[place].in)
					if strings.Contains(left, harmless) {
						shown = append(shown, place)
					}
				})
				for _, secret := range call.secrets(refuses) {
					for form, disguise := range disguises {
						synctest.Test(t, func(t *testing.T) {
							left, k := call.leftBy(t, refuses, func(k known) string { return disguise(k[secret]) }, places[place].in)
							if found := k.in(left); found != "" {
								t.Errorf("%s: the %s is repeated %s: %s", place, secret, form, found)
							}
						})
					}
				}
			}
			want := strings.Fields(call.shown)
			if !call.toAWS() {
				want = append(want, "code", "message", "message about a conflict", "message of a gateway")
			}
			if slices.Sort(want); !slices.Equal(shown, want) {
				t.Errorf("something harmless is shown from %q, want %q", shown, want)
			}
		})
	}
}

// secrets are those that a service knows, and of which it must repeat nothing.
func (c call) secrets(refuses bool) []string {
	ofAWS := []string{"access key ID", "secret access key", "session token"}
	switch {
	case c.toAWS():
		return append(ofAWS, "value")
	case c.operation == robototest.GetCredentials && !refuses:
		return append(ofAWS, "API key")
	}
	return []string{"API key"}
}

// garbled are answers that hold words where a client expects something else. Some are no HTTP: the HTTP
// client's own errors quote it.
var garbled = map[string]func(answer []byte, words string) []byte{
	"in an error of the server": change(func(r *reply, words string) {
		refusedWith("*", "*")(r, words)
		r.status = "500 Internal Server Error"
	}).in,
	"in lists in all fields": change(func(r *reply, words string) {
		r.body = edit(r.body, "", func(string, any) any { return []any{words} })
	}).in,
	"in HTML":              func(_ []byte, words string) []byte { return inHTTP("502 Bad Gateway", "<html><pre>"+words) },
	"in HTML of a success": func(_ []byte, words string) []byte { return inHTTP("200 OK", "<html><pre>"+words) },
	"in JSON that is none": func(_ []byte, words string) []byte { return inHTTP("200 OK", `{"data":{"name":"`+words) },
	"in a redirect": func(_ []byte, words string) []byte {
		return inHTTP("307 Temporary Redirect\r\nLocation: http://127.0.0.1:9/"+url.PathEscape(words), "")
	},
	"in a body that breaks off": func(_ []byte, words string) []byte { return inHTTP("200 OK\r\nContent-Length: 1000000", words) },
	"after the answer":          func(answer []byte, words string) []byte { return append(slices.Clip(answer), words...) },
	"as the protocol":           func(_ []byte, words string) []byte { return []byte(words + " 200 OK\r\n\r\n") },
	"as the status":             func(_ []byte, words string) []byte { return []byte("HTTP/1.1 " + words + "\r\n\r\n") },
	"as a header":               func(_ []byte, words string) []byte { return inHTTP("200 OK\r\n"+words, "") },
	"as the length":             func(_ []byte, words string) []byte { return inHTTP("200 OK\r\nContent-Length: "+words, "") },
	"as the encoding":           func(_ []byte, words string) []byte { return inHTTP("200 OK\r\nTransfer-Encoding: "+words, "") },
	"as a chunk": func(_ []byte, words string) []byte {
		return inHTTP("200 OK\r\nTransfer-Encoding: chunked", words+"\r\n")
	},
}

// inHTTP is an answer that ends with its connection, unless the header after the status says otherwise.
func inHTTP(statusAndHeader, body string) []byte {
	return fmt.Appendf(nil, "HTTP/1.1 %s\r\nConnection: close\r\n\r\n%s", statusAndHeader, body)
}

// TestGarbledAnswers has both services repeat all that they know in answers that are none.
func TestGarbledAnswers(t *testing.T) {
	for _, call := range calls {
		for where, answer := range garbled {
			if call.operation == robototest.GetUser && where == "after the answer" {
				continue // the caller is known then
			}
			t.Run(call.name+"/"+where, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					left, k := call.leftBy(t, false, func(k known) string {
						if !call.toAWS() { // Roboto never knows the value
							delete(k, "value")
						}
						return strings.Join(slices.Sorted(maps.Values(k)), " ")
					}, answer)
					if found := k.in(left); found != "" {
						t.Error(found)
					}
				})
			})
		}
	}
}
