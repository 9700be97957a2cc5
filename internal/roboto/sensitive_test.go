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
	"slices"
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
		a any
		m map[string]Sensitive
	}
	type embedded struct{ Sensitive }
	inner := unexported{s: secret, p: &secret, a: exported{secret}, m: map[string]Sensitive{"k": secret}}
	return map[string]any{
		"value": secret, "pointer": &secret, "slice": []Sensitive{secret}, "pointers": []*Sensitive{&secret},
		"array": [1]Sensitive{secret}, "map": map[string]Sensitive{"k": secret}, "any slice": []any{secret, inner},
		"exported field": exported{secret}, "unexported field": inner, "embedded": embedded{secret},
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
		})
	}
}

func TestSensitiveIsShownAsRedacted(t *testing.T) {
	secret := NewSensitive(canarySecret)
	asJSON, _ := json.Marshal([]any{secret, &Sensitive{}})
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("message", "key", secret)
	_, logged, _ := strings.Cut(log.String(), "key=")
	shown := []string{secret.String(), secret.GoString(), strings.TrimSpace(logged)}
	for _, verb := range "vsqxXdUcbt" {
		shown = append(shown, fmt.Sprintf("%"+string(verb), secret))
	}
	if len(slices.Compact(shown)) != 1 || shown[0] != redacted || string(asJSON) != `["(redacted)","(redacted)"]` {
		t.Errorf("shown as %q and in JSON as %s, want %q", shown, asJSON, redacted)
	}
	// Libraries that print by reflection, and call no methods, find a function.
	if holds := reflect.TypeFor[Sensitive](); holds.NumField() != 1 || holds.Field(0).Type.Kind() != reflect.Func {
		t.Errorf("%s holds something else than a function", holds)
	}
}

func TestSensitiveRevealsAndCompares(t *testing.T) {
	sensitive := map[string]Sensitive{"": {}, " ": NewSensitive(" "), "a": NewSensitive("a"), "b": NewSensitive("b"), "aa": NewSensitive("aa")}
	for text, s := range sensitive {
		for other := range sensitive {
			if s.Reveal() != text || s.IsEmpty() != (text == "") || s.Equal(NewSensitive(other)) != (text == other) {
				t.Errorf("%q reveals %q, and equals %q: %t", text, s.Reveal(), other, s.Equal(NewSensitive(other)))
			}
		}
	}
}
