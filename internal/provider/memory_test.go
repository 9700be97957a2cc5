// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
)

func refOf(name string) roboto.SecretRef { return roboto.SecretRef{Name: name, OrgID: "og_test"} }

func recordOf(name string) roboto.Record {
	return roboto.Record{
		SecretRef: refOf(name), ARN: "arn:aws:secretsmanager:us-west-2:123456789012:secret:" + name, Created: time.Date(2026, 1, 2, 3, 4, 5, 678901000, time.UTC),
	}
}

// Each address plans for itself, in any order. The last one learns of the others.
func TestMemoryOfPlans(t *testing.T) {
	type step func(*memory) remembered
	keep := func(name string) step { return func(m *memory) remembered { return m.noteKeep(recordOf(name)) } }
	remove := func(name string) step { return func(m *memory) remembered { return m.noteDelete(recordOf(name), nil) } }
	create := func(name string) step { return func(m *memory) remembered { return m.noteCreate(refOf(name)) } }
	replace := func(old, name string) step {
		return func(m *memory) remembered {
			ref := refOf(name)
			return m.noteDelete(recordOf(old), &ref)
		}
	}
	const (
		nothing  = ""
		conflict = "conflict" // a refusal
	)
	for title, test := range map[string]struct {
		// reads are the names of the secrets that were refreshed.
		reads []string
		steps []step
		// want is a conflict, or the name that is deleted and created. reversed is the same for the
		// reversed steps, if that is something else.
		want, reversed string
	}{
		"one address":                    {steps: []step{keep("db")}},
		"two that keep it":               {steps: []step{keep("db"), keep("db")}},
		"two that delete it":             {steps: []step{remove("db"), remove("db")}},
		"one keeps it, one deletes it":   {steps: []step{keep("db"), remove("db")}, want: conflict},
		"one keeps it, one replaces it":  {steps: []step{keep("db"), replace("db", "cache")}, want: conflict},
		"one keeps another":              {steps: []step{keep("cache"), remove("db")}},
		"one deletes it, one creates it": {steps: []step{remove("db"), create("db")}, want: "db"},
		"one creates another":            {steps: []step{remove("db"), create("cache")}},
		"two create one name":            {steps: []step{create("db"), create("db")}},
		"it is replaced":                 {steps: []step{replace("db", "cache")}},
		"by a name to come":              {steps: []step{replace("db", ""), remove("cache")}},
		"by a name that another deletes": {steps: []step{replace("db", "cache"), remove("cache")}, want: "cache"},
		"another creates its old name":   {steps: []step{replace("db", "cache"), create("db")}, want: "db"},
		"two names are swapped":          {steps: []step{replace("db", "cache"), replace("cache", "db")}, want: "cache", reversed: "db"},
		"count shifts":                   {steps: []step{replace("a", "b"), replace("b", "c"), remove("c")}, want: "c", reversed: "b"},

		"one address, refreshed":              {reads: []string{"db"}, steps: []step{create("db")}},
		"two addresses, one is tainted":       {reads: []string{"db", "db"}, steps: []step{create("db"), keep("db")}, want: conflict},
		"two addresses, and another":          {reads: []string{"db", "db", "cache"}, steps: []step{create("cache"), keep("cache")}},
		"two addresses, and both are kept":    {reads: []string{"db", "db"}, steps: []step{keep("db"), keep("db")}},
		"two addresses, and both are deleted": {reads: []string{"db", "db"}, steps: []step{remove("db"), remove("db")}},
	} {
		t.Run(title, func(t *testing.T) {
			for _, reversed := range []bool{false, true} {
				m := newMemory()
				for _, name := range test.reads {
					m.noteRead(recordOf(name))
				}
				var last remembered
				for i := range test.steps {
					if reversed {
						i = len(test.steps) - 1 - i
					}
					last = test.steps[i](m)
				}
				got, want := last.recreated.Name, test.want
				if last.conflict {
					got = conflict
				}
				if reversed && test.reversed != nothing {
					want = test.reversed
				}
				if got != want {
					t.Errorf("reversed %v: the last one learns of %q, want %q", reversed, got, want)
				}
			}
		})
	}
}

// A secret is its ARN and its creation time, which a listing may give in whole seconds.
func TestMemoryKnowsASecretByARNAndTime(t *testing.T) {
	known := recordOf("db")
	inSeconds, later, otherARN := known, known, known
	inSeconds.Created = known.Created.Truncate(time.Second)
	later.Created = known.Created.Add(time.Second)
	otherARN.ARN += "-other"
	for name, test := range map[string]struct {
		record roboto.Record
		same   bool
	}{
		"the same": {known, true}, "in whole seconds": {inSeconds, true}, "a second later": {later, false}, "another ARN": {otherARN, false},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMemory()
			if m.noteRead(known) {
				t.Error("the first read is of a second address")
			}
			m.noteKeep(known)
			if elsewhere := m.noteRead(test.record); elsewhere != test.same {
				t.Errorf("the second read is of a second address: %v", elsewhere)
			}
			if found := m.noteDelete(test.record, nil); found.conflict != test.same {
				t.Errorf("a conflict with the other address: %v", found.conflict)
			}
		})
	}
}

// Warnings are for whoever refreshes.
func TestMemoryOfRefreshes(t *testing.T) {
	m := newMemory()
	m.noteRead(recordOf("db"))
	for name, want := range map[string]bool{"db": true, "cache": false} {
		if found := m.noteKeep(recordOf(name)); found.refreshed != want {
			t.Errorf("%s is kept after a refresh: %v", name, found.refreshed)
		}
		if found := m.noteCreate(refOf(name)); found.refreshed != want {
			t.Errorf("%s is created after a refresh: %v", name, found.refreshed)
		}
		if found := m.noteDelete(recordOf(name), nil); found.refreshed != want {
			t.Errorf("%s is deleted after a refresh: %v", name, found.refreshed)
		}
	}
}

// A process that creates applies: it warns no more of what it deletes, except of its own.
func TestMemoryOfApplies(t *testing.T) {
	m := newMemory()
	if found := m.noteDelete(recordOf("old"), nil); found.applying {
		t.Error("a plan counts as an apply")
	}
	created := recordOf("db")
	created.CreatedHere = time.Now()
	m.noteCreated(created)
	if !m.createdAt(refOf("db")).Equal(created.CreatedHere) || !m.createdAt(refOf("old")).IsZero() {
		t.Errorf("db was created at %s, old at %s", m.createdAt(refOf("db")), m.createdAt(refOf("old")))
	}
	for name, want := range map[string]bool{"old": true, "db": false} {
		if found := m.noteDelete(recordOf(name), nil); found.applying != want {
			t.Errorf("%s is deleted during an apply: %v, want %v", name, found.applying, want)
		}
	}
}

// Two creates of one name are two blocks. A deletion changes nothing about that: the first create
// may be waiting for it.
func TestMemoryOfClaims(t *testing.T) {
	m := newMemory()
	claim := func(name string, want bool) {
		t.Helper()
		if got := m.claim(refOf(name)); got != want {
			t.Errorf("%s can be claimed: %v, want %v", name, got, want)
		}
	}
	claim("db", true)
	claim("cache", true)
	claim("db", false)
	m.beginDelete(recordOf("db"))(true)
	claim("db", false)
}

// A replacement reserves its name before it deletes, and its create claims it then.
func TestMemoryOfReservations(t *testing.T) {
	m := newMemory()
	for i, want := range []bool{true, false} {
		if got := m.reserve(refOf("db")); got != want {
			t.Errorf("replacement %d gets the name: %v", i, got)
		}
	}
	if m.claim(refOf("db")) {
		t.Error("another create gets the name before the old secret is deleted")
	}
	m.ready(refOf("db"))
	if !m.claim(refOf("db")) || m.reserve(refOf("db")) || !m.claim(refOf("cache")) || m.reserve(refOf("cache")) {
		t.Error("a name that is claimed can be reserved, or a reserved one not be claimed")
	}
}

// A create learns of a deletion of its name when that is over, and only if it succeeded.
func TestMemoryOfDeletions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		for i, succeeds := range []bool{false, true} {
			end := m.beginDelete(recordOf("db"))
			time.AfterFunc(time.Minute, func() { end(succeeds) })
			began := time.Now()
			m.awaitDeletion(t.Context(), refOf("cache"))
			if other := m.deleted(refOf("cache")); other != (roboto.Record{}) || time.Since(began) != 0 {
				t.Errorf("another name was deleted: %+v, after %s", other, time.Since(began))
			}
			m.awaitDeletion(t.Context(), refOf("db"))
			if got := m.deleted(refOf("db")); (got == recordOf("db")) != succeeds || time.Since(began) != time.Minute {
				t.Errorf("deletion %d: %+v, after %s", i, got, time.Since(began))
			}
		}
		m.beginDelete(recordOf("db"))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		m.awaitDeletion(ctx, refOf("db"))
	})
}

func TestMemoryOfAdvice(t *testing.T) {
	m := newMemory()
	for i, advice := range []string{"one", "two", "one", "two"} {
		if first := m.first(advice); first != (i < 2) {
			t.Errorf("%q is given for the first time: %v", advice, first)
		}
	}
}
