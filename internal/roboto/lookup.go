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

// get returns the answer. Of the calls that need it at the same time, one asks.
func (l *lookup[T]) get(ctx context.Context, ask func(context.Context) (T, error)) (T, error) {
	for {
		call := l.calls.DoChan("", func() (any, error) {
			if known := l.answer.Load(); known != nil {
				return known, nil
			}
			value, err := ask(ctx)
			answer := &lookupAnswer[T]{value, err}
			if err == nil || l.refusalIsFinal && KindOf(err) != KindNoAnswer && ctx.Err() == nil {
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
			if KindOf(answer.err) != KindCanceled || ctx.Err() != nil { // else another call was canceled that asked
				return answer.value, answer.err
			}
		}
	}
}
