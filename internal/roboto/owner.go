// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Organization is an organization of the API key's owner (src/roboto/domain/orgs/org_records.py).
type Organization struct {
	ID, Name, Tier, Status string
}

const (
	// maxOrgs is far more than one person belongs to.
	maxOrgs = 1_000

	// maxListedOrgs limits how many organizations an error lists.
	maxListedOrgs = 20
)

// owner finds out about the API key's owner.
type owner struct {
	*api
	orgs *lookup[[]Organization]
	user *lookup[string]
}

// OnlyOrgID returns the only organization of the API key's owner. It is looked up once. The
// error is of KindUnauthorized if there is none, and of KindNoOnlyOrg if there are several.
func (o *owner) OnlyOrgID(ctx context.Context) (string, error) {
	orgs, err := o.Organizations(ctx)
	if err != nil {
		return "", err
	}
	kind, belongs := KindNoOnlyOrg, "to several organizations: "+o.listOrgs(orgs)
	switch len(orgs) {
	case 1:
		return orgs[0].ID, nil
	case 0:
		kind, belongs = KindUnauthorized, "to no organization"
	}
	return "", &Error{Kind: kind, What: sentences(fmt.Sprintf("no organization is given, and according to %s, the API key's owner belongs %s", o.place, belongs))}
}

// listOrgs is for people.
func (o *owner) listOrgs(orgs []Organization) string {
	var listed []string
	for _, org := range orgs[:min(len(orgs), maxListedOrgs)] {
		listed = append(listed, fmt.Sprintf("%s (%s)", org.ID, org.Name))
	}
	if left := len(orgs) - len(listed); left > 0 {
		listed = append(listed, fmt.Sprintf("and %d more", left))
	}
	return strings.Join(listed, ", ")
}

// completeWithOrgs says so if a request failed and the API key's owner does not belong to its
// organization. The look-up only completes an error, so it gets little time, and its own failure is
// not reported.
func (o *owner) completeWithOrgs(ctx context.Context, orgID string, failure *Error) error {
	if orgID == "" {
		return failure
	}
	ctx, cancel := context.WithDeadline(ctx, o.completeErrorsUntil())
	defer cancel()
	orgs, err := o.Organizations(ctx)
	if err != nil {
		return failure
	}
	return o.completeWith(orgs, orgID, failure)
}

// confirmGone returns notFound only if the API key's owner belongs to the organization. A service
// may also answer "not found" for anything that the caller must not see.
func (o *owner) confirmGone(ctx context.Context, orgID string, notFound error) error {
	orgs, err := o.Organizations(ctx)
	if err != nil {
		unconfirmed := *errorOf(err)
		unconfirmed.What = errorOf(notFound).What + " This does not prove that it was deleted, because the organizations of the API key's owner could not be looked up. " + unconfirmed.What
		return &unconfirmed
	}
	return o.completeWith(orgs, orgID, errorOf(notFound))
}

// completeWith is for a request about an organization that failed. orgs are those of the API key's
// owner.
func (o *owner) completeWith(orgs []Organization, orgID string, failure *Error) error {
	if slices.ContainsFunc(orgs, func(org Organization) bool { return org.ID == orgID }) {
		return failure
	}
	belongs := "to no other organization either"
	if len(orgs) > 0 {
		belongs = "to " + o.listOrgs(orgs)
	}
	return &Error{Kind: KindForeignOrg, What: fmt.Sprintf("%s The API key's owner does not belong to the organization %s. According to Roboto, the owner belongs %s.", failure.What, orgID, belongs)}
}

// Organizations returns the organizations of the API key's owner, in the service's order.
// They are looked up once.
func (o *owner) Organizations(ctx context.Context) ([]Organization, error) {
	return o.orgs.get(ctx, o.callerOrgs)
}

func (o *owner) callerOrgs(ctx context.Context) ([]Organization, error) {
	ans, err := o.send(ctx, request{method: http.MethodGet, path: []string{"v1", "orgs", "caller"}})
	if err != nil {
		return nil, err
	}
	var orgs []Organization
	err = eachItem(ans, ans.data, func(item struct {
		ID     identifier  `json:"org_id"`
		Name   description `json:"name"`
		Tier   description `json:"tier"`
		Status description `json:"status"`
	},
	) error {
		ids := identifiers{guard: o.guard}
		id := ids.use("the ID", item.ID)
		switch {
		case ids.problem != "":
			return ans.unusable("it holds an organization, and " + ids.problem)
		case ValidateOrgID(id) != nil:
			return ans.unusable("it holds an organization without a valid ID")
		case len(orgs) == maxOrgs:
			return ans.unusable(fmt.Sprintf("it holds more than %d organizations", maxOrgs))
		}
		orgs = append(orgs, Organization{id, o.guard.describe(item.Name), o.guard.describe(item.Tier), o.guard.describe(item.Status)})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return orgs, nil
}

// userID returns the user ID of the API key's owner (src/roboto/domain/users/user.py). It is
// asked for once.
func (o *owner) userID(ctx context.Context) (string, error) {
	return o.user.get(ctx, func(ctx context.Context) (string, error) {
		ans, err := o.send(ctx, request{method: http.MethodGet, path: []string{"v1", "users"}})
		if err != nil {
			return "", err
		}
		var user struct {
			ID identifier `json:"user_id"`
		}
		if err := ans.decode(&user); err != nil {
			return "", err
		}
		ids := identifiers{guard: o.guard}
		userID := ids.use("the user's ID", user.ID)
		switch {
		case userID == "":
			return "", ans.wrongShape()
		case ids.problem != "":
			return "", ans.unusable(ids.problem)
		}
		return userID, nil
	})
}

// isUser reports whether a principal is the user: a bare user ID, or user:<id>
// (src/roboto/principal.py).
func isUser(principal description, userID string) bool {
	return string(principal) == userID || string(principal) == "user:"+userID
}
