// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package lives

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/decisions"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

const org = robototest.DefaultOrg

// world is a Roboto, a configuration with its state, and other people.
type world struct {
	roboto *robototest.Server
	core   *protocol.Core
	config edit
	// others are the ARNs of the secrets that other people made.
	others map[string]bool
	// began is when the apply under way began, or zero.
	began time.Time

	// onRequest is called for each request. A request that the provider gave up can end after
	// its apply, so whoever holds the turn may touch onRequest. A mutex would stop the fake
	// clock.
	onRequest func(robototest.Request)
	turn      chan struct{}
	wrong     *wrong
}

// inFakeTime lives a life.
func inFakeTime(t *testing.T, l life) *wrong {
	var found *wrong
	synctest.Test(t, func(t *testing.T) {
		w := &world{others: map[string]bool{}, turn: make(chan struct{}, 1)}
		w.roboto = robototest.Start(recorder{t, w}, robototest.Options{InMemory: true, OnRequest: w.request})
		w.core = protocol.NewCore(recorder{t, w}, w.roboto)
		found = w.live(l)
	})
	return found
}

// recorder is a test that goes on when something fails, so that the life can be printed
// and shortened.
type recorder struct {
	testing.TB
	*world
}

func (r recorder) Errorf(format string, args ...any) { r.fail(format, args...) }
func (r recorder) Error(args ...any)                 { r.fail("%s", fmt.Sprint(args...)) }
func (r recorder) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
func (r recorder) Fatal(args ...any)                 { panic(fmt.Sprint(args...)) }

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

// fields is the configuration for the provider, nil if there is no resource.
func (e edit) fields() protocol.Fields {
	if e.Name == "" {
		return nil
	}
	fields := protocol.Fields{"name": e.Name}
	if e.Value != "" {
		fields["value_wo"] = text(e.Value)
	}
	if e.Version != "" {
		fields["value_wo_version"] = e.Version
	}
	if e.Drift {
		fields["detect_value_drift"] = true
	}
	return fields
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
		record = robototest.Record{OrgID: org, Name: name}
		if a.SameUser {
			record.CreatedBy = "user:" + robototest.DefaultUser
		}
		if a.SameUser && a.Value == "" {
			record.Created = cmp.Or(w.began, time.Now()).UTC().Add(-time.Minute)
		}
		w.others[w.roboto.AddRecord(record).ARN] = true
	}
	if a.Value != "" {
		w.roboto.SetValue(org, name, text(a.Value))
	}
}

func (w *world) nameOf(a act) string { return cmp.Or(a.Name, w.config.Name) }

func (a apply) take(w *world) {
	written := w.written()
	happened, err := a.trouble(w)
	w.expectWrites(written, 1)
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
		case meanwhile:
			a.Meanwhile.take(w)
			theirs, _ = w.roboto.Record(org, w.nameOf(a.Meanwhile))
			before = w.roboto.Requests()
		}
	})
	instance, tainted := w.core.Instance, w.core.Tainted
	err = w.core.Apply(w.config.fields())
	if took := time.Since(w.began); took > 30*time.Minute {
		w.fail("an apply took %s", took)
	}
	w.watch(nil)
	if happened && a.Event == kill { // which loses the state
		w.core.Instance, w.core.Tainted = instance, tainted
	}
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
		err := w.core.Apply(w.config.fields())
		if err == nil {
			w.expectWrites(written, want.writes)
			w.judge(want)
			break
		}
		w.expectWrites(written, 1)
		record, exists := w.roboto.Record(org, w.config.Name)
		isTaken := strings.Contains(err.Error(), "exists already") || strings.Contains(err.Error(), "Name of Roboto Secret Is Taken")
		switch {
		case attempt > 2 || !exists || !isTaken:
			w.fail("a plain apply failed: %v\n\nafter: %v", err, earlier)
			return
		case w.others[record.ARN]: // people remove a secret that nobody needs
			act{Kind: remove, Name: w.config.Name}.take(w)
		case mayBeLeft && strings.Contains(err.Error(), "import {"):
			w.core.Instance, w.core.Tainted = protocol.Instance{}, false
			if err := errors.Join(w.core.ImportID(w.config.Name), w.core.MustStart().Refresh()); err != nil {
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

// written counts the versions that Terraform wrote of each secret that is there, by ARN.
func (w *world) written() map[string]int {
	count := map[string]int{}
	for _, record := range w.roboto.Records(org) {
		count[record.ARN] = 0
		for _, version := range w.roboto.Versions(org, record.Name) {
			if !version.ByHand {
				count[record.ARN]++
			}
		}
	}
	return count
}

// expectWrites checks that an apply wrote each secret at most so often, and none of other people's.
func (w *world) expectWrites(before map[string]int, most int) {
	now := w.written()
	for arn, n := range now {
		if n-before[arn] > most {
			w.fail("one apply wrote %d versions of a secret, at most %d are right", n-before[arn], most)
		}
	}
	for arn := range w.others {
		if n, exists := now[arn]; !exists || n > 0 {
			w.fail("a secret of other people is there: %t, and Terraform wrote it %d times", exists, n)
		}
	}
}

func hasValue(text string) bool { return strings.Contains(text, "kanarienvogel") }

// expectation is how a plain apply has to end.
type expectation struct {
	// value is what is stored then.
	value string
	// writes is how often Terraform writes it.
	writes int
	// versionID is what the state says: the current version if isCurrent is set.
	versionID any
	isCurrent bool
	// again is whether the plan after it finds drift.
	again bool
}

// expectation is what package decisions says of the state and the service as they are now.
func (w *world) expectation() expectation {
	situation, state := w.situation()
	outcome := decisions.Find(situation)
	want := expectation{isCurrent: outcome.After == decisions.AfterCurrent}
	switch {
	case outcome.Writes:
		want.value, want.writes = text(w.config.Value), 1
	case !situation.Creates:
		want.value, _, _ = w.roboto.Value(org, w.config.Name)
	}
	if outcome.After == decisions.AfterKept && situation.VersionID != decisions.IDNull {
		want.versionID = state["version_id"]
	}
	// A refresh uses the setting of the last apply.
	want.again = situation.Version == decisions.VersionSame && situation.DetectsDrift && state["detect_value_drift"] != true &&
		situation.VersionID == decisions.IDOld
	return want
}

// situation is what a plain apply decides about. There is no state if it creates the secret.
func (w *world) situation() (situation decisions.Situation, state protocol.Fields) {
	situation = decisions.Situation{
		Value: decisions.ValueGiven, Version: decisions.VersionNone, DetectsDrift: w.config.Drift,
		VersionID: decisions.IDNull, Stored: decisions.StoredNone,
	}
	if w.config.Value == "" {
		situation.Value = decisions.ValueNull
	}
	state, tainted := w.core.State, w.core.Tainted
	record, exists := w.roboto.Record(org, w.config.Name)
	if state == nil || !exists || tainted || state["name"] != w.config.Name || state["arn"] != record.ARN {
		situation.Creates = true
		if w.config.Version != "" {
			situation.Version = decisions.VersionAdded
		}
		return situation, nil
	}
	stateVersion, _ := state["value_wo_version"].(string)
	switch {
	case w.config.Version == stateVersion && stateVersion != "":
		situation.Version = decisions.VersionSame
	case w.config.Version == stateVersion:
	case stateVersion == "":
		situation.Version = decisions.VersionAdded
	case w.config.Version == "":
		situation.Version = decisions.VersionRemoved
	default:
		situation.Version = decisions.VersionChanged
	}
	drift, _ := state["detect_value_drift"].(bool)
	situation.OtherChange = drift != w.config.Drift
	value, current, stored := w.roboto.Value(org, w.config.Name)
	switch {
	case stored && value == text(w.config.Value):
		situation.Stored = decisions.StoredSame
	case stored:
		situation.Stored = decisions.StoredDiffers
	}
	switch versionID := state["version_id"]; {
	case versionID == nil:
	case versionID == current:
		situation.VersionID = decisions.IDCurrent
	case !drift || stateVersion == "": // the refresh does not look for drift
		situation.VersionID = decisions.IDOld
	}
	return situation, state
}

// judge compares the world with what is expected after a plain apply.
func (w *world) judge(want expectation) {
	state, tainted := w.core.State, w.core.Tainted
	for _, record := range w.roboto.Records(org) {
		if !w.others[record.ARN] && record.Name != w.config.Name {
			w.fail("the record %s is left", record.Name)
		}
	}
	if hasValue(fmt.Sprint(state, w.core.Identity, string(w.core.Private), w.core.Warning)) {
		w.fail("a value is kept or was printed")
	}
	if w.config.Name == "" {
		if state != nil {
			w.fail("the secret is still in the state")
		}
		return
	}
	record, exists := w.roboto.Record(org, w.config.Name)
	if !exists || state == nil || tainted {
		w.fail("the secret is not there")
		return
	}
	stored, current, _ := w.roboto.Value(org, w.config.Name)
	if want.isCurrent {
		want.versionID = current
	}
	got := [3]any{state["arn"], state["version_id"], stored}
	if expected := [3]any{record.ARN, want.versionID, want.value}; got != expected {
		w.fail("the secret, version_id and the stored value are %v, want %v; the current version is %s", got, expected, current)
	}
	if want.again {
		return
	}
	if empty, err := w.core.PlanIsEmpty(w.config.fields()); err != nil || !empty {
		w.fail("the plan after it is not empty (empty: %v, error: %v)", empty, err)
	}
}
