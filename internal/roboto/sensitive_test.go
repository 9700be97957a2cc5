// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"html/template"
	"log/slog"
	"reflect"
	"strings"
	"testing"
)

// holders has a Sensitive in each kind of place.
func holders() map[string]any {
	secret := NewSensitive(canarySecret)
	type exported struct{ S Sensitive }
	type unexported struct {
		s Sensitive
		p *Sensitive
	}
	type embedded struct{ Sensitive }
	type nested struct {
		U  unexported
		e  exported
		PE *exported
		pu *unexported
		l  []Sensitive
		m  map[string]Sensitive
		a  any
	}
	inner := unexported{s: secret, p: &secret}
	all := nested{
		U: inner, e: exported{secret}, PE: &exported{secret}, pu: &inner,
		l: []Sensitive{secret}, m: map[string]Sensitive{"k": secret}, a: exported{secret},
	}
	return map[string]any{
		"value": secret, "pointer": &secret, "slice": []Sensitive{secret}, "pointers": []*Sensitive{&secret},
		"array": [1]Sensitive{secret}, "map": map[string]Sensitive{"k": secret}, "any slice": []any{secret, all},
		"exported field": exported{secret}, "unexported field": inner, "embedded": embedded{secret}, "nested": all, "pointer to all": &all,
		"config":       &Config{APIKey: secret},
		"credentials":  &temporaryCredentials{accessKeyID: secret, secretAccessKey: secret, sessionToken: secret},
		"client":       &Client{owner: &owner{api: &api{config: Config{APIKey: secret}, guard: newGuard(secret)}}},
		"value access": ValueAccess{creds: &temporaryCredentials{secretAccessKey: secret}},
	}
}

// Nothing prints, encodes or logs a Sensitive, wherever it is.
func TestSensitiveIsNotShown(t *testing.T) {
	// The first bytes of the secret, as %d and %v print them.
	asNumbers := strings.Trim(fmt.Sprint([]byte(canarySecret[:4])), "[]")
	for name, holder := range holders() {
		t.Run(name, func(t *testing.T) {
			check := func(how, text string) {
				if leaks(canarySecret, text) || strings.Contains(text, asNumbers) {
					t.Errorf("%s shows the secret: %s", how, text)
				}
			}
			for _, flags := range []string{"", "+", "#", "-", " ", "0", "30", ".40", "+#- 030.40"} {
				for verb := 'A'; verb <= 'z'; verb++ {
					format := "%" + flags + string(verb)
					check(format, fmt.Sprintf(format, holder))
				}
			}
			check("Print", fmt.Sprint(holder)+fmt.Sprintln(holder))
			wrap := "%w" // not a constant, so that vet lets the mistake pass
			check(wrap, fmt.Errorf(wrap, holder).Error())

			asJSON, _ := json.Marshal(holder) // what cannot be encoded is not shown
			check("JSON", string(asJSON))
			asXML, _ := xml.Marshal(holder)
			check("XML", string(asXML))
			var page, log bytes.Buffer
			_ = template.Must(template.New("").Parse("{{.}} {{printf `%+v` .}}")).Execute(&page, holder)
			check("template", page.String())
			for _, handler := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
				slog.New(handler).With("with", holder).WithGroup("group").Info("message", "attribute", holder, slog.Group("inner", "any", holder))
			}
			check("the log", log.String())
			check("reflection", dump(reflect.ValueOf(holder), 0))
		})
	}
}

// dump prints as libraries do that go by reflection alone and call no methods.
func dump(v reflect.Value, depth int) string {
	if depth > 12 {
		return "…"
	}
	var out strings.Builder
	switch v.Kind() {
	case reflect.Invalid:
	case reflect.Pointer, reflect.Interface:
		out.WriteString(dump(v.Elem(), depth+1))
	case reflect.Struct:
		for i := range v.NumField() {
			out.WriteString(v.Type().Field(i).Name + ":" + dump(v.Field(i), depth+1) + " ")
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			out.WriteString(dump(v.Index(i), depth+1) + " ")
		}
	case reflect.Map:
		for entries := v.MapRange(); entries.Next(); {
			out.WriteString(dump(entries.Key(), depth+1) + ":" + dump(entries.Value(), depth+1) + " ")
		}
	default:
		fmt.Fprintf(&out, "%v", v)
	}
	return out.String()
}

func TestSensitiveIsShownAsRedacted(t *testing.T) {
	secret := NewSensitive(canarySecret)
	for _, verb := range "vsqxXdUcbt" {
		if got := fmt.Sprintf("%"+string(verb), secret); got != redacted {
			t.Errorf("%%%c gives %q", verb, got)
		}
	}
	exported := struct{ S Sensitive }{secret}
	asJSON, _ := json.Marshal(map[string]any{"s": secret, "p": []*Sensitive{{}}})
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("message", "key", secret)
	_, logged, _ := strings.Cut(log.String(), "key=")
	for got, want := range map[string]string{
		fmt.Sprintf("%v", exported):  "{(redacted)}",
		fmt.Sprintf("%+v", exported): "{S:(redacted)}",
		fmt.Sprintf("%#v", exported): "struct { S roboto.Sensitive }{S:(redacted)}",
		secret.String():              redacted,
		secret.GoString():            redacted,
		string(asJSON):               `{"p":["(redacted)"],"s":"(redacted)"}`,
		logged:                       redacted + "\n",
	} {
		if got != want {
			t.Errorf("shown as %q, want %q", got, want)
		}
	}
}

func TestSensitiveRevealsAndCompares(t *testing.T) {
	var zero Sensitive
	for _, test := range []struct {
		a, b  Sensitive
		text  string // of a
		equal bool
	}{
		{NewSensitive("a"), NewSensitive("a"), "a", true},
		{NewSensitive(""), zero, "", true},
		{NewSensitive(" "), zero, " ", false},
		{NewSensitive("a"), NewSensitive("b"), "a", false},
		{NewSensitive("aa"), NewSensitive("a"), "aa", false},
	} {
		if a, b := test.a, test.b; a.Reveal() != test.text || a.IsEmpty() != (test.text == "") || a.Equal(b) != test.equal || b.Equal(a) != test.equal {
			t.Errorf("%q reveals %q, and equals %q: %t", test.text, a.Reveal(), b.Reveal(), a.Equal(b))
		}
	}
}
