// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package settings

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseConfigFile(t *testing.T) {
	type profiles = map[string]string // key, endpoint and timeout
	for name, test := range map[string]struct {
		content string
		want    profiles
	}{
		"version 1": {
			`{"version": "v1", "default_profile": "work", "profiles": {
				"work": {"api_key": "k1", "endpoint": "https://one", "default_http_timeout": 2.5},
				"home": {"api_key": "k2", "endpoint": "https://two"}}}`,
			profiles{"the default": "work", "work": "k1 https://one 2.5", "home": "k2 https://two "},
		},
		"version 1 with what another time has": {
			`{"version": "v1", "theme": {"token": "no"}, "profiles": {
				"default": {"api_key": "k", "default_endpoint": "https://one", "cache": [1]}, "old": {"token": "k"}, "a": {}, "b": null}}`,
			profiles{"default": "k  "},
		},
		"version 0": {
			`{"default": {"token": "k1", "default_endpoint": "https://one"}, "version": {"token": "k2"}}`,
			profiles{"default": "k1 https://one ", "version": "k2  "},
		},
		"version 0 with what is no profile, or of version 1": {
			`{"default": {"token": "k", "endpoint": "https://one"}, "new": {"api_key": "k"}, "n": 1, "s": "x", "l": [{"token": "k"}],
				"null": null, "no_token": {"default_endpoint": "https://one"}, "odd": {"token": 5}, "empty": {"token": ""}}`,
			profiles{"default": "k  "},
		},
		"keys in another case": {
			`{"VERSION": "v1", "version": "v1", "profiles": {"a": {"API_KEY": "k", "default_http_timeout": 1e300}}}`,
			profiles{"a": "k  1e300"},
		},
		"an empty object":        {` {} `, profiles{}},
		"with a byte order mark": {"\ufeff" + `{"default": {"token": "k"}}`, profiles{"default": "k  "}},
	} {
		file, err := parseConfigFile([]byte(test.content))
		got := profiles{}
		if file.defaultProfile != "" {
			got["the default"] = file.defaultProfile
		}
		for name, p := range file.profiles {
			got[name] = fmt.Sprintf("%s %s %s", p.apiKey.Reveal(), p.endpoint, p.requestTimeout)
		}
		if diff := cmp.Diff(test.want, got); err != nil || diff != "" {
			t.Errorf("%s: error %v, profiles (-want +got):\n%s", name, err, diff)
		}
	}
}

// An error says where the JSON is wrong, and repeats nothing of it.
func TestParseConfigFileErrorsDoNotRepeatTheContent(t *testing.T) {
	const canary, onlyInCanary = "canary-5d2C/8e1F+Qz=", "5/+="
	const form, version = "another form than Roboto's tools write", "version"
	at := func(line, column int) string { return fmt.Sprintf("not valid at line %d, column %d", line, column) }
	for content, problem := range map[string]string{
		``:                               at(1, 1),
		`CANARY`:                         at(1, 1),
		`{"default": {"token": "CANARY"`: at(1, 44),
		`{"CANARY": CANARY}`:             at(1, 26),
		"{\n  \"a\": {\"token\": \"CANARY\"}\n  \"CANARY\": 1\n}":                  at(3, 3),
		"{\r\n\r\n\t\"a\": 'CANARY'}":                                              at(3, 7),
		"{\"a\": \"CANARY\n\"}":                                                    at(1, 28),
		"\xef\xbb\xbf{\"a\": CANARY}":                                              at(1, 7),
		"\xff\xfe{\x00\"\x00CANARY":                                                "UTF-16",
		"\xfe\xff\x00{\x00\"CANARY":                                                "UTF-16",
		`"CANARY"`:                                                                 form,
		`{"version": "v2", "api_key": "CANARY"}`:                                   version,
		`{"version": ""}`:                                                          version,
		`{"version": "v1", "profiles": "CANARY"}`:                                  form,
		`{"version": "v1", "profiles": {"default": "CANARY"}}`:                     form,
		`{"version": "v1", "profiles": {"a": {"api_key": [1]}}}`:                   form,
		`{"version": "v1", "default_profile": 1, "x": "CANARY"}`:                   form,
		`{"version": "v1", "profiles": {"a": {"default_http_timeout": "CANARY"}}}`: form,
	} {
		_, err := parseConfigFile([]byte(strings.ReplaceAll(content, "CANARY", canary)))
		if err == nil || !strings.Contains(err.Error(), problem) || strings.ContainsAny(strings.ReplaceAll(err.Error(), "PowerShell 5", ""), onlyInCanary) {
			t.Errorf("%q: %v, want one with %s and nothing of the content", content, err, problem)
		}
	}
}

// A read that ends in time gives what it has read. One that does not is not waited for.
func TestReadInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for took, want := range map[time.Duration]string{4 * time.Second: "content", 6 * time.Second: ""} {
			began := time.Now()
			content, _, err := readInTime("file", 5*time.Second, func(string) ([]byte, fs.FileMode, error) {
				time.Sleep(took)
				return []byte("content"), 0o600, nil
			})
			if string(content) != want || (err == nil) != (want != "") || time.Since(began) != min(took, 5*time.Second) {
				t.Errorf("a read of %s gives %q, %v after %s", took, content, err, time.Since(began))
			}
			time.Sleep(time.Minute) // until the read has ended
		}
	})
}

// TestAdviceHeals has the warning about a real file.
func TestConfigFileOfOtherUsers(t *testing.T) {
	for mode, warns := range map[fs.FileMode]bool{
		0o600: false, 0o400: false, 0o700: false, 0o611: false,
		0o640: true, 0o604: true, 0o644: true, 0o620: true, 0o602: true, 0o666: true,
	} {
		warning, onWindows := warnOfOtherUsers("config.json", mode, "linux"), warnOfOtherUsers("config.json", mode, "windows")
		if (warning != "") != warns || onWindows != "" {
			t.Errorf("%04o: the warning is %q, and %q on Windows", mode, warning, onWindows)
		}
	}
}
