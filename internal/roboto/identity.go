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

// ReplacedError says that a secret is gone and that another one has its name.
type ReplacedError struct {
	// Known is the secret that is gone, Found the one that has its name.
	Known, Found Record
}

func (e *ReplacedError) Error() string {
	return fmt.Sprintf("secret %s is gone; the name belongs to another secret, created %s", e.Found.URI(), e.Found.Created.Format(time.RFC3339))
}

// isAnother tells whether the record is of another secret than the known one, whose
// name it has. A name is handed on, so it identifies nothing. Whether Roboto ever moves a
// secret to another ARN is not known, so the creation time has to differ too. What is not known
// of either, as after an import, differs from nothing.
func (r Record) isAnother(known Record) bool {
	return known.ARN != "" && known.ARN != r.ARN && !known.Created.IsZero() && !known.Created.Equal(r.Created)
}

// UnconfirmedGoneError says that Roboto does not find a secret and that this proves
// nothing, because the API key's owner does not belong to the secret's organization, or that could not be
// looked up. It does not match ErrNotFound.
type UnconfirmedGoneError struct {
	Ref SecretRef
	// Err is why the organizations could not be looked up; nil if they do not
	// include the secret's.
	Err error
}

func (e *UnconfirmedGoneError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("secret %s is not found, and the API key's organizations cannot be looked up: %v", e.Ref.URI(), e.Err)
	}
	return fmt.Sprintf("secret %s is not found, and the API key's owner does not belong to its organization", e.Ref.URI())
}

func (e *UnconfirmedGoneError) Unwrap() error { return e.Err }

// confirmGone believes that a secret is gone only where the caller belongs to its
// organization. A service may say "not found" of all that a caller may no longer see.
func (c *Client) confirmGone(ctx context.Context, ref SecretRef) error {
	orgs, err := c.ownOrgs(ctx)
	if err != nil || !slices.ContainsFunc(orgs, func(org Org) bool { return org.ID == ref.OrgID }) {
		return &UnconfirmedGoneError{Ref: ref, Err: err}
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
