// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"context"
	"net/http"
	"time"
)

// undoTimeout limits UndoCreate.
const undoTimeout = 30 * time.Second

// sightLifetime is how long a record that was seen is assumed to exist.
const sightLifetime = time.Minute

// DeleteSecret deletes a record and its value for good. It succeeds without a DELETE if
// the secret is gone, or if another secret has its name.
//
// Roboto deletes by name and supports no condition. DeleteSecret therefore reads the
// record first, unless known was seen within the last minute, and not in a listing, which
// may lag. It also reads the record
// between two DELETEs, because the first one may have taken effect and the name may
// belong to another secret by then. The error is of KindUnsettledDelete if it is not
// known whether the secret was deleted.
func (c *Client) DeleteSecret(ctx context.Context, known Record) error {
	ref := known.SecretRef
	if err := ref.validateFull(); err != nil {
		return err
	}
	c.bulk.touch(ref)
	if age := time.Since(known.Seen); c.config.BulkRefresh || age < 0 || age > sightLifetime {
		if gone, err := c.isGone(ctx, known); gone || err != nil {
			return err
		}
	}
	for attempt := 1; ; attempt++ {
		_, err := c.send(ctx, request{
			route: c.route, method: http.MethodDelete, path: secretPath(ref), ownerOrg: ref.OrgID, once: true,
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
			if err := c.robotoHost.sleep(ctx, waitAfter(ctx, attempt, err)); err != nil {
				return err
			}
		}
		looking := ctx
		if mayHaveTakenEffect(err) {
			looking = settling(ctx)
		}
		gone, settleErr := c.isGone(looking, known)
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

// UndoCreate deletes the record of a secret that this process has just created. It has a
// deadline of its own, runs after a cancel too, and makes its requests even if the host has
// not answered lately.
func (c *Client) UndoCreate(ctx context.Context, created Record) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
	defer cancel()
	return c.DeleteSecret(settling(ctx), created)
}

// isTemporary reports whether a request that had no effect may succeed when it is repeated.
func isTemporary(err error) bool {
	kind := KindOf(err)
	return kind == KindNoAnswer || kind == KindThrottled
}

// isGone reports whether the known secret no longer exists.
func (c *Client) isGone(ctx context.Context, known Record) (bool, error) {
	record, _, err := c.getRecord(ctx, known.SecretRef)
	if KindOf(err) == KindNotFound {
		err = c.confirmGone(ctx, known.SecretRef)
		return err == nil, err
	}
	return err == nil && record.isAnother(known), err
}
