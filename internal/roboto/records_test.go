// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zclconf/go-cty/cty"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

func TestWireTime(t *testing.T) {
	second := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	micro := second.Add(678901 * time.Microsecond)
	// Compared with ==: in UTC, not merely the same instant.
	for text, want := range map[string]time.Time{
		"2026-01-02T03:04:05Z": second, "2026-01-02T03:04:05+00:00": second, "2026-01-02T05:34:05+02:30": second,
		"2026-01-01T22:04:05-05:00": second, "2026-01-02T03:04:05": second, "2026-01-02 03:04:05": second,
		"2026-01-02 03:04:05+00:00": second, "2026-01-02 03:04:05Z": second,
		"2026-01-02T03:04:05.678901Z": micro, "2026-01-02T03:04:05.678901+00:00": micro, "2026-01-02T03:04:05.678901": micro,
		"2026-01-02 03:04:05.678901": micro, "2026-01-02 05:04:05.678901+02:00": micro,
	} {
		if got := parseTime(t, text); got != want {
			t.Errorf("%s is %v, want %v", text, got, want)
		}
	}
	for _, raw := range []string{
		`""`, `"now"`, `"2026-01-02"`, `"2026-13-02T03:04:05Z"`, `"2026-01-02T25:04:05Z"`, `"2026-01-02T03:04:05 UTC"`,
		`" 2026-01-02T03:04:05Z"`, `"10000-01-01T00:00:00Z"`, `"9999-12-31T23:59:59-01:00"`, `1767323045`, `null`, `{}`,
	} {
		var got wireTime
		if err := json.Unmarshal([]byte(raw), &got); err == nil {
			t.Errorf("%s is %v, want an error", raw, got)
		}
	}
}

func parseTime(t *testing.T, text string) time.Time {
	t.Helper()
	var parsed wireTime
	if err := json.Unmarshal([]byte(`"`+text+`"`), &parsed); err != nil {
		t.Fatal(err)
	}
	return parsed.Time
}

// list returns the names of the secrets that are listed, and why others are left out.
func (s service) list() (names, omitted []string) {
	s.Helper()
	for record, err := range s.client.Records(s.Context(), testOrg, func(why string) { omitted = append(omitted, why) }) {
		if err != nil {
			s.Fatal(err)
		}
		names = append(names, record.Name)
	}
	return names, omitted
}

// A list leaves out what Terraform would change, because another secret may have the changed name. The
// warning shows how it is written.
func TestNamesThatTerraformChanges(t *testing.T) {
	for name, shown := range map[string]string{
		"caf\u00e9":                         "",
		"\ud55c\uae00":                      "",
		"a\u0323\u0302\u0301":               `"a\u0323\u0302\u0301"`,
		"cafe\u0301":                        `"cafe\u0301"`,
		"\u1112\u1161\u11ab":                `"\u1112\u1161\u11ab"`,
		"273 \u212a":                        `"273 \u212a"`,
		"\u0958":                            `"\u0958"`,
		"a/e\u0301":                         `"a/e\u0301"`,
		"e\u0301::##[error]x":               `"e\u0301:\\x3a#\\x23[error]x"`, // no command of a CI
		"e" + strings.Repeat("\u0301", 300): strings.Repeat(`\u0301`, 249) + `\u2026"`,
	} {
		if changed := cty.StringVal(name).AsString(); changed != NFC(name) {
			t.Errorf("Terraform has %+q, and the provider expects %+q", changed, NFC(name))
		}
		inService(t, func(s service) {
			s.addAll([]SecretRef{ref(name), ref(NFC(name))})
			names, omitted := s.list()
			said := strings.Join(omitted, "\n")
			if !slices.Equal(names, []string{NFC(name)}) || (said == "") != (shown == "") || !strings.Contains(said, shown) ||
				shown != "" && !strings.Contains(said, "by user:somebody@example.com, and its name is ") {
				s.Errorf("the listing of %+q has %+q, and omits %q, want one with %s", name, names, omitted, shown)
			}
		})
	}
}

// An ARN says where the value goes.
func TestARNs(t *testing.T) {
	for arn, fine := range map[string]bool{
		"arn:aws:secretsmanager:us-west-2:123456789012:secret:db":            true,
		"arn:aws:secretsmanager:ap-southeast-12:123456789012:secret:db":      true,
		"arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:db":        true,
		"arn:aws-us-gov:secretsmanager:us-gov-west-1:123456789012:secret:db": true,
		"arn:aws-iso-b:secretsmanager:us-isob-east-1:123456789012:secret:db": true,
		"arn:aws-eusc:secretsmanager:eusc-de-east-1:123456789012:secret:db":  true,
		"arn:aws-cn:secretsmanager:us-west-2:123456789012:secret:db":         false,
		"arn:aws:secretsmanager:cn-north-1:123456789012:secret:db":           false,
		"arn:aws:secretsmanager:us-gov-west-1:123456789012:secret:db":        false,
		"arn:aws-us-gov:secretsmanager:us-iso-east-1:123456789012:secret:db": false,
		"arn:aws:secretsmanager:s3:123456789012:secret:db":                   false,
		"arn:aws:secretsmanager:us-west:123456789012:secret:db":              false,
		"arn:aws:secretsmanager:us-west-2.evil:123456789012:secret:db":       false,
		"arn:aws:secretsmanager:us-west-2:123456789012:secret:a\u00a0b":      false,
		"arn:aws:s3:us-west-2:123456789012:secret:db":                        false,
		"arn:aws:secretsmanager:us-west-2:123456789012:secret:" + "\n::x":    false,
	} {
		inService(t, func(s service) {
			s.server.AddRecord(robototest.Record{OrgID: testOrg, Name: "db", ARN: arn})
			s.server.AddSecret(testOrg, "fine")
			wantKind, wantNames := KindOther, []string{"db", "fine"}
			if !fine {
				wantKind, wantNames = KindUnexpectedAnswer, []string{"fine"}
			}
			_, err := s.client.Record(s.Context(), ref("db"))
			s.wantKind(err, wantKind)
			names, omitted := s.list()
			slices.Sort(names)
			if !slices.Equal(names, wantNames) || fine != (len(omitted) == 0) {
				s.Errorf("%s: the listing has %q, and omits %q", arn, names, omitted)
			}
		})
	}
}
