// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// Package lives takes secrets through random lives, against the embedded Roboto in fake time. Package
// decisions says how each has to end.
package lives

import (
	"flag"
	"os"
	"testing"

	"pgregory.net/rapid"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

func TestMain(m *testing.M) {
	// The same lives each time, unless the command line says otherwise: a test that fails
	// now and then helps nobody with another change. make soak is for new lives.
	for name, value := range map[string]string{"rapid.seed": "1", "rapid.checks": "300", "rapid.nofailfile": "true"} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// TestLives lives random lives: as many as -rapid.checks says. One that goes wrong is shortened as long
// as it goes wrong in the same way, and printed for replayed.
func TestLives(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		l := lives().Draw(rt, "life")
		if wrong := inFakeTime(t, l); wrong != nil {
			rt.Logf("%s\n\n%v", l, wrong)
			rt.Fatal(wrong.kind)
		}
	})
}

// replayed are lives that once went wrong.
var replayed = map[string]life{
	// A record with a value may be anybody's, so the create must not take it over.
	"other people write into a record whose create had no answer": {
		edit{Name: "db", Value: "v1"},
		apply{Fault: "502 after", Operation: "", Skip: 1, Times: 2, After: 1, Event: meanwhile, Meanwhile: act{Kind: write, Name: "db", Value: "v2"}},
	},
	"killed after the create": {
		edit{Name: "db", Value: "v1", Version: "1"},
		apply{After: 2, Event: kill},
	},
	"other people take the name while a create fails": {
		edit{Name: "db", Value: "v1"},
		apply{Fault: "503", Operation: robototest.CreateSecret, Times: 1, After: 1, Event: meanwhile, Meanwhile: act{Kind: write, Name: "db"}},
	},
	"the same user takes the name while a create fails": {
		edit{Name: "db", Value: "v1"},
		apply{Fault: "dropped", Operation: robototest.CreateSecret, Times: 1, After: 1, Event: meanwhile, Meanwhile: act{Kind: write, Name: "db", Value: "v2", SameUser: true}},
	},
	"the same user has taken the name before a create fails": {
		edit{Name: "db", Value: "v1"},
		act{Kind: write, Name: "db", SameUser: true},
		apply{Fault: "dropped", Operation: robototest.CreateSecret, Times: 1},
	},
	"the name is handed on between the refresh and the deletion": {
		edit{Name: "db", Value: "v1"},
		apply{},
		edit{},
		apply{Operation: robototest.GetSecret, After: 1, Event: meanwhile, Meanwhile: act{Kind: handOn, Name: "db", Value: "v2"}},
	},
	"the name is handed on between the look and the deletion": {
		edit{Name: "db", Value: "v1"},
		apply{},
		edit{},
		apply{Operation: robototest.GetSecret, After: 2, Event: meanwhile, Meanwhile: act{Kind: handOn, Name: "db", Value: "v2"}},
	},
	"interrupted in each request": {
		edit{Name: "db", Value: "v1"},
		apply{Fault: "timeout after", Operation: robototest.CreateSecret, After: 1, Event: interrupt},
		edit{Name: "cache", Value: "v2"},
		apply{Fault: "timeout after", Operation: robototest.DeleteSecret, After: 1, Event: interrupt},
	},
}

func TestReplayedLives(t *testing.T) {
	for name, l := range replayed {
		t.Run(name, func(t *testing.T) {
			if wrong := inFakeTime(t, l); wrong != nil {
				t.Errorf("%s\n\n%v", l, wrong)
			}
		})
	}
}
