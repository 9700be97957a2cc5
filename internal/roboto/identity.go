// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// replaced is the error for a secret that is gone and whose name another secret has.
func (c *Client) replaced(known, found Record) *Error {
	return &Error{Kind: KindReplaced, Ref: found.SecretRef, Problem: fmt.Sprintf(
		"the secret that was created at %s with the ARN %s is gone. Another secret has its name now, which was %s",
		known.Created.Format(time.RFC3339), known.ARN, c.origin(found))}
}

// origin describes a record that somebody else may have created.
func (c *Client) origin(found Record) string {
	createdBy := newRedactor(c.config.APIKey).message(found.CreatedBy)
	return fmt.Sprintf("created at %s by %s and has the ARN %s", found.Created.Format(time.RFC3339), createdBy, found.ARN)
}

// isAnother reports whether the record describes a different secret from the known one of the
// same name. Both ARN and creation time have to differ, because it is not documented
// whether Roboto ever moves a secret to another ARN. If either is not known, as after an
// import, the answer is no.
func (r Record) isAnother(known Record) bool {
	return known.ARN != "" && known.ARN != r.ARN && !known.Created.IsZero() && !known.Created.Equal(r.Created)
}

// confirmGone returns nil only if the API key's owner belongs to the secret's
// organization. A service may also answer "not found" for anything that the caller must
// not see.
func (c *Client) confirmGone(ctx context.Context, ref SecretRef) error {
	orgs, err := c.Organizations(ctx)
	switch {
	case err != nil:
		return &Error{Kind: KindUnconfirmedGone, Ref: ref, Err: err}
	case !contains(orgs, ref.OrgID):
		return &Error{Kind: KindUnconfirmedGone, Ref: ref, Service: serviceRoboto, Route: c.route, ForeignOrgID: ref.OrgID, OwnOrgs: c.listOrgs(orgs)}
	}
	return nil
}

// moments remembers one time for each secret.
type moments struct{ at sync.Map }

func (m *moments) note(ref SecretRef, at time.Time) { m.at.Store(ref, at) }

// of returns the zero time for a secret that was never noted.
func (m *moments) of(ref SecretRef) time.Time {
	known, _ := m.at.Load(ref)
	at, _ := known.(time.Time)
	return at
}
