// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"cmp"
	"testing"
)

// A secret is its ARN and its creation time, of which a service may write fewer or more digits.
func TestIsAnother(t *testing.T) {
	const otherARN, unknown = "another ARN", "-"
	for name, test := range map[string]struct {
		// arn is the known one, or that of the record if it is "". Times are as Roboto or a state may write
		// them. What is unknown is not compared.
		arn, known, found string
		another           bool
	}{
		"the same":                        {"", "2026-01-02T03:04:05.678901Z", "2026-01-02T03:04:05.678901Z", false},
		"another ARN":                     {otherARN, "2026-01-02T03:04:05.678901Z", "2026-01-02T03:04:05.678901Z", true},
		"another time":                    {"", "2026-01-02T03:04:05.678901Z", "2026-01-02T03:04:06.678901Z", true},
		"a microsecond later":             {"", "2026-01-02T03:04:05.678901Z", "2026-01-02T03:04:05.678902Z", true},
		"another time zone":               {"", "2026-01-02T03:04:05.678901Z", "2026-01-02T05:04:05.678901+02:00", false},
		"in milliseconds":                 {"", "2026-01-02T03:04:05.678901Z", "2026-01-02T03:04:05.678Z", false},
		"in seconds":                      {"", "2026-01-02T03:04:05.678901Z", "2026-01-02T03:04:05+00:00", false},
		"in microseconds":                 {"", "2026-01-02T03:04:05.678Z", "2026-01-02T03:04:05.678901Z", false},
		"another one in milliseconds":     {"", "2026-01-02T03:04:05.678901Z", "2026-01-02T03:04:05.679Z", true},
		"rounded up":                      {"", "2026-01-02T03:04:05.999999Z", "2026-01-02T03:04:06Z", true},
		"after an import":                 {unknown, unknown, "2026-01-02T03:04:05.678901Z", false},
		"without a known time, by ARN":    {otherARN, unknown, "2026-01-02T03:04:05.678901Z", true},
		"without a known ARN":             {unknown, "2026-01-02T03:04:05.678901Z", "2026-01-02T03:04:05.678901Z", false},
		"without a known ARN, by time":    {unknown, "2026-01-02T03:04:05.678901Z", "2026-01-02T03:04:06.678901Z", true},
		"seconds that end with a zero":    {"", "2026-01-02T03:04:10Z", "2026-01-02T03:04:19Z", true},
		"milliseconds that end with zero": {"", "2026-01-02T03:04:05.670Z", "2026-01-02T03:04:05.679Z", true},
	} {
		found := Record{ARN: "the ARN", Created: parseTime(t, test.found)}
		var known Record
		if test.arn != unknown {
			known.ARN = cmp.Or(test.arn, found.ARN)
		}
		want := found.Created
		if test.known != unknown {
			known.Created = parseTime(t, test.known)
			want = known.Created
		}
		if got := found.isAnother(known); got != test.another {
			t.Errorf("%s: it is another secret: %t, want %t", name, got, test.another)
		}
		if got := found.as(known).Created; !got.Equal(want) {
			t.Errorf("%s: the creation time becomes %s, want %s", name, got, want)
		}
	}
}
