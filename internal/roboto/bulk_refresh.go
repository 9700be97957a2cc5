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
	return c.findRecord(ctx, known, false)
}

// listing is that of an organization. A listing that failed is not repeated, because that would hold
// up all reads.
type listing struct {
	records map[string]Record
	failure error
}

// listed finds a secret in the listing of its organization.
func (c *Client) listed(ctx context.Context, ref SecretRef) (Record, bool) {
	stored, _ := c.listings.LoadOrStore(ref.OrgID, newLookup[listing]())
	lookup, _ := stored.(*lookup[listing])
	listed, _ := lookup.get(ctx, func(ctx context.Context) (listing, error) {
		records := map[string]Record{}
		for record, err := range c.Records(ctx, ref.OrgID, func(string) {}) {
			switch {
			case KindOf(err) == KindCanceled:
				return listing{}, err
			case err != nil:
				return listing{failure: err}, nil
			case record.ARN != "":
				// No more than a refresh needs.
				records[record.Name] = Record{SecretRef: SecretRef{Name: record.Name, OrgID: ref.OrgID}, ARN: record.ARN, Created: record.Created, CreatedBy: record.CreatedBy}
			}
		}
		return listing{records: records}, nil
	})
	record, ok := listed.records[ref.Name]
	return record, ok
}

// ListingFailure is why the listing of an organization cannot be used for a refresh, or nil.
func (c *Client) ListingFailure(orgID string) error {
	stored, _ := c.listings.Load(orgID)
	if lookup, ok := stored.(*lookup[listing]); ok {
		if known := lookup.known(); known != nil {
			return known.value.failure
		}
	}
	return nil
}
