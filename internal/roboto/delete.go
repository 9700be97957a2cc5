// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// sightLifetime is how long a record that was seen is taken to be there still.
const sightLifetime = time.Minute

// UnsettledDeleteError says that it is not known whether a secret was deleted.
type UnsettledDeleteError struct {
	Ref SecretRef
	// Delete is how the deletion failed.
	Delete error
	// Settle is what then kept the record from being read.
	Settle error
}

func (e *UnsettledDeleteError) Error() string {
	return fmt.Sprintf("deleting secret %s: %v; it may be gone, which cannot be looked up: %v", e.Ref.URI(), e.Delete, e.Settle)
}

func (e *UnsettledDeleteError) Unwrap() []error { return []error{e.Delete, e.Settle} }

// DeleteSecret deletes a record and its value, for good. A secret that is gone
// already, or whose name another secret has, is a success without a request that
// could delete.
//
// Roboto deletes by name and takes no condition, so the record is read first unless
// known was seen within the last minute. No DELETE is sent twice without a
// read in between: the first may have taken effect, and the name may have been handed on.
// Errors are those of a call, *UnsettledDeleteError and *UnconfirmedGoneError.
func (c *Client) DeleteSecret(ctx context.Context, known Record) error {
	ref, err := c.Resolve(ctx, known.SecretRef)
	if err != nil {
		return err
	}
	known.SecretRef = ref
	c.bulk.touch(ref)
	if age := time.Since(known.Seen); age < 0 || age > sightLifetime {
		if gone, err := c.isGone(ctx, known); gone || err != nil {
			return err
		}
	}
	for attempt := 1; ; attempt++ {
		_, err := c.send(ctx, request{
			method: http.MethodDelete, path: secretPath(ref), orgHeader: headerOwnerOrg, orgID: ref.OrgID, once: true,
		})
		switch {
		case err == nil:
			return nil
		case errors.Is(err, ErrNotFound):
			return c.confirmGone(ctx, ref)
		case ctx.Err() != nil || !mayHaveTakenEffect(err) && !isTemporary(err):
			return err
		}
		last := attempt >= c.config.MaxAttempts || isFinalFailure(err)
		if last && !mayHaveTakenEffect(err) {
			return err
		}
		if !last {
			if err := sleep(ctx, waitAfter(ctx, attempt, err)); err != nil {
				return err
			}
		}
		gone, settleErr := c.isGone(ctx, known)
		switch {
		case settleErr != nil && mayHaveTakenEffect(err):
			return &UnsettledDeleteError{Ref: ref, Delete: err, Settle: settleErr}
		case gone || settleErr != nil:
			return settleErr
		case last:
			return err
		}
	}
}

// isGone tells whether the known secret is there no more.
func (c *Client) isGone(ctx context.Context, known Record) (bool, error) {
	record, _, err := c.getRecord(ctx, known.SecretRef)
	if errors.Is(err, ErrNotFound) {
		err = c.confirmGone(ctx, known.SecretRef)
		return err == nil, err
	}
	return err == nil && record.isAnother(known), err
}
