// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
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
		_, _, err := access.Read(t.Context(), "")
		s.wantKind(err, roboto.KindNoValue)

		first, err := access.Write(t.Context(), roboto.NewSensitive("first"))
		s.wantKind(err, roboto.KindOther)
		second, err := access.Write(t.Context(), roboto.NewSensitive("second"))
		s.wantKind(err, roboto.KindOther)
		for versionID, want := range map[string]string{"": "second", first: "first", second: "second"} {
			value, got, err := access.Read(t.Context(), versionID)
			s.wantKind(err, roboto.KindOther)
			if value.Reveal() != want || versionID != "" && got != versionID {
				t.Errorf("version %q is %q of version %q, want %q", versionID, value.Reveal(), got, want)
			}
		}
		s.wantCount(robototest.GetCredentials, 1)
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
	for name, test := range map[string]struct{ old, changed string }{
		"another secret":  {"123456789012", "210987654321"},
		"another version": {`"VersionId":"`, `"VersionId":"x`},
		"binary data":     {`"SecretString"`, `"SecretBinary"`},
	} {
		t.Run(name, func(t *testing.T) {
			inService(t, func(t *testing.T, s service) {
				s.server.AddSecret(robototest.DefaultOrg, "db")
				versionID := s.server.SetValue(robototest.DefaultOrg, "db", "dmFsdWU=")
				s.server.Inject(robototest.Fault{Operation: robototest.GetValue, Mutate: func(b []byte) []byte {
					return bytes.ReplaceAll(b, []byte(test.old), []byte(test.changed))
				}})
				_, _, err := s.client.ValueAccess(roboto.Record{SecretRef: ref("db")}).Read(t.Context(), versionID)
				s.wantKind(err, roboto.KindUnexpectedAnswer)
			})
		})
	}
}

// The ID of a version goes into the state. An ID that was asked for cannot be an echo.
func TestVersionIDThatRepeatsTheValue(t *testing.T) {
	const long = "correct-horse-battery-staple-0123456789"
	for name, test := range map[string]struct {
		value, versionID string
		refused          bool
	}{
		"the value":           {long, long, true},
		"a part of the value": {"password=" + long + "; user=eve", long, true},
		"holds the value":     {"s3cr3t-8", "0123-s3cr3t-8-0123456789-0123456789", true},
		"the value in hex":    {"a 16-byte secret", hex.EncodeToString([]byte("a 16-byte secret")), true},
		"the value in base64": {"a much longer secret!", base64.StdEncoding.EncodeToString([]byte("a much longer secret!")) + "-0123", true},
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
				value, versionID, err := s.client.ValueAccess(roboto.Record{SecretRef: ref("db")}).Read(t.Context(), "")
				s.wantKind(err, want)
				if !test.refused && (value.Reveal() != test.value || versionID != test.versionID) {
					t.Errorf("the version %q was read", versionID)
				}
			})
		})
	}
}
