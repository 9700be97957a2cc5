// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Organization is an organization of the API key's owner. Only the ID is checked; the rest
// may be any text (src/roboto/domain/orgs/org_records.py).
type Organization struct {
	ID     string `json:"org_id"`
	Name   string `json:"name"`
	Tier   string `json:"tier"`
	Status string `json:"status"`
}

const (
	// maxOrgs is far more than one person belongs to.
	maxOrgs = 1_000

	// maxListedOrgs limits how many organizations an error lists.
	maxListedOrgs = 20

	// orgLookupTime limits the look-up that only completes errors, for all of them together.
	orgLookupTime = 10 * time.Second
)

// OnlyOrgID returns the only organization of the API key's owner. It is looked up once. The
// error is of KindNoOnlyOrg if there is none, or more than one.
func (c *Client) OnlyOrgID(ctx context.Context) (string, error) {
	orgs, err := c.Organizations(ctx)
	if err != nil {
		return "", err
	}
	if len(orgs) == 1 {
		return orgs[0].ID, nil
	}
	problem := "the API key's owner belongs to no organization"
	if len(orgs) > 1 {
		problem = "the API key's owner belongs to several organizations: " + c.listOrgs(orgs)
	}
	return "", &Error{Kind: KindNoOnlyOrg, Service: ServiceRoboto, Route: c.route, Problem: problem}
}

// listOrgs is for people. Names are redacted, because the service may repeat anything in
// them.
func (c *Client) listOrgs(orgs []Organization) string {
	var listed []string
	for _, org := range orgs[:min(len(orgs), maxListedOrgs)] {
		listed = append(listed, fmt.Sprintf("%s (%s)", org.ID, c.message(org.Name)))
	}
	if left := len(orgs) - len(listed); left > 0 {
		listed = append(listed, fmt.Sprintf("and %d more", left))
	}
	return strings.Join(listed, ", ")
}

// withOwnOrgs adds the organizations of the API key's owner to the error of a request about an
// organization that is not one of them. It changes nothing if they cannot be looked up.
func (c *Client) withOwnOrgs(ctx context.Context, orgID string, err error) error {
	failure, ok := errors.AsType[*Error](err)
	if !ok || orgID == "" {
		return err
	}
	ctx, cancel := context.WithDeadline(ctx, c.completeErrorsUntil())
	defer cancel()
	orgs, lookupErr := c.Organizations(ctx)
	if lookupErr != nil || contains(orgs, orgID) {
		return err
	}
	completed := *failure
	completed.ForeignOrgID, completed.OwnOrgs = orgID, c.listOrgs(orgs)
	return &completed
}

func contains(orgs []Organization, id string) bool {
	return slices.ContainsFunc(orgs, func(org Organization) bool { return org.ID == id })
}

// Organizations returns the organizations of the API key's owner, in the service's order.
// They are looked up once.
func (c *Client) Organizations(ctx context.Context) ([]Organization, error) {
	return c.orgs.get(ctx, c.callerOrgs)
}

const pathCallerOrgs = "/v1/orgs/caller"

func (c *Client) callerOrgs(ctx context.Context) ([]Organization, error) {
	r := request{route: c.route, method: http.MethodGet, path: pathCallerOrgs}
	ans, err := c.send(ctx, r)
	if err != nil {
		return nil, err
	}
	var orgs []Organization
	err = eachItem(r, ans.data, func(item Organization) error {
		if err := c.checkTexts(r, "an organization", item.ID, item.Name, item.Tier, item.Status); err != nil {
			return err
		}
		switch {
		case ValidateOrgID(item.ID) != nil:
			return unexpected(r, "it holds an organization without a valid ID")
		case len(orgs) == maxOrgs:
			return unexpected(r, fmt.Sprintf("it holds more than %d organizations", maxOrgs))
		}
		orgs = append(orgs, item)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return orgs, nil
}
