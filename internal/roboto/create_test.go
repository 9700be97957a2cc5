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
	"strings"
	"sync"
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
		"the record cannot be looked for":           {faults: []robototest.Fault{lostAfter, hidden}, want: roboto.KindUnsettled, posts: 1},
		"the name is taken and cannot be looked at": {before: older, faults: []robototest.Fault{hidden}, want: roboto.KindNameTaken, posts: 1},
		"no answer ever":                            {faults: []robototest.Fault{{Operation: post, Drop: true}}, want: roboto.KindUnsettled, posts: 3},
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
				record, err := s.client.CreateSecret(t.Context(), ref("db"), roboto.Record{})
				s.wantKind(err, test.want)
				s.wantCount(post, test.posts)
				if stored, exists := s.server.Record(robototest.DefaultOrg, "db"); err == nil && (!exists || record.ARN != stored.ARN) {
					t.Errorf("the record has the ARN %q, the service %q", record.ARN, stored.ARN)
				}
			})
		})
	}
}

// After a lost answer, a record is ours only if Roboto says so. Here, the first POST has no effect,
// and its answer is lost after two seconds. After one second, somebody creates a record of the
// name.
func TestCreateSecretTakesARecordOnlyByFacts(t *testing.T) {
	const (
		caller  = "caller@example.com"
		get     = robototest.GetSecret
		user    = robototest.GetUser
		creds   = robototest.GetCredentials
		awsRead = robototest.GetValue
	)
	ago := func(d time.Duration) func(*robototest.Record) {
		return func(r *robototest.Record) { r.Created = time.Now().Add(-d) }
	}
	by := func(principal string) func(*robototest.Record) {
		return func(r *robototest.Record) { r.CreatedBy = principal }
	}
	// The answer that shows the record is sent a second after it.
	dated := func(d time.Duration) robototest.Fault {
		date := time.Date(2000, 1, 1, 0, 0, 2, 0, time.UTC).Add(d) // the fake clock begins with the year 2000
		return robototest.Fault{Operation: get, Header: http.Header{"Date": {date.Format(http.TimeFormat)}}}
	}
	says := func(answer string) robototest.Fault { return robototest.Fault{Operation: user, Body: answer} }
	for name, test := range map[string]struct {
		record func(*robototest.Record)
		value  string
		faults []robototest.Fault
		// why is a part of the error, or "" if the record is ours.
		why string
		// cause is why something could not be found out.
		cause roboto.Kind
	}{
		"by the caller":            {record: by("user:" + caller)},
		"by the caller's bare ID":  {record: by(caller)},
		"by somebody else":         {record: by("user:somebody@example.com"), why: "somebody else created it"},
		"by a longer ID":           {record: by("user:" + caller + ".org"), why: "somebody else created it"},
		"by an ID in capitals":     {record: by("user:CALLER@example.com"), why: "somebody else created it"},
		"by an action of that ID":  {record: by("invocation:" + caller), why: "somebody else created it"},
		"by a device of that ID":   {record: by("device:" + caller + "@og_test"), why: "somebody else created it"},
		"by a user of a user's ID": {record: by("user:user:" + caller), why: "somebody else created it"},

		"of an earlier run":                   {record: ago(time.Hour), why: "older than the first request"},
		"three seconds older":                 {record: ago(3 * time.Second), why: "older than the first request"},
		"with a second's grace":               {record: ago(2 * time.Second)},
		"older, within that second":           {record: ago(2*time.Second + time.Millisecond), why: "older than the first request"},
		"newer than the answer":               {record: ago(-3 * time.Second), why: "newer than the answer that shows it, whose Date is 2000-01-01T00:00:02Z"},
		"newer, with grace":                   {record: ago(-2 * time.Second)},
		"newer, within that second":           {record: ago(-3*time.Second + time.Millisecond)},
		"from a gateway a minute slow":        {faults: []robototest.Fault{dated(-time.Minute)}, why: "newer than the answer that shows it, whose Date is 1999-12-31T23:59:02Z"},
		"older, from a gateway a minute slow": {record: ago(30 * time.Second), faults: []robototest.Fault{dated(-time.Minute)}, why: "older than the first request"},
		"from a gateway a minute fast":        {faults: []robototest.Fault{dated(time.Minute)}, why: "older than the first request"},
		"newer, from a gateway a minute fast": {record: ago(-30 * time.Second), faults: []robototest.Fault{dated(time.Minute)}, why: "older than the first request"},
		"without a Date":                      {faults: []robototest.Fault{{Operation: get, Header: http.Header{"Date": nil}}}, why: "no Date"},
		"with a Date that is none":            {faults: []robototest.Fault{{Operation: get, Header: http.Header{"Date": {"today"}}}}, why: "no Date"},
		"with a value":                        {value: "somebody's value", why: "it has a value already"},
		"with a value that may not be read":   {faults: []robototest.Fault{{Operation: awsRead, Status: 400, AWSError: "AccessDeniedException"}}, why: "whether it has a value", cause: roboto.KindUnauthorized},
		"without access to the value":         {faults: []robototest.Fault{{Operation: creds, Status: http.StatusForbidden, Code: "RobotoUnauthorizedException"}}, why: "whether it has a value", cause: roboto.KindUnauthorized},
		"replaced before its value is read":   {faults: []robototest.Fault{{Operation: creds, Mutate: func(b []byte) []byte { return bytes.Replace(b, []byte("123456789012"), []byte("210987654321"), 1) }}}, why: "whether it has a value", cause: roboto.KindReplaced},
		"of a caller who cannot be asked for": {faults: []robototest.Fault{{Operation: user, Status: http.StatusForbidden, Code: "RobotoUnauthorizedException"}}, why: "who owns the API key", cause: roboto.KindUnauthorized},
		"of a service without users":          {faults: []robototest.Fault{{Operation: user, Status: http.StatusNotFound, Message: "Not Found"}}, why: "who owns the API key", cause: roboto.KindUnexpectedAnswer},
		"of a caller without an ID":           {faults: []robototest.Fault{says(`{"data": {"user_id": ""}}`)}, why: "who owns the API key", cause: roboto.KindUnexpectedAnswer},
		"of a caller whose ID is a number":    {faults: []robototest.Fault{says(`{"data": {"user_id": 7}}`)}, why: "who owns the API key", cause: roboto.KindUnexpectedAnswer},
		"of a caller with a very long ID":     {faults: []robototest.Fault{says(`{"data": {"user_id": "` + strings.Repeat("x", 3000) + `"}}`)}, why: "who owns the API key", cause: roboto.KindUnexpectedAnswer},
		"of another caller":                   {faults: []robototest.Fault{says(`{"data": {"user_id": "another@example.com"}}`)}, why: "somebody else created it"},
	} {
		t.Run(name, func(t *testing.T) {
			inService(t, func(t *testing.T, s service) {
				s.server.Inject(robototest.Fault{Operation: robototest.CreateSecret, Delay: 2 * time.Second, Drop: true, Times: 1})
				for _, fault := range test.faults {
					s.server.Inject(fault)
				}
				if test.value == "" { // also of a record of the future, which the embedded AWS does not know yet
					s.server.Inject(robototest.Fault{Operation: awsRead, Status: 400, AWSError: "ResourceNotFoundException"})
				}
				var made robototest.Record
				time.AfterFunc(time.Second, func() {
					r := robototest.Record{OrgID: robototest.DefaultOrg, Name: "db", CreatedBy: "user:" + caller}
					if test.record != nil {
						test.record(&r)
					}
					made = s.server.AddRecord(r)
					if test.value != "" {
						s.server.SetValue(robototest.DefaultOrg, "db", test.value)
					}
				})
				record, err := s.client.CreateSecret(t.Context(), ref("db"), roboto.Record{})
				s.wantCount(robototest.CreateSecret, 1)
				if test.why == "" {
					s.wantKind(err, roboto.KindOther)
					if record.ARN != made.ARN || record.CreatedHere.IsZero() {
						t.Errorf("the record is %+v, want %+v", record, made)
					}
					return
				}
				s.wantKind(err, roboto.KindNameTaken)
				e, _ := errors.AsType[*roboto.Error](err)
				if e == nil || !strings.Contains(e.What, test.why) || !strings.Contains(e.What, "by "+made.CreatedBy) || !strings.Contains(e.What, made.ARN) {
					t.Errorf("the error does not say %q, or which record it is: %v", test.why, err)
				}
				if e != nil && (e.Settle != nil) != (test.cause != roboto.KindOther) || e != nil && roboto.KindOf(e.Settle) != test.cause {
					t.Errorf("the cause is %v, want one of the kind %q", e.Settle, test.cause)
				}
				if record.ARN != "" {
					t.Errorf("a record is returned that is not ours: %+v", record)
				}
			})
		})
	}
}

// The name is taken between two POSTs.
func TestCreateSecretAfterALostAnswerAndAConflict(t *testing.T) {
	for creator, want := range map[string]roboto.Kind{"user:somebody@example.com": roboto.KindNameTaken, "user:caller@example.com": roboto.KindOther} {
		t.Run(creator, func(t *testing.T) {
			inService(t, func(t *testing.T, s service) {
				const post = robototest.CreateSecret
				s.server.Inject(robototest.Fault{Operation: post, Status: http.StatusServiceUnavailable, Times: 1})
				s.server.Inject(robototest.Fault{Operation: post, Delay: 10 * time.Second, Times: 1})
				time.AfterFunc(5*time.Second, func() {
					s.server.AddRecord(robototest.Record{OrgID: robototest.DefaultOrg, Name: "db", CreatedBy: creator})
				})
				_, err := s.client.CreateSecret(t.Context(), ref("db"), roboto.Record{})
				s.wantKind(err, want)
				s.wantCount(post, 2)
			})
		})
	}
}

// The error says whose record has the name.
func TestCreateSecretSaysWhoHasTheName(t *testing.T) {
	inService(t, func(t *testing.T, s service) {
		s.server.AddRecord(robototest.Record{
			OrgID: robototest.DefaultOrg, Name: "db", CreatedBy: "user:somebody@example.com", ARN: "arn:aws:secretsmanager:us-west-2:123456789012:secret:roboto",
		})
		_, err := s.client.CreateSecret(t.Context(), ref("db"), roboto.Record{})
		s.wantKind(err, roboto.KindNameTaken)
		const want = "A secret of this name exists already in the organization. " +
			"It was created at 2000-01-01T00:00:00Z by user:somebody@example.com and has the ARN arn:aws:secretsmanager:us-west-2:123456789012:secret:roboto."
		if err == nil || err.Error() != want {
			t.Errorf("the error says %v, want %q", err, want)
		}
		s.wantCount(robototest.GetCredentials, 0)
	})
}

// Who owns the API key is asked only after a lost answer, once, and half a minute after an error again.
func TestCreateSecretAsksOnceWhoOwnsTheKey(t *testing.T) {
	inService(t, func(t *testing.T, s service) {
		create := func(name string, want roboto.Kind) {
			_, err := s.client.CreateSecret(t.Context(), ref(name), roboto.Record{})
			s.wantKind(err, want)
		}
		create("created", roboto.KindOther)
		create("created", roboto.KindNameTaken)
		s.server.Inject(robototest.Fault{Operation: robototest.CreateSecret, Match: named("refused"), Status: 400, Code: "RobotoIllegalArgumentException"})
		create("refused", roboto.KindRefused)
		s.wantCount(robototest.GetUser, 0)

		s.server.Inject(robototest.Fault{Operation: robototest.CreateSecret, Drop: true, After: true})
		s.server.Inject(robototest.Fault{Operation: robototest.GetUser, Status: http.StatusForbidden, Code: "RobotoUnauthorizedException", Times: 1})
		create("unknown", roboto.KindNameTaken)
		create("unknown too", roboto.KindNameTaken)
		s.wantCount(robototest.GetUser, 1)
		time.Sleep(time.Minute)

		var group sync.WaitGroup
		s.server.Latency(time.Second)
		for i := range 20 {
			group.Go(func() { create(fmt.Sprint("lost", i), roboto.KindOther) })
		}
		group.Wait()
		s.wantCount(robototest.GetUser, 2)
	})
}

// A success that shows an old record is none.
func TestCreateSecretRefusesAnOldRecord(t *testing.T) {
	noDate := http.Header{"Date": nil}
	for name, test := range map[string]struct {
		age     time.Duration
		created string
		header  http.Header
		want    roboto.Kind
	}{
		"an hour old":                {age: time.Hour},
		"more than an hour old":      {age: time.Hour + time.Second, want: roboto.KindUnsettled},
		"years old":                  {age: 3 * 365 * 24 * time.Hour, want: roboto.KindUnsettled},
		"years old and without Date": {age: 3 * 365 * 24 * time.Hour, header: noDate},
		"old by a fast gateway":      {header: http.Header{"Date": {"Sat, 01 Jan 2000 02:00:00 GMT"}}, want: roboto.KindUnsettled},
		"new by a slow gateway":      {age: 2 * time.Hour, header: http.Header{"Date": {"Fri, 31 Dec 1999 22:30:00 GMT"}}},
		"of the future":              {age: -time.Hour},
		"of the last year":           {created: "9999-12-31T23:59:59Z"},
		"beyond the last year":       {created: "9999-12-31T23:59:59-01:00", want: roboto.KindUnsettled},
		"of a year with five digits": {created: "10000-01-01T00:00:00Z", want: roboto.KindUnsettled},
	} {
		t.Run(name, func(t *testing.T) {
			inService(t, func(t *testing.T, s service) {
				created := test.created
				if created == "" {
					created = time.Now().Add(-test.age).UTC().Format(time.RFC3339)
				}
				for _, operation := range []robototest.Operation{robototest.CreateSecret, robototest.GetSecret} {
					s.server.Inject(robototest.Fault{Operation: operation, Header: test.header, Mutate: func(b []byte) []byte {
						return regexp.MustCompile(`"created":"[^"]*"`).ReplaceAll(b, []byte(`"created":"`+created+`"`))
					}})
				}
				record, err := s.client.CreateSecret(t.Context(), ref("db"), roboto.Record{})
				s.wantKind(err, test.want)
				s.wantCount(robototest.CreateSecret, 1)
				s.wantCount(robototest.GetCredentials, 0)
				if got := record.Created.Format(time.RFC3339); err == nil && got != created {
					t.Errorf("the record was created at %s, want %s", got, created)
				}
			})
		})
	}
}

// A create that took effect before it was canceled returns the record, which the caller can then
// keep or delete.
func TestCreateSecretIsSettledAfterACancel(t *testing.T) {
	for name, test := range map[string]struct {
		fault robototest.Fault
		other bool
		want  roboto.Kind
	}{
		"it took effect":             {fault: robototest.Fault{Delay: time.Hour, After: true}, want: roboto.KindOther},
		"it may still take effect":   {fault: robototest.Fault{Delay: time.Hour}, want: roboto.KindUnsettled},
		"somebody else has the name": {fault: robototest.Fault{Delay: time.Hour}, other: true, want: roboto.KindNameTaken},
	} {
		t.Run(name, func(t *testing.T) {
			inService(t, func(t *testing.T, s service) {
				test.fault.Operation = robototest.CreateSecret
				s.server.Inject(test.fault)
				if test.other {
					s.server.AddSecret(robototest.DefaultOrg, "db")
				}
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(time.Second, cancel)
				_, err := s.client.CreateSecret(ctx, ref("db"), roboto.Record{})
				s.wantKind(err, test.want)
			})
		})
	}
}

func named(name string) func(robototest.Request) bool {
	return func(r robototest.Request) bool { return r.Name == name || strings.Contains(string(r.Body), name) }
}
