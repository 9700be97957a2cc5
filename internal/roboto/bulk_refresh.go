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
// it may answer from a listing.
func (c *Client) RefreshRecord(ctx context.Context, ref SecretRef) (Record, error) {
	ref, err := c.Resolve(ctx, ref)
	if err != nil {
		return Record{}, err
	}
	if c.config.BulkRefresh {
		if record, ok := c.bulk.record(ctx, c, ref); ok {
			return record, nil
		}
	}
	return c.Record(ctx, ref)
}

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
