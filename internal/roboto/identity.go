// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// replaced says that the known secret is gone and that another one has its name.
func replaced(known, found Record) *Error {
	return &Error{Kind: KindReplaced, Ref: found.SecretRef, Problem: fmt.Sprintf(
		"the secret that was created at %s with the ARN %s is gone. Another secret has its name now, which was created at %s by %s and has the ARN %s",
		known.Created.Format(time.RFC3339), known.ARN, found.Created.Format(time.RFC3339), found.CreatedBy, found.ARN)}
}

// isAnother tells whether the record is of another secret than the known one, whose
// name it has. A name is handed on, so it identifies nothing. Whether Roboto ever moves a
// secret to another ARN is not known, so the creation time has to differ too. What is not known
// of either, as after an import, differs from nothing.
func (r Record) isAnother(known Record) bool {
	return known.ARN != "" && known.ARN != r.ARN && !known.Created.IsZero() && !known.Created.Equal(r.Created)
}

// confirmGone believes that a secret is gone only where the caller belongs to its
// organization. A service may say "not found" of all that a caller may no longer see.
func (c *Client) confirmGone(ctx context.Context, ref SecretRef) error {
	orgs, err := c.ownOrgs(ctx)
	if err != nil || !slices.ContainsFunc(orgs, func(o org) bool { return o.ID == ref.OrgID }) {
		return &Error{Kind: KindUnconfirmedGone, Ref: ref, Err: err}
	}
	return nil
}

// moments remembers one time for each secret.
type moments struct {
	mu sync.Mutex
	at map[SecretRef]time.Time
}

func (m *moments) note(ref SecretRef, at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.at == nil {
		m.at = map[SecretRef]time.Time{}
	}
	m.at[ref] = at
}

// of is the zero time for a secret that was never noted.
func (m *moments) of(ref SecretRef) time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.at[ref]
}
