// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"context"
	"sync/atomic"

	"golang.org/x/sync/singleflight"
)

// lookup asks once for something that many calls need.
type lookup[T any] struct {
	// keepsRefusal is whether the answer of a service that refuses is remembered too.
	keepsRefusal bool

	calls singleflight.Group
	found atomic.Pointer[found[T]]
}

type found[T any] struct {
	value T
	err   error
}

// get returns the answer. Of the calls that need it at the same time, one asks. If that one is
// canceled, another one asks.
func (l *lookup[T]) get(ctx context.Context, ask func(context.Context) (T, error)) (T, error) {
	_, hurried := ctx.Deadline()
	for {
		call := l.calls.DoChan("", func() (any, error) {
			if found := l.found.Load(); found != nil {
				return found, nil
			}
			value, err := ask(ctx)
			found := &found[T]{value, err}
			if err == nil || l.keepsRefusal && errorOf(err).answered && !(hurried && mayPass(err)) {
				l.found.Store(found)
			}
			return found, nil
		})
		select {
		case <-ctx.Done():
			var none T
			return none, canceled(ctx)
		case result := <-call:
			answer, _ := result.Val.(*found[T])
			if KindOf(answer.err) != KindCanceled || ctx.Err() != nil {
				return answer.value, answer.err
			}
		}
	}
}
