// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package robototest

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
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
	for _, value := range a.Expect {
		s.canaries[value] = true
	}
	return a
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
	parameters := []map[string]any{}
	for _, p := range a.Parameters {
		parameters = append(parameters, map[string]any{"name": p.Name, "required": p.Required, "description": nil, "default": orNull(p.Default)})
	}
	const created, by = "2024-01-01T00:00:00Z", "owner@example.com"
	return map[string]any{
		"name": a.Name, "org_id": a.OrgID, "digest": a.Digest, "accessibility": map[bool]string{true: "action_hub", false: "organization"}[a.Hub],
		"parameters": parameters, "timeout": orNull(a.Timeout), "uri": "registry.example.com/" + a.OrgID + "/" + a.Name,
		"created": created, "created_by": by, "modified": created, "modified_by": by,
	}
}

// orNull is what JSON has of a field whose zero value means that there is none.
func orNull[T comparable](field T) any {
	if field == *new(T) {
		return nil
	}
	return field
}

// The statuses of an invocation, in the order of a run. The last three end it.
const (
	Queued      = 0
	Scheduled   = 1
	Downloading = 2
	Processing  = 3
	Uploading   = 4
	Completed   = 5
	Cancelled   = 997
	Failed      = 998
	Deadly      = 999
)

// Invocation is an action that was invoked.
type Invocation struct {
	ID, OrgID string
	// Parameters are the values as they were given.
	Parameters map[string]string

	action        Action
	idempotencyID string
	timeout       int      // in minutes
	statuses      []status // oldest first
	failures      int
}

type status struct {
	code   int
	detail string
	at     time.Time
}

// Status is the code of the current status.
func (i *Invocation) Status() int { return i.statuses[len(i.statuses)-1].code }

// invocationBody is what decides about an invocation.
type invocationBody struct {
	InputData       []string          `json:"input_data"`
	ParameterValues map[string]string `json:"parameter_values"`
	Timeout         int               `json:"timeout"`
	IdempotencyID   string            `json:"idempotency_id"`
}

// parseInvocation tells whether it is a client's that can repeat it: Roboto itself needs no idempotency ID.
func parseInvocation(raw []byte) (body invocationBody, repeatable bool) {
	err := json.Unmarshal(raw, &body)
	return body, err == nil && body.InputData != nil && len(body.IdempotencyID) >= 16
}

// Invocations lists all invocations, oldest first.
func (s *Server) Invocations() []Invocation {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Invocation
	for _, inv := range s.invocations {
		all = append(all, *inv) // statuses are only added
	}
	return all
}

// CancelInvocation cancels an invocation as somebody elsewhere would.
func (s *Server) CancelInvocation(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.invocationByID[id].add(Cancelled, "Cancelled by somebody@example.com.")
}

func (s *Server) invokeAction(req Request, grant Grant) *reply {
	orgID, refusal := s.organization(req.OrgID, grant)
	if refusal != nil {
		return refusal
	}
	action, refusal := s.findAction(req, grant)
	if refusal != nil {
		return refusal
	}
	body, repeatable := parseInvocation(req.Body)
	if !repeatable {
		return envelope(http.StatusBadRequest, "RobotoInvalidRequestException", "The body does not describe an invocation.")
	}
	for _, inv := range s.invocations {
		if inv.OrgID == orgID && inv.idempotencyID == body.IdempotencyID {
			return data(inv.wire())
		}
	}
	inv := &Invocation{
		ID: "iv_" + strings.ToLower(rand.Text()[:16]), OrgID: orgID, Parameters: body.ParameterValues,
		action: action, idempotencyID: body.IdempotencyID, timeout: cmp.Or(body.Timeout, 30),
	}
	inv.add(Queued, "None")
	s.invocations = append(s.invocations, inv)
	s.invocationByID[inv.ID] = inv
	return data(inv.wire())
}

// getInvocation shows an invocation, which is one status further each time.
func (s *Server) getInvocation(req Request, grant Grant) *reply {
	inv, refusal := s.callersInvocation(req, grant)
	if refusal != nil {
		return refusal
	}
	s.advance(inv)
	return data(inv.wire())
}

func (s *Server) cancelInvocation(req Request, grant Grant) *reply {
	inv, refusal := s.callersInvocation(req, grant)
	switch {
	case refusal != nil:
		return refusal
	case inv.Status() > Uploading:
		return envelope(http.StatusBadRequest, "RobotoInvalidRequestException", "The invocation has ended.")
	}
	inv.add(Cancelled, "Cancelled by caller@example.com.")
	return &reply{status: http.StatusNoContent}
}

func (s *Server) callersInvocation(req Request, grant Grant) (*Invocation, *reply) {
	inv := s.invocationByID[req.Name]
	if inv == nil || req.OrgID != "" && req.OrgID != inv.OrgID ||
		!slices.ContainsFunc(s.callerOrgs(grant), func(o org) bool { return o.id == inv.OrgID }) {
		return nil, envelope(http.StatusNotFound, "RobotoNotFoundException", fmt.Sprintf("No invocation %q.", req.Name))
	}
	return inv, nil
}

// add adds a status. Clients order them by time.
func (i *Invocation) add(code int, detail string) {
	at := time.Now().UTC().Truncate(time.Microsecond)
	if n := len(i.statuses); n > 0 && !at.After(i.statuses[n-1].at) {
		at = i.statuses[n-1].at.Add(time.Microsecond)
	}
	i.statuses = append(i.statuses, status{code, detail, at})
}

// advance brings an invocation to its next status; the lock is held.
func (s *Server) advance(i *Invocation) {
	problem := s.problem(i)
	switch status := i.Status(); {
	case status == Completed, status == Cancelled, status == Deadly, status == Failed && !i.action.Requeue:
	case status == Failed:
		i.add(Queued, "None")
	case status == Processing && i.action.Hang:
	case problem != "" && (i.action.FailedRuns == 0 || i.failures < i.action.FailedRuns):
		i.add([]int{Failed, Failed, Deadly}[i.failures], problem)
		i.failures++
	default:
		i.add(status+1, "None")
	}
}

// problem is why a run does not go on, "" if it does.
func (s *Server) problem(i *Invocation) string {
	switch i.Status() {
	case Downloading:
		_, problem := s.resolved(i)
		return problem
	case Processing:
		values, _ := s.resolved(i)
		for name, want := range i.action.Expect {
			if values[name] != want {
				return cmp.Or(i.action.Fails, "The action exited with code 1.")
			}
		}
		return i.action.Fails
	}
	return ""
}

// secretURI is what Roboto's set-up takes for a secret.
var secretURI = regexp.MustCompile(`^roboto-secret://([^@]+)(?:@(\w+))?`)

// resolved are the values of the parameters with secrets in place of their URIs, as
// Roboto's set-up makes them, or what stops it; the lock is held.
func (s *Server) resolved(i *Invocation) (values map[string]string, problem string) {
	values = map[string]string{}
	for _, p := range i.action.Parameters {
		if p.Default != "" {
			values[p.Name] = p.Default
		}
	}
	maps.Copy(values, i.Parameters)
	for name, value := range values {
		match := secretURI.FindStringSubmatch(value)
		if match == nil {
			continue
		}
		sec := s.secrets[secretKey{cmp.Or(match[2], i.OrgID), match[1]}]
		if sec == nil || len(sec.versions) == 0 {
			return nil, fmt.Sprintf("Failed to retrieve secret %s, because it does not exist.", value)
		}
		now := time.Now()
		sec.LastUsed = &now
		values[name] = sec.versions[len(sec.versions)-1].Value
	}
	return values, ""
}

func (i *Invocation) wire() map[string]any {
	statuses := []map[string]any{}
	for _, status := range i.statuses {
		statuses = append(statuses, map[string]any{"status": status.code, "detail": status.detail, "timestamp": isoTime(status.at)})
	}
	return map[string]any{
		"invocation_id": i.ID, "org_id": i.OrgID, "idempotency_id": i.idempotencyID,
		"created": isoTime(i.statuses[0].at), "status": statuses, "last_status": i.Status(),
		"provenance": map[string]any{
			"action": map[string]any{"name": i.action.Name, "org_id": i.action.OrgID, "digest": i.action.Digest},
			"source": map[string]any{"source_type": "Manual", "source_id": "caller@example.com"},
		},
		"parameter_values": i.Parameters, "timeout": i.timeout,
	}
}
