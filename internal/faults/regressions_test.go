// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/roboto-ai/terraform-provider-roboto/internal/robototest"
)

// Faults that come together, which the matrix, with one at a time, does not show.

var versionedSecret = attributes{"name": text("db"), "value_wo": text(canary), "value_wo_version": text("1")}

func tooMany(seconds string) robototest.Fault {
	return robototest.Fault{Status: http.StatusTooManyRequests, Message: "Too Many Requests", Header: http.Header{"Retry-After": {seconds}}}
}

func refreshAll(t *testing.T, server *robototest.Server, secrets int, prepare func()) (time.Duration, error) {
	f, ctx := newFleet(t, server, secrets), t.Context()
	config := func(name string) attributes {
		return attributes{"name": text(name), "org_id": text(robototest.DefaultOrg), "value_wo": text(canary), "value_wo_version": text("1")}
	}
	err := f.each(ctx, 10, func(s *session, name string) error { return s.change(ctx, object(secretType(t), config(name))) })
	if err != nil {
		t.Fatal(err)
	}
	prepare()
	start := time.Now()
	err = f.each(ctx, 10, func(s *session, _ string) error { return s.refresh(ctx) })
	return time.Since(start), err
}

// One 429 must not slow an apply down for long after the pause that it asks for.
func TestOneThrottledRequestCostsItsPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := robototest.Start(t, robototest.Options{InMemory: true})
		took, err := refreshAll(t, server, 100, func() {
			fault := tooMany("60")
			fault.Operation, fault.Times = robototest.GetSecret, 1
			server.Inject(fault)
		})
		if err != nil || took > 2*time.Minute {
			t.Errorf("it took %s (%v)", took, err)
		}
	})
}

// A service that refuses for ever is given up on in the time of one request's
// attempts, however many requests there are.
func TestEndlessThrottleIsGivenUpOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := robototest.Start(t, robototest.Options{InMemory: true})
		took, err := refreshAll(t, server, 10, func() {
			fault := tooMany("60")
			fault.Operation = robototest.GetSecret
			server.Inject(fault)
		})
		if err == nil || took > 15*time.Minute {
			t.Errorf("it took %s (%v)", took, err)
		}
	})
}

// The clean-up's deadline is shorter than the pause that a 429 may ask for.
func TestCleanUpIsNotPaused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := robototest.Start(t, robototest.Options{InMemory: true})
		c := newCore(t, server)
		fault := tooMany("60")
		fault.Operation = robototest.GetCredentials
		server.Inject(fault)
		if err := c.apply(t.Context(), versionedSecret); err == nil {
			t.Error("there was no error")
		}
		if n := len(server.Records(robototest.DefaultOrg)); n != 0 || !c.state.IsNull() {
			t.Errorf("%d records are left", n)
		}
	})
}

// Ctrl-C while a lost answer is being settled.
func TestCancelWhileSettling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := robototest.Start(t, robototest.Options{InMemory: true})
		c, ctx := newCore(t, server), t.Context()
		server.Inject(robototest.Fault{Operation: robototest.CreateSecret, Drop: true, After: true, Times: 1})
		server.Inject(robototest.Fault{Operation: robototest.GetSecret, Delay: time.Hour, Times: 1})
		var group sync.WaitGroup
		group.Go(func() { _ = c.apply(ctx, versionedSecret) })
		time.Sleep(5 * time.Second)
		if _, err := (*c.running.Load()).StopProvider(context.Background(), &tfprotov6.StopProviderRequest{}); err != nil {
			t.Fatal(err)
		}
		group.Wait()
		if err := c.apply(ctx, versionedSecret); err != nil {
			t.Errorf("the plain apply failed: %v", err)
		}
	})
}

// A create that succeeded but describes what must not be touched may have left a
// record, and the error says how to adopt it.
func TestRefusedCreateNamesWhatItLeaves(t *testing.T) {
	for name, replace := range map[string][2]string{
		"another store":   {`"store_type":"aws"`, `"store_type":"vault"`},
		"another service": {":secretsmanager:", ":s3:"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := robototest.Start(t, robototest.Options{InMemory: true})
				c := newCore(t, server)
				server.Inject(robototest.Fault{Operation: robototest.CreateSecret, Mutate: func(body []byte) []byte {
					return bytes.ReplaceAll(body, []byte(replace[0]), []byte(replace[1]))
				}})
				err := c.apply(t.Context(), versionedSecret)
				if err == nil || !strings.Contains(err.Error(), `id = "db@og_test"`) {
					t.Errorf("the error names no way to adopt the record: %v", err)
				}
			})
		})
	}
}

// A value that turns out unusable only while applying is refused before anything
// is created.
func TestValueIsCheckedWhenItBecomesKnown(t *testing.T) {
	for name, value := range map[string]tftypes.Value{"null": tftypes.NewValue(tftypes.String, nil), "empty": text("")} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := robototest.Start(t, robototest.Options{InMemory: true})
				c, ctx := newCore(t, server), t.Context()
				s, err := c.start(ctx)
				c.must(err)
				config := attributes{"name": text("db"), "value_wo": value, "value_wo_version": text("1")}
				if err := s.change(ctx, object(secretType(t), config)); err == nil {
					t.Error("it was applied")
				}
				if n := server.Count(robototest.CreateSecret); n != 0 {
					t.Errorf("%d records were created", n)
				}
			})
		})
	}
}

// The first attempt counted, its answer was lost, and AWS refuses the others.
func TestWriteThatCountedBeforeARefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := robototest.Start(t, robototest.Options{InMemory: true})
		c, ctx := newCore(t, server), t.Context()
		c.must(c.apply(ctx, versionedSecret))
		server.Inject(robototest.Fault{Operation: robototest.PutValue, Drop: true, After: true, Times: 1})
		server.Inject(robototest.Fault{Operation: robototest.PutValue, AWSError: "ThrottlingException", Message: "Rate exceeded"})
		rotated := attributes{"name": text("db"), "value_wo": text(canary + "2"), "value_wo_version": text("2")}
		if err := c.apply(ctx, rotated); err != nil {
			t.Error(err)
		}
		if n := len(server.Versions(robototest.DefaultOrg, "db")); n != 2 {
			t.Errorf("%d versions were written", n)
		}
	})
}

// A name whose secret was just deleted may not be free at once.
func TestNameThatIsNotFreeYet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := robototest.Start(t, robototest.Options{InMemory: true})
		c := newCore(t, server)
		server.Inject(robototest.Fault{Operation: robototest.CreateSecret, Status: http.StatusConflict, Code: "RobotoConflictException", Message: "Being deleted.", Times: 3})
		if err := c.apply(t.Context(), versionedSecret); err != nil {
			t.Error(err)
		}
	})
}

// A gateway's 409 says nothing of the name, and its 503 may say when to come back.
func TestGatewayAnswersToACreate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := robototest.Start(t, robototest.Options{InMemory: true})
		c, ctx := newCore(t, server), t.Context()
		server.Inject(robototest.Fault{Operation: robototest.CreateSecret, Status: http.StatusConflict, Body: "<html>Conflict</html>", Times: 1})
		if err := c.apply(ctx, versionedSecret); err == nil || strings.Contains(err.Error(), "exists already") {
			t.Errorf("the error is %v", err)
		}
		server.Inject(robototest.Fault{
			Operation: robototest.CreateSecret, Status: http.StatusServiceUnavailable, Times: 1,
			Header: http.Header{"Retry-After": {"45"}},
		})
		start := time.Now()
		c.must(c.apply(ctx, versionedSecret))
		if waited := time.Since(start); waited < 45*time.Second {
			t.Errorf("the next attempt came after %s", waited)
		}
	})
}
