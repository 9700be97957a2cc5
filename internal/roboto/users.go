// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"context"
	"net/http"
)

// userID returns the user ID of the API key's owner (src/roboto/domain/users/user.py). It is
// asked for once.
func (c *Client) userID(ctx context.Context) (string, error) {
	return c.user.get(ctx, func(ctx context.Context) (string, error) {
		r := request{route: c.route, method: http.MethodGet, path: "/v1/users"}
		ans, err := c.send(ctx, r)
		if err != nil {
			return "", err
		}
		var user struct {
			ID string `json:"user_id"`
		}
		if err := ans.decode(r, &user); err != nil {
			return "", err
		}
		if user.ID == "" {
			return "", wrongShape(r)
		}
		if err := c.checkTexts(r, "the user", user.ID); err != nil {
			return "", err
		}
		return user.ID, nil
	})
}

// isUser reports whether a principal is the user: a bare user ID, or user:<id>
// (src/roboto/principal.py).
func isUser(principal, userID string) bool {
	return principal == userID || principal == "user:"+userID
}
