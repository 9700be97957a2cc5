// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package leaks

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// encoded is what a value looks like in one encoding.
type encoded struct {
	encoding string
	text     string
}

// encodings lists what a value can look like, each text once and under its simplest name. Text in JSON is
// often encoded once more: state holds base64 of JSON, JSON logs hold JSON in JSON. Other ways to escape a
// text leave letters and digits as they are, so that parts of a value are found there.
func encodings(value string) []encoded {
	inJSON, plainJSON := inJSON(value)
	all := append([]encoded{{"raw", value}}, simple(value, "")...)
	all = append(append(all, simple(inJSON, " of JSON")...), simple(plainJSON, " of JSON")...)
	// Whoever guesses the value could compare a digest.
	sum := sha256.Sum256([]byte(value))
	all = append(all,
		encoded{"SHA-256", hex.EncodeToString(sum[:])},
		encoded{"SHA-256 in base64", base64.RawStdEncoding.EncodeToString(sum[:])},
	)
	seen := map[string]bool{}
	return slices.DeleteFunc(all, func(e encoded) bool {
		defer func() { seen[e.text] = true }()
		return seen[e.text]
	})
}

func simple(value, of string) []encoded {
	inJSON, plainJSON := inJSON(value)
	hexadecimal := hex.EncodeToString([]byte(value))
	forms := []encoded{
		{"JSON" + of, inJSON},
		{"JSON" + of, plainJSON},
		{"Go-quoted" + of, unquote(strconv.Quote(value))},
		{"URL path" + of, url.PathEscape(value)},
		{"URL query" + of, url.QueryEscape(value)},
		{"hex" + of, hexadecimal},
		{"hex" + of, strings.ToUpper(hexadecimal)},
	}
	// Inside of base64, zero, one or two bytes can stand before the value in its group of three. The
	// characters that depend on its neighbors too do not count.
	for before := range 3 {
		padded := append(make([]byte, before), value...)
		first, last := (before*8+5)/6, len(padded)*8/6
		forms = append(forms,
			encoded{"base64" + of, base64.RawStdEncoding.EncodeToString(padded)[first:last]},
			encoded{"base64 (URL alphabet)" + of, base64.RawURLEncoding.EncodeToString(padded)[first:last]},
		)
	}
	return forms
}

// inJSON is what Go's encoder makes of a text, with and without its escaping of HTML.
func inJSON(value string) (escaped, plain string) {
	text, _ := json.Marshal(value) // a string can always be encoded
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value)
	return unquote(string(text)), unquote(strings.TrimSuffix(b.String(), "\n"))
}

func unquote(literal string) string { return literal[1 : len(literal)-1] }
