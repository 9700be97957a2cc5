// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// The error of a refused key names its endpoint, and where it came from.
func TestRefusedAPIKeyErrorNamesItsSource(t *testing.T) {
	const wrong = "rbt_a-key-that-nobody-gave"
	for name, test := range map[string]struct {
		block func(endpoint string) fields
		vars  []string
		from  string
	}{
		"block": {
			func(endpoint string) fields { return fields{"api_key": wrong, "endpoint": endpoint} }, nil,
			"with the API key from api_key in the provider block) answered 403 Forbidden",
		},
		"environment": {
			func(string) fields { return fields{} },
			[]string{"ROBOTO_API_KEY", wrong},
			"with the API key from ROBOTO_API_KEY) answered 403 Forbidden",
		},
		"profile": {
			func(string) fields { return fields{"profile": "ci"} }, nil,
			`with the API key from the profile "ci" in `,
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
			p.Fails(out, "Roboto ("+strings.TrimPrefix(endpoint, "http://")+", ", test.from, "Check that the API key is the right one", "It may have expired")
			if text := out.Diagnostics[0].Detail; strings.Contains(text, wrong) {
				t.Errorf("the error holds the key:\n%s", text)
			}
		})
	}
}

// The profile of another account ends in errors that look like another mistake.
func TestErrorsOfAnotherAccountAreToldWithTheSource(t *testing.T) {
	for name, test := range map[string]struct {
		orgs  []string
		fault robototest.Fault
		call  func(*protocol.Provider) outcome
		want  string
	}{
		"several organizations": {
			[]string{testOrg, "og_other"},
			robototest.Fault{},
			func(p *protocol.Provider) outcome {
				_, out := p.ReadDataSource(typeSecrets, fields{})
				return out
			},
			"%s, the API key's owner belongs to several organizations",
		},
		"no organization": {
			[]string{},
			robototest.Fault{},
			func(p *protocol.Provider) outcome {
				_, out := p.ReadDataSource(typeSecrets, fields{})
				return out
			},
			"%s, the API key's owner belongs to no organization",
		},
		"a secret that is hidden": {
			[]string{"og_other"},
			robototest.Fault{Operation: robototest.GetSecret, Status: http.StatusNotFound, Code: "RobotoNotFoundException"},
			func(p *protocol.Provider) outcome { return readImported(p, "db@"+testOrg) },
			"%s answered 404 Not Found",
		},
		"an import of a secret that is not there": {
			[]string{testOrg},
			robototest.Fault{},
			func(p *protocol.Provider) outcome { return readImported(p, "db") },
			"%s answered 404 Not Found",
		},
	} {
		t.Run(name, func(t *testing.T) {
			env := newEnvironment(t)
			env.roboto.AddOrg("og_other", "Other")
			if test.fault.Operation != "" {
				env.roboto.Inject(test.fault)
			}
			p := env.with("ROBOTO_API_KEY", env.roboto.AddAPIKey(robototest.Grant{Orgs: test.orgs})).protocol(fields{})
			service := fmt.Sprintf("Roboto (%s, with the API key from ROBOTO_API_KEY)", strings.TrimPrefix(env.roboto.Endpoint(), "http://"))
			p.Fails(test.call(p), fmt.Sprintf(test.want, service))
		})
	}
}

func readImported(p *protocol.Provider, id string) outcome {
	imported, out := p.Import(id, nil)
	p.Succeeds(out)
	_, out = p.Read(imported)
	return out
}
