// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"bytes"
	"testing"
	"testing/synctest"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// Roboto does not find a secret. That it is gone, is believed only in an organization of the caller.
func TestGoneIsBelievedOnlyInTheCallersOrganizations(t *testing.T) {
	notFound := robototest.Fault{Status: 404, Code: "RobotoNotFoundException", Message: "Not found."}
	const notKnown = "could not be looked up"
	for orgs, test := range map[string]struct {
		fault robototest.Fault
		says  string
	}{
		"others": {robototest.Fault{Mutate: func(b []byte) []byte {
			return bytes.ReplaceAll(b, []byte(robototest.DefaultOrg), []byte("og_other"))
		}}, "does not belong to the organization og_test"},
		"none found": {notFound, notKnown},
		"no answer":  {robototest.Fault{Status: 503}, notKnown},
	} {
		for name, act := range map[string]func(s *protocol.Session, name string) error{
			"refresh": refresh,
			"destroy": func(s *protocol.Session, _ string) error { return s.Change(nil) },
			"move to another organization": func(s *protocol.Session, name string) error {
				return s.Change(fields{"name": name, "org_id": "og_other", "value_wo": canary, "value_wo_version": "1"})
			},
		} {
			t.Run(orgs+"/"+name, func(t *testing.T) {
				inBubble(t, func(t *testing.T, server *robototest.Server, _ *protocol.Core) {
					f := newFleet(t, server, 3)
					f.cores[0].Must(f.each(1, applyVersioned))
					test.fault.Operation, notFound.Operation = robototest.ListOrgs, robototest.GetSecret
					server.Inject(test.fault)
					server.Inject(notFound)
					server.ResetRequests()
					for i, err := range f.errors(3, act) {
						says(t, err, test.says)
						if f.cores[i].State == nil {
							t.Error("a secret was forgotten")
						}
					}
					if n := server.Count(robototest.ListOrgs); n != 1 && test.fault.Status == 0 {
						t.Errorf("%d requests for the organizations, want 1", n)
					}
					if got := len(recordNames(server)); got != 3 {
						t.Errorf("%d secrets are left", got)
					}
				})
			})
		}
	}
}

// A key of a few characters occurs in an ARN by chance, and a longer one may hold the name of an
// organization. What was asked for is no echo of it.
func TestAPIKeysThatOccurInAnswers(t *testing.T) {
	for orgID, key := range map[string]string{"og_test": "r", "og_production": "rbt_og_production_4711_x9f8e7d6c5b4a"} {
		synctest.Test(t, func(t *testing.T) {
			server := robototest.Start(t, robototest.Options{InMemory: true, APIKey: key, Orgs: []string{orgID}})
			c := protocol.NewCore(t, server)
			c.Must(c.Apply(fields{"name": "db", "org_id": orgID, "value_wo": canary, "value_wo_version": "1"}))
			_, err := c.ReadData(protocol.TypeOrganizations, nil)
			if len(key) < 8 {
				c.Must(err)
			} else {
				says(t, err, "repeats a part of the API key")
			}
		})
	}
}
