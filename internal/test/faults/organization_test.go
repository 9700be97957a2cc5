// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

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

// Errors do not wait for each other while somebody's own look-up hangs, whatever it waits for.
func TestErrorsWaitOnceForALookUpOfOthers(t *testing.T) {
	for name, refusal := range map[string]robototest.Fault{
		"403": {Status: http.StatusForbidden, Code: "RobotoUnauthorizedException", Message: "Not permitted."},
		"401": {Status: http.StatusUnauthorized, Message: "Unauthorized"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := robototest.Start(t, robototest.Options{InMemory: true})
				f := newFleet(t, server, 100)
				f.cores[0].Must(f.each(10, applyVersioned))
				f.cores[0].Settings = fields{"request_timeout": "10m"}
				refusal.Operation = robototest.GetSecret
				server.Inject(refusal)
				server.Inject(robototest.Fault{Operation: robototest.ListOrgs, Delay: time.Hour})
				var others sync.WaitGroup
				began := time.Now()
				for i, err := range f.errors(10, func(s *protocol.Session, name string) error {
					if name == "secret-0000" {
						others.Go(func() { s.ReadDataSource(protocol.TypeOrganizations, nil) })
					}
					time.Sleep(time.Millisecond) // until that has sent its request
					return s.Refresh()
				}) {
					// A refused key is one error for all refreshes.
					if err == nil && name == "403" {
						t.Errorf("secret %d was read", i)
					}
				}
				if took := time.Since(began); took > 11*time.Second {
					t.Errorf("it took %s", took)
				}
				others.Wait()
			})
		})
	}
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

// A secret stays where it is when the default changes, and what replaces it goes to the new
// default. A plan says either.
func TestOtherDefaultOrganization(t *testing.T) {
	const stays, moves = "Roboto Secrets Stay in Their Organization", `Roboto Secret "db" Moves to Another Organization`
	for name, test := range map[string]struct {
		change fields
		says   string
	}{
		"kept":                          {fields{"name": "db"}, stays},
		"renamed":                       {fields{"name": "cache"}, moves},
		"renamed in its organization":   {fields{"name": "cache", "org_id": "og_test"}, ""},
		"moved, as org_id asks":         {fields{"name": "db", "org_id": "og_other"}, ""},
		"renamed to a name to be known": {fields{"name": protocol.Unknown}, moves},
	} {
		t.Run(name, func(t *testing.T) {
			server := robototest.Start(t, robototest.Options{InMemory: true, Orgs: []string{"og_test", "og_other"}})
			c := protocol.NewCore(t, server)
			c.Settings["org_id"] = "og_test"
			c.Must(c.Apply(fields{"name": "db"}))
			c.Settings["org_id"] = "og_other"
			_, err := c.PlanIsEmpty(test.change)
			c.Must(err)
			for _, title := range []string{stays, moves} {
				if said := strings.Contains(fmt.Sprint(c.Warning), title); said != (title == test.says) {
					t.Errorf("the warnings are %v", c.Warning)
				}
			}
		})
	}
}

// The only organization of the caller is the default too.
func TestOtherOnlyOrganization(t *testing.T) {
	server := robototest.Start(t, robototest.Options{InMemory: true, Orgs: []string{"og_test", "og_other"}})
	c := protocol.NewCore(t, server)
	c.Must(c.Apply(fields{"name": "db", "org_id": "og_test"}))
	c.Vars["ROBOTO_API_KEY"] = server.AddAPIKey(robototest.Grant{Orgs: []string{"og_other"}})
	s := c.MustStart()
	_, err := s.Plan(fields{"name": "cache"})
	c.Must(err)
	if said := fmt.Sprint(c.Warning); !strings.Contains(said, "creates it in og_other") {
		t.Errorf("the warnings are %v", c.Warning)
	}
}

// With Terraform: "not found" from a Roboto that hides the organization.
func TestTerraformForgetsNothingOfAnotherOrganization(t *testing.T) {
	t.Parallel()
	server := robototest.Start(t, robototest.Options{})
	tf := newTerraform(t, server, oneSecret)
	tf.succeeds(applyNow...)
	server.Inject(robototest.Fault{Operation: robototest.GetSecret, Status: http.StatusNotFound, Code: "RobotoNotFoundException", Message: "no such secret"})
	server.Inject(robototest.Fault{Operation: robototest.ListOrgs, Mutate: func(body []byte) []byte {
		return bytes.ReplaceAll(body, []byte("og_test"), []byte("og_other"))
	}})
	for _, args := range [][]string{applyNow, {"apply", "-auto-approve", "-refresh-only"}, destroyNow} {
		tf.fails(t.Context(), args, "does not belong to the organization og_test")
		tf.holds("test")
	}
}

// A token that has lost its organization is told so, and no secret is forgotten.
func TestGoneIsBelievedOnlyInTheCallersOrganizations(t *testing.T) {
	notFound := robototest.Fault{
		Status: http.StatusNotFound, Code: "RobotoNotFoundException", Message: "no such secret",
		Match: func(r robototest.Request) bool { return r.Operation != robototest.ListOrgs },
	}
	for name, test := range map[string]struct {
		orgs robototest.Fault
		want string
	}{
		"another organization": {robototest.Fault{Mutate: func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("og_test"), []byte("og_other")) }}, "does not belong to the organization og_test"},
		"no answer":            {robototest.Fault{Status: http.StatusServiceUnavailable}, "could not be looked up"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := robototest.Start(t, robototest.Options{InMemory: true})
				f := newFleet(t, server, 5)
				if err := f.each(5, func(s *protocol.Session, name string) error {
					return s.Change(fields{"name": name, "org_id": robototest.DefaultOrg})
				}); err != nil {
					t.Fatal(err)
				}
				server.Inject(notFound)
				test.orgs.Operation = robototest.ListOrgs
				server.Inject(test.orgs)
				server.ResetRequests()
				var mu sync.Mutex
				var all error
				_ = f.each(5, func(s *protocol.Session, name string) error {
					err := s.Refresh()
					mu.Lock()
					defer mu.Unlock()
					if err == nil || !strings.Contains(err.Error(), test.want) {
						all = errors.Join(all, fmt.Errorf("%s: %w", name, err))
					}
					return nil
				})
				if all != nil {
					t.Error(all)
				}
				if n := server.Count(robototest.ListOrgs); test.orgs.Status == 0 && n != 1 {
					t.Errorf("%d requests for the organizations, want 1", n)
				}
				for _, c := range f.cores {
					if c.State == nil {
						t.Error("a secret was forgotten")
					}
				}
			})
		})
	}
}

// If Roboto does not find the caller's organizations either, nothing proves that a secret is gone.
func TestOrganizationsThatAreNotFoundProveNothing(t *testing.T) {
	lost := func(server *robototest.Server, operation robototest.Operation) {
		server.Inject(robototest.Fault{Operation: operation, Status: http.StatusNotFound, Code: "RobotoNotFoundException", Message: "Not found."})
	}
	for name, act := range map[string]func(*protocol.Core) error{
		"refresh": func(c *protocol.Core) error { return c.MustStart().Refresh() },
		"destroy": func(c *protocol.Core) error { return c.MustStart().Change(nil) },
		"move to another organization": func(c *protocol.Core) error {
			return c.MustStart().Change(fields{"name": "db", "org_id": "og_other", "value_wo": canary, "value_wo_version": "1"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
				c.Must(c.Apply(versionedSecret))
				lost(server, robototest.GetSecret)
				lost(server, robototest.ListOrgs)
				err := act(c)
				if err == nil || !strings.Contains(err.Error(), "could not be looked up") {
					t.Errorf("the error is %v", err)
				}
				if _, there := server.Record(robototest.DefaultOrg, "db"); c.State == nil || !there {
					t.Errorf("the state is %v, and the secret is there: %t", c.State, there)
				}
			})
		})
	}
}

// Organizations that are known complete each error, however late. A look-up that failed because the
// service was busy is made again after a while.
func TestLookUpsOfOrganizationsInTime(t *testing.T) {
	inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
		s := c.MustStart()
		for range 3 {
			_, out := s.ReadDataSource(protocol.TypeSecret, fields{"name": "db", "org_id": "og_other"})
			if err := out.Err(); err == nil || !strings.Contains(err.Error(), "does not belong to the organization og_other") {
				t.Errorf("the error is %v", err)
			}
			time.Sleep(time.Minute)
		}
		if n := server.Count(robototest.ListOrgs); n != 1 {
			t.Errorf("%d look-ups, want 1", n)
		}
	})
	inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
		s := c.MustStart()
		server.Inject(robototest.Fault{Operation: robototest.ListOrgs, Status: http.StatusServiceUnavailable})
		plan := func() error {
			_, err := s.Plan(fields{"name": "db"})
			return err
		}
		first, attempts := plan(), server.Count(robototest.ListOrgs)
		if second := plan(); first == nil || second == nil || server.Count(robototest.ListOrgs) != attempts {
			t.Errorf("the errors are %v and %v, after %d look-ups", first, second, server.Count(robototest.ListOrgs))
		}
		server.ClearFaults()
		time.Sleep(time.Minute)
		if err := plan(); err != nil {
			t.Errorf("a minute later: %v", err)
		}
	})
}

// A key may hold the name of an organization. What was asked for is no echo of it.
func TestKeyThatHoldsTheOrganization(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := robototest.Start(t, robototest.Options{InMemory: true, APIKey: "rbt_og_production_4711_x9f8e7d6c5b4a", Orgs: []string{"og_production"}})
		c := protocol.NewCore(t, server)
		c.Must(c.Apply(fields{"name": "db", "org_id": "og_production", "value_wo": canary, "value_wo_version": "1"}))
		if _, err := c.ReadData(protocol.TypeOrganizations, nil); err == nil || !strings.Contains(err.Error(), "repeats a part of the API key") {
			t.Errorf("the organizations: %v", err)
		}
	})
}
