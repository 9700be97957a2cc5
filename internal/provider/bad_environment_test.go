// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"maps"
	"testing"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
)

// What is wrong outside of the provider block is an error of each call, and of nothing else. It is
// no reason to wait: nothing else makes it known.
func TestBadEnvironmentIsAnErrorOfWhatNeedsIt(t *testing.T) {
	env := newEnvironment(t)
	existing := env.protocol(fields{}).Apply(instance{}, fields{"name": "db", "value_wo": "value", "value_wo_version": "1"})
	for name, test := range map[string]struct {
		vars  []string
		block fields
		file  string
		want  string
	}{
		"API key":           {vars: []string{"ROBOTO_API_KEY", `"quoted"`}, want: "The api_key from ROBOTO_API_KEY is not usable"},
		"no API key":        {vars: []string{"ROBOTO_API_KEY", ""}, want: "No API key was found"},
		"endpoint":          {vars: []string{"ROBOTO_SERVICE_ENDPOINT", "x"}, want: "The endpoint from ROBOTO_SERVICE_ENDPOINT is not usable"},
		"endpoint of AWS":   {vars: []string{"AWS_ENDPOINT_URL_SECRETS_MANAGER", "x"}, want: "The secrets_manager_endpoint from AWS_ENDPOINT_URL_SECRETS_MANAGER is not usable"},
		"timeout":           {vars: []string{"ROBOTO_DEFAULT_HTTP_TIMEOUT", "soon"}, want: "The request_timeout from ROBOTO_DEFAULT_HTTP_TIMEOUT is not usable"},
		"config file":       {vars: []string{"ROBOTO_API_KEY", ""}, file: "{", want: "Because of the lack of ROBOTO_API_KEY, the API key has to come from a config file"},
		"block's profile":   {block: fields{"profile": "prod"}, want: "Because of profile in the provider block, the API key has to come from a config file"},
		"block's file":      {block: fields{"config_file": "/absent"}, want: "Because of config_file in the provider block, the API key has to come from a config file"},
		"variable's file":   {vars: []string{"ROBOTO_API_KEY", "", "ROBOTO_CONFIG_FILE", "/absent"}, want: "Because of ROBOTO_CONFIG_FILE, the API key has to come from a config file"},
		"variable's choice": {vars: []string{"ROBOTO_API_KEY", "", "ROBOTO_PROFILE", "prod"}, want: "Because of ROBOTO_PROFILE, the API key has to come from a config file"},
	} {
		t.Run(name, func(t *testing.T) {
			env := env.in(t).with(test.vars...)
			env.Home = t.TempDir()
			if test.file != "" {
				writeConfigFile(t, env.Home, test.file)
			}
			env.roboto.ResetRequests()
			p := env.protocol(test.block)
			config := fields{"name": "new", "org_id": testOrg, "value_wo": "value"}
			p.Succeeds(p.Validate(config))
			_, _, out := p.Plan(instance{}, config)
			p.Succeeds(out)
			_, _, out = p.Plan(existing, nil)
			p.Succeeds(out)
			_, out = p.TryApply(instance{}, config)
			p.Fails(out, "Cannot Create Roboto Secret", test.want)
			_, _, out = p.Plan(instance{}, fields{"name": "new"})
			p.Fails(out, "Cannot Find Organization of Roboto Secret", test.want)
			left, out := p.TryApply(existing, nil)
			p.Fails(out, "Cannot Delete Roboto Secret", test.want)
			p.Equal("the state after a deletion", left.State, existing.State)

			unversioned := existing
			unversioned.State = maps.Clone(existing.State)
			unversioned.State["value_wo_version"] = nil
			calls, defaulted := needingCalls(unversioned)
			maps.Copy(calls, defaulted)
			for task, call := range calls {
				t.Run(task, func(t *testing.T) {
					p := env.in(t).protocol(test.block).Deferring()
					p.Fails(call(p), test.want)
				})
			}
			env.makesNoRequest()
		})
	}
}

// An organization that the environment names wrongly is needed where no other is given, and none is
// taken in its place.
func TestBadDefaultOrganization(t *testing.T) {
	const want = "The org_id from ROBOTO_ORG_ID is not usable"
	env := newEnvironment(t)
	existing := env.protocol(fields{}).Apply(instance{}, fields{"name": "db", "value_wo": "value"})
	env = env.with("ROBOTO_ORG_ID", "My Org")
	own, defaulted := needingCalls(existing)
	for task, call := range own {
		t.Run(task, func(t *testing.T) {
			p := env.in(t).protocol(fields{})
			p.Succeeds(call(p))
		})
	}
	defaulted["plan"] = func(p *protocol.Provider) outcome {
		_, _, out := p.Plan(instance{}, fields{"name": "new"})
		return out
	}
	for task, call := range defaulted {
		t.Run(task, func(t *testing.T) {
			env := env.in(t)
			env.roboto.ResetRequests()
			for _, block := range []fields{{}, {"api_key": env.roboto.APIKey()}} {
				p := env.protocol(block).Deferring()
				p.Fails(call(p), want, "Copy the ID from the organization's settings page")
			}
			env.makesNoRequest()
		})
	}
	t.Run("create planned with an API key that is unknown", func(t *testing.T) {
		p := env.in(t).protocol(fields{"api_key": unknown})
		p.Fails(defaulted["plan"](p), want)
	})
	t.Run("the block names another one", func(t *testing.T) {
		p := env.in(t).protocol(fields{"org_id": testOrg})
		p.Succeeds(defaulted["plan"](p))
	})
}
