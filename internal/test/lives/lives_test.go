// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// Package lives takes secrets through random lives, against the embedded Roboto in fake time. Package
// decisions says how each has to end.
package lives

import (
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

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
		l := life(rapid.SliceOfN(steps(), 1, 20).Draw(rt, "steps"))
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

// life is what happens to a secret. As text it is Go, so that a life that went wrong can
// be pasted into replayed.
type life []step

func (l life) String() string {
	var b strings.Builder
	for _, s := range l {
		fmt.Fprintf(&b, "\n\t%s,", strings.ReplaceAll(fmt.Sprintf("%#v", s), "lives.", ""))
	}
	return "life{" + b.String() + "\n}"
}

// step is an edit, an act or an apply.
type step interface{ take(*world) }

// edit changes the configuration. No name means that the resource is not in it.
type edit struct {
	Name, Value, Version string
	Drift                bool
}

// act is what other people do to a name.
type act struct {
	Kind actKind
	// Name is "" for the one in the configuration.
	Name string
	// Value is what they write. They leave a secret that they create without a value if it is "".
	Value string
	// SameUser is whether the API key's owner creates the secret, in another run. Without a
	// value, it is older than the apply under way: otherwise nobody can tell it from one that
	// the apply has created.
	SameUser bool
}

type actKind string

const (
	write  actKind = "write" // and create
	remove actKind = "remove"
	handOn actKind = "hand on" // remove and write
)

// apply is an apply with trouble, and then a plain one, after which all has to be right.
type apply struct {
	// Operation is whose requests count; "" is every one. The first Skip are spared.
	Operation robototest.Operation
	Skip      int
	// Fault, a key of faults, is what happens to so many after them; 0 is all.
	Fault string
	Times int
	// Event happens with the request that comes so far after them.
	After     int
	Event     event
	Meanwhile act
}

type event string

const (
	nothing   event = ""
	interrupt event = "interrupt" // Ctrl-C
	kill      event = "kill"      // the state is lost with the process
	meanwhile event = "meanwhile" // other people act
)

var (
	names    = []string{"db", "db", "cache"}
	values   = []string{"v1", "v2", "v3"}
	versions = []string{"", "1", "2", "3"}
)

func steps() *rapid.Generator[step] {
	return rapid.OneOf(
		rapid.Map(edits(), func(e edit) step { return e }),
		rapid.Map(acts(), func(a act) step { return a }),
		rapid.Map(rapid.OneOf(applies(), contestedApplies(), contestedApplies()), func(a apply) step { return a }),
	)
}

func edits() *rapid.Generator[edit] {
	return rapid.Custom(func(t *rapid.T) edit {
		e := edit{
			Name:  rapid.SampledFrom(append(names, "")).Draw(t, "name"),
			Value: rapid.SampledFrom(append(values, "")).Draw(t, "value"),
		}
		if e.Value != "" {
			e.Version = rapid.SampledFrom(versions).Draw(t, "version")
			e.Drift = rapid.Bool().Draw(t, "drift")
		}
		return e
	})
}

func acts() *rapid.Generator[act] {
	return rapid.Custom(func(t *rapid.T) act {
		return act{
			Kind:     rapid.SampledFrom([]actKind{write, remove, handOn}).Draw(t, "kind"),
			Name:     rapid.SampledFrom(names).Draw(t, "name"),
			Value:    rapid.SampledFrom(append(values, "")).Draw(t, "value"),
			SameUser: rapid.Bool().Draw(t, "same user"),
		}
	})
}

func applies() *rapid.Generator[apply] {
	return rapid.Custom(func(t *rapid.T) apply {
		var a apply
		a.Fault = rapid.SampledFrom(faultNames).Draw(t, "fault")
		a.Operation = rapid.SampledFrom(faults[a.Fault].of).Draw(t, "operation")
		a.Skip = rapid.IntRange(0, 2).Draw(t, "skip")
		a.Times = rapid.IntRange(0, 3).Draw(t, "times")
		if a.Event = rapid.SampledFrom([]event{nothing, interrupt, kill, meanwhile}).Draw(t, "event"); a.Event != nothing {
			a.After = rapid.IntRange(1, 6).Draw(t, "after")
		}
		if a.Event == meanwhile {
			a.Meanwhile = acts().Draw(t, "meanwhile")
		}
		return a
	})
}

// contestedApplies lose what is known of a change, while other people act: of a create, while they take its name.
func contestedApplies() *rapid.Generator[apply] {
	return rapid.Custom(func(t *rapid.T) apply {
		a := apply{
			Operation: rapid.SampledFrom(changes).Draw(t, "operation"),
			Fault:     rapid.SampledFrom(lost).Draw(t, "fault"),
			Times:     1,
			After:     1,
			Event:     meanwhile,
			Meanwhile: acts().Draw(t, "meanwhile"),
		}
		if a.Operation == robototest.CreateSecret {
			a.Times = rapid.IntRange(1, 3).Draw(t, "times")
			a.Meanwhile.Name = ""
			if a.Meanwhile.Kind == remove {
				a.Meanwhile.Kind = write
			}
		}
		return a
	})
}

// fault is what goes wrong with a request, and with which it can. None of them is a lie
// of the service about a secret.
type fault struct {
	robototest.Fault
	of []robototest.Operation
}

var (
	robotoCalls = []robototest.Operation{
		robototest.ListOrgs, robototest.GetUser, robototest.CreateSecret, robototest.GetSecret, robototest.DeleteSecret, robototest.GetCredentials,
	}
	awsCalls = []robototest.Operation{robototest.PutValue, robototest.GetValue}
	allCalls = append(slices.Concat(robotoCalls, awsCalls), "") // "" is every one
	changes  = []robototest.Operation{robototest.CreateSecret, robototest.CreateSecret, robototest.PutValue, robototest.DeleteSecret}
)

var faults = map[string]fault{
	"":                    {of: allCalls},
	"dropped":             {robototest.Fault{Drop: true}, allCalls},
	"dropped after":       {robototest.Fault{Drop: true, After: true}, allCalls},
	"timeout":             {robototest.Fault{Delay: time.Hour}, allCalls},
	"timeout after":       {robototest.Fault{Delay: time.Hour, After: true}, allCalls},
	"truncated":           {robototest.Fault{Truncate: true}, allCalls},
	"502":                 {robototest.Fault{Status: http.StatusBadGateway, Body: "<html>"}, allCalls},
	"502 after":           {robototest.Fault{Status: http.StatusBadGateway, Body: "<html>", After: true}, allCalls},
	"503":                 {robototest.Fault{Status: http.StatusServiceUnavailable, Code: "RobotoServiceUnavailableException"}, robotoCalls},
	"504 after":           {robototest.Fault{Status: http.StatusGatewayTimeout, Code: "RobotoServiceTimeoutException", After: true}, robotoCalls},
	"429":                 {robototest.Fault{Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"1"}}}, allCalls},
	"401":                 {robototest.Fault{Status: http.StatusUnauthorized, Code: "RobotoUnauthorizedException"}, robotoCalls},
	"403":                 {robototest.Fault{Status: http.StatusForbidden, Message: "explicit deny"}, robotoCalls},
	"404 of a proxy":      {robototest.Fault{Status: http.StatusNotFound, Body: "<html>"}, allCalls},
	"expired credentials": {robototest.Fault{AWSError: "ExpiredTokenException"}, awsCalls},
	"access denied":       {robototest.Fault{AWSError: "AccessDeniedException"}, awsCalls},
	"throttled by AWS":    {robototest.Fault{AWSError: "ThrottlingException"}, awsCalls},
}

var (
	faultNames = slices.Sorted(maps.Keys(faults))
	// lost are those after which nobody knows whether a request took effect.
	lost = []string{"dropped after", "dropped", "502 after", "502", "503", "timeout after", "timeout"}
)
