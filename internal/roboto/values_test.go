// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// What an error says of the other versions holds no value, is complete, and comes in time.
func TestKeptVersions(t *testing.T) {
	inService(t, func(s service) {
		access := s.access()
		for range 3 {
			s.server.SetValue(testOrg, "db", "value")
		}
		if kept, ok := access.Kept(s.Context()); !ok || len(kept) != 2 || !kept[0].Text.IsEmpty() || !kept[1].Text.IsEmpty() {
			s.Errorf("the versions kept are %v, want two without their values", kept)
		}
		for _, fault := range []robototest.Fault{{Skip: 1, AWSError: codeAccessDenied}, {Delay: time.Hour}} {
			s.inject(on(robototest.GetValue, fault))
			began := time.Now()
			if kept, ok := access.Kept(s.Context()); ok || kept != nil || time.Since(began) > 10*time.Second {
				s.Errorf("an answer that is not complete after %s: %v", time.Since(began), kept)
			}
			s.server.ClearFaults()
		}
	})
}

// A refusal does not show that nothing was written: an earlier attempt may have been. The matrix has what one fault
// makes of a write.
func TestWriteLooksForItsVersionAfterARefusal(t *testing.T) {
	inService(t, func(s service) {
		access := s.access()
		time.Sleep(time.Hour) // an old secret's refusal is not repeated
		s.inject(on(robototest.PutValue, lostAnswer), robototest.Fault{Operation: robototest.PutValue, AWSError: codeAccessDenied})
		versionID, err := access.Write(s.Context(), NewSensitive("value"))
		if versions := s.server.Versions(testOrg, "db"); err != nil || len(versions) != 1 || versions[0].ID != versionID {
			s.Errorf("%d versions were stored, want one with the ID %q (%v)", len(versions), versionID, err)
		}
		s.wantCount(robototest.PutValue, 2)
	})
}

// JSON would replace what is no UTF-8, and another value would be stored.
func TestValidateValue(t *testing.T) {
	for value, problem := range map[string]string{
		"x": "", strings.Repeat("x", 65536): "", "": "empty", strings.Repeat("x", 65537): "longer than 65536 bytes", "caf\xe9-au-lait": "valid UTF-8",
	} {
		switch err := ValidateValue(NewSensitive(value)); {
		case (err == nil) != (problem == ""), err != nil && (!strings.Contains(err.Error(), problem) || strings.Contains(err.Error(), "lait")):
			t.Errorf("a value of %d bytes: %v, want %q", len(value), err, problem)
		}
	}
}

// What AWS says of another secret or version is not believed. The ID of a version goes into the state, and must
// not repeat the value. TestDisguises tries other forms of it.
func TestAnswersOfAWSAreChecked(t *testing.T) {
	const value, versionID, byID = "s3cr3t-8", `"VersionId":"[^"]*"`, "by ID"
	type test struct {
		stage, old, changed string
		want                Kind
	}
	eachCase(t, map[string]test{
		"another secret":              {"", "123456789012", "210987654321", KindUnexpectedAnswer},
		"another version":             {byID, versionID, `"VersionId":"11111111-2222-3333-4444-555555555555"`, KindUnexpectedAnswer},
		"no valid version":            {"", versionID, `"VersionId":"x"`, KindUnexpectedAnswer},
		"no value":                    {"", `"SecretString"`, `"Secret"`, KindUnexpectedAnswer},
		"another stage":               {StagePrevious, `AWSPREVIOUS`, `AWSCURRENT`, KindUnexpectedAnswer},
		"no version":                  {StagePrevious, versionID, `"V":""`, KindUnexpectedAnswer},
		"an ID that holds the value":  {StageCurrent, versionID, `"VersionId":"0123-` + value + `-0123456789-0123456789"`, KindUnexpectedAnswer},
		"an ID that holds most of it": {"", versionID, `"VersionId":"0123-` + value[:7] + `-0123456789-0123456789"`, KindOther},
	}, func(s service, test test) {
		access := s.access()
		s.server.SetValue(testOrg, "db", value)
		version := Version{Stage: test.stage}
		if id := s.server.SetValue(testOrg, "db", value); test.stage == byID {
			version = Version{ID: id}
		}
		_, err := access.Read(s.Context(), version)
		s.wantKind(err, KindOther)
		s.inject(on(robototest.GetValue, replacing(test.old, test.changed)))
		_, err = access.Read(s.Context(), version)
		s.wantKind(err, test.want)
	})
}

// Not all regions have the same domain.
func TestAWSPlace(t *testing.T) {
	for region, host := range map[string]string{
		"us-west-2":  "secretsmanager.us-west-2.amazonaws.com",
		"cn-north-1": "secretsmanager.cn-north-1.amazonaws.com.cn",
	} {
		if got := offline(t).awsPlace(region); got != (place{service: ServiceAWS, host: host}) {
			t.Errorf("%s: %+v", region, got)
		}
	}
}

// AWS refuses signatures that are more than five minutes off, and no clock is blamed that is right.
func TestClockSkew(t *testing.T) {
	in := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(http.TimeFormat) }
	for date, want := range map[string]string{
		in(14 * time.Minute):  "the clock of this machine is 14 minutes behind AWS's: set it",
		in(-20 * time.Minute): "the clock of this machine is 20 minutes ahead of AWS's: set it",
		in(4 * time.Minute):   "", "now": "", "": "",
	} {
		if got := clockSkew(http.Header{"Date": {date}}); got != want {
			t.Errorf("%s by the clock of AWS: %q, want %q", date, got, want)
		}
	}
}
