// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package settings

import (
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestParseConfigFile(t *testing.T) {
	type flat struct{ apiKey, endpoint, requestTimeout string }
	for _, tc := range []struct {
		name, content  string
		defaultProfile string
		profiles       map[string]flat
	}{
		{
			name: "version 1",
			content: `{"version": "v1", "default_profile": "work", "profiles": {
				"work": {"api_key": "k1", "endpoint": "https://one", "default_http_timeout": 2.5},
				"home": {"api_key": "k2", "endpoint": "https://two"}}}`,
			defaultProfile: "work",
			profiles: map[string]flat{
				"work": {apiKey: "k1", endpoint: "https://one", requestTimeout: "2.5"},
				"home": {apiKey: "k2", endpoint: "https://two"},
			},
		},
		{
			name:     "version 1 with keys of a later time and without a default",
			content:  `{"version": "v1", "theme": {"token": "no"}, "profiles": {"default": {"api_key": "k", "cache": [1]}}}`,
			profiles: map[string]flat{"default": {apiKey: "k"}},
		},
		{
			name:    "version 1 with profiles that hold nothing",
			content: `{"version": "v1", "profiles": {"a": {}, "b": null}}`,
		},
		{
			name:     "version 0",
			content:  `{"default": {"token": "k1", "default_endpoint": "https://one"}, "other": {"token": "k2"}}`,
			profiles: map[string]flat{"default": {apiKey: "k1", endpoint: "https://one"}, "other": {apiKey: "k2"}},
		},
		{
			name: "version 0 passes over what is no profile",
			content: `{"default": {"token": "k"}, "n": 1, "s": "x", "l": [{"token": "k"}], "null": null,
				"no_token": {"default_endpoint": "https://one"}, "odd": {"token": 5}, "empty": {"token": ""}}`,
			profiles: map[string]flat{"default": {apiKey: "k"}},
		},
		{
			name:     "version 0 with a profile called version",
			content:  `{"version": {"token": "k"}}`,
			profiles: map[string]flat{"version": {apiKey: "k"}},
		},
		{
			name:     "version 1 with a name of version 0",
			content:  `{"version": "v1", "profiles": {"default": {"api_key": "k", "default_endpoint": "https://one"}, "old": {"token": "k"}}}`,
			profiles: map[string]flat{"default": {apiKey: "k"}},
		},
		{
			name:     "version 0 with a name of version 1",
			content:  `{"default": {"token": "k", "endpoint": "https://one"}, "new": {"api_key": "k"}}`,
			profiles: map[string]flat{"default": {apiKey: "k"}},
		},
		{name: "empty object", content: ` {} `},
		{
			name:     "with a byte order mark",
			content:  "\ufeff" + `{"default": {"token": "k"}}`,
			profiles: map[string]flat{"default": {apiKey: "k"}},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			file, err := parseConfigFile([]byte(tc.content))
			if err != nil {
				t.Fatal(err)
			}
			if file.defaultProfile != tc.defaultProfile {
				t.Errorf("default profile %q, want %q", file.defaultProfile, tc.defaultProfile)
			}
			got := map[string]flat{}
			for name, p := range file.profiles {
				got[name] = flat{p.apiKey.Reveal(), p.endpoint, p.requestTimeout}
			}
			if !maps.Equal(got, tc.profiles) {
				t.Errorf("profiles %+v, want %+v", got, tc.profiles)
			}
		})
	}
}

// brokenConfigFiles pairs content that holds a canary with what its error says.
var brokenConfigFiles = map[string]string{
	``:                         "not valid at line 1, column 1",
	`canary-5d2C`:              "not valid at line 1, column 1",
	`canary-5d2C/8e1F+Qz=`:     "not valid at line 1, column 1",
	`"canary-5d2C/8e1F+Qz="`:   "another form than Roboto's tools write",
	`["canary-5d2C/8e1F+Qz="]`: "another form than Roboto's tools write",
	`{"default": {"token": "canary-5d2C/8e1F+Qz="`:                                        "not valid at line 1, column 44",
	`{"canary-5d2C/8e1F+Qz=": canary-5d2C/8e1F+Qz=}`:                                      "not valid at line 1, column 26",
	"{\n  \"a\": {\"token\": \"canary-5d2C/8e1F+Qz=\"}\n  \"canary-5d2C/8e1F+Qz=\": 1\n}": "not valid at line 3, column 3",
	"{\r\n\r\n\t\"a\": 'canary-5d2C/8e1F+Qz='}":                                           "not valid at line 3, column 7",
	"{\"a\": \"canary-5d2C/8e1F+Qz=\n\"}":                                                 "not valid at line 1, column 28",
	"\xef\xbb\xbf{\"a\": canary-5d2C/8e1F+Qz=}":                                           "not valid at line 1, column 7",
	"\xff\xfe{\x00\"\x00canary-5d2C/8e1F+Qz=":                                             "UTF-16",
	"\xfe\xff\x00{\x00\"canary-5d2C/8e1F+Qz=":                                             "UTF-16",
	`{"version": "canary-5d2C/8e1F+Qz="}`:                                                 "version",
	`{"version": "v2", "api_key": "canary-5d2C/8e1F+Qz="}`:                                "version",
	`{"version": ""}`: "version",
	`{"version": "v1", "profiles": "canary-5d2C/8e1F+Qz="}`:                                  "another form",
	`{"version": "v1", "profiles": ["canary-5d2C/8e1F+Qz="]}`:                                "another form",
	`{"version": "v1", "profiles": {"default": "canary-5d2C/8e1F+Qz="}}`:                     "another form",
	"{\"version\": \"v1\",\n\"profiles\": {\n\"a\": {\"api_key\": [1]}}}":                    "another form than Roboto's tools write",
	`{"version": "v1", "default_profile": ["canary-5d2C/8e1F+Qz="]}`:                         "another form",
	`{"version": "v1", "default_profile": 1, "x": "canary-5d2C/8e1F+Qz="}`:                   "another form",
	`{"version": "v1", "profiles": {"a": {"default_http_timeout": "canary-5d2C/8e1F+Qz="}}}`: "another form than Roboto's tools write",
}

func TestParseConfigFileErrorsDoNotRepeatTheContent(t *testing.T) {
	for content, problem := range brokenConfigFiles {
		t.Run(content, func(t *testing.T) {
			_, err := parseConfigFile([]byte(content))
			if err == nil || !strings.Contains(err.Error(), problem) {
				t.Fatalf("error %v, want one with %s", err, problem)
			}
			if repeats(err.Error(), "canary-5d2C/8e1F+Qz=", "") {
				t.Errorf("the error repeats the content: %v", err)
			}
		})
	}
}

func FuzzParseConfigFile(f *testing.F) {
	f.Add([]byte(`{"version": "v1", "default_profile": "a", "profiles": {"a": {"api_key": "k", "endpoint": "e", "default_http_timeout": 30}}}`))
	f.Add([]byte(`{"default": {"token": "k", "default_endpoint": "e"}}`))
	for _, content := range slices.Sorted(maps.Keys(brokenConfigFiles)) {
		f.Add([]byte(content))
	}
	// What the errors say in any case: content may well contain "default_profile".
	var own strings.Builder
	for _, content := range []string{`1`, `x`, "\xff\xfe", `{"version": ""}`} {
		_, err := parseConfigFile([]byte(content))
		own.WriteString(err.Error() + "\n")
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		file, err := parseConfigFile(content)
		if err == nil {
			if file.profiles == nil {
				t.Fatal("neither profiles nor an error")
			}
			return
		}
		if repeats(err.Error(), string(content), own.String()) {
			t.Fatalf("the error repeats the content: %v", err)
		}
	})
}

// repeats tells whether text holds eight characters of content in a row that are not
// in own.
func repeats(text, content, own string) bool {
	for i := 0; i+8 <= len(content); i++ {
		if piece := content[i : i+8]; strings.Contains(text, piece) && !strings.Contains(own, piece) {
			return true
		}
	}
	return false
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
