// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package hostile

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// garbled are answers that hold words where a client expects something else. Some are no HTTP: the HTTP
// client's own errors quote it.
var garbled = map[string]func(answer []byte, words string) []byte{
	"in an error": in(refusedWith("*", "*")),
	"in an error of the server": in(both(refusedWith("*", "*"), func(r *reply, _ string) {
		r.status = "500 Internal Server Error"
	})),
	"in all fields":          in(everywhere(func(words string) any { return words })),
	"in lists in all fields": in(everywhere(func(words string) any { return []any{words} })),
	"in headers":             in(both(refusedAs("400 Bad Request"), inHeaders)),
	"in HTML":                func(_ []byte, words string) []byte { return inHTTP("502 Bad Gateway", "<html><pre>"+words) },
	"in HTML of a success":   func(_ []byte, words string) []byte { return inHTTP("200 OK", "<html><pre>"+words) },
	"in JSON that is none":   func(_ []byte, words string) []byte { return inHTTP("200 OK", `{"data":{"name":"`+words) },
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

// in changes a complete answer.
func in(change func(*reply, string)) func(answer []byte, words string) []byte {
	return func(answer []byte, words string) []byte { return changed(answer, change, words) }
}

// TestGarbledAnswers has both services repeat all that they know in answers that are none.
func TestGarbledAnswers(t *testing.T) {
	for _, call := range []struct {
		name      string
		operation robototest.Operation
		act       act
	}{
		{"create", robototest.CreateSecret, create},
		{"who the caller is, after a create", robototest.GetUser, createLost},
		{"credentials for a create", robototest.GetCredentials, create},
		{"write", robototest.PutValue, create},
		{"undo of a create", robototest.DeleteSecret, createRefused},
		{"record", robototest.GetSecret, refresh},
		{"comparison", robototest.GetValue, compare},
		{"ephemeral resource", robototest.GetValue, open},
		{"version", robototest.GetValue, readVersion},
		{"deletion", robototest.DeleteSecret, destroy},
		{"listing", robototest.ListSecrets, list},
		{"organizations", robototest.ListOrgs, organizations},
		{"action", robototest.GetAction, invoke},
		{"secret of an action", robototest.GetSecret, cancel},
		{"invocation", robototest.InvokeAction, invoke},
		{"status of an invocation", robototest.GetInvocation, invoke},
		{"cancel of an invocation", robototest.CancelInvocation, cancel},
	} {
		aws := call.operation == robototest.PutValue || call.operation == robototest.GetValue
		for where, answer := range garbled {
			if call.operation == robototest.GetUser && where == "after the answer" {
				continue // the caller is known then
			}
			t.Run(call.name+"/"+where, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					left, k := leftBy(t, call.act, call.operation, false, func(complete []byte, k known) []byte {
						words := maps.Clone(k)
						if !aws { // Roboto never knows the value
							delete(words, "value")
						}
						return answer(complete, strings.Join(slices.Sorted(maps.Values(words)), " "))
					})
					if found := k.in(left); found != "" {
						t.Error(found)
					}
				})
			})
		}
	}
}
