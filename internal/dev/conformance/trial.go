// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// trial is to a check what testing.T is to a test: what it asks with, and what ends it.
//
//	s := t.secret("plain")   // ends the check as "not known" if there is no such secret
//	a := must(t.get(s.name)) // ends it as "not known" if there is no answer
//	t.want(a.success(), a)   // ends it as "differs", with the answer, if that is another one
//
// A check that comes to its end has seen that the fact holds.
type trial struct {
	*lab
	ctx context.Context
}

// ended is what the end of a check panics with. Requests do not panic: they return errors,
// so that whatever has to be cleaned up is noted before a check ends.
type ended struct{ why error }

// difference is what was seen in place of the fact. It holds no text of the service's own.
type difference struct{ seen string }

func (d *difference) Error() string { return d.seen }

// differs ends the check: this was seen in place of the fact.
func (t *trial) differs(format string, args ...any) {
	panic(ended{&difference{fmt.Sprintf(format, args...)}})
}

// unknown ends the check: for this reason, nobody knows whether the fact holds.
func (t *trial) unknown(format string, args ...any) {
	panic(ended{fmt.Errorf(format, args...)})
}

// must ends the check as unknown if there is an error.
func must[T any](result T, err error) T {
	if err != nil {
		panic(ended{err})
	}
	return result
}

// ending is why a part of a check ended, or nil if it came to its end.
func ending(part func()) (why error) {
	defer func() {
		switch end := recover().(type) {
		case nil:
		case ended:
			why = end.why
		default:
			panic(end)
		}
	}()
	part()
	return nil
}

// try runs a check or a measurement, and survives it.
func (l *lab) try(ctx context.Context, what string, check func(*trial)) (err error) {
	interrupted := errors.New("interrupted")
	if ctx.Err() != nil {
		return interrupted
	}
	defer func() {
		if recover() != nil { // what it says may repeat an answer
			err = fmt.Errorf("the %s itself failed", what)
		}
	}()
	err = ending(func() { check(&trial{l, ctx}) })
	if err != nil && ctx.Err() != nil {
		return interrupted
	}
	return err
}

// once makes what several checks look at. If that ends the first check that asks for it, it
// ends the others too, because what failed once is not tried again.
func once[T any](t *trial, what string, create func() T) T {
	get, ok := t.kept[what].(func() T)
	if !ok {
		get = sync.OnceValue(create)
		t.kept[what] = get
	}
	return get()
}

// until tries at once, and then again for as long as the lab has patience.
func (t *trial) until(done func() bool) (time.Duration, error) {
	start := time.Now()
	for {
		ok := done()
		elapsed := time.Since(start)
		switch {
		case ok:
			return elapsed, nil
		case elapsed+pollInterval > t.patience:
			return elapsed, errors.New("it did not happen in time")
		}
		if err := sleep(t.ctx, pollInterval); err != nil {
			return elapsed, err
		}
	}
}

// want ends the check with the answer, unless it is as wanted.
func (t *trial) want(ok bool, a answer) {
	if !ok {
		t.differs("%s", a)
	}
}

// wantCode is for an error, of which the code alone is in question.
func (t *trial) wantCode(a answer, want string) {
	switch code := a.code(); {
	case a.success():
		t.unknown("the answer was no error: %s", a)
	case code == "":
		t.unknown("the answer has no code: %s", a)
	case code != want:
		t.differs("%s", code)
	}
}

// wantLikeMissing compares with the answer about a secret that never was.
func (t *trial) wantLikeMissing(got answer) {
	if want := t.missing(); got.String() != want.String() {
		t.differs("%s, and not %s", got, want)
	}
}

// wantKind looks at what a field is, and not at what is in it.
func (t *trial) wantKind(of object, key string, kinds ...string) {
	if kind := of.kind(key); !slices.Contains(kinds, kind) {
		t.differs("`%s` is %s", key, kind)
	}
}

func (t *trial) wantSame(want, got object, keys ...string) {
	for _, key := range keys {
		if string(want[key]) != string(got[key]) {
			t.differs("another `%s`", key)
		}
	}
}
