// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// A call that is canceled, or has too little time, does not decide for the others.
func TestLookUpOfAPatientCall(t *testing.T) {
	for _, failure := range []Kind{KindCanceled, KindUnavailable, KindNoAnswer} {
		synctest.Test(t, func(t *testing.T) {
			l := newLookup[int]()
			asked := 0
			ask := func(context.Context) (int, error) {
				time.Sleep(time.Second)
				if asked++; asked == 1 {
					return 0, &Error{Kind: failure}
				}
				return asked, nil
			}
			go func() {
				ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
				defer cancel()
				if _, err := l.get(ctx, ask); KindOf(err) != failure {
					t.Errorf("the hurried call gets %v", err)
				}
			}()
			time.Sleep(time.Millisecond)
			if value, err := l.get(t.Context(), ask); value != 2 || err != nil {
				t.Errorf("the patient call gets %d, %v", value, err)
			}
			time.Sleep(time.Hour)
			ended, cancel := context.WithCancel(t.Context())
			cancel()
			if value, err := l.get(ended, ask); value != 2 || err != nil {
				t.Errorf("a call that has ended gets %d, %v", value, err)
			}
		})
	}
}

// A call waits for another one no longer than its context.
func TestLookUpWaitsNoLongerThanItsCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLookup[int]()
		go func() {
			_, _ = l.get(t.Context(), func(context.Context) (int, error) { time.Sleep(time.Hour); return 0, nil })
		}()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		if _, err := l.get(ctx, nil); KindOf(err) != KindCanceled || time.Since(began) != time.Second {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
		time.Sleep(time.Hour)
	})
}

// An error answers all that wait for it. One that was answered is remembered for half a minute, and one
// without an answer is not.
func TestLookUpRemembersErrors(t *testing.T) {
	for failure, asks := range map[Kind]int32{KindUnauthorized: 2, KindUnavailable: 2, KindNoAnswer: 4} {
		synctest.Test(t, func(t *testing.T) {
			l := newLookup[int]()
			var asked atomic.Int32
			ask := func(context.Context) (int, error) {
				time.Sleep(time.Second)
				asked.Add(1)
				return 0, &Error{Kind: failure}
			}
			for range 4 {
				var group sync.WaitGroup
				for range 10 {
					group.Go(func() {
						if _, err := l.get(t.Context(), ask); KindOf(err) != failure {
							t.Errorf("the error is %v", err)
						}
					})
				}
				group.Wait()
				time.Sleep(16 * time.Second)
			}
			if n := asked.Load(); n != asks {
				t.Errorf("%s: asked %d times, want %d", failure, n, asks)
			}
		})
	}
}

// Many resources ask at once, and one request answers them all.
func TestOwnerIsAskedForOnce(t *testing.T) {
	inService(t, func(s service) {
		var group sync.WaitGroup
		for range 20 {
			group.Go(func() {
				_, orgErr := s.client.OnlyOrgID(s.Context())
				_, userErr := s.client.userID(s.Context())
				s.wantKind(orgErr, KindOther)
				s.wantKind(userErr, KindOther)
			})
		}
		group.Wait()
		s.wantCount(robototest.ListOrgs, 1)
		s.wantCount(robototest.GetUser, 1)
	})
}
