// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package robototest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Operation is one of the calls that a client can make.
type Operation string

// The operations of both services.
const (
	ListOrgs       Operation = "ListOrgs"
	CreateSecret   Operation = "CreateSecret"
	ListSecrets    Operation = "ListSecrets"
	GetSecret      Operation = "GetSecret"
	DeleteSecret   Operation = "DeleteSecret"
	GetCredentials Operation = "GetCredentials"
	PutValue       Operation = "PutValue"
	GetValue       Operation = "GetValue"
	// Unknown is a request that is none of the above.
	Unknown Operation = "Unknown"
)

// Operations lists the calls that a client can make.
func Operations() []Operation {
	return []Operation{ListOrgs, CreateSecret, ListSecrets, GetSecret, DeleteSecret, GetCredentials, PutValue, GetValue}
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
	// OrgID and Name are what the request is about, if it says so.
	OrgID, Name string
	// Status is what was answered; 0 if the connection was dropped.
	Status int
}

// AWS tells whether the request went to Secrets Manager.
func (r Request) AWS() bool { return r.Operation == PutValue || r.Operation == GetValue }

// Requests lists all requests since the last reset.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// ResetRequests forgets the requests so far, after looking for values in them.
func (s *Server) ResetRequests() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.violations = append(s.violations, s.valuesInRequests()...)
	s.requests = nil
}

// Count is the number of requests for an operation since the last reset.
func (s *Server) Count(op Operation) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, r := range s.requests {
		if r.Operation == op {
			n++
		}
	}
	return n
}

func (s *Server) record(r Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, r)
}

// valuesInRequests looks for every known value in every request to Roboto; the
// lock is held.
func (s *Server) valuesInRequests() []string {
	var found []string
	for _, r := range s.requests {
		if r.AWS() {
			continue
		}
		var all bytes.Buffer
		fmt.Fprintf(&all, "%s\n%s\n%s\n", r.Path, r.Query, r.Body)
		for name, values := range r.Header {
			fmt.Fprintf(&all, "%s: %s\n", name, strings.Join(values, "\n"))
		}
		for value := range s.canaries {
			if len(value) >= 4 && containsEncoded(all.Bytes(), value) {
				found = append(found, fmt.Sprintf("%s %s carries a secret value", r.Method, r.Path))
			}
		}
	}
	return found
}

func containsEncoded(text []byte, value string) bool {
	quoted, _ := json.Marshal(value)
	for _, form := range []string{
		value, string(quoted[1 : len(quoted)-1]), url.QueryEscape(value), url.PathEscape(value),
		base64.StdEncoding.EncodeToString([]byte(value)), base64.URLEncoding.EncodeToString([]byte(value)),
	} {
		if bytes.Contains(text, []byte(form)) {
			return true
		}
	}
	return false
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
}

func jsonReply(status int, body any) reply {
	encoded, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	return reply{status: status, header: http.Header{"Content-Type": {"application/json"}}, body: encoded}
}

func (rep reply) write(w http.ResponseWriter) {
	for name, values := range rep.header {
		w.Header()[name] = values
	}
	w.WriteHeader(rep.status)
	_, _ = w.Write(rep.body)
}
