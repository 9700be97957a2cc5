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

func TestRedactHidesEveryEncoding(t *testing.T) {
	for _, secret := range []string{
		"correct horse battery staple",
		"PASS/Word+Key=Value&Long?{x}",
		"a b&c d&e f&g h&i j&k l",
		"say \"hi\" \\ <b>&'now'\n\tand\x01\x7f then",
		"größe-Ω-пароль-日本語-🔑",
		`a.*[b]+(c){2}^d$|e\d`,
		"\xff\xfe binary \x80\x81\x82",
		canarySecret,
		"12345678",
		"hunter2",
		"ünï",
		"key",
		"\"",
	} {
		r := newRedactor(NewSensitive(secret))
		for name, form := range echoes(secret) {
			t.Run(fmt.Sprintf("%q as %s", secret, name), func(t *testing.T) {
				const before, after = "~~", "~~"
				want := before + redacted + after
				if len(secret) < fragmentLength {
					want = redacted // longer forms may hold shorter ones
				}
				if got := r.redact(before + form + after); got != want && (len(secret) >= fragmentLength || leaks(secret, got)) {
					t.Errorf("%q of %q, want %q", got, form, want)
				}
			})
		}
	}
}

func TestRedactHidesPartialEchoes(t *testing.T) {
	const before, after = "value ~~", "~~ refused"
	r := newRedactor(NewSensitive(canarySecret))
	for name, form := range echoes(canarySecret) {
		for from := range form {
			for to := from + 1; to <= len(form); to++ {
				want := before + redacted + after
				if to-from < fragmentLength {
					want = before + form[from:to] + after
				}
				if got := r.redact(before + form[from:to] + after); got != want {
					t.Fatalf("%s, bytes %d to %d: %q, want %q", name, from, to, got, want)
				}
			}
		}
	}
}

func TestRedactSeveralSecrets(t *testing.T) {
	r := newRedactor(NewSensitive("first-secret-value"), Sensitive{}, NewSensitive(""), NewSensitive("second one"), NewSensitive("pin9"))
	for text, want := range map[string]string{
		"first-secret-value and second one, pin": "(redacted) and (redacted), pin",
		"first-secret-valuesecond one":           "(redacted)",
		"first-secret-value.first-secret":        "(redacted).(redacted)",
		"first-se, second, pin":                  "(redacted), second, pin",
		`{"v":"first-secret-value"}`:             `{"v":"(redacted)"}`,
		"the pin is pin9, not pin8":              "(redacted)", // a gap of four letters tells much
	} {
		if got := r.redact(text); got != want {
			t.Errorf("%q of %q, want %q", got, text, want)
		}
	}
}

func TestRedactLeavesOtherTextAlone(t *testing.T) {
	withSecrets := newRedactor(NewSensitive(canarySecret), NewSensitive("CORRECT-HORSE"), NewSensitive("hunter2"), NewSensitive("größe-пароль"))
	for _, text := range []string{
		"",
		"Secret 'db-password' not found in org og_1.",
		"User: arn:aws:sts::123456789012:assumed-role/roboto/x is not authorized to perform: secretsmanager:PutSecretValue",
		"You can't perform this operation on the secret because it was marked for deletion.",
		"canary-, correct-horse, hunter, größe",
		"日本語 \x00 \xff {\"a\": \"%2F\\u00e4\"}",
		redacted,
	} {
		for name, r := range map[string]*redactor{"with secrets": withSecrets, "without": newRedactor(), "with empty ones": newRedactor(Sensitive{})} {
			if got := r.redact(text); got != text {
				t.Errorf("%s: %q of %q", name, got, text)
			}
		}
	}
}

func TestRedactorMessage(t *testing.T) {
	r := newRedactor(NewSensitive(canarySecret), NewSensitive("two\nlines\x1b[1m here"))
	for _, tc := range []struct{ name, text, want string }{
		{"words as they are", "Secret 'x' is not there – größe.", "Secret 'x' is not there – größe."},
		{"secrets", "no: " + canarySecret + "!", "no: (redacted)!"},
		{"secrets with control characters", "no: two\nlines\x1b[1m here!", "no: (redacted)!"},
		{"control characters", " a\nb\x1b[2Jc\u0085d\x7fe\t", "a b [2Jc d e"},
		{"an unknown token", "token abcdefghijABCDEFGHIJ0123456789+/abcdefghij== expired", "token (redacted) expired"},
		{"no token but an ID", "id 0123456789abcdef0123456789abcdef0123456", "id 0123456789abcdef0123456789abcdef0123456"},
		{"an unknown temporary key ID", "key ASIAIOSFODNN7EXAMPLE", "key (redacted)"},
		{"an unknown key ID", "key AKIAIOSFODNN7EXAMPLE.", "key (redacted)."},
		{"request ID", "RequestID: 0f8fad5b-d9cb-469f-a165-70867728950e", "RequestID: 0f8fad5b-d9cb-469f-a165-70867728950e"},
		{"length in characters", strings.Repeat("ä ", 250) + "ä", strings.Repeat("ä ", 250) + "…"},
		{"greatest length", strings.Repeat("ä ", 249) + "ää", strings.Repeat("ä ", 249) + "ää"},
		{"invalid UTF-8", "a\xffb", "a\ufffdb"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := r.message(tc.text); got != tc.want {
				t.Errorf("%q, want %q", got, tc.want)
			}
		})
	}
}

func TestRedactorMessageCutsOnlyAfterRedacting(t *testing.T) {
	const secret = "ZYXWVUTSRQ"
	r := newRedactor(NewSensitive(secret))
	for room := range 2 * len(secret) {
		got := r.message(strings.Repeat("- ", maxMessageRunes)[:maxMessageRunes-room] + secret)
		if strings.ContainsAny(got, secret) {
			t.Errorf("with room for %d characters: %q", room, got[maxMessageRunes-room:])
		}
	}
}

func FuzzRedact(f *testing.F) {
	f.Add(canarySecret, "the value ", " is refused", uint8(0), uint8(0), uint8(255))
	f.Add("größe \"x\" <y>", "", "", uint8(1), uint8(0), uint8(9))
	f.Add("hunter2", "hunter", "2", uint8(3), uint8(0), uint8(0))
	f.Fuzz(func(t *testing.T, secret, before, after string, form, from, to uint8) {
		if len(secret) > 100 || len(before)+len(after) > 1000 {
			return
		}
		echo := ""
		if secret != "" {
			forms := slices.Sorted(maps.Values(echoes(secret)))
			echo = forms[int(form)%len(forms)]
			echo = echo[min(int(from), len(echo)):]
			echo = echo[:min(int(to), len(echo))]
		}
		text := before + echo + after
		r := newRedactor(NewSensitive(secret))
		got := r.redact(text)
		if secret == "" || !leaks(secret, text) {
			if got != text {
				t.Fatalf("without a piece of the secret %q, %q became %q", secret, text, got)
			}
		} else {
			for piece := range strings.SplitSeq(got, redacted) {
				if leaks(secret, piece) {
					t.Fatalf("a piece of the secret %q is left in %q", secret, piece)
				}
			}
		}
		message := r.message(text)
		if strings.ContainsFunc(message, unicode.IsControl) || utf8.RuneCountInString(message) > maxMessageRunes+1 {
			t.Fatalf("%q is not fit to show", message)
		}
	})
}
