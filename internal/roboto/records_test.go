// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"encoding/json"
	"testing"
	"time"
)

func TestWireTime(t *testing.T) {
	second := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	micro := second.Add(678901 * time.Microsecond)
	// Compared with ==: in UTC, not merely the same instant.
	for text, want := range map[string]time.Time{
		"2026-01-02T03:04:05Z":             second,
		"2026-01-02T03:04:05+00:00":        second,
		"2026-01-02T05:34:05+02:30":        second,
		"2026-01-01T22:04:05-05:00":        second,
		"2026-01-02T03:04:05":              second,
		"2026-01-02 03:04:05":              second,
		"2026-01-02 03:04:05+00:00":        second,
		"2026-01-02 03:04:05Z":             second,
		"2026-01-02T03:04:05.678901Z":      micro,
		"2026-01-02T03:04:05.678901+00:00": micro,
		"2026-01-02T03:04:05.678901":       micro,
		"2026-01-02 03:04:05.678901":       micro,
		"2026-01-02 05:04:05.678901+02:00": micro,
	} {
		var got wireTime
		if err := json.Unmarshal([]byte(`"`+text+`"`), &got); err != nil || got.Time != want {
			t.Errorf("%s is %v, %v, want %v", text, got, err, want)
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
	var record struct {
		LastUsed *wireTime `json:"last_used"`
	}
	if err := json.Unmarshal([]byte(`{"last_used": null}`), &record); err != nil || record.LastUsed != nil {
		t.Errorf("null is %v, %v, want no time", record.LastUsed, err)
	}
}
