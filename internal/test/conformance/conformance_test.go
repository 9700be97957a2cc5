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
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
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
			return []string{"perhaps secrets, because they cannot be listed: " + strings.TrimPrefix(problem, notKnown+": ")}
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

// TestWhatDiffersIsNoticed runs TestConformance in a process of its own, as against a real service. Whatever
// is wrong there, nothing stays and nothing secret is printed.
func TestWhatDiffersIsNoticed(t *testing.T) {
	replace := func(old, replacement string) func([]byte) []byte {
		return func(body []byte) []byte { return bytes.ReplaceAll(body, []byte(old), []byte(replacement)) }
	}
	const key = "rbt_ABCDEFGHIJ"
	for name, test := range map[string]struct {
		fault robototest.Fault
		// env replaces a variable, and interrupt comes while a value is written.
		env       string
		interrupt bool
		// holds is the exit code, want a text in what is printed or reported.
		holds bool
		want  string
	}{
		"nothing":                 {holds: true, want: fmt.Sprintf("%[1]d of %[1]d facts hold, 0 differ", len(facts()))},
		"no action":               {env: actionVariable + "=", holds: true, want: "| The rest of TestConformance/actions. | there is no action"},
		"a field left out":        {fault: robototest.Fault{Mutate: replace(`"created_by"`, `"creator"`)}, want: "| 2 | differs |"},
		"no Date":                 {fault: robototest.Fault{Header: http.Header{"Date": nil}}, want: "| 5 | differs |"},
		"another value":           {fault: robototest.Fault{Operation: robototest.GetValue, Mutate: replace(`ü"`, `u"`)}, want: "| 61 | differs |"},
		"a lost create":           {fault: robototest.Fault{Operation: robototest.CreateSecret, After: true, Drop: true}, holds: true, want: "| The rest of TestConformance/records. | no answer"},
		"trouble":                 {fault: robototest.Fault{Operation: robototest.GetUser, Status: 503}, holds: true, want: "| The rest of TestConformance/organizations. | the answer was 503"},
		"a refusal":               {fault: robototest.Fault{Operation: robototest.GetCredentials, Status: 403}, holds: true, want: "| The rest of TestConformance/values. | the answer was 403"},
		"an idle cancellation":    {fault: robototest.Fault{Operation: robototest.CancelInvocation, Status: 204}, want: `Left behind: "the invocation iv_`},
		"an idle deletion":        {fault: robototest.Fault{Operation: robototest.DeleteSecret, Status: 204}, want: `Left behind: "` + wire.NamePrefix},
		"another organization":    {env: "ROBOTO_ORG_ID=og_wrong", want: "| 42 | differs |"},
		"an interrupt":            {interrupt: true, want: "| The rest of TestConformance/credentials. | interrupted"},
		"echoes":                  {fault: robototest.Fault{Operation: robototest.GetValue, Echo: true}, want: "| 60 | differs |"},
		"another key":             {env: "ROBOTO_API_KEY=another", want: "Roboto answered 403"},
		"no organization":         {env: "ROBOTO_ORG_ID=", want: "name an organization for tests"},
		"something else":          {fault: robototest.Fault{Body: "<html>Sign in</html>"}, want: "Roboto answered 200"},
		"secrets where a code is": {fault: robototest.Fault{Operation: robototest.GetSecret, Code: key}, want: "| 10 | differs |"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestConformance$", "-lag=0", "-report="+filepath.Join(t.TempDir(), "report.md"))
			server := robototest.Start(t, robototest.Options{PageSize: 2, APIKey: key})
			server.AllowViolations()
			server.AddAction(robototest.Action{Name: "endless", Hang: true})
			server.AddSecret(robototest.DefaultOrg, "production")
			if !test.interrupt {
				server.Inject(test.fault)
			}
			child.Env = slices.Concat(os.Environ(), server.Env(), []string{"TF_ACC=1", "ROBOTO_ORG_ID=" + robototest.DefaultOrg, actionVariable + "=endless", test.env})
			var printed bytes.Buffer
			child.Stdout, child.Stderr = &printed, &printed
			if err := child.Start(); err != nil {
				t.Fatal(err)
			}
			if test.interrupt { // of a process that has begun
				server.Inject(robototest.Fault{Operation: robototest.PutValue, Delay: time.Hour, Match: func(robototest.Request) bool {
					return child.Process.Signal(os.Interrupt) == nil
				}})
			}
			err := child.Wait()
			report, _ := os.ReadFile(strings.TrimPrefix(child.Args[len(child.Args)-1], "-report="))
			text := printed.String() + string(report)
			if (err == nil) != test.holds || !strings.Contains(text, test.want) {
				t.Errorf("%v; %q is missing in\n%s", err, test.want, text)
			}
			if n := len(server.Records(robototest.DefaultOrg)); n > 1 && name != "an idle deletion" || n == 0 {
				t.Errorf("%d secrets are there", n)
			}
			secrets := []string{key, "caller@example.com", "123456789012", strings.TrimPrefix(server.Endpoint(), "http://")}
			for _, issued := range server.IssuedCredentials() {
				secrets = append(secrets, issued.AccessKeyID, issued.SecretAccessKey, issued.SessionToken)
			}
			for _, r := range server.Requests() {
				var input struct{ SecretString string }
				_ = json.Unmarshal(r.Body, &input) // only what writes a value has one
				secrets = append(secrets, input.SecretString)
			}
			for _, secret := range secrets {
				if secret != "" && strings.Contains(text, secret) {
					t.Errorf("%.12s… is printed:\n%s", secret, text)
				}
			}
		})
	}
}
