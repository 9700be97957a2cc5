// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

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
	for name, value := range map[string]string{"rapid.seed": "1", "rapid.nofailfile": "true"} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// TestLives lives random lives: as many as -rapid.checks says. It shortens a life that
// goes wrong, and prints it for replayed.
func TestLives(t *testing.T) {
	var shortest life
	var wrong *wrong
	t.Cleanup(func() {
		if wrong != nil {
			t.Logf("the shortest life that goes wrong so:\n\n%s\n\n%v", shortest, wrong)
		}
	})
	rapid.Check(t, func(rt *rapid.T) {
		l := lives().Draw(rt, "life")
		if found := run(t, l); found != nil {
			shortest, wrong = l, found
			rt.Fatal(found.kind) // rapid shortens as long as it reads the same
		}
	})
}

// replayed are lives that once went wrong, or that the model once judged wrongly.
var replayed = map[string]life{
	"a replacement": {
		edit{Name: "cache", Value: "v1", Version: "1", Drift: true},
		apply{},
		edit{Name: "db", Value: "v2", Version: "1", Drift: true},
		apply{},
	},
	// A record with a value may be anybody's, so the create must not take it over.
	"somebody writes into a record whose create had no answer": {
		edit{Name: "db", Value: "v1"},
		apply{Fault: "502 after", Operation: "", Skip: 1, Times: 2, After: 2, Event: meanwhile, Meanwhile: act{Deed: write, Name: "db", Value: "v2"}},
	},
	"drift detection is turned on after somebody wrote": {
		edit{Name: "db", Value: "v1", Version: "1"},
		apply{},
		act{Deed: write, Name: "db", Value: "v2"},
		edit{Name: "db", Value: "v1", Version: "1", Drift: true},
		apply{},
		apply{},
	},
	"killed after the create": {
		edit{Name: "db", Value: "v1", Version: "1"},
		apply{After: 2, Event: kill},
	},
	"interrupted in each request": {
		edit{Name: "db", Value: "v1"},
		apply{Fault: "timeout after", Operation: robototest.CreateSecret, After: 2, Event: interrupt},
		edit{Name: "cache", Value: "v2"},
		apply{Fault: "timeout after", Operation: robototest.DeleteSecret, After: 3, Event: interrupt},
	},
}

func TestReplayedLives(t *testing.T) {
	for name, l := range replayed {
		t.Run(name, func(t *testing.T) {
			if wrong := run(t, l); wrong != nil {
				t.Errorf("%s\n\n%v", l, wrong)
			}
		})
	}
}
