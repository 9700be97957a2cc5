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
	// refusalIsFinal is whether a refusal is remembered too. A missing answer never is.
	refusalIsFinal bool

	calls  singleflight.Group
	answer atomic.Pointer[lookupAnswer[T]]
}

type lookupAnswer[T any] struct {
	value T
	err   error
}

// get returns the answer. A look-up goes on if the call that began it is canceled.
func (l *lookup[T]) get(ctx context.Context, ask func(context.Context) (T, error)) (T, error) {
	if known := l.answer.Load(); known != nil {
		return known.value, known.err
	}
	call := l.calls.DoChan("", func() (any, error) {
		if known := l.answer.Load(); known != nil { // the answer came since
			return known, nil
		}
		value, err := ask(context.WithoutCancel(ctx))
		answer := &lookupAnswer[T]{value, err}
		if err == nil || l.refusalIsFinal && KindOf(err) != KindNoAnswer {
			l.answer.Store(answer)
		}
		return answer, nil
	})
	select {
	case <-ctx.Done():
		var none T
		return none, context.Cause(ctx)
	case result := <-call:
		answer, _ := result.Val.(*lookupAnswer[T])
		return answer.value, answer.err
	}
}
