// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// Who has time for all attempts does not take the failure of one that has not.
func TestLookUpOfAPatientCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := lookup[int]{keepsErrors: true}
		began := time.Now()
		ask := func(context.Context) (int, error) {
			time.Sleep(time.Second)
			if time.Since(began) < 2*time.Second {
				return 0, &Error{Kind: KindUnavailable, answered: true}
			}
			return 1, nil
		}
		go func() {
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			if _, err := l.get(ctx, ask); err == nil {
				t.Error("the hurried call succeeds")
			}
		}()
		time.Sleep(time.Millisecond)
		if value, err := l.get(t.Context(), ask); value != 1 || err != nil {
			t.Errorf("the patient call gets %d, %v", value, err)
		}
	})
}
