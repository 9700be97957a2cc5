// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// Package roboto is a client for the secrets of Roboto (https://www.roboto.ai), and for
// invoking the actions that use them.
//
// Roboto keeps a record of each secret. The value is stored in AWS Secrets Manager and
// never passes through Roboto's API. The client gets temporary credentials for one secret
// from Roboto, and reads or writes the value at AWS itself.
//
// The wire format follows Roboto's public Python SDK (roboto-ai/roboto-python-sdk). File
// names in comments are paths in that repository.
package roboto

import (
	"cmp"
	"context"
	"sync"
)

// Client speaks to one Roboto endpoint with one API key. It is safe for
// concurrent use.
type Client struct {
	*owner
	aws awsClient
	// listings holds a *lookup[listing] for each organization, for bulk refresh.
	listings sync.Map
}

// NewClient makes no call.
func NewClient(config Config, options Options) *Client {
	a := newAPI(config, options)
	return &Client{owner: &owner{api: a, orgs: newLookup[[]Organization](), user: newLookup[string]()}, aws: newAWSClient(config, a.transport)}
}

// Unusable is why each call will fail, or nil.
func (c *Client) Unusable() error { return c.config.Unusable }

// call makes a request. Roboto also answers 401 to somebody who does not belong to an organization,
// and may answer 404 to a create in one that does not exist, so such an error is completed.
func (c *Client) call(ctx context.Context, r request) (answer, error) {
	ans, err := c.send(ctx, r)
	if refusal := errorOf(err); refusal.Kind == KindTokenRefused || refusal.code == codeUnauthorized || refusal.code == codeNotFound && r.actingOrg != "" {
		err = c.completeWithOrgs(ctx, cmp.Or(r.actingOrg, r.ownerOrg), refusal)
	}
	return ans, err
}

// callFor makes a call and decodes the answer's data. Errors are of type *Error.
func callFor[T any](ctx context.Context, c *Client, r request) (T, answer, error) {
	var data T
	ans, err := c.call(ctx, r)
	if err == nil {
		err = ans.decode(&data)
	}
	return data, ans, err
}
