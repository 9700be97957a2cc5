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
		"value":            secret,
		"pointer":          &secret,
		"exported field":   exported{secret},
		"unexported field": unexported{s: secret, p: &secret},
		"embedded":         embedded{secret},
		"nested":           all,
		"pointer to all":   &all,
		"slice":            []Sensitive{secret},
		"pointers":         []*Sensitive{&secret},
		"any slice":        []any{secret, all},
		"array":            [1]Sensitive{secret},
		"map":              map[string]Sensitive{"k": secret},
		"config":           &Config{APIKey: secret},
		"credentials":      &temporaryCredentials{accessKeyID: secret, secretAccessKey: secret, sessionToken: secret},
		"client":           &Client{owner: &owner{api: &api{config: Config{APIKey: secret}, guard: newGuard(secret)}}},
		"value access":     ValueAccess{creds: &temporaryCredentials{secretAccessKey: secret}},
	}
}

// canaryBytes are the secret's first bytes as %d and %v print them.
var canaryBytes = strings.Trim(fmt.Sprint([]byte(canarySecret[:4])), "[]")

func wantNothingOfCanary(t *testing.T, how, text string) {
	t.Helper()
	if leaks(canarySecret, text) || strings.Contains(text, canaryBytes) {
		t.Errorf("%s shows the secret: %s", how, text)
	}
}

func TestSensitiveCannotBePrinted(t *testing.T) {
	for name, holder := range holders() {
		t.Run(name, func(t *testing.T) {
			for _, flags := range []string{"", "+", "#", "-", " ", "0", "30", ".40", "+#- 030.40"} {
				for verb := 'A'; verb <= 'z'; verb++ {
					format := "%" + flags + string(verb)
					wantNothingOfCanary(t, format, fmt.Sprintf(format, holder))
				}
			}
			wantNothingOfCanary(t, "Print", fmt.Sprint(holder)+fmt.Sprintln(holder))
			wrap := "%w" // not a constant, so that vet lets the mistake pass
			wantNothingOfCanary(t, wrap, fmt.Errorf(wrap, holder).Error())
		})
	}
}

func TestSensitivePrintsAsRedacted(t *testing.T) {
	secret := NewSensitive(canarySecret)
	for _, verb := range "vsqxXdUcbt" {
		if got := fmt.Sprintf("%"+string(verb), secret); got != redacted {
			t.Errorf("%%%c gives %q", verb, got)
		}
	}
	exported := struct{ S Sensitive }{secret}
	for format, want := range map[string]string{"%v": "{(redacted)}", "%+v": "{S:(redacted)}", "%#v": "struct { S roboto.Sensitive }{S:(redacted)}"} {
		if got := fmt.Sprintf(format, exported); got != want {
			t.Errorf("%s gives %q, want %q", format, got, want)
		}
	}
	if secret.String() != redacted || secret.GoString() != redacted {
		t.Errorf("String() = %q, GoString() = %q", secret.String(), secret.GoString())
	}
}

func TestSensitiveCannotBeEncoded(t *testing.T) {
	for name, holder := range holders() {
		t.Run(name, func(t *testing.T) {
			if text, err := json.Marshal(holder); err == nil {
				wantNothingOfCanary(t, "JSON", string(text))
			}
			if text, err := xml.Marshal(holder); err == nil {
				wantNothingOfCanary(t, "XML", string(text))
			}
			var page bytes.Buffer
			if err := template.Must(template.New("").Parse("{{.}} {{printf `%+v` .}}")).Execute(&page, holder); err == nil {
				wantNothingOfCanary(t, "template", page.String())
			}
			wantNothingOfCanary(t, "reflection", dump(reflect.ValueOf(holder), 0))
		})
	}
	got, err := json.Marshal(map[string]any{"s": NewSensitive(canarySecret), "p": []*Sensitive{{}}})
	if want := `{"p":["(redacted)"],"s":"(redacted)"}`; string(got) != want || err != nil {
		t.Errorf("JSON %s, %v, want %s", got, err, want)
	}
}

func TestSensitiveCannotBeLogged(t *testing.T) {
	var out bytes.Buffer
	all := &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true}
	for format, handler := range map[string]slog.Handler{"text": slog.NewTextHandler(&out, all), "JSON": slog.NewJSONHandler(&out, all)} {
		for name, holder := range holders() {
			t.Run(format+" "+name, func(t *testing.T) {
				out.Reset()
				slog.New(handler).With("with", holder).WithGroup("group").Debug("message", "attribute", holder, slog.Group("inner", "any", holder))
				wantNothingOfCanary(t, "the log", out.String())
			})
		}
		out.Reset()
		slog.New(handler).Info("message", "key", NewSensitive(canarySecret))
		if !strings.Contains(out.String(), redacted) {
			t.Errorf("%s: %s", format, out.String())
		}
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

func TestSensitiveReveal(t *testing.T) {
	for text, empty := range map[string]bool{"": true, " ": false, canarySecret: false} {
		s := NewSensitive(text)
		if s.Reveal() != text || s.IsEmpty() != empty {
			t.Errorf("NewSensitive(%q) reveals %q, empty %t", text, s.Reveal(), s.IsEmpty())
		}
	}
	var zero Sensitive
	if zero.Reveal() != "" || !zero.IsEmpty() {
		t.Errorf("the zero value reveals %q", zero.Reveal())
	}
}

func TestSensitiveEqual(t *testing.T) {
	for _, tc := range []struct {
		a, b Sensitive
		want bool
	}{
		{NewSensitive("a"), NewSensitive("a"), true},
		{NewSensitive(""), Sensitive{}, true},
		{NewSensitive("a"), NewSensitive("b"), false},
		{NewSensitive("a"), NewSensitive("aa"), false},
		{NewSensitive("a"), Sensitive{}, false},
	} {
		if tc.a.Equal(tc.b) != tc.want || tc.b.Equal(tc.a) != tc.want {
			t.Errorf("%q equals %q: want %t", tc.a.Reveal(), tc.b.Reveal(), tc.want)
		}
	}
}
