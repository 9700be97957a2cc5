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
	"strings"
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
	// TimeoutMinutes is Roboto's own limit; nil means the action's.
	TimeoutMinutes *int
}

// Status is a status that an invocation had (src/roboto/domain/actions/invocation_record.py).
type Status struct {
	Code int
	// Detail is the service's text, fit to show, or "".
	Detail string

	at time.Time
}

// The codes that this client knows by more than their names.
const (
	StatusCompleted = 5
	StatusCancelled = 997
	StatusFailed    = 998
	StatusDeadly    = 999
)

var statusNames = map[int]string{
	0: "Queued", 1: "Scheduled", 2: "Downloading", 3: "Processing", 4: "Uploading",
	StatusCompleted: "Completed", StatusCancelled: "Cancelled", StatusFailed: "Failed", StatusDeadly: "Deadly",
}

// String is Roboto's name of the status, with the detail.
func (s Status) String() string {
	name := cmp.Or(statusNames[s.Code], fmt.Sprintf("status %d", s.Code))
	if s.Detail == "" {
		return name
	}
	return fmt.Sprintf("%s (%s)", name, strings.TrimSuffix(s.Detail, "."))
}

// IsTerminal reports whether the invocation no longer runs. After StatusFailed, Roboto may
// queue it again.
func (s Status) IsTerminal() bool {
	return slices.Contains([]int{StatusCompleted, StatusCancelled, StatusFailed, StatusDeadly}, s.Code)
}

// Invocation is an action that was invoked.
type Invocation struct {
	ID, OrgID string
	// Status is the current status.
	Status Status

	// actionName is the name of the action.
	actionName string
}

const (
	// The SDK asks every five seconds.
	firstPollInterval = 500 * time.Millisecond
	pollInterval      = 5 * time.Second

	// maxRefusedPolls is how many times in a row the status may be refused. One answer proves nothing:
	// a gateway may have given it, or Roboto may not show a new invocation yet.
	maxRefusedPolls = 5

	// FailedGrace is how long an invocation has to stay failed. In the SDK, Failed may be
	// followed by Queued, and the third Failed is a Deadly. Nothing says how soon Roboto
	// queues a failed invocation again, so this is six times as long as the SDK waits between
	// two polls.
	FailedGrace = 30 * time.Second
)

// Invoke invokes an action and returns the invocation. The request has an idempotency ID,
// so a repetition never runs the action twice. The error is of KindUnsettled if the
// action may run although its invocation is not known.
//
// If the context ends meanwhile, Invoke waits a moment longer for the answer, because only
// the answer has the ID with which the invocation can be canceled.
func (c *Client) Invoke(ctx context.Context, action Action, input InvocationInput) (Invocation, error) {
	if ctx.Err() != nil {
		return Invocation{}, canceled(ctx)
	}
	patient, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(settleTimeout, cancel) })
	defer stop()

	r, wanted := invokeRequest(action, input), Invocation{OrgID: input.OrgID, actionName: action.Name}
	waiting := ctx // until the action may run: then only another answer settles it
	for attempt := 1; ; attempt++ {
		invocation, err := c.invocation(patient, r, wanted)
		if err == nil {
			return invocation, nil
		}
		if errorOf(err).lost {
			r.mustSend, waiting = true, patient
		}
		if attempt < c.config.MaxAttempts && mayRepeat(r, err) && wait(waiting, attempt, err) == nil {
			continue
		}
		if r.mustSend {
			return Invocation{}, &Error{Kind: KindUnsettled, What: "It is not known whether the action was invoked.", Err: err}
		}
		return Invocation{}, err
	}
}

// mayRepeat reports whether another attempt may help after err, for a request that has one effect
// however often it is made.
func mayRepeat(r request, err error) bool {
	failure := errorOf(err)
	return failure.lost && !failure.final || mayPass(err) || r.mustSend && failure.OutOfReach
}

// invokeRequest follows CreateInvocationRequest of the SDK
// (src/roboto/domain/actions/invocation_operations.py), which sends what is not given as null.
func invokeRequest(action Action, input InvocationInput) request {
	type object map[string]any
	const dataset = "Dataset"
	var files, topics, rich, destination object
	switch {
	case len(input.FilePaths) > 0:
		files = object{"dataset_id": input.DatasetID, "paths": input.FilePaths}
	case input.FileQuery != "":
		files = object{"query": input.FileQuery}
	}
	if input.TopicQuery != "" {
		topics = object{"query": input.TopicQuery}
	}
	if files != nil || topics != nil {
		rich = object{"files": files, "topics": topics}
	}
	if input.UploadDatasetID != "" {
		destination = object{"destination_type": dataset, "destination_id": input.UploadDatasetID}
	}
	return request{
		method: http.MethodPost, path: []string{"v1", "actions", action.Name, "invoke"}, query: digestQuery(action.Digest),
		actingOrg: input.OrgID, ownerOrg: action.OrgID,
		body: object{
			"invocation_source":  "Manual",
			"data_source_type":   dataset,
			"data_source_id":     cmp.Or(input.DatasetID, "__UNSPECIFIED_DATA_SOURCE__"),
			"input_data":         append([]string{}, input.FilePaths...),
			"rich_input_data":    rich,
			"parameter_values":   input.Parameters,
			"timeout":            cmp.Or(input.TimeoutMinutes, action.timeout),
			"idempotency_id":     rand.Text(),
			"upload_destination": destination,
		},
	}
}

// Follow waits until an invocation has ended, and calls report for its status and for each
// other one that it finds. The error is why it could not wait for the end: it is of
// KindCanceled if the context ended, unless Roboto did not report the status at that time.
// The invocation is valid in any case.
func (c *Client) Follow(ctx context.Context, invocation Invocation, report func(Status)) (Invocation, error) {
	report(invocation.Status)
	changed := time.Now()
	refused := 0
	var unheard error // why the last status request failed
	for pause := firstPollInterval; ; pause = min(2*pause, pollInterval) {
		if invocation.Status.IsTerminal() && (invocation.Status.Code != StatusFailed || unheard == nil && time.Since(changed) >= FailedGrace) {
			return invocation, nil
		}
		if transport.Sleep(ctx, pause) != nil {
			return invocation, cmp.Or(unheard, error(canceled(ctx)))
		}
		current, err := c.readInvocation(ctx, invocation)
		switch {
		case err == nil:
			if current.Status != invocation.Status {
				report(current.Status)
				changed = time.Now()
			}
			invocation, unheard, refused = current, nil, 0
		case ctx.Err() != nil:
		case mayPass(err) || errorOf(err).OutOfReach:
			unheard = err
		default:
			unheard = err
			if refused++; refused == maxRefusedPolls {
				return invocation, err
			}
		}
	}
}

// CancelInvocation cancels an invocation, also after the context has ended. It returns the
// invocation as it is then, and an error unless Roboto has accepted the cancellation.
func (c *Client) CancelInvocation(ctx context.Context, invocation Invocation) (Invocation, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	r := request{method: http.MethodPost, path: append(invocationPath(invocation.ID), "cancel"), ownerOrg: invocation.OrgID, mustSend: true}
	for attempt := 1; ; attempt++ {
		_, err := c.call(ctx, r)
		if errorOf(err).lost || !mayPass(err) { // else nothing has changed
			if current, readErr := c.readInvocation(ctx, invocation); readErr == nil {
				invocation = current
			}
		}
		switch {
		case invocation.Status.Code == StatusCancelled: // even if the answer was lost
			return invocation, nil
		case attempt == c.config.MaxAttempts || !mayRepeat(r, err) || wait(ctx, 2, nil) != nil: // there is little time
			return invocation, err
		}
	}
}

// readInvocation asks even if the host has not answered lately: only an answer can end an
// outage, and perhaps nobody else asks.
func (c *Client) readInvocation(ctx context.Context, known Invocation) (Invocation, error) {
	return c.invocation(ctx, request{method: http.MethodGet, path: invocationPath(known.ID), mustSend: true}, known)
}

func invocationPath(id string) []string { return []string{"v1", "actions", "invocations", id} }

var invocationIDPattern = lazyRegexp(`^[A-Za-z0-9_-]{1,64}$`)

// invocation makes a request that the record of the wanted invocation answers. The ID is
// wanted only if it is known.
func (c *Client) invocation(ctx context.Context, r request, wanted Invocation) (Invocation, error) {
	wire, ans, err := callFor[struct {
		ID         identifier       `json:"invocation_id"`
		OrgID      identifier       `json:"org_id"`
		Statuses   *json.RawMessage `json:"status"`
		LastStatus int              `json:"last_status"`
		Provenance struct {
			Action struct {
				Name identifier `json:"name"`
			} `json:"action"`
		} `json:"provenance"`
	}](ctx, c, r)
	if err != nil {
		return Invocation{}, err
	}
	found := Invocation{ID: string(wire.ID), OrgID: string(wire.OrgID), actionName: string(wire.Provenance.Action.Name)}
	switch {
	case !invocationIDPattern().MatchString(found.ID) || c.guard().in(found.ID):
		return Invocation{}, ans.unreadable("the invocation has no usable ID")
	case found.ID != cmp.Or(wanted.ID, found.ID) || found.OrgID != wanted.OrgID || found.actionName != wanted.actionName:
		return Invocation{}, ans.unreadable("the record describes another invocation")
	}
	// The SDK's record may have no statuses, but not no last status. The current one is the last
	// by time, then by code (src/roboto/domain/actions/invocation.py).
	found.Status.Code = wire.LastStatus
	if wire.Statuses == nil {
		return found, nil
	}
	err = eachItem(ans, *wire.Statuses, func(item struct {
		Code      int         `json:"status"`
		Detail    description `json:"detail"`
		Timestamp wireTime    `json:"timestamp"`
	},
	) error {
		if item.Detail == "None" { // which the SDK sends for no detail
			item.Detail = ""
		}
		if at := item.Timestamp.Time; cmp.Or(at.Compare(found.Status.at), cmp.Compare(item.Code, found.Status.Code)) >= 0 {
			found.Status = Status{item.Code, c.guard.describe(item.Detail), at}
		}
		return nil
	})
	return found, err
}
