// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
)

// Terraform reports the mistakes of all blocks together, and with each the block. It prints the line that an
// error points at, where a value may stand.
func TestBadBlocksAreRefused(t *testing.T) {
	const tooLong = "tooLongToBeAValue"
	var config strings.Builder
	texts := map[string][]string{}
	add := func(kind, arguments string, want ...string) {
		name := fmt.Sprintf("case%02d", len(texts))
		block, typeName, _ := strings.Cut(kind, " ")
		fmt.Fprintf(&config, "%s %q %q {\n  %s\n}\n", block, typeName, name, strings.ReplaceAll(arguments, "; ", "\n  "))
		texts[strings.TrimPrefix(block+".", "resource.")+typeName+"."+name] = append(want, arguments)
	}
	const secret, data, secrets, ephemeral = "resource roboto_secret", "data roboto_secret", "data roboto_secrets", "ephemeral roboto_secret"
	add(secret, `name = ""`, `attribute "name"`, "must not be empty", "Choose another name")
	add(secret, `name = "a@b"`, `attribute "name"`, `must not contain "@"`)
	add(secret, `name = "db"; org_id = "My Org"`, `attribute "org_id"`, "not its name")
	add(secret, `name = "db"; value_wo = ""`, `The value_wo of the secret "db" is not usable`, "must not be empty", "remove value_wo")
	add(secret, `name = "db"; value_wo = "`+strings.Repeat(tooLong, 4000)+`"`, "value_wo", "65536 bytes", "this one has 68000")
	add(secret, `name = "db"; value_wo_version = "1"`, "value_wo_version", "no value_wo", "remove value_wo_version")
	add(secrets, `org_id = "My Org"`, `attribute "org_id" is not usable`)
	add(data, `name = "db"; version_stage = "AWSPREVIOUS"`, `Set "read_version_id" to true as well`)
	add(data, `name = "db"; version_stage = "AWSPREVIOUS"; read_version_id = false`, `Set "read_version_id" to true as well`)
	add(ephemeral, `name = "db"; version_id = "1"`, "the ID of an AWS version has")
	add(ephemeral, `name = "db"; version_id = "00000000000000000000000000000000"; version_stage = "AWSCURRENT"`, `"version_id" cannot be specified when`)
	for _, kind := range []string{data, ephemeral} {
		more := map[string]string{data: "; read_version_id = true"}[kind]
		add(kind, "# nothing", `Neither "name" nor "uri" is given`)
		add(kind, `name = "db"; uri = "roboto-secret://db"`, `Both "name" and "uri" are given`)
		add(kind, `uri = "https://example.com"`, "must be a secret URI")
		add(kind, `name = "a/b"`, `attribute "name" is not usable`)
		add(kind, `name = "db"; org_id = "My Org"`, `attribute "org_id" is not usable`)
		add(kind, `uri = "roboto-secret://db@og_test"; org_id = "og_other"`, `names the organization "og_test"`)
		add(kind, `name = "db"; version_stage = "AWSPENDING"`+more, `must be one of: ["AWSCURRENT" "AWSPREVIOUS"]`)
	}
	// A variable is unknown when Terraform validates, and no mistake.
	config.WriteString("variable \"read\" {\n  default = true\n}\ndata \"roboto_secret\" \"fine\" {\n  name = \"db\"\n" +
		"  read_version_id = var.read\n  version_stage = \"AWSPREVIOUS\"\n}\n")
	env := newEnvironment(t)
	var got string
	env.runCase(resource.TestCase{
		Steps: []resource.TestStep{{Config: config.String(), PlanOnly: true}},
		ErrorCheck: func(err error) error {
			got = err.Error()
			return nil
		},
	})
	said := map[string]string{}
	for _, one := range strings.Split(got, "\nError: ")[1:] {
		_, block, _ := strings.Cut(one, "  with ")
		block, _, _ = strings.Cut(block, ",")
		said[block] += one
	}
	for block, want := range texts {
		arguments := want[len(want)-1]
		for _, text := range want[:len(want)-1] {
			if !errorLike(text).MatchString(said[block]) {
				t.Errorf("%s with %.80s: %q is not in the error: %s", block, arguments, text, said[block])
			}
		}
	}
	if strings.Contains(got, tooLong) {
		t.Error("an error repeats the value")
	}
	if len(texts) != len(said) {
		t.Errorf("Terraform finds mistakes in %d blocks, want %d:\n%s", len(said), len(texts), got)
	}
	env.makesNoRequest()
}

// The line of a setting may hold a key or a password, so no error points at it.
func TestBadSettingsAreRefused(t *testing.T) {
	const key, password = "rbt_a_literal_key", "hunter2secret"
	for name, test := range map[string]struct {
		settings fields
		texts    []string
	}{
		"an organization's name": {fields{"org_id": "My Org"}, []string{`attribute "org_id"`, "not its name"}},
		"no time":                {fields{"request_timeout": "0s"}, []string{"request_timeout", "positive duration"}},
		"no duration":            {fields{"request_timeout": "30"}, []string{"request_timeout", "positive duration"}},
		"no attempts":            {fields{"max_attempts": 0}, []string{"max_attempts", "at least 1"}},
		"plain http": {
			fields{"endpoint": "http://example.com"}, []string{`attribute "endpoint"`, "plain http", "Use https://example.com"},
		},
		"plain http to Secrets Manager": {
			fields{"secrets_manager_endpoint": "http://example.com"}, []string{`attribute "secrets_manager_endpoint"`, "plain http"},
		},
		"a user in the endpoint":  {fields{"endpoint": "https://me:" + password + "@example.com"}, []string{"endpoint", "nothing else"}},
		"a user at AWS":           {fields{"secrets_manager_endpoint": "https://me:" + password + "@example.com"}, []string{"nothing else"}},
		"a key with a space":      {fields{"api_key": key + " "}, []string{"api_key", "white space"}},
		"a key and a profile":     {fields{"api_key": key, "profile": "prod"}, []string{`"api_key" cannot be specified when "profile"`}},
		"a key and a config file": {fields{"api_key": key, "config_file": "x.json"}, []string{`"api_key" cannot be specified when "config_file"`}},
	} {
		t.Run(name, func(t *testing.T) {
			env := newEnvironment(t)
			p := protocol.Start(t, env.Server())
			out := p.Configure(test.settings)
			p.Fails(out, test.texts...)
			if text := out.Err().Error(); strings.Contains(text, key) || strings.Contains(text, password) {
				t.Errorf("the error shows the setting:\n%s", text)
			}
			for _, d := range out.Diagnostics {
				at := d.Attribute.String()
				if strings.Contains(at, "api_key") || strings.Contains(at, "endpoint") {
					t.Errorf("the error points at %s, whose line Terraform prints", at)
				}
			}
		})
	}
}

// The environment has another API key, which must not take the place of one that a variable
// was to give.
func TestEmptySettingsAreRefused(t *testing.T) {
	env := newEnvironment(t)
	for _, setting := range settingNames(env.protocol(fields{})) {
		if slices.Contains([]string{"max_attempts", "bulk_refresh"}, setting) {
			continue
		}
		t.Run(setting, func(t *testing.T) {
			p := protocol.Start(t, env.Server())
			p.Fails(p.Configure(fields{setting: ""}), setting, "not usable")
			p.Succeeds(p.Configure(fields{setting: nil}))
		})
	}
}

func TestBadListIsRefused(t *testing.T) {
	p := newEnvironment(t).protocol(fields{})
	p.Fails(p.ValidateList(fields{"org_id": "My Org"}), `attribute "org_id"`, "not its name")
}

func TestBadActionIsRefused(t *testing.T) {
	p := newEnvironment(t).with("ROBOTO_API_KEY", "").protocol(fields{})
	check := func(pairs ...any) fields {
		config := fields{"name": "check"}
		for pair := range slices.Chunk(pairs, 2) {
			config[fmt.Sprint(pair[0])] = pair[1]
		}
		return config
	}
	with := func(value any) fields { return check("parameter_values", map[string]any{"key": value}) }
	const combination = "Invalid Attribute Combination"
	for name, test := range map[string]struct {
		config fields
		texts  []string
	}{
		"parameters":                     {config: with("roboto-secret://db@og_test")},
		"parameters that are unknown":    {config: with(unknown)},
		"files":                          {config: check("dataset_id", "ds_1", "file_paths", []any{"**/*.bag"})},
		"a dataset alone":                {config: check("dataset_id", "ds_1")},
		"files of an unknown dataset":    {config: check("dataset_id", unknown, "file_paths", []any{"a"})},
		"two queries":                    {config: check("file_query", "a", "topic_query", "b")},
		"a query and an unknown dataset": {config: check("dataset_id", unknown, "file_query", "a")},
		"durations":                      {config: check("action_timeout", "1h30m", "wait_timeout", "90s")},
		"an owner with a hyphen":         {config: check("action_org_id", "roboto-public")},
		"a parameter like no URI":        {config: with("https://example.com")},
		"a name with a digest":           {check("name", "check@1"), []string{"Invalid Action Name", `must not contain "@"`, `"digest"`}},
		"a name with an owner":           {check("name", "org/check"), []string{"Invalid Action Name", `must not contain "/"`, `"action_org_id"`}},
		"an organization's name":         {check("org_id", "My Org"), []string{"Invalid Organization ID", `"org_id"`}},
		"an owner's name":                {check("action_org_id", "My Org"), []string{"Invalid Organization ID", `"action_org_id"`}},
		"an empty digest":                {check("digest", ""), []string{"digest"}},
		"a malformed URI": {
			with("roboto-secret://db@a b"), []string{"Invalid Secret URI", `The parameter "key" begins like the URI of a secret`},
		},
		"a URI without a name":           {with("roboto-secret://"), []string{"Invalid Secret URI", "must not be empty"}},
		"files of no dataset":            {check("file_paths", []any{"a"}), []string{combination, `"dataset_id" must be specified`}},
		"no files":                       {check("dataset_id", "ds_1", "file_paths", []any{}), []string{"file_paths"}},
		"a file that is null":            {check("dataset_id", "ds_1", "file_paths", []any{nil}), []string{"Null List Value"}},
		"a file query beside a dataset":  {check("dataset_id", "ds_1", "file_query", "a"), []string{combination, `when "file_query"`}},
		"a topic query beside a dataset": {check("dataset_id", "ds_1", "topic_query", "a"), []string{combination, `when "topic_query"`}},
		"a timeout of no whole minutes":  {check("action_timeout", "90s"), []string{"whole minutes", "1m30s"}},
		"a timeout that is no duration": {
			check("action_timeout", "10"), []string{"Invalid Duration", "action_timeout", `"10" is not a positive duration`},
		},
		"a negative wait": {check("wait_timeout", "-1m"), []string{"Invalid Duration", "wait_timeout"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := p.In(t)
			if out := p.ValidateAction(test.config); test.texts == nil {
				p.Succeeds(out)
			} else {
				p.Fails(out, test.texts...)
			}
		})
	}
}

func TestDriftDetectionWithoutEffectIsWarnedOf(t *testing.T) {
	p := newEnvironment(t).protocol(fields{})
	for _, test := range []struct {
		config fields
		texts  []string
	}{
		{fields{"name": "db"}, []string{`The secret "db" has detect_value_drift`, "does not manage the value"}},
		{fields{"name": unknown}, []string{"The secret whose name is not known yet has detect_value_drift"}},
		{fields{"name": "db", "value_wo": unknown, "value_wo_version": "1"}, nil},
		{fields{"name": "db", "value_wo": "value"}, []string{"each plan compares the value anyway"}},
	} {
		test.config["detect_value_drift"] = true
		p.Warns(p.Validate(test.config), test.texts...)
	}
}
