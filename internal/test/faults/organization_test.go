// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// Secrets without an organization share the look-up, also one that fails.
func TestOrganizationIsLookedUpOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := robototest.Start(t, robototest.Options{InMemory: true})
		server.Inject(robototest.Fault{Operation: robototest.ListOrgs, Status: http.StatusServiceUnavailable})
		c := protocol.NewCore(t, server)
		s := c.MustStart()
		var group sync.WaitGroup
		for range 10 {
			group.Go(func() {
				if _, err := s.Plan(fields{"name": "db"}); err == nil {
					t.Error("planned without an organization")
				}
			})
		}
		group.Wait()
		if n := server.Count(robototest.ListOrgs); n != 10 {
			t.Errorf("%d look-ups, want the ten attempts of one", n)
		}
	})
}

// The ID of an organization becomes a part of the plan.
func TestOrganizationThatRepeatsTheAPIKey(t *testing.T) {
	for name, others := range map[string]string{"the only one": "", "one of two": `,{"org_id":"og_2","name":"two"}`} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := robototest.Start(t, robototest.Options{InMemory: true, APIKey: "key_0123456789_abcdef"})
				server.Inject(robototest.Fault{
					Operation: robototest.ListOrgs, Status: http.StatusOK,
					Body: `{"data":[{"org_id":"` + server.APIKey() + `","name":"one"}` + others + `]}`,
				})
				c := protocol.NewCore(t, server)
				s := c.MustStart()
				_, err := s.Plan(fields{"name": "db"})
				if err == nil || strings.Contains(err.Error(), server.APIKey()) {
					t.Errorf("the error is %v", err)
				}
			})
		})
	}
}

// A key of a few characters occurs in an ARN by chance.
func TestShortAPIKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := robototest.Start(t, robototest.Options{InMemory: true, APIKey: "r"})
		c := protocol.NewCore(t, server)
		c.Must(c.Apply(versionedSecret))
	})
}

// A secret that is replaced does not stay where it is, whatever the default is.
func TestReplacedSecretIsNotSaidToStay(t *testing.T) {
	for name, test := range map[string]struct {
		change fields
		says   bool
	}{
		"kept":     {fields{"name": "db"}, true},
		"replaced": {fields{"name": "cache"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			server := robototest.Start(t, robototest.Options{InMemory: true, Orgs: []string{"og_test", "og_other"}})
			c := protocol.NewCore(t, server)
			c.Settings["org_id"] = "og_test"
			c.Must(c.Apply(fields{"name": "db"}))
			c.Settings["org_id"] = "og_other"
			_, err := c.PlanIsEmpty(test.change)
			c.Must(err)
			if said := strings.Contains(fmt.Sprint(c.Warning), "Roboto Secrets Stay in Their Organization"); said != test.says {
				t.Errorf("the warnings are %v", c.Warning)
			}
		})
	}
}
