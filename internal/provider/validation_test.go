// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"slices"
	"testing"
)

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
