// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package leaktest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// tongues are the ways in which a service repeats what it should keep to itself.
// The words are asked for when the answer is made, if its shape allows.
var tongues = map[string]func(aws bool, words func() string) robototest.Fault{
	"echo":          func(bool, func() string) robototest.Fault { return robototest.Fault{Echo: true} },
	"failing-echo":  func(bool, func() string) robototest.Fault { return robototest.Fault{Echo: true, Status: 500} },
	"error-message": func(aws bool, words func() string) robototest.Fault { return refusal(aws, words()) },
	"error-code": func(aws bool, words func() string) robototest.Fault {
		if aws {
			return robototest.Fault{AWSError: words(), Message: words()}
		}
		return robototest.Fault{Code: words(), Message: words()}
	},
	"gateway": func(_ bool, words func() string) robototest.Fault {
		return robototest.Fault{Status: 503, Message: words()}
	},
	"html": func(_ bool, words func() string) robototest.Fault {
		return robototest.Fault{Status: 502, Body: "<html><pre>" + words(), Header: http.Header{"Content-Type": {"text/html"}}}
	},
	"html-of-success": func(_ bool, words func() string) robototest.Fault {
		return robototest.Fault{Mutate: func([]byte) []byte { return []byte("<html><pre>" + words()) }}
	},
	"malformed-json": func(_ bool, words func() string) robototest.Fault {
		return robototest.Fault{Mutate: func(body []byte) []byte { return fmt.Appendf(nil, `%s%s`, body[:len(body)/2], words()) }}
	},
	"other-fields": func(_ bool, words func() string) robototest.Fault {
		return robototest.Fault{Mutate: func([]byte) []byte { return answerOf(words()) }}
	},
	"other-types": func(_ bool, words func() string) robototest.Fault {
		return robototest.Fault{Mutate: func([]byte) []byte { return answerOf([]string{words()}) }}
	},
	"headers": func(aws bool, words func() string) robototest.Fault {
		fault := refusal(aws, "")
		fault.Header = http.Header{}
		for _, name := range []string{
			"Content-Type", "Date", "Retry-After", "Server", "Set-Cookie", "Warning", "Www-Authenticate", "X-Amzn-Errortype", "X-Amzn-Requestid", "X-Cache",
		} {
			fault.Header.Set(name, words())
		}
		return fault
	},
	"redirect": func(_ bool, words func() string) robototest.Fault {
		return robototest.Fault{Status: 307, Header: http.Header{"Location": {"http://127.0.0.1:9/" + url.PathEscape(words())}}}
	},
	"broken-connection": func(_ bool, words func() string) robototest.Fault {
		return robototest.Fault{Body: words(), Header: http.Header{"Content-Length": {"1000000"}}}
	},
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
	encoded, err := json.Marshal(map[string]any{
		"data": data, "ARN": words, "Name": words, "VersionId": words, "SecretString": words, "VersionStages": []any{words},
	})
	if err != nil {
		panic(err)
	}
	return encoded
}

// An attack is a call that a service answers in all tongues, each about a secret of
// its own.
type attack struct {
	name      string
	operation robototest.Operation
	// value tells whether the service knows the value: Roboto never does.
	value bool
}

var (
	// onCreate are met by the first apply.
	onCreate = []attack{
		{"create", robototest.CreateSecret, false},
		{"credentials", robototest.GetCredentials, false},
		{"put", robototest.PutValue, true},
		{"leftover", robototest.PutValue, true},
	}
	// onPlan are met by the next plan, in refreshing and comparing.
	onPlan = []attack{
		{"record", robototest.GetSecret, false},
		{"compare", robototest.GetValue, true},
		{"drift", robototest.GetValue, true},
		{"open", robototest.GetValue, true},
	}
	// onDestroy are met by destroy.
	onDestroy = []attack{{"compare", robototest.DeleteSecret, false}}
)

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

const hostileReaders = `
variable "opened" {
  type = set(string)
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
	s.startGossip()
	values := map[string]string{}
	var compared, versioned, opened []string
	for _, name := range append(names(onCreate), gossipNames("put")...) {
		values[name] = s.canary(kindFor(name), "for "+name)
		versioned = append(versioned, name)
	}
	for _, name := range append(names(onPlan), append(gossipNames("compare"), gossipNames("record")...)...) {
		values[name] = s.canary(kindFor(name), "for "+name)
		switch {
		case strings.HasPrefix(name, "open"):
			opened = append(opened, name)
		case strings.HasPrefix(name, "drift"):
			versioned = append(versioned, name)
		default:
			compared = append(compared, name)
		}
	}
	s.module("main.tf", hostileModule)
	s.variable("values", values)
	s.variable("compared", compared)
	s.variable("versioned", versioned)
	s.run(0, "init")

	s.inject(onCreate, values)
	s.run(1, "apply", "-auto-approve", "-parallelism=64")
	s.roboto.ClearFaults()

	// The services now know other values than Terraform does.
	stored := maps.Clone(values)
	for _, name := range slices.Concat(compared, versioned, opened) {
		if _, ok := s.roboto.Record(robototest.DefaultOrg, name); !ok && !slices.Contains(opened, name) {
			continue
		} else if !ok {
			s.roboto.AddSecret(robototest.DefaultOrg, name)
		}
		stored[name] = s.canary(kindFor(name), "stored in "+name)
		s.roboto.SetValue(robototest.DefaultOrg, name, stored[name])
	}
	s.module("readers.tf", hostileReaders)
	s.variable("opened", opened)
	s.inject(onPlan, stored)
	s.roboto.Inject(robototest.Fault{Operation: robototest.ListSecrets, Echo: true})
	s.run(1, "plan", "-parallelism=64")
	s.roboto.ClearFaults()

	s.roboto.Inject(robototest.Fault{Operation: robototest.ListOrgs, Echo: true})
	s.run(1, "plan", "-parallelism=64")
	s.roboto.ClearFaults()

	s.inject(onDestroy, stored)
	s.run(1, "destroy", "-auto-approve", "-refresh=false", "-parallelism=64")

	s.wantMet(slices.Concat(onCreate, onPlan, onDestroy))
	for _, name := range slices.Concat(gossipNames("put"), gossipNames("compare"), gossipNames("record")) {
		if !s.wasMet(name) {
			s.t.Errorf("the gossip of %s never happened", name)
		}
	}
}

// names are those of the secrets that the attacks are about.
func names(attacks []attack) []string {
	var all []string
	for _, attack := range attacks {
		for _, tongue := range slices.Sorted(maps.Keys(tongues)) {
			all = append(all, attack.name+"-"+tongue)
		}
	}
	return all
}

// kindFor gives each name a kind of value, so that all are in use. Only one can have
// the long one: the environment's variables are limited.
func kindFor(name string) string {
	if name == "put-echo" {
		return "60-kB"
	}
	kinds := slices.DeleteFunc(slices.Sorted(maps.Keys(awkward)), func(kind string) bool { return kind == "60-kB" })
	sum := 0
	for _, b := range []byte(name) {
		sum += int(b)
	}
	return kinds[sum%len(kinds)]
}

// inject lets the services attack from now on.
func (s *scene) inject(attacks []attack, values map[string]string) {
	for _, attack := range attacks {
		aws := attack.operation == robototest.PutValue || attack.operation == robototest.GetValue
		for tongue, fault := range tongues {
			name, value := attack.name+"-"+tongue, ""
			if attack.value {
				value = values[name]
			}
			fault := fault(aws, func() string { return s.words(value) })
			fault.Operation = attack.operation
			fault.Match = func(r robototest.Request) bool {
				// A create names its secret in the body alone.
				meant := r.Name == name || r.Operation == robototest.CreateSecret && strings.Contains(string(r.Body), strconv.Quote(name))
				if meant {
					s.met.Store(string(attack.operation)+" "+name, true)
				}
				return meant
			}
			s.roboto.Inject(fault)
			if attack.name == "leftover" {
				s.roboto.Inject(robototest.Fault{Operation: robototest.DeleteSecret, Echo: true, Match: fault.Match})
			}
		}
	}
}

// wantMet fails the test for an attack that never happened.
func (s *scene) wantMet(attacks []attack) {
	s.t.Helper()
	for _, attack := range attacks {
		for tongue := range tongues {
			if call := fmt.Sprintf("%s %s-%s", attack.operation, attack.name, tongue); !s.wasMet(call) {
				s.t.Errorf("the attack on %s never happened", call)
			}
		}
	}
}

func (s *scene) wasMet(attack string) bool {
	_, met := s.met.Load(attack)
	return met
}

// words are all that a service can repeat.
func (s *scene) words(value string) string {
	words := value + " " + s.roboto.APIKey()
	for _, c := range s.roboto.IssuedCredentials() {
		words += " " + c.SessionToken + " " + c.SecretAccessKey + " " + c.AccessKeyID
		if len(words) > 2000 {
			break
		}
	}
	return words
}
