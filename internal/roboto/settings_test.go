// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
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
		settings      Settings
		machine       machine
		key, endpoint string
	}{
		{"nothing at all", Settings{}, machine{}, "", DefaultEndpoint},
		{"nothing and no home directory", Settings{}, machine{homeless: true}, "", DefaultEndpoint},
		{"an endpoint without a key", Settings{Endpoint: "https://block"}, machine{}, "", "https://block"},

		{"block key beats all", Settings{APIKey: NewSensitive("block-key")}, machine{vars: envAll, files: config(configV1)}, "block-key", DefaultEndpoint},
		{"block key beats block profile", Settings{APIKey: NewSensitive("block-key"), Profile: "home", ConfigFile: "~/other.json"}, machine{files: config(configV1)}, "block-key", DefaultEndpoint},
		{"block key does not go to the environment's endpoint", Settings{APIKey: NewSensitive("block-key")}, machine{vars: envEndpoint}, "block-key", DefaultEndpoint},
		{"block key and endpoint", Settings{APIKey: NewSensitive("block-key"), Endpoint: "https://block"}, machine{vars: envAll}, "block-key", "https://block"},

		{"environment's key", Settings{}, machine{vars: envKey, files: config(configV1)}, "env-key", DefaultEndpoint},
		{"environment's key and endpoint", Settings{}, machine{vars: envBoth, files: config(configV1)}, "env-key", "https://env"},
		{"environment's key beats its profile", Settings{}, machine{vars: envAll, files: config(configV1)}, "env-key", "https://env"},
		{"block endpoint with the environment's key", Settings{Endpoint: "https://block"}, machine{vars: envBoth}, "env-key", "https://block"},
		{"bearer token", Settings{}, machine{vars: map[string]string{"ROBOTO_BEARER_TOKEN": "bearer-key", "ROBOTO_SERVICE_ENDPOINT": "https://env"}}, "bearer-key", "https://env"},

		{"block profile beats the environment's key", Settings{Profile: "home"}, machine{vars: envBoth, files: config(configV1)}, "home-key", "https://home"},
		{"block file beats the environment's key", Settings{ConfigFile: "~/other.json"}, machine{vars: envBoth, files: config(configV1)}, "other-key", "https://other"},
		{"block file beats the environment's file", Settings{ConfigFile: "~/.roboto/config.json"}, machine{vars: map[string]string{"ROBOTO_CONFIG_FILE": "~/other.json"}, files: config(configV1)}, "work-key", "https://work"},
		{"block profile in the environment's file", Settings{Profile: "default"}, machine{vars: map[string]string{"ROBOTO_CONFIG_FILE": "~/other.json"}, files: config(configV1)}, "other-key", "https://other"},
		{"block profile beats the environment's profile", Settings{Profile: "home"}, machine{vars: map[string]string{"ROBOTO_PROFILE": "bare"}, files: config(configV1)}, "home-key", "https://home"},
		{"profile without an endpoint", Settings{Profile: "bare"}, machine{files: config(configV1)}, "bare-key", DefaultEndpoint},
		{"profile's key does not go to the environment's endpoint", Settings{Profile: "bare"}, machine{vars: envBoth, files: config(configV1)}, "bare-key", DefaultEndpoint},
		{"block endpoint with a profile's key", Settings{Profile: "home", Endpoint: "https://block"}, machine{files: config(configV1)}, "home-key", "https://block"},

		{"file's default profile", Settings{}, machine{vars: envEndpoint, files: config(configV1)}, "work-key", "https://work"},
		{"environment's profile beats the file's default", Settings{}, machine{vars: map[string]string{"ROBOTO_PROFILE": "home"}, files: config(configV1)}, "home-key", "https://home"},
		{"version 0 default", Settings{}, machine{files: config(configV0)}, "default-key", "https://default"},
		{"version 0 profile without an endpoint", Settings{Profile: "home"}, machine{vars: envEndpoint, files: config(configV0)}, "home0-key", DefaultEndpoint},
		{"version 1 without a default", Settings{}, machine{files: config(`{"version": "v1", "profiles": {"default": {"api_key": "d-key"}}}`)}, "d-key", DefaultEndpoint},
		{"path and trailing slashes", Settings{Endpoint: "https://block/base//"}, machine{vars: envKey}, "env-key", "https://block/base"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			config, err := ResolveSettings(tc.settings, tc.machine.environment(t))
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

func TestNoFileIsReadForAnAPIKeyFromElsewhere(t *testing.T) {
	for _, tc := range []struct {
		name     string
		settings Settings
		vars     map[string]string
	}{
		{"block", Settings{APIKey: NewSensitive("block-key"), Profile: "x", ConfigFile: "/absent"}, nil},
		{"environment", Settings{}, map[string]string{"ROBOTO_API_KEY": "env-key"}},
		{"environment's bearer token", Settings{}, map[string]string{"ROBOTO_BEARER_TOKEN": "env-key"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			vars := map[string]string{"ROBOTO_CONFIG_FILE": "/absent", "ROBOTO_PROFILE": "absent"}
			maps.Copy(vars, tc.vars)
			env := machine{vars: vars}.environment(t)
			env.UserHomeDir = func() (string, error) {
				t.Error("the home directory was asked for")
				return "", nil
			}
			if _, err := ResolveSettings(tc.settings, env); err != nil {
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
	for name, settings := range map[string]Settings{"block": {ConfigFile: path}, "environment": {}} {
		config, err := ResolveSettings(settings, machine{vars: map[string]string{"ROBOTO_CONFIG_FILE": path}, homeless: true}.environment(t))
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
		settings Settings
		vars     map[string]string
		want     want
	}{
		{"defaults", Settings{}, nil, want{"", "", 30 * time.Second, 10}},
		{"environment", Settings{}, env, want{"og_env", "https://env-manager", 2500 * time.Millisecond, 10}},
		{
			"block beats environment",
			Settings{OrgID: "og_block", RequestTimeout: time.Minute, MaxAttempts: 1, SecretsManagerEndpoint: "http://127.0.0.1:8080"},
			env,
			want{"og_block", "http://127.0.0.1:8080", time.Minute, 1},
		},
		{"profile's timeout", Settings{Profile: "slow"}, nil, want{"", "", 90 * time.Second, 10}},
		{"environment's timeout beats the profile's", Settings{Profile: "slow"}, env, want{"og_env", "https://env-manager", 2500 * time.Millisecond, 10}},
		{"block's timeout beats a broken one", Settings{RequestTimeout: time.Second}, map[string]string{"ROBOTO_DEFAULT_HTTP_TIMEOUT": "x"}, want{"", "", time.Second, 10}},
		{"no profile's timeout with a key from elsewhere", Settings{}, map[string]string{"ROBOTO_API_KEY": "k", "ROBOTO_PROFILE": "slow"}, want{"", "", 30 * time.Second, 10}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			config, err := ResolveSettings(tc.settings, machine{vars: tc.vars, files: map[string]string{configFileName: configV1}}.environment(t))
			if err != nil {
				t.Fatal(err)
			}
			got := want{config.OrgID, "", config.RequestTimeout, config.MaxAttempts}
			if config.SecretsManagerEndpoint != nil {
				got.manager = config.SecretsManagerEndpoint.String()
			}
			if got != tc.want {
				t.Errorf("%+v, want %+v", got, tc.want)
			}
		})
	}
}

func TestEndpoints(t *testing.T) {
	const noHost, userInfo, query, plain, scheme = "not a URL", "user name", "query", "unencrypted", "scheme"
	for endpoint, problem := range map[string]string{
		"https://api.roboto.ai":      "",
		"https://api.roboto.ai:8443": "",
		"HTTPS://api.roboto.ai/base": "",
		"http://localhost:8080":      "",
		"http://127.0.0.1":           "",
		"http://127.8.9.1:80/x":      "",
		"http://[::1]:8080":          "",

		"http://example.com":            plain,
		"http://10.0.0.1":               plain,
		"http://0.0.0.0:80":             plain,
		"http://[::]:80":                plain,
		"http://localhost.example.com":  plain,
		"http://127.0.0.1.example.com":  plain,
		"http://2130706433":             plain,
		"HTTP://example.com":            plain,
		"ftp://example.com":             scheme,
		"//example.com":                 scheme,
		"api.roboto.ai":                 noHost,
		"localhost:8080":                noHost,
		"https://":                      noHost,
		"https://:443":                  noHost,
		"https:///path":                 noHost,
		"https:opaque":                  noHost,
		"https://host:port":             noHost,
		" https://api.roboto.ai":        noHost,
		"https://api.roboto.ai\n":       noHost,
		"https://u:hunter2@example.com": userInfo,
		"http://127.0.0.1@example.com":  userInfo,
		"https://example.com?a=b":       query,
		"https://example.com?":          query,
		"https://example.com#part":      query,
	} {
		t.Run(endpoint, func(t *testing.T) {
			for setting, settings := range map[string]Settings{
				SettingEndpoint:               {Endpoint: endpoint},
				SettingSecretsManagerEndpoint: {SecretsManagerEndpoint: endpoint},
			} {
				_, err := ResolveSettings(settings, machine{}.environment(t))
				if problem == "" {
					if err != nil {
						t.Errorf("%s: %v", setting, err)
					}
					continue
				}
				wrong, ok := errors.AsType[*SettingError](err)
				if !ok || wrong.Setting != setting || !strings.Contains(wrong.Problem, problem) || wrong.Remedy == "" {
					t.Errorf("%s: %#v, want a problem with %q", setting, err, problem)
				}
				if strings.Contains(fmt.Sprint(err), "hunter2") {
					t.Errorf("the error repeats a password: %v", err)
				}
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
	key := func(text string) Settings { return Settings{APIKey: NewSensitive(text)} }
	for _, tc := range []struct {
		name     string
		settings Settings
		machine  machine
		setting  string
		// source and problem are parts of what the error says; a source of "" means none.
		source, problem string
	}{
		{"retired key in the block", key("robo_pat_old-key"), machine{}, SettingAPIKey, "", "retired"},
		{"retired key in the environment", Settings{}, machine{vars: env("ROBOTO_API_KEY", "robo_pat_old-key")}, SettingAPIKey, "ROBOTO_API_KEY", "retired"},
		{"retired bearer token", Settings{}, machine{vars: env("ROBOTO_BEARER_TOKEN", "robo_pat_old-key")}, SettingAPIKey, "ROBOTO_BEARER_TOKEN", "retired"},
		{"retired key in a profile", Settings{Profile: "old"}, machine{files: files(configV1)}, SettingAPIKey, `"old"`, "retired"},
		{"key with a line break", key("line-key\n"), machine{}, SettingAPIKey, "", "white space"},
		{"key with a space before it", Settings{}, machine{vars: env("ROBOTO_API_KEY", " space-key")}, SettingAPIKey, "ROBOTO_API_KEY", "white space"},
		{"key beyond ASCII", key("schlüssel-key"), machine{}, SettingAPIKey, "", "white space"},
		{"key of white space in a profile", Settings{}, machine{files: files(`{"default": {"token": " "}}`)}, SettingAPIKey, configFileName, "white space"},

		{"profile that is not there", Settings{Profile: "nobody"}, machine{files: files(configV1)}, SettingProfile, "", `"nobody"; it has "bare", "empty", "home",`},
		{"environment's profile that is not there", Settings{}, machine{vars: env("ROBOTO_PROFILE", "nobody"), files: files(configV1)}, SettingProfile, "ROBOTO_PROFILE", `"nobody"`},
		{"default profile that is not there", Settings{}, machine{files: files(`{"version": "v1", "default_profile": "nobody", "profiles": {}}`)}, SettingProfile, configFileName, `"nobody"; it has none`},
		{"no default profile", Settings{}, machine{files: files(`{"home": {"token": "home-key"}}`)}, SettingProfile, configFileName, `"default"; it has "home"`},
		{"profile without a key", Settings{Profile: "empty"}, machine{files: files(configV1)}, SettingAPIKey, configFileName, `"empty" has no API key`},
		{"profile of which there is no file", Settings{Profile: "home"}, machine{}, SettingConfigFile, "", "cannot be read"},
		{"profile without a home directory", Settings{Profile: "home"}, machine{homeless: true}, SettingConfigFile, "", "no home directory"},
		{"profile in the environment without a home directory", Settings{}, machine{vars: env("ROBOTO_PROFILE", "home"), homeless: true}, SettingConfigFile, "", "no home directory"},

		{"file that is not there", Settings{ConfigFile: "/absent/roboto.json"}, machine{}, SettingConfigFile, "", "/absent/roboto.json cannot be read"},
		{"environment's file that is not there", Settings{}, machine{vars: env("ROBOTO_CONFIG_FILE", "~/absent.json")}, SettingConfigFile, "ROBOTO_CONFIG_FILE", "absent.json cannot be read"},
		{"file in a home directory that is not there", Settings{ConfigFile: "~/roboto.json"}, machine{homeless: true}, SettingConfigFile, "", "cannot be read"},
		{"directory in the default place", Settings{}, machine{files: map[string]string{configFileName + "/x": ""}}, SettingConfigFile, "", "cannot be read"},
		{"directory", Settings{ConfigFile: "/"}, machine{}, SettingConfigFile, "", "cannot be read"},
		{"file that is not JSON", Settings{}, machine{files: files("api_key = not-json-key")}, SettingConfigFile, "", "not a JSON object"},
		{"environment's file that is not JSON", Settings{}, machine{vars: env("ROBOTO_CONFIG_FILE", "~/x"), files: map[string]string{"x": "not-json-key"}}, SettingConfigFile, "ROBOTO_CONFIG_FILE", "not a JSON object"},

		{"environment's endpoint", Settings{}, machine{vars: env("ROBOTO_API_KEY", "env-key", "ROBOTO_SERVICE_ENDPOINT", "http://example.com")}, SettingEndpoint, "ROBOTO_SERVICE_ENDPOINT", "unencrypted"},
		{"profile's endpoint", Settings{Profile: "plain"}, machine{files: files(configV1)}, SettingEndpoint, `"plain"`, "unencrypted"},
		{"environment's Secrets Manager", Settings{}, machine{vars: env("AWS_ENDPOINT_URL_SECRETS_MANAGER", "x")}, SettingSecretsManagerEndpoint, "AWS_ENDPOINT_URL_SECRETS_MANAGER", "not a URL"},

		{"organization's name for its ID", Settings{OrgID: "My Org"}, machine{}, SettingOrgID, "", "letters"},
		{"environment's organization", Settings{}, machine{vars: env("ROBOTO_ORG_ID", "og-1")}, SettingOrgID, "ROBOTO_ORG_ID", "letters"},

		{"negative timeout", Settings{RequestTimeout: -time.Second}, machine{}, SettingRequestTimeout, "", "positive"},
		{"profile's negative timeout", Settings{Profile: "never"}, machine{files: files(configV1)}, SettingRequestTimeout, `"never"`, "positive"},
		{"timeout with a unit", Settings{}, machine{vars: env("ROBOTO_DEFAULT_HTTP_TIMEOUT", "30s")}, SettingRequestTimeout, "ROBOTO_DEFAULT_HTTP_TIMEOUT", `"30s"`},
		{"timeout of 0", Settings{}, machine{vars: env("ROBOTO_DEFAULT_HTTP_TIMEOUT", "0")}, SettingRequestTimeout, "ROBOTO_DEFAULT_HTTP_TIMEOUT", `"0"`},
		{"timeout below 0", Settings{}, machine{vars: env("ROBOTO_DEFAULT_HTTP_TIMEOUT", "-1")}, SettingRequestTimeout, "ROBOTO_DEFAULT_HTTP_TIMEOUT", `"-1"`},
		{"timeout that is not a number", Settings{}, machine{vars: env("ROBOTO_DEFAULT_HTTP_TIMEOUT", "NaN")}, SettingRequestTimeout, "ROBOTO_DEFAULT_HTTP_TIMEOUT", `"NaN"`},
		{"timeout without end", Settings{}, machine{vars: env("ROBOTO_DEFAULT_HTTP_TIMEOUT", "Inf")}, SettingRequestTimeout, "ROBOTO_DEFAULT_HTTP_TIMEOUT", `"Inf"`},
		{"timeout beyond a duration", Settings{}, machine{vars: env("ROBOTO_DEFAULT_HTTP_TIMEOUT", "1e10")}, SettingRequestTimeout, "ROBOTO_DEFAULT_HTTP_TIMEOUT", `"1e10"`},
		{"negative attempts", Settings{MaxAttempts: -1}, machine{}, SettingMaxAttempts, "", "at least 1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := ResolveSettings(tc.settings, tc.machine.environment(t))
			wrong, ok := err.(*SettingError) //nolint:errorlint // the type is part of the contract
			if !ok {
				t.Fatalf("error %#v, want a *SettingError", err)
			}
			if wrong.Setting != tc.setting || !strings.Contains(wrong.Problem, tc.problem) || wrong.Remedy == "" {
				t.Errorf("%+v, want a problem of %s with %q", wrong, tc.setting, tc.problem)
			}
			if !strings.Contains(wrong.Source, tc.source) || (tc.source == "") != (wrong.Source == "") {
				t.Errorf("source %q, want %q", wrong.Source, tc.source)
			}
			if text := err.Error(); !strings.HasPrefix(text, tc.setting) || !strings.Contains(text, tc.source) || strings.Contains(text+wrong.Remedy, "-key") {
				t.Errorf("Error() = %q: it must name setting and source, and no key", text)
			}
		})
	}
}

// What the environment offers is no remedy for a setting that beats it.
func TestRemediesHelp(t *testing.T) {
	for _, tc := range []struct {
		settings Settings
		content  string
		want     string
	}{
		{Settings{}, "broken", "or set ROBOTO_API_KEY,"},
		{Settings{ConfigFile: "~/" + configFileName}, "broken", "or remove config_file and set ROBOTO_API_KEY,"},
		{Settings{ConfigFile: "~/absent"}, configV1, "or remove config_file and set ROBOTO_API_KEY."},
		{Settings{Profile: "empty"}, configV1, "or remove profile and set ROBOTO_API_KEY."},
		{Settings{Profile: "empty", ConfigFile: "~/" + configFileName}, configV1, "or remove profile and config_file and set ROBOTO_API_KEY."},
		{Settings{Profile: "nobody"}, configV1, "Set profile to one of these"},
		{Settings{}, `{}`, "Set profile or ROBOTO_PROFILE to one of these"},
	} {
		_, err := ResolveSettings(tc.settings, machine{files: map[string]string{configFileName: tc.content}}.environment(t))
		wrong, ok := errors.AsType[*SettingError](err)
		if !ok || !strings.Contains(wrong.Remedy, tc.want) {
			t.Errorf("%+v: %+v, want the remedy %q", tc.settings, wrong, tc.want)
		}
	}
}

func TestUnreadableConfigFileKeepsItsCause(t *testing.T) {
	_, err := ResolveSettings(Settings{ConfigFile: "/absent/roboto.json"}, machine{}.environment(t))
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v does not match fs.ErrNotExist", err)
	}
}
