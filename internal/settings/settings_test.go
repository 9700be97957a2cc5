// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package settings

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
)

// machine is what Resolve finds around it.
type machine struct {
	// vars are environment variables, as name=value, separated by spaces.
	vars string
	// file is the config file, or "" if there is none.
	file string
	// homeless is set when there is no home directory.
	homeless bool
}

func (m machine) environment(t *testing.T) Environment {
	t.Helper()
	home := t.TempDir()
	if m.file != "" {
		other := `{"default": {"token": "other-key", "default_endpoint": "https://other"}}`
		err := os.Mkdir(filepath.Join(home, ".roboto"), 0o700)
		for name, content := range map[string]string{configFileName: m.file, "other.json": other, "not.json": "not-json-key"} {
			err = errors.Join(err, os.WriteFile(filepath.Join(home, name), []byte(content), 0o600))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return Environment{
		Getenv: func(name string) string {
			if !strings.HasPrefix(name, "ROBOTO_") && name != "AWS_ENDPOINT_URL_SECRETS_MANAGER" {
				t.Errorf("%s is none of the provider's business", name)
			}
			_, after, _ := strings.Cut(" "+m.vars, " "+name+"=")
			value, _, _ := strings.Cut(after, " ")
			return value
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

	envKey      = "ROBOTO_API_KEY=env-key "
	envEndpoint = "ROBOTO_SERVICE_ENDPOINT=https://env "
	envBoth     = envKey + envEndpoint
	envFile     = "ROBOTO_CONFIG_FILE=~/other.json "
	envAll      = envBoth + envFile + "ROBOTO_BEARER_TOKEN=bearer-key ROBOTO_PROFILE=bare"
)

func blockKey(key string) Explicit { return Explicit{APIKey: roboto.NewSensitive(key)} }

func profiled(name string) Explicit { return Explicit{Profile: name} }

func withV1(vars string) machine { return machine{vars: vars, file: configV1} }

// Who wins, where the key is said to come from, and that it goes only to the endpoint that it was meant for.
func TestAPIKeyAndEndpoint(t *testing.T) {
	const block, work, home = "api_key in the provider block", `the profile "work" in `, `the profile "home" in `
	keyAndProfile, keyAndEndpoint := blockKey("block-key"), blockKey("block-key")
	keyAndProfile.Profile, keyAndProfile.ConfigFile, keyAndEndpoint.Endpoint = "home", "~/other.json", "https://block"
	v1, v0 := withV1(""), machine{file: configV0}
	for name, test := range map[string]struct {
		explicit              Explicit
		machine               machine
		key, endpoint, source string
	}{
		"block key beats all":           {blockKey("block-key"), withV1(envAll), "block-key", DefaultEndpoint, block},
		"block key beats block profile": {keyAndProfile, v1, "block-key", DefaultEndpoint, block},
		"block key and endpoint":        {keyAndEndpoint, machine{vars: envAll}, "block-key", "https://block", block},

		"environment's key":                   {Explicit{}, withV1(envKey), "env-key", DefaultEndpoint, "ROBOTO_API_KEY"},
		"environment's key beats its profile": {Explicit{}, withV1(envAll), "env-key", "https://env", "ROBOTO_API_KEY"},
		"block endpoint with that key":        {Explicit{Endpoint: "https://block"}, machine{vars: envBoth}, "env-key", "https://block", "ROBOTO_API_KEY"},
		"a quote within the key":              {Explicit{}, machine{vars: `ROBOTO_API_KEY=a"b`}, `a"b`, DefaultEndpoint, "ROBOTO_API_KEY"},
		"bearer token": {
			Explicit{}, machine{vars: "ROBOTO_BEARER_TOKEN=bearer-key " + envEndpoint}, "bearer-key", "https://env", "ROBOTO_BEARER_TOKEN",
		},
		"no file is read for the environment's key": {
			Explicit{}, machine{envKey + "ROBOTO_CONFIG_FILE=/absent ROBOTO_PROFILE=absent", "", true}, "env-key", DefaultEndpoint, "ROBOTO_API_KEY",
		},

		"block profile beats environment's key": {profiled("home"), withV1(envBoth), "home-key", "https://home", home},
		"block profile beats its profile":       {profiled("home"), withV1("ROBOTO_PROFILE=bare"), "home-key", "https://home", home},
		"block profile in its file":             {profiled("default"), withV1(envFile), "other-key", "https://other", ""},
		"block file beats environment's key":    {Explicit{ConfigFile: "~/other.json"}, withV1(envBoth), "other-key", "https://other", ""},
		"block file beats its file":             {Explicit{ConfigFile: "~/" + configFileName}, withV1(envFile), "work-key", "https://work", work},
		"profile without an endpoint":           {profiled("bare"), withV1(envEndpoint), "bare-key", DefaultEndpoint, ""},
		"block endpoint with a profile's key":   {Explicit{Profile: "home", Endpoint: "https://block"}, v1, "home-key", "https://block", home},
		"file's default profile":                {Explicit{}, withV1(envEndpoint), "work-key", "https://work", work},
		"environment's profile beats it":        {Explicit{}, withV1("ROBOTO_PROFILE=home"), "home-key", "https://home", home},
		"version 0 default":                     {Explicit{}, v0, "default-key", "https://default", ""},
		"version 1, no default":                 {Explicit{}, machine{file: `{"version": "v1", "profiles": {"default": {"api_key": "k"}}}`}, "k", DefaultEndpoint, ""},
		"an endpoint with a path":               {Explicit{Endpoint: "https://block/base//"}, machine{vars: envKey}, "env-key", "https://block/base", ""},
	} {
		config, _, err := Resolve(test.explicit, test.machine.environment(t))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		key, endpoint, source := config.APIKey.Reveal(), config.Endpoint.String(), config.APIKeySource
		if key != test.key || endpoint != test.endpoint || !strings.HasPrefix(source, test.source) || strings.Contains(source, "-key") {
			t.Errorf("%s: the key %q of %q goes to %q, want %q of %q to %q", name, key, source, endpoint, test.key, test.source, test.endpoint)
		}
	}
}

func TestOtherSettings(t *testing.T) {
	const env = envKey + "ROBOTO_ORG_ID=og_env ROBOTO_DEFAULT_HTTP_TIMEOUT=2.5 AWS_ENDPOINT_URL_SECRETS_MANAGER=https://env-manager/"
	block := Explicit{OrgID: "og_block", RequestTimeout: time.Minute, MaxAttempts: 1, SecretsManagerEndpoint: "http://127.0.0.1:8080"}
	for name, test := range map[string]struct {
		explicit Explicit
		vars     string
		want     string // organization, AWS's endpoint, timeout and attempts
	}{
		"defaults":                        {Explicit{}, envKey, "none, none, 30s, 10"},
		"environment":                     {Explicit{}, env, "og_env, https://env-manager, 2.5s, 10"},
		"block beats environment":         {block, env, "og_block, http://127.0.0.1:8080, 1m0s, 1"},
		"profile's timeout":               {profiled("slow"), "", "none, none, 1m30s, 10"},
		"environment's timeout beats it":  {profiled("slow"), env, "og_env, https://env-manager, 2.5s, 10"},
		"block's timeout, a broken one":   {Explicit{RequestTimeout: time.Second}, "ROBOTO_DEFAULT_HTTP_TIMEOUT=x", "none, none, 1s, 10"},
		"timeout of a profile not in use": {Explicit{}, envKey + "ROBOTO_PROFILE=slow", "none, none, 30s, 10"},
	} {
		env := withV1(test.vars).environment(t)
		config, _, err := Resolve(test.explicit, env)
		orgID, orgErr := DefaultOrgID(test.explicit, env)
		manager := cmp.Or(config.SecretsManagerEndpoint, &url.URL{Path: "none"})
		got := fmt.Sprintf("%s, %s, %s, %d", cmp.Or(orgID, "none"), manager, config.RequestTimeout, config.MaxAttempts)
		if err := errors.Join(err, orgErr); err != nil || got != test.want {
			t.Errorf("%s: %s (%v), want %s", name, got, err, test.want)
		}
	}
}

func TestParseEndpoint(t *testing.T) {
	const plain, other = "unencrypted", "nothing else"
	for problem, endpoints := range map[string][]string{
		"": {
			"https://api.roboto.ai", "https://api.roboto.ai:8443/", "HTTPS://api.roboto.ai/base",
			"http://localhost:8080", "http://127.0.0.1", "http://127.8.9.1:80/x", "http://[::1]:8080",
		},
		plain: {
			"http://example.com", "http://10.0.0.1", "http://0.0.0.0:80", "http://[::]:80", "http://localhost.example.com",
			"http://127.0.0.1.example.com", "http://2130706433", "HTTP://example.com",
		},
		other: {
			"ftp://example.com", "//example.com", "api.roboto.ai", "localhost:8080", "", "https://", "https://:443", "https:///path",
			"https:opaque", "https://host:port", " https://api.roboto.ai", "https://api.roboto.ai\n", "https://u:hunter2@example.com",
			"http://127.0.0.1@example.com", "https://example.com?a=b", "https://example.com?", "https://example.com#part", "https://example.com/a%2Fb",
		},
	} {
		for _, endpoint := range endpoints {
			_, err := ParseEndpoint(endpoint)
			if (err == nil) != (problem == "") || err != nil && !strings.Contains(err.Error(), problem) || strings.Contains(fmt.Sprint(err), "hunter2") {
				t.Errorf("%q: %v, want %q", endpoint, err, problem)
			}
		}
	}
}

// An error says which setting is wrong, where it comes from, why it cannot be used and what to do. It never
// repeats a key.
func TestSettingErrors(t *testing.T) {
	const (
		block, envTimeout, envManager     = " in the provider block", "ROBOTO_DEFAULT_HTTP_TIMEOUT", "AWS_ENDPOINT_URL_SECRETS_MANAGER"
		key, file, timeout, space, quoted = "api_key", "config file", "request_timeout", "white space", "quotation mark"
		noFile, absent, noKey, keyless    = configFileName + ": no such file", "file does not exist", "lack of ROBOTO_API_KEY", "No API key was found"
	)
	v1 := withV1("")
	vars := func(vars string) machine { return machine{vars: vars} }
	badEndpoint, badManager := blockKey("block-key"), blockKey("block-key")
	badEndpoint.Endpoint, badManager.SecretsManagerEndpoint = "x", "http://example.com"
	for name, test := range map[string]struct {
		explicit Explicit
		machine  machine
		// setting, source and problem are parts of what the error says.
		setting, source, problem string
	}{
		"retired key in the block":       {blockKey("robo_pat_old-key"), machine{}, key, block, "retired"},
		"retired key in the environment": {Explicit{}, vars("ROBOTO_API_KEY=robo_pat_old-key"), key, "ROBOTO_API_KEY", "retired"},
		"retired bearer token":           {Explicit{}, vars("ROBOTO_BEARER_TOKEN=robo_pat_old-key"), key, "ROBOTO_BEARER_TOKEN", "retired"},
		"retired key in a profile":       {profiled("old"), v1, key, `"old"`, "retired"},
		"key with a line break":          {blockKey("line-key\n"), machine{}, key, block, space},
		"key with a space before it":     {blockKey(" space-key"), machine{}, key, block, space},
		"key beyond ASCII":               {blockKey("schlüssel-key"), machine{}, key, block, space},
		"key in quotes":                  {Explicit{}, vars(`ROBOTO_API_KEY="quoted-key"`), key, "ROBOTO_API_KEY", quoted},
		"bearer token in single quotes":  {Explicit{}, vars(`ROBOTO_BEARER_TOKEN='quoted-key'`), key, "ROBOTO_BEARER_TOKEN", quoted},
		"key that is only a quote":       {Explicit{}, vars(`ROBOTO_API_KEY="`), key, "ROBOTO_API_KEY", quoted},
		"key with a quote left over":     {Explicit{}, vars(`ROBOTO_API_KEY=quoted-key"`), key, "ROBOTO_API_KEY", quoted},
		"key of a blank in a profile":    {Explicit{}, machine{file: `{"default": {"token": " "}}`}, key, configFileName, space},

		"nothing at all":                {Explicit{}, machine{}, "", "", keyless},
		"nothing and no home directory": {Explicit{}, machine{homeless: true}, "", "", keyless},
		"an endpoint without a key":     {Explicit{Endpoint: "https://block"}, machine{}, "", "", keyless},

		"no such profile": {
			profiled("nobody"), v1, file, "profile" + block,
			`for the profile "nobody", only for ["bare" "home" "never" "old" "plain" "slow" "work"]`,
		},
		"environment's profile": {Explicit{}, withV1("ROBOTO_PROFILE=nobody"), file, "ROBOTO_PROFILE", `"nobody"`},
		"no such default profile": {
			Explicit{}, machine{file: `{"version": "v1", "default_profile": "nobody", "profiles": {}}`}, file, noKey, `for the profile "nobody", only for []`,
		},
		"no default profile": {
			Explicit{}, machine{file: `{"home": {"token": "home-key"}}`}, file, noKey, `for the profile "default", only for ["home"]`,
		},
		"profile without a key":         {profiled("empty"), v1, file, "profile" + block, `has no API key for the profile "empty"`},
		"profile without a file":        {profiled("home"), machine{}, file, "profile" + block, noFile},
		"environment's, without a file": {Explicit{}, vars("ROBOTO_PROFILE=home"), file, "ROBOTO_PROFILE", noFile},
		"profile, without a home":       {profiled("home"), machine{homeless: true}, file, "profile" + block, "~/.roboto/config.json: " + absent},
		"no such file":                  {Explicit{ConfigFile: "/absent/roboto.json"}, machine{}, file, "config_file" + block, "/absent/roboto.json: no such file"},
		"environment's file":            {Explicit{}, vars("ROBOTO_CONFIG_FILE=~/absent.json"), file, "ROBOTO_CONFIG_FILE", "/absent.json: no such file"},
		"file, without a home":          {Explicit{ConfigFile: "~/roboto.json"}, machine{homeless: true}, file, "config_file" + block, absent},
		"file that is not JSON":         {Explicit{}, machine{file: "api_key = not-json-key"}, file, configFileName, "JSON"},
		"environment's file, no JSON":   {Explicit{}, withV1("ROBOTO_CONFIG_FILE=~/not.json"), file, "ROBOTO_CONFIG_FILE", "JSON"},

		"endpoint":                      {badEndpoint, machine{}, "endpoint", block, "nothing else"},
		"environment's endpoint":        {Explicit{}, vars(envKey + "ROBOTO_SERVICE_ENDPOINT=http://a.b"), "endpoint", "ROBOTO_SERVICE_ENDPOINT", "unencrypted"},
		"profile's endpoint":            {profiled("plain"), v1, "endpoint", `"plain"`, "unencrypted"},
		"Secrets Manager":               {badManager, machine{}, "secrets_manager_endpoint", block, "unencrypted"},
		"environment's Secrets Manager": {Explicit{}, vars(envKey + envManager + "=x"), "secrets_manager_endpoint", envManager, "nothing else"},
		"organization's name":           {Explicit{OrgID: "My Org"}, machine{}, "org_id", block, "letters"},
		"environment's organization":    {Explicit{}, vars("ROBOTO_ORG_ID=og-1"), "org_id", "ROBOTO_ORG_ID", "letters"},
		"profile's negative timeout":    {profiled("never"), v1, timeout, `"never"`, "positive"},
		"timeout with a unit":           {Explicit{}, vars(envKey + envTimeout + "=30s"), timeout, envTimeout, `"30s"`},
		"timeout of 0":                  {Explicit{}, vars(envKey + envTimeout + "=0"), timeout, envTimeout, `"0"`},
		"timeout that is not a number":  {Explicit{}, vars(envKey + envTimeout + "=NaN"), timeout, envTimeout, `"NaN"`},
		"timeout without end":           {Explicit{}, vars(envKey + envTimeout + "=Inf"), timeout, envTimeout, `"Inf"`},
		"timeout beyond a duration":     {Explicit{}, vars(envKey + envTimeout + "=1e10"), timeout, envTimeout, `"1e10"`},
	} {
		t.Run(name, func(t *testing.T) {
			env := test.machine.environment(t)
			_, _, err := Resolve(test.explicit, env)
			if test.setting == "org_id" {
				_, err = DefaultOrgID(test.explicit, env)
			}
			if err == nil {
				t.Fatal("there is no error")
			}
			says, advice, _ := strings.Cut(err.Error(), ".\n\n")
			for _, text := range []string{test.setting, test.source, test.problem} {
				if !strings.Contains(says, text) || advice == "" {
					t.Errorf("%v, want one with %q, and advice", err, text)
				}
			}
			if strings.Contains(strings.ReplaceAll(err.Error(), "ROBOTO_API_KEY", ""), "-key") {
				t.Errorf("the error repeats the key: %v", err)
			}
		})
	}
}
