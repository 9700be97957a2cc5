// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package robototest_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// canary differs from itself in every encoding, both alphabets of base64 included.
const canary = `Qz<7"ü/%~~~???` + "\n" + `+secret value`

func TestAValueInARobotoRequestIsAViolation(t *testing.T) {
	quoted, err := json.Marshal(canary)
	if err != nil {
		t.Fatal(err)
	}
	b64 := func(prefix string) string { return base64.StdEncoding.EncodeToString([]byte(prefix + canary + "!")) }
	for name, leak := range map[string]edit{
		"raw":                  body(`{"name":"` + canary + `"}`),
		"JSON":                 body(`{"name":` + string(quoted) + `}`),
		"JSON, HTML unescaped": body(`{"name":` + strings.ReplaceAll(string(quoted), `\u003c`, "<") + `}`),
		"query":                func(r *http.Request) { r.URL.RawQuery = "page_token=" + url.QueryEscape(canary) },
		"path":                 func(r *http.Request) { r.URL = r.URL.JoinPath("name", url.PathEscape(canary)) },
		"query, lower case":    func(r *http.Request) { r.URL.RawQuery = "page_token=" + lowerEscapes(url.QueryEscape(canary)) },
		"path, lower case":     func(r *http.Request) { r.URL = r.URL.JoinPath("name", lowerEscapes(url.PathEscape(canary))) },
		"header":               header("X-Other", url.PathEscape(canary)),
		"base64":               header("X-Other", b64("")),
		"base64 off by one":    header("X-Other", b64("1")),
		"base64 off by two":    header("X-Other", b64("12")),
		"hex":                  header("X-Other", hex.EncodeToString([]byte(canary))),
		"base64 of JSON":       header("X-Other", base64.StdEncoding.EncodeToString(quoted)),
		"base64 for URLs":      header("X-Other", base64.URLEncoding.EncodeToString([]byte(canary))),
	} {
		for when, early := range map[string]bool{"known before": true, "known after": false} {
			t.Run(name+", "+when, func(t *testing.T) {
				c := newClient(t, robototest.Options{})
				c.s.AllowViolations()
				c.s.AddSecret(org, "db")
				if early {
					c.s.SetValue(org, "db", canary)
				}
				c.call(`POST /v1/secrets {"name":"a"}`, leak)
				if !early {
					c.s.SetValue(org, "db", canary)
				}
				if got := strings.Join(c.s.Violations(), "\n"); !strings.Contains(got, "carries a secret value") {
					t.Errorf("violations: %q", got)
				} else if strings.Contains(got, "secret value\n") || strings.Contains(got, canary) {
					t.Errorf("the violation repeats itself or the value: %q", got)
				}
				c.s.ResetRequests()
				if got := strings.Join(c.s.Violations(), "\n"); !strings.Contains(got, "carries a secret value") {
					t.Error("a reset forgot the violation")
				}
			})
		}
	}
}

func lowerEscapes(escaped string) string {
	return regexp.MustCompile(`%[0-9A-F]{2}`).ReplaceAllStringFunc(escaped, strings.ToLower)
}

func TestAWrittenValueIsLookedFor(t *testing.T) {
	c := newClient(t, robototest.Options{})
	c.s.AddSecret(org, "db")
	if _, err := c.put(c.access("db"), canary, ""); err != nil {
		t.Fatal(err)
	}
	c.call(listed, header("X-Other", url.PathEscape(canary)))
	c.wantViolation("ListSecrets to Roboto carries a secret value")
}

func TestCleanRequestsAreNoViolation(t *testing.T) {
	c := newClient(t, robototest.Options{})
	c.s.AddSecret(org, "db")
	for _, value := range []string{canary, "GET", strings.Repeat("long ", 10_000)} {
		if _, err := c.put(c.access("db"), value, ""); err != nil {
			t.Fatal(err)
		}
	}
	if got := c.s.Violations(); len(got) != 0 {
		t.Errorf("violations: %q", got)
	}
}

func TestAnAPIKeyForAWSIsAViolation(t *testing.T) {
	c := newClient(t, robototest.Options{})
	c.s.AddSecret(org, "db")
	_, _ = c.put(c.access("db"), "some value", "", header("X-Other", c.s.APIKey()))
	c.wantViolation("carries an API key")
}
