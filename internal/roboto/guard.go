// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Texts from outside have types of their own, so that each use has to decide what the text may be.
// A text that holds a piece of a secret is neither used nor shown.
type (
	// identifier is a name, an ID or an ARN. It is used as it is, or not at all.
	identifier string
	// description is a text for people. It is always shown, with what is unprintable escaped.
	description string
)

const (
	// pieceLength is the length of the shortest piece of a secret, in bytes, that counts: a service
	// may truncate what it echoes, and shorter pieces occur by chance.
	pieceLength = 8

	// maxIdentifier is the length of the longest ARN, in bytes. Names are shorter.
	maxIdentifier = 2048
	// maxDescription is how many bytes of a description are read, and maxShown how many are shown.
	maxDescription = 2048
	maxShown       = 500
)

// pieces are all pieces of some texts.
type pieces map[string]bool

func piecesOf(texts ...string) pieces {
	all := pieces{}
	for _, text := range texts {
		for i := 0; i+pieceLength <= len(text); i++ {
			all[text[i:i+pieceLength]] = true
		}
	}
	return all
}

// in reports whether text holds a piece. What was asked for is no echo, even if a secret holds it.
func (p pieces) in(text string, asked ...string) bool {
	for i := 0; i+pieceLength <= len(text); i++ {
		piece := text[i : i+pieceLength]
		if p[piece] && !slices.ContainsFunc(asked, func(asked string) bool { return strings.Contains(asked, piece) }) {
			return true
		}
	}
	return false
}

// repeatsPiece reports whether a short text holds a piece of a secret that is used once.
func repeatsPiece(text string, secrets ...Sensitive) bool {
	own := piecesOf(text)
	return slices.ContainsFunc(secrets, func(secret Sensitive) bool {
		return slices.ContainsFunc(encodings(secret.Reveal()), func(form string) bool { return own.in(form) })
	})
}

// guard returns the pieces of the API key. It is a function, because fmt could print a map.
type guard func() pieces

func newGuard(key Sensitive) guard {
	return sync.OnceValue(func() pieces { return piecesOf(encodings(key.Reveal())...) })
}

// describe makes a description fit to show: on one line, and unable to control a terminal or a CI. A
// backslash is escaped too, because Terraform decodes a string that is JSON, and prints what is in it. So
// is what begins a command of a CI, because Terraform breaks lines, and a line may begin there.
func (g guard) describe(text description) string {
	text = text[:min(len(text), maxDescription)]
	if g().in(string(text)) {
		return redacted
	}
	var shown strings.Builder
	for i, r := range strings.Join(strings.FieldsFunc(string(text), isASCIISpace), " ") {
		if i >= maxShown {
			shown.WriteString("…")
			break
		}
		if unicode.IsPrint(r) && r != '\\' {
			shown.WriteRune(r)
		} else {
			shown.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
	}
	return strings.NewReplacer("::", `:\x3a`, "##", `#\x23`).Replace(shown.String())
}

// isPrintable reports whether Terraform prints an identifier as it is. It decodes a string that is JSON,
// so an escape may stand for anything.
func isPrintable(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) &&
		!(strings.Contains(text, `\`) && json.Valid([]byte(text)))
}

// NFC returns text as Terraform holds it, which changes each string to Unicode NFC.
func NFC(text string) string { return norm.NFC.String(text) }

func isASCIISpace(r rune) bool { return r <= unicode.MaxASCII && unicode.IsSpace(r) }

// identifiers collects the identifiers of one answer.
type identifiers struct {
	guard guard
	// asked are the identifiers that were asked for.
	asked []string
	// problem is why one of them must not be used, or "".
	problem string
}

// use returns an identifier. It is of no use if there is a problem in the end.
func (i *identifiers) use(what string, text identifier) string {
	switch {
	case len(text) > maxIdentifier:
		i.problem = fmt.Sprintf("%s has more than %d bytes", what, maxIdentifier)
	case !isPrintable(string(text)):
		i.problem = what + " has unprintable characters"
	case i.guard().in(string(text), i.asked...):
		i.problem = what + " repeats a part of the API key"
	}
	return string(text)
}

// encodings lists the forms in which a server may repeat text.
func encodings(text string) []string {
	inJSON, _ := json.Marshal(text)
	quoted := strconv.Quote(text)
	hexadecimal := hex.EncodeToString([]byte(text))
	forms := []string{
		text, html.EscapeString(text),
		string(inJSON[1 : len(inJSON)-1]), quoted[1 : len(quoted)-1],
		hexadecimal, strings.ToUpper(hexadecimal),
	}
	for _, escaped := range []string{url.QueryEscape(text), url.PathEscape(text)} {
		forms = append(forms, escaped, percentEscape().ReplaceAllStringFunc(escaped, strings.ToLower))
	}
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for shift := range 3 { // what surrounds the text shifts it
			forms = append(forms, encoding.EncodeToString(append(make([]byte, shift), text...)))
		}
	}
	return forms
}

var percentEscape = lazyRegexp(`%[0-9A-F]{2}`)
