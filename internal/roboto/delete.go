// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// undoTimeout limits UndoCreate.
const undoTimeout = 30 * time.Second

// DeleteSecret deletes a record and its value for good. It succeeds without a DELETE if
// the secret is gone, or if another secret has its name. The error is of KindUnsettled if
// it is not known whether the secret was deleted.
func (c *Client) DeleteSecret(ctx context.Context, known Record) error {
	err := c.deleteSecret(ctx, known, false)
	if KindOf(err) == KindReplaced {
		return nil
	}
	return err
}

// UndoCreate deletes the record of a secret that this process has just created. It has a
// deadline of its own, runs after a cancel too, and makes its requests even if the host has
// not answered lately. The error is of KindReplaced if another secret has the name by now.
func (c *Client) UndoCreate(ctx context.Context, created Record) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
	defer cancel()
	return c.deleteSecret(ctx, created, true)
}

// deleteSecret reads the record before each DELETE, because Roboto deletes by name and supports
// no condition: an earlier DELETE may have taken effect without an answer, and the name may be
// another secret's by then.
func (c *Client) deleteSecret(ctx context.Context, known Record, mustSend bool) error {
	if known.ARN == "" || known.Created.IsZero() {
		return fmt.Errorf("the ARN and the creation time of the secret %q are not known, so another secret could be deleted", known.Name)
	}
	var failed error // how the last DELETE failed
	for attempt := 1; ; attempt++ {
		lost := errorOf(failed).lost
		switch _, err := c.findRecord(ctx, known, mustSend || lost); {
		case KindOf(err) == KindNotFound && known.isNew():
			return &Error{Kind: KindUnsettled, What: "Roboto does not show the new record, which may be there nevertheless.", Err: err}
		case KindOf(err) == KindNotFound:
			return nil
		case err != nil && lost && KindOf(err) != KindReplaced:
			return unsettledDelete(failed, err)
		case err != nil:
			return err
		case attempt > c.config.MaxAttempts || errorOf(failed).final:
			return failed
		}
		_, failed = c.call(ctx, secretRequest(http.MethodDelete, known, mustSend))
		if errorOf(failed).lost {
			known.CreatedHere = time.Time{} // "not found" no longer means that the secret is new
		}
		switch again := errorOf(failed).lost || mayPass(failed) && attempt < c.config.MaxAttempts; {
		case KindOf(failed) == KindNotFound:
			if err := c.confirmGone(ctx, known.OrgID, failed); KindOf(err) != KindNotFound {
				return err
			}
			return nil
		case !again:
			return failed
		}
		switch err := wait(ctx, attempt, failed); {
		case err != nil && errorOf(failed).lost:
			return unsettledDelete(err, nil)
		case err != nil:
			return err
		}
	}
}

func unsettledDelete(cause, lookErr error) error {
	return &Error{Kind: KindUnsettled, What: "The secret may have been deleted anyway.", Err: cause, Settle: lookErr}
}
