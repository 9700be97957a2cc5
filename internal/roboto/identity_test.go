// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"testing"
	"time"
)

// A secret is its ARN and its creation time.
func TestIsAnother(t *testing.T) {
	const arn, otherARN = "arn:aws:secretsmanager:us-west-2:123456789012:secret:a", "arn:aws:secretsmanager:us-west-2:123456789012:secret:b"
	for name, test := range map[string]struct {
		// Times as Roboto or a state may write them. "" is not known.
		arn, known, found string
		another           bool
	}{
		"the same":                        {arn, "2026-01-02T03:04:05.678901Z", "2026-01-02T03:04:05.678901Z", false},
		"another ARN":                     {otherARN, "2026-01-02T03:04:05.678901Z", "2026-01-02T03:04:05.678901Z", true},
		"another time":                    {arn, "2026-01-02T03:04:05.678901Z", "2026-01-02T03:04:06.678901Z", true},
		"both":                            {otherARN, "2026-01-02T03:04:05.678901Z", "2026-01-02T03:04:06.678901Z", true},
		"a microsecond later":             {arn, "2026-01-02T03:04:05.678901Z", "2026-01-02T03:04:05.678902Z", true},
		"another notation":                {arn, "2026-01-02T03:04:05.678901Z", "2026-01-02T03:04:05.678901+00:00", false},
		"another time zone":               {arn, "2026-01-02T03:04:05.678901Z", "2026-01-02T05:04:05.678901+02:00", false},
		"no time zone":                    {arn, "2026-01-02T03:04:05.678901Z", "2026-01-02 03:04:05.678901", false},
		"in milliseconds":                 {arn, "2026-01-02T03:04:05.678901Z", "2026-01-02T03:04:05.678Z", false},
		"in seconds":                      {arn, "2026-01-02T03:04:05.678901Z", "2026-01-02T03:04:05+00:00", false},
		"in microseconds":                 {arn, "2026-01-02T03:04:05.678Z", "2026-01-02T03:04:05.678901Z", false},
		"of seconds in microseconds":      {arn, "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.678901Z", false},
		"in nanoseconds":                  {arn, "2026-01-02T03:04:05.678901Z", "2026-01-02T03:04:05.678901234Z", false},
		"another one in milliseconds":     {arn, "2026-01-02T03:04:05.678901Z", "2026-01-02T03:04:05.679Z", true},
		"another one in seconds":          {arn, "2026-01-02T03:04:05.678901Z", "2026-01-02T03:04:06Z", true},
		"rounded up":                      {arn, "2026-01-02T03:04:05.999999Z", "2026-01-02T03:04:06Z", true},
		"a year later":                    {arn, "2026-01-02T03:04:05Z", "2027-01-02T03:04:05Z", true},
		"after an import":                 {"", "", "2026-01-02T03:04:05.678901Z", false},
		"without a known time":            {arn, "", "2026-01-02T03:04:05.678901Z", false},
		"without a known time, by ARN":    {otherARN, "", "2026-01-02T03:04:05.678901Z", true},
		"without a known ARN":             {"", "2026-01-02T03:04:05.678901Z", "2026-01-02T03:04:05.678901Z", false},
		"without a known ARN, by time":    {"", "2026-01-02T03:04:05.678901Z", "2026-01-02T03:04:06.678901Z", true},
		"seconds that end with a zero":    {arn, "2026-01-02T03:04:10Z", "2026-01-02T03:04:19Z", true},
		"milliseconds that end with zero": {arn, "2026-01-02T03:04:05.670Z", "2026-01-02T03:04:05.679Z", true},
	} {
		t.Run(name, func(t *testing.T) {
			known, found := Record{ARN: test.arn, Created: parseTime(t, test.known)}, Record{ARN: arn, Created: parseTime(t, test.found)}
			if got := found.isAnother(known); got != test.another {
				t.Errorf("it is another secret: %v, want %v", got, test.another)
			}
			want := known.Created
			if want.IsZero() {
				want = found.Created
			}
			if got := found.as(known).Created; !got.Equal(want) {
				t.Errorf("the creation time becomes %s, want %s", got, want)
			}
		})
	}
}

func parseTime(t *testing.T, text string) time.Time {
	t.Helper()
	var parsed wireTime
	if text != "" {
		if err := parsed.UnmarshalJSON([]byte(`"` + text + `"`)); err != nil {
			t.Fatal(err)
		}
	}
	return parsed.Time
}
