// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// Package conformance checks each fact about Roboto and AWS that the provider relies on, one
// by one and not through the provider's client: of the embedded services, or, with TF_ACC=1,
// of those that the environment leads to, in the organization that ROBOTO_ORG_ID names. An
// action is invoked only if ROBOTO_CONFORMANCE_ACTION names one of that organization.
//
// Each fact is a subtest. It passes if the fact holds, and fails if something else was seen. It is
// skipped if a real service does not let the test find out. What is printed holds no key, no value and
// no account's ID.
package conformance

import (
	"cmp"
	"context"
	"flag"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/settings"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/wire"
)

var (
	reportFile = flag.String("report", "", "file that a report is written to, as Markdown")
	sweep      = flag.Bool("sweep", false, "delete the secrets that tests have left at a real service")
	maxLag     = flag.Duration("lag", 30*time.Second, "for how long a real service may lag behind its own answers")
)

// lab is where facts are checked.
type lab struct {
	*wire.Client
	// ctx ends with an interrupt.
	ctx context.Context
	// server is nil for a real service.
	server *robototest.Server
	// action may be invoked; "" for none.
	action string
	// prefix begins the names of this run, of which these may be there.
	prefix string
	names  []string
	// lag is for how long the service may lag.
	lag    time.Duration
	report report
	// secrets must not be reported.
	secrets []string
}

func TestConformance(t *testing.T) {
	l := service(t)
	l.report.file = *reportFile
	conform(t, l)
}

func TestSeveralOrganizations(t *testing.T) {
	conform(t, embedded(t, robototest.Options{PageSize: 2, Orgs: []string{"og_a", "og_b"}}))
}

// conform checks all facts, and cleans up whatever happens.
func conform(t *testing.T, l *lab) {
	t.Cleanup(func() { l.report.write(t) })
	// Without a Roboto that takes the API key, all facts would be said to differ.
	if a, err := l.Roboto(l.ctx, wire.Call{Path: callerPath}); err != nil || a.Data() == nil {
		t.Fatalf("asked for the caller's organizations, Roboto answered %s (%v)", cmp.Or(a.String(), "nothing"), err)
	}
	t.Cleanup(func() {
		ctx, cancel := l.uninterrupted()
		defer cancel()
		l.report.left = append(l.report.left, l.sweep(ctx, l.prefix, l.names)...)
		for _, what := range l.report.left {
			t.Errorf("left behind, because it could not be deleted or ended, or is not known: %q", what)
		}
	})
	for _, part := range []struct {
		name  string
		check func(*trial)
	}{
		{"records", records},
		{"deletion", deletion},
		{"names", names},
		{"listing", listings},
		{"organizations", organizations},
		{"credentials", credentials},
		{"values", values},
		{"versions", versions},
		{"actions", actions},
	} {
		t.Run(part.name, func(t *testing.T) { part.check(&trial{t, l}) })
	}
	if l.ctx.Err() != nil {
		t.Error("interrupted")
	}
}

// TestSweep deletes what tests have left, at a real service only if that was asked for.
func TestSweep(t *testing.T) {
	l := service(t)
	if l.server != nil {
		for _, name := range []string{"production", wire.NamePrefix + "a", wire.NamePrefix + "b", wire.NamePrefix + "c"} {
			l.server.AddSecret(l.OrgID, name)
		}
	} else if !*sweep {
		t.Skip("skipped: without -sweep, nothing is deleted at a real service")
	}
	for _, left := range l.sweep(t.Context(), wire.NamePrefix, nil) {
		t.Errorf("may be left: %q", left)
	}
	if l.server != nil {
		if records := l.server.Records(l.OrgID); len(records) != 1 || records[0].Name != "production" {
			t.Errorf("there are %v", records)
		}
	}
}

// sweep deletes the named secrets and all others with the prefix, and returns what may be left.
func (l *lab) sweep(ctx context.Context, prefix string, names []string) (left []string) {
	for range 2 { // a listing may lag, and so may a create
		for _, name := range names {
			_, _ = l.Delete(ctx, name) // the listing tells whether that was of use
		}
		_ = wire.Sleep(ctx, min(l.lag, 5*time.Second))
		list := l.list(ctx)
		if problem := list.broken + list.odd; problem != "" {
			return []string{"perhaps secrets, because they cannot be listed: " + problem}
		}
		names = nil
		for _, record := range list.records {
			if name := record.Text("name"); strings.HasPrefix(name, prefix) {
				names = append(names, name)
			}
		}
	}
	return names
}

// uninterrupted is for what has to be done after an interrupt too.
func (l *lab) uninterrupted() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(l.ctx), 5*time.Minute)
}

// service is the one that the environment leads to, or an embedded one with small pages.
func service(t *testing.T) *lab {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		return embedded(t, robototest.Options{PageSize: 2})
	}
	client, err := wire.FromEnvironment(settings.OSEnvironment())
	if err != nil {
		t.Fatal(err)
	}
	l := newLab(t, client, "a Roboto at an endpoint of its own")
	l.lag, l.action = *maxLag, os.Getenv(actionVariable)
	if client.Endpoint == settings.DefaultEndpoint {
		l.report.against = "Roboto at its public endpoint"
	}
	return l
}

// embedded has an action that runs until it is canceled.
func embedded(t *testing.T, options robototest.Options) *lab {
	t.Helper()
	server := robototest.Start(t, options)
	server.AllowViolations()
	t.Cleanup(func() {
		for _, violation := range server.Violations() { // of which some facts are about two
			if !strings.Contains(violation, noSuchPath) && !strings.Contains(violation, "for something else than reading or writing") {
				t.Error(violation)
			}
		}
	})
	orgID := append(options.Orgs, robototest.DefaultOrg)[0]
	l := newLab(t, &wire.Client{
		Endpoint: server.Endpoint(), SecretsManagerEndpoint: server.SecretsManagerEndpoint(),
		APIKey: server.APIKey(), OrgID: orgID, Timeout: time.Minute,
	}, "the embedded Roboto")
	l.server, l.action = server, server.AddAction(robototest.Action{OrgID: orgID, Name: "endless", Hang: true}).Name
	return l
}

func newLab(t *testing.T, client *wire.Client, name string) *lab {
	t.Helper()
	// Go's own end of an interrupted test would leave secrets behind.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	t.Cleanup(stop)
	return &lab{Client: client, ctx: ctx, prefix: wire.NewPrefix(), report: report{against: name}, secrets: []string{client.APIKey}}
}
