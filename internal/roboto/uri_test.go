// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// A valid reference is written and read back as it is, and a path carries its name.
func TestURIRoundTrip(t *testing.T) {
	clientGrammar := regexp.MustCompile(`(?s)^roboto-secret://[^@]+(@\w+)?$`) // src/roboto/domain/secrets/secret.py
	escaped := regexp.MustCompile(`^([A-Za-z0-9._~-]|%[0-9A-F]{2})+$`)
	for uri, ref := range map[string]SecretRef{
		"roboto-secret://db-password":                    {Name: "db-password"},
		"roboto-secret://db-password@og_1aB":             {Name: "db-password", OrgID: "og_1aB"},
		"roboto-secret://größe & 100% ?#+@og_1":          {Name: "größe & 100% ?#+", OrgID: "og_1"},
		"roboto-secret://a%40b%2F?#+&@og_1":              {Name: "a%40b%2F?#+&", OrgID: "og_1"},
		"roboto-secret://...":                            {Name: "..."},
		"roboto-secret:// ":                              {Name: " "},
		"roboto-secret://roboto-secret:":                 {Name: "roboto-secret:"},
		`roboto-secret://\ufffd ` + "\ufffd":             {Name: `\ufffd ` + "\ufffd"},
		"roboto-secret://!'()*,;:$[]{}|^~`\"<>&=-._@a_1": {Name: "!'()*,;:$[]{}|^~`\"<>&=-._", OrgID: "a_1"},
	} {
		if got := ref.URI(); got != uri {
			t.Errorf("the URI of %+v is %q, want %q", ref, got, uri)
		}
		if err := ref.Validate(); err != nil || !clientGrammar.MatchString(uri) {
			t.Errorf("%+v is not valid, or Roboto's client cannot read %q: %v", ref, uri, err)
		}
		if got, err := ParseURI(uri); got != ref || err != nil {
			t.Errorf("ParseURI(%q) = %+v, %v", uri, got, err)
		}
		for _, id := range []string{uri, strings.TrimPrefix(uri, URIScheme)} {
			if got, err := ParseSecretRef(id); got != ref || err != nil {
				t.Errorf("ParseSecretRef(%q) = %+v, %v, want %+v", id, got, err, ref)
			}
		}
		segment := escapePathSegment(ref.Name)
		if back, err := url.PathUnescape(segment); back != ref.Name || err != nil || !escaped.MatchString(segment) {
			t.Errorf("the path segment %q of %q is %q, %v", segment, ref.Name, back, err)
		}
	}
}

func TestParseURIRefusals(t *testing.T) {
	const scheme, empty, slash, control, orgID = "starts with", "name must not be empty", `must not contain "/"`, "unprintable characters", "letters, digits"
	for uri, problem := range map[string]string{
		"":                                  scheme,
		"db-password":                       scheme,
		"Roboto-Secret://x":                 scheme,
		" roboto-secret://x":                scheme,
		"roboto-secret://":                  empty,
		"roboto-secret://.":                 "path",
		"roboto-secret://..@og_1":           "path",
		"roboto-secret://a/b":               slash,
		"roboto-secret://roboto-secret://a": slash,
		"roboto-secret://a\nb":              control,
		"roboto-secret://a\u0085b":          control,
		"roboto-secret://a\xffb":            "UTF-8",
		"roboto-secret://cafe\u0301@og_1":   `must be in Unicode NFC, to which Terraform changes all text, and "cafe\u0301" is not`,
		"roboto-secret://a@":                "organization ID must not be empty",
		"roboto-secret://a@b@c":             orgID,
		"roboto-secret://a@og-1":            orgID,
		"roboto-secret://a@og_1\n":          orgID,
		"roboto-secret://a@ög":              orgID,
		"roboto-secret://a@og\xff":          orgID,
	} {
		if ref, err := ParseURI(uri); err == nil || !strings.Contains(err.Error(), problem) || ref != (SecretRef{}) {
			t.Errorf("ParseURI(%q) = %+v, %v, want an error with %q", uri, ref, err, problem)
		}
		if ref, err := ParseSecretRef(uri); err == nil && problem != scheme {
			t.Errorf("ParseSecretRef(%q) = %+v, want an error", uri, ref)
		}
	}
	for _, ref := range []SecretRef{{}, {OrgID: "og_1"}, {Name: "a@b"}, {Name: "a@b", OrgID: "og_1"}, {Name: "a", OrgID: "og 1"}} {
		if ref.Validate() == nil {
			t.Errorf("%+v is valid, and ParseURI cannot return it", ref)
		}
	}
}

func TestActionNamesAndOwners(t *testing.T) {
	for name, ok := range map[string]bool{"with space ü": true, "": false, ".": false, "a/b": false, "a@b": false, "a\nb": false, "\xff": false} {
		if err := ValidateActionName(name); (err == nil) != ok {
			t.Errorf("the name %q: %v", name, err)
		}
	}
	for owner, ok := range map[string]bool{"og_1": true, "roboto-public": true, "": false, "a b": false, "a/b": false} {
		if err := ValidateActionOwner(owner); (err == nil) != ok {
			t.Errorf("the owner %q: %v", owner, err)
		}
	}
}
