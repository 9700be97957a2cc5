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

// settleTimeout bounds finding out what became of a create that was canceled.
const settleTimeout = 10 * time.Second

// NameTakenError says that a record of that name exists which this call did not
// make. It matches ErrConflict.
type NameTakenError struct {
	Ref SecretRef
	// Err is the service's refusal, or nil if the record was found after an answer
	// had been lost.
	Err error
}

func (e *NameTakenError) Error() string {
	return fmt.Sprintf("secret %s exists already", e.Ref.URI())
}

// Is matches ErrConflict.
func (e *NameTakenError) Is(target error) bool { return target == ErrConflict }

func (e *NameTakenError) Unwrap() error { return e.Err }

// UnsettledCreateError says that the answer to a create was lost, and that
// whether the record exists could not be found out either.
type UnsettledCreateError struct {
	Ref SecretRef
	// Create is how the create failed, and Settle what then kept the record from
	// being read.
	Create, Settle error
}

func (e *UnsettledCreateError) Error() string {
	return fmt.Sprintf("creating secret %s: %v; whether it exists is unknown: %v", e.Ref.URI(), e.Create, e.Settle)
}

func (e *UnsettledCreateError) Unwrap() []error { return []error{e.Create, e.Settle} }

// CreateSecret makes a record without a value.
//
// POST is not idempotent: when its answer is lost, the record is read to find
// out whether the request took effect. A record counts as ours only if it was created no earlier
// than our first attempt and has no value yet. Otherwise the error is a *NameTakenError.
func (c *Client) CreateSecret(ctx context.Context, ref SecretRef) (Record, error) {
	ref, err := c.Resolve(ctx, ref)
	if err != nil {
		return Record{}, err
	}
	c.bulk.touch(ref)
	started := time.Now()
	answerLost := false
	for attempt := 1; ; attempt++ {
		record, err := c.postRecord(ctx, ref)
		switch {
		case err == nil:
			record.createdHere = started
			return record, nil
		case ctx.Err() != nil:
			return c.settleCanceledCreate(ctx, ref, started)
		case errors.Is(err, ErrConflict) && !answerLost:
			return Record{}, &NameTakenError{Ref: ref, Err: err}
		case !errors.Is(err, ErrConflict) && !mayHaveTakenEffect(err):
			return Record{}, err
		}
		answerLost = true

		record, settleErr := c.settleCreate(ctx, ref, started)
		switch {
		case settleErr == nil:
			record.createdHere = started
			return record, nil
		case !errors.Is(settleErr, ErrNotFound):
			if errors.Is(settleErr, ErrConflict) {
				return Record{}, settleErr
			}
			return Record{}, &UnsettledCreateError{Ref: ref, Create: err, Settle: settleErr}
		case attempt >= c.config.MaxAttempts:
			return Record{}, err
		}
		if err := sleep(ctx, backoff(attempt)); err != nil {
			return Record{}, err
		}
	}
}

func (c *Client) postRecord(ctx context.Context, ref SecretRef) (Record, error) {
	r := request{
		method:    http.MethodPost,
		path:      "/v1/secrets",
		orgHeader: headerActingOrg,
		orgID:     ref.OrgID,
		body: struct {
			Name string `json:"name"`
		}{ref.Name},
	}
	ans, err := c.send(ctx, r)
	if err != nil {
		return Record{}, err
	}
	var wire wireRecord
	if err := ans.decode(r, &wire); err != nil {
		return Record{}, err
	}
	return c.checkedRecord(r, wire, ref)
}

// mayHaveTakenEffect tells whether a create may have been carried out although
// it failed. A gateway's 502 or 503 can hide either.
func mayHaveTakenEffect(err error) bool {
	if refused, ok := errors.AsType[*APIError](err); ok {
		return refused.StatusCode == http.StatusRequestTimeout || refused.StatusCode >= 500
	}
	if unexpected, ok := errors.AsType[*UnexpectedAnswerError](err); ok {
		return unexpected.malformed
	}
	lost, ok := errors.AsType[*TransportError](err)
	return ok && !neverSent(lost)
}

// settleCreate returns the record if the create that began at started made it.
// The comparison uses the server's clock: its time of our first attempt is the
// Date of its answer less the time since by our monotonic clock.
func (c *Client) settleCreate(ctx context.Context, ref SecretRef, started time.Time) (Record, error) {
	record, ans, err := c.getRecord(ctx, ref)
	if err != nil {
		return Record{}, err
	}
	firstAttempt := ans.date.Add(-ans.received.Sub(started))
	if ans.date.IsZero() || record.Created.Before(firstAttempt) {
		return Record{}, &NameTakenError{Ref: ref}
	}
	record.createdHere = started
	_, _, err = c.Value(record).Read(ctx, "")
	switch {
	case errors.Is(err, ErrNoValue):
		return record, nil
	case err != nil:
		return Record{}, err
	}
	return Record{}, &NameTakenError{Ref: ref}
}

// settleCanceledCreate returns the record if the create took effect before it
// was canceled, so that the caller can keep or delete it, and else why the
// context ended.
func (c *Client) settleCanceledCreate(ctx context.Context, ref SecretRef, started time.Time) (Record, error) {
	detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	record, err := c.settleCreate(detached, ref, started)
	switch {
	case err == nil:
		record.createdHere = started
		return record, nil
	case errors.Is(err, ErrNotFound), errors.Is(err, ErrConflict):
		return Record{}, context.Cause(ctx)
	}
	return Record{}, &UnsettledCreateError{Ref: ref, Create: context.Cause(ctx), Settle: err}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
