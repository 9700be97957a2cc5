// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package lives

import (
	"cmp"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

const (
	org = robototest.DefaultOrg
	// user is the API key's owner.
	user = "caller@example.com"
)

// world is a Roboto, a configuration with its state, and other people.
type world struct {
	roboto *robototest.Server
	core   *core
	config edit
	// others are the ARNs of the secrets that other people made, with the number of their
	// versions.
	others map[string]int
	// theirs are the version IDs that other people wrote.
	theirs map[string]bool
	// began is when the apply under way began, or zero.
	began time.Time

	// onRequest is called for each request. A request that the provider gave up can end after
	// its apply, so whoever holds the turn may touch onRequest. A mutex would stop the fake
	// clock.
	onRequest func(robototest.Request)
	turn      chan struct{}
	wrong     *wrong
}

func (w *world) request(request robototest.Request) {
	w.turn <- struct{}{}
	defer func() { <-w.turn }()
	if w.onRequest != nil {
		w.onRequest(request)
	}
}

// wrong is what went wrong in a life.
type wrong struct {
	// kind is the same for lives that go wrong in the same way.
	kind  string
	texts []string
}

func (w *wrong) Error() string { return strings.Join(w.texts, "\n\n") }

// live lives a life, and returns what went wrong in it, if anything.
func (w *world) live(l life) *wrong {
	for i, step := range l {
		time.Sleep(time.Second) // secrets that are made one after the other have different times
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
	name := w.nameOf(a)
	if name == "" {
		return
	}
	record, exists := w.roboto.Record(org, name)
	if exists && a.Kind != write {
		w.roboto.DeleteSecret(org, name)
		delete(w.others, record.ARN)
		exists = false
		time.Sleep(time.Second)
	}
	if a.Kind == remove {
		return
	}
	if !exists {
		record = a.create(w, name)
		w.others[record.ARN] = 0
	}
	if a.Value == "" {
		return
	}
	w.theirs[w.roboto.SetValue(org, name, text(a.Value))] = true
	if _, other := w.others[record.ARN]; other {
		w.others[record.ARN]++
	}
}

func (w *world) nameOf(a act) string { return cmp.Or(a.Name, w.config.Name) }

func (a act) create(w *world, name string) robototest.Record {
	record := robototest.Record{OrgID: org, Name: name}
	if a.SameUser {
		record.CreatedBy = "user:" + user
		if a.Value == "" {
			record.Created = cmp.Or(w.began, time.Now()).UTC().Add(-time.Minute)
		}
	}
	return w.roboto.AddRecord(record)
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

// trouble applies once, with all that goes wrong, and reports whether the event happened.
func (a apply) trouble(w *world) (happened bool, err error) {
	if a.Fault != "" {
		fault := faults[a.Fault].Fault
		fault.Operation, fault.Skip, fault.Times = a.Operation, a.Skip, a.Times
		w.roboto.Inject(fault)
	}
	defer w.roboto.ClearFaults()
	w.began = time.Now()
	left := a.Skip + a.After
	var (
		theirs robototest.Record
		before []robototest.Request
	)
	w.watch(func(request robototest.Request) {
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
			w.core.killed.Store(true)
		case meanwhile:
			a.Meanwhile.take(w)
			theirs, _ = w.roboto.Record(org, w.nameOf(a.Meanwhile))
			before = w.roboto.Requests()
		}
	})
	err = w.core.apply(w.config)
	if took := time.Since(w.began); took > deadline {
		w.fail("an apply took %s", took)
	}
	w.watch(nil)
	w.began = time.Time{}
	if w.deletedUnseen(theirs, before) {
		delete(w.others, theirs.ARN)
	}
	return happened, err
}

// deletedUnseen reports whether a secret of other people was deleted because they made it right
// after the provider had looked at the name. Roboto deletes by name and supports no condition,
// so the time between the look and the DELETE remains. No other request may lie between them.
// before are the requests until their act.
func (w *world) deletedUnseen(theirs robototest.Record, before []robototest.Request) bool {
	requests := w.roboto.Requests()
	if now, _ := w.roboto.Record(org, theirs.Name); now.ARN == theirs.ARN || len(before) == 0 || len(before) == len(requests) {
		return false
	}
	look, deletion := requests[len(before)-1], requests[len(before)]
	return look.Operation == robototest.GetSecret && deletion.Operation == robototest.DeleteSecret &&
		look.Name == theirs.Name && deletion.Name == theirs.Name
}

// watch sets what is called for each request.
func (w *world) watch(onRequest func(robototest.Request)) {
	w.turn <- struct{}{}
	w.onRequest = onRequest
	<-w.turn
}

// settle is the plain apply. If the name is taken, people do what the error advises.
func (w *world) settle(mayBeLeft bool, earlier error) {
	for attempt := 1; ; attempt++ {
		want := w.expectation()
		written := w.written()
		err := w.core.apply(w.config)
		w.expectOthersUntouched()
		if err == nil {
			w.expectFewWrites(written, want.writes)
			w.judge(want)
			break
		}
		record, exists := w.roboto.Record(org, w.config.Name)
		_, other := w.others[record.ARN]
		switch {
		case attempt > 2 || !exists || !isNameTaken(err):
			w.fail("a plain apply failed: %v\n\nafter: %v", err, earlier)
			return
		case other: // people remove a secret that nobody needs
			act{Kind: remove, Name: w.config.Name}.take(w)
		case mayBeLeft && strings.Contains(err.Error(), "import {"):
			if err := w.core.importName(w.config.Name); err != nil {
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

// isNameTaken reports whether an error says that a create, or a replacement, needs another name.
func isNameTaken(err error) bool {
	return strings.Contains(err.Error(), "exists already") || strings.Contains(err.Error(), "Name of Roboto Secret Is Taken")
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
