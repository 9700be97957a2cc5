// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"
)

// URIScheme starts every secret URI.
const URIScheme = "roboto-secret://"

// SecretRef refers to one secret. Names are unique within an organization.
type SecretRef struct {
	Name string
	// OrgID is empty in a reference to the default organization of its reader.
	OrgID string
}

// URI formats the reference in the grammar of Roboto's own client
// (src/roboto/domain/secrets/secret.py): roboto-secret://name@org_id, or
// roboto-secret://name without an organization. The name is not escaped.
func (r SecretRef) URI() string {
	if r.OrgID == "" {
		return URIScheme + r.Name
	}
	return URIScheme + r.Name + "@" + r.OrgID
}

// ResolvableName reports whether Roboto's own software can look up a secret with this name.
// It does not escape names in URLs (tried with SDK 0.53). Spaces and characters beyond
// ASCII are refused, and %, # and ? change the meaning of the URL.
func ResolvableName(name string) bool {
	return IsHeaderText(name) && !strings.ContainsAny(name, "%#?")
}

// Validate returns an error if the name or the organization ID is not valid.
func (r SecretRef) Validate() error {
	if err := ValidateName(r.Name); err != nil {
		return err
	}
	if r.OrgID == "" {
		return nil
	}
	return ValidateOrgID(r.OrgID)
}

// validateFull is Validate for a call, which needs an organization.
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

// ParseSecretRef accepts a URI, name@org_id or a name.
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

// ValidateName refuses names that a secret URI or a request path cannot carry. Roboto's
// own limits are not published, so Roboto enforces them.
func ValidateName(name string) error {
	if strings.ContainsRune(name, '@') {
		return errors.New(`a secret name must not contain "@": in a secret URI it separates the name from the organization`)
	}
	return validatePathName("a secret name", name)
}

// validatePathName refuses names that a request path cannot carry. kind is what has the
// name, with its article.
func validatePathName(kind, name string) error {
	switch {
	case name == "":
		return fmt.Errorf("%s must not be empty", kind)
	case name == "." || name == "..":
		return fmt.Errorf("%s must not be %q: a request path cannot carry it", kind, name)
	case !utf8.ValidString(name):
		return fmt.Errorf("%s must be valid UTF-8", kind)
	case strings.ContainsRune(name, '/'):
		return fmt.Errorf(`%s must not contain "/": a request path cannot carry it`, kind)
	case !isPrintable(name):
		return fmt.Errorf("%s must not contain unprintable characters", kind)
	case NFC(name) != name:
		return fmt.Errorf("%s must be in Unicode NFC, to which Terraform changes all text, and %+q is not", kind, name)
	}
	return nil
}

// ValidateOrgID accepts word characters only: ASCII letters, digits and "_".
func ValidateOrgID(orgID string) error {
	if orgID == "" {
		return errors.New("an organization ID must not be empty")
	}
	if strings.ContainsFunc(orgID, func(r rune) bool { return !isWord(r) }) {
		return errors.New(`an organization ID consists of letters, digits and "_" only`)
	}
	return nil
}

func isWord(r rune) bool {
	return r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
}

// IsHeaderText reports whether text consists of visible ASCII characters only. A line break
// could end a header and begin another one.
func IsHeaderText(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}

// escapePathSegment percent-encodes all characters but the unreserved ones of RFC 3986.
// url.PathEscape does not encode "+", "&" and others, which servers interpret differently.
func escapePathSegment(segment string) string {
	return strings.ReplaceAll(url.QueryEscape(segment), "+", "%20")
}
