// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"fmt"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

const (
	bulkLatency = time.Second
	bulkPages   = 3
	bulkSecrets = 25
)

// inBulk runs a test with bulk refresh, and a service that answers after bulkLatency. Its organization
// testOrg fills bulkPages pages with the secrets s-0 to s-24.
func inBulk(t *testing.T, test func(service)) {
	t.Helper()
	inServiceWith(t, robototest.Options{PageSize: 10, Orgs: []string{testOrg, "og_other"}}, func(s service) {
		s.server.Latency(bulkLatency)
		for i := range bulkSecrets {
			s.server.AddSecret(testOrg, fmt.Sprintf("s-%d", i))
		}
		s.client.config.BulkRefresh, s.client.config.MaxAttempts = true, 1
		test(s)
	})
}

// refresh expects the record of a secret that exists.
func (s service) refresh(ref SecretRef) {
	s.Helper()
	record, err := s.client.RefreshRecord(s.Context(), Record{SecretRef: ref})
	want, _ := s.server.Record(ref.OrgID, ref.Name)
	if err != nil || record.SecretRef != ref || record.ARN != want.ARN || !record.Created.Equal(want.Created) || record.CreatedBy != want.CreatedBy {
		s.Errorf("%s is %+v, %v, want %+v", ref.URI(), record, err, want)
	}
}

// wantRequests expects so many requests since the last time it was called.
func (s service) wantRequests(pages, single int) {
	s.Helper()
	s.wantCount(robototest.ListSecrets, pages)
	s.wantCount(robototest.GetSecret, single)
	s.server.ResetRequests()
}

// What the listing of an organization cannot tell is asked for.
func TestBulkRefresh(t *testing.T) {
	elsewhere := SecretRef{Name: "s-0", OrgID: "og_other"}
	for name, test := range map[string]struct {
		fault robototest.Fault
		// before are secrets that are made before s-0 is read, since those that are made afterwards.
		before, since []SecretRef
		// reads are read after s-0. gone is then not found.
		reads         []SecretRef
		gone          SecretRef
		pages, single int
	}{
		"listed":                  {reads: []SecretRef{ref("s-0"), ref("s-24")}, pages: bulkPages},
		"in another store":        {fault: on(robototest.ListSecrets, replacing(`"store_type":"aws"`, `"store_type":"x"`)), pages: bulkPages, single: 1},
		"in another organization": {before: []SecretRef{elsewhere}, reads: []SecretRef{elsewhere}, pages: bulkPages + 1},
		"made since":              {since: []SecretRef{ref("late")}, reads: []SecretRef{ref("late")}, pages: bulkPages, single: 1},
		"never there":             {gone: ref("never"), pages: bulkPages, single: 1},
		"listed in another form":  {before: []SecretRef{ref("cafe\u0301")}, gone: ref("caf\u00e9"), pages: bulkPages, single: 1},
		"listed in both forms": {
			before: []SecretRef{ref("cafe\u0301"), ref("caf\u00e9")}, reads: []SecretRef{ref("caf\u00e9")}, pages: bulkPages,
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBulk(t, func(s service) {
				if test.fault.Operation != "" {
					s.inject(test.fault)
				}
				s.addAll(test.before)
				s.refresh(ref("s-0"))
				s.addAll(test.since)
				for _, ref := range test.reads {
					s.refresh(ref)
				}
				if test.gone.Name != "" {
					_, err := s.client.RefreshRecord(s.Context(), Record{SecretRef: test.gone})
					s.wantKind(err, KindNotFound)
				}
				s.wantRequests(test.pages, test.single)
			})
		})
	}
}

func (s service) addAll(secrets []SecretRef) {
	for _, secret := range secrets {
		if _, exists := s.server.Record(secret.OrgID, secret.Name); exists {
			continue
		}
		s.server.AddSecret(secret.OrgID, secret.Name)
	}
}

// An organization is listed once, however many ask. A listing that failed is not tried again, neither for
// each secret nor later.
func TestBulkRefreshListsOnce(t *testing.T) {
	const list = robototest.ListSecrets
	for name, test := range map[string]struct {
		fault         robototest.Fault
		pages, single int
	}{
		"without a fault":             {robototest.Fault{}, bulkPages, 0},
		"not chosen":                  {robototest.Fault{}, 0, bulkSecrets},
		"refused":                     {on(list, deniedRequest), 1, bulkSecrets},
		"failing at the second page":  {robototest.Fault{Operation: list, Skip: 1, Status: 500}, 2, bulkSecrets},
		"a gateway's 404":             {robototest.Fault{Operation: list, Status: 404, Message: "Not Found"}, 1, bulkSecrets},
		"Roboto's 404":                {robototest.Fault{Operation: list, Status: 404, Code: codeNotFound}, 1, bulkSecrets},
		"cut short at the last page":  {robototest.Fault{Operation: list, Skip: 2, Truncate: true}, 3, bulkSecrets},
		"with another's organization": {on(list, replacing(testOrg, "og_alien")), 1, bulkSecrets},
		"without its items":           {on(list, replacing(`"items":`, `"things":`)), 1, bulkSecrets},
	} {
		t.Run(name, func(t *testing.T) {
			inBulk(t, func(s service) {
				if test.fault.Operation != "" {
					s.inject(test.fault)
				}
				s.client.config.BulkRefresh = test.pages > 0
				var group sync.WaitGroup
				for i := range bulkSecrets {
					group.Go(func() { s.refresh(ref(fmt.Sprintf("s-%d", i))) })
				}
				group.Wait()
				s.wantRequests(test.pages, test.single)
				time.Sleep(time.Hour)
				s.refresh(ref("s-0"))
				s.wantRequests(0, min(test.single, 1))
			})
		})
	}
}

// A listing that shows another secret may lag behind. One that has fewer digits of a time does not change it:
// another notation would be a change in each plan.
func TestBulkRefreshOfAKnownSecret(t *testing.T) {
	type test struct {
		replaced bool
		single   int
	}
	for name, test := range map[string]test{"in whole seconds": {}, "replaced since": {true, 1}} {
		t.Run(name, func(t *testing.T) {
			inBulk(t, func(s service) {
				made := s.server.AddRecord(robototest.Record{OrgID: testOrg, Name: "db", Created: time.Now().Add(123456 * time.Microsecond)})
				s.inject(robototest.Fault{Operation: robototest.ListSecrets, Mutate: func(page []byte) []byte {
					return regexp.MustCompile(`("created":"[^".]*)\.\d+Z"`).ReplaceAll(page, []byte(`$1+00:00"`))
				}})
				s.refresh(ref("s-0"))
				if test.replaced {
					s.server.DeleteSecret(testOrg, "db")
					made = s.server.AddSecret(testOrg, "db")
				}
				record, err := s.client.RefreshRecord(s.Context(), Record{SecretRef: ref("db"), ARN: made.ARN, Created: made.Created})
				if err != nil || record.ARN != made.ARN || !record.Created.Equal(made.Created) {
					s.Errorf("the secret is %+v (%v), want %+v", record, err, made)
				}
				s.wantRequests(bulkPages, test.single)
			})
		})
	}
}
