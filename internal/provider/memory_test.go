// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
)

func refOf(name string) roboto.SecretRef { return roboto.SecretRef{Name: name, OrgID: "og_test"} }

func recordOf(name string) roboto.Record {
	return roboto.Record{
		SecretRef: refOf(name), ARN: "arn:aws:secretsmanager:us-west-2:123456789012:secret:" + name,
		Created: time.Date(2026, 1, 2, 3, 4, 5, 678901000, time.UTC),
	}
}

// Each address plans for itself, in any order. The last one learns of the others.
func TestMemoryOfPlans(t *testing.T) {
	type step func(*memory) remembered
	learnsNothing := func(do func(*memory)) step {
		return func(m *memory) remembered {
			do(m)
			return remembered{}
		}
	}
	read := func(name string) step { return learnsNothing(func(m *memory) { m.noteRead(recordOf(name)) }) }
	created := func(name string) step {
		record := recordOf(name)
		record.CreatedHere = time.Now()
		return learnsNothing(func(m *memory) { m.noteCreated(record) })
	}
	keepAs := func(record roboto.Record) step { return func(m *memory) remembered { return m.noteKeep(record) } }
	keep := func(name string) step { return keepAs(recordOf(name)) }
	remove := func(name string) step { return func(m *memory) remembered { return m.noteDelete(recordOf(name), nil) } }
	create := func(name string) step { return func(m *memory) remembered { return m.noteCreate(refOf(name)) } }
	replace := func(old, name string) step {
		ref := refOf(name)
		return func(m *memory) remembered { return m.noteDelete(recordOf(old), &ref) }
	}
	inSeconds, later, otherARN := recordOf("db"), recordOf("db"), recordOf("db")
	inSeconds.Created = inSeconds.Created.Truncate(time.Second)
	later.Created = later.Created.Add(time.Second)
	otherARN.ARN += "-other"
	var (
		nothing   = remembered{}
		conflict  = remembered{conflict: true}
		refreshed = remembered{refreshed: true}
		applying  = remembered{applying: true}
		both      = remembered{conflict: true, refreshed: true}
		again     = func(name string) remembered { return remembered{recreated: refOf(name)} }
	)
	for title, test := range map[string]struct {
		// first are the steps whose order is not reversed.
		first, steps []step
		// want is what the last step learns, and reversed what the first one learns if it is the last.
		want, reversed remembered
	}{
		"one address":                    {nil, []step{keep("db")}, nothing, nothing},
		"two that keep it":               {nil, []step{keep("db"), keep("db")}, nothing, nothing},
		"two that delete it":             {nil, []step{remove("db"), remove("db")}, nothing, nothing},
		"one keeps it, one deletes it":   {nil, []step{keep("db"), remove("db")}, conflict, conflict},
		"one keeps it, one replaces it":  {nil, []step{keep("db"), replace("db", "cache")}, conflict, conflict},
		"one keeps another":              {nil, []step{keep("cache"), remove("db")}, nothing, nothing},
		"one deletes it, one creates it": {nil, []step{remove("db"), create("db")}, again("db"), again("db")},
		"one creates another":            {nil, []step{remove("db"), create("cache")}, nothing, nothing},
		"two create one name":            {nil, []step{create("db"), create("db")}, nothing, nothing},
		"it is replaced":                 {nil, []step{replace("db", "cache")}, nothing, nothing},
		"by a name to come":              {nil, []step{replace("db", ""), remove("cache")}, nothing, nothing},
		"by a name that another deletes": {nil, []step{replace("db", "cache"), remove("cache")}, again("cache"), again("cache")},
		"another creates its old name":   {nil, []step{replace("db", "cache"), create("db")}, again("db"), again("db")},
		"two names are swapped":          {nil, []step{replace("db", "cache"), replace("cache", "db")}, again("cache"), again("db")},
		"count shifts":                   {nil, []step{replace("a", "b"), replace("b", "c"), remove("c")}, again("c"), again("b")},

		// Warnings are for whoever refreshes.
		"refreshed and kept":                  {[]step{read("db")}, []step{keep("db")}, refreshed, refreshed},
		"refreshed and created":               {[]step{read("db")}, []step{create("db")}, refreshed, refreshed},
		"refreshed and deleted":               {[]step{read("db")}, []step{remove("db")}, refreshed, refreshed},
		"another was refreshed":               {[]step{read("cache")}, []step{keep("db"), create("x"), remove("y")}, nothing, nothing},
		"two addresses, one is tainted":       {[]step{read("db"), read("db")}, []step{create("db"), keep("db")}, both, both},
		"two addresses, and another":          {[]step{read("db"), read("db"), read("cache")}, []step{create("cache"), keep("cache")}, refreshed, refreshed},
		"two addresses, and both are kept":    {[]step{read("db"), read("db")}, []step{keep("db"), keep("db")}, refreshed, refreshed},
		"two addresses, and both are deleted": {[]step{read("db"), read("db")}, []step{remove("db"), remove("db")}, refreshed, refreshed},

		// A secret is its ARN and its creation time, which a listing may give in whole seconds.
		"in whole seconds": {[]step{read("db")}, []step{keepAs(inSeconds)}, refreshed, refreshed},
		"a second later":   {[]step{read("db")}, []step{keepAs(later)}, nothing, nothing},
		"another ARN":      {[]step{read("db")}, []step{keepAs(otherARN)}, nothing, nothing},

		// A process that creates applies: it warns no more of what it deletes, except of its own.
		"a deletion during apply":       {[]step{created("db")}, []step{remove("old")}, applying, applying},
		"a deletion of what it created": {[]step{created("db")}, []step{remove("db")}, nothing, nothing},
	} {
		t.Run(title, func(t *testing.T) {
			backwards := slices.Clone(test.steps)
			slices.Reverse(backwards)
			var got [2]remembered
			for i, steps := range [][]step{test.steps, backwards} {
				m := newMemory()
				for _, do := range slices.Concat(test.first, steps) {
					got[i] = do(m)
				}
			}
			if diff := cmp.Diff([2]remembered{test.want, test.reversed}, got, cmp.AllowUnexported(remembered{})); diff != "" {
				t.Errorf("in order and in reverse, the last step learns something else (-want +got):\n%s", diff)
			}
		})
	}
}

// Two creates of one name are two blocks, also after a deletion: the first create may be waiting for it. A
// replacement reserves its name before it deletes, and its create claims it then.
func TestMemoryOfClaims(t *testing.T) {
	m := newMemory()
	claim := func(name string) bool { return m.claim(refOf(name)) }
	for i, step := range []struct {
		what      string
		got, want bool
	}{
		{"the first create", claim("db"), true},
		{"the first create of another name", claim("cache"), true},
		{"a second create", claim("db"), false},
		{"a second create after a deletion", func() bool { m.beginDelete(recordOf("db"))(true); return claim("db") }(), false},
		{"a replacement by a name that is created", m.reserve(refOf("db")), false},
		{"a replacement", m.reserve(refOf("new")), true},
		{"a second replacement", m.reserve(refOf("new")), false},
		{"another create before the old secret is deleted", claim("new"), false},
		{"the create of the replacement", func() bool { m.ready(refOf("new")); return claim("new") }(), true},
		{"another create after it", claim("new"), false},
	} {
		if step.got != step.want {
			t.Errorf("step %d: %s gets the name: %t", i, step.what, step.got)
		}
	}
}
