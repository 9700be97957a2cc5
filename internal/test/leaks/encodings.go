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
	var all []encoded
	seen := map[string]bool{}
	add := func(candidates ...encoded) {
		for _, c := range candidates {
			if !seen[c.text] {
				seen[c.text] = true
				all = append(all, c)
			}
		}
	}
	add(encoded{"raw", value})
	add(quotations(value)...)
	add(binaryForms(value)...)
	add(digests(value)...)
	for _, inner := range jsonForms(value) {
		for _, outer := range append(quotations(inner.text), binaryForms(inner.text)...) {
			add(encoded{outer.encoding + " of " + inner.encoding, outer.text})
		}
	}
	return all
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
	for _, r := range jsonForms(value)[1].text {
		if r < 0x80 {
			ascii.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&ascii, `\u%04x`, unit)
		}
	}
	return ascii.String()
}

func binaryForms(value string) []encoded {
	query := url.QueryEscape(value)
	forms := []encoded{
		{"URL path", url.PathEscape(value)},
		{"URL query", query},
		{"URL", strings.ReplaceAll(query, "+", "%20")},
		{"hex", hex.EncodeToString([]byte(value))},
		{"hex", strings.ToUpper(hex.EncodeToString([]byte(value)))},
	}
	for _, upper := range forms[:3] {
		forms = append(forms, encoded{upper.encoding, lowerEscapes(upper.text)})
	}
	return append(forms, base64Forms(value)...)
}

// digests are what whoever guesses the value could compare.
func digests(value string) []encoded {
	sum := sha256.Sum256([]byte(value))
	return []encoded{{"SHA-256", hex.EncodeToString(sum[:])}, {"SHA-256 in base64", base64.RawStdEncoding.EncodeToString(sum[:])}}
}

// lowerEscapes turns %2F into %2f.
func lowerEscapes(escaped string) string {
	parts := strings.Split(escaped, "%")
	for i := 1; i < len(parts); i++ {
		parts[i] = strings.ToLower(parts[i][:2]) + parts[i][2:]
	}
	return strings.Join(parts, "%")
}

// base64Forms are what text looks like inside of base64 when zero, one or two
// bytes stand before it in its group of three, less the characters that depend on
// its neighbors too.
func base64Forms(value string) []encoded {
	var forms []encoded
	for _, alphabet := range []struct {
		name     string
		encoding *base64.Encoding
	}{
		{"base64", base64.RawStdEncoding},
		{"base64 (URL alphabet)", base64.RawURLEncoding},
	} {
		for before := range 3 {
			text := alphabet.encoding.EncodeToString(append(make([]byte, before), value...))
			first := (before*8 + 5) / 6
			last := (before + len(value)) * 8 / 6
			forms = append(forms, encoded{alphabet.name, text[first:last]})
		}
	}
	return forms
}
