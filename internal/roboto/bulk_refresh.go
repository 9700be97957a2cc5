// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import "context"

// RefreshRecord returns the current record of a known secret. The error is of KindNotFound if the
// secret is gone, and of KindReplaced if another secret has its name.
//
// With Config.BulkRefresh, the first read lists the organization, and concurrent reads wait for that
// listing. A record is read on its own if the listing cannot be trusted: if it failed, or if it lacks
// the name or shows another secret (it may lag, so it proves no deletion). A listing may still show a
// secret that was deleted a moment ago. Bulk refresh is therefore opt-in.
func (c *Client) RefreshRecord(ctx context.Context, known Record) (Record, error) {
	if c.config.BulkRefresh {
		if record, listed := c.listed(ctx, known.SecretRef); listed && !record.isAnother(known) {
			return record.as(known), nil
		}
	}
	return c.FindRecord(ctx, known)
}

// listed finds a secret in the listing of its organization. A listing that failed is nil: repeating it
// would hold up all reads.
func (c *Client) listed(ctx context.Context, ref SecretRef) (Record, bool) {
	stored, _ := c.listings.LoadOrStore(ref.OrgID, &lookup[map[string]Record]{})
	listing, _ := stored.(*lookup[map[string]Record])
	records, err := listing.get(ctx, func(ctx context.Context) (map[string]Record, error) {
		records := map[string]Record{}
		for record, err := range c.Records(ctx, ref.OrgID, func(string) {}) {
			switch {
			case KindOf(err) == KindCanceled:
				return nil, err
			case err != nil:
				return nil, nil
			}
			records[record.Name] = record
		}
		return records, nil
	})
	record, ok := records[ref.Name]
	return record, err == nil && ok && record.StoreType == storeTypeAWS
}
