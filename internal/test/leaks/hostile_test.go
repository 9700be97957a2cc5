// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package leaks_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// attack is a call about one secret that a service answers by repeating what it should
// keep to itself. Each attack has to happen.
type attack struct {
	target
	answer answer
	// secret is the name of the secret, which no other attack is about.
	secret string
	// kind is that of the secret's values, and value the one that it has now.
	kind, value string
	happened    atomic.Bool
}

// target is the call that is attacked.
type target struct {
	name      string
	step      step
	operation robototest.Operation
	// use is what the module does with the secret.
	use use
	// knowsValue tells whether the service knows the value. Roboto never does.
	knowsValue bool
	// echoesDelete has Roboto attack the deletion that follows, too.
	echoesDelete bool
	// oneLong makes one of the values a long one.
	oneLong bool
}

// step is the run of Terraform that meets an attack.
type step string

const (
	onApply    step = "apply"
	onLeftover step = "apply of what leaves a record behind"
	onLost     step = "apply of creates whose answers are lost"
	onPlan     step = "plan" // which refreshes and compares
	onDestroy  step = "destroy"
)

// use is the variable of the module that lists the secret.
type use string

const (
	compared  use = "compared"
	versioned use = "versioned"
	opened    use = "opened"
	followed  use = "followed"
	leftover  use = "leftover"
	lost      use = "lost"
)

var targets = []target{
	{name: "create", step: onLeftover, operation: robototest.CreateSecret, use: leftover},
	{name: "credentials", step: onApply, operation: robototest.GetCredentials, use: versioned},
	{name: "put", step: onApply, operation: robototest.PutValue, use: versioned, knowsValue: true, oneLong: true},
	{name: "leftover", step: onLeftover, operation: robototest.PutValue, use: leftover, knowsValue: true, echoesDelete: true},
	{name: "user", step: onLost, operation: robototest.GetUser, use: lost},
	{name: "record", step: onPlan, operation: robototest.GetSecret, use: compared},
	{name: "compare", step: onPlan, operation: robototest.GetValue, use: compared, knowsValue: true},
	{name: "drift", step: onPlan, operation: robototest.GetValue, use: versioned, knowsValue: true},
	{name: "open", step: onPlan, operation: robototest.GetValue, use: opened, knowsValue: true},
	{name: "version", step: onPlan, operation: robototest.GetValue, use: followed, knowsValue: true},
	{name: "delete", step: onDestroy, operation: robototest.DeleteSecret, use: compared},
}

// answer is a way to repeat words. They are asked for when the answer is made, if its
// shape allows.
type answer struct {
	name  string
	fault func(aws bool, words func() string) robototest.Fault
}

var answers = []answer{
	{"echo", func(bool, func() string) robototest.Fault { return robototest.Fault{Echo: true} }},
	{"failing-echo", func(bool, func() string) robototest.Fault { return robototest.Fault{Echo: true, Status: 500} }},
	{"error-message", func(aws bool, words func() string) robototest.Fault { return refusal(aws, words()) }},
	{"error-code", func(aws bool, words func() string) robototest.Fault {
		if aws {
			return robototest.Fault{AWSError: words(), Message: words()}
		}
		return robototest.Fault{Code: words(), Message: words()}
	}},
	{"gateway", func(_ bool, words func() string) robototest.Fault {
		return robototest.Fault{Status: 503, Message: words()}
	}},
	{"html", func(_ bool, words func() string) robototest.Fault {
		return robototest.Fault{Status: 502, Body: "<html><pre>" + words(), Header: http.Header{"Content-Type": {"text/html"}}}
	}},
	{"html-of-success", body(func(_ []byte, words string) []byte { return []byte("<html><pre>" + words) })},
	{"malformed-json", body(func(body []byte, words string) []byte { return append(body[:len(body)/2], words...) })},
	{"other-fields", body(func(_ []byte, words string) []byte { return answerOf(words) })},
	{"other-types", body(func(_ []byte, words string) []byte { return answerOf([]string{words}) })},
	{"headers", func(aws bool, words func() string) robototest.Fault {
		fault := refusal(aws, "")
		fault.Header = http.Header{}
		for _, name := range []string{
			"Content-Type", "Date", "Retry-After", "Server", "Set-Cookie", "Warning", "Www-Authenticate", "X-Amzn-Errortype", "X-Amzn-Requestid", "X-Cache",
		} {
			fault.Header.Set(name, words())
		}
		return fault
	}},
	{"redirect", func(_ bool, words func() string) robototest.Fault {
		return robototest.Fault{Status: 307, Header: http.Header{"Location": {"http://127.0.0.1:9/" + url.PathEscape(words())}}}
	}},
	{"broken-connection", func(_ bool, words func() string) robototest.Fault {
		return robototest.Fault{Body: words(), Header: http.Header{"Content-Length": {"1000000"}}}
	}},
	// What follows is no HTTP. The HTTP client's own errors and log lines quote it.
	{"after-the-answer", func(_ bool, words func() string) robototest.Fault {
		return robototest.Fault{Wire: func(answer []byte) []byte { return append(answer, words()...) }}
	}},
	{"as-protocol", wire("%s 200 OK\r\n\r\n")},
	{"as-status", wire("HTTP/1.1 %s\r\n\r\n")},
	{"as-header", wire("HTTP/1.1 200 OK\r\n%s\r\n\r\n")},
	{"as-length", wire("HTTP/1.1 200 OK\r\nContent-Length: %s\r\n\r\n")},
	{"as-encoding", wire("HTTP/1.1 200 OK\r\nTransfer-Encoding: %s\r\n\r\n")},
	{"as-chunk", wire("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%s\r\n")},
}

// body changes the body of the service's own answer.
func body(change func(body []byte, words string) []byte) func(bool, func() string) robototest.Fault {
	return func(_ bool, words func() string) robototest.Fault {
		return robototest.Fault{Mutate: func(body []byte) []byte { return change(body, words()) }}
	}
}

// wire answers with bytes in place of HTTP.
func wire(format string) func(bool, func() string) robototest.Fault {
	return func(_ bool, words func() string) robototest.Fault {
		return robototest.Fault{Wire: func([]byte) []byte { return fmt.Appendf(nil, format, words()) }}
	}
}

func refusal(aws bool, message string) robototest.Fault {
	if aws {
		return robototest.Fault{AWSError: "InvalidParameterException", Message: message}
	}
	return robototest.Fault{Code: "RobotoInvalidRequestException", Message: message}
}

// answerOf is an answer of either service's shape that says the same everywhere.
func answerOf(words any) []byte {
	record := map[string]any{
		"name": words, "org_id": words, "store_type": words, "location": map[string]any{"store_type": words, "arn": words},
		"created": words, "created_by": words, "modified": words, "modified_by": words, "last_used": words,
	}
	data := maps.Clone(record)
	data["record"] = record
	data["creds"] = map[string]any{
		"store_type": words, "region": words, "access_key_id": words, "secret_access_key": words, "session_token": words,
	}
	data["user_id"] = words
	data["digest"], data["timeout"], data["invocation_id"] = words, words, words
	data["parameters"] = []any{map[string]any{"name": words, "default": words}}
	data["status"] = []any{map[string]any{"status": 998, "detail": words, "timestamp": "2026-01-01T00:00:00"}}
	data["provenance"] = map[string]any{"action": map[string]any{"name": words, "org_id": words, "digest": words}}
	encoded, err := json.Marshal(map[string]any{
		"data": data, "ARN": words, "Name": words, "VersionId": words, "SecretString": words, "VersionStages": []any{words},
	})
	if err != nil {
		panic(err)
	}
	return encoded
}

// allAttacks are all targets with all answers. The kinds of values take turns.
func allAttacks() []*attack {
	var all []*attack
	for _, target := range targets {
		for i, answer := range answers {
			if target.operation == robototest.GetUser && answer.name == "after-the-answer" {
				continue // the caller is known then, and not asked for again
			}
			kind := shortKinds()[len(all)%len(shortKinds())]
			if target.oneLong && i == 0 {
				kind = longKind
			}
			all = append(all, &attack{target: target, answer: answer, secret: target.name + "-" + answer.name, kind: kind})
		}
	}
	return all
}

const hostileModule = required + `
provider "roboto" {
  max_attempts = 2
}

variable "values" {
  type      = map(string)
  ephemeral = true
}

variable "compared" {
  type = set(string)
}

variable "versioned" {
  type = set(string)
}

resource "roboto_secret" "compared" {
  for_each = var.compared
  name     = each.key
  value_wo = var.values[each.key]
}

resource "roboto_secret" "versioned" {
  for_each           = var.versioned
  name               = each.key
  value_wo           = var.values[each.key]
  value_wo_version   = "1"
  detect_value_drift = true
}
`

const hostileLeftovers = `
variable "leftover" {
  type = set(string)
}

resource "roboto_secret" "leftover" {
  for_each         = var.leftover
  name             = each.key
  value_wo         = var.values[each.key]
  value_wo_version = "1"
}
`

const hostileLost = `
variable "lost" {
  type = set(string)
}

resource "roboto_secret" "lost" {
  for_each = var.lost
  name     = each.key
  value_wo = var.values[each.key]
}
`

const hostileReaders = `
variable "opened" {
  type = set(string)
}

variable "followed" {
  type = set(string)
}

data "roboto_secret" "followed" {
  for_each        = var.followed
  name            = each.key
  read_version_id = true
}

ephemeral "roboto_secret" "opened" {
  for_each = var.opened
  name     = each.key
}

resource "roboto_secret" "copy" {
  for_each = var.opened
  name     = "copy-of-${each.key}"
  value_wo = ephemeral.roboto_secret.opened[each.key].value
}

data "roboto_secret" "one" {
  for_each = var.opened
  name     = each.key
}

data "roboto_secrets" "all" {}
`

// hostile has services that repeat all that they know wherever there is room for it.
// What Terraform makes of it does not matter here, but for the errors.
func hostile(s *scene) {
	attacks := allAttacks()
	values, secrets := map[string]string{}, map[use][]string{}
	for _, a := range attacks {
		a.value = s.canary(a.kind, "for "+a.secret)
		values[a.secret] = a.value
		secrets[a.use] = append(secrets[a.use], a.secret)
	}
	s.module("main.tf", hostileModule)
	s.variable("values", values)
	for use, names := range secrets {
		s.variable(string(use), names)
	}
	s.run(0, "init")

	s.inject(attacks, onApply)
	s.run(1, "apply", "-auto-approve", "-parallelism=64")
	s.roboto.ClearFaults()

	// One resource at a time. Terraform 1.16 and 1.17 panic now and then when one that was
	// not created stays in the state while another one has the state written: "has status
	// ObjectStatus(0), which cannot be saved in state".
	s.module("leftovers.tf", hostileLeftovers)
	s.inject(attacks, onLeftover)
	s.run(1, "apply", "-auto-approve", "-parallelism=1", "-target=roboto_secret.leftover")
	s.roboto.ClearFaults()

	// One in a run: the creates of a run ask once who the caller is.
	s.module("lost.tf", hostileLost)
	s.inject(attacks, onLost)
	for _, name := range secrets[lost] {
		s.run(1, "apply", "-auto-approve", fmt.Sprintf("-target=roboto_secret.lost[%q]", name))
	}
	s.roboto.ClearFaults()
	if err := os.Remove(filepath.Join(s.Dir, "lost.tf")); err != nil {
		s.t.Fatal(err)
	}

	// The services now know other values than Terraform does.
	for _, a := range attacks {
		if a.use == opened || a.use == followed {
			s.roboto.AddSecret(robototest.DefaultOrg, a.secret)
		}
		if _, ok := s.roboto.Record(robototest.DefaultOrg, a.secret); ok {
			a.value = s.canary(a.kind, "stored in "+a.secret)
			s.roboto.SetValue(robototest.DefaultOrg, a.secret, a.value)
		}
	}
	s.module("readers.tf", hostileReaders)
	s.inject(attacks, onPlan)
	s.roboto.Inject(robototest.Fault{Operation: robototest.ListSecrets, Echo: true})
	s.run(1, "plan", "-parallelism=64")
	s.roboto.ClearFaults()

	s.roboto.Inject(robototest.Fault{Operation: robototest.ListOrgs, Echo: true})
	s.run(1, "plan", "-parallelism=64")
	s.roboto.ClearFaults()

	s.inject(attacks, onDestroy)
	s.run(1, "destroy", "-auto-approve", "-refresh=false", "-parallelism=64")

	for _, a := range attacks {
		if !a.happened.Load() {
			s.t.Errorf("the attack on %s of %s never happened", a.operation, a.secret)
		}
	}
}

// inject lets the services attack in a step.
func (s *scene) inject(attacks []*attack, step step) {
	var creating atomic.Pointer[attack]
	for _, a := range attacks {
		if a.step != step {
			continue
		}
		concerns := a.concerns
		if a.operation == robototest.GetUser { // which names no secret
			s.roboto.Inject(robototest.Fault{Operation: robototest.CreateSecret, Drop: true, After: true, Match: func(r robototest.Request) bool {
				if a.concerns(r) {
					creating.Store(a)
				}
				return a.concerns(r)
			}})
			concerns = func(robototest.Request) bool { return creating.Load() == a }
		}
		aws := a.operation == robototest.PutValue || a.operation == robototest.GetValue
		fault := a.answer.fault(aws, func() string { return s.words(a) })
		fault.Operation = a.operation
		fault.Match = func(r robototest.Request) bool {
			if concerns(r) {
				a.happened.Store(true)
			}
			return concerns(r)
		}
		s.roboto.Inject(fault)
		if a.echoesDelete {
			s.roboto.Inject(robototest.Fault{Operation: robototest.DeleteSecret, Echo: true, Match: a.concerns})
		}
	}
}

// concerns tells whether a request is about the attacked secret. A create names its
// secret in the body alone.
func (a *attack) concerns(r robototest.Request) bool {
	return r.Name == a.secret || r.Operation == robototest.CreateSecret && strings.Contains(string(r.Body), strconv.Quote(a.secret))
}

// words are all that the attacking service can repeat.
func (s *scene) words(a *attack) string {
	words := s.roboto.APIKey()
	if a.knowsValue {
		words = a.value + " " + words
	}
	for _, c := range s.roboto.IssuedCredentials() {
		words += " " + c.SessionToken + " " + c.SecretAccessKey + " " + c.AccessKeyID
		if len(words) > 2000 {
			break
		}
	}
	return words
}
