// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package robototest

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

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
}

type status struct {
	code   int
	detail string
	at     time.Time
}

// Status is the code of the current status.
func (i *Invocation) Status() int { return i.statuses[len(i.statuses)-1].code }

// invocationBody is what a client sends to invoke an action. What it does not give is null.
type invocationBody struct {
	InvocationSource   string   `json:"invocation_source"`
	InvocationSourceID *string  `json:"invocation_source_id"`
	DataSourceType     string   `json:"data_source_type"`
	DataSourceID       string   `json:"data_source_id"`
	InputData          []string `json:"input_data"`
	RichInputData      *struct {
		Files  *selector `json:"files"`
		Topics *selector `json:"topics"`
	} `json:"rich_input_data"`
	ParameterValues   map[string]string `json:"parameter_values"`
	Timeout           int               `json:"timeout"`
	IdempotencyID     string            `json:"idempotency_id"`
	UploadDestination *struct {
		Type string `json:"destination_type"`
		ID   string `json:"destination_id"`
	} `json:"upload_destination"`
}

type selector struct {
	Query     *string  `json:"query"`
	DatasetID *string  `json:"dataset_id"`
	Paths     []string `json:"paths"`
}

// knownInvocationBody is stricter than Roboto: without an idempotency ID, a request whose
// answer is lost cannot be sent again.
func knownInvocationBody(raw []byte) bool {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	var body invocationBody
	return decoder.Decode(&body) == nil && body.InvocationSource == "Manual" && body.DataSourceType == "Dataset" && body.DataSourceID != "" &&
		body.InputData != nil && (len(body.InputData) == 0 || body.DataSourceID != "__UNSPECIFIED_DATA_SOURCE__") &&
		(body.UploadDestination == nil || body.UploadDestination.Type == "Dataset" && body.UploadDestination.ID != "") &&
		len(body.IdempotencyID) >= 16
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
	s.invocation(id).add(Cancelled, "Cancelled by somebody@example.com.")
}

// invocation finds an invocation, nil for none; the lock is held.
func (s *Server) invocation(id string) *Invocation {
	for _, inv := range s.invocations {
		if inv.ID == id {
			return inv
		}
	}
	return nil
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
	var body invocationBody
	if json.Unmarshal(req.Body, &body) != nil || body.InputData == nil {
		return envelope(http.StatusBadRequest, "RobotoInvalidRequestException", "The body does not describe an invocation.")
	}
	for _, inv := range s.invocations {
		if inv.OrgID == orgID && inv.idempotencyID == body.IdempotencyID && body.IdempotencyID != "" {
			return data(inv.wire())
		}
	}
	inv := &Invocation{
		ID: "iv_" + strings.ToLower(rand.Text()[:16]), OrgID: orgID, Parameters: body.ParameterValues,
		action: action, idempotencyID: body.IdempotencyID, timeout: cmp.Or(body.Timeout, 30),
	}
	inv.add(Queued, "None")
	s.invocations = append(s.invocations, inv)
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
	inv := s.invocation(req.Name)
	if inv == nil || req.OrgID != "" && req.OrgID != inv.OrgID ||
		!slices.ContainsFunc(s.callerOrgs(grant), func(o org) bool { return o.id == inv.OrgID }) {
		return nil, envelope(http.StatusNotFound, "RobotoNotFoundException", fmt.Sprintf("No invocation %q.", req.Name))
	}
	return inv, nil
}

// add adds a status. Clients order them by time.
func (i *Invocation) add(code int, detail string) {
	at := time.Now().UTC().Truncate(time.Microsecond)
	if n := len(i.statuses); n > 0 {
		if next := i.statuses[n-1].at.Add(time.Microsecond); at.Before(next) {
			at = next
		}
	}
	i.statuses = append(i.statuses, status{code, detail, at})
}

// advance brings an invocation to its next status; the lock is held.
func (s *Server) advance(i *Invocation) {
	switch status := i.Status(); status {
	case Completed, Cancelled, Deadly:
	case Failed:
		if i.action.Requeue {
			i.add(Queued, "None")
		}
	case Downloading:
		if _, problem := s.resolved(i); problem != "" {
			i.fail(problem)
			return
		}
		i.add(Processing, "None")
	case Processing:
		switch detail := s.outcome(i); {
		case i.action.Hang:
		case detail != "" && (i.action.FailedRuns == 0 || i.failures() < i.action.FailedRuns):
			i.fail(detail)
		default:
			i.add(Uploading, "None")
		}
	default:
		i.add(status+1, "None")
	}
}

// failures counts the runs that failed.
func (i *Invocation) failures() int {
	return len(slices.DeleteFunc(slices.Clone(i.statuses), func(s status) bool { return s.code != Failed }))
}

func (i *Invocation) fail(detail string) {
	code := Failed
	if i.failures() >= 2 {
		code = Deadly
	}
	i.add(code, detail)
}

// outcome is the detail with which a run fails, "" if it succeeds.
func (s *Server) outcome(i *Invocation) string {
	if i.action.Fails != "" {
		return i.action.Fails
	}
	values, _ := s.resolved(i)
	for name, want := range i.action.Expect {
		if values[name] != want {
			return "The action exited with code 1."
		}
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
