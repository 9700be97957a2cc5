// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// maxAnswerAge is how long before its answer a request may have created a record.
const maxAnswerAge = time.Hour

// CreateSecret creates a record without a value.
//
// POST is not idempotent. If its answer is lost, CreateSecret reads the record, and takes it for
// its own only if Roboto says so (see whyNotOurs), after a cancel too. The error is of KindNameTaken
// if another record has the name, and of KindUnsettled if a record may exist that was not found.
// deleted is a secret of the name that the caller has deleted, or zero: Roboto may still show it.
func (c *Client) CreateSecret(ctx context.Context, ref SecretRef, deleted Record) (Record, error) {
	if err := ref.validateFull(); err != nil {
		return Record{}, err
	}
	began := time.Now()
	var lost time.Time // began, if an answer was lost
	for attempt := 1; ; attempt++ {
		record, err := c.postRecord(ctx, ref)
		if err == nil || KindOf(err) == KindUnsettled {
			return record, err
		}
		if errorOf(err).lost {
			lost = began
		}
		conflict := errorOf(err).code == codeConflict
		if conflict || !lost.IsZero() {
			looking, stop := settling(ctx)
			found, lookErr := c.findCreated(looking, ref, deleted, lost)
			stop()
			switch {
			case KindOf(lookErr) == KindNotFound:
				// The POST had no effect, or the name of a deleted secret is not free yet.
			case looking == ctx && ctx.Err() != nil:
				continue // the next POST is not sent
			case lookErr == nil || KindOf(lookErr) == KindNameTaken:
				return found, lookErr
			case lost.IsZero():
				return Record{}, &Error{Kind: KindNameTaken, What: sentences(whatTaken), Err: err, Settle: lookErr}
			default:
				return Record{}, unsettledCreate(ref, err, lookErr)
			}
		}
		switch again := conflict || mayPass(err) || errorOf(err).lost; {
		case again && ctx.Err() == nil && attempt < c.config.MaxAttempts:
			_ = wait(ctx, attempt, err)
		case !lost.IsZero():
			return Record{}, unsettledCreate(ref, err, nil)
		case conflict:
			errorOf(err).Kind = KindUnavailable
			errorOf(err).What += fmt.Sprintf(" Roboto shows no other secret of this name. It was tried for %.0f seconds, "+
				"because the name of a secret that was just deleted may stay taken for a while: try again in a minute.", time.Since(began).Seconds())
			return Record{}, err
		default:
			errorOf(err).tried(began, false)
			return Record{}, err
		}
	}
}

// findCreated reads the record of the name after a POST that failed. The error is of KindNotFound if
// there is none, and of KindNameTaken if it is not ours. lost is when the first POST was sent, by this
// machine's clock, if an answer was lost.
func (c *Client) findCreated(ctx context.Context, ref SecretRef, deleted Record, lost time.Time) (Record, error) {
	record, ans, err := c.getRecord(ctx, Record{SecretRef: ref}, true)
	switch {
	case err != nil:
		return Record{}, err
	case deleted.ARN != "" && !record.isAnother(deleted):
		return Record{}, &Error{Kind: KindNotFound}
	case lost.IsZero():
		return Record{}, nameTaken(record)
	}
	record.CreatedHere = time.Now()
	why, err := c.whyNotOurs(ctx, record, ans, lost)
	if why == "" {
		return record, nil
	}
	taken := nameTaken(record)
	taken.What += " An answer to this create was lost, so the record may be its own. It does not count as such, because " + why + "."
	taken.Settle = err
	return Record{}, taken
}

func (c *Client) postRecord(ctx context.Context, ref SecretRef) (Record, error) {
	wire, ans, err := callFor[wireRecord](ctx, c, request{
		method:    http.MethodPost,
		path:      []string{"v1", "secrets"},
		actingOrg: ref.OrgID,
		body: struct {
			Name string `json:"name"`
		}{ref.Name},
	})
	if err != nil {
		return Record{}, err
	}
	record, err := c.checkedRecord(ans, wire, ref)
	if err == nil && !ans.date.IsZero() && ans.date.Sub(record.Created) > maxAnswerAge {
		err = ans.unusable("its record was " + record.origin() + ", so this request did not create it")
	}
	if err != nil {
		return Record{}, unsettledCreate(ref, err, nil)
	}
	record.CreatedHere = time.Now()
	return record, nil
}

const whatTaken = "a secret of this name exists already in the organization"

// nameTaken says who created the record of a name, and when.
func nameTaken(record Record) *Error {
	return &Error{Kind: KindNameTaken, Ref: record.SecretRef, What: sentences(whatTaken, "it was "+record.origin())}
}

// CheckName returns nil if there is no secret of the name. The error is of KindNameTaken if
// there is one. belongs is whether the API key's owner is known to belong to the organization:
// otherwise Roboto may be hiding the secret.
func (c *Client) CheckName(ctx context.Context, ref SecretRef, belongs bool) error {
	record, _, err := c.getRecord(ctx, Record{SecretRef: ref}, false)
	if KindOf(err) == KindNotFound && !belongs {
		err = c.confirmGone(ctx, ref.OrgID, err)
	}
	switch {
	case KindOf(err) == KindNotFound:
		return nil
	case err != nil:
		return err
	}
	return nameTaken(record)
}

// whyNotOurs returns "" if Roboto says that a POST of ours created the record: it was created
// between our first POST and the answer that shows it, its creator is the API key's owner, and
// it has no value. Otherwise it returns the reason, and an error if something cannot be found
// out. began is when the first POST was sent, by this machine's clock. Times are compared in whole
// seconds, because a Date has no more, with a second's grace.
func (c *Client) whyNotOurs(ctx context.Context, record Record, ans answer, began time.Time) (string, error) {
	created := record.Created.Truncate(time.Second)
	switch {
	case ans.date.IsZero():
		return "the answer from Roboto has no Date", nil
	case created.Before(began.Truncate(time.Second).Add(-time.Second)), created.Before(ans.date.Add(began.Sub(ans.received) - 2*time.Second)):
		return "it is older than the first request", nil // by this machine's clock, or by the server's
	case created.After(ans.date.Add(time.Second)):
		return fmt.Sprintf("it is newer than the answer that shows it, whose Date is %s", ans.date.UTC().Format(time.RFC3339)), nil
	}
	switch userID, err := c.userID(ctx); {
	case err != nil:
		return "it cannot be found out who owns the API key", err
	case !isUser(record.creator, userID):
		return "somebody else created it", nil
	}
	access := c.ValueAccess(record)
	access.mustSend = true
	switch _, err := access.Read(ctx, Version{}); {
	case err == nil:
		return "it has a value already", nil
	case KindOf(err) != KindNoValue:
		return "it cannot be found out whether it has a value", err
	}
	return "", nil
}

// unsettledCreate is for a create of which a record may be left, but none that may be touched.
// lookErr is why it could not be looked for, or nil if there is none yet.
func unsettledCreate(ref SecretRef, cause, lookErr error) *Error {
	return &Error{Kind: KindUnsettled, Ref: ref, What: "A record of this name may have been created.", Err: cause, Settle: lookErr}
}
