// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package hostile

import (
	"encoding/json"
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
	"in an error": func(_ []byte, words string) []byte {
		return inHTTP("400 Bad Request", answerOf(words))
	},
	"in an error of the server": func(_ []byte, words string) []byte {
		return inHTTP("500 Internal Server Error", answerOf(words))
	},
	"in HTML":                func(_ []byte, words string) []byte { return inHTTP("502 Bad Gateway", "<html><pre>"+words) },
	"in HTML of a success":   func(_ []byte, words string) []byte { return inHTTP("200 OK", "<html><pre>"+words) },
	"in JSON that is none":   func(_ []byte, words string) []byte { return inHTTP("200 OK", `{"data":{"name":"`+words) },
	"in all fields":          func(_ []byte, words string) []byte { return inHTTP("200 OK", answerOf(words)) },
	"in lists in all fields": func(_ []byte, words string) []byte { return inHTTP("200 OK", answerOf([]string{words})) },
	"in headers": func(_ []byte, words string) []byte {
		var header strings.Builder
		for _, name := range []string{
			"Content-Type", "Date", "Retry-After", "Server", "Set-Cookie", "Warning", "Www-Authenticate", "X-Amzn-Errortype", "X-Amzn-Requestid", "X-Cache",
		} {
			header.WriteString(name + ": " + words + "\r\n")
		}
		return inHTTP("400 Bad Request\r\n"+strings.TrimSpace(header.String()), "{}")
	},
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

// answerOf is an answer of either service's shape, or an error, that says the same everywhere.
func answerOf(words any) string {
	record := map[string]any{
		"name": words, "org_id": words, "store_type": words, "location": map[string]any{"store_type": words, "arn": words},
		"created": words, "created_by": words, "modified": words, "modified_by": words, "last_used": words,
	}
	data := maps.Clone(record)
	data["record"] = record
	data["creds"] = map[string]any{
		"store_type": words, "region": words, "access_key_id": words, "secret_access_key": words, "session_token": words,
	}
	data["user_id"], data["digest"], data["timeout"], data["invocation_id"] = words, words, words, words
	data["parameters"] = []any{map[string]any{"name": words, "default": words}}
	data["status"] = []any{map[string]any{"status": 998, "detail": words, "timestamp": "2026-01-01T00:00:00"}}
	data["provenance"] = map[string]any{"action": map[string]any{"name": words, "org_id": words, "digest": words}}
	encoded, err := json.Marshal(map[string]any{
		"error": map[string]any{"error_code": words, "message": words}, "__type": words, "message": words,
		"data": data, "ARN": words, "Name": words, "VersionId": words, "SecretString": words, "VersionStages": []any{words},
	})
	if err != nil {
		panic(err)
	}
	return string(encoded)
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
