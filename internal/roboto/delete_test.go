// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// Roboto deletes by name, so the record is read before each DELETE.
func TestDeleteSecret(t *testing.T) {
	const (
		get = robototest.GetSecret
		del = robototest.DeleteSecret
	)
	lost := robototest.Fault{Operation: del, Drop: true, Times: 1}
	lostAfter := robototest.Fault{Operation: del, Drop: true, After: true, Times: 1}
	hidden := robototest.Fault{Operation: get, Status: http.StatusForbidden, Code: "RobotoUnauthorizedException"}
	remove := func(s *robototest.Server) { s.DeleteSecret(robototest.DefaultOrg, "db") }
	// handOn gives the name to another secret.
	handOn := func(s *robototest.Server) {
		remove(s)
		s.AddSecret(robototest.DefaultOrg, "db")
	}
	for name, test := range map[string]struct {
		before func(*robototest.Server)
		faults []robototest.Fault
		// meanwhile happens a second after the deletion began.
		meanwhile     func(*robototest.Server)
		want          roboto.Kind
		gets, deletes int
		// left is whether a secret of the name is left.
		left bool
	}{
		"it is deleted":               {gets: 1, deletes: 1},
		"it is gone before":           {before: remove, gets: 1},
		"another secret has the name": {before: handOn, gets: 1, left: true},
		"another one has its ARN": {
			before: func(s *robototest.Server) {
				old, _ := s.Record(robototest.DefaultOrg, "db")
				remove(s)
				s.AddRecord(robototest.Record{OrgID: robototest.DefaultOrg, Name: "db", ARN: old.ARN})
			},
			gets: 1, left: true,
		},
		"another one has its creation time": {
			before: func(s *robototest.Server) {
				old, _ := s.Record(robototest.DefaultOrg, "db")
				remove(s)
				s.AddRecord(robototest.Record{OrgID: robototest.DefaultOrg, Name: "db", Created: old.Created})
			},
			gets: 1, left: true,
		},
		"the answer is lost and it took effect":   {faults: []robototest.Fault{lostAfter}, gets: 2, deletes: 1},
		"the answer is lost and it had no effect": {faults: []robototest.Fault{lost}, gets: 2, deletes: 2},
		"the answer is lost and the name is handed on": {
			faults:    []robototest.Fault{{Operation: del, Delay: 2 * time.Minute, Drop: true, Times: 1}},
			meanwhile: handOn,
			gets:      2, deletes: 1, left: true,
		},
		"no answer ever": {faults: []robototest.Fault{{Operation: del, Drop: true}}, want: roboto.KindNoAnswer, gets: 4, deletes: 3, left: true},
		"no answer ever, and the last one took effect": {
			faults: []robototest.Fault{{Operation: del, Drop: true, Times: 2}, lostAfter}, gets: 4, deletes: 3,
		},
		"the answer is lost and it cannot be looked for": {
			faults: []robototest.Fault{lostAfter, {Operation: get, Skip: 1, Status: http.StatusForbidden, Code: "RobotoUnauthorizedException"}},
			want:   roboto.KindUnsettled, gets: 2, deletes: 1,
		},
		"it cannot be looked for":     {faults: []robototest.Fault{hidden}, want: roboto.KindUnauthorized, gets: 1, left: true},
		"a gateway does not find it":  {faults: []robototest.Fault{{Operation: get, Status: http.StatusNotFound, Body: "<html>"}}, want: roboto.KindUnexpectedAnswer, gets: 1, left: true},
		"the service refuses":         {faults: []robototest.Fault{{Operation: del, Status: http.StatusForbidden, Code: "RobotoUnauthorizedException"}}, want: roboto.KindUnauthorized, gets: 1, deletes: 1, left: true},
		"too many requests":           {faults: []robototest.Fault{{Operation: del, Status: http.StatusTooManyRequests, Times: 1}}, gets: 2, deletes: 2},
		"too many requests each time": {faults: []robototest.Fault{{Operation: del, Status: http.StatusTooManyRequests}}, want: roboto.KindUnavailable, gets: 3, deletes: 3, left: true},
		"it is gone when it is deleted": {
			faults:    []robototest.Fault{{Operation: del, Delay: 2 * time.Second}},
			meanwhile: remove, gets: 1, deletes: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			inService(t, func(t *testing.T, s service) {
				known := s.known()
				if test.before != nil {
					test.before(s.server)
				}
				for _, fault := range test.faults {
					s.server.Inject(fault)
				}
				if test.meanwhile != nil {
					time.AfterFunc(time.Second, func() { test.meanwhile(s.server) })
				}
				s.server.ResetRequests()
				s.wantKind(s.client.DeleteSecret(t.Context(), known), test.want)
				s.wantCount(get, test.gets)
				s.wantCount(del, test.deletes)
				if _, left := s.server.Record(robototest.DefaultOrg, "db"); left != test.left {
					t.Errorf("a secret of the name is left: %v, want %v", left, test.left)
				}
			})
		})
	}
}

// known creates a secret, and returns its record a minute later.
func (s service) known() roboto.Record {
	s.t.Helper()
	s.server.AddSecret(robototest.DefaultOrg, "db")
	time.Sleep(time.Minute)
	known, err := s.client.Record(s.t.Context(), ref("db"))
	s.wantKind(err, roboto.KindOther)
	return known
}

// A listing that lags does not answer for a deletion.
func TestDeleteSecretLooksForItselfUnderBulkRefresh(t *testing.T) {
	inBubble(t, true, func(r refresher) {
		known, err := r.client.RefreshRecord(r.t.Context(), roboto.Record{SecretRef: ref("s-7")})
		if err != nil {
			r.t.Fatal(err)
		}
		r.server.DeleteSecret(robototest.DefaultOrg, "s-7")
		r.server.AddSecret(robototest.DefaultOrg, "s-7")
		if err := r.client.DeleteSecret(r.t.Context(), known); err != nil {
			r.t.Error(err)
		}
		r.wantRequests(bulkPages, 1)
		if _, left := r.server.Record(robototest.DefaultOrg, "s-7"); !left {
			r.t.Error("another secret was deleted")
		}
	})
}

// Without ARN and creation time, a deletion could take another secret.
func TestDeleteSecretNeedsToKnowTheSecret(t *testing.T) {
	inService(t, func(t *testing.T, s service) {
		known := s.known()
		s.server.ResetRequests()
		for name, known := range map[string]roboto.Record{
			"a name":          {SecretRef: known.SecretRef},
			"no creation":     {SecretRef: known.SecretRef, ARN: known.ARN},
			"no ARN":          {SecretRef: known.SecretRef, Created: known.Created},
			"no organization": {SecretRef: roboto.SecretRef{Name: "db"}, ARN: known.ARN, Created: known.Created},
			"no name":         {SecretRef: roboto.SecretRef{OrgID: robototest.DefaultOrg}, ARN: known.ARN, Created: known.Created},
		} {
			if s.client.DeleteSecret(t.Context(), known) == nil || s.client.UndoCreate(t.Context(), known) == nil {
				t.Errorf("%s is enough for a deletion", name)
			}
		}
		if requests := s.server.Requests(); len(requests) != 0 {
			t.Errorf("%d requests were sent", len(requests))
		}
	})
}

func TestUndoCreate(t *testing.T) {
	for name, test := range map[string]struct {
		before func(*robototest.Server)
		want   roboto.Kind
	}{
		"it is deleted":     {},
		"it is gone before": {before: func(s *robototest.Server) { s.DeleteSecret(robototest.DefaultOrg, "db") }},
		"another secret has the name": {
			before: func(s *robototest.Server) {
				s.DeleteSecret(robototest.DefaultOrg, "db")
				s.AddSecret(robototest.DefaultOrg, "db")
			},
			want: roboto.KindReplaced,
		},
	} {
		t.Run(name, func(t *testing.T) {
			inService(t, func(t *testing.T, s service) {
				known := s.known()
				if test.before != nil {
					test.before(s.server)
				}
				// After a cancel too.
				ctx, cancel := context.WithCancel(t.Context())
				cancel()
				s.wantKind(s.client.UndoCreate(ctx, known), test.want)
				if _, left := s.server.Record(robototest.DefaultOrg, "db"); left != (test.want == roboto.KindReplaced) {
					t.Errorf("a secret of the name is left: %v", left)
				}
			})
		})
	}
}

// A DELETE that was refused has had no effect, so "not found" still means that the record is new.
func TestUndoOfARecordThatRobotoDoesNotShow(t *testing.T) {
	inService(t, func(t *testing.T, s service) {
		record, err := s.client.CreateSecret(t.Context(), ref("db"), roboto.Record{})
		s.wantKind(err, roboto.KindOther)
		s.server.Inject(robototest.Fault{Operation: robototest.DeleteSecret, Status: http.StatusTooManyRequests, Times: 1})
		s.server.Inject(robototest.Fault{Operation: robototest.GetSecret, Skip: 1, Times: 1, Status: http.StatusNotFound, Code: "RobotoNotFoundException"})
		err = s.client.UndoCreate(t.Context(), record)
		if _, left := s.server.Record(robototest.DefaultOrg, "db"); left != (err != nil) {
			t.Errorf("the undo ends with %v, and a record is left: %t", err, left)
		}
	})
}
