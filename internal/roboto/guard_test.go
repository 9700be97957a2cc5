// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

const canarySecret = "canary-5d2C/8e1F+Qz="

// echoes lists by name how a server may repeat text: an account of its own, to
// hold that of the redactor against.
func echoes(text string) map[string]string {
	goJSON, _ := json.Marshal(text)
	var plainJSON strings.Builder
	encoder := json.NewEncoder(&plainJSON)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(text)
	quoted := strconv.Quote(text)
	forms := map[string]string{
		"raw":                       text,
		"JSON":                      inner(string(goJSON)),
		"JSON without HTML escapes": inner(strings.TrimSuffix(plainJSON.String(), "\n")),
		"HTML":                      html.EscapeString(text),
		"Go":                        inner(quoted),
		"hex":                       hex.EncodeToString([]byte(text)),
		"upper-case hex":            strings.ToUpper(hex.EncodeToString([]byte(text))),
	}
	for name, percent := range map[string]string{
		"query": url.QueryEscape(text),
		"path":  url.PathEscape(text),
	} {
		forms[name] = percent
		forms[name+" in lower-case digits"] = percentPattern.ReplaceAllStringFunc(percent, strings.ToLower)
	}
	for shift := range 3 {
		for name, encoding := range map[string]*base64.Encoding{"base64": base64.StdEncoding, "base64url": base64.URLEncoding} {
			if form := base64Inside(encoding, shift, text); len(form) >= 4 {
				forms[fmt.Sprint(name, " after ", shift)] = form
			}
		}
	}
	return forms
}

var percentPattern = regexp.MustCompile(`%[0-9A-F]{2}`)

func inner(quoted string) string { return quoted[1 : len(quoted)-1] }

// base64Inside is what the base64 of text has in common whatever surrounds it.
func base64Inside(encoding *base64.Encoding, shift int, text string) string {
	surrounded := func(by string) string {
		return encoding.EncodeToString([]byte(strings.Repeat(by, shift) + text + strings.Repeat(by, 3)))
	}
	low, high := surrounded("\x00"), surrounded("\xff")
	from := 0
	for low[from] != high[from] {
		from++
	}
	to := from
	for to < len(low) && low[to] == high[to] {
		to++
	}
	return low[from:to]
}

// leaks tells whether text holds a piece of secret in any encoding.
func leaks(secret, text string) bool {
	for _, form := range echoes(secret) {
		for i := 0; i+pieceLength <= len(form); i++ {
			if strings.Contains(text, form[i:i+pieceLength]) {
				return true
			}
		}
	}
	return false
}

// A text with a piece of the API key is withheld, whatever the encoding, and an identifier with one
// is not used. Shorter pieces occur by chance.
func TestTextsWithAPieceOfTheKeyAreWithheld(t *testing.T) {
	for _, key := range []string{canarySecret, "PASS/Word+Key=Value&Long?{x}", `say"hi"\<b>&'now'!`, "12345678"} {
		guard := newGuard(NewSensitive(key))
		for name, form := range echoes(key) {
			for from := range form {
				for _, size := range []int{1, pieceLength - 1, pieceLength, len(form)} {
					to := min(from+size, len(form))
					text := "~~" + form[from:to] + "~~"
					if got := guard.describe(description(text)); (got == redacted) != leaks(key, text) {
						t.Fatalf("%q as %s, bytes %d to %d: %q", key, name, from, to, got)
					}
					ids := identifiers{guard: guard}
					if ids.use("it", identifier(text)); (ids.problem != "") != leaks(key, text) {
						t.Fatalf("%q as %s, bytes %d to %d, as an identifier: %q", key, name, from, to, ids.problem)
					}
				}
			}
		}
	}
}

// All other descriptions are shown, on one line, with escapes for what is unprintable.
func TestDescribe(t *testing.T) {
	for text, want := range map[description]string{
		"":                                 "",
		"Secret 'x' is not there – größe.": "Secret 'x' is not there – größe.",
		"canary-, correct-horse":           "canary-, correct-horse",
		" a\nb\x1b[2Jc\u0085d\x7fe\t ":     `a b\x1b[2Jc\u0085d\x7fe`,
		"moc.\u202e\u2028\u200b":           `moc.\u202e\u2028\u200b`,
		"Jos\u00e9\u00a0\U0001f469\u200d\U0001f680": "José\\u00a0👩\\u200d🚀",
		`say "hi" \n`:                           `say "hi" \\n`,
		`{"a":"\u001b"}`:                        `{"a":"\\u001b"}`,
		"::stop-commands::x ##[error]x ::: ###": `:\x3astop-commands:\x3ax #\x23[error]x :\x3a: #\x23#`,
		"a \r\n  b":                             "a b",
		"a\xffb":                                "a\ufffdb",
		description(strings.Repeat("ä ", 200)):  strings.Repeat("ä ", maxShown/3+1)[:maxShown/3*3+2] + "…",
	} {
		if got := newGuard(NewSensitive(canarySecret)).describe(text); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := newGuard(Sensitive{}).describe("any text"); got != "any text" {
		t.Errorf("without a key: %q", got)
	}
}

// An identifier is used as it is, or not at all.
func TestIdentifiers(t *testing.T) {
	for text, fine := range map[identifier]bool{
		"db": true, "a b/ü?": true, identifier(strings.Repeat("x", 2048)): true, identifier(strings.Repeat("x", 2049)): false,
		`{"a":"b"}`: true, `a\b`: true, `{"a":"\u001b"}`: false, `["\n"]`: false,
		"a\nb": false, "a\u00a0b": false, "a\u202eb": false, "a\xffb": true, "\x1b[2J": false,
	} {
		ids := identifiers{guard: newGuard(NewSensitive(canarySecret))}
		if got := ids.use("its name", text); (ids.problem == "") != fine || got != string(text) {
			t.Errorf("%.20q: %q", text, ids.problem)
		}
	}
}

func FuzzDescribe(f *testing.F) {
	f.Add(canarySecret, "the value ", " is refused", uint8(0), uint8(0), uint8(255))
	f.Add("größe \"x\" <y>", "", "", uint8(1), uint8(0), uint8(9))
	f.Add("hunter2", "hunter", "2", uint8(3), uint8(0), uint8(0))
	f.Fuzz(func(t *testing.T, key, before, after string, form, from, to uint8) {
		if key == "" || len(key) > 100 || strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) || len(before)+len(after) > 1000 {
			return
		}
		forms := slices.Sorted(maps.Values(echoes(key)))
		echo := forms[int(form)%len(forms)]
		echo = echo[min(int(from), len(echo)):]
		text := before + echo[:min(int(to), len(echo))] + after
		shown := newGuard(NewSensitive(key)).describe(description(text))
		if leaks(key, text) && shown != redacted {
			t.Fatalf("%q holds a piece of the key %q", shown, key)
		}
		if strings.ContainsFunc(shown, func(r rune) bool { return !unicode.IsPrint(r) }) || len(shown) > 4*maxShown+20 {
			t.Fatalf("%q is not fit to show", shown)
		}
	})
}
