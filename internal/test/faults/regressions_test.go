// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// Faults that come together, which the matrix, with one at a time, does not show.

var versionedSecret = attributes{"name": text("db"), "value_wo": text(canary), "value_wo_version": text("1")}

func tooMany(seconds string) robototest.Fault {
	return robototest.Fault{Status: http.StatusTooManyRequests, Message: "Too Many Requests", Header: http.Header{"Retry-After": {seconds}}}
}

// interrupt is Ctrl-C.
func interrupt(t *testing.T, c *core) {
	t.Helper()
	if _, err := (*c.running.Load()).StopProvider(context.Background(), &tfprotov6.StopProviderRequest{}); err != nil {
		t.Fatal(err)
	}
}

func refreshAll(t *testing.T, server *robototest.Server, secrets int, settings attributes, prepare func()) (time.Duration, error) {
	t.Helper()
	f, ctx := newFleet(t, server, secrets), t.Context()
	f.cores[0].settings = settings
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
		took, err := refreshAll(t, server, 100, nil, func() {
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
		took, err := refreshAll(t, server, 10, nil, func() {
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
	for _, seconds := range []string{"60", "30"} {
		t.Run(seconds, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := robototest.Start(t, robototest.Options{InMemory: true})
				server.Latency(150 * time.Millisecond)
				c := newCore(t, server)
				fault := tooMany(seconds)
				fault.Operation = robototest.GetCredentials
				server.Inject(fault)
				if err := c.apply(t.Context(), versionedSecret); err == nil {
					t.Error("there was no error")
				}
				if n := len(server.Records(robototest.DefaultOrg)); n != 0 || !c.state.IsNull() {
					t.Errorf("%d records are left", n)
				}
			})
		})
	}
}

// Nor does it use up its attempts while the service is too busy for a moment.
func TestCleanUpOutlastsAMomentOfThrottling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := robototest.Start(t, robototest.Options{InMemory: true})
		c := newCore(t, server)
		server.Inject(robototest.Fault{Operation: robototest.PutValue, AWSError: "InvalidParameterException", Message: "no"})
		var since time.Time
		fault := tooMany("60")
		fault.Operation = robototest.DeleteSecret
		fault.Match = func(r robototest.Request) bool {
			if since.IsZero() {
				since = r.Time
			}
			return r.Time.Sub(since) < 5*time.Second
		}
		server.Inject(fault)
		if err := c.apply(t.Context(), versionedSecret); err == nil || !c.state.IsNull() {
			t.Errorf("left in the state: %t (%v)", !c.state.IsNull(), err)
		}
	})
}

// A record that may be there, or may come to be there, is named.
func TestUnsettledCreatesNameTheRecord(t *testing.T) {
	const adopt = `id = "db@og_test"`
	t.Run("without credentials", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			server := robototest.Start(t, robototest.Options{InMemory: true})
			c := newCore(t, server)
			c.settings = attributes{"max_attempts": tftypes.NewValue(tftypes.Number, 1)}
			server.Inject(robototest.Fault{Operation: robototest.CreateSecret, Drop: true, After: true, Times: 1})
			server.Inject(robototest.Fault{Operation: robototest.GetCredentials, Status: http.StatusNotFound, Code: "RobotoNotFoundException", Message: "no"})
			if err := c.apply(t.Context(), versionedSecret); err == nil || !strings.Contains(err.Error(), adopt) {
				t.Errorf("the error is %v", err)
			}
		})
	})
	t.Run("canceled while the service is at it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			server := robototest.Start(t, robototest.Options{InMemory: true})
			c, ctx := newCore(t, server), t.Context()
			server.Inject(robototest.Fault{Operation: robototest.CreateSecret, Delay: time.Minute})
			var err error
			var group sync.WaitGroup
			group.Go(func() { err = c.apply(ctx, versionedSecret) })
			time.Sleep(time.Second)
			interrupt(t, c)
			group.Wait()
			if err == nil || !strings.Contains(err.Error(), adopt) {
				t.Errorf("the error is %v", err)
			}
		})
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
		interrupt(t, c)
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

				c.must(c.apply(ctx, versionedSecret))
				config["value_wo_version"] = text("2")
				if err := s.change(ctx, object(secretType(t), config)); err == nil || c.attribute("value_wo_version") != "1" {
					t.Errorf("the update was applied: %s (%v)", c.state, err)
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

// What was refused, or never answered because it never left, cannot have made the
// record that somebody else makes meanwhile.
func TestCanceledCreateLeavesOthersRecordsAlone(t *testing.T) {
	taken := robototest.Fault{Status: http.StatusConflict, Code: "RobotoConflictException", Message: "Being deleted."}
	for name, fault := range map[string]robototest.Fault{"429": tooMany("5"), "409": taken} {
		for _, config := range []attributes{versionedSecret, {"name": text("db")}} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					server := robototest.Start(t, robototest.Options{InMemory: true})
					c, ctx := newCore(t, server), t.Context()
					fault.Operation = robototest.CreateSecret
					server.Inject(fault)
					var group sync.WaitGroup
					group.Go(func() { _ = c.apply(ctx, config) })
					time.Sleep(100 * time.Millisecond)
					server.AddSecret(robototest.DefaultOrg, "db")
					interrupt(t, c)
					group.Wait()
					if _, exists := server.Record(robototest.DefaultOrg, "db"); !exists || !c.state.IsNull() {
						t.Errorf("the record exists: %t; it is in the state: %t", exists, !c.state.IsNull())
					}
				})
			})
		}
	}
}

// A gateway that answers 200 has not deleted anything.
func TestDeleteBelievesOnlyRoboto(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := robototest.Start(t, robototest.Options{InMemory: true})
		c, ctx := newCore(t, server), t.Context()
		c.must(c.apply(ctx, versionedSecret))
		server.Inject(robototest.Fault{Operation: robototest.DeleteSecret, Status: http.StatusOK, Body: `{"message":"scheduled maintenance"}`})
		if err := c.apply(ctx, nil); err == nil || c.state.IsNull() {
			t.Errorf("gone from the state: %t (%v)", c.state.IsNull(), err)
		}
	})
}

// Clean-ups have a deadline that is shorter than the pause, and keep the pace.
func TestCleanUpsTogetherAreNotPaused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := robototest.Start(t, robototest.Options{InMemory: true})
		f := newFleet(t, server, 10)
		fault := tooMany("60")
		fault.Operation = robototest.GetCredentials
		server.Inject(fault)
		err := f.each(t.Context(), 10, func(s *session, name string) error {
			return s.change(t.Context(), object(secretType(t), attributes{"name": text(name), "org_id": text(robototest.DefaultOrg), "value_wo": text(canary)}))
		})
		if n := len(server.Records(robototest.DefaultOrg)); err == nil || n != 0 {
			t.Errorf("%d records are left (%v)", n, err)
		}
	})
}

// One bad answer must not use up the clean-up's deadline.
func TestCleanUpHasTimeForAnotherAttempt(t *testing.T) {
	for name, fault := range map[string]robototest.Fault{
		"503":  {Status: http.StatusServiceUnavailable, Header: http.Header{"Retry-After": {"60"}}},
		"hung": {Delay: time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := robototest.Start(t, robototest.Options{InMemory: true})
				c := newCore(t, server)
				server.Inject(robototest.Fault{Operation: robototest.PutValue, AWSError: "InvalidParameterException", Message: "no"})
				fault.Operation, fault.Times = robototest.DeleteSecret, 1
				server.Inject(fault)
				if err := c.apply(t.Context(), versionedSecret); err == nil || !c.state.IsNull() {
					t.Errorf("left in the state: %t (%v)", !c.state.IsNull(), err)
				}
			})
		})
	}
}

// AWS's lag begins when the secret is there, however long creating it took.
func TestLagAfterASlowCreate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := robototest.Start(t, robototest.Options{InMemory: true, PermissionLag: 5 * time.Second})
		fault := tooMany("45")
		fault.Operation, fault.Times = robototest.CreateSecret, 3
		server.Inject(fault)
		if err := newCore(t, server).apply(t.Context(), versionedSecret); err != nil {
			t.Error(err)
		}
	})
}

// Secrets without an organization share the look-up, also one that fails.
func TestOrganizationIsLookedUpOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := robototest.Start(t, robototest.Options{InMemory: true})
		server.Inject(robototest.Fault{Operation: robototest.ListOrgs, Status: http.StatusServiceUnavailable})
		c, ctx := newCore(t, server), t.Context()
		s, err := c.start(ctx)
		c.must(err)
		var group sync.WaitGroup
		for range 10 {
			group.Go(func() {
				if _, _, err := s.plan(ctx, object(secretType(t), attributes{"name": text("db")})); err == nil {
					t.Error("planned without an organization")
				}
			})
		}
		group.Wait()
		if n := server.Count(robototest.ListOrgs); n != 10 {
			t.Errorf("%d look-ups, want the ten attempts of one", n)
		}
	})
}

// The ID of an organization becomes a part of the plan.
func TestOrganizationThatRepeatsTheAPIKey(t *testing.T) {
	for name, others := range map[string]string{"the only one": "", "one of two": `,{"org_id":"og_2","name":"two"}`} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := robototest.Start(t, robototest.Options{InMemory: true, APIKey: "key_0123456789_abcdef"})
				server.Inject(robototest.Fault{
					Operation: robototest.ListOrgs, Status: http.StatusOK,
					Body: `{"data":[{"org_id":"` + server.APIKey() + `","name":"one"}` + others + `]}`,
				})
				c, ctx := newCore(t, server), t.Context()
				s, err := c.start(ctx)
				c.must(err)
				_, _, err = s.plan(ctx, object(secretType(t), attributes{"name": text("db")}))
				if err == nil || strings.Contains(err.Error(), server.APIKey()) {
					t.Errorf("the error is %v", err)
				}
			})
		})
	}
}

// A listing that fails holds reads up once, however many there are.
func TestBulkRefreshWithoutAListing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := robototest.Start(t, robototest.Options{InMemory: true})
		bulk := attributes{"bulk_refresh": tftypes.NewValue(tftypes.Bool, true)}
		took, err := refreshAll(t, server, 1000, bulk, func() {
			server.Latency(time.Second)
			server.Inject(robototest.Fault{Operation: robototest.ListSecrets, Status: http.StatusServiceUnavailable})
			server.ResetRequests()
		})
		if n := server.Count(robototest.ListSecrets); err != nil || n != 10 {
			t.Errorf("%d requests for pages in %s, want the ten attempts of one (%v)", n, took, err)
		}
	})
}

// Others have been at work between plan and apply.
func TestUpdateOfWhatWasDeletedSincePlanning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := robototest.Start(t, robototest.Options{InMemory: true})
		c, ctx := newCore(t, server), t.Context()
		c.must(c.apply(ctx, versionedSecret))
		s, err := c.start(ctx)
		c.must(err)
		rotated := object(secretType(t), attributes{"name": text("db"), "value_wo": text(canary), "value_wo_version": text("2")})
		for _, step := range []struct {
			change func()
			want   string
		}{
			{func() { server.DeleteSecret(robototest.DefaultOrg, "db") }, "deleted after the last refresh"},
			{func() { time.Sleep(time.Second); server.AddSecret(robototest.DefaultOrg, "db") }, "Another secret has its name now"},
		} {
			step.change()
			if err := s.change(ctx, rotated); err == nil || !strings.Contains(err.Error(), step.want) {
				t.Errorf("want %q: %v", step.want, err)
			}
		}
	})
}

// After a lost answer, a record that may be somebody else's is left alone.
func TestLostCreateAdoptsOnlyItsOwnRecord(t *testing.T) {
	for name, test := range map[string]struct {
		age   time.Duration
		value string
		date  http.Header
	}{
		"an older one":        {age: time.Minute},
		"one with a value":    {value: "somebody else's value"},
		"one of unknown time": {date: http.Header{"Date": nil}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := robototest.Start(t, robototest.Options{InMemory: true})
				c := newCore(t, server)
				add := sync.OnceFunc(func() {
					server.AddSecret(robototest.DefaultOrg, "db")
					if test.value != "" {
						server.SetValue(robototest.DefaultOrg, "db", test.value)
					}
				})
				if test.age > 0 {
					add()
					time.Sleep(test.age)
				}
				server.Inject(robototest.Fault{
					Operation: robototest.CreateSecret, Drop: true, Times: 1,
					Match: func(robototest.Request) bool { add(); return true },
				})
				server.Inject(robototest.Fault{Operation: robototest.GetSecret, Header: test.date})
				if err := c.apply(t.Context(), versionedSecret); err == nil || !strings.Contains(err.Error(), "exists already") {
					t.Errorf("the error is %v", err)
				}
				if value, _, _ := server.Value(robototest.DefaultOrg, "db"); value != test.value || !c.state.IsNull() {
					t.Errorf("the value is %q, the state %s", value, c.state)
				}
			})
		})
	}
}

// A create whose answer was lost is settled also while the service lags behind it.
func TestLostCreateWhileTheServiceLags(t *testing.T) {
	for name, test := range map[string]struct {
		lag   time.Duration
		fault robototest.Fault
	}{
		"with permissions": {lag: 5 * time.Second},
		"with the record": {fault: robototest.Fault{
			Operation: robototest.GetSecret, Status: http.StatusNotFound, Code: "RobotoNotFoundException", Message: "No such secret.", Times: 1,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := robototest.Start(t, robototest.Options{InMemory: true, PermissionLag: test.lag})
				c := newCore(t, server)
				server.Inject(robototest.Fault{Operation: robototest.CreateSecret, Drop: true, After: true, Times: 1})
				if test.fault.Operation != "" {
					server.Inject(test.fault)
				}
				c.must(c.apply(t.Context(), versionedSecret))
			})
		})
	}
}

// The record that the clean-up is to delete may be gone by then.
func TestCleanUpOfWhatIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := robototest.Start(t, robototest.Options{InMemory: true})
		c := newCore(t, server)
		server.Inject(robototest.Fault{Operation: robototest.PutValue, Status: http.StatusNotFound, Body: "Not Found"})
		server.Inject(robototest.Fault{Operation: robototest.DeleteSecret, Drop: true, After: true, Times: 1})
		if err := c.apply(t.Context(), versionedSecret); err == nil || !strings.Contains(err.Error(), "the record was deleted again") {
			t.Errorf("the error is %v", err)
		}
		if !c.state.IsNull() {
			t.Error("there is a state")
		}
	})
}

// The provider block bounds each attempt and their number.
func TestSettingsBoundAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := robototest.Start(t, robototest.Options{InMemory: true})
		c, ctx := newCore(t, server), t.Context()
		c.must(c.apply(ctx, versionedSecret))
		c.settings = attributes{"request_timeout": text("2s"), "max_attempts": tftypes.NewValue(tftypes.Number, 1)}
		server.Inject(robototest.Fault{Operation: robototest.GetSecret, Delay: time.Hour})
		server.ResetRequests()
		start := time.Now()
		if err := c.apply(ctx, versionedSecret); err == nil || time.Since(start) != 2*time.Second || server.Count(robototest.GetSecret) != 1 {
			t.Errorf("%d attempts took %s (%v)", server.Count(robototest.GetSecret), time.Since(start), err)
		}
	})
}

// What was never sent cannot have taken effect, and is not looked for.
func TestWhatWasNotSentIsNotLookedFor(t *testing.T) {
	t.Run("a create", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			server := robototest.Start(t, robototest.Options{InMemory: true})
			c := newCore(t, server)
			c.vars["ROBOTO_ORG_ID"] = robototest.DefaultOrg
			c.dial = func(context.Context, string, string) (net.Conn, error) {
				return nil, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
			}
			if err := c.apply(t.Context(), versionedSecret); err == nil || strings.Contains(err.Error(), "A record may be left behind") {
				t.Errorf("the error is %v", err)
			}
		})
	})
	t.Run("a write", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			server := robototest.Start(t, robototest.Options{InMemory: true})
			c := newCore(t, server)
			server.Inject(robototest.Fault{Operation: robototest.GetCredentials, Status: http.StatusForbidden, Message: "Forbidden"})
			if err := c.apply(t.Context(), versionedSecret); err == nil {
				t.Error("there was no error")
			}
			if n := server.Count(robototest.GetCredentials); n != 1 {
				t.Errorf("credentials were asked for %d times", n)
			}
		})
	})
}

// However many writes AWS throttles, each has all its attempts.
func TestManyThrottledWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := robototest.Start(t, robototest.Options{InMemory: true})
		f, ctx := newFleet(t, server, 100), t.Context()
		var mu sync.Mutex
		seen := map[string]int{}
		server.Inject(robototest.Fault{Operation: robototest.PutValue, AWSError: "ThrottlingException", Message: "Rate exceeded", Match: func(r robototest.Request) bool {
			mu.Lock()
			defer mu.Unlock()
			seen[r.Name]++
			return seen[r.Name] <= 5
		}})
		err := f.each(ctx, 50, func(s *session, name string) error {
			config := attributes{"name": text(name), "org_id": text(robototest.DefaultOrg), "value_wo": text(canary), "value_wo_version": text("1")}
			return s.change(ctx, object(secretType(t), config))
		})
		if err != nil {
			t.Error(err)
		}
	})
}
