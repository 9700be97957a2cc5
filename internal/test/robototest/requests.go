// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package robototest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/leaks"
)

// Operation is one of the calls that a client can make.
type Operation string

// The operations of both services.
const (
	ListOrgs         Operation = "ListOrgs"
	GetUser          Operation = "GetUser"
	CreateSecret     Operation = "CreateSecret"
	ListSecrets      Operation = "ListSecrets"
	GetSecret        Operation = "GetSecret"
	DeleteSecret     Operation = "DeleteSecret"
	GetCredentials   Operation = "GetCredentials"
	PutValue         Operation = "PutValue"
	GetValue         Operation = "GetValue"
	GetAction        Operation = "GetAction"
	InvokeAction     Operation = "InvokeAction"
	GetInvocation    Operation = "GetInvocation"
	CancelInvocation Operation = "CancelInvocation"
	// Unknown is a request that is none of the above.
	Unknown Operation = "Unknown"
)

// Operations lists the calls that a client can make.
func Operations() []Operation {
	return []Operation{
		ListOrgs, GetUser, CreateSecret, ListSecrets, GetSecret, DeleteSecret, GetCredentials, PutValue, GetValue,
		GetAction, InvokeAction, GetInvocation, CancelInvocation,
	}
}

// Request is one request as it came in.
type Request struct {
	Time      time.Time
	Operation Operation
	Method    string
	// Path is percent-encoded.
	Path   string
	Query  string
	Header http.Header
	Body   []byte
	// OrgID and Name are what the request is about, if it says so. Name is a secret's, an
	// action's or the ID of an invocation.
	OrgID, Name string
	// Status is what was answered; 0 if the connection was dropped, or as long as
	// the answer is held back.
	Status int

	aws bool
}

// AWS tells whether the request went to Secrets Manager.
func (r Request) AWS() bool { return r.aws }

// Whole is all of the request in which something could be hidden.
func (r Request) Whole() []byte {
	path, _ := url.PathUnescape(r.Path)
	query, _ := url.QueryUnescape(r.Query)
	var whole bytes.Buffer
	fmt.Fprintf(&whole, "%s %s?%s\n%s?%s\n%s\n", r.Method, r.Path, r.Query, path, query, r.Body)
	_ = r.Header.Write(&whole) // a Buffer takes everything
	return whole.Bytes()
}

// Requests lists all requests since the last reset in the order of their arrival,
// those that wait for their answer included.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	requests := make([]Request, len(s.requests))
	for i, r := range s.requests {
		requests[i] = *r
	}
	return requests
}

// ResetRequests forgets the requests so far, after looking for values in them.
func (s *Server) ResetRequests() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, leak := range s.leaks() {
		s.note("%s", leak)
	}
	s.requests = nil
}

// Count is the number of requests for an operation since the last reset, those
// that wait for their answer included.
func (s *Server) Count(op Operation) int {
	return len(slices.DeleteFunc(s.Requests(), func(r Request) bool { return r.Operation != op }))
}

// leaks looks for every known value in every request to Roboto, and for every API
// key in every request to AWS; the lock is held.
func (s *Server) leaks() (found []string) {
	for _, search := range []struct {
		toAWS     bool
		secrets   iter.Seq[string]
		complaint string
	}{
		{false, maps.Keys(s.canaries), "%s to Roboto carries a secret value"},
		{true, maps.Keys(s.keys), "%s to Secrets Manager carries an API key"},
	} {
		var requests []leaks.Artifact
		for _, r := range s.requests {
			if r.AWS() == search.toAWS {
				requests = append(requests, leaks.Bytes(string(r.Operation), r.Whole()))
			}
		}
		var needles []leaks.Needle
		for secret := range search.secrets {
			if len(secret) >= leaks.MinValueBytes {
				needles = append(needles, leaks.Needle{Name: fmt.Sprintf("secret %d", len(needles)), Value: secret})
			}
		}
		if len(requests) == 0 || len(needles) == 0 {
			continue
		}
		findings, _, err := leaks.Search(requests, needles)
		if err != nil {
			found = append(found, err.Error())
		}
		for _, finding := range findings {
			if leak := fmt.Sprintf(search.complaint, finding.Artifact); !finding.Part && !slices.Contains(found, leak) {
				found = append(found, leak)
			}
		}
	}
	return found
}

// receive reads a request for the record.
func receive(r *http.Request) Request {
	body, _ := io.ReadAll(http.MaxBytesReader(nil, r.Body, 4<<20))
	return Request{
		Time:   time.Now(),
		Method: r.Method,
		Path:   r.URL.EscapedPath(),
		Query:  r.URL.RawQuery,
		Header: r.Header.Clone(),
		Body:   body,
	}
}

// reply is an answer that is not on the wire yet, so that faults can change it.
type reply struct {
	status int
	header http.Header
	body   []byte
	// huge is the length of an endless body in place of body.
	huge int64
}

func jsonReply(status int, body any) *reply {
	encoded, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	return &reply{status: status, header: http.Header{"Content-Type": {"application/json"}}, body: encoded}
}

func (rep *reply) write(w http.ResponseWriter) {
	maps.Copy(w.Header(), rep.header)
	w.WriteHeader(rep.status)
	_, _ = w.Write(rep.body)
	if rep.huge > 0 {
		_, _ = io.WriteString(w, `{"data":"`)
	}
	chunk := bytes.Repeat([]byte("x"), 1<<16)
	for left := rep.huge; left > 0; left -= int64(len(chunk)) {
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
}

// writeRaw answers with bytes that need not be HTTP, and closes the connection.
func (rep *reply) writeRaw(w http.ResponseWriter, change func([]byte) []byte) {
	answer := http.Response{
		StatusCode: rep.status, ProtoMajor: 1, ProtoMinor: 1, Header: rep.header,
		Body: io.NopCloser(bytes.NewReader(rep.body)), ContentLength: int64(len(rep.body)),
	}
	var raw bytes.Buffer
	_ = answer.Write(&raw) // a Buffer takes everything
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	defer func() { _ = conn.Close() }()
	_, _ = conn.Write(change(raw.Bytes()))
}
