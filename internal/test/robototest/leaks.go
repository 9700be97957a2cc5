// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package robototest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// minCanary is the length in bytes below which a value is not looked for: it
// would be found by chance.
const minCanary = 4

// leaks looks for every known value in every request to Roboto, and for every API
// key in every request to AWS; the lock is held.
func (s *Server) leaks() []string {
	var found []string
	report := func(leak string) {
		if !slices.Contains(found, leak) {
			found = append(found, leak)
		}
	}
	texts := map[*Request]string{}
	longest := 0
	for _, r := range s.requests {
		texts[r] = r.text()
		if !r.AWS() {
			longest = max(longest, len(texts[r]))
		}
	}
	values := s.needles(longest)
	for _, r := range s.requests {
		switch {
		case r.AWS() && s.holdsKey(texts[r]):
			report(fmt.Sprintf("%s to Secrets Manager carries an API key", r.Operation))
		case !r.AWS() && values.in(texts[r]):
			report(fmt.Sprintf("%s to Roboto carries a secret value", r.Operation))
		}
	}
	return found
}

func (s *Server) holdsKey(text string) bool {
	for key := range s.keys {
		if len(key) >= minCanary && strings.Contains(text, key) {
			return true
		}
	}
	return false
}

// text is all of a request in which something could be hidden.
func (r Request) text() string {
	var all strings.Builder
	path, _ := url.PathUnescape(r.Path)
	query, _ := url.QueryUnescape(r.Query)
	fmt.Fprintf(&all, "%s\n%s\n%s\n%s\n%s\n", r.Path, path, r.Query, query, r.Body)
	for name, values := range r.Header {
		fmt.Fprintf(&all, "%s: %s\n", name, strings.Join(values, "\n"))
	}
	return all.String()
}

// needles are the forms that values can take, by their first bytes, so that one
// pass over a text finds any of them.
type needles map[[minCanary]byte][]string

// needles leaves out values too long for any of the texts to hold; the lock is held.
func (s *Server) needles(longestText int) needles {
	n := needles{}
	for value := range s.canaries {
		if len(value) < minCanary || len(value) > longestText {
			continue
		}
		for _, form := range forms(value) {
			start := [minCanary]byte([]byte(form[:minCanary]))
			n[start] = append(n[start], form)
		}
	}
	return n
}

func (n needles) in(text string) bool {
	if len(n) == 0 {
		return false
	}
	for i := range len(text) - minCanary + 1 {
		for _, form := range n[[minCanary]byte([]byte(text[i:i+minCanary]))] {
			if strings.HasPrefix(text[i:], form) {
				return true
			}
		}
	}
	return false
}

// forms are a value's encodings: raw, JSON with and without escaped HTML,
// percent-encoded, and base64 wherever it starts in the text that was encoded.
func forms(value string) []string {
	var plain bytes.Buffer
	encoder := json.NewEncoder(&plain)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value) // strings always encode
	escaped, _ := json.Marshal(value)
	all := []string{
		value, string(escaped[1 : len(escaped)-1]), strings.TrimSuffix(plain.String()[1:], "\"\n"),
		url.QueryEscape(value), url.PathEscape(value),
	}
	for offset := range 3 {
		shifted := append(make([]byte, offset), value...)
		// Only the digits that depend on nothing but the value.
		from, to := (offset*8+5)/6, len(shifted)*8/6
		all = append(all, base64.RawStdEncoding.EncodeToString(shifted)[from:to], base64.RawURLEncoding.EncodeToString(shifted)[from:to])
	}
	slices.Sort(all)
	return slices.Compact(all)
}
