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
// its own only if Roboto says so (see whyNotOurs). The error is of KindNameTaken if another
// record has the name, and of KindUnsettled if a record may exist that was not found. deleted
// is a secret of the name that the caller has deleted, or zero: Roboto may still show it.
func (c *Client) CreateSecret(ctx context.Context, ref SecretRef, deleted Record) (Record, error) {
	if err := ref.validateFull(); err != nil {
		return Record{}, err
	}
	n := creation{Client: c, ref: ref, deleted: deleted, began: time.Now()}
	record, err := n.create(ctx)
	if err != nil && ctx.Err() != nil && n.answerLost {
		// A record that was created before the cancel is returned, so that the caller can keep or
		// delete it.
		detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
		defer cancel()
		var found bool
		cause := canceled(ctx)
		if record, found, err = n.look(detached, cause); !found && err == nil {
			err = n.failed(cause, nil) // the service may still be working on it
		}
	}
	record.CreatedHere = time.Now()
	return record, err
}

// creation is the creation of one record.
type creation struct {
	*Client
	ref     SecretRef
	deleted Record
	// began is when the first POST was sent, by this machine's clock.
	began time.Time
	// answerLost is set if a failed POST may have taken effect.
	answerLost bool
}

func (n *creation) create(ctx context.Context) (Record, error) {
	for attempt := 1; ; attempt++ {
		record, err := n.postRecord(ctx)
		if err == nil || ctx.Err() != nil || KindOf(err) == KindUnsettled {
			return record, err
		}
		conflict := errorOf(err).code == codeConflict
		if conflict || n.answerLost {
			if record, found, lookErr := n.look(ctx, err); found || lookErr != nil {
				return record, lookErr
			}
		}
		// The POST had no effect, or the name of a deleted secret is not free yet.
		again := conflict || mayPass(err) || errorOf(err).lost
		if !again || attempt >= n.config.MaxAttempts {
			return Record{}, n.failed(err, nil)
		}
		if err := wait(ctx, attempt, err); err != nil {
			return Record{}, err
		}
	}
}

func (n *creation) postRecord(ctx context.Context) (Record, error) {
	wire, ans, err := callFor[wireRecord](ctx, n.Client, request{
		method:    http.MethodPost,
		path:      []string{"v1", "secrets"},
		actingOrg: n.ref.OrgID,
		body: struct {
			Name string `json:"name"`
		}{n.ref.Name},
	})
	if err != nil {
		n.answerLost = n.answerLost || errorOf(err).lost
		return Record{}, err
	}
	record, err := n.checkedRecord(ans, wire, n.ref)
	if err == nil && !ans.date.IsZero() && ans.date.Sub(record.Created) > maxAnswerAge {
		err = ans.unusable("its record was " + record.origin() + ", so this request did not create it")
	}
	if err != nil {
		return Record{}, n.unsettled(err, nil)
	}
	return record, nil
}

// look reads the record of the name after a POST that failed because of cause. It returns false
// if there is none, and an error of KindNameTaken if it is not ours.
func (n *creation) look(ctx context.Context, cause error) (record Record, found bool, err error) {
	record, ans, err := n.getRecord(ctx, n.ref, true)
	switch {
	case KindOf(err) == KindNotFound:
		return Record{}, false, nil
	case err != nil:
		return Record{}, false, n.failed(cause, err)
	case n.deleted.ARN != "" && !record.isAnother(n.deleted):
		return Record{}, false, nil
	}
	asking := ctx
	if !n.answerLost { // the answer only completes the error
		var cancel context.CancelFunc
		asking, cancel = context.WithDeadline(ctx, n.completeErrorsUntil())
		defer cancel()
	}
	userID, userErr := n.userID(asking)
	taken := nameTaken(record, userID)
	if !n.answerLost {
		return Record{}, true, taken
	}
	why, err := n.whyNotOurs(ctx, record, ans, userID, userErr)
	if why == "" {
		return record, true, nil
	}
	taken.What += " An answer to this create was lost, so the record may be its own. It does not count as such, because " + why + "."
	taken.Settle = err
	return Record{}, true, taken
}

// nameTaken says who created the record of a name, and when. userID is that of the API key's
// owner, or "" if it is not known.
func nameTaken(record Record, userID string) *Error {
	creator := ""
	switch {
	case userID == "":
	case isUser(record.creator, userID):
		creator = "the creator is the owner of this API key"
	default:
		creator = "the creator is not the owner of this API key"
	}
	return &Error{Kind: KindNameTaken, Ref: record.SecretRef, What: sentences(whatTaken, "it was "+record.origin(), creator)}
}

const whatTaken = "a secret of this name exists already in the organization"

// CheckName returns nil if there is no secret of the name. The error is of KindNameTaken if
// there is one. belongs is whether the API key's owner is known to belong to the organization:
// otherwise Roboto may be hiding the secret.
func (c *Client) CheckName(ctx context.Context, ref SecretRef, belongs bool) error {
	record, _, err := c.getRecord(ctx, ref, false)
	if KindOf(err) == KindNotFound && !belongs {
		err = c.confirmGone(ctx, ref.OrgID, err)
	}
	switch {
	case KindOf(err) == KindNotFound:
		return nil
	case err != nil:
		return err
	}
	ctx, cancel := context.WithDeadline(ctx, c.completeErrorsUntil())
	defer cancel()
	userID, _ := c.userID(ctx)
	return nameTaken(record, userID)
}

// whyNotOurs returns "" if Roboto says that a POST of ours created the record: its creator is
// the API key's owner, it was created between our first POST and the answer that shows it, and
// it has no value. Otherwise it returns the reason, and an error if something cannot be found
// out. Times are compared in whole seconds, because a Date has no more, with a second's grace.
func (n *creation) whyNotOurs(ctx context.Context, record Record, ans answer, userID string, userErr error) (string, error) {
	created := record.Created.Truncate(time.Second)
	switch {
	case ans.date.IsZero():
		return "the answer from Roboto has no Date", nil
	case created.Before(n.began.Truncate(time.Second).Add(-time.Second)), created.Before(ans.date.Add(n.began.Sub(ans.received) - 2*time.Second)):
		return "it is older than the first request", nil // by this machine's clock, or by the server's
	case created.After(ans.date.Add(time.Second)):
		return fmt.Sprintf("it is newer than the answer that shows it, whose Date is %s", ans.date.UTC().Format(time.RFC3339)), nil
	case userErr != nil:
		return "it cannot be found out who owns the API key", userErr
	case !isUser(record.creator, userID):
		return "somebody else created it", nil
	}
	record.CreatedHere = time.Now()
	access := n.ValueAccess(record)
	access.mustSend = true
	switch _, err := access.Read(ctx, Version{}); {
	case err == nil:
		return "it has a value already", nil
	case KindOf(err) != KindNoValue:
		return "it cannot be found out whether it has a value", err
	}
	return "", nil
}

// failed is the error of a create that failed because of cause. lookErr is why the record could
// not be looked for, or nil if there is none yet.
func (n *creation) failed(cause, lookErr error) error {
	switch refused := errorOf(cause).code == codeConflict; {
	case n.answerLost:
		return n.unsettled(cause, lookErr)
	case refused && lookErr != nil:
		return &Error{Kind: KindNameTaken, Ref: n.ref, What: sentences(whatTaken), Err: cause, Settle: lookErr}
	case refused:
		return &Error{Kind: KindConflict, What: "Roboto refuses the name, and shows no secret that has it.", Err: cause}
	}
	return cause
}

// unsettled is for a create of which a record may be left, but none that may be touched.
func (n *creation) unsettled(cause, lookErr error) error {
	return &Error{Kind: KindUnsettled, Ref: n.ref, What: "A record of this name may have been created.", Err: cause, Settle: lookErr}
}
