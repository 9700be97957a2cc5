// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	// fragmentLength is the length of the shortest piece of the API key for which a text is
	// withheld, because a service may truncate what it echoes.
	fragmentLength = 8

	// minKeyLength is less than the length of any real API key. A shorter text would
	// occur in answers by chance.
	minKeyLength = 16

	maxMessageRunes = 500
	// maxMessageBytes limits the text that is searched.
	maxMessageBytes = 4096
)

// guard knows in which forms a service may repeat the API key.
type guard struct {
	// forms is a function, because fmt could print a slice.
	forms func() []string
}

func newGuard(key Sensitive) guard {
	return guard{sync.OnceValue(func() []string {
		if key.IsEmpty() {
			return nil
		}
		return encodings(key.Reveal())
	})}
}

// describe makes a text of Roboto's safe to show. A text that holds a piece of the API key, in any
// encoding, is withheld. What is unprintable could control a terminal.
func (g guard) describe(text string) string {
	text = text[:min(len(text), maxMessageBytes)]
	if g.holdsPiece(text) {
		return redacted
	}
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text)
	return truncate(strings.TrimSpace(text), maxMessageRunes)
}

// holdsPiece reports whether text holds fragmentLength bytes in a row of any form, or all of a
// shorter one.
func (g guard) holdsPiece(text string) bool {
	return slices.ContainsFunc(g.forms(), func(form string) bool {
		size := min(fragmentLength, len(form))
		for i := 0; i+size <= len(form); i++ {
			if strings.Contains(text, form[i:i+size]) {
				return true
			}
		}
		return false
	})
}

// repeatsAPIKey reports whether any of the texts holds the API key, in any encoding.
func (g guard) repeatsAPIKey(texts ...string) bool {
	return slices.ContainsFunc(texts, func(text string) bool {
		return slices.ContainsFunc(g.forms(), func(form string) bool { return len(form) >= minKeyLength && strings.Contains(text, form) })
	})
}

// encodings lists the forms in which a server may repeat text.
func encodings(text string) []string {
	quotedGo := strconv.Quote(text)
	quotedJSON := jsonWithoutQuotes(text)
	hexadecimal := hex.EncodeToString([]byte(text))
	forms := []string{
		text,
		quotedGo[1 : len(quotedGo)-1],
		quotedJSON, escapeHTML(quotedJSON), escapeNonASCII(quotedJSON),
		hexadecimal, strings.ToUpper(hexadecimal),
	}
	for _, escaped := range []string{url.QueryEscape(text), url.PathEscape(text), escapePathSegment(text)} {
		forms = append(forms, escaped, percentEscape().ReplaceAllStringFunc(escaped, strings.ToLower))
	}
	return append(forms, base64Forms(text)...)
}

var percentEscape = lazyRegexp(`%[0-9A-F]{2}`)

// jsonWithoutQuotes is text in JSON without the escapes for HTML, which only Go writes.
func jsonWithoutQuotes(text string) string {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(text)
	return out.String()[1 : out.Len()-2]
}

func escapeHTML(quotedJSON string) string {
	var out bytes.Buffer
	json.HTMLEscape(&out, []byte(quotedJSON))
	return out.String()
}

// escapeNonASCII gives JSON as Python writes it.
func escapeNonASCII(quotedJSON string) string {
	var out strings.Builder
	for _, unit := range utf16.Encode([]rune(quotedJSON)) {
		if unit < utf8.RuneSelf {
			out.WriteByte(byte(unit))
		} else {
			fmt.Fprintf(&out, `\u%04x`, unit)
		}
	}
	return out.String()
}

// base64Forms returns what text looks like within base64, at each of the three
// alignments. The characters that also depend on the neighbors of text are left out.
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

// truncate shortens text to a number of characters, and marks the end with "…".
func truncate(text string, runes int) string {
	for i := range text {
		if runes == 0 {
			return text[:i] + "…"
		}
		runes--
	}
	return text
}
