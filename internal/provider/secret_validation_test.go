// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
)

// Bad input is refused while planning, with an error that names the
// attribute and the remedy.
func TestSecretRefusesBadInput(t *testing.T) {
	for name, test := range map[string]struct {
		config string
		env    []string
		file   string
		want   []string
	}{
		"empty name":          {config: secret(""), want: []string{`attribute "name"`, "must not be empty", "Choose another name"}},
		"at sign in name":     {config: secret("a@b"), want: []string{`attribute "name"`, `must not contain "@"`}},
		"slash in name":       {config: secret("a/b"), want: []string{`attribute "name"`, `must not contain "/"`}},
		"dots for a name":     {config: secret(".."), want: []string{`attribute "name"`, `must not be ".."`}},
		"empty value too":     {config: secret("", `value_wo = ""`), want: []string{`The value_wo of the secret "" is not usable`}},
		"control character":   {config: secret("a\tb"), want: []string{`attribute "name"`, "unprintable characters"}},
		"organization's name": {config: secret("db", `org_id = "My Org"`), want: []string{`attribute "org_id"`, "not its name"}},
		"organization's name in the block": {
			config: "provider \"roboto\" {\n  org_id = \"My Org\"\n}\n" + secret("db"), want: []string{`attribute "org_id"`, "not its name"},
		},
		"no time":               {config: "provider \"roboto\" {\n  request_timeout = \"0s\"\n}\n" + secret("db"), want: []string{"request_timeout", "positive duration"}},
		"empty value":           {config: secret("db", `value_wo = ""`), want: []string{"value_wo", "must not be empty", "remove value_wo"}},
		"value too long":        {config: secret("db", `value_wo = "`+strings.Repeat("x", 65537)+`"`), want: []string{"value_wo", "65536 bytes", "this one has 65537"}},
		"version without value": {config: secret("db", `value_wo_version = "1"`), want: []string{"value_wo_version", "no value_wo", "remove value_wo_version"}},
		"plain http": {
			config: "provider \"roboto\" {\n  endpoint = \"http://example.com\"\n}\n" + secret("db"),
			want:   []string{`attribute "endpoint"`, "plain http", "Use https://example.com"},
		},
		"plain http to Secrets Manager": {
			config: "provider \"roboto\" {\n  secrets_manager_endpoint = \"http://example.com\"\n}\n" + secret("db"),
			want:   []string{`attribute "secrets_manager_endpoint"`, "plain http"},
		},
		"no API key":       {config: secret("db"), env: []string{"ROBOTO_API_KEY", ""}, want: []string{"api_key", "No API key was found", "set ROBOTO_API_KEY"}},
		"retired token":    {config: secret("db"), env: []string{"ROBOTO_API_KEY", "robo_pat_something"}, want: []string{"api_key", "ROBOTO_API_KEY", "retired", "https://app.roboto.ai/settings/tokens"}},
		"not JSON":         {config: secret("db"), env: []string{"ROBOTO_API_KEY", ""}, file: "api_key = 1", want: []string{"lack of ROBOTO_API_KEY", "config.json: its JSON is not valid at line 1", "Create or correct the file"}},
		"unknown profile":  {config: "provider \"roboto\" {\n  profile = \"prod\"\n}\n" + secret("db"), file: `{"dev": {"token": "t"}}`, want: []string{"Because of profile in the provider block", `no API key for the profile "prod", only for ["dev"]`}},
		"key and profile":  {config: "provider \"roboto\" {\n  api_key = \"k\"\n  profile = \"prod\"\n}\n" + secret("db"), want: []string{"api_key", "profile"}},
		"request timeout":  {config: "provider \"roboto\" {\n  request_timeout = \"30\"\n}\n" + secret("db"), want: []string{"request_timeout", "duration"}},
		"no attempts":      {config: "provider \"roboto\" {\n  max_attempts = 0\n}\n" + secret("db"), want: []string{"max_attempts", "at least 1"}},
		"endpoint's user":  {config: "provider \"roboto\" {\n  endpoint = \"https://me:hunter2secret@example.com\"\n}\n" + secret("db"), want: []string{"endpoint", "nothing else"}},
		"timeout variable": {config: secret("db"), env: []string{"ROBOTO_DEFAULT_HTTP_TIMEOUT", "30s"}, want: []string{"request_timeout", "ROBOTO_DEFAULT_HTTP_TIMEOUT", "number of seconds"}},
	} {
		t.Run(name, func(t *testing.T) {
			env := newEnvironment(t).with(test.env...)
			if test.file != "" {
				writeConfigFile(t, env.Home, test.file)
			}
			env.failsToPlan(test.config, test.want...)
		})
	}
	t.Run("several organizations", func(t *testing.T) {
		env := newEnvironment(t)
		env.roboto.AddOrg("og_other", "Other")
		env.failsToPlan(secret("db"), "og_test (Test Organization), og_other (Other)", "Set org_id in this block or in the provider block")
	})
}

// The environment has another API key, which must not take the place of one that a variable
// was to give.
func TestEmptySettingsAreRefused(t *testing.T) {
	for setting := range settingNames(newEnvironment(t).protocol(fields{})) {
		if setting == "max_attempts" || setting == "bulk_refresh" {
			continue
		}
		t.Run(setting, func(t *testing.T) {
			config := "variable \"setting\" {\n  default = \"\"\n}\nprovider \"roboto\" {\n  " + setting + " = var.setting\n}\n"
			env := newEnvironment(t)
			env.failsToPlan(config+secret("db"), setting, "not usable")
			env.makesNoRequest()
			env.run(resource.TestStep{Config: strings.Replace(config, `""`, "null", 1) + secret("db")})
		})
	}
}

// The same goes for the API key.
func TestAPIKeyErrorsShowNoSourceLine(t *testing.T) {
	const literal = "rbt_a_literal_key"
	for name, line := range map[string]string{"with a profile": `profile = "prod"`, "with a config file": `config_file = "x.json"`} {
		t.Run(name, func(t *testing.T) {
			config := fmt.Sprintf("provider \"roboto\" {\n  api_key = %q\n  %s\n}\n", literal, line)
			if text := newEnvironment(t).fails(config+secret("db"), "api_key\" cannot be specified when"); strings.Contains(text, literal) {
				t.Error("the error repeats the API key")
			}
		})
	}
	t.Run("with a line break", func(t *testing.T) {
		config := "provider \"roboto\" {\n  api_key = \"" + literal + " \"\n}\n"
		if text := newEnvironment(t).fails(config+secret("db"), "white space"); strings.Contains(text, literal) {
			t.Error("the error repeats the API key")
		}
	})
}

// The endpoint may hold a password.
func TestEndpointErrorsShowNoSourceLine(t *testing.T) {
	const password = "hunter2secret"
	for _, setting := range []string{"endpoint", "secrets_manager_endpoint"} {
		t.Run(setting, func(t *testing.T) {
			config := fmt.Sprintf("provider \"roboto\" {\n  %s = \"https://me:%s@example.com\"\n}\n", setting, password)
			if text := newEnvironment(t).fails(config+secret("db"), "nothing else"); strings.Contains(text, password) {
				t.Error("the error repeats the password")
			}
		})
	}
}

func TestAccSecretTakesTheLongestValue(t *testing.T) {
	env, longest := anyService(t), strings.Repeat("x", 65536)
	env.run(resource.TestStep{
		Config: env.secret("db", `value_wo = "`+longest+`"`),
		Check:  func(*terraformState) error { return want(longest, env.value("db")) },
	})
}

// Terraform prints the source line of a diagnostic that carries a path.
func TestSecretValueErrorsShowNoSourceLine(t *testing.T) {
	const literal = "tooLongToBeAValue"
	text := newEnvironment(t).fails(secret("db", `value_wo = "`+strings.Repeat(literal, 5000)+`"`), "Invalid Secret Value")
	if strings.Contains(text, literal) {
		t.Error("the error repeats the value")
	}
}

func writeConfigFile(t *testing.T, home, content string) {
	t.Helper()
	directory := filepath.Join(home, ".roboto")
	if err := os.MkdirAll(directory, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(directory, "config.json"), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
