// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
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
		"ASCII JSON":                asciiJSON(inner(strings.TrimSuffix(plainJSON.String(), "\n"))),
		"Go":                        inner(quoted),
		"hex":                       hex.EncodeToString([]byte(text)),
		"upper-case hex":            strings.ToUpper(hex.EncodeToString([]byte(text))),
	}
	for name, percent := range map[string]string{
		"query":           url.QueryEscape(text),
		"path":            url.PathEscape(text),
		"strict percents": strings.ReplaceAll(url.QueryEscape(text), "+", "%20"),
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

func asciiJSON(text string) string {
	var out strings.Builder
	for _, r := range text {
		if r <= unicode.MaxASCII {
			out.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&out, `\u%04x`, unit)
		}
	}
	return out.String()
}

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

// leaks tells whether text holds a fragment of secret in any encoding.
func leaks(secret, text string) bool {
	for _, form := range echoes(secret) {
		if len(form) < fragmentLength && strings.Contains(text, form) {
			return true
		}
		for i := 0; i+fragmentLength <= len(form); i++ {
			if strings.Contains(text, form[i:i+fragmentLength]) {
				return true
			}
		}
	}
	return false
}

// A text with a piece of the API key is withheld, whatever the encoding. Shorter pieces occur by
// chance.
func TestTextsWithAPieceOfTheKeyAreWithheld(t *testing.T) {
	for _, key := range []string{
		canarySecret, "correct horse battery staple", "PASS/Word+Key=Value&Long?{x}", `say "hi" \ <b>&'now'`, "größe-Ω-пароль-日本語-🔑", "12345678",
	} {
		guard := newGuard(NewSensitive(key))
		for name, form := range echoes(key) {
			for from := range form {
				for _, size := range []int{1, fragmentLength - 1, fragmentLength, len(form)} {
					to := min(from+size, len(form))
					text := "~~" + form[from:to] + "~~"
					if got := guard.describe(text); (got == redacted) != leaks(key, text) {
						t.Fatalf("%q as %s, bytes %d to %d: %q", key, name, from, to, got)
					}
				}
			}
		}
	}
	for _, key := range []string{"hunter2", "ünï", "key"} {
		if got := newGuard(NewSensitive(key)).describe("it is " + key); got != redacted {
			t.Errorf("%q is shown: %q", key, got)
		}
	}
}

// All other texts are shown in printable characters, on one line, and cut.
func TestDescribe(t *testing.T) {
	for text, want := range map[string]string{
		"":                                 "",
		"Secret 'x' is not there – größe.": "Secret 'x' is not there – größe.",
		"canary-, correct-horse":           "canary-, correct-horse",
		" a\nb\x1b[2Jc\u0085d\x7fe\t":      "a b [2Jc d e",
		"moc.\u202e\u2028\u200b":           "moc.",
		"RequestID: 0f8fad5b-d9cb-469f-a165-70867728950e": "RequestID: 0f8fad5b-d9cb-469f-a165-70867728950e",
		strings.Repeat("ä ", 250) + "ä":                   strings.Repeat("ä ", 250) + "…",
		strings.Repeat("ä ", 249) + "ää":                  strings.Repeat("ä ", 249) + "ää",
		"a\xffb":                                          "a\ufffdb",
	} {
		if got := newGuard(NewSensitive(canarySecret)).describe(text); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := newGuard(Sensitive{}).describe("any text"); got != "any text" {
		t.Errorf("without a key: %q", got)
	}
}

func FuzzDescribe(f *testing.F) {
	f.Add(canarySecret, "the value ", " is refused", uint8(0), uint8(0), uint8(255))
	f.Add("größe \"x\" <y>", "", "", uint8(1), uint8(0), uint8(9))
	f.Add("hunter2", "hunter", "2", uint8(3), uint8(0), uint8(0))
	f.Fuzz(func(t *testing.T, key, before, after string, form, from, to uint8) {
		if key == "" || len(key) > 100 || len(before)+len(after) > 1000 {
			return
		}
		forms := slices.Sorted(maps.Values(echoes(key)))
		echo := forms[int(form)%len(forms)]
		echo = echo[min(int(from), len(echo)):]
		text := before + echo[:min(int(to), len(echo))] + after
		shown := newGuard(NewSensitive(key)).describe(text)
		if leaks(key, text) && shown != redacted {
			t.Fatalf("%q holds a piece of the key %q", shown, key)
		}
		if strings.ContainsFunc(shown, func(r rune) bool { return !unicode.IsPrint(r) }) || utf8.RuneCountInString(shown) > maxMessageRunes+1 {
			t.Fatalf("%q is not fit to show", shown)
		}
	})
}
