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
	// Err is how the create failed.
	Err error
}

func (e *NameTakenError) Error() string {
	return fmt.Sprintf("secret %s exists already", e.Ref.URI())
}

// Is matches ErrConflict.
func (e *NameTakenError) Is(target error) bool { return target == ErrConflict }

func (e *NameTakenError) Unwrap() error { return e.Err }

// UnsettledCreateError says that a create may have left a record, because its
// answer was lost or cannot be believed.
type UnsettledCreateError struct {
	Ref SecretRef
	// Create is how the create failed.
	Create error
	// Settle is what then kept the record from being read; nil if the answer to the
	// create said that there is one, or if there is none yet.
	Settle error
}

func (e *UnsettledCreateError) Error() string {
	text := fmt.Sprintf("creating secret %s: %v; a record may exist", e.Ref.URI(), e.Create)
	if e.Settle != nil {
		text += fmt.Sprintf(", and cannot be looked for: %v", e.Settle)
	}
	return text
}

func (e *UnsettledCreateError) Unwrap() []error {
	if e.Settle == nil {
		return []error{e.Create}
	}
	return []error{e.Create, e.Settle}
}

// CreateSecret makes a record without a value.
//
// POST is not idempotent: when its answer is lost, the record is read to find
// out whether the request took effect. A record counts as ours only if it was created no earlier
// than our first attempt and has no value yet. Otherwise the error is a
// *NameTakenError, or an *UnsettledCreateError if a record of ours may be left.
func (c *Client) CreateSecret(ctx context.Context, ref SecretRef) (Record, error) {
	ref, err := c.Resolve(ctx, ref)
	if err != nil {
		return Record{}, err
	}
	c.bulk.touch(ref)
	started := time.Now()
	record, answerLost, err := c.createRecord(ctx, ref, started)
	if err != nil && ctx.Err() != nil && answerLost {
		record, err = c.settleCanceledCreate(ctx, ref, started)
	}
	if err == nil {
		c.created.note(ref, time.Now())
	}
	return record, err
}

// createRecord also tells whether an answer was lost: only then can a record that
// is found be ours.
func (c *Client) createRecord(ctx context.Context, ref SecretRef, started time.Time) (_ Record, answerLost bool, _ error) {
	for attempt := 1; ; attempt++ {
		record, err := c.postRecord(ctx, ref)
		conflict := errors.Is(err, ErrConflict)
		answerLost = answerLost || mayHaveTakenEffect(err)
		switch {
		case err == nil || ctx.Err() != nil:
			return record, answerLost, err
		case !conflict && !mayHaveTakenEffect(err):
			return Record{}, answerLost, err
		}

		record, settleErr := c.findCreated(ctx, ref, started, answerLost)
		switch {
		case settleErr == nil:
			return record, answerLost, nil
		case errors.Is(settleErr, ErrConflict):
			return Record{}, answerLost, &NameTakenError{Ref: ref, Err: err}
		case !errors.Is(settleErr, ErrNotFound) && conflict && !answerLost:
			return Record{}, answerLost, &NameTakenError{Ref: ref, Err: err}
		case !errors.Is(settleErr, ErrNotFound):
			return Record{}, answerLost, &UnsettledCreateError{Ref: ref, Create: err, Settle: settleErr}
		case attempt >= c.config.MaxAttempts && answerLost:
			// The service may still be at it.
			return Record{}, answerLost, &UnsettledCreateError{Ref: ref, Create: err}
		case attempt >= c.config.MaxAttempts:
			return Record{}, answerLost, err
		}
		// There is no record: the request did not take effect, or the name of a
		// deleted secret is not free yet.
		if err := sleep(ctx, waitAfter(ctx, attempt, err)); err != nil {
			return Record{}, answerLost, err
		}
	}
}

// findCreated looks for the record after a create that was refused because of
// the name, or whose answer was lost. Only the latter can have made it.
func (c *Client) findCreated(ctx context.Context, ref SecretRef, started time.Time, answerLost bool) (Record, error) {
	if answerLost {
		return c.settleCreate(ctx, ref, started)
	}
	if _, _, err := c.getRecord(ctx, ref); err != nil {
		return Record{}, err
	}
	return Record{}, ErrConflict
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
	record, err := c.checkedRecord(r, wire, ref)
	if err != nil {
		// It succeeded, but as what it describes must not be touched.
		return Record{}, &UnsettledCreateError{Ref: ref, Create: err}
	}
	record.Seen = ans.received
	return record, nil
}

// mayHaveTakenEffect tells whether a create may have been carried out although
// it failed. A gateway's 502 or 503 can hide either.
func mayHaveTakenEffect(err error) bool {
	if errors.Is(err, ErrUnavailable) {
		return true
	}
	if unexpected, ok := errors.AsType[*UnexpectedAnswerError](err); ok {
		return unexpected.malformed
	}
	return wasSent(err)
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
	c.created.note(ref, time.Now())
	_, _, err = c.Value(record).Read(ctx, "")
	switch {
	case errors.Is(err, ErrNoValue):
		return record, nil
	case errors.Is(err, ErrNotFound): // not the record, which is there
		return Record{}, &UnexpectedAnswerError{Request: "GET /v1/secrets/name/" + ref.Name + "/creds", Problem: "the record is there, but not its credentials"}
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
		return record, nil
	case errors.Is(err, ErrConflict):
		return Record{}, context.Cause(ctx)
	case errors.Is(err, ErrNotFound): // the service may still be at it
		return Record{}, &UnsettledCreateError{Ref: ref, Create: context.Cause(ctx)}
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
