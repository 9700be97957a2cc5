// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A refused key is told with its endpoint, where it came from, and what to check there.
func TestRefusedAPIKeyIsToldWithItsSource(t *testing.T) {
	const wrong = "rbt_a-key-that-nobody-gave"
	for name, test := range map[string]struct {
		block       func(endpoint string) fields
		vars        []string
		from, check string
	}{
		"block": {
			func(endpoint string) fields { return fields{"api_key": wrong, "endpoint": endpoint} }, nil,
			"with the API key from api_key in the provider block) answered 403 Forbidden", "Check api_key in the provider block",
		},
		"environment": {
			func(string) fields { return fields{} },
			[]string{"ROBOTO_API_KEY", wrong},
			"with the API key from ROBOTO_API_KEY) answered 403 Forbidden", "Check ROBOTO_API_KEY in the environment",
		},
		"profile": {
			func(string) fields { return fields{"profile": "ci"} }, nil,
			`with the API key from the profile "ci" in `, `Check that the profile "ci" in `,
		},
	} {
		t.Run(name, func(t *testing.T) {
			env := newEnvironment(t)
			endpoint := env.roboto.Endpoint()
			content, err := json.Marshal(map[string]any{"ci": map[string]string{"token": wrong, "default_endpoint": endpoint}})
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Mkdir(filepath.Join(env.Home, ".roboto"), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(env.Home, ".roboto", "config.json"), content, 0o600); err != nil {
				t.Fatal(err)
			}
			p := env.with(test.vars...).protocol(test.block(endpoint))
			_, out := p.ReadDataSource(typeSecret, fields{"name": "db", "org_id": testOrg})
			p.Fails(out, "Roboto ("+strings.TrimPrefix(endpoint, "http://")+", ", test.from, test.check, "The key may have expired")
			if text := out.Diagnostics[0].Detail; strings.Contains(text, wrong) {
				t.Errorf("the error holds the key:\n%s", text)
			}
		})
	}
}
