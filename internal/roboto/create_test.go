// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"cmp"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// After a lost answer, a record is ours only if Roboto says so. Here, the first POST has no effect,
// and its answer is lost after two seconds. After one second, somebody creates a record of the
// name.
func TestCreateSecretTakesARecordOnlyByFacts(t *testing.T) {
	const (
		caller = "user:caller@example.com"
		user   = robototest.GetUser
		older  = "older than the first request"
		newer  = "newer than the answer that shows it, whose Date is "
		owner  = "who owns the API key"
		value  = "whether it has a value"
	)
	deniedValue := robototest.Fault{AWSError: codeAccessDenied}
	// The Date of the answer that shows the record, relative to its time.
	dated := func(d time.Duration) robototest.Fault {
		answered := startOfTime.Add(2 * time.Second)
		return robototest.Fault{Operation: robototest.GetSecret, Header: http.Header{"Date": {answered.Add(d).Format(http.TimeFormat)}}}
	}
	says := func(userID string) robototest.Fault {
		return robototest.Fault{Operation: user, Status: http.StatusOK, Body: `{"data": {"user_id": ` + userID + `}}`}
	}
	type test struct {
		by    string        // the caller, if ""
		age   time.Duration // of the record at the time at which it is made
		value string
		fault robototest.Fault
		// why is a part of the error, or "" if the record is ours.
		why string
		// cause is why something could not be found out.
		cause Kind
	}
	eachCase(t, map[string]test{
		"by the caller":    {},
		"by somebody else": {by: "user:somebody@example.com", why: "somebody else created it"},
		"with a value":     {value: "somebody's value", why: "it has a value already"},

		"with a second's grace":           {age: 2 * time.Second},
		"older, within that second":       {age: 2*time.Second + time.Millisecond, why: older},
		"three seconds older":             {age: 3 * time.Second, why: older},
		"newer, with grace":               {age: -2 * time.Second},
		"newer, within that second":       {age: -3*time.Second + time.Millisecond},
		"newer than the answer":           {age: -3 * time.Second, why: newer + "2000-01-01T00:00:02Z"},
		"a gateway a minute slow":         {fault: dated(-time.Minute), why: newer + "1999-12-31T23:59:02Z"},
		"older, a gateway a minute slow":  {age: 30 * time.Second, fault: dated(-time.Minute), why: older},
		"a gateway a minute fast":         {fault: dated(time.Minute), why: older},
		"newer, a gateway a minute fast":  {age: -30 * time.Second, fault: dated(time.Minute), why: older},
		"an answer without a Date":        {fault: robototest.Fault{Operation: robototest.GetSecret, Header: http.Header{"Date": nil}}, why: "no Date"},
		"an answer with an unusable Date": {fault: robototest.Fault{Operation: robototest.GetSecret, Header: http.Header{"Date": {"today"}}}, why: "no Date"},

		"a value that may not be read": {fault: on(robototest.GetValue, deniedValue), why: value, cause: KindUnauthorized},
		"no access to the value":       {fault: on(robototest.GetCredentials, deniedRequest), why: value, cause: KindUnauthorized},
		"replaced before that is read": {fault: on(robototest.GetCredentials, replacing("123456789012", "210987654321")), why: value, cause: KindReplaced},
		"a caller who is kept secret":  {fault: on(user, deniedRequest), why: owner, cause: KindUnauthorized},
		"a service without users":      {fault: robototest.Fault{Operation: user, Status: 404}, why: owner, cause: KindUnexpectedAnswer},
		"a caller without an ID":       {fault: says(`""`), why: owner, cause: KindUnexpectedAnswer},
		"a caller with an endless ID":  {fault: says(`"` + strings.Repeat("x", 3000) + `"`), why: owner, cause: KindUnexpectedAnswer},
	}, func(s service, test test) {
		s.inject(robototest.Fault{Operation: robototest.CreateSecret, Delay: 2 * time.Second, Drop: true, Times: 1})
		if test.fault.Operation != "" {
			s.inject(test.fault)
		}
		if test.value == "" { // also of a record of the future, which the embedded AWS does not know yet
			s.inject(robototest.Fault{Operation: robototest.GetValue, AWSError: codeResourceNotFound})
		}
		made := robototest.Record{
			OrgID: testOrg, Name: "db", CreatedBy: cmp.Or(test.by, caller), Created: time.Now().Add(time.Second - test.age),
		}
		added := make(chan robototest.Record, 1)
		time.AfterFunc(time.Second, func() {
			added <- s.server.AddRecord(made)
			if test.value != "" {
				s.server.SetValue(testOrg, "db", test.value)
			}
		})
		record, err := s.client.CreateSecret(s.Context(), ref("db"), Record{})
		made = <-added
		s.wantCount(robototest.CreateSecret, 1)
		e, ours := errorOf(err), test.why == ""
		if ours != (err == nil) || ours != (record.ARN == made.ARN) || ours == record.CreatedHere.IsZero() || !ours && e.Kind != KindNameTaken {
			s.Errorf("the record is ours: %t, want %t: %+v, %v", record.ARN == made.ARN, ours, record, err)
		}
		for _, text := range []string{test.why, "by " + made.CreatedBy, made.ARN} {
			if !ours && !strings.Contains(e.What, text) {
				s.Errorf("the error does not say %q: %v", text, err)
			}
		}
		if got := KindOf(e.Settle); got != test.cause {
			s.Errorf("the cause is %v, want one of the kind %q", e.Settle, test.cause)
		}
	})
}

func TestIsUser(t *testing.T) {
	const id = "caller@example.com"
	for principal, want := range map[description]bool{
		id: true, "user:" + id: true,
		"user:" + id + ".org": false, "user:CALLER@example.com": false, "invocation:" + id: false, "device:" + id + "@og_test": false,
		"user:user:" + id: false, "user:": false, "": false,
	} {
		if got := isUser(principal, id); got != want {
			t.Errorf("%q is the user: %t, want %t", principal, got, want)
		}
	}
}

// Without ARN and creation time, a deletion could take another secret. TestEitherDifferenceMakesAnotherSecret has
// other secrets.
func TestDeleteSecretNeedsToKnowTheSecret(t *testing.T) {
	client, db, created := offline(t), ref("db"), time.Now()
	client.config.Unusable = errors.New("a request")
	for lacks, known := range map[string]Record{
		"ARN and creation time": {SecretRef: db},
		"creation time":         {SecretRef: db, ARN: fineARN},
		"ARN":                   {SecretRef: db, Created: created},
		"organization":          {SecretRef: SecretRef{Name: "db"}, ARN: fineARN, Created: created},
		"name":                  {SecretRef: SecretRef{OrgID: testOrg}, ARN: fineARN, Created: created},
	} {
		for _, err := range []error{client.DeleteSecret(t.Context(), known), client.UndoCreate(t.Context(), known)} {
			if err == nil || errors.Is(err, client.config.Unusable) {
				t.Errorf("a record without %s is enough for a deletion: %v", lacks, err)
			}
		}
	}
}

// A DELETE that was refused has had no effect, so "not found" still means that the record is new. The package
// faults has one whose answer is lost.
func TestUndoOfARecordThatRobotoDoesNotShow(t *testing.T) {
	inService(t, func(s service) {
		record, err := s.client.CreateSecret(s.Context(), ref("db"), Record{})
		s.wantKind(err, KindOther)
		hidden := robototest.Fault{Operation: robototest.GetSecret, Skip: 1, Status: 404, Code: codeNotFound}
		s.inject(robototest.Fault{Operation: robototest.DeleteSecret, Status: 429, Times: 1}, hidden)
		s.wantKind(s.client.UndoCreate(s.Context(), record), KindUnsettled)
	})
}
