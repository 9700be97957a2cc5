// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/settings"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

func names(server *robototest.Server) string {
	var names []string
	for _, record := range server.Records(robototest.DefaultOrg) {
		names = append(names, record.Name)
	}
	return strings.Join(names, " ")
}

func createOne(check *trial) { check.secret("plain") }

func invokeOne(check *trial) { check.invoked() }

// TestWhatWasMadeIsDeleted ends a run in each way that a run can end. A secret of somebody
// else is there all the time.
func TestWhatWasMadeIsDeleted(t *testing.T) {
	for name, test := range map[string]struct {
		prepare func(*robototest.Server)
		check   func(*trial)
		verdict verdict
	}{
		"all is well": {check: createOne, verdict: holds},
		"a check fails": {check: func(check *trial) {
			createOne(check)
			check.unknown("no idea")
		}, verdict: notKnown},
		"a check panics": {check: func(check *trial) {
			createOne(check)
			panic("a mistake")
		}, verdict: notKnown},
		"the answer of the create is lost": {
			prepare: func(s *robototest.Server) {
				s.Inject(robototest.Fault{Operation: robototest.CreateSecret, After: true, Drop: true})
			},
			check: createOne, verdict: notKnown,
		},
		"the answer of the deletion is lost": {
			prepare: func(s *robototest.Server) {
				s.Inject(robototest.Fault{Operation: robototest.DeleteSecret, After: true, Drop: true})
			},
			check: createOne, verdict: holds,
		},
		"too many requests": {
			prepare: func(s *robototest.Server) {
				for _, op := range []robototest.Operation{robototest.CreateSecret, robototest.DeleteSecret} {
					s.Inject(robototest.Fault{Operation: op, Times: 1, Status: 429, Message: "Too Many Requests", Header: http.Header{"Retry-After": {"0"}}})
				}
			},
			check: createOne, verdict: holds,
		},
	} {
		t.Run(name, func(t *testing.T) {
			server, l := startLab(t, robototest.Options{}, nil)
			server.AddSecret(robototest.DefaultOrg, "production")
			if test.prepare != nil {
				test.prepare(server)
			}
			r := inspect(t.Context(), l, []fact{{number: 1, check: test.check}}, nil, silent)
			if got := names(server); got != "production" || len(r.left) > 0 {
				t.Errorf("there are %s, and %q is said to be left", got, r.left)
			}
			if r.results[0].verdict != test.verdict {
				t.Errorf("%+v", r.results[0])
			}
			if server.Count(robototest.CreateSecret) == 0 || server.Count(robototest.DeleteSecret) == 0 {
				t.Error("nothing was made")
			}
		})
	}
}

func TestWhatWasStartedIsCanceled(t *testing.T) {
	server, l := startLab(t, robototest.Options{}, nil)
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	r := inspect(ctx, l, []fact{{check: func(check *trial) {
		invokeOne(check)
		interrupt()
	}}}, nil, silent)
	invocations := server.Invocations()
	if len(invocations) != 1 || invocations[0].Status() != robototest.Cancelled || len(r.left) > 0 {
		t.Errorf("%+v, and %q is said to be left", invocations, r.left)
	}
}

// A cancellation is not believed without a look.
func TestWhatCannotBeCanceledIsNamed(t *testing.T) {
	for name, fault := range map[string]robototest.Fault{
		"refused":                     {Status: 500, Message: "No."},
		"accepted and without effect": {Status: 204},
	} {
		t.Run(name, func(t *testing.T) {
			server, l := startLab(t, robototest.Options{}, nil)
			fault.Operation = robototest.CancelInvocation
			server.Inject(fault)
			r := inspect(t.Context(), l, []fact{{check: invokeOne}}, nil, silent)
			if want := "the invocation " + server.Invocations()[0].ID; len(r.left) != 1 || r.left[0] != want {
				t.Errorf("%q is said to be left, want %s", r.left, want)
			}
		})
	}
}

func TestALostInvocationIsFoundOrNamed(t *testing.T) {
	for name, test := range map[string]struct {
		fault robototest.Fault
		found bool
		left  int
	}{
		"the first answer lost": {robototest.Fault{After: true, Drop: true, Times: 1}, true, 0},
		"a gateway's timeout":   {robototest.Fault{After: true, Status: 504, Times: 1}, true, 0},
		"both answers lost":     {robototest.Fault{After: true, Drop: true}, false, 1},
		"no ID":                 {robototest.Fault{After: true, Body: "{}"}, false, 1},
		"refused":               {robototest.Fault{Status: 403}, true, 0},
		"a bad request":         {robototest.Fault{Status: 400}, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			server, l := startLab(t, robototest.Options{}, nil)
			test.fault.Operation = robototest.InvokeAction
			server.Inject(test.fault)
			r := inspect(t.Context(), l, []fact{{check: invokeOne}}, nil, silent)
			for _, invocation := range server.Invocations() {
				if found := invocation.Status() == robototest.Cancelled; found != test.found {
					t.Errorf("the invocation has the status %d", invocation.Status())
				}
			}
			if len(r.left) != test.left {
				t.Errorf("%q is said to be left", r.left)
			}
		})
	}
}

func TestAnInterruptEndsTheChecksAndNotTheCleanUp(t *testing.T) {
	server, l := startLab(t, robototest.Options{}, nil)
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	checked := 0
	interrupted := fact{check: func(check *trial) {
		checked++
		createOne(check)
		interrupt()
		_ = ending(func() { check.secret("after the interrupt") })
	}}
	r := inspect(ctx, l, []fact{interrupted, interrupted}, findings(), silent)
	if checked != 1 || r.count(notKnown) != 1 || r.count(holds) != 1 {
		t.Errorf("%d checks, %s", checked, r.summary())
	}
	if got := names(server); got != "" || len(r.left) > 0 {
		t.Errorf("there are %s, and %q is said to be left", got, r.left)
	}
}

func TestWhatCannotBeDeletedIsNamed(t *testing.T) {
	server, l := startLab(t, robototest.Options{}, nil)
	server.Inject(robototest.Fault{Operation: robototest.DeleteSecret, Code: "RobotoUnauthorizedException", Status: 401, Message: "No."})
	r := inspect(t.Context(), l, []fact{{check: createOne}}, nil, silent)
	if len(r.left) != 1 || r.left[0] != names(server) {
		t.Errorf("%q is left, and %q is said to be", names(server), r.left)
	}
	var screen, markdown bytes.Buffer
	r.tellRest(&screen)
	r.markdown(&markdown)
	for _, text := range []string{screen.String(), markdown.String()} {
		if !strings.Contains(text, "Left behind") || !strings.Contains(text, names(server)) {
			t.Error(text)
		}
	}
}

func TestNotFoundIsBelievedOfRobotoOnly(t *testing.T) {
	server, l := startLab(t, robototest.Options{}, nil)
	r := inspect(t.Context(), l, []fact{{check: func(check *trial) {
		createOne(check)
		server.Inject(robototest.Fault{Status: 404, Body: "<html>Not Found</html>"})
	}}}, nil, silent)
	if !slices.Contains(r.left, names(server)) || !strings.Contains(strings.Join(r.left, " "), "perhaps more") {
		t.Errorf("%q is left, and %q is said to be", names(server), r.left)
	}
}

func TestADeletionIsNotBelievedWithoutALook(t *testing.T) {
	server, l := startLab(t, robototest.Options{}, nil)
	server.Inject(robototest.Fault{Operation: robototest.DeleteSecret, Status: 204})
	r := inspect(t.Context(), l, []fact{{check: createOne}}, nil, silent)
	if len(r.left) != 1 || r.left[0] != names(server) {
		t.Errorf("%q is left, and %q is said to be", names(server), r.left)
	}
}

func TestACreateThatComesLateIsDeleted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, l := startLab(t, robototest.Options{InMemory: true}, nil)
		next := l.service.http.Transport
		l.service.http.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.Method != http.MethodPost {
				return next.RoundTrip(r)
			}
			go func() {
				time.Sleep(3 * time.Second)
				if resp, err := next.RoundTrip(r.WithContext(context.Background())); err == nil {
					_ = resp.Body.Close()
				}
			}()
			return nil, io.ErrUnexpectedEOF
		})
		l.made.pause = maxCleanupLag
		r := inspect(t.Context(), l, []fact{{check: createOne}}, nil, silent)
		time.Sleep(time.Minute)
		if server.Count(robototest.CreateSecret) != 1 || names(server) != "" || len(r.left) > 0 {
			t.Errorf("there are %s, and %q is said to be left", names(server), r.left)
		}
	})
}

func TestOneDeletionThatHangsLeavesTimeForTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, l := startLab(t, robototest.Options{InMemory: true}, nil)
		server.Inject(robototest.Fault{
			Operation: robototest.DeleteSecret, Delay: time.Hour,
			Match: func(r robototest.Request) bool { return !strings.HasSuffix(r.Name, "last") },
		})
		r := inspect(t.Context(), l, []fact{{check: func(check *trial) {
			for _, label := range []string{"1", "2", "3", "4", "last"} {
				check.secret(label)
			}
		}}}, nil, silent)
		if len(r.left) != 4 || strings.Count(names(server), namePrefix) != 4 || strings.Contains(names(server), "last") {
			t.Errorf("there are %s, and %q is said to be left", names(server), r.left)
		}
	})
}

func TestOnlyNamesOfThisProgramAreDeleted(t *testing.T) {
	server, l := startLab(t, robototest.Options{}, nil)
	server.AddSecret(robototest.DefaultOrg, "production")
	if _, err := l.made.delete(t.Context(), "production"); err == nil || names(server) != "production" {
		t.Errorf("%v, %s", err, names(server))
	}
}

// realEnv is the environment of somebody who has an account at the server.
func realEnv(server *robototest.Server, change map[string]string) settings.Environment {
	env := map[string]string{"TF_ACC": "1", "ROBOTO_ORG_ID": robototest.DefaultOrg}
	for _, setting := range server.Env() {
		name, value, _ := strings.Cut(setting, "=")
		env[name] = value
	}
	maps.Copy(env, change)
	return settings.Environment{
		Getenv:      func(name string) string { return env[name] },
		UserHomeDir: func() (string, error) { return "", errors.New("no home") },
	}
}

func TestLeftoversAreDeletedAfterAYesOnly(t *testing.T) {
	for input, want := range map[string]string{"yes\n": "production", "y\n": "left", "": "left", "no\n": "left"} {
		t.Run(input, func(t *testing.T) {
			server, _ := startLab(t, robototest.Options{}, nil)
			server.AddSecret(robototest.DefaultOrg, "production")
			for _, name := range []string{"a", "b", "c"} {
				server.AddSecret(robototest.DefaultOrg, namePrefix+"old-"+name)
			}
			var screen bytes.Buffer
			if err := conform(t.Context(), realEnv(server, nil), strings.NewReader(input), &screen, ""); err != nil {
				t.Error(err)
			}
			got := names(server)
			if want == "production" && got != want || want == "left" && strings.Count(got, namePrefix) != 3 || !strings.Contains(got, "production") {
				t.Errorf("after %q there are %s", input, got)
			}
			if !strings.Contains(screen.String(), "left 3 secrets") || !strings.Contains(screen.String(), namePrefix+"old-c") {
				t.Error("it was not asked")
			}
		})
	}
}

func TestALeftoverThatStaysChangesTheExitCode(t *testing.T) {
	server, _ := startLab(t, robototest.Options{}, nil)
	old := namePrefix + "old"
	server.AddSecret(robototest.DefaultOrg, old)
	server.Inject(robototest.Fault{
		Operation: robototest.DeleteSecret, Status: 400, Message: "No.",
		Match: func(r robototest.Request) bool { return r.Name == old },
	})
	server.Inject(robototest.Fault{Operation: robototest.ListSecrets, Skip: 1, Status: 400, Message: "No."})
	var screen bytes.Buffer
	err := conform(t.Context(), realEnv(server, nil), strings.NewReader("yes\n"), &screen, "")
	if err == nil || !strings.Contains(err.Error(), "left behind") || !regexp.MustCompile(`Left behind, .*"`+old+`"`).MatchString(screen.String()) {
		t.Errorf("%v\n%s", err, &screen)
	}
}

func TestAnInterruptAnswersTheQuestion(t *testing.T) {
	server, _ := startLab(t, robototest.Options{}, nil)
	server.AddSecret(robototest.DefaultOrg, namePrefix+"old")
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	nobody, keyboard := io.Pipe()
	defer func() { _ = keyboard.Close() }()
	var screen bytes.Buffer
	err := conform(ctx, realEnv(server, nil), nobody, writerFunc(func(p []byte) (int, error) {
		if strings.Contains(string(p), "yes") {
			interrupt()
		}
		return screen.Write(p)
	}), "")
	if !errors.Is(err, context.Canceled) || names(server) != namePrefix+"old" || server.Count(robototest.CreateSecret) > 0 {
		t.Errorf("%v, %s", err, names(server))
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestARunAgainstWhatTheEnvironmentLeadsTo(t *testing.T) {
	server, _ := startLab(t, robototest.Options{}, nil)
	output := filepath.Join(t.TempDir(), "conformance.md")
	var screen bytes.Buffer
	env := realEnv(server, map[string]string{actionVariable: "endless"})
	if err := conform(t.Context(), env, strings.NewReader(""), &screen, output); err != nil {
		t.Error(err)
	}
	markdown, err := os.ReadFile(output)
	if err != nil {
		t.Fatal(err)
	}
	if server.Count(robototest.CreateSecret) == 0 || names(server) != "" {
		t.Errorf("%d secrets were made, and there are %s", server.Count(robototest.CreateSecret), names(server))
	}
	for _, text := range []string{screen.String(), string(markdown)} {
		if !strings.Contains(text, " facts hold, 0 differ, 0 are not known") || strings.Contains(text, server.APIKey()) || strings.Contains(text, "127.0.0.1") {
			t.Error(text)
		}
	}

	server.Inject(robototest.Fault{
		Operation: robototest.GetSecret, Status: 410, Code: "RobotoNotFoundException", Message: "Gone.",
		Match: func(r robototest.Request) bool { return strings.HasSuffix(r.Name, "never") },
	})
	if err := conform(t.Context(), realEnv(server, nil), strings.NewReader(""), io.Discard, ""); err == nil || !strings.Contains(err.Error(), "differ") {
		t.Errorf("a difference ends in %v", err)
	}
}

func TestARunThatCannotBe(t *testing.T) {
	for name, test := range map[string]struct {
		change map[string]string
		want   string
	}{
		"no key":          {map[string]string{"ROBOTO_API_KEY": ""}, "ROBOTO_API_KEY"},
		"no organization": {map[string]string{"ROBOTO_ORG_ID": ""}, "ROBOTO_ORG_ID"},
		"a wrong key":     {map[string]string{"ROBOTO_API_KEY": "another"}, "the API key is refused"},
		"a bad endpoint":  {map[string]string{"ROBOTO_SERVICE_ENDPOINT": "example"}, "endpoint"},
		"nobody there":    {map[string]string{"ROBOTO_SERVICE_ENDPOINT": "http://127.0.0.1:1"}, "no answer"},
	} {
		t.Run(name, func(t *testing.T) {
			server, _ := startLab(t, robototest.Options{}, nil)
			err := conform(t.Context(), realEnv(server, test.change), strings.NewReader(""), io.Discard, "")
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), server.APIKey()) {
				t.Errorf("%v", err)
			}
			if server.Count(robototest.CreateSecret) > 0 {
				t.Error("a secret was made")
			}
		})
	}
}

func TestWhatIsNotRobotoIsNotChecked(t *testing.T) {
	for _, fault := range []robototest.Fault{
		{Status: 200, Body: "<html>Sign in</html>"},
		{Status: 302, Header: http.Header{"Location": {"/login"}}},
		{Status: 404, Message: "Not Found"},
		{Status: 503},
	} {
		server, _ := startLab(t, robototest.Options{}, nil)
		server.Inject(fault)
		err := conform(t.Context(), realEnv(server, nil), strings.NewReader(""), io.Discard, "")
		if err == nil || !strings.Contains(err.Error(), "the caller's organizations") || len(server.Requests()) != 1 {
			t.Errorf("%d: %v, after %d requests", fault.Status, err, len(server.Requests()))
		}
	}
}

func TestWithoutTFACCNobodyElseIsAsked(t *testing.T) {
	server, _ := startLab(t, robototest.Options{}, nil)
	if err := conform(t.Context(), realEnv(server, map[string]string{"TF_ACC": ""}), strings.NewReader(""), io.Discard, ""); err != nil {
		t.Error(err)
	}
	if n := len(server.Requests()); n > 0 {
		t.Errorf("%d requests", n)
	}
}
