// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"cmp"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/zclconf/go-cty/cty"
)

func TestWireTime(t *testing.T) {
	second := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	micro := second.Add(678901 * time.Microsecond)
	for raw, want := range map[string]time.Time{
		`"2026-01-02T03:04:05Z"`: second, `"2026-01-02T03:04:05+00:00"`: second, `"2026-01-02T05:34:05+02:30"`: second,
		`"2026-01-01T22:04:05-05:00"`: second, `"2026-01-02T03:04:05"`: second, `"2026-01-02 03:04:05"`: second,
		`"2026-01-02 03:04:05+00:00"`: second, `"2026-01-02 03:04:05Z"`: second,
		`"2026-01-02T03:04:05.678901Z"`: micro, `"2026-01-02T03:04:05.678901+00:00"`: micro, `"2026-01-02T03:04:05.678901"`: micro,
		`"2026-01-02 03:04:05.678901"`: micro, `"2026-01-02 05:04:05.678901+02:00"`: micro,
		`""`: {}, `"now"`: {}, `"2026-01-02"`: {}, `"2026-13-02T03:04:05Z"`: {}, `"2026-01-02T25:04:05Z"`: {}, `"2026-01-02T03:04:05 UTC"`: {},
		`" 2026-01-02T03:04:05Z"`: {}, `"10000-01-01T00:00:00Z"`: {}, `"9999-12-31T23:59:59-01:00"`: {}, `1767323045`: {}, `null`: {}, `{}`: {},
	} {
		var got wireTime
		err := json.Unmarshal([]byte(raw), &got)
		if got.Time != want || (err == nil) == want.IsZero() { // in UTC, not merely the same instant
			t.Errorf("%s is %v, %v, want %v", raw, got, err, want)
		}
	}
}

// problemOf is why a record of Roboto's must not be used, or "".
func problemOf(t *testing.T, name, arn string) string {
	t.Helper()
	wire := wireRecord{Name: identifier(name), OrgID: testOrg, StoreType: storeTypeAWS, Created: wireTime{time.Now()}}
	wire.Location.ARN = identifier(arn)
	if _, err := offline(t).checkedRecord(answer{}, wire, ref(name)); err != nil {
		return err.Error()
	}
	return ""
}

const fineARN = "arn:aws:secretsmanager:us-west-2:123456789012:secret:db"

// What Terraform would change is not used, because another secret may have the changed name. The warning shows how
// it is written.
func TestNamesThatTerraformChanges(t *testing.T) {
	for name, shown := range map[string]string{
		"caf\u00e9":                         "",
		"\ud55c\uae00":                      "",
		"a\u0323\u0302\u0301":               `"a\u0323\u0302\u0301"`,
		"cafe\u0301":                        `"cafe\u0301"`,
		"\u1112\u1161\u11ab":                `"\u1112\u1161\u11ab"`,
		"273 \u212a":                        `"273 \u212a"`,
		"\u0958":                            `"\u0958"`,
		"e\u0301::##[error]x":               `"e\u0301:\\x3a#\\x23[error]x"`, // no command of a CI
		"e" + strings.Repeat("\u0301", 300): strings.Repeat(`\u0301`, 249) + `\u2026"`,
	} {
		if changed := cty.StringVal(name).AsString(); changed != NFC(name) {
			t.Errorf("Terraform has %+q, and the provider expects %+q", changed, NFC(name))
		}
		said := problemOf(t, name, fineARN)
		if (said == "") != (shown == "") || !strings.Contains(said, shown) || problemOf(t, NFC(name), fineARN) != "" {
			t.Errorf("the name %+q is not used because %q, want %s", name, said, shown)
		}
	}
}

// An ARN says where the value goes.
func TestARNs(t *testing.T) {
	const none, elsewhere = "not the ARN of a secret", "not in the ARN's partition"
	for arn, want := range map[string]string{
		fineARN: "",
		"arn:aws:secretsmanager:ap-southeast-12:123456789012:secret:db":      "",
		"arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:db":        "",
		"arn:aws-us-gov:secretsmanager:us-gov-west-1:123456789012:secret:db": "",
		"arn:aws-iso-b:secretsmanager:us-isob-east-1:123456789012:secret:db": "",
		"arn:aws-eusc:secretsmanager:eusc-de-east-1:123456789012:secret:db":  "",
		"arn:aws-cn:secretsmanager:us-west-2:123456789012:secret:db":         elsewhere,
		"arn:aws:secretsmanager:cn-north-1:123456789012:secret:db":           elsewhere,
		"arn:aws:secretsmanager:us-gov-west-1:123456789012:secret:db":        elsewhere,
		"arn:aws-us-gov:secretsmanager:us-iso-east-1:123456789012:secret:db": elsewhere,
		"arn:aws:secretsmanager:s3:123456789012:secret:db":                   none,
		"arn:aws:secretsmanager:us-west:123456789012:secret:db":              none,
		"arn:aws:secretsmanager:us-west-2.evil:123456789012:secret:db":       none,
		"arn:aws:secretsmanager:us-west-2:123456789012:secret:a\u00a0b":      none,
		"arn:aws:s3:us-west-2:123456789012:secret:db":                        none,
		fineARN + "\n::x": none,
	} {
		if problem := problemOf(t, "db", arn); (problem == "") != (want == "") || !strings.Contains(problem, want) {
			t.Errorf("%q: %q, want %q", arn, problem, want)
		}
	}
}

// A secret is its ARN and its creation time, of which a service may write fewer or more digits.
func TestIsAnother(t *testing.T) {
	const otherARN, unknown = "another ARN", "-"
	for name, test := range map[string]struct {
		// arn is the known one, or that of the record if it is "". Times are in microseconds, and end with the digits
		// that Roboto or a state has. What is unknown is not compared.
		arn          string
		known, found int64 // known is 0 if it is unknown
		another      bool
	}{
		"the same":                        {"", 5_678_901, 5_678_901, false},
		"another ARN":                     {otherARN, 5_678_901, 5_678_901, true},
		"another time":                    {"", 5_678_901, 6_678_901, true},
		"a microsecond later":             {"", 5_678_901, 5_678_902, true},
		"in milliseconds":                 {"", 5_678_901, 5_678_000, false},
		"in seconds":                      {"", 5_678_901, 5_000_000, false},
		"in microseconds":                 {"", 5_678_000, 5_678_901, false},
		"of seconds in microseconds":      {"", 5_000_000, 5_678_901, false},
		"another one in milliseconds":     {"", 5_678_901, 5_679_000, true},
		"rounded up":                      {"", 5_999_999, 6_000_000, true},
		"after an import":                 {unknown, 0, 5_678_901, false},
		"without a known time, by ARN":    {otherARN, 0, 5_678_901, true},
		"without a known ARN":             {unknown, 5_678_901, 5_678_901, false},
		"without a known ARN, by time":    {unknown, 5_678_901, 6_678_901, true},
		"seconds that end with a zero":    {"", 10_000_000, 19_000_000, true},
		"milliseconds that end with zero": {"", 5_670_000, 5_679_000, true},
	} {
		found := Record{ARN: "the ARN", Created: time.UnixMicro(test.found)}
		var known Record
		if test.arn != unknown {
			known.ARN = cmp.Or(test.arn, found.ARN)
		}
		if test.known != 0 {
			known.Created = time.UnixMicro(test.known).UTC()
		}
		if got := found.isAnother(known); got != test.another {
			t.Errorf("%s: it is another secret: %t, want %t", name, got, test.another)
		}
		if got, want := found.as(known).Created, cmp.Or(known.Created, found.Created); got != want {
			t.Errorf("%s: the creation time becomes %s, want %s", name, got, want)
		}
	}
}
