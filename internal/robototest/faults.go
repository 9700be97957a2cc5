// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package robototest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// Fault is a misbehavior. The fields of the first group say when, those of the
// second what; of those, Drop, Delay and the answers can be combined.
type Fault struct {
	// Operation is the call that goes wrong; "" means every one.
	Operation Operation
	// Match narrows it further.
	Match func(Request) bool
	// Skip lets that many matching requests pass first.
	Skip int
	// Times is how many matching requests go wrong; 0 means all.
	Times int

	// Status with Body (as it stands) or Code and Message (in the service's error
	// envelope) is an answer in place of the service's own.
	Status        int
	Body          string
	Code, Message string
	// AWSError is an answer in AWS's error form, with Message.
	AWSError string
	// Header goes with the answer.
	Header http.Header
	// Huge answers with that many bytes of JSON that never ends well.
	Huge int64
	// After lets the request take effect before anything goes wrong.
	After bool
	// Drop closes the connection without an answer.
	Drop bool
	// Delay holds the answer back; with After the request has taken effect by then.
	Delay time.Duration
	// Truncate cuts the service's own answer in half.
	Truncate bool
	// Mutate changes the service's own answer.
	Mutate func([]byte) []byte
	// Echo answers Status with an error that repeats the request's credentials and body.
	Echo bool
}

type activeFault struct {
	Fault
	seen int
}

// Inject adds a fault. The first that matches a request is the one that happens.
func (s *Server) Inject(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &activeFault{Fault: f})
}

// ClearFaults makes the services behave again.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
	s.throttle = nil
}

// fault is the one that happens to a request, or nil.
func (s *Server) fault(req Request) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		if f.Operation != "" && f.Operation != req.Operation || f.Match != nil && !f.Match(req) {
			continue
		}
		f.seen++
		if f.seen > f.Skip && (f.Times == 0 || f.seen <= f.Skip+f.Times) {
			return &f.Fault
		}
	}
	return nil
}

// throttle counts the requests of the current second.
type throttle struct {
	perSecond  int
	retryAfter bool
	second     time.Time
	count      int
}

// Throttle makes Roboto answer 429 to more than so many requests in a second,
// with Retry-After: 1 if wanted; 0 ends it.
func (s *Server) Throttle(perSecond int, retryAfter bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.throttle = nil
	if perSecond > 0 {
		s.throttle = &throttle{perSecond: perSecond, retryAfter: retryAfter}
	}
}

func (s *Server) throttled(req Request) (reply, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.throttle
	if t == nil || req.AWS() {
		return reply{}, false
	}
	if second := time.Now().Truncate(time.Second); second != t.second {
		t.second, t.count = second, 0
	}
	t.count++
	if t.count <= t.perSecond {
		return reply{}, false
	}
	rep := gateway(http.StatusTooManyRequests, "Too Many Requests")
	if t.retryAfter {
		rep.header.Set("Retry-After", "1")
	}
	return rep, true
}

// serve answers a request: by the service's rules, unless a fault says otherwise.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, req Request, answer func(Request) reply) {
	s.mu.Lock()
	latency := s.latency
	s.mu.Unlock()
	wait(r.Context(), latency)
	if rep, yes := s.throttled(req); yes {
		s.finish(w, req, rep)
		return
	}
	f := s.fault(req)
	if f == nil {
		s.finish(w, req, answer(req))
		return
	}
	var rep reply
	if f.answers() && !f.After {
		rep = f.reply(req)
	} else if f.After || !f.Drop {
		rep = answer(req)
		if f.answers() {
			rep = f.reply(req)
		}
	}
	if f.Delay > 0 {
		wait(r.Context(), f.Delay)
	}
	switch {
	case f.Drop:
		s.record(req)
		panic(http.ErrAbortHandler)
	case f.Huge > 0:
		req.Status = http.StatusOK
		s.record(req)
		writeHuge(w, f.Huge)
		return
	case f.Mutate != nil:
		rep.body = f.Mutate(rep.body)
	case f.Truncate:
		rep.body = rep.body[:len(rep.body)/2]
	}
	s.finish(w, req, rep)
}

func (s *Server) finish(w http.ResponseWriter, req Request, rep reply) {
	req.Status = rep.status
	s.record(req)
	rep.write(w)
}

func (f *Fault) answers() bool { return f.Status != 0 || f.AWSError != "" }

func (f *Fault) reply(req Request) reply {
	var rep reply
	status := f.Status
	switch {
	case f.Echo:
		rep = echo(req, status)
	case f.AWSError != "":
		if status == 0 {
			status = http.StatusBadRequest
		}
		rep = awsError(status, f.AWSError, f.Message)
	case f.Code != "":
		rep = envelope(status, f.Code, f.Message)
	case f.Message != "":
		rep = gateway(status, f.Message)
	default:
		rep = reply{status: status, header: http.Header{}, body: []byte(f.Body)}
	}
	for name, values := range f.Header {
		rep.header[name] = values
	}
	return rep
}

// echo repeats what only a hostile or careless service would.
func echo(req Request, status int) reply {
	words := fmt.Sprintf("bad request: %s %s %s", req.Header.Get("Authorization"), req.Header.Get("X-Amz-Security-Token"), req.Body)
	if req.AWS() {
		var input putOrGet
		_ = json.Unmarshal(req.Body, &input)
		if input.SecretString != nil {
			words += " value " + *input.SecretString
		}
		return awsError(status, "InvalidRequestException", words)
	}
	rep := envelope(status, "RobotoInvalidRequestException", words)
	rep.header.Set("X-Echo", strconv.Quote(words))
	return rep
}

func writeHuge(w http.ResponseWriter, bytes int64) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"data":"`)
	chunk := make([]byte, 1<<16)
	for i := range chunk {
		chunk[i] = 'x'
	}
	for written := int64(0); written < bytes; written += int64(len(chunk)) {
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
}

func wait(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
