// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package leaktest

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"strings"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// gossips are answers that no HTTP library would send, with words in them; answer is
// the honest one. The HTTP client's own errors and log lines quote such answers.
var gossips = map[string]func(answer []byte, words string) string{
	"after-the-answer": func(answer []byte, words string) string { return string(answer) + words },
	"as-protocol":      func(_ []byte, words string) string { return words + " 200 OK\r\n\r\n" },
	"as-status":        func(_ []byte, words string) string { return "HTTP/1.1 " + words + "\r\n\r\n" },
	"as-header":        func(_ []byte, words string) string { return "HTTP/1.1 200 OK\r\n" + words + "\r\n\r\n" },
	"as-length":        func(_ []byte, words string) string { return "HTTP/1.1 200 OK\r\nContent-Length: " + words + "\r\n\r\n" },
	"as-encoding": func(_ []byte, words string) string {
		return "HTTP/1.1 200 OK\r\nTransfer-Encoding: " + words + "\r\n\r\n"
	},
	"as-chunk": func(_ []byte, words string) string {
		return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + words + "\r\n"
	},
}

func gossipNames(attack string) []string {
	var all []string
	for gossip := range gossips {
		all = append(all, attack+"-"+gossip)
	}
	return all
}

// startGossip puts something between Terraform and both services that answers in
// their place, about the secrets that have the name of a gossip.
func (s *scene) startGossip() {
	s.vars = append(s.vars,
		"ROBOTO_SERVICE_ENDPOINT="+s.front(s.roboto.Endpoint()),
		"AWS_ENDPOINT_URL_SECRETS_MANAGER="+s.front(s.roboto.SecretsManagerEndpoint()))
}

func (s *scene) front(service string) string {
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		resp, err := forward(service, r, body)
		if err != nil {
			panic(http.ErrAbortHandler) // the service dropped the connection
		}
		defer func() { _ = resp.Body.Close() }()
		name, gossip, words := s.gossip(r, body)
		if gossip == nil {
			maps.Copy(w.Header(), resp.Header)
			w.WriteHeader(resp.StatusCode)
			_, _ = io.Copy(w, resp.Body)
			return
		}
		answer, err := httputil.DumpResponse(resp, true)
		if err != nil {
			s.t.Error(err)
		}
		s.met.Store(name, true)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			s.t.Error(err)
			return
		}
		defer func() { _ = conn.Close() }()
		_, _ = io.WriteString(conn, gossip(answer, words))
		// The client closes when it meets what is no answer.
		_, _ = io.Copy(io.Discard, conn)
	}))
	s.t.Cleanup(front.Close)
	return front.URL
}

// forward keeps the Host, which AWS's signatures cover.
func forward(service string, r *http.Request, body []byte) (*http.Response, error) {
	out, err := http.NewRequestWithContext(r.Context(), r.Method, service+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	out.Header, out.Host = r.Header, r.Host
	return http.DefaultTransport.RoundTrip(out)
}

// gossip is what happens to a request, nil if nothing, with the name of the secret that
// it is about and the words for it.
func (s *scene) gossip(r *http.Request, body []byte) (name string, gossip func([]byte, string) string, words string) {
	aws := r.Header.Get("X-Amz-Target")
	if aws == "" && r.Method == http.MethodGet {
		name, _ = strings.CutPrefix(r.URL.Path, "/v1/secrets/name/")
	}
	for _, record := range s.roboto.Records(robototest.DefaultOrg) {
		if aws != "" && bytes.Contains(body, []byte(record.ARN)) {
			name = record.Name
		}
	}
	attack, how, _ := strings.Cut(name, "-")
	switch attack + " " + aws {
	case "put secretsmanager.PutSecretValue", "compare secretsmanager.GetSecretValue":
		value, _, _ := s.roboto.Value(robototest.DefaultOrg, name)
		return name, gossips[how], s.words(value)
	case "record ":
		return name, gossips[how], s.words("")
	}
	return name, nil, ""
}
