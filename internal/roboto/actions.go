// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"cmp"
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

// maxParameters is far more than a real action has. An error may list them all.
const maxParameters = 200

// Action returns one version of an action. The error is of KindNotFound only if Roboto
// itself said so.
func (c *Client) Action(ctx context.Context, ref ActionRef) (Action, error) {
	if err := errors.Join(ValidateActionName(ref.Name), ValidateActionOwner(ref.OrgID)); err != nil {
		return Action{}, err
	}
	wire, ans, err := callFor[struct {
		Name       identifier       `json:"name"`
		OrgID      identifier       `json:"org_id"`
		Digest     identifier       `json:"digest"`
		Parameters *json.RawMessage `json:"parameters"`
		Timeout    *int             `json:"timeout"`
	}](ctx, c, request{method: http.MethodGet, path: []string{"v1", "actions", ref.Name}, query: digestQuery(ref.Digest), ownerOrg: ref.OrgID})
	if err != nil {
		return Action{}, err
	}
	ids := identifiers{guard: c.guard}
	found := ActionRef{OrgID: string(wire.OrgID), Name: string(wire.Name), Digest: ids.use("its digest", wire.Digest)}
	ref.Digest = cmp.Or(ref.Digest, found.Digest)
	switch {
	case found != ref:
		return Action{}, ans.unusable("the record describes another action")
	case ids.problem != "":
		return Action{}, ans.unusable(ids.problem)
	}
	action := Action{ActionRef: found, timeout: wire.Timeout}
	if wire.Parameters == nil { // the SDK's default is none
		return action, nil
	}
	err = eachItem(ans, *wire.Parameters, func(item struct {
		Name     identifier `json:"name"`
		Required bool       `json:"required"`
	},
	) error {
		action.Parameters = append(action.Parameters, Parameter{Name: ids.use("a parameter", item.Name), Required: item.Required})
		switch {
		case ids.problem != "":
			return ans.unusable(ids.problem)
		case len(action.Parameters) > maxParameters:
			return ans.unusable(fmt.Sprintf("the action has more than %d parameters", maxParameters))
		}
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
