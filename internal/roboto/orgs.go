// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"context"
	"fmt"
	"net/http"
	"strings"
)

// org is an organization of the API key's owner.
type org struct {
	ID   string `json:"org_id"`
	Name string `json:"name"`
}

// maxOrgs is far more than one person belongs to. An error may list them all.
const maxOrgs = 1_000

// orgLookup remembers the organizations of the API key's owner. The channel is a lock
// that a context can interrupt.
type orgLookup struct {
	lock chan struct{}
	// done is set when orgs or err is final. An error is final too, because concurrent
	// callers would not succeed either.
	done bool
	orgs []org
	err  error
}

// OnlyOrgID returns the only organization of the API key's owner. It is looked up once. The
// error is of KindNoOnlyOrg if there is none, or more than one.
func (c *Client) OnlyOrgID(ctx context.Context) (string, error) {
	orgs, err := c.ownOrgs(ctx)
	if err != nil {
		return "", fmt.Errorf("looking up the API key's organization: %w", err)
	}
	if len(orgs) == 1 {
		return orgs[0].ID, nil
	}
	problem := "the API key's owner belongs to no organization"
	if len(orgs) > 1 {
		names := make([]string, len(orgs))
		for i, org := range orgs {
			names[i] = fmt.Sprintf("%s (%s)", org.ID, org.Name)
		}
		problem = "the API key's owner belongs to several organizations: " + strings.Join(names, ", ")
	}
	return "", &Error{Kind: KindNoOnlyOrg, Problem: problem}
}

// ownOrgs calls callerOrgs once and remembers the result.
func (c *Client) ownOrgs(ctx context.Context) ([]org, error) {
	select {
	case c.orgs.lock <- struct{}{}:
		defer func() { <-c.orgs.lock }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if c.orgs.done {
		return c.orgs.orgs, c.orgs.err
	}
	orgs, err := c.callerOrgs(ctx)
	if err == nil || ctx.Err() == nil {
		c.orgs.done, c.orgs.orgs, c.orgs.err = true, orgs, err
	}
	return orgs, err
}

func (c *Client) callerOrgs(ctx context.Context) ([]org, error) {
	r := request{method: http.MethodGet, path: "/v1/orgs/caller"}
	ans, err := c.send(ctx, r)
	if err != nil {
		return nil, err
	}
	var orgs []org
	redactor := newRedactor(c.config.APIKey)
	err = eachItem(r, ans.data, func(item org) error {
		switch {
		case c.repeatsAPIKey(item.ID):
			return unexpected(r, "an organization repeats the API key")
		case ValidateOrgID(item.ID) != nil:
			return unexpected(r, "it holds an organization without a valid ID")
		case len(orgs) == maxOrgs:
			return unexpected(r, fmt.Sprintf("it holds more than %d organizations", maxOrgs))
		}
		item.Name = redactor.message(item.Name)
		orgs = append(orgs, item)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return orgs, nil
}
