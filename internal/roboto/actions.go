// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// ActionRef refers to an action.
type ActionRef struct {
	// OrgID is the organization that owns the action.
	OrgID, Name string
	// Digest is "" for the latest version.
	Digest string
}

// Action holds the parts of an action's record (src/roboto/domain/actions/action_record.py)
// that matter to its invocation.
type Action struct {
	ActionRef
	Parameters []Parameter
	// timeout is in minutes, nil if the action has none of its own.
	timeout *int
}

// Parameter is a parameter of an action.
type Parameter struct {
	Name     string
	Required bool
}

// An error may list all parameters. The limits are far above those of any real action.
const (
	maxParameters    = 200
	maxParameterName = 200 // bytes
)

// maxTimeoutMinutes is a year.
const maxTimeoutMinutes = 365 * 24 * 60

// Action returns one version of an action. The error is of KindNotFound only if Roboto
// itself said so.
func (c *Client) Action(ctx context.Context, ref ActionRef) (Action, error) {
	if err := errors.Join(ValidateActionName(ref.Name), ValidateActionOwner(ref.OrgID)); err != nil {
		return Action{}, err
	}
	wire, ans, err := callFor[struct {
		Name       identifier      `json:"name"`
		OrgID      identifier      `json:"org_id"`
		Digest     identifier      `json:"digest"`
		Parameters json.RawMessage `json:"parameters"`
		Timeout    *int            `json:"timeout"`
	}](ctx, c, request{method: http.MethodGet, path: []string{"v1", "actions", ref.Name}, query: digestQuery(ref.Digest), ownerOrg: ref.OrgID})
	if err != nil {
		return Action{}, err
	}
	switch {
	case string(wire.Name) != ref.Name:
		return Action{}, ans.unusable("the record describes another action")
	case ref.Digest != "" && string(wire.Digest) != ref.Digest:
		return Action{}, ans.unusable("the record describes another version of the action")
	case string(wire.OrgID) != ref.OrgID:
		return Action{}, ans.unusable("the action belongs to another organization")
	case wire.Timeout != nil && (*wire.Timeout < 1 || *wire.Timeout > maxTimeoutMinutes):
		return Action{}, ans.unusable("the timeout of the action is not a valid number of minutes")
	}
	ids := identifiers{guard: c.guard}
	ref.Digest = ids.use("its digest", wire.Digest)
	action := Action{ActionRef: ref, timeout: wire.Timeout}
	if ids.problem != "" {
		return Action{}, ans.unusable(ids.problem)
	}
	if len(wire.Parameters) == 0 || string(wire.Parameters) == "null" { // the SDK's default is none
		return action, nil
	}
	err = eachItem(ans, wire.Parameters, func(item struct {
		Name     identifier `json:"name"`
		Required bool       `json:"required"`
	},
	) error {
		name := ids.use("a parameter", item.Name)
		switch {
		case name == "" || len(name) > maxParameterName || ids.problem != "":
			return ans.unusable("a parameter of the action has no name that can be shown")
		case len(action.Parameters) == maxParameters:
			return ans.unusable(fmt.Sprintf("the action has more than %d parameters", maxParameters))
		}
		action.Parameters = append(action.Parameters, Parameter{Name: name, Required: item.Required})
		return nil
	})
	return action, err
}

func digestQuery(digest string) url.Values {
	if digest == "" {
		return nil
	}
	return url.Values{"digest": {digest}}
}

// ValidateActionName refuses names that a reference to an action (owner/name@digest) or a
// request path cannot carry.
func ValidateActionName(name string) error {
	if strings.ContainsRune(name, '@') {
		return errors.New(`an action name must not contain "@": in a reference to an action it separates the name from the digest`)
	}
	return validatePathName("an action name", name)
}

// ValidateActionOwner accepts what ValidateOrgID accepts, and hyphens: the organization
// that owns Roboto's own actions is called roboto-public.
func ValidateActionOwner(orgID string) error {
	if ValidateOrgID(strings.ReplaceAll(orgID, "-", "_")) != nil {
		return errors.New(`the ID of an action's owner consists of letters, digits, "_" and "-" only`)
	}
	return nil
}
