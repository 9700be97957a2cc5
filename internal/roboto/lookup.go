// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"context"
	"sync/atomic"

	"golang.org/x/sync/singleflight"
)

// lookup asks once for something about the API key's owner that many calls need.
type lookup[T any] struct {
	// refusalIsFinal is whether a refusal is remembered too, if there was time for all attempts.
	refusalIsFinal bool

	calls  singleflight.Group
	answer atomic.Pointer[lookupAnswer[T]]
}

type lookupAnswer[T any] struct {
	value T
	err   error
	// cutShort is whether a deadline, or the end of the call that asked, may have kept another
	// attempt from succeeding.
	cutShort bool
}

// get returns the answer. Of the calls that need it at the same time, one asks.
func (l *lookup[T]) get(ctx context.Context, ask func(context.Context) (T, error)) (T, error) {
	_, hurried := ctx.Deadline()
	for {
		if known := l.answer.Load(); known != nil {
			return known.value, known.err
		}
		call := l.calls.DoChan("", func() (any, error) {
			if known := l.answer.Load(); known != nil {
				return known, nil
			}
			value, err := ask(ctx)
			kind := KindOf(err)
			temporary := kind == KindNoAnswer || kind == KindUnavailable || kind == KindThrottled
			answer := &lookupAnswer[T]{value, err, hurried && temporary || kind == KindCanceled}
			if err == nil || l.refusalIsFinal && kind != KindNoAnswer && !answer.cutShort {
				l.answer.Store(answer)
			}
			return answer, nil
		})
		select {
		case <-ctx.Done():
			var none T
			return none, canceled(ctx, "")
		case result := <-call:
			answer, _ := result.Val.(*lookupAnswer[T])
			// Whoever has more time, or was not canceled, asks again.
			if !answer.cutShort || hurried && KindOf(answer.err) != KindCanceled || ctx.Err() != nil {
				return answer.value, answer.err
			}
		}
	}
}
