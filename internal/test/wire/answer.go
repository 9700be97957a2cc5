// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package wire

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// Answer is what a service answered.
type Answer struct {
	Status   int
	Header   http.Header
	Body     []byte
	Protocol string
	Took     time.Duration
}

// OK tells whether the answer is a success.
func (a Answer) OK() bool { return a.Status/100 == 2 }

// Refusal tells whether the caller may not ask so.
func (a Answer) Refusal() bool {
	return a.Status == http.StatusUnauthorized || a.Status == http.StatusForbidden
}

// codePattern finds the code of an error wherever it stands, so that another envelope is one
// difference and not many. It lets through nothing else. AWS may put a namespace before it.
var codePattern = regexp.MustCompile(`"(?:error_code|__type)"\s*:\s*"(?:[^"#]*#)?([A-Za-z_]{1,60})"`)

// Code is that of an error of Roboto or AWS, "" if there is none.
func (a Answer) Code() string {
	if match := codePattern.FindSubmatch(a.Body); match != nil {
		return string(match[1])
	}
	return ""
}

// String shows status and code, nothing else: messages may repeat anything.
func (a Answer) String() string { return strings.TrimSpace(fmt.Sprintf("%d %s", a.Status, a.Code())) }

// Date is the time by the clock of whoever answered.
func (a Answer) Date() (time.Time, error) { return http.ParseTime(a.Header.Get("Date")) }

// Output is an answer that is an object, such as AWS's, else nil.
func (a Answer) Output() (o Object) {
	_ = json.Unmarshal(a.Body, &o)
	return o
}

// Data is what Roboto's answer wraps, nil if it wraps nothing.
func (a Answer) Data() any {
	if !a.OK() {
		return nil
	}
	return a.Output()["data"]
}

// Object is Roboto's data if that is an object, else nil.
func (a Answer) Object() Object { return asObject(a.Data()) }

// Access is that to a value, from an answer to Credentials.
func (a Answer) Access() Access {
	data := a.Object()
	return Access{ARN: data.Object("record").ARN(), Creds: data.Object("creds")}
}

// Object is a JSON object whose fields are looked at one by one, so that one odd field is
// one difference.
type Object map[string]any

func asObject(value any) Object {
	fields, _ := value.(map[string]any)
	return fields
}

// Text is a field that is a string, "" for all else.
func (o Object) Text(key string) string {
	text, _ := o[key].(string)
	return text
}

// Object is a field that is an object, else nil.
func (o Object) Object(key string) Object { return asObject(o[key]) }

// Objects are the items of a list, nil for each that is none.
func Objects(list any) []Object {
	items, _ := list.([]any)
	all := make([]Object, len(items))
	for i, item := range items {
		all[i] = asObject(item)
	}
	return all
}

// ARN is where a record says that its value is.
func (o Object) ARN() string { return o.Object("location").Text("arn") }

var kinds = map[string]string{
	"string": "text", "float64": "a number", "bool": "true or false",
	"[]interface {}": "a list", "map[string]interface {}": "an object", "<nil>": "null",
}

// Kind says what a field is without saying what is in it.
func (o Object) Kind(key string) string {
	value, ok := o[key]
	switch {
	case !ok:
		return "missing"
	case value == "":
		return "empty text"
	}
	return kinds[fmt.Sprintf("%T", value)]
}
