// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// URIScheme starts every secret URI.
const URIScheme = "roboto-secret://"

// SecretRef addresses one secret: names are unique within an organization.
type SecretRef struct {
	Name string
	// OrgID is empty in a reference that leaves the organization to its reader.
	OrgID string
}

// URI formats the reference in the grammar of Roboto's own client
// (src/roboto/domain/secrets/secret.py): roboto-secret://name@org_id, or
// roboto-secret://name without an organization. The name stands unescaped.
func (r SecretRef) URI() string {
	if r.OrgID == "" {
		return URIScheme + r.Name
	}
	return URIScheme + r.Name + "@" + r.OrgID
}

// ResolvableName tells whether Roboto's own software can look up a secret of the name. It
// puts names into the path of a URL as they are (tried with SDK 0.53), so a space or a
// character beyond ASCII fails there, and %, # and ? lead elsewhere.
func ResolvableName(name string) bool {
	return !strings.ContainsFunc(name, func(c rune) bool { return c <= ' ' || c > '~' || strings.ContainsRune("%#?", c) })
}

// Validate tells what keeps the reference from being addressed.
func (r SecretRef) Validate() error {
	if err := ValidateName(r.Name); err != nil {
		return err
	}
	if r.OrgID == "" {
		return nil
	}
	return ValidateOrgID(r.OrgID)
}

// validateFull is Validate for a call, which has to name the organization.
func (r SecretRef) validateFull() error {
	if r.OrgID == "" {
		return fmt.Errorf("the secret %q needs an organization", r.Name)
	}
	return r.Validate()
}

// ParseURI is the inverse of SecretRef.URI on every valid reference.
func ParseURI(uri string) (SecretRef, error) {
	rest, ok := strings.CutPrefix(uri, URIScheme)
	if !ok {
		return SecretRef{}, fmt.Errorf("a secret URI starts with %q", URIScheme)
	}
	return parseRef(rest)
}

// ParseSecretRef accepts what a person may call a secret: its URI, name@org_id
// or the bare name.
func ParseSecretRef(id string) (SecretRef, error) {
	return parseRef(strings.TrimPrefix(id, URIScheme))
}

func parseRef(text string) (SecretRef, error) {
	name, orgID, qualified := strings.Cut(text, "@")
	if err := ValidateName(name); err != nil {
		return SecretRef{}, err
	}
	if qualified {
		if err := ValidateOrgID(orgID); err != nil {
			return SecretRef{}, err
		}
	}
	return SecretRef{Name: name, OrgID: orgID}, nil
}

// ValidateName refuses what the URI grammar or the request path cannot carry.
// The service's own limits are not published and are left to the service.
func ValidateName(name string) error {
	switch {
	case name == "":
		return errors.New("a secret name must not be empty")
	case name == "." || name == "..":
		return fmt.Errorf("a secret name must not be %q: a request path cannot carry it", name)
	case !utf8.ValidString(name):
		return errors.New("a secret name must be valid UTF-8")
	case strings.ContainsRune(name, '@'):
		return errors.New(`a secret name must not contain "@": in a secret URI it separates the name from the organization`)
	case strings.ContainsRune(name, '/'):
		return errors.New(`a secret name must not contain "/": a request path cannot carry it`)
	case strings.ContainsFunc(name, unicode.IsControl):
		return errors.New("a secret name must not contain control characters")
	}
	return nil
}

// ValidateOrgID accepts word characters only: ASCII letters, digits and "_".
func ValidateOrgID(orgID string) error {
	if orgID == "" {
		return errors.New("an organization ID must not be empty")
	}
	for _, r := range orgID {
		if !isWord(r) {
			return errors.New(`an organization ID consists of letters, digits and "_" only`)
		}
	}
	return nil
}

func isWord(r rune) bool {
	return r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
}

// escapePathSegment percent-encodes all but RFC 3986's unreserved characters.
// url.PathEscape leaves "+", "&" and others alone, which servers read in
// different ways.
func escapePathSegment(segment string) string {
	return strings.ReplaceAll(url.QueryEscape(segment), "+", "%20")
}
