// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

const bulkPages, bulkSecrets = 3, 25

// inBulk runs a test with bulk refresh, and a service that takes its time. Its organization testOrg fills bulkPages
// pages with the secrets s-0 to s-24.
func inBulk(t *testing.T, test func(service)) {
	t.Helper()
	inService(t, func(s service) {
		s.server.Latency(time.Second)
		for i := range bulkSecrets {
			s.server.AddSecret(testOrg, fmt.Sprintf("s-%d", i))
		}
		s.client.config.BulkRefresh, s.client.config.MaxAttempts = true, 1
		test(s)
	})
}

// refresh expects the record of a secret that exists.
func (s service) refresh(known Record) {
	s.Helper()
	record, err := s.client.RefreshRecord(s.Context(), known)
	want, _ := s.server.Record(known.OrgID, known.Name)
	same := record.ARN == want.ARN && record.Created.Equal(want.Created) && record.CreatedBy == want.CreatedBy
	if err != nil || record.SecretRef != known.SecretRef || !same {
		s.Errorf("%s is %+v, %v, want %+v", known.URI(), record, err, want)
	}
}

// wantRequests expects so many requests since the last time it was called.
func (s service) wantRequests(pages, single int) {
	s.Helper()
	s.wantCount(robototest.ListSecrets, pages)
	s.wantCount(robototest.GetSecret, single)
	s.server.ResetRequests()
}

// What the listing of an organization cannot tell is asked for. A listing that has fewer digits of a time does not
// change it: another notation would be a change in each plan.
func TestBulkRefresh(t *testing.T) {
	inSeconds := replacing(`("created":"[^".]*)\.\d+Z"`, `$1+00:00"`)
	known := Record{SecretRef: ref("db"), ARN: fineARN, Created: startOfTime.Add(123456 * time.Microsecond)}
	elsewhere := Record{SecretRef: SecretRef{Name: "s-0", OrgID: "og_other"}}
	type records = []Record
	for name, test := range map[string]struct {
		fault robototest.Fault
		// before are secrets that are made before s-0 is read, replaced and since those that are made afterwards.
		before, replaced, since records
		// reads are read after s-0. gone is then not found.
		reads         records
		gone          string
		pages, single int
	}{
		"listed":                  {reads: records{unread("s-0"), unread("s-24")}, pages: bulkPages},
		"listed in whole seconds": {fault: inSeconds, before: records{known}, reads: records{known}, pages: bulkPages},
		"replaced since":          {before: records{unread("db")}, replaced: records{known}, reads: records{known}, pages: bulkPages, single: 1},
		"in another store":        {fault: replacing(`"store_type":"aws"`, `"store_type":"x"`), pages: bulkPages, single: 1},
		"in another organization": {reads: records{elsewhere}, pages: bulkPages + 1},
		"made since":              {since: records{unread("late")}, reads: records{unread("late")}, pages: bulkPages, single: 1},
		"never there":             {gone: "never", pages: bulkPages, single: 1},
		"listed in another form":  {before: records{unread("cafe\u0301")}, gone: "caf\u00e9", pages: bulkPages, single: 1},
		"listed in both forms": {
			before: records{unread("cafe\u0301"), unread("caf\u00e9")}, reads: records{unread("caf\u00e9")}, pages: bulkPages,
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBulk(t, func(s service) {
				add := func(secrets records) {
					for _, secret := range secrets {
						s.server.AddRecord(robototest.Record{OrgID: secret.OrgID, Name: secret.Name, ARN: secret.ARN, Created: secret.Created})
					}
				}
				s.inject(on(robototest.ListSecrets, test.fault))
				s.server.AddOrg("og_other", "Other")
				s.server.AddSecret("og_other", "s-0")
				add(test.before)
				s.refresh(unread("s-0"))
				for _, secret := range test.replaced {
					s.server.DeleteSecret(secret.OrgID, secret.Name)
				}
				add(test.replaced)
				add(test.since)
				for _, known := range test.reads {
					s.refresh(known)
				}
				if test.gone != "" {
					_, err := s.client.RefreshRecord(s.Context(), unread(test.gone))
					s.wantKind(err, KindNotFound)
				}
				s.wantRequests(test.pages, test.single)
			})
		})
	}
}

// An organization is listed once, however many ask. A listing that failed is not tried again, neither for
// each secret nor later. The matrix has other ways to fail.
func TestBulkRefreshListsOnce(t *testing.T) {
	for name, test := range map[string]struct {
		fault         robototest.Fault
		pages, single int
	}{
		"without a fault":            {robototest.Fault{}, bulkPages, 0},
		"not found":                  {robototest.Fault{Status: 404, Code: codeNotFound}, 1, bulkSecrets},
		"failing at the second page": {robototest.Fault{Skip: 1, Status: 500}, 2, bulkSecrets},
	} {
		t.Run(name, func(t *testing.T) {
			inBulk(t, func(s service) {
				s.inject(on(robototest.ListSecrets, test.fault))
				var group sync.WaitGroup
				for i := range bulkSecrets {
					group.Go(func() { s.refresh(unread(fmt.Sprintf("s-%d", i))) })
				}
				group.Wait()
				s.wantRequests(test.pages, test.single)
				time.Sleep(time.Hour)
				s.refresh(unread("s-0"))
				s.wantRequests(0, min(test.single, 1))
			})
		})
	}
}
