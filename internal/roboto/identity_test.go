// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"cmp"
	"testing"
	"time"
)

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
		"another one in seconds":          {"", 5_678_901, 6_000_000, true},
		"rounded up":                      {"", 5_999_999, 6_000_000, true},
		"after an import":                 {unknown, 0, 5_678_901, false},
		"without a known time":            {"", 0, 5_678_901, false},
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
