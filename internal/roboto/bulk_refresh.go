// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"context"
	"sync"
	"time"
)

// listingLifetime is how long a complete listing answers reads.
const listingLifetime = 30 * time.Second

// bulkRefresh answers reads from listings, so that a refresh costs an
// organization's pages instead of its secrets.
//
// The first read of an organization lists it; whoever asks meanwhile waits for
// that one listing, which then answers for listingLifetime. What it cannot
// answer for certain it leaves to a read of the one record: a name that the listing lacks
// (it may lag behind a create, so absence never means deletion), a name that
// this process has created or deleted, and everything if the listing failed.
// What remains is that a listing may still show a secret that somebody deleted a
// moment ago. That is why it is opt-in.
type bulkRefresh struct {
	mu       sync.Mutex
	listings map[string]*listing
	touched  map[SecretRef]bool
}

type listing struct {
	done chan struct{}
	// The rest is valid once done is closed. records is nil if the listing failed.
	records   map[string]Record
	completed time.Time
}

// expired tells whether the listing is complete and too old. One that takes long
// is waited for, and one that failed is not tried again: it would hold up all reads.
func (l *listing) expired() bool {
	select {
	case <-l.done:
		return l.records != nil && time.Since(l.completed) > listingLifetime
	default:
		return false
	}
}

func newBulkRefresh() *bulkRefresh {
	return &bulkRefresh{listings: map[string]*listing{}, touched: map[SecretRef]bool{}}
}

// RefreshRecord is Record for a refresh of many secrets: with Config.BulkRefresh
// it may answer from a listing. The error is of KindNotFound if the known secret is gone, and of
// KindReplaced if another secret has its name.
func (c *Client) RefreshRecord(ctx context.Context, known Record) (Record, error) {
	var (
		ref    = known.SecretRef
		record Record
		listed bool
		err    error
	)
	if c.config.BulkRefresh {
		record, listed = c.bulk.record(ctx, c, ref)
	}
	// A listing may lag, so it does not say that a secret was replaced either.
	if !listed || record.isAnother(known) {
		record, _, err = c.getRecord(ctx, ref)
	}
	switch {
	case KindOf(err) == KindNotFound:
		if unconfirmed := c.confirmGone(ctx, ref); unconfirmed != nil {
			return Record{}, unconfirmed
		}
		return Record{}, err
	case err != nil:
		return Record{}, err
	case record.isAnother(known):
		return Record{}, replaced(known, record)
	}
	c.seen.note(ref, record.Seen)
	return record, nil
}

// Seen is when RefreshRecord last had an answer from Roboto about a secret that is
// there; zero if it never had.
func (c *Client) Seen(ref SecretRef) time.Time { return c.seen.of(ref) }

func (b *bulkRefresh) record(ctx context.Context, c *Client, ref SecretRef) (Record, bool) {
	b.mu.Lock()
	l := b.listings[ref.OrgID]
	mine := l == nil || l.expired()
	if mine {
		l = &listing{done: make(chan struct{})}
		b.listings[ref.OrgID] = l
	}
	b.mu.Unlock()

	if mine {
		l.records = c.listing(ctx, ref.OrgID)
		l.completed = time.Now()
		close(l.done)
	}
	select {
	case <-l.done:
	case <-ctx.Done():
		return Record{}, false
	}
	record, ok := l.records[ref.Name]
	b.mu.Lock()
	defer b.mu.Unlock()
	return record, ok && !b.touched[ref] && record.StoreType == storeTypeAWS
}

// touch takes a name out of what listings answer.
func (b *bulkRefresh) touch(ref SecretRef) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.touched[ref] = true
}

// listing returns an organization's records by name, none if any page fails.
func (c *Client) listing(ctx context.Context, orgID string) map[string]Record {
	records := map[string]Record{}
	for record, err := range c.Records(ctx, orgID) {
		if err != nil {
			return nil
		}
		records[record.Name] = record
	}
	return records
}
