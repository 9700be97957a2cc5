// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package leaks

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// encoded is what a value looks like in one encoding.
type encoded struct {
	encoding string
	text     string
}

// encodings lists what a value can look like, each text once and under its
// simplest name. Text in JSON is often encoded once more: state holds base64 of JSON,
// JSON logs hold JSON in JSON.
func encodings(value string) []encoded {
	all := append([]encoded{{"raw", value}}, quotations(value)...)
	all = append(all, binaryForms(value)...)
	// Whoever guesses the value could compare a digest.
	sum := sha256.Sum256([]byte(value))
	all = append(all,
		encoded{"SHA-256", hex.EncodeToString(sum[:])},
		encoded{"SHA-256 in base64", base64.RawStdEncoding.EncodeToString(sum[:])},
	)
	for _, inner := range jsonForms(value) {
		for _, outer := range append(quotations(inner.text), binaryForms(inner.text)...) {
			all = append(all, encoded{outer.encoding + " of " + inner.encoding, outer.text})
		}
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(all, func(e encoded) bool {
		defer func() { seen[e.text] = true }()
		return seen[e.text]
	})
}

// quotations are the insides of string literals.
func quotations(value string) []encoded {
	quoted := unquote(strconv.Quote(value))
	return append(jsonForms(value),
		encoded{"JSON in ASCII", jsonASCII(value)},
		encoded{"Go-quoted", quoted},
		encoded{"Go-quoted in ASCII", unquote(strconv.QuoteToASCII(value))},
		encoded{"HCL", strings.NewReplacer("${", "$${", "%{", "%%{").Replace(quoted)},
	)
}

func unquote(literal string) string { return literal[1 : len(literal)-1] }

// jsonForms are those of Go's encoder with and without its escaping of HTML.
func jsonForms(value string) []encoded {
	var plain bytes.Buffer
	encoder := json.NewEncoder(&plain)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value) // strings always encode
	escaped, _ := json.Marshal(value)
	return []encoded{
		{"JSON", unquote(string(escaped))},
		{"JSON", unquote(strings.TrimSuffix(plain.String(), "\n"))},
	}
}

// jsonASCII is JSON as encoders write it that escape all but ASCII.
func jsonASCII(value string) string {
	var ascii strings.Builder
	for _, unit := range utf16.Encode([]rune(jsonForms(value)[1].text)) {
		if unit < 0x80 {
			ascii.WriteByte(byte(unit))
		} else {
			fmt.Fprintf(&ascii, `\u%04x`, unit)
		}
	}
	return ascii.String()
}

// binaryForms are those for any bytes.
func binaryForms(value string) []encoded {
	hexadecimal, query := hex.EncodeToString([]byte(value)), url.QueryEscape(value)
	forms := []encoded{{"hex", hexadecimal}, {"hex", strings.ToUpper(hexadecimal)}}
	for _, e := range []encoded{{"URL path", url.PathEscape(value)}, {"URL query", query}, {"URL", strings.ReplaceAll(query, "+", "%20")}} {
		forms = append(forms, e, encoded{e.encoding, urlEscape.ReplaceAllStringFunc(e.text, strings.ToLower)})
	}
	// Inside of base64, zero, one or two bytes can stand before the value in its group of three. The
	// characters that depend on its neighbors too do not count.
	for before := range 3 {
		padded := append(make([]byte, before), value...)
		first, last := (before*8+5)/6, len(padded)*8/6
		forms = append(forms,
			encoded{"base64", base64.RawStdEncoding.EncodeToString(padded)[first:last]},
			encoded{"base64 (URL alphabet)", base64.RawURLEncoding.EncodeToString(padded)[first:last]},
		)
	}
	return forms
}

var urlEscape = regexp.MustCompile(`%[0-9A-F]{2}`)
