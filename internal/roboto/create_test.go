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

// What CreateSecret makes of each way in which a POST can end, and of the record that it then
// finds. Whoever gets a record may delete it, so it must be the caller's own.
func TestCreateSecret(t *testing.T) {
	const post, get = robototest.CreateSecret, robototest.GetSecret
	lost := robototest.Fault{Operation: post, Drop: true, Times: 1}
	lostAfter := robototest.Fault{Operation: post, Drop: true, After: true, Times: 1}
	conflict := robototest.Fault{Operation: post, Status: http.StatusConflict, Code: "RobotoConflictException", Times: 1}
	hidden := robototest.Fault{Operation: get, Status: http.StatusForbidden, Code: "RobotoUnauthorizedException"}
	older := func(s *robototest.Server) {
		s.AddSecret(robototest.DefaultOrg, "db")
		time.Sleep(time.Minute)
	}
	for name, test := range map[string]struct {
		before func(*robototest.Server)
		faults []robototest.Fault
		want   roboto.Kind
		posts  int
	}{
		"it is created": {posts: 1},
		"the answer is lost and it has no effect":   {faults: []robototest.Fault{lost}, posts: 2},
		"the answer is lost and it took effect":     {faults: []robototest.Fault{lostAfter}, posts: 1},
		"the name was taken before":                 {before: older, want: roboto.KindNameTaken, posts: 1},
		"the name is not free yet":                  {faults: []robototest.Fault{conflict}, posts: 2},
		"an older record is not ours":               {before: older, faults: []robototest.Fault{lost}, want: roboto.KindNameTaken, posts: 1},
		"the record cannot be looked for":           {faults: []robototest.Fault{lostAfter, hidden}, want: roboto.KindUnsettledCreate, posts: 1},
		"the name is taken and cannot be looked at": {before: older, faults: []robototest.Fault{hidden}, want: roboto.KindNameTaken, posts: 1},
		"no answer ever":                            {faults: []robototest.Fault{{Operation: post, Drop: true}}, want: roboto.KindUnsettledCreate, posts: 3},
		"the service refuses":                       {faults: []robototest.Fault{{Operation: post, Status: 400, Code: "RobotoIllegalArgumentException"}}, want: roboto.KindRefused, posts: 1},
		"somebody was a moment faster": {
			before: func(s *robototest.Server) { s.AddSecret(robototest.DefaultOrg, "db") },
			want:   roboto.KindNameTaken, posts: 1,
		},
		"a record with a value is not ours": {
			faults: []robototest.Fault{{Operation: post, Delay: 2 * time.Second, Drop: true, Times: 1}},
			before: func(s *robototest.Server) {
				time.AfterFunc(time.Second, func() {
					s.AddSecret(robototest.DefaultOrg, "db")
					s.SetValue(robototest.DefaultOrg, "db", "somebody's value")
				})
			},
			want: roboto.KindNameTaken, posts: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			inService(t, func(t *testing.T, s service) {
				if test.before != nil {
					test.before(s.server)
				}
				for _, fault := range test.faults {
					s.server.Inject(fault)
				}
				record, err := s.client.CreateSecret(t.Context(), ref("db"))
				s.wantKind(err, test.want)
				s.wantCount(post, test.posts)
				if stored, exists := s.server.Record(robototest.DefaultOrg, "db"); err == nil && (!exists || record.ARN != stored.ARN) {
					t.Errorf("the record has the ARN %q, the service %q", record.ARN, stored.ARN)
				}
			})
		})
	}
}

// A create that took effect before it was canceled returns the record, which the caller can then
// keep or delete.
func TestCreateSecretIsSettledAfterACancel(t *testing.T) {
	for name, test := range map[string]struct {
		after bool
		want  roboto.Kind
	}{
		"it took effect":           {after: true, want: roboto.KindOther},
		"it may still take effect": {want: roboto.KindUnsettledCreate},
	} {
		t.Run(name, func(t *testing.T) {
			inService(t, func(t *testing.T, s service) {
				s.server.Inject(robototest.Fault{Operation: robototest.CreateSecret, Delay: time.Hour, After: test.after})
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(time.Second, cancel)
				_, err := s.client.CreateSecret(ctx, ref("db"))
				s.wantKind(err, test.want)
			})
		})
	}
}
