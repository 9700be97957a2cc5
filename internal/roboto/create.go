// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// settleTimeout limits the search for the effect of a canceled call.
const settleTimeout = 10 * time.Second

// CreateSecret creates a record without a value.
//
// POST is not idempotent. If its answer is lost, CreateSecret reads the record to find
// out whether the request took effect. The error is of KindNameTaken if somebody else
// created the record, and of KindUnsettledCreate if a record of ours may be left.
func (c *Client) CreateSecret(ctx context.Context, ref SecretRef) (Record, error) {
	if err := ref.validateFull(); err != nil {
		return Record{}, err
	}
	c.bulk.touch(ref)
	n := creation{client: c, ref: ref, started: time.Now()}
	record, err := n.create(ctx)
	if err != nil && ctx.Err() != nil && n.answerLost {
		record, err = n.settleCanceled(ctx)
	}
	if err == nil {
		c.created.note(ref, time.Now())
	}
	return record, err
}

// SettleCreate returns the record that a CreateSecret of KindUnsettledCreate has left. began
// is when that create began, by the clock of the machine that it ran on. The error is of
// KindNotFound if there is no record of the name, and of KindNameTaken if there is one that
// seems to be somebody else's. It may still be ours if the clocks differ.
func (c *Client) SettleCreate(ctx context.Context, ref SecretRef, began time.Time) (Record, error) {
	n := creation{client: c, ref: ref, started: began, answerLost: true}
	found, record, err := n.find(ctx)
	if err == nil && found == absent {
		err = c.confirmGone(ctx, ref)
	}
	switch {
	case err != nil || found == ours:
		return record, err
	case found == theirs:
		return Record{}, &Error{Kind: KindNameTaken, Ref: ref, Problem: fmt.Sprintf(
			"the attempt began at %s, and the record was %s. %s", began.UTC().Format(time.RFC3339), c.origin(record), n.foreign)}
	}
	return Record{}, &Error{Kind: KindNotFound, Ref: ref, Service: serviceRoboto}
}

// creation is the creation of one record.
type creation struct {
	client  *Client
	ref     SecretRef
	started time.Time
	// answerLost is set if a failed attempt may have taken effect. Only then can a record
	// that is found be ours.
	answerLost bool
	// foreign is a sentence that says why a record is theirs.
	foreign string
}

// finding says whose record has the name.
type finding int

const (
	absent finding = iota
	ours
	theirs
)

func (n *creation) create(ctx context.Context) (Record, error) {
	for attempt := 1; ; attempt++ {
		record, err := n.post(ctx)
		if err == nil || ctx.Err() != nil {
			return record, err
		}
		nameTaken := KindOf(err) == KindConflict
		if KindOf(err) == KindUnsettledCreate || !nameTaken && !n.answerLost {
			return Record{}, err
		}
		last := attempt >= n.client.config.MaxAttempts || !nameTaken && !mayHaveTakenEffect(err)
		found, record, settleErr := n.find(settling(ctx))
		switch {
		case found == ours:
			return record, nil
		case found == theirs, settleErr != nil && !n.answerLost:
			return Record{}, &Error{Kind: KindNameTaken, Ref: n.ref, Err: err}
		case settleErr != nil:
			return Record{}, n.unsettled(err, settleErr)
		case last && n.answerLost:
			return Record{}, n.unsettled(err, nil) // the service may still be working on it
		case last:
			return Record{}, err
		}
		// The request did not take effect, or the name of a deleted secret is not free yet.
		if err := n.client.robotoHost.sleep(ctx, waitAfter(ctx, attempt, err)); err != nil {
			return Record{}, err
		}
	}
}

func (n *creation) post(ctx context.Context) (Record, error) {
	r := request{
		route: n.client.route, method: http.MethodPost,
		path:      "/v1/secrets",
		actingOrg: n.ref.OrgID,
		body: struct {
			Name string `json:"name"`
		}{n.ref.Name},
	}
	ans, err := n.client.send(ctx, r)
	var wire wireRecord
	if err == nil {
		err = ans.decode(r, &wire)
	}
	if err != nil {
		n.answerLost = n.answerLost || mayHaveTakenEffect(err)
		return Record{}, err
	}
	record, err := n.client.checkedRecord(r, wire, n.ref)
	if err != nil {
		// A record was created, but the answer describes one that must not be touched.
		return Record{}, n.unsettled(err, nil)
	}
	record.Seen = ans.received
	return record, nil
}

// find reads the record after a create was refused because of the name, or after its
// answer was lost. The record is ours if it was created no earlier than our first attempt
// and has no value yet. The times are compared by the server's clock: the first attempt
// was at the Date of the answer, less the time that has passed since by our monotonic
// clock.
func (n *creation) find(ctx context.Context) (finding, Record, error) {
	record, ans, err := n.client.getRecord(ctx, n.ref)
	switch {
	case KindOf(err) == KindNotFound:
		return absent, Record{}, nil
	case err != nil:
		return absent, Record{}, err
	}
	firstAttempt := ans.date.Add(-ans.received.Sub(n.started))
	switch {
	case !n.answerLost:
		return theirs, record, nil
	case ans.date.IsZero():
		n.foreign = "The answer has no Date, so it is not known which of the two came first"
		return theirs, record, nil
	case record.Created.Before(firstAttempt):
		n.foreign = "By the clocks, which can differ, the record came first"
		return theirs, record, nil
	}
	n.client.created.note(n.ref, time.Now())
	_, _, err = n.client.ValueAccess(record).Read(ctx, "")
	switch KindOf(err) {
	case KindNoValue:
		return ours, record, nil
	case KindNotFound: // the record exists, so this is about something else
		return absent, Record{}, unexpected(request{route: n.client.route, method: http.MethodGet, path: secretPath(n.ref) + "/creds"}, "the record is there, but not its credentials")
	}
	if err != nil {
		return absent, Record{}, err
	}
	n.foreign = "The record has a value, which the attempt did not write"
	return theirs, record, nil
}

// settleCanceled finds out whether a canceled create took effect, so that the caller can
// keep or delete the record.
func (n *creation) settleCanceled(ctx context.Context) (Record, error) {
	detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	cause := canceled(ctx, "")
	found, record, err := n.find(settling(detached))
	switch {
	case found == ours:
		return record, nil
	case found == theirs:
		return Record{}, cause
	}
	return Record{}, n.unsettled(cause, err) // if it is absent, the service may still be working on it
}

func (n *creation) unsettled(err, settleErr error) error {
	return &Error{Kind: KindUnsettledCreate, Ref: n.ref, Began: n.started, Err: err, Settle: settleErr}
}
