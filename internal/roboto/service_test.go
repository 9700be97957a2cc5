// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"net/http"
	"net/url"
	"regexp"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

const testOrg = robototest.DefaultOrg

// startOfTime is when the fake clock of a service begins.
var startOfTime = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// service is an embedded Roboto with a client that makes three attempts, in a bubble whose clock is fake.
type service struct {
	*testing.T
	server *robototest.Server
	client *Client
}

func inService(t *testing.T, test func(service)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server := robototest.Start(t, robototest.Options{InMemory: true, PageSize: 10})
		test(service{t, server, NewClient(Config{
			APIKey: NewSensitive(server.APIKey()), Endpoint: parseURL(t, server.Endpoint()),
			SecretsManagerEndpoint: parseURL(t, server.SecretsManagerEndpoint()), RequestTimeout: time.Minute, MaxAttempts: 3,
		}, Options{ToolName: "test", DialContext: server.DialContext})})
	})
}

// eachCase runs a test of each case in a service of its own.
func eachCase[C any](t *testing.T, cases map[string]C, test func(service, C)) {
	t.Helper()
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			inService(t, func(s service) { test(s, c) })
		})
	}
}

func parseURL(t *testing.T, text string) *url.URL {
	t.Helper()
	parsed, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// ref names a secret of testOrg, and unread is its record before Roboto was asked for it.
func ref(name string) SecretRef { return SecretRef{Name: name, OrgID: testOrg} }

func unread(name string) Record { return Record{SecretRef: ref(name)} }

// access is that to the value of a secret that it adds.
func (s service) access() *ValueAccess {
	s.server.AddSecret(testOrg, "db")
	return s.client.ValueAccess(unread("db"))
}

// What happens to requests.
var (
	lostRequest   = robototest.Fault{Drop: true, Times: 1}
	lostAnswer    = robototest.Fault{Drop: true, After: true, Times: 1}
	deniedRequest = robototest.Fault{Status: http.StatusForbidden, Code: codeUnauthorized}
)

type faults []robototest.Fault

func on(operation robototest.Operation, fault robototest.Fault) robototest.Fault {
	fault.Operation = operation
	return fault
}

// replacing changes what matches a pattern in the answers of the service.
func replacing(pattern, changed string) robototest.Fault {
	return robototest.Fault{Mutate: func(b []byte) []byte { return regexp.MustCompile(pattern).ReplaceAll(b, []byte(changed)) }}
}

func (s service) inject(faults ...robototest.Fault) {
	for _, fault := range faults {
		s.server.Inject(fault)
	}
}

func (s service) wantKind(err error, want Kind) {
	s.Helper()
	if got := KindOf(err); got != want || (err == nil) != (want == KindOther) {
		s.Errorf("the kind is %q, want %q: %v", got, want, err)
	}
}

func (s service) wantCount(operation robototest.Operation, want int) {
	s.Helper()
	if got := s.server.Count(operation); got != want {
		s.Errorf("%d requests for %s, want %d", got, operation, want)
	}
}
