// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/transport"
)

// InvocationInput says what to invoke an action with. Empty fields are not given.
type InvocationInput struct {
	// OrgID is the organization in which the action is invoked.
	OrgID string
	// Parameters hold the URIs of secrets, never their values.
	Parameters map[string]string
	// FilePaths are patterns of files in the dataset.
	DatasetID string
	FilePaths []string
	// FileQuery and TopicQuery select input in RoboQL.
	FileQuery, TopicQuery string
	// UploadDatasetID is where outputs go.
	UploadDatasetID string
	// TimeoutMinutes is Roboto's own limit; 0 means the action's.
	TimeoutMinutes int
}

// StatusCode is a status of an invocation (src/roboto/domain/actions/invocation_record.py).
type StatusCode int

// The statuses that this client knows by more than their names.
const (
	StatusCompleted StatusCode = 5
	StatusCancelled StatusCode = 997
	StatusFailed    StatusCode = 998
	StatusDeadly    StatusCode = 999
)

var statusNames = map[StatusCode]string{
	0: "Queued", 1: "Scheduled", 2: "Downloading", 3: "Processing", 4: "Uploading",
	StatusCompleted: "Completed", StatusCancelled: "Cancelled", StatusFailed: "Failed", StatusDeadly: "Deadly",
}

// String is Roboto's name of the status.
func (s StatusCode) String() string {
	return cmp.Or(statusNames[s], fmt.Sprintf("status %d", int(s)))
}

// Status is one status that an invocation had.
type Status struct {
	Code StatusCode
	// Detail is the service's text, fit to show, or "".
	Detail string

	at time.Time
}

// Invocation is an action that was invoked.
type Invocation struct {
	ID, OrgID string
	// Statuses are all so far, oldest first. There is at least one.
	Statuses []Status

	// action is the name of the action.
	action identifier
}

// Status is the current status: the last by time, then by code, as in the SDK
// (src/roboto/domain/actions/invocation.py).
func (i Invocation) Status() Status { return i.Statuses[len(i.Statuses)-1] }

// HasEnded reports whether the invocation no longer runs. After StatusFailed, Roboto may
// queue it again.
func (i Invocation) HasEnded() bool {
	return slices.Contains([]StatusCode{StatusCompleted, StatusCancelled, StatusFailed, StatusDeadly}, i.Status().Code)
}

const (
	// The SDK asks every five seconds.
	firstPollInterval = 500 * time.Millisecond
	pollInterval      = 5 * time.Second

	// maxFailedPolls is how many times in a row Follow may fail to learn the status. A service
	// that is out of reach or busy does not count.
	maxFailedPolls = 5

	// failedGrace is how long an invocation has to stay failed. In the SDK, Failed may be
	// followed by Queued, and the third Failed is a Deadly. Nothing says how soon Roboto
	// queues a failed invocation again, so this is six times as long as the SDK waits between
	// two polls.
	failedGrace = 30 * time.Second

	// maxStatuses is far more than the statuses of three runs.
	maxStatuses = 100
)

// Invoke invokes an action and returns the invocation. The request has an idempotency ID,
// so a repetition never runs the action twice. The error is of KindUnsettled if the
// action may run although its invocation is not known.
//
// If the context ends meanwhile, Invoke waits a moment longer for the answer, because only
// the answer has the ID with which the invocation can be canceled.
func (c *Client) Invoke(ctx context.Context, action Action, input InvocationInput) (Invocation, error) {
	r := c.invokeRequest(action, input)
	if ctx.Err() != nil {
		return Invocation{}, canceled(ctx)
	}
	patient, stop := outlive(ctx, settleTimeout)
	defer stop()
	answerLost := false
	for attempt := 1; ; attempt++ {
		invocation, err := c.postInvocation(patient, r, action, input)
		if err == nil {
			return invocation, nil
		}
		failure := errorOf(err)
		if failure.lost {
			// Only another answer settles this, and perhaps no other call asks the host.
			answerLost, r.mustSend = true, true
		}
		again := (failure.lost && !failure.final || mayPass(err) || answerLost && failure.OutOfReach) &&
			attempt < c.config.MaxAttempts && (answerLost || ctx.Err() == nil)
		if again && wait(patient, attempt) == nil {
			continue
		}
		if answerLost {
			return Invocation{}, &Error{Kind: KindUnsettled, What: "It is not known whether the action was invoked.", Err: err}
		}
		return Invocation{}, err
	}
}

func (c *Client) postInvocation(ctx context.Context, r request, action Action, input InvocationInput) (Invocation, error) {
	invocation, ans, err := c.invocation(ctx, r)
	if err == nil && (string(invocation.action) != action.Name || invocation.OrgID != input.OrgID) {
		err = ans.unreadable("the invocation belongs to another action or organization")
	}
	return invocation, err
}

// outlive returns a context that ends some time after its parent.
func outlive(parent context.Context, patience time.Duration) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(parent))
	unwatch := context.AfterFunc(parent, func() {
		_ = transport.Sleep(ctx, patience)
		cancel(context.Cause(parent))
	})
	return ctx, func() {
		unwatch()
		cancel(nil)
	}
}

// invokeRequest follows CreateInvocationRequest of the SDK
// (src/roboto/domain/actions/invocation_operations.py).
func (c *Client) invokeRequest(action Action, input InvocationInput) request {
	type selector struct {
		Query     string   `json:"query,omitempty"`
		DatasetID string   `json:"dataset_id,omitempty"`
		Paths     []string `json:"paths,omitempty"`
	}
	type richInput struct {
		Files  *selector `json:"files"`
		Topics *selector `json:"topics"`
	}
	type destination struct {
		Type string `json:"destination_type"`
		ID   string `json:"destination_id"`
	}
	const dataset = "Dataset"
	body := struct {
		InvocationSource  string            `json:"invocation_source"`
		DataSourceType    string            `json:"data_source_type"`
		DataSourceID      string            `json:"data_source_id"`
		InputData         []string          `json:"input_data"`
		RichInputData     *richInput        `json:"rich_input_data"`
		ParameterValues   map[string]string `json:"parameter_values"`
		Timeout           *int              `json:"timeout"`
		IdempotencyID     string            `json:"idempotency_id"`
		UploadDestination *destination      `json:"upload_destination"`
	}{
		InvocationSource: "Manual",
		DataSourceType:   dataset,
		DataSourceID:     cmp.Or(input.DatasetID, "__UNSPECIFIED_DATA_SOURCE__"),
		InputData:        append([]string{}, input.FilePaths...),
		ParameterValues:  input.Parameters,
		Timeout:          action.timeout,
		IdempotencyID:    rand.Text(),
	}
	var rich richInput
	switch {
	case len(input.FilePaths) > 0:
		rich.Files = &selector{DatasetID: input.DatasetID, Paths: input.FilePaths}
	case input.FileQuery != "":
		rich.Files = &selector{Query: input.FileQuery}
	}
	if input.TopicQuery != "" {
		rich.Topics = &selector{Query: input.TopicQuery}
	}
	if rich != (richInput{}) {
		body.RichInputData = &rich
	}
	if input.TimeoutMinutes > 0 {
		body.Timeout = &input.TimeoutMinutes
	}
	if input.UploadDatasetID != "" {
		body.UploadDestination = &destination{Type: dataset, ID: input.UploadDatasetID}
	}
	return request{
		method: http.MethodPost, path: []string{"v1", "actions", action.Name, "invoke"}, query: digestQuery(action.Digest),
		actingOrg: input.OrgID, ownerOrg: action.OrgID, body: body,
	}
}

// Follow waits until an invocation has ended, and calls report for each of its statuses,
// including those so far. The error is of KindCanceled if the context ends first. Any other error
// means that Roboto does not report the status. The invocation is valid in any case.
func (c *Client) Follow(ctx context.Context, invocation Invocation, report func(Status)) (Invocation, error) {
	reported, failedPolls := 0, 0
	var failedSince time.Time
	var unheard error // why the last status request failed
	for pause := firstPollInterval; ; pause = min(2*pause, pollInterval) {
		for ; reported < len(invocation.Statuses); reported++ {
			report(invocation.Statuses[reported])
			failedSince = time.Time{} // each failure has its own grace
		}
		switch {
		case invocation.Status().Code != StatusFailed:
			failedSince = time.Time{}
		case failedSince.IsZero():
			failedSince = time.Now()
		}
		if invocation.HasEnded() && (failedSince.IsZero() || time.Since(failedSince) >= failedGrace) {
			return invocation, nil
		}
		if transport.Sleep(ctx, pause) != nil {
			failure := canceled(ctx)
			failure.Settle = unheard
			return invocation, failure
		}
		// It asks even if the host has not answered lately. Only an answer can end an outage,
		// and perhaps nobody else asks.
		current, err := c.readInvocation(ctx, invocation)
		if err == nil {
			invocation, failedPolls, unheard = current, 0, nil
			continue
		}
		if ctx.Err() == nil {
			unheard = err
		}
		if mayPass(err) || errorOf(err).OutOfReach {
			continue
		}
		if failedPolls++; ctx.Err() == nil && failedPolls == maxFailedPolls {
			return invocation, err
		}
	}
}

// CancelInvocation cancels an invocation, also after the context has ended. It returns the
// invocation as it is then. If there is no error, Roboto has accepted the cancellation, or
// the invocation had already ended for good.
func (c *Client) CancelInvocation(ctx context.Context, invocation Invocation) (Invocation, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	accepted := false
	for attempt := 1; ; attempt++ {
		var err error
		if !accepted { // Roboto may refuse to cancel twice
			_, err = c.call(ctx, request{
				method: http.MethodPost, path: append(invocationPath(invocation.ID), "cancel"), ownerOrg: invocation.OrgID, mustSend: true,
			})
			accepted = err == nil
		}
		if current, readErr := c.readInvocation(ctx, invocation); readErr == nil {
			invocation = current
		}
		failure := errorOf(err)
		refused := err != nil && !failure.lost && !mayPass(err) && !failure.OutOfReach
		switch {
		case invocation.HasEnded() && (accepted || invocation.Status().Code != StatusFailed):
			return invocation, nil
		case refused, attempt >= c.config.MaxAttempts, wait(ctx, attempt) != nil:
			return invocation, err
		}
	}
}

func (c *Client) readInvocation(ctx context.Context, known Invocation) (Invocation, error) {
	current, ans, err := c.invocation(ctx, request{method: http.MethodGet, path: invocationPath(known.ID), mustSend: true})
	if err == nil && (current.ID != known.ID || current.OrgID != known.OrgID) {
		err = ans.unusable("the record describes another invocation")
	}
	return current, err
}

func invocationPath(id string) []string { return []string{"v1", "actions", "invocations", id} }

var invocationIDPattern = lazyRegexp(`^[A-Za-z0-9_-]{1,64}$`)

// invocation makes a request that an invocation's record answers, and checks what every use relies
// on.
func (c *Client) invocation(ctx context.Context, r request) (Invocation, answer, error) {
	wire, ans, err := callFor[struct {
		ID         identifier      `json:"invocation_id"`
		OrgID      identifier      `json:"org_id"`
		Status     json.RawMessage `json:"status"`
		LastStatus *StatusCode     `json:"last_status"`
		Provenance struct {
			Action struct {
				Name identifier `json:"name"`
			} `json:"action"`
		} `json:"provenance"`
	}](ctx, c, r)
	if err != nil {
		return Invocation{}, ans, err
	}
	ids := identifiers{guard: c.guard}
	invocation := Invocation{ID: ids.use("its ID", wire.ID), OrgID: ids.use("its organization", wire.OrgID), action: wire.Provenance.Action.Name}
	if ids.problem != "" || !invocationIDPattern().MatchString(invocation.ID) || ValidateOrgID(invocation.OrgID) != nil {
		return Invocation{}, ans, ans.unreadable("an invocation lacks its ID or its organization")
	}
	if len(wire.Status) == 0 || string(wire.Status) == "null" {
		wire.Status = json.RawMessage("[]")
	}
	err = eachItem(ans, wire.Status, func(item struct {
		Status    StatusCode  `json:"status"`
		Detail    description `json:"detail"`
		Timestamp wireTime    `json:"timestamp"`
	},
	) error {
		if len(invocation.Statuses) == maxStatuses {
			return ans.unreadable(fmt.Sprintf("the invocation has had more than %d statuses", maxStatuses))
		}
		if item.Detail == "None" { // which the SDK sends for no detail
			item.Detail = ""
		}
		invocation.Statuses = append(invocation.Statuses, Status{Code: item.Status, Detail: c.guard.describe(item.Detail), at: item.Timestamp.Time})
		return nil
	})
	// The SDK's record may have an empty list, but not no last status.
	if err == nil && len(invocation.Statuses) == 0 && wire.LastStatus != nil {
		invocation.Statuses = []Status{{Code: *wire.LastStatus}}
	}
	if err == nil && len(invocation.Statuses) == 0 {
		err = ans.unreadable("an invocation has no status")
	}
	if err != nil {
		return Invocation{}, ans, err
	}
	slices.SortStableFunc(invocation.Statuses, func(a, b Status) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.Code, b.Code))
	})
	return invocation, ans, nil
}
