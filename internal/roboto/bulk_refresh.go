// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
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
	calls    singleflight.Group
	mu       sync.Mutex
	listings map[string]listing
}

type listing struct {
	// records is nil if the listing failed.
	records   map[string]Record
	completed time.Time
}

// expired reports whether the listing is too old. A failed listing never expires, because
// repeating it would hold up all reads.
func (l listing) expired() bool {
	return l.records != nil && time.Since(l.completed) > listingLifetime
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
	return c.FindRecord(ctx, known)
}

func (b *bulkRefresh) record(ctx context.Context, c *Client, ref SecretRef) (Record, bool) {
	l, fresh := b.fresh(ref.OrgID)
	if !fresh {
		call := b.calls.DoChan(ref.OrgID, func() (any, error) {
			if l, fresh := b.fresh(ref.OrgID); fresh {
				return l, nil
			}
			l := listing{c.listing(ctx, ref.OrgID), time.Now()}
			if ctx.Err() != nil {
				return l, nil
			}
			b.mu.Lock()
			defer b.mu.Unlock()
			if b.listings == nil {
				b.listings = map[string]listing{}
			}
			b.listings[ref.OrgID] = l
			return l, nil
		})
		select {
		case <-ctx.Done():
			return Record{}, false
		case result := <-call:
			l, _ = result.Val.(listing)
		}
	}
	record, ok := l.records[ref.Name]
	return record, ok && record.StoreType == storeTypeAWS
}

func (b *bulkRefresh) fresh(orgID string) (listing, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	l, ok := b.listings[orgID]
	return l, ok && !l.expired()
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
