// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"context"
	"sync/atomic"
	"time"
)

// lookup asks once for something that many calls need.
type lookup[T any] struct {
	// turn is full while a call asks. The others wait.
	turn   chan struct{}
	result atomic.Pointer[lookupResult[T]]
}

type lookupResult[T any] struct {
	value T
	err   error
	at    time.Time
}

// failedLookupTime is how long an error is remembered. Otherwise each of hundreds of calls would make
// all attempts for itself.
const failedLookupTime = 30 * time.Second

func newLookup[T any]() *lookup[T] { return &lookup[T]{turn: make(chan struct{}, 1)} }

// known is what is remembered, or nil. A success is remembered for ever.
func (l *lookup[T]) known() *lookupResult[T] {
	if result := l.result.Load(); result != nil && (result.err == nil || KindOf(result.err) != KindNoAnswer && time.Since(result.at) < failedLookupTime) {
		return result
	}
	return nil
}

// get returns what is remembered, or asks. It waits no longer than its context. An error is remembered
// unless it is due to that, or to a lost answer: then the next call asks for itself.
func (l *lookup[T]) get(ctx context.Context, ask func(context.Context) (T, error)) (T, error) {
	if known := l.known(); known != nil {
		return known.value, known.err
	}
	before := l.result.Load()
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		var none T
		return none, canceled(ctx)
	}
	if latest := l.result.Load(); latest != before {
		return latest.value, latest.err
	}
	value, err := ask(ctx)
	_, hurried := ctx.Deadline()
	if kind := KindOf(err); kind != KindCanceled && !(hurried && mayPass(err)) {
		l.result.Store(&lookupResult[T]{value, err, time.Now()})
	}
	return value, err
}
