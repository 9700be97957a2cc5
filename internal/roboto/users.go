// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"context"
	"net/http"
	"sync"

	"golang.org/x/sync/singleflight"
)

// userLookup remembers the ID of the API key's owner.
type userLookup struct {
	calls singleflight.Group
	mu    sync.Mutex
	id    string
}

// userID returns the user ID of the API key's owner (src/roboto/domain/users/user.py). It is
// asked for once, and again only after an error.
func (c *Client) userID(ctx context.Context) (string, error) {
	c.user.mu.Lock()
	known := c.user.id
	c.user.mu.Unlock()
	if known != "" {
		return known, nil
	}
	call := c.user.calls.DoChan("", func() (any, error) {
		id, err := c.askUserID(context.WithoutCancel(ctx))
		c.user.mu.Lock()
		defer c.user.mu.Unlock()
		c.user.id = id
		return id, err
	})
	select {
	case <-ctx.Done():
		return "", canceled(ctx, pathUser)
	case result := <-call:
		id, _ := result.Val.(string)
		return id, result.Err
	}
}

const pathUser = "/v1/users"

func (c *Client) askUserID(ctx context.Context) (string, error) {
	r := request{route: c.route, method: http.MethodGet, path: pathUser}
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
	return user.ID, c.checkTexts(r, "the user", user.ID)
}

// isUser reports whether a principal is the user: a bare user ID, or user:<id>
// (src/roboto/principal.py).
func isUser(principal, userID string) bool {
	return principal == userID || principal == "user:"+userID
}
