// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

const canarySecret = "canary-5d2C/8e1F+Qz="

// echoes lists how a server may repeat text: an account of its own, to hold that of the guard against.
func echoes(text string) []string {
	inner := func(quoted string) string { return quoted[1 : len(quoted)-1] }
	inJSON, _ := json.Marshal(text)
	plainJSON := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(inJSON)) // as others escape
	inHex, inQuery, inPath := hex.EncodeToString([]byte(text)), url.QueryEscape(text), url.PathEscape(text)
	lower := func(escaped string) string {
		return regexp.MustCompile(`%[0-9A-F]{2}`).ReplaceAllStringFunc(escaped, strings.ToLower)
	}
	forms := []string{
		text, inner(string(inJSON)), inner(plainJSON), html.EscapeString(text), inner(strconv.Quote(text)),
		inHex, strings.ToUpper(inHex), inQuery, inPath, lower(inQuery), lower(inPath),
	}
	// In base64, zero, one or two bytes can stand before the text in its group of three. The characters that
	// depend on its neighbors too do not count.
	for before := range 3 {
		padded := append(make([]byte, before), text...)
		first, last := (before*8+5)/6, len(padded)*8/6
		forms = append(forms, base64.RawStdEncoding.EncodeToString(padded)[first:last], base64.RawURLEncoding.EncodeToString(padded)[first:last])
	}
	return forms
}

// leaks tells whether text holds a piece of secret in any encoding.
func leaks(secret, text string) bool {
	for _, form := range echoes(secret) {
		for i := 0; i+8 <= len(form); i++ {
			if strings.Contains(text, form[i:i+8]) {
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
		for _, form := range echoes(key) {
			for from := range form {
				for _, size := range []int{1, 7, 8, len(form)} {
					text := "~~" + form[from:min(from+size, len(form))] + "~~"
					shown, ids, leak := guard.describe(description(text)), identifiers{guard: guard}, leaks(key, text)
					ids.use("it", identifier(text))
					if (shown == redacted) != leak || (ids.problem != "") != leak {
						t.Fatalf("%q holds a piece of %q: %t. It is shown as %q, and refused because of %q", text, key, leak, shown, ids.problem)
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
