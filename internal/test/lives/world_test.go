// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package lives

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

const org = robototest.DefaultOrg

// world is a Roboto, a configuration with its state, and other people.
type world struct {
	roboto *robototest.Server
	core   *protocol.Core
	config edit
	// others are the ARNs of the secrets that other people made, with the number of their
	// versions.
	others map[string]int
	// theirs are the version IDs that other people wrote.
	theirs map[string]bool

	// requests counts those of an apply, and onRequest is told of each. A request that the
	// provider gave up can end after its apply, so whoever holds the turn may touch
	// onRequest. A mutex would stop the fake clock.
	requests  atomic.Int64
	onRequest func(n int64)
	turn      chan struct{}
	wrong     *wrong
}

// wrong is what went wrong in a life.
type wrong struct {
	// kind is the same for lives that go wrong in the same way.
	kind  string
	texts []string
}

func (w *wrong) Error() string { return strings.Join(w.texts, "\n\n") }

// run lives a life, and tells what went wrong in it, if anything.
func run(t *testing.T, l life) *wrong {
	var found *wrong
	synctest.Test(t, func(t *testing.T) {
		w := &world{others: map[string]int{}, theirs: map[string]bool{}, turn: make(chan struct{}, 1)}
		w.roboto = robototest.Start(t, robototest.Options{InMemory: true, OnRequest: func(robototest.Request) {
			n := w.requests.Add(1)
			w.turn <- struct{}{}
			defer func() { <-w.turn }()
			if w.onRequest != nil {
				w.onRequest(n)
			}
		}})
		w.core = protocol.NewCore(recorder{t, w}, w.roboto)
		for i, step := range l {
			// Secrets that are made one after the other have different times.
			time.Sleep(time.Second)
			step.take(w)
			for _, violation := range w.roboto.Violations() {
				w.fail("the embedded Roboto objects: %s", violation)
			}
			if w.wrong != nil {
				w.fail("in step %d", i+1)
				break
			}
		}
		w.roboto.AllowViolations()
		found = w.wrong
	})
	return found
}

// recorder is a test that goes on when something fails, so that the life can be told and
// shortened.
type recorder struct {
	testing.TB
	*world
}

func (r recorder) Errorf(format string, args ...any) { r.fail(format, args...) }
func (r recorder) Error(args ...any)                 { r.fail("%s", fmt.Sprint(args...)) }
func (r recorder) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
func (r recorder) Fatal(args ...any)                 { panic(fmt.Sprint(args...)) }

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
	if exists && (a.Deed == remove || a.Deed == handOn) {
		w.roboto.DeleteSecret(org, a.Name)
		delete(w.others, record.ARN)
		exists = false
		time.Sleep(time.Second)
	}
	if !exists && (a.Deed == create || a.Deed == handOn) {
		record, exists = w.roboto.AddSecret(org, a.Name), true
		w.others[record.ARN] = 0
	}
	if exists && a.Deed != remove {
		w.theirs[w.roboto.SetValue(org, a.Name, text(a.Value))] = true
		if _, other := w.others[record.ARN]; other {
			w.others[record.ARN]++
		}
	}
}

// fields is the configuration for the provider, nil if there is no resource.
func (w *world) fields() protocol.Fields {
	if w.config.Name == "" {
		return nil
	}
	fields := protocol.Fields{"name": w.config.Name}
	if w.config.Value != "" {
		fields["value_wo"] = text(w.config.Value)
	}
	if w.config.Version != "" {
		fields["value_wo_version"] = w.config.Version
	}
	if w.config.Drift {
		fields["detect_value_drift"] = true
	}
	return fields
}

// deadline bounds an apply in fake time.
const deadline = 30 * time.Minute

func (a apply) take(w *world) {
	before := w.core.Instance
	// A deletion looks again only a minute after the refresh. The guide "How values travel"
	// says so.
	if deletes := w.config.Name != before.State["name"] || w.core.Tainted; deletes && a.Meanwhile.Deed == handOn {
		a.Meanwhile.Deed = remove
	}
	written := w.written()
	err := a.trouble(w)
	if a.Event == kill {
		w.core.Instance = before
	}
	w.expectOthersUntouched()
	w.expectFewWrites(written, 1)
	if err != nil && strings.Contains(err.Error(), "kanarienvogel") {
		w.fail("an error holds a value: %v", err)
	}
	mayBeLeft := a.Event == kill || err != nil && strings.Contains(err.Error(), "import {")
	w.settle(mayBeLeft, err)
}

// trouble applies once, with all that goes wrong.
func (a apply) trouble(w *world) error {
	if a.Fault != "" {
		fault := faults[a.Fault].Fault
		fault.Operation, fault.Skip, fault.Times = a.Operation, a.Skip, a.Times
		w.roboto.Inject(fault)
	}
	defer w.roboto.ClearFaults()
	var happened atomic.Bool
	w.requests.Store(0)
	w.tell(func(n int64) {
		if n < int64(a.After) || a.Event == nothing || !happened.CompareAndSwap(false, true) {
			return
		}
		switch a.Event {
		case interrupt:
			w.core.Interrupt()
		case kill:
			w.roboto.ClearFaults()
			w.roboto.Inject(robototest.Fault{Drop: true})
		case meanwhile:
			a.Meanwhile.take(w)
		}
	})
	defer w.tell(nil)
	began := time.Now()
	err := w.core.Apply(w.fields())
	if took := time.Since(began); took > deadline {
		w.fail("an apply took %s", took)
	}
	return err
}

// tell sets who is told of each request.
func (w *world) tell(onRequest func(n int64)) {
	w.turn <- struct{}{}
	w.onRequest = onRequest
	<-w.turn
}

// settle is the plain apply. If the name is taken, people do what the error advises.
func (w *world) settle(mayBeLeft bool, earlier error) {
	for attempt := 1; ; attempt++ {
		want := w.expectation()
		written := w.written()
		err := w.core.Apply(w.fields())
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
			w.core.Instance, w.core.Tainted = protocol.Instance{}, false
			w.core.Must(w.core.ImportID(w.config.Name))
			w.core.Must(w.core.MustStart().Refresh())
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

func secretsOf(instance protocol.Instance) bool {
	return slices.ContainsFunc([]string{fmt.Sprint(instance.State), fmt.Sprint(instance.Identity), string(instance.Private)}, func(text string) bool {
		return strings.Contains(text, "kanarienvogel")
	})
}
