// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

const (
	bulkLatency = time.Second
	bulkPages   = 3
)

// refresher reads secrets as a refresh does, from a service that answers after
// bulkLatency. Its organization robototest.DefaultOrg fills bulkPages pages with
// the secrets s-0 to s-24.
type refresher struct {
	t      *testing.T
	server *robototest.Server
	client *roboto.Client
}

// inBubble runs test with a refresher whose clock is fake.
func inBubble(t *testing.T, bulk bool, test func(r refresher)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server := robototest.Start(t, robototest.Options{InMemory: true, PageSize: 10, Orgs: []string{robototest.DefaultOrg, "og_other"}})
		server.Latency(bulkLatency)
		for i := range 25 {
			server.AddSecret(robototest.DefaultOrg, fmt.Sprintf("s-%d", i))
		}
		client := newClient(t, server, roboto.Config{MaxAttempts: 1, BulkRefresh: bulk})
		test(refresher{t, server, client})
	})
}

func ref(name string) roboto.SecretRef {
	return roboto.SecretRef{Name: name, OrgID: robototest.DefaultOrg}
}

// read expects the record of a secret that exists.
func (r refresher) read(ref roboto.SecretRef) {
	r.t.Helper()
	record, err := r.client.RefreshRecord(r.t.Context(), roboto.Record{SecretRef: ref})
	want, _ := r.server.Record(ref.OrgID, ref.Name)
	if err != nil || record.SecretRef != ref || record.ARN != want.ARN || !record.Created.Equal(want.Created) || record.CreatedBy != want.CreatedBy {
		r.t.Errorf("%s is %+v, %v, want %+v", ref.URI(), record, err, want)
	}
}

// wantRequests expects so many requests since the last time it was called.
func (r refresher) wantRequests(pages, single int) {
	r.t.Helper()
	if got := r.server.Count(robototest.ListSecrets); got != pages {
		r.t.Errorf("%d requests for pages, want %d", got, pages)
	}
	if got := r.server.Count(robototest.GetSecret); got != single {
		r.t.Errorf("%d requests for single records, want %d", got, single)
	}
	r.server.ResetRequests()
}

func TestBulkRefreshAsksForPagesNotSecrets(t *testing.T) {
	inBubble(t, true, func(r refresher) {
		for i := range 25 {
			r.read(ref(fmt.Sprintf("s-%d", i)))
		}
		r.wantRequests(bulkPages, 0)
	})
}

func TestWithoutBulkRefreshEachSecretIsAskedFor(t *testing.T) {
	inBubble(t, false, func(r refresher) {
		for i := range 25 {
			r.read(ref(fmt.Sprintf("s-%d", i)))
		}
		r.wantRequests(0, 25)
	})
}

func TestBulkRefreshListsOnceHoweverManyAsk(t *testing.T) {
	inBubble(t, true, func(r refresher) {
		start := time.Now()
		var group sync.WaitGroup
		for i := range 25 {
			group.Go(func() { r.read(ref(fmt.Sprintf("s-%d", i))) })
		}
		group.Wait()
		r.wantRequests(bulkPages, 0)
		if took := time.Since(start); took != bulkPages*bulkLatency {
			r.t.Errorf("it took %s on the fake clock, want %s", took, bulkPages*bulkLatency)
		}
	})
}

func TestBulkRefreshListsEachOrganizationForItself(t *testing.T) {
	inBubble(t, true, func(r refresher) {
		other := roboto.SecretRef{Name: "s-0", OrgID: "og_other"}
		r.server.AddSecret(other.OrgID, other.Name)
		for range 2 {
			r.read(ref("s-0"))
			r.read(other)
		}
		r.wantRequests(bulkPages+1, 0)
	})
}

// A listing that shows another secret may lag behind.
func TestBulkRefreshNeverTakesAnotherSecretForReplaced(t *testing.T) {
	inBubble(t, true, func(r refresher) {
		r.read(ref("s-0"))
		r.server.DeleteSecret(robototest.DefaultOrg, "s-7")
		made := r.server.AddSecret(robototest.DefaultOrg, "s-7")
		known := roboto.Record{SecretRef: ref("s-7"), ARN: made.ARN, Created: made.Created}
		for range 2 {
			if record, err := r.client.RefreshRecord(r.t.Context(), known); err != nil || record.ARN != made.ARN {
				r.t.Errorf("the new secret is %+v, %v", record, err)
			}
		}
		r.wantRequests(bulkPages, 2)
	})
}

// The time in the state stays as it is. Another notation would be a change in each plan.
func TestRefreshKeepsTheDigitsOfATime(t *testing.T) {
	for _, bulk := range []bool{false, true} {
		t.Run(fmt.Sprintf("bulk refresh %v", bulk), func(t *testing.T) {
			inBubble(t, bulk, func(r refresher) {
				made := r.server.AddRecord(robototest.Record{OrgID: robototest.DefaultOrg, Name: "db", Created: time.Now().Add(123456 * time.Microsecond)})
				for _, operation := range []robototest.Operation{robototest.ListSecrets, robototest.GetSecret} {
					r.server.Inject(robototest.Fault{Operation: operation, Mutate: func(page []byte) []byte {
						return regexp.MustCompile(`("created":"[^".]*)\.\d+Z"`).ReplaceAll(page, []byte(`$1+00:00"`))
					}})
				}
				known := roboto.Record{SecretRef: ref("db"), ARN: made.ARN, Created: made.Created}
				if record, err := r.client.RefreshRecord(r.t.Context(), known); err != nil || !record.Created.Equal(made.Created) {
					r.t.Errorf("the secret of %s is %+v, %v", made.Created, record, err)
				}
				if bulk {
					r.wantRequests(bulkPages, 0)
				}
				known.Created = made.Created.Add(time.Second)
				if record, err := r.client.RefreshRecord(r.t.Context(), known); roboto.KindOf(err) != roboto.KindReplaced {
					r.t.Errorf("another secret is %+v, %v", record, err)
				}
			})
		})
	}
}

func TestBulkRefreshNeverTakesAnAbsentNameForDeleted(t *testing.T) {
	inBubble(t, true, func(r refresher) {
		r.read(ref("s-0"))
		r.server.AddSecret(robototest.DefaultOrg, "late")
		r.read(ref("late"))
		r.wantRequests(bulkPages, 1)

		if record, err := r.client.RefreshRecord(r.t.Context(), roboto.Record{SecretRef: ref("never")}); roboto.KindOf(err) != roboto.KindNotFound {
			r.t.Errorf("a secret that never was is %+v, %v", record, err)
		}
		r.wantRequests(0, 1)
	})
}

// Terraform asks for a name in Unicode NFC, whatever other names look like it.
func TestBulkRefreshTakesNoNameForAnother(t *testing.T) {
	inBubble(t, true, func(r refresher) {
		r.server.AddSecret(robototest.DefaultOrg, "cafe\u0301")
		r.server.AddSecret(robototest.DefaultOrg, "caf\u00e9")
		r.server.AddSecret(robototest.DefaultOrg, "re\u0301sume\u0301")
		r.read(ref("caf\u00e9"))
		r.wantRequests(bulkPages, 0)
		if record, err := r.client.RefreshRecord(r.t.Context(), roboto.Record{SecretRef: ref("r\u00e9sum\u00e9")}); roboto.KindOf(err) != roboto.KindNotFound {
			r.t.Errorf("a name in another form is %+v, %v", record, err)
		}
		r.wantRequests(0, 1)
	})
}

func TestBulkRefreshFallsBackToSingleReads(t *testing.T) {
	for name, fault := range map[string]robototest.Fault{
		"refused":                    {Status: http.StatusForbidden, Code: "RobotoUnauthorizedException", Message: "no"},
		"failing at the second page": {Skip: 1, Status: http.StatusInternalServerError, Code: "RobotoInternalException", Message: "oops"},
		"a gateway's 404":            {Status: http.StatusNotFound, Message: "Not Found"},
		"Roboto's 404":               {Status: http.StatusNotFound, Code: "RobotoNotFoundException", Message: "no such organization"},
		"cut short at the last page": {Skip: 2, Truncate: true},
		"with another's organization": {Mutate: func(page []byte) []byte {
			return bytes.ReplaceAll(page, []byte(robototest.DefaultOrg), []byte("og_alien"))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, true, func(r refresher) {
				fault.Operation = robototest.ListSecrets
				r.server.Inject(fault)
				for i := range 25 {
					r.read(ref(fmt.Sprintf("s-%d", i)))
				}
				// It is not tried again, neither for each secret nor later.
				r.wantRequests(fault.Skip+1, 25)
				time.Sleep(time.Hour)
				r.read(ref("s-0"))
				r.wantRequests(0, 1)
			})
		})
	}
}

func TestBulkRefreshLeavesOtherStoresToASingleRead(t *testing.T) {
	inBubble(t, true, func(r refresher) {
		r.server.Inject(robototest.Fault{Operation: robototest.ListSecrets, Mutate: func(page []byte) []byte {
			return bytes.ReplaceAll(page, []byte(`"store_type":"aws"`), []byte(`"store_type":"vault"`))
		}})
		r.read(ref("s-0"))
		r.wantRequests(bulkPages, 1)
	})
}

func TestBulkRefreshWaitsNoLongerThanItsCaller(t *testing.T) {
	inBubble(t, true, func(r refresher) {
		go r.read(ref("s-0"))
		synctest.Wait()
		ctx, cancel := context.WithTimeout(r.t.Context(), bulkLatency/2)
		defer cancel()
		start := time.Now()
		if _, err := r.client.RefreshRecord(ctx, roboto.Record{SecretRef: ref("s-1")}); !errors.Is(err, context.DeadlineExceeded) {
			r.t.Errorf("error = %v, want %v", err, context.DeadlineExceeded)
		}
		if waited := time.Since(start); waited != bulkLatency/2 {
			r.t.Errorf("it waited %s on the fake clock, want %s", waited, bulkLatency/2)
		}
		time.Sleep(bulkPages * bulkLatency)
		r.wantRequests(bulkPages, 0)
	})
}

func TestBulkRefreshSurvivesTheCancelOfTheCallThatLists(t *testing.T) {
	inBubble(t, true, func(r refresher) {
		ctx, cancel := context.WithCancel(r.t.Context())
		go func() { _, _ = r.client.RefreshRecord(ctx, roboto.Record{SecretRef: ref("s-0")}) }()
		synctest.Wait()
		var group sync.WaitGroup
		group.Go(func() { r.read(ref("s-1")) })
		synctest.Wait()
		cancel()
		group.Wait()
		r.wantRequests(bulkPages+1, 0)
	})
}
