// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package lives

import (
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

const org = robototest.DefaultOrg

// world is a Roboto, a configuration with its state, and other people.
type world struct {
	roboto *robototest.Server
	core   core
	// pass lets time go by where there is no other.
	pass   func()
	config edit
	// others are the ARNs of the secrets that other people made, with the number of their
	// versions.
	others map[string]int
	// theirs are the version IDs that other people wrote.
	theirs map[string]bool

	// onRequest is told of each request. A request that the provider gave up can end after
	// its apply, so whoever holds the turn may touch onRequest. A mutex would stop the fake
	// clock.
	onRequest func(robototest.Request)
	turn      chan struct{}
	wrong     *wrong
}

func newWorld(options robototest.Options, pass func()) (*world, error) {
	w := &world{pass: pass, others: map[string]int{}, theirs: map[string]bool{}, turn: make(chan struct{}, 1)}
	options.OnRequest = func(request robototest.Request) {
		w.turn <- struct{}{}
		defer func() { <-w.turn }()
		if w.onRequest != nil {
			w.onRequest(request)
		}
	}
	var err error
	w.roboto, err = robototest.New(options)
	return w, err
}

// wrong is what went wrong in a life.
type wrong struct {
	// kind is the same for lives that go wrong in the same way.
	kind  string
	texts []string
}

func (w *wrong) Error() string { return strings.Join(w.texts, "\n\n") }

// live lives a life, and tells what went wrong in it, if anything.
func (w *world) live(l life) *wrong {
	for i, step := range l {
		// Secrets that are made one after the other have different times.
		w.pass()
		step.take(w)
		for _, violation := range w.roboto.Violations() {
			w.fail("the embedded Roboto objects: %s", violation)
		}
		if w.wrong != nil {
			w.fail("in step %d", i+1)
			break
		}
	}
	return w.wrong
}

func (w *world) fail(format string, args ...any) {
	if w.wrong == nil {
		w.wrong = &wrong{kind: format}
	}
	w.wrong.texts = append(w.wrong.texts, fmt.Sprintf(format, args...))
}

// text is a value that is nowhere else.
func text(value string) string {
	if value == "" {
		return ""
	}
	return "the secret value " + value + " of kanarienvogel-4711"
}

func (e edit) take(w *world) { w.config = e }

func (a act) take(w *world) {
	record, exists := w.roboto.Record(org, a.Name)
	if exists && a.Deed != write {
		w.roboto.DeleteSecret(org, a.Name)
		delete(w.others, record.ARN)
		exists = false
		w.pass()
	}
	if a.Deed == remove {
		return
	}
	if !exists {
		record = w.roboto.AddSecret(org, a.Name)
		w.others[record.ARN] = 0
	}
	w.theirs[w.roboto.SetValue(org, a.Name, text(a.Value))] = true
	if _, other := w.others[record.ARN]; other {
		w.others[record.ARN]++
	}
}

// deadline bounds an apply.
const deadline = 30 * time.Minute

func (a apply) take(w *world) {
	written := w.written()
	happened, err := a.trouble(w)
	w.expectOthersUntouched()
	w.expectFewWrites(written, 1)
	if err != nil && hasValue(err.Error()) {
		w.fail("an error holds a value: %v", err)
	}
	mayBeLeft := happened && a.Event == kill || err != nil && strings.Contains(err.Error(), "import {")
	w.settle(mayBeLeft, err)
}

// trouble applies once, with all that goes wrong, and tells whether the event happened.
func (a apply) trouble(w *world) (happened bool, err error) {
	if a.Fault != "" {
		fault := faults[a.Fault].Fault
		fault.Operation, fault.Skip, fault.Times = a.Operation, a.Skip, a.Times
		w.roboto.Inject(fault)
	}
	defer w.roboto.ClearFaults()
	state, tainted := w.core.State()
	deletes := tainted || state["name"] != w.config.Name
	left := a.Skip + a.After
	w.tell(func(request robototest.Request) {
		if a.Operation != "" && request.Operation != a.Operation {
			return
		}
		if left--; left != 0 {
			return
		}
		happened = true
		switch a.Event {
		case interrupt:
			w.core.Interrupt()
		case kill:
			w.roboto.ClearFaults()
			w.roboto.Inject(robototest.Fault{Drop: true})
			w.core.Kill()
		case meanwhile:
			theirs := a.Meanwhile
			// A deletion looks again only a minute after the refresh. The guide "How values travel"
			// says so.
			if _, exists := w.roboto.Record(org, theirs.Name); exists && deletes && theirs.Deed == handOn {
				theirs.Deed = remove
			}
			theirs.take(w)
		}
	})
	began := time.Now()
	err = w.core.Apply(w.config)
	if took := time.Since(began); took > deadline {
		w.fail("an apply took %s", took)
	}
	w.tell(nil)
	return happened, err
}

// tell sets who is told of each request.
func (w *world) tell(onRequest func(robototest.Request)) {
	w.turn <- struct{}{}
	w.onRequest = onRequest
	<-w.turn
}

// settle is the plain apply. If the name is taken, people do what the error advises.
func (w *world) settle(mayBeLeft bool, earlier error) {
	for attempt := 1; ; attempt++ {
		want := w.expectation()
		written := w.written()
		err := w.core.Apply(w.config)
		w.expectOthersUntouched()
		if err == nil {
			w.expectFewWrites(written, want.writes)
			w.judge(want)
			break
		}
		record, exists := w.roboto.Record(org, w.config.Name)
		_, other := w.others[record.ARN]
		switch {
		case attempt > 2 || !exists || !strings.Contains(err.Error(), "exists already"):
			w.fail("a plain apply failed: %v\n\nafter: %v", err, earlier)
			return
		case other: // somebody removes what nobody needs
			act{Deed: remove, Name: w.config.Name}.take(w)
		case mayBeLeft:
			if err := w.core.Import(w.config.Name); err != nil {
				w.fail("an import failed: %v", err)
				return
			}
		default:
			w.fail("the record %s is an orphan: %v\n\nafter: %v", w.config.Name, err, earlier)
			return
		}
	}
	if w.wrong != nil {
		w.fail("after: %v", earlier)
	}
}

// written counts the versions that Terraform wrote, by ARN.
func (w *world) written() map[string]int {
	count := map[string]int{}
	for _, record := range w.roboto.Records(org) {
		for _, version := range w.roboto.Versions(org, record.Name) {
			if !w.theirs[version.ID] {
				count[record.ARN]++
			}
		}
	}
	return count
}

// expectFewWrites checks that one apply wrote each secret at most so often.
func (w *world) expectFewWrites(before map[string]int, most int) {
	for arn, n := range w.written() {
		if n-before[arn] > most {
			w.fail("one apply wrote %d versions of a secret, at most %d are right", n-before[arn], most)
		}
	}
}

// expectOthersUntouched checks that the secrets of other people are there as they left
// them.
func (w *world) expectOthersUntouched() {
	now := map[string]int{}
	for _, record := range w.roboto.Records(org) {
		if _, other := w.others[record.ARN]; other {
			now[record.ARN] = len(w.roboto.Versions(org, record.Name))
		}
	}
	if !maps.Equal(now, w.others) {
		w.fail("the secrets of other people are %v, want %v", now, w.others)
	}
}

func hasValue(text string) bool { return strings.Contains(text, "kanarienvogel") }
