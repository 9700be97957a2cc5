// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"testing"
)

func emptyLab() *lab { return newLab(newService("", "", "", nil, 0), "", 0) }

func TestHowACheckEnds(t *testing.T) {
	var interrupt context.CancelFunc
	for name, test := range map[string]struct {
		check   func(*trial)
		verdict verdict
		seen    string
	}{
		"at its end":      {func(*trial) {}, holds, ""},
		"by a difference": {func(check *trial) { check.differs("the status %d", 410); panic("it went on") }, differs, "the status 410"},
		"by a reason":     {func(check *trial) { check.unknown("no %s", "idea"); panic("it went on") }, notKnown, "no idea"},
		"by an error":     {func(*trial) { must(0, errors.New("no answer")); panic("it went on") }, notKnown, "no answer"},
		"by a mistake":    {func(*trial) { panic("what an answer said") }, notKnown, "the check itself failed"},
		"by an interrupt": {func(check *trial) { interrupt(); check.differs("half an answer") }, notKnown, "interrupted"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			interrupt = cancel
			r := fact{check: test.check}.try(ctx, emptyLab())
			if r.verdict != test.verdict || r.seen != test.seen {
				t.Errorf("%s, %q", r.verdict, r.seen)
			}
		})
	}
}

func TestWhatFailedOnceIsNotTriedAgain(t *testing.T) {
	l, tries := emptyLab(), 0
	f := fact{check: func(check *trial) {
		once(check, "something", func() int {
			tries++
			return must(0, errors.New("no luck"))
		})
	}}
	for range 2 {
		if r := f.try(t.Context(), l); r.verdict != notKnown || r.seen != "no luck" {
			t.Errorf("%s, %q", r.verdict, r.seen)
		}
	}
	if tries != 1 {
		t.Errorf("%d tries", tries)
	}
}
