// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"context"
	"fmt"
	"time"
)

// isAnother reports whether the record describes another secret than the known one of the same
// name. A secret is its ARN and its creation time. What is not known of it, as after an import
// by name, is not compared.
func (r Record) isAnother(known Record) bool {
	return known.ARN != "" && known.ARN != r.ARN || !known.Created.IsZero() && !sameInstant(known.Created, r.Created)
}

// as gives the creation time in the digits that are known already.
func (r Record) as(known Record) Record {
	if !known.Created.IsZero() {
		r.Created = known.Created
	}
	return r
}

// findRecord reads the record of a known secret. The error is of KindNotFound if the secret is gone,
// and of KindReplaced if another secret has its name.
func (c *Client) findRecord(ctx context.Context, known Record, mustSend bool) (Record, error) {
	record, _, err := c.getRecord(ctx, known, mustSend)
	switch {
	case KindOf(err) == KindNotFound:
		return Record{}, c.confirmGone(ctx, known.OrgID, err)
	case err != nil:
		return Record{}, err
	case record.isAnother(known):
		return Record{}, replaced(known, record)
	}
	return record.as(known), nil
}

// sameInstant compares two times at the coarser of their precisions, because a listing, a record
// and credentials may give the same time with more or fewer digits.
func sameInstant(a, b time.Time) bool {
	coarser := max(precision(a), precision(b))
	return a.Truncate(coarser).Equal(b.Truncate(coarser))
}

// precision is the unit of the last digits of a time: seconds, milliseconds and so on.
func precision(t time.Time) time.Duration {
	unit := time.Second
	for unit > time.Nanosecond && !t.Truncate(unit).Equal(t) {
		unit /= 1000
	}
	return unit
}

// replaced is the error for a secret that is gone and whose name another secret has.
func replaced(known, found Record) *Error {
	return &Error{Kind: KindReplaced, Ref: found.SecretRef, What: fmt.Sprintf(
		"The secret that was created at %s with the ARN %s is gone. Another secret has its name now, which was %s.",
		known.Created.Format(time.RFC3339), known.ARN, found.origin())}
}

// origin says when and by whom a record was created.
func (r Record) origin() string {
	return fmt.Sprintf("created at %s by %s and has the ARN %s", r.Created.Format(time.RFC3339), r.CreatedBy, r.ARN)
}
