// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Org is an organization of the caller.
type Org struct {
	ID   string `json:"org_id"`
	Name string `json:"name"`
}

// OrgChoiceError says that no organization was named and that the caller does
// not have exactly one.
type OrgChoiceError struct {
	Orgs []Org
}

func (e *OrgChoiceError) Error() string {
	if len(e.Orgs) == 0 {
		return "the API key's owner belongs to no organization"
	}
	lines := make([]string, len(e.Orgs))
	for i, org := range e.Orgs {
		lines[i] = fmt.Sprintf("%s (%s)", org.ID, org.Name)
	}
	return "the API key's owner belongs to several organizations: " + strings.Join(lines, ", ")
}

// orgLookup remembers the caller's organizations. The channel is a lock that can be
// waited for with a context.
type orgLookup struct {
	lock chan struct{}
	// done is set when orgs or err is final: after all attempts of one call, those
	// that wait for it would not fare better.
	done bool
	orgs []Org
	err  error
}

// OrgID is the organization for whatever names none: the configured one, or else
// the only one of the caller, which is looked up once. Its errors are
// *OrgChoiceError and those of a call.
func (c *Client) OrgID(ctx context.Context) (string, error) {
	if c.config.OrgID != "" {
		return c.config.OrgID, nil
	}
	orgs, err := c.ownOrgs(ctx)
	switch {
	case err != nil:
		return "", fmt.Errorf("looking up the API key's organization: %w", err)
	case len(orgs) != 1:
		return "", &OrgChoiceError{Orgs: orgs}
	}
	return orgs[0].ID, nil
}

// ownOrgs is callerOrgs, asked once.
func (c *Client) ownOrgs(ctx context.Context) ([]Org, error) {
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

func (c *Client) callerOrgs(ctx context.Context) ([]Org, error) {
	r := request{method: http.MethodGet, path: "/v1/orgs/caller"}
	ans, err := c.send(ctx, r)
	if err != nil {
		return nil, err
	}
	var orgs []Org
	if err := ans.decode(r, &orgs); err != nil {
		return nil, err
	}
	redactor := newRedactor(c.config.APIKey)
	var invalid error
	for i := range orgs {
		if c.repeatsAPIKey(orgs[i].ID) {
			return nil, &UnexpectedAnswerError{Request: r.String(), Problem: "an organization repeats the API key"}
		}
		invalid = errors.Join(invalid, ValidateOrgID(orgs[i].ID))
		orgs[i].Name = redactor.message(orgs[i].Name)
	}
	if invalid != nil {
		return nil, &UnexpectedAnswerError{Request: r.String(), Problem: "it holds an organization without a valid ID"}
	}
	return orgs, nil
}

// Resolve completes a reference with the default organization. With an error, the
// reference comes back as it was.
func (c *Client) Resolve(ctx context.Context, ref SecretRef) (SecretRef, error) {
	if ref.OrgID == "" {
		orgID, err := c.OrgID(ctx)
		if err != nil {
			return ref, err
		}
		ref.OrgID = orgID
	}
	return ref, ref.Validate()
}
