// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package settings

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
)

// machine is what ResolveSettings finds around it.
type machine struct {
	vars map[string]string
	// files are relative to the home directory.
	files map[string]string
	// homeless is set when there is no home directory.
	homeless bool
}

func (m machine) environment(t *testing.T) Environment {
	t.Helper()
	home := t.TempDir()
	for name, content := range m.files {
		path := filepath.Join(home, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return Environment{
		Getenv: func(name string) string {
			if !strings.HasPrefix(name, "ROBOTO_") && name != "AWS_ENDPOINT_URL_SECRETS_MANAGER" {
				t.Errorf("%s is none of the provider's business", name)
			}
			return m.vars[name]
		},
		UserHomeDir: func() (string, error) {
			if m.homeless {
				return "", errors.New("no home")
			}
			return home, nil
		},
	}
}

const (
	configFileName = ".roboto/config.json"
	configV1       = `{"version": "v1", "default_profile": "work", "profiles": {
		"work": {"api_key": "work-key", "endpoint": "https://work"},
		"home": {"api_key": "home-key", "endpoint": "https://home"},
		"bare": {"api_key": "bare-key"},
		"slow": {"api_key": "slow-key", "default_http_timeout": 90},
		"never": {"api_key": "never-key", "default_http_timeout": -1},
		"old": {"api_key": "robo_pat_old-key"},
		"plain": {"api_key": "plain-key", "endpoint": "http://plain.example.com"},
		"empty": {"endpoint": "https://empty"}}}`
	configV0 = `{"default": {"token": "default-key", "default_endpoint": "https://default"}, "home": {"token": "home0-key"}}`
)

// TestAPIKeyAndEndpoint covers who wins, and that a token goes only to the
// endpoint that it was meant for.
func TestAPIKeyAndEndpoint(t *testing.T) {
	config := func(content string) map[string]string {
		return map[string]string{configFileName: content, "other.json": `{"default": {"token": "other-key", "default_endpoint": "https://other"}}`}
	}
	envKey := map[string]string{"ROBOTO_API_KEY": "env-key"}
	envBoth := map[string]string{"ROBOTO_API_KEY": "env-key", "ROBOTO_SERVICE_ENDPOINT": "https://env"}
	envAll := map[string]string{
		"ROBOTO_API_KEY": "env-key", "ROBOTO_BEARER_TOKEN": "bearer-key", "ROBOTO_SERVICE_ENDPOINT": "https://env",
		"ROBOTO_PROFILE": "bare", "ROBOTO_CONFIG_FILE": "~/other.json",
	}
	envEndpoint := map[string]string{"ROBOTO_SERVICE_ENDPOINT": "https://env"}
	for _, tc := range []struct {
		name          string
		settings      Explicit
		machine       machine
		key, endpoint string
	}{
		{"block key beats all", Explicit{APIKey: roboto.NewSensitive("block-key")}, machine{vars: envAll, files: config(configV1)}, "block-key", DefaultEndpoint},
		{"block key beats block profile", Explicit{APIKey: roboto.NewSensitive("block-key"), Profile: "home", ConfigFile: "~/other.json"}, machine{files: config(configV1)}, "block-key", DefaultEndpoint},
		{"block key does not go to the environment's endpoint", Explicit{APIKey: roboto.NewSensitive("block-key")}, machine{vars: envEndpoint}, "block-key", DefaultEndpoint},
		{"block key and endpoint", Explicit{APIKey: roboto.NewSensitive("block-key"), Endpoint: "https://block"}, machine{vars: envAll}, "block-key", "https://block"},

		{"environment's key", Explicit{}, machine{vars: envKey, files: config(configV1)}, "env-key", DefaultEndpoint},
		{"environment's key and endpoint", Explicit{}, machine{vars: envBoth, files: config(configV1)}, "env-key", "https://env"},
		{"environment's key beats its profile", Explicit{}, machine{vars: envAll, files: config(configV1)}, "env-key", "https://env"},
		{"block endpoint with the environment's key", Explicit{Endpoint: "https://block"}, machine{vars: envBoth}, "env-key", "https://block"},
		{"a quote within the key", Explicit{}, machine{vars: map[string]string{"ROBOTO_API_KEY": `a"b`}}, `a"b`, DefaultEndpoint},
		{"bearer token", Explicit{}, machine{vars: map[string]string{"ROBOTO_BEARER_TOKEN": "bearer-key", "ROBOTO_SERVICE_ENDPOINT": "https://env"}}, "bearer-key", "https://env"},

		{"block profile beats the environment's key", Explicit{Profile: "home"}, machine{vars: envBoth, files: config(configV1)}, "home-key", "https://home"},
		{"block file beats the environment's key", Explicit{ConfigFile: "~/other.json"}, machine{vars: envBoth, files: config(configV1)}, "other-key", "https://other"},
		{"block file beats the environment's file", Explicit{ConfigFile: "~/.roboto/config.json"}, machine{vars: map[string]string{"ROBOTO_CONFIG_FILE": "~/other.json"}, files: config(configV1)}, "work-key", "https://work"},
		{"block profile in the environment's file", Explicit{Profile: "default"}, machine{vars: map[string]string{"ROBOTO_CONFIG_FILE": "~/other.json"}, files: config(configV1)}, "other-key", "https://other"},
		{"block profile beats the environment's profile", Explicit{Profile: "home"}, machine{vars: map[string]string{"ROBOTO_PROFILE": "bare"}, files: config(configV1)}, "home-key", "https://home"},
		{"profile without an endpoint", Explicit{Profile: "bare"}, machine{files: config(configV1)}, "bare-key", DefaultEndpoint},
		{"profile's key does not go to the environment's endpoint", Explicit{Profile: "bare"}, machine{vars: envBoth, files: config(configV1)}, "bare-key", DefaultEndpoint},
		{"block endpoint with a profile's key", Explicit{Profile: "home", Endpoint: "https://block"}, machine{files: config(configV1)}, "home-key", "https://block"},

		{"file's default profile", Explicit{}, machine{vars: envEndpoint, files: config(configV1)}, "work-key", "https://work"},
		{"environment's profile beats the file's default", Explicit{}, machine{vars: map[string]string{"ROBOTO_PROFILE": "home"}, files: config(configV1)}, "home-key", "https://home"},
		{"version 0 default", Explicit{}, machine{files: config(configV0)}, "default-key", "https://default"},
		{"version 0 profile without an endpoint", Explicit{Profile: "home"}, machine{vars: envEndpoint, files: config(configV0)}, "home0-key", DefaultEndpoint},
		{"version 1 without a default", Explicit{}, machine{files: config(`{"version": "v1", "profiles": {"default": {"api_key": "d-key"}}}`)}, "d-key", DefaultEndpoint},
		{"path and trailing slashes", Explicit{Endpoint: "https://block/base//"}, machine{vars: envKey}, "env-key", "https://block/base"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			config, _, err := Resolve(tc.settings, tc.machine.environment(t))
			if err != nil {
				t.Fatal(err)
			}
			if got := config.APIKey.Reveal(); got != tc.key {
				t.Errorf("API key %q, want %q", got, tc.key)
			}
			if got := config.Endpoint.String(); got != tc.endpoint {
				t.Errorf("endpoint %q, want %q", got, tc.endpoint)
			}
		})
	}
}

// Whoever has to find a wrong key is told where it came from.
func TestAPIKeySource(t *testing.T) {
	file := map[string]string{configFileName: configV1}
	for _, tc := range []struct {
		settings Explicit
		machine  machine
		from     string
	}{
		{Explicit{APIKey: roboto.NewSensitive("block-key")}, machine{}, "api_key in the provider block"},
		{Explicit{}, machine{vars: map[string]string{"ROBOTO_API_KEY": "env-key"}}, "ROBOTO_API_KEY"},
		{Explicit{}, machine{vars: map[string]string{"ROBOTO_BEARER_TOKEN": "env-key"}}, "ROBOTO_BEARER_TOKEN"},
		{Explicit{Profile: "home"}, machine{files: file}, `the profile "home" in `},
		{Explicit{}, machine{files: file}, `the profile "work" in `},
	} {
		config, _, err := Resolve(tc.settings, tc.machine.environment(t))
		if err != nil {
			t.Fatal(err)
		}
		source := config.APIKeySource
		if !strings.HasPrefix(source, tc.from) || strings.Contains(source, "-key") {
			t.Errorf("the source is %q, want %q", source, tc.from)
		}
	}
}

func TestNoFileIsReadForAnAPIKeyFromElsewhere(t *testing.T) {
	for _, tc := range []struct {
		name     string
		settings Explicit
		vars     map[string]string
	}{
		{"block", Explicit{APIKey: roboto.NewSensitive("block-key"), Profile: "x", ConfigFile: "/absent"}, nil},
		{"environment", Explicit{}, map[string]string{"ROBOTO_API_KEY": "env-key"}},
		{"environment's bearer token", Explicit{}, map[string]string{"ROBOTO_BEARER_TOKEN": "env-key"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			vars := map[string]string{"ROBOTO_CONFIG_FILE": "/absent", "ROBOTO_PROFILE": "absent"}
			maps.Copy(vars, tc.vars)
			env := machine{vars: vars}.environment(t)
			env.UserHomeDir = func() (string, error) {
				t.Error("the home directory was asked for")
				return "", nil
			}
			if _, _, err := Resolve(tc.settings, env); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestConfigFileByPath(t *testing.T) {
	path := filepath.Join(t.TempDir(), "roboto.json")
	if err := os.WriteFile(path, []byte(configV0), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, settings := range map[string]Explicit{"block": {ConfigFile: path}, "environment": {}} {
		config, _, err := Resolve(settings, machine{vars: map[string]string{"ROBOTO_CONFIG_FILE": path}, homeless: true}.environment(t))
		if err != nil || config.APIKey.Reveal() != "default-key" {
			t.Errorf("%s: %q, %v", name, config.APIKey.Reveal(), err)
		}
	}
}

func TestOtherSettings(t *testing.T) {
	env := map[string]string{
		"ROBOTO_API_KEY": "env-key", "ROBOTO_ORG_ID": "og_env", "ROBOTO_DEFAULT_HTTP_TIMEOUT": "2.5",
		"AWS_ENDPOINT_URL_SECRETS_MANAGER": "https://env-manager/",
	}
	type want struct {
		orgID, manager string
		timeout        time.Duration
		attempts       int
	}
	for _, tc := range []struct {
		name     string
		settings Explicit
		vars     map[string]string
		want     want
	}{
		{"defaults", Explicit{}, map[string]string{"ROBOTO_API_KEY": "k"}, want{"", "", 30 * time.Second, 10}},
		{"environment", Explicit{}, env, want{"og_env", "https://env-manager", 2500 * time.Millisecond, 10}},
		{
			"block beats environment",
			Explicit{OrgID: "og_block", RequestTimeout: time.Minute, MaxAttempts: 1, SecretsManagerEndpoint: "http://127.0.0.1:8080"},
			env,
			want{"og_block", "http://127.0.0.1:8080", time.Minute, 1},
		},
		{"profile's timeout", Explicit{Profile: "slow"}, nil, want{"", "", 90 * time.Second, 10}},
		{"environment's timeout beats the profile's", Explicit{Profile: "slow"}, env, want{"og_env", "https://env-manager", 2500 * time.Millisecond, 10}},
		{"block's timeout beats a broken one", Explicit{RequestTimeout: time.Second}, map[string]string{"ROBOTO_DEFAULT_HTTP_TIMEOUT": "x"}, want{"", "", time.Second, 10}},
		{"no profile's timeout with a key from elsewhere", Explicit{}, map[string]string{"ROBOTO_API_KEY": "k", "ROBOTO_PROFILE": "slow"}, want{"", "", 30 * time.Second, 10}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			config, _, err := Resolve(tc.settings, machine{vars: tc.vars, files: map[string]string{configFileName: configV1}}.environment(t))
			if err != nil {
				t.Fatal(err)
			}
			orgID, err := DefaultOrgID(tc.settings, machine{vars: tc.vars}.environment(t))
			if err != nil {
				t.Fatal(err)
			}
			got := want{orgID, "", config.RequestTimeout, config.MaxAttempts}
			if config.SecretsManagerEndpoint != nil {
				got.manager = config.SecretsManagerEndpoint.String()
			}
			if got != tc.want {
				t.Errorf("%+v, want %+v", got, tc.want)
			}
		})
	}
}

func TestParseEndpoint(t *testing.T) {
	const plain, other = "unencrypted", "nothing else"
	for endpoint, problem := range map[string]string{
		"https://api.roboto.ai":       "",
		"https://api.roboto.ai:8443/": "",
		"HTTPS://api.roboto.ai/base":  "",
		"http://localhost:8080":       "",
		"http://127.0.0.1":            "",
		"http://127.8.9.1:80/x":       "",
		"http://[::1]:8080":           "",

		"http://example.com":            plain,
		"http://10.0.0.1":               plain,
		"http://0.0.0.0:80":             plain,
		"http://[::]:80":                plain,
		"http://localhost.example.com":  plain,
		"http://127.0.0.1.example.com":  plain,
		"http://2130706433":             plain,
		"HTTP://example.com":            plain,
		"ftp://example.com":             other,
		"//example.com":                 other,
		"api.roboto.ai":                 other,
		"localhost:8080":                other,
		"":                              other,
		"https://":                      other,
		"https://:443":                  other,
		"https:///path":                 other,
		"https:opaque":                  other,
		"https://host:port":             other,
		" https://api.roboto.ai":        other,
		"https://api.roboto.ai\n":       other,
		"https://u:hunter2@example.com": other,
		"http://127.0.0.1@example.com":  other,
		"https://example.com?a=b":       other,
		"https://example.com?":          other,
		"https://example.com#part":      other,
		"https://example.com/a%2Fb":     other,
	} {
		t.Run(endpoint, func(t *testing.T) {
			_, err := ParseEndpoint(endpoint)
			if (err == nil) != (problem == "") || err != nil && !strings.Contains(err.Error(), problem) {
				t.Errorf("%v, want %q", err, problem)
			}
			if strings.Contains(fmt.Sprint(err), "hunter2") {
				t.Errorf("the error repeats a password: %v", err)
			}
		})
	}
}

func TestSettingErrors(t *testing.T) {
	env := func(pairs ...string) map[string]string {
		vars := map[string]string{}
		for pair := range slices.Chunk(pairs, 2) {
			vars[pair[0]] = pair[1]
		}
		return vars
	}
	files := func(content string) map[string]string { return map[string]string{configFileName: content} }
	key := func(text string) Explicit { return Explicit{APIKey: roboto.NewSensitive(text)} }
	const block = " in the provider block"
	for _, tc := range []struct {
		name     string
		settings Explicit
		machine  machine
		// setting, source and problem are parts of what the error says.
		setting, source, problem string
	}{
		{"retired key in the block", key("robo_pat_old-key"), machine{}, "api_key", block, "retired"},
		{"retired key in the environment", Explicit{}, machine{vars: env("ROBOTO_API_KEY", "robo_pat_old-key")}, "api_key", "ROBOTO_API_KEY", "retired"},
		{"retired bearer token", Explicit{}, machine{vars: env("ROBOTO_BEARER_TOKEN", "robo_pat_old-key")}, "api_key", "ROBOTO_BEARER_TOKEN", "retired"},
		{"retired key in a profile", Explicit{Profile: "old"}, machine{files: files(configV1)}, "api_key", `"old"`, "retired"},
		{"key with a line break", key("line-key\n"), machine{}, "api_key", block, "white space"},
		{"key with a space before it", Explicit{}, machine{vars: env("ROBOTO_API_KEY", " space-key")}, "api_key", "ROBOTO_API_KEY", "white space"},
		{"key beyond ASCII", key("schlüssel-key"), machine{}, "api_key", block, "white space"},
		{"key in quotes", Explicit{}, machine{vars: env("ROBOTO_API_KEY", `"quoted-key"`)}, "api_key", "ROBOTO_API_KEY", "quotation mark"},
		{"bearer token in single quotes", Explicit{}, machine{vars: env("ROBOTO_BEARER_TOKEN", `'quoted-key'`)}, "api_key", "ROBOTO_BEARER_TOKEN", "quotation mark"},
		{"key that is only a quote", Explicit{}, machine{vars: env("ROBOTO_API_KEY", `"`)}, "api_key", "ROBOTO_API_KEY", "quotation mark"},
		{"key with a quote left over", Explicit{}, machine{vars: env("ROBOTO_API_KEY", `quoted-key"`)}, "api_key", "ROBOTO_API_KEY", "quotation mark"},
		{"key of white space in a profile", Explicit{}, machine{files: files(`{"default": {"token": " "}}`)}, "api_key", configFileName, "white space"},

		{"nothing at all", Explicit{}, machine{}, "", "", "No API key was found"},
		{"nothing and no home directory", Explicit{}, machine{homeless: true}, "", "", "No API key was found"},
		{"an endpoint without a key", Explicit{Endpoint: "https://block"}, machine{}, "", "", "No API key was found"},

		{"profile that is not there", Explicit{Profile: "nobody"}, machine{files: files(configV1)}, "config file", "profile" + block, `for the profile "nobody", only for ["bare" "home" "never" "old" "plain" "slow" "work"]`},
		{"environment's profile that is not there", Explicit{}, machine{vars: env("ROBOTO_PROFILE", "nobody"), files: files(configV1)}, "config file", "ROBOTO_PROFILE", `"nobody"`},
		{"default profile that is not there", Explicit{}, machine{files: files(`{"version": "v1", "default_profile": "nobody", "profiles": {}}`)}, "config file", "lack of ROBOTO_API_KEY", `for the profile "nobody", only for []`},
		{"no default profile", Explicit{}, machine{files: files(`{"home": {"token": "home-key"}}`)}, "config file", "lack of ROBOTO_API_KEY", `for the profile "default", only for ["home"]`},
		{"profile without a key", Explicit{Profile: "empty"}, machine{files: files(configV1)}, "config file", "profile" + block, `has no API key for the profile "empty"`},
		{"profile of which there is no file", Explicit{Profile: "home"}, machine{}, "config file", "profile" + block, configFileName + ": no such file"},
		{"environment's profile of which there is no file", Explicit{}, machine{vars: env("ROBOTO_PROFILE", "home")}, "config file", "ROBOTO_PROFILE", configFileName + ": no such file"},
		{"profile without a home directory", Explicit{Profile: "home"}, machine{homeless: true}, "config file", "profile" + block, "~/.roboto/config.json: file does not exist"},

		{"file that is not there", Explicit{ConfigFile: "/absent/roboto.json"}, machine{}, "config file", "config_file" + block, "/absent/roboto.json: no such file"},
		{"environment's file that is not there", Explicit{}, machine{vars: env("ROBOTO_CONFIG_FILE", "~/absent.json")}, "config file", "ROBOTO_CONFIG_FILE", "/absent.json: no such file"},
		{"file in a home directory that is not there", Explicit{ConfigFile: "~/roboto.json"}, machine{homeless: true}, "config file", "config_file" + block, "file does not exist"},
		{"directory in the default place", Explicit{}, machine{files: map[string]string{configFileName + "/x": ""}}, "config file", "lack of ROBOTO_API_KEY", "not a regular file"},
		{"file that is not JSON", Explicit{}, machine{files: files("api_key = not-json-key")}, "config file", configFileName, "JSON"},
		{"environment's file that is not JSON", Explicit{}, machine{vars: env("ROBOTO_CONFIG_FILE", "~/x"), files: map[string]string{"x": "not-json-key"}}, "config file", "ROBOTO_CONFIG_FILE", "JSON"},

		{"endpoint", Explicit{APIKey: roboto.NewSensitive("block-key"), Endpoint: "x"}, machine{}, "endpoint", block, "nothing else"},
		{"environment's endpoint", Explicit{}, machine{vars: env("ROBOTO_API_KEY", "env-key", "ROBOTO_SERVICE_ENDPOINT", "http://example.com")}, "endpoint", "ROBOTO_SERVICE_ENDPOINT", "unencrypted"},
		{"profile's endpoint", Explicit{Profile: "plain"}, machine{files: files(configV1)}, "endpoint", `"plain"`, "unencrypted"},
		{"Secrets Manager", Explicit{APIKey: roboto.NewSensitive("block-key"), SecretsManagerEndpoint: "http://example.com"}, machine{}, "secrets_manager_endpoint", block, "unencrypted"},
		{"environment's Secrets Manager", Explicit{}, machine{vars: env("ROBOTO_API_KEY", "env-key", "AWS_ENDPOINT_URL_SECRETS_MANAGER", "x")}, "secrets_manager_endpoint", "AWS_ENDPOINT_URL_SECRETS_MANAGER", "nothing else"},

		{"organization's name for its ID", Explicit{OrgID: "My Org"}, machine{}, "org_id", block, "letters"},
		{"environment's organization", Explicit{}, machine{vars: env("ROBOTO_ORG_ID", "og-1")}, "org_id", "ROBOTO_ORG_ID", "letters"},

		{"profile's negative timeout", Explicit{Profile: "never"}, machine{files: files(configV1)}, "request_timeout", `"never"`, "positive"},
		{"timeout with a unit", Explicit{}, machine{vars: env("ROBOTO_API_KEY", "env-key", "ROBOTO_DEFAULT_HTTP_TIMEOUT", "30s")}, "request_timeout", "ROBOTO_DEFAULT_HTTP_TIMEOUT", `"30s"`},
		{"timeout of 0", Explicit{}, machine{vars: env("ROBOTO_API_KEY", "env-key", "ROBOTO_DEFAULT_HTTP_TIMEOUT", "0")}, "request_timeout", "ROBOTO_DEFAULT_HTTP_TIMEOUT", `"0"`},
		{"timeout below 0", Explicit{}, machine{vars: env("ROBOTO_API_KEY", "env-key", "ROBOTO_DEFAULT_HTTP_TIMEOUT", "-1")}, "request_timeout", "ROBOTO_DEFAULT_HTTP_TIMEOUT", `"-1"`},
		{"timeout that is not a number", Explicit{}, machine{vars: env("ROBOTO_API_KEY", "env-key", "ROBOTO_DEFAULT_HTTP_TIMEOUT", "NaN")}, "request_timeout", "ROBOTO_DEFAULT_HTTP_TIMEOUT", `"NaN"`},
		{"timeout without end", Explicit{}, machine{vars: env("ROBOTO_API_KEY", "env-key", "ROBOTO_DEFAULT_HTTP_TIMEOUT", "Inf")}, "request_timeout", "ROBOTO_DEFAULT_HTTP_TIMEOUT", `"Inf"`},
		{"timeout beyond a duration", Explicit{}, machine{vars: env("ROBOTO_API_KEY", "env-key", "ROBOTO_DEFAULT_HTTP_TIMEOUT", "1e10")}, "request_timeout", "ROBOTO_DEFAULT_HTTP_TIMEOUT", `"1e10"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			env := tc.machine.environment(t)
			_, _, err := Resolve(tc.settings, env)
			if tc.setting == "org_id" {
				_, err = DefaultOrgID(tc.settings, env)
			}
			if err == nil {
				t.Fatal("there is no error")
			}
			says, advice, _ := strings.Cut(err.Error(), ".\n\n")
			if !strings.Contains(says, tc.setting) || !strings.Contains(says, tc.source) || !strings.Contains(says, tc.problem) || advice == "" {
				t.Errorf("%v, want one about %s from %s with %q, and advice", err, tc.setting, tc.source, tc.problem)
			}
			if strings.Contains(strings.ReplaceAll(err.Error(), "ROBOTO_API_KEY", ""), "-key") {
				t.Errorf("the error repeats the key: %v", err)
			}
		})
	}
}

func TestAPIKeysAreNotPrinted(t *testing.T) {
	key := roboto.NewSensitive("a-key-that-nobody-may-see")
	for _, holder := range []any{Explicit{APIKey: key}, login{apiKey: key}, configFile{profiles: map[string]profile{"p": {apiKey: key}}}} {
		for _, format := range []string{"%v", "%+v", "%#v"} {
			if text := fmt.Sprintf(format, holder); strings.Contains(text, "nobody") {
				t.Errorf("%s of %T shows the key: %s", format, holder, text)
			}
		}
	}
}
