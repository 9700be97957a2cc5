// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"context"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"
)

// lookup asks once for something that many calls need.
type lookup[T any] struct {
	// keepsErrors is whether an error that the service answered is remembered too: for ever if it
	// refused, and for a while if it was busy or failing.
	keepsErrors bool

	calls  singleflight.Group
	result atomic.Pointer[lookupResult[T]]
}

type lookupResult[T any] struct {
	value T
	err   error
	// cutShort is whether the call that asked had too little time for all attempts.
	cutShort bool
	// until is when the result is forgotten, or zero.
	until time.Time
}

// busyLookupTime is how long a busy or failing service is not asked again. Otherwise each of
// hundreds of calls would make all attempts for itself.
const busyLookupTime = 30 * time.Second

func (l *lookup[T]) known() *lookupResult[T] {
	if result := l.result.Load(); result != nil && (result.until.IsZero() || time.Now().Before(result.until)) {
		return result
	}
	return nil
}

// get returns the answer. Of the calls that need it at the same time, one asks. If that one is
// canceled or has too little time, one that has more asks again.
func (l *lookup[T]) get(ctx context.Context, ask func(context.Context) (T, error)) (T, error) {
	_, hurried := ctx.Deadline()
	for {
		if known := l.known(); known != nil {
			return known.value, known.err
		}
		call := l.calls.DoChan("", func() (any, error) {
			if known := l.known(); known != nil {
				return known, nil
			}
			value, err := ask(ctx)
			result := &lookupResult[T]{value: value, err: err, cutShort: KindOf(err) == KindCanceled || hurried && mayPass(err)}
			if mayPass(err) {
				result.until = time.Now().Add(busyLookupTime)
			}
			if err == nil || l.keepsErrors && errorOf(err).answered && !result.cutShort {
				l.result.Store(result)
			}
			return result, nil
		})
		select {
		case <-ctx.Done():
			var none T
			return none, canceled(ctx)
		case answer := <-call:
			result, _ := answer.Val.(*lookupResult[T])
			if !result.cutShort || ctx.Err() != nil || hurried && KindOf(result.err) != KindCanceled {
				return result.value, result.err
			}
		}
	}
}
