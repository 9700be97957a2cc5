// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

func TestReadAndWrite(t *testing.T) {
	inService(t, func(t *testing.T, s service) {
		s.server.AddSecret(robototest.DefaultOrg, "db")
		access := s.client.ValueAccess(roboto.Record{SecretRef: ref("db")})
		_, err := access.Read(t.Context(), roboto.Version{})
		s.wantKind(err, roboto.KindNoValue)

		first, err := access.Write(t.Context(), roboto.NewSensitive("first"))
		s.wantKind(err, roboto.KindOther)
		second, err := access.Write(t.Context(), roboto.NewSensitive("second"))
		s.wantKind(err, roboto.KindOther)
		for version, want := range map[roboto.Version]struct{ value, versionID string }{
			{}:                            {"second", second},
			{ID: first}:                   {"first", first},
			{ID: second}:                  {"second", second},
			{Stage: roboto.StageCurrent}:  {"second", second},
			{Stage: roboto.StagePrevious}: {"first", first},
		} {
			got, err := access.Read(t.Context(), version)
			s.wantKind(err, roboto.KindOther)
			if got.Text.Reveal() != want.value || got.VersionID != want.versionID {
				t.Errorf("version %v is %q of version %q, want %v", version, got.Text.Reveal(), got.VersionID, want)
			}
		}
		s.wantCount(robototest.GetCredentials, 1)
	})
}

// The time of a value is that of its version, and not of the read.
func TestValueHasItsTime(t *testing.T) {
	inService(t, func(t *testing.T, s service) {
		s.server.AddSecret(robototest.DefaultOrg, "db")
		access := s.client.ValueAccess(roboto.Record{SecretRef: ref("db")})
		var want []time.Time
		for _, value := range []string{"first", "second"} {
			time.Sleep(time.Hour + 123*time.Millisecond)
			s.server.SetValue(robototest.DefaultOrg, "db", value)
			want = append(want, time.Now())
		}
		time.Sleep(time.Hour)
		for i, stage := range []string{roboto.StagePrevious, roboto.StageCurrent} {
			got, err := access.Read(t.Context(), roboto.Version{Stage: stage})
			s.wantKind(err, roboto.KindOther)
			if !got.Created.Equal(want[i]) || got.Created.Location() != time.UTC {
				t.Errorf("%s is of %s, want %s", stage, got.Created, want[i].UTC())
			}
		}
	})
}

// What an error says of the other versions holds no value.
func TestKeptVersions(t *testing.T) {
	inService(t, func(t *testing.T, s service) {
		s.server.AddSecret(robototest.DefaultOrg, "db")
		access := s.client.ValueAccess(roboto.Record{SecretRef: ref("db")})
		var ids []string
		for i := range 4 {
			kept, ok := access.Kept(t.Context())
			if want := ids[:min(i, 2)]; !ok || len(kept) != len(want) {
				t.Fatalf("after %d writes: %v", i, kept)
			}
			for j, version := range kept {
				if version.VersionID != ids[j] || version.Created.IsZero() || version.Text.Reveal() != "" {
					t.Errorf("after %d writes: %v", i, kept)
				}
			}
			ids = append([]string{s.server.SetValue(robototest.DefaultOrg, "db", "value")}, ids...)
		}
		s.server.Inject(robototest.Fault{Operation: robototest.GetValue, Skip: 1, AWSError: "AccessDeniedException"})
		if kept, ok := access.Kept(t.Context()); ok || kept != nil {
			t.Errorf("half of the answer: %v", kept)
		}
		s.server.ClearFaults()
		s.server.Inject(robototest.Fault{Operation: robototest.GetValue, Delay: time.Hour})
		began := time.Now()
		if _, ok := access.Kept(t.Context()); ok || time.Since(began) > 10*time.Second {
			t.Errorf("it took %s", time.Since(began))
		}
	})
}

// Whatever happens to the answers, one Write stores one version.
func TestWriteStoresOneVersion(t *testing.T) {
	const put = robototest.PutValue
	for name, test := range map[string]struct {
		faults []robototest.Fault
		want   roboto.Kind
		stored int
	}{
		"one answer is lost":               {faults: []robototest.Fault{{Operation: put, Drop: true, After: true, Times: 1}}, stored: 1},
		"all answers are lost":             {faults: []robototest.Fault{{Operation: put, Drop: true, After: true}}, stored: 1},
		"it never takes effect":            {faults: []robototest.Fault{{Operation: put, Drop: true}}, want: roboto.KindNoAnswer},
		"a retry of a success is refused":  {faults: []robototest.Fault{{Operation: put, Drop: true, After: true, Times: 1}, {Operation: put, Status: 400, AWSError: "AccessDeniedException"}}, stored: 1},
		"the credentials expire":           {faults: []robototest.Fault{{Operation: put, Status: 400, AWSError: "ExpiredTokenException", Times: 1}}, stored: 1},
		"the credentials expire each time": {faults: []robototest.Fault{{Operation: put, Status: 400, AWSError: "ExpiredTokenException"}}, want: roboto.KindRefused},
		"AWS throttles":                    {faults: []robototest.Fault{{Operation: put, Status: 400, AWSError: "ThrottlingException"}}, want: roboto.KindUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			inService(t, func(t *testing.T, s service) {
				s.server.AddSecret(robototest.DefaultOrg, "db")
				time.Sleep(time.Hour) // the grace for new secrets is over
				for _, fault := range test.faults {
					s.server.Inject(fault)
				}
				versionID, err := s.client.ValueAccess(roboto.Record{SecretRef: ref("db")}).Write(t.Context(), roboto.NewSensitive("value"))
				s.wantKind(err, test.want)
				versions := s.server.Versions(robototest.DefaultOrg, "db")
				if len(versions) != test.stored || len(versions) == 1 && versions[0].ID != versionID {
					t.Errorf("%d versions were stored, want %d with the ID %q", len(versions), test.stored, versionID)
				}
			})
		})
	}
}

func TestValidateValue(t *testing.T) {
	for value, valid := range map[string]bool{"": false, "x": true, strings.Repeat("x", 65536): true, strings.Repeat("x", 65537): false} {
		if err := roboto.ValidateValue(roboto.NewSensitive(value)); (err == nil) != valid {
			t.Errorf("a value of %d bytes: %v", len(value), err)
		}
	}
}

// What AWS says of another secret or version is not believed.
func TestAnswersOfAWSAreChecked(t *testing.T) {
	const previous = roboto.StagePrevious
	for name, test := range map[string]struct{ stage, old, changed string }{
		"another secret":  {"", "123456789012", "210987654321"},
		"another version": {"", `"VersionId":"`, `"VersionId":"x`},
		"no value":        {"", `"SecretString"`, `"Secret"`},
		"another stage":   {previous, `["AWSPREVIOUS"]`, `["AWSCURRENT"]`},
		"no version":      {previous, `"VersionId"`, `"Version"`},
	} {
		t.Run(name, func(t *testing.T) {
			inService(t, func(t *testing.T, s service) {
				s.server.AddSecret(robototest.DefaultOrg, "db")
				version := roboto.Version{ID: s.server.SetValue(robototest.DefaultOrg, "db", "dmFsdWU=")}
				if test.stage != "" {
					s.server.SetValue(robototest.DefaultOrg, "db", "b3RoZXI=")
					version = roboto.Version{Stage: test.stage}
				}
				access := s.client.ValueAccess(roboto.Record{SecretRef: ref("db")})
				_, err := access.Read(t.Context(), version)
				s.wantKind(err, roboto.KindOther)
				s.server.Inject(robototest.Fault{Operation: robototest.GetValue, Mutate: func(b []byte) []byte {
					return bytes.ReplaceAll(b, []byte(test.old), []byte(test.changed))
				}})
				_, err = access.Read(t.Context(), version)
				s.wantKind(err, roboto.KindUnexpectedAnswer)
			})
		})
	}
}

// The ID of a version goes into the state. An ID that was asked for cannot be an echo. TestDisguises
// tries other forms.
func TestVersionIDThatRepeatsTheValue(t *testing.T) {
	for name, test := range map[string]struct {
		value, versionID string
		refused          bool
	}{
		"holds the value":     {"s3cr3t-8", "0123-s3cr3t-8-0123456789-0123456789", true},
		"holds a short value": {"e", "11111111-2222-3333-4444-55555555555e", false},
		"holds seven bytes":   {"1111111", "11111111-2222-3333-4444-555555555555", false},
	} {
		t.Run(name, func(t *testing.T) {
			inService(t, func(t *testing.T, s service) {
				s.server.AddSecret(robototest.DefaultOrg, "db")
				current := s.server.SetValue(robototest.DefaultOrg, "db", test.value)
				s.server.Inject(robototest.Fault{Operation: robototest.GetValue, Mutate: func(b []byte) []byte {
					return bytes.ReplaceAll(b, []byte(current), []byte(test.versionID))
				}})
				want := roboto.KindOther
				if test.refused {
					want = roboto.KindUnexpectedAnswer
				}
				for _, version := range []roboto.Version{{}, {Stage: roboto.StageCurrent}} {
					got, err := s.client.ValueAccess(roboto.Record{SecretRef: ref("db")}).Read(t.Context(), version)
					s.wantKind(err, want)
					if !test.refused && (got.Text.Reveal() != test.value || got.VersionID != test.versionID) {
						t.Errorf("the version %q was read", got.VersionID)
					}
				}
			})
		})
	}
}
