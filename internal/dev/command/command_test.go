// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package command

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func TestExitCode(t *testing.T) {
	interrupted, cancel := context.WithCancel(t.Context())
	cancel()
	for _, test := range []struct {
		ctx    context.Context
		err    error
		code   int
		stderr string
	}{
		{t.Context(), nil, 0, ""},
		{t.Context(), errors.New("no disk"), 1, "\nFailed: no disk\n"},
		{interrupted, errors.New("killed"), 130, "\nInterrupted.\n"},
		{interrupted, nil, 0, ""},
	} {
		var stderr strings.Builder
		if code := exitCode(test.ctx, test.err, &stderr); code != test.code || stderr.String() != test.stderr {
			t.Errorf("%v: exit code %d and %q, want %d and %q", test.err, code, &stderr, test.code, test.stderr)
		}
	}
}

func TestThousands(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 12034: "12,034", 1234567: "1,234,567"} {
		if got := Thousands(n); got != want {
			t.Errorf("Thousands(%d) = %q, want %q", n, got, want)
		}
	}
}
