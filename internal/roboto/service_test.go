// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto_test

import (
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// service is an embedded Roboto with a client, in a bubble whose clock is fake.
type service struct {
	t      *testing.T
	server *robototest.Server
	client *roboto.Client
}

// inService runs a test with a client that makes three attempts.
func inService(t *testing.T, test func(*testing.T, service)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server := robototest.Start(t, robototest.Options{InMemory: true})
		test(t, service{t, server, newClient(t, server, roboto.Config{MaxAttempts: 3})})
	})
}

// newClient adds to the configuration what leads to the server.
func newClient(t *testing.T, server *robototest.Server, config roboto.Config) *roboto.Client {
	t.Helper()
	var err error
	if config.Endpoint, err = url.Parse(server.Endpoint()); err != nil {
		t.Fatal(err)
	}
	if config.SecretsManagerEndpoint, err = url.Parse(server.SecretsManagerEndpoint()); err != nil {
		t.Fatal(err)
	}
	config.APIKey, config.RequestTimeout = roboto.NewSensitive(server.APIKey()), time.Minute
	return roboto.NewClient(config, roboto.Options{ToolName: "test", DialContext: server.DialContext})
}

func (s service) wantKind(err error, want roboto.Kind) {
	s.t.Helper()
	if got := roboto.KindOf(err); got != want || (err == nil) != (want == roboto.KindOther) {
		s.t.Errorf("the kind is %q, want %q: %v", got, want, err)
	}
}

func (s service) wantCount(operation robototest.Operation, want int) {
	s.t.Helper()
	if got := s.server.Count(operation); got != want {
		s.t.Errorf("%d requests for %s, want %d", got, operation, want)
	}
}
