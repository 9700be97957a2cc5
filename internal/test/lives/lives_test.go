// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package lives

import (
	"flag"
	"os"
	"runtime"
	"strconv"
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

// TestLives lives random lives: as many as -rapid.checks says.
func TestLives(t *testing.T) {
	check(t, func(l life) *wrong { return inFakeTime(t, l) })
}

// TestTerraformLives lives one in twenty with real Terraform, where each takes some seconds,
// and those that once went wrong.
func TestTerraformLives(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot be sent an interrupt on Windows; TestLives has the same lives without Terraform")
	}
	tf := newTerraform(t)
	for name, l := range replayed {
		if wrong := tf.live(l); wrong != nil {
			t.Errorf("%s: %s\n\n%v", name, l, wrong)
		}
	}
	if t.Failed() {
		return // rapid panics otherwise
	}
	checks := flag.Lookup("rapid.checks").Value
	all := checks.String()
	t.Cleanup(func() { _ = checks.Set(all) })
	n, err := strconv.Atoi(all)
	if err == nil {
		err = checks.Set(strconv.Itoa(max(3, n/20)))
	}
	if err != nil {
		t.Fatal(err)
	}
	check(t, tf.live)
}

// check shortens a life that goes wrong, and prints it for replayed.
func check(t *testing.T, live func(life) *wrong) {
	t.Helper()
	var shortest life
	// The search for a shorter life tries the same one again and again.
	tried := map[string]*wrong{}
	t.Cleanup(func() {
		if shortest != nil {
			t.Logf("the shortest life that goes wrong so:\n\n%s\n\n%v", shortest, tried[shortest.String()])
		}
	})
	rapid.Check(t, func(rt *rapid.T) {
		l := lives().Draw(rt, "life")
		found, known := tried[l.String()]
		if !known {
			found = live(l)
		}
		if shortest != nil || found != nil {
			tried[l.String()] = found
		}
		if found != nil {
			shortest = l
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
	"the value is left to other people": {
		edit{Name: "db", Value: "v1"},
		apply{},
		edit{Name: "db"},
		apply{Event: kill, After: 1},
	},
	// A record with a value may be anybody's, so the create must not take it over.
	"other people write into a record whose create had no answer": {
		edit{Name: "db", Value: "v1"},
		apply{Fault: "502 after", Operation: "", Skip: 1, Times: 2, After: 1, Event: meanwhile, Meanwhile: act{Kind: write, Name: "db", Value: "v2"}},
	},
	"drift detection is turned on after other people wrote": {
		edit{Name: "db", Value: "v1", Version: "1"},
		apply{},
		act{Kind: write, Name: "db", Value: "v2"},
		edit{Name: "db", Value: "v1", Version: "1", Drift: true},
		apply{},
		apply{},
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
