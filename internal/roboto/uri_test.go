// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestURIRoundTrip(t *testing.T) {
	for _, tc := range []struct {
		ref SecretRef
		uri string
	}{
		{SecretRef{Name: "db-password"}, "roboto-secret://db-password"},
		{SecretRef{Name: "db-password", OrgID: "og_1aB"}, "roboto-secret://db-password@og_1aB"},
		{SecretRef{Name: "größe & 100% ?#+", OrgID: "og_1"}, "roboto-secret://größe & 100% ?#+@og_1"},
		{SecretRef{Name: "..."}, "roboto-secret://..."},
		{SecretRef{Name: " "}, "roboto-secret:// "},
		{SecretRef{Name: "roboto-secret:"}, "roboto-secret://roboto-secret:"},
		{SecretRef{Name: `\ufffd ` + "\ufffd"}, `roboto-secret://\ufffd ` + "\ufffd"},
	} {
		t.Run(tc.uri, func(t *testing.T) {
			if err := tc.ref.Validate(); err != nil {
				t.Errorf("Validate() = %v", err)
			}
			if got := tc.ref.URI(); got != tc.uri {
				t.Errorf("URI() = %q, want %q", got, tc.uri)
			}
			if got, err := ParseURI(tc.uri); got != tc.ref || err != nil {
				t.Errorf("ParseURI() = %+v, %v, want %+v", got, err, tc.ref)
			}
		})
	}
}

func TestParseURIRefusals(t *testing.T) {
	for _, tc := range []struct{ uri, problem string }{
		{"", "starts with"},
		{"db-password", "starts with"},
		{"db-password@og_1", "starts with"},
		{"Roboto-Secret://x", "starts with"},
		{" roboto-secret://x", "starts with"},
		{"roboto-secret:/x", "starts with"},
		{"roboto-secret://", "name must not be empty"},
		{"roboto-secret://@og_1", "name must not be empty"},
		{"roboto-secret://.", "path"},
		{"roboto-secret://..@og_1", "path"},
		{"roboto-secret://a/b", `must not contain "/"`},
		{"roboto-secret://roboto-secret://a", `must not contain "/"`},
		{"roboto-secret://a\nb", "unprintable characters"},
		{"roboto-secret://a\u0085b", "unprintable characters"},
		{"roboto-secret://a\xffb", "UTF-8"},
		{"roboto-secret://cafe\u0301@og_1", `must be in Unicode NFC, to which Terraform changes all text, and "cafe\u0301" is not`},
		{"roboto-secret://a@", "organization ID must not be empty"},
		{"roboto-secret://a@b@c", "letters, digits"},
		{"roboto-secret://a@og-1", "letters, digits"},
		{"roboto-secret://a@og_1 ", "letters, digits"},
		{"roboto-secret://a@ög", "letters, digits"},
		{"roboto-secret://a@og\xff", "letters, digits"},
	} {
		t.Run(tc.uri, func(t *testing.T) {
			ref, err := ParseURI(tc.uri)
			if err == nil || !strings.Contains(err.Error(), tc.problem) {
				t.Errorf("error %v, want one with %q", err, tc.problem)
			}
			if ref != (SecretRef{}) {
				t.Errorf("ref %+v with the error", ref)
			}
		})
	}
}

func TestParseSecretRef(t *testing.T) {
	for _, tc := range []struct {
		id   string
		want SecretRef
	}{
		{"a b", SecretRef{Name: "a b"}},
		{"a@og_1", SecretRef{Name: "a", OrgID: "og_1"}},
		{"roboto-secret://a", SecretRef{Name: "a"}},
		{"roboto-secret://a@og_1", SecretRef{Name: "a", OrgID: "og_1"}},
	} {
		if got, err := ParseSecretRef(tc.id); got != tc.want || err != nil {
			t.Errorf("ParseSecretRef(%q) = %+v, %v, want %+v", tc.id, got, err, tc.want)
		}
	}
	for _, id := range []string{"", "@", "a@", "@og_1", "a@b@c", "a/b", "..", "roboto-secret://", "roboto-secret://roboto-secret://a", "http://a"} {
		if got, err := ParseSecretRef(id); err == nil {
			t.Errorf("ParseSecretRef(%q) = %+v, want an error", id, got)
		}
	}
}

func TestValidateRefusesWhatParseURICannotReturn(t *testing.T) {
	for _, ref := range []SecretRef{
		{},
		{OrgID: "og_1"},
		{Name: "a@b"},
		{Name: "a@b", OrgID: "og_1"},
		{Name: "a", OrgID: "og 1"},
		{Name: "a", OrgID: "a@b"},
	} {
		if ref.Validate() == nil {
			t.Errorf("%+v is valid", ref)
		}
	}
}

func TestEscapePathSegment(t *testing.T) {
	for segment, want := range map[string]string{
		"aZ09-._~":    "aZ09-._~",
		" +%/?#&=@":   "%20%2B%25%2F%3F%23%26%3D%40",
		"ü":           "%C3%BC",
		"!'()*,;:$[]": "%21%27%28%29%2A%2C%3B%3A%24%5B%5D",
	} {
		if got := escapePathSegment(segment); got != want {
			t.Errorf("escapePathSegment(%q) = %q, want %q", segment, got, want)
		}
	}
}

var (
	// clientGrammar is what Roboto's own client reads
	// (src/roboto/domain/secrets/secret.py).
	clientGrammar = regexp.MustCompile(`(?s)^roboto-secret://[^@]+(@\w+)?$`)
	validRef      = regexp.MustCompile(`^roboto-secret://[^@/\p{Cc}]+(@\w+)?$`)
	escaped       = regexp.MustCompile(`^([A-Za-z0-9._~-]|%[0-9A-F]{2})+$`)
)

func FuzzURIRoundTrip(f *testing.F) {
	f.Add("db-password", "og_1")
	f.Add("größe 100%", "")
	f.Add("a@b", "og_1")
	f.Fuzz(func(t *testing.T, name, orgID string) {
		ref := SecretRef{Name: name, OrgID: orgID}
		uri := ref.URI()
		valid := validRef.MatchString(uri) && utf8.ValidString(name) && !strings.Contains(name, "@") && name != "." && name != ".."
		if err := ref.Validate(); (err == nil) != valid {
			t.Fatalf("Validate() = %v of %+v", err, ref)
		}
		got, err := ParseURI(uri)
		if !valid {
			if err == nil && got == ref {
				t.Fatalf("ParseURI(%q) gives an invalid reference", uri)
			}
			return
		}
		if got != ref || err != nil {
			t.Fatalf("ParseURI(%q) = %+v, %v", uri, got, err)
		}
		if !clientGrammar.MatchString(uri) {
			t.Fatalf("Roboto's client cannot read %q", uri)
		}
		segment := escapePathSegment(name)
		if back, err := url.PathUnescape(segment); back != name || err != nil || !escaped.MatchString(segment) {
			t.Fatalf("path segment %q is %q, %v", segment, back, err)
		}
	})
}

func FuzzParseURI(f *testing.F) {
	f.Add("roboto-secret://db-password@og_1")
	f.Add("roboto-secret://a@")
	f.Add("roboto-secret://roboto-secret://a")
	f.Fuzz(func(t *testing.T, uri string) {
		ref, err := ParseURI(uri)
		if err != nil {
			return
		}
		if back := ref.URI(); back != uri {
			t.Fatalf("%q formats back to %q", uri, back)
		}
		if err := ref.Validate(); err != nil {
			t.Fatalf("ParseURI accepts %q, and Validate says %v", uri, err)
		}
		for _, id := range []string{uri, strings.TrimPrefix(uri, URIScheme)} {
			if got, err := ParseSecretRef(id); got != ref || err != nil {
				t.Fatalf("ParseSecretRef(%q) = %+v, %v, want %+v", id, got, err, ref)
			}
		}
	})
}
