// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"context"
	"net/http"
	"slices"
	"time"
)

// sightLifetime is how long a record that was seen is taken to be there still.
const sightLifetime = time.Minute

// DeleteSecret deletes a record and its value, for good. A secret that is gone
// already, or whose name another secret has, is a success without a request that
// could delete.
//
// Roboto deletes by name and takes no condition, so the record is read first unless
// known was seen within the last minute. No DELETE is sent twice without a
// read in between: the first may have taken effect, and the name may have been handed on.
// The error is of KindUnsettledDelete where it is not known what became of the secret.
func (c *Client) DeleteSecret(ctx context.Context, known Record) error {
	ref := known.SecretRef
	if err := ref.validateFull(); err != nil {
		return err
	}
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
		case KindOf(err) == KindNotFound:
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
			return &Error{Kind: KindUnsettledDelete, Ref: ref, Err: err, Settle: settleErr}
		case gone || settleErr != nil:
			return settleErr
		case last:
			return err
		}
	}
}

// isTemporary tells whether another attempt may fare better after a request without
// effect.
func isTemporary(err error) bool {
	return slices.Contains([]Kind{KindNoAnswer, KindThrottled}, KindOf(err))
}

// isGone tells whether the known secret is there no more.
func (c *Client) isGone(ctx context.Context, known Record) (bool, error) {
	record, _, err := c.getRecord(ctx, known.SecretRef)
	if KindOf(err) == KindNotFound {
		err = c.confirmGone(ctx, known.SecretRef)
		return err == nil, err
	}
	return err == nil && record.isAnother(known), err
}
