// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package robototest

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
)

// Action is an action, and what becomes of its invocations.
type Action struct {
	// OrgID is the owner; "" means DefaultOrg.
	OrgID, Name string
	// Digest names the version; "" means one that is made up.
	Digest     string
	Parameters []Parameter
	// Timeout is in minutes; 0 means none of its own.
	Timeout int
	// Hub lets all organizations invoke it.
	Hub bool

	// Expect are the values that a run needs of parameters, with secrets in place of their
	// URIs. Any other value makes it fail.
	Expect map[string]string
	// Fails is the detail with which runs fail; "" lets them succeed.
	Fails string
	// FailedRuns is how many runs of an invocation fail; 0 means all, if there is a reason.
	FailedRuns int
	// Requeue makes Roboto queue a failed invocation again. The third failure is Deadly.
	Requeue bool
	// Hang keeps a run processing until it is canceled.
	Hang bool
}

// Parameter is a parameter of an action.
type Parameter struct {
	Name     string
	Required bool
	// Default is "" for none.
	Default string
}

// AddAction adds an action, or a newer version of it.
func (s *Server) AddAction(a Action) Action {
	s.mu.Lock()
	defer s.mu.Unlock()
	a.OrgID = cmp.Or(a.OrgID, DefaultOrg)
	key := secretKey{a.OrgID, a.Name}
	a.Digest = cmp.Or(a.Digest, fmt.Sprintf("%032x", len(s.actions[key])+1))
	s.actions[key] = append(s.actions[key], a)
	for value := range maps.Values(a.Expect) {
		s.canaries[value] = true
	}
	return a
}

func (s *Server) getAction(req Request, grant Grant) *reply {
	action, refusal := s.findAction(req, grant)
	if refusal != nil {
		return refusal
	}
	return data(action.wire())
}

// findAction finds the version that a request names, or the latest; the lock is held.
func (s *Server) findAction(req Request, grant Grant) (Action, *reply) {
	owner, foreign := s.organization(req.Header.Get(ownerHeader), grant)
	if owner == "" {
		return Action{}, foreign
	}
	query, _ := url.ParseQuery(req.Query) // check has complained
	versions := s.actions[secretKey{owner, req.Name}]
	for _, action := range slices.Backward(versions) {
		if digest := query.Get("digest"); (digest == "" || digest == action.Digest) && (foreign == nil || action.Hub) {
			return action, nil
		}
	}
	return Action{}, envelope(http.StatusNotFound, "RobotoNotFoundException", fmt.Sprintf("No action named %q in organization %s.", req.Name, owner))
}

func (a Action) wire() map[string]any {
	accessibility := "organization"
	if a.Hub {
		accessibility = "action_hub"
	}
	var timeout any
	if a.Timeout > 0 {
		timeout = a.Timeout
	}
	parameters := []map[string]any{}
	for _, p := range a.Parameters {
		var preset any
		if p.Default != "" {
			preset = p.Default
		}
		parameters = append(parameters, map[string]any{"name": p.Name, "required": p.Required, "description": nil, "default": preset})
	}
	const created, by = "2024-01-01T00:00:00Z", "owner@example.com"
	return map[string]any{
		"name": a.Name, "org_id": a.OrgID, "digest": a.Digest, "accessibility": accessibility,
		"parameters": parameters, "timeout": timeout, "uri": "registry.example.com/" + a.OrgID + "/" + a.Name,
		"created": created, "created_by": by, "modified": created, "modified_by": by,
	}
}
