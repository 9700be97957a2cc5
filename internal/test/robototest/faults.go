// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package robototest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Fault is a misbehavior. The fields of the first group say which requests it
// happens to, those of the second what happens.
//
// The answer in place of the service's own is, in this order, Huge, Echo,
// AWSError, Code, Message alone (as a gateway would) or Status with Body. With
// none of these the service's own goes out, after Truncate and Mutate.
type Fault struct {
	// Operation is the call that goes wrong; "" means every one.
	Operation Operation
	// Match narrows it further. It may ask the Server, but not end it.
	Match func(Request) bool
	// Skip lets that many matching requests pass first.
	Skip int
	// Times is how many matching requests go wrong; 0 means all.
	Times int

	// After lets the request take effect before Drop, Outage, Delay or an answer in place of
	// the service's own. Without it the request has no effect at all, or under Delay only then.
	After bool
	// Drop closes the connection without an answer.
	Drop bool
	// Outage is Drop, and for so long all connections to both services break and none can
	// be made.
	Outage time.Duration
	// Delay is a wait that ends early if the client goes away.
	Delay time.Duration

	// Status is the answer's status; 0 means 200 with Body alone and Huge, else 400.
	Status int
	// Body is an answer as it stands.
	Body string
	// Code is that of Roboto's error envelope, with Message.
	Code, Message string
	// AWSError is the type of AWS's error form, with Message.
	AWSError string
	// Huge answers with at least that many bytes of JSON, which is never complete.
	Huge int64
	// Echo answers with an error that repeats the request's credentials and body.
	Echo bool
	// Truncate cuts the service's own answer in half.
	Truncate bool
	// Mutate changes the service's own answer.
	Mutate func([]byte) []byte
	// Wire changes what goes over the connection: the answer as HTTP/1.1 writes it.
	Wire func(answer []byte) []byte
	// Header goes with any answer, and replaces what the service says there; a nil
	// value leaves the header out. A Content-Length larger than the body breaks the
	// connection where the body ends.
	Header http.Header
}

type activeFault struct {
	Fault
	seen atomic.Int64
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
	s.outUntil.Store(0)
}

// Faulted counts how often a fault really happened: an answer that
// came out the same after Truncate and Mutate does not count.
func (s *Server) Faulted() int { return int(s.faulted.Load()) }

// fault is the one that happens to a request; the zero Fault is none.
func (s *Server) fault(req Request) Fault {
	s.mu.Lock()
	faults := slices.Clone(s.faults)
	s.mu.Unlock()
	for _, f := range faults {
		if f.Operation != "" && f.Operation != req.Operation || f.Match != nil && !f.Match(req) {
			continue
		}
		if seen := int(f.seen.Add(1)); seen > f.Skip && (f.Times == 0 || seen <= f.Skip+f.Times) {
			return f.Fault
		}
	}
	return Fault{}
}

// Throttle lets a fault happen to more than so many requests in a second: to AWS if it has an AWSError, else to Roboto.
func (s *Server) Throttle(perSecond int, f Fault) {
	var mu sync.Mutex
	var second time.Time
	count := 0
	f.Match = func(r Request) bool {
		mu.Lock()
		defer mu.Unlock()
		if r.AWS() != (f.AWSError != "") {
			return false
		}
		if now := time.Now().Truncate(time.Second); now != second {
			second, count = now, 0
		}
		count++
		return count > perSecond
	}
	s.Inject(f)
}

// serve answers a request: by the service's rules, unless a fault says otherwise.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, req Request, answer func(Request) *reply) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		panic(http.ErrAbortHandler)
	}
	s.handling.Add(1)
	defer s.handling.Done()
	recorded := &req
	s.requests = append(s.requests, recorded)
	s.mu.Unlock()

	wait(r.Context(), time.Duration(s.latency.Load()))
	s.dropIf(s.out(), recorded)
	f := s.fault(req)
	if f.Drop || f.Outage > 0 || f.Delay > 0 || f.Header != nil || f.answers() {
		s.faulted.Add(1)
	}
	var rep *reply
	if f.After {
		rep = answer(req)
	}
	wait(r.Context(), f.Delay)
	if f.Outage > 0 {
		s.outUntil.Store(time.Now().Add(f.Outage).UnixNano())
	}
	s.dropIf(f.Drop || s.out() || r.Context().Err() != nil, recorded)
	if f.answers() {
		rep = f.reply(req)
	} else {
		if rep == nil {
			rep = answer(req)
		}
		own := rep.body
		if f.Truncate {
			rep.body = own[:len(own)/2]
		}
		if f.Mutate != nil {
			rep.body = f.Mutate(rep.body)
		}
		if !bytes.Equal(rep.body, own) {
			s.faulted.Add(1)
		}
	}
	s.dropIf(s.out(), recorded) // by another request, meanwhile
	header := http.Header{"Date": {s.now().UTC().Format(http.TimeFormat)}}
	maps.Copy(header, rep.header)
	maps.Copy(header, f.Header)
	rep.header = header
	s.settle(recorded, rep.status)
	if f.Wire != nil {
		rep.writeRaw(w, f.Wire)
		return
	}
	rep.write(w)
}

// out tells whether there is an outage.
func (s *Server) out() bool { return time.Now().UnixNano() < s.outUntil.Load() }

// dropIf closes the connection, without an answer.
func (s *Server) dropIf(drop bool, req *Request) {
	if drop {
		s.settle(req, 0)
		panic(http.ErrAbortHandler)
	}
}

func (s *Server) settle(req *Request, status int) {
	s.mu.Lock()
	req.Status = status
	settled := *req
	s.mu.Unlock()
	if s.options.OnRequest != nil {
		s.options.OnRequest(settled)
	}
}

func (f Fault) answers() bool {
	return f.Huge > 0 || f.Echo || f.AWSError != "" || f.Code != "" || f.Message != "" || f.Status != 0 || f.Body != ""
}

func (f Fault) reply(req Request) *reply {
	status := cmp.Or(f.Status, http.StatusBadRequest)
	switch {
	case f.Huge > 0:
		return &reply{status: cmp.Or(f.Status, http.StatusOK), header: http.Header{"Content-Type": {"application/json"}}, huge: f.Huge}
	case f.Echo:
		return echo(req, status)
	case f.AWSError != "":
		return awsError(status, f.AWSError, f.Message)
	case f.Code != "":
		return envelope(status, f.Code, f.Message)
	case f.Message != "":
		return gateway(status, f.Message)
	}
	rep := &reply{status: cmp.Or(f.Status, http.StatusOK), header: http.Header{}, body: []byte(f.Body)}
	if json.Valid(rep.body) {
		rep.header.Set("Content-Type", "application/json")
	}
	return rep
}

// echo repeats what only a hostile or careless service would.
func echo(req Request, status int) *reply {
	words := fmt.Sprintf("bad request: %s %s %s", req.Header.Get("Authorization"), req.Header.Get("X-Amz-Security-Token"), req.Body)
	var input putOrGet
	if json.Unmarshal(req.Body, &input) == nil && input.SecretString != nil {
		words += " value " + *input.SecretString
	}
	rep := envelope(status, "RobotoInvalidRequestException", words)
	if req.AWS() {
		rep = awsError(status, "InvalidRequestException", words)
	}
	rep.header.Set("X-Echo", strconv.QuoteToASCII(words))
	return rep
}

// wait ends early if the client goes away.
func wait(ctx context.Context, d time.Duration) {
	if d > 0 {
		timed, cancel := context.WithTimeout(ctx, d)
		defer cancel()
		<-timed.Done()
	}
}
