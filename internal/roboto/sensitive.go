// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
)

const redacted = "(redacted)"

// Sensitive holds a secret value, an API key or a part of temporary credentials. If it is
// printed, logged or encoded, the result is "(redacted)". Only Reveal returns the text.
// The zero value is empty.
//
// The text is in a closure, because fmt prints unexported string fields of a struct
// without calling their methods. Of a function it can only print the address.
type Sensitive struct {
	reveal func() string
}

// NewSensitive wraps text.
func NewSensitive(text string) Sensitive {
	return Sensitive{reveal: func() string { return text }}
}

// Reveal returns the text.
func (s Sensitive) Reveal() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}

// IsEmpty reports whether there is no text.
func (s Sensitive) IsEmpty() bool { return s.Reveal() == "" }

// Equal compares in a time that depends on the lengths alone.
func (s Sensitive) Equal(other Sensitive) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(other.Reveal())) == 1
}

func (s Sensitive) String() string { return redacted }

// GoString answers %#v.
func (s Sensitive) GoString() string { return redacted }

// Format answers every verb of package fmt.
func (s Sensitive) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalText answers encoding/json, encoding/xml and the like.
func (s Sensitive) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue answers log/slog.
func (s Sensitive) LogValue() slog.Value { return slog.StringValue(redacted) }
