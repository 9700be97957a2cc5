// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package conformance

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/wire"
)

// made is all that may exist because of this run.
type made struct {
	names, invocations []string
	// late tells that a create may still come, and invoked that there may be an invocation, be its
	// ID known or not.
	late, invoked bool
}

// create notes the name first, because the answer may be lost.
func (l *lab) create(name string) (wire.Answer, error) {
	l.made.names = append(l.made.names, name)
	a, err := l.Create(l.ctx, name)
	l.made.late = l.made.late || mayBeDone(a, err)
	return a, err
}

// mayBeDone tells whether a request that failed can have had an effect, or have one yet.
func mayBeDone(a wire.Answer, err error) bool { return err != nil || a.Status >= 500 }

// cleanUp ends and deletes all that this run has made, after an interrupt too, and fails if something
// may be left.
func (l *lab) cleanUp(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(l.ctx), 5*time.Minute)
	defer cancel()
	if l.made.invoked && len(l.made.invocations) == 0 {
		l.report.left = append(l.report.left, "perhaps an invocation of the action")
	}
	for _, id := range l.made.invocations {
		if !l.endInvocation(ctx, id) {
			l.report.left = append(l.report.left, l.redact("the invocation "+id))
		}
	}
	if len(l.made.names) > 0 {
		l.report.left = append(l.report.left, l.sweep(ctx, l.prefix, l.made.names)...)
	}
	for _, what := range l.report.left {
		t.Errorf("left behind, because it could not be deleted or ended, or is not known: %q", what)
	}
}

func (l *lab) endInvocation(ctx context.Context, id string) (ended bool) {
	_, _ = l.cancelInvocation(ctx, id) // the status tells whether that was of use
	for range 2 {
		if a, _ := l.invocation(ctx, id); lastStatus(a.Object()) >= completed {
			return true
		}
		l.pause(ctx)
	}
	return false
}

// pause is for how long a deletion, a create or a cancellation may lag.
func (l *lab) pause(ctx context.Context) { _ = wire.Sleep(ctx, min(l.lag, 5*time.Second)) }

// sweep deletes the named secrets and all others with the prefix, and returns what may be left. It does
// not believe answers about single names alone: a service may take a path for that of another name.
func (l *lab) sweep(ctx context.Context, prefix string, names []string) (left []string) {
	isGone := func(name string) bool {
		ctx, cancel := context.WithTimeout(ctx, 15*time.Second) // leaves time for the others
		defer cancel()
		if a, err := l.Delete(ctx, name); err == nil && a.OK() {
			return true // unless a listing shows it
		}
		a, err := l.Get(ctx, name)
		return err == nil && a.Code() == "RobotoNotFoundException" // and not what a proxy says
	}
	if l.made.late {
		l.pause(ctx)
	}
	left = slices.Clone(names)
	for round := range 2 { // a listing may lag
		left = slices.DeleteFunc(left, isGone)
		shown, err := l.shown(ctx, prefix)
		left = append(left, shown...)
		slices.Sort(left)
		left = slices.Compact(left)
		switch {
		case err == nil && len(left) == 0:
			return nil
		case round == 0:
			l.pause(ctx)
		case err != nil:
			left = append(left, "perhaps more secrets, because they cannot be listed: "+err.Error())
		}
	}
	return left
}

// shown are the names in a complete listing that begin with the prefix.
func (l *lab) shown(ctx context.Context, prefix string) (names []string, err error) {
	list, err := l.list(ctx)
	if problem := list.broken + list.odd(); err == nil && problem != "" {
		err = errors.New(problem)
	}
	for _, record := range list.records() {
		if name := record.Text("name"); err == nil && strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	return names, err
}

// tellLeftovers names what earlier runs seem to have left. Nothing of it is deleted unasked.
func (l *lab) tellLeftovers(t *testing.T) {
	t.Helper()
	names, err := l.shown(l.ctx, wire.NamePrefix)
	l.report.earlier = names
	if err != nil {
		t.Logf("it is not known whether earlier runs have left secrets: %v", err)
	} else if len(names) > 0 {
		t.Logf("earlier runs seem to have left %q; make sweep deletes them", names)
	}
}
