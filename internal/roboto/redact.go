// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

const (
	// fragmentLength is the shortest piece of a secret that counts as a part of it:
	// a service may cut what it echoes. Shorter secrets are looked for whole.
	fragmentLength = 8

	maxMessageRunes = 500
)

// redactor takes secrets out of what a server says before anybody sees it.
// It is built when an answer has to be repeated, not for every call.
type redactor struct {
	fragments map[string]struct{}
	whole     []string
}

func newRedactor(secrets ...Sensitive) *redactor {
	r := &redactor{fragments: map[string]struct{}{}}
	for _, secret := range secrets {
		text := secret.Reveal()
		if text == "" {
			continue
		}
		for _, form := range encodings(text) {
			r.add(form)
		}
	}
	return r
}

func (r *redactor) add(form string) {
	if len(form) < fragmentLength {
		r.whole = append(r.whole, form)
		return
	}
	for i := 0; i+fragmentLength <= len(form); i++ {
		r.fragments[form[i:i+fragmentLength]] = struct{}{}
	}
}

// encodings lists the forms in which a server may repeat text.
func encodings(text string) []string {
	quotedJSON, _ := json.Marshal(text)
	quotedGo := strconv.Quote(text)
	query, path := url.QueryEscape(text), url.PathEscape(text)
	forms := []string{
		text,
		string(quotedJSON[1 : len(quotedJSON)-1]),
		quotedGo[1 : len(quotedGo)-1],
		query, strings.ToLower(query),
		path, strings.ToLower(path),
		hex.EncodeToString([]byte(text)), strings.ToUpper(hex.EncodeToString([]byte(text))),
	}
	return append(forms, base64Forms(text)...)
}

// base64Forms gives what text looks like inside base64 at each of the three
// alignments, less the characters that also depend on its neighbors.
func base64Forms(text string) []string {
	var forms []string
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for shift := range 3 {
			encoded := encoding.EncodeToString(append(make([]byte, shift), text...))
			from := (shift*8 + 5) / 6
			to := (shift + len(text)) * 8 / 6
			if to-from >= 4 {
				forms = append(forms, encoded[from:to])
			}
		}
	}
	return forms
}

// redact replaces every part of a secret in text, and leaves text that holds
// none as it is.
func (r *redactor) redact(text string) string {
	hidden := make([]bool, len(text))
	for i := 0; i+fragmentLength <= len(text); i++ {
		if _, ok := r.fragments[text[i:i+fragmentLength]]; ok {
			mark(hidden[i : i+fragmentLength])
		}
	}
	for _, form := range r.whole {
		for i := 0; ; {
			at := strings.Index(text[i:], form)
			if at < 0 {
				break
			}
			mark(hidden[i+at : i+at+len(form)])
			i += at + 1
		}
	}
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		switch {
		case !hidden[i]:
			out.WriteByte(text[i])
		case i == 0 || !hidden[i-1]:
			out.WriteString(redacted)
		}
	}
	return out.String()
}

func mark(bytes []bool) {
	for i := range bytes {
		bytes[i] = true
	}
}

// opaqueToken matches what may be a token or key that this client does not know
// of, such as credentials that were handed out to somebody else. UUIDs are shorter.
var opaqueToken = regexp.MustCompile(`[A-Za-z0-9+/=]{40,}|A[KS]IA[A-Z0-9]{16}`)

// message makes a server's words fit to show: without secrets, control
// characters (they could steer a terminal) or endless length.
func (r *redactor) message(text string) string {
	text = strings.Map(func(c rune) rune {
		if unicode.IsControl(c) {
			return ' '
		}
		return c
	}, opaqueToken.ReplaceAllString(r.redact(text), redacted))
	return truncate(strings.TrimSpace(text), maxMessageRunes)
}
