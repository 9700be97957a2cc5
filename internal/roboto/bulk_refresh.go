// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"context"
	"sync"
	"time"
)

// listingLifetime is how long a complete listing is used.
const listingLifetime = 30 * time.Second

// bulkRefresh answers reads from listings, so that a refresh requests the pages of an
// organization instead of each secret.
//
// The first read lists the organization, and concurrent reads wait for that listing. It
// is used for listingLifetime. A record is read on its own if the listing cannot be
// trusted: if the listing failed, or if it lacks the name or shows another secret (it may lag,
// so it proves no deletion).
//
// A listing may still show a secret that was deleted a moment ago. Bulk refresh is
// therefore opt-in.
type bulkRefresh struct {
	mu       sync.Mutex
	listings map[string]*listing
}

type listing struct {
	done chan struct{}
	// The rest is valid once done is closed. records is nil if the listing failed.
	records   map[string]Record
	completed time.Time
}

// expired reports whether the listing is complete and too old. A failed listing never
// expires, because repeating it would hold up all reads.
func (l *listing) expired() bool {
	select {
	case <-l.done:
		return l.records != nil && time.Since(l.completed) > listingLifetime
	default:
		return false
	}
}

func newBulkRefresh() *bulkRefresh {
	return &bulkRefresh{listings: map[string]*listing{}}
}

// RefreshRecord returns the current record of a known secret. With Config.BulkRefresh, it
// may use a listing. The error is of KindNotFound if the secret is gone, and of
// KindReplaced if another secret has its name.
func (c *Client) RefreshRecord(ctx context.Context, known Record) (Record, error) {
	if c.config.BulkRefresh {
		// A listing may lag, so it does not prove that a secret was replaced.
		if record, listed := c.bulk.record(ctx, c, known.SecretRef); listed && !record.isAnother(known) {
			return record.as(known), nil
		}
	}
	return c.findRecord(ctx, known)
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
	return record, ok && record.StoreType == storeTypeAWS
}

// listing returns the records of an organization by name, or nil if a page fails.
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
