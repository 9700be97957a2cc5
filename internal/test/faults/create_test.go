// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"bytes"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// unsettled checks that an error says that a record may be there, and that one plain apply
// puts everything right.
func unsettled(t *testing.T, server *robototest.Server, c *protocol.Core, err error) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), "A record may have been left behind") {
		t.Fatalf("the error is %v", err)
	}
	if c.State == nil || !c.Tainted {
		t.Error("the attempt is not in the state")
	}
	server.ClearFaults()
	c.Must(c.Apply(versionedSecret))
	if empty, err := c.PlanIsEmpty(versionedSecret); err != nil || !empty {
		t.Errorf("the plan after it is empty: %t, %v", empty, err)
	}
	if n := len(server.Versions(robototest.DefaultOrg, "db")); n != 1 {
		t.Errorf("%d versions were written", n)
	}
}

// A record that may be there, or may come to be there, is found by the next apply.
func TestUnsettledCreatesAreSettledLater(t *testing.T) {
	t.Run("without credentials", func(t *testing.T) {
		inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
			c.Settings = fields{"max_attempts": 1}
			server.Inject(robototest.Fault{Operation: robototest.CreateSecret, Drop: true, After: true, Times: 1})
			server.Inject(robototest.Fault{Operation: robototest.GetCredentials, Status: http.StatusNotFound, Code: "RobotoNotFoundException", Message: "no"})
			unsettled(t, server, c, c.Apply(versionedSecret))
		})
	})
	t.Run("canceled while the service is at it", func(t *testing.T) {
		inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
			server.Inject(robototest.Fault{Operation: robototest.CreateSecret, Delay: time.Minute})
			var err error
			var group sync.WaitGroup
			group.Go(func() { err = c.Apply(versionedSecret) })
			time.Sleep(time.Second)
			c.Interrupt()
			group.Wait()
			unsettled(t, server, c, err)
		})
	})
}

// An attempt whose record is not there, or is somebody else's, is forgotten, also without a
// refresh.
func TestUnsettledCreatesLeaveOthersRecordsAlone(t *testing.T) {
	for name, after := range map[string]struct {
		taken, valued, refresh bool
	}{
		"nobody's":                    {refresh: true},
		"nobody's, not refreshed":     {},
		"another's":                   {taken: true, valued: true, refresh: true},
		"another's, not refreshed":    {taken: true, valued: true},
		"an older one":                {taken: true, refresh: true},
		"an older one, not refreshed": {taken: true},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
				if after.taken && !after.valued {
					server.AddSecret(robototest.DefaultOrg, "db")
					time.Sleep(time.Minute)
				}
				leaveUnsettled(t, server, c, versionedSecret, false)
				if after.valued {
					server.AddSecret(robototest.DefaultOrg, "db")
					server.SetValue(robototest.DefaultOrg, "db", "somebody else's")
				}
				s := c.MustStart()
				if after.refresh {
					c.Must(s.Refresh())
				}
				c.Must(s.Change(nil))
				if c.State != nil {
					t.Error("the attempt is still in the state")
				}
				if warned := c.Warning != nil && strings.Contains(c.Warning.Error(), "May Be Left Behind"); warned != after.taken {
					t.Errorf("the warning is %v", c.Warning)
				}
				if _, exists := server.Record(robototest.DefaultOrg, "db"); exists != after.taken {
					t.Errorf("the record exists: %t", exists)
				}
			})
		})
	}
}

// The clocks of two machines differ, so that the record of an attempt looks older than it. It is
// not forgotten without a word.
func TestUnsettledCreateUnderAnotherClock(t *testing.T) {
	inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
		leaveUnsettled(t, server, c, versionedSecret, true)
		server.Inject(robototest.Fault{Operation: robototest.GetSecret, Header: http.Header{"Date": {time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)}}})
		s := c.MustStart()
		c.Must(s.Refresh())
		record, exists := server.Record(robototest.DefaultOrg, "db")
		if c.State != nil || !exists {
			t.Fatalf("the state is %v, and the record exists: %t", c.State, exists)
		}
		for _, words := range []string{record.ARN, `id = "db@og_test"`, "may still come from that attempt"} {
			if c.Warning == nil || !strings.Contains(c.Warning.Error(), words) {
				t.Errorf("the warning does not say %q: %v", words, c.Warning)
			}
		}
	})
}

// Ctrl-C while a lost answer is being settled.
func TestCancelWhileSettling(t *testing.T) {
	inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
		server.Inject(robototest.Fault{Operation: robototest.CreateSecret, Drop: true, After: true, Times: 1})
		server.Inject(robototest.Fault{Operation: robototest.GetSecret, Delay: time.Hour, Times: 1})
		var group sync.WaitGroup
		group.Go(func() { _ = c.Apply(versionedSecret) })
		time.Sleep(5 * time.Second)
		c.Interrupt()
		group.Wait()
		if err := c.Apply(versionedSecret); err != nil {
			t.Errorf("the plain apply failed: %v", err)
		}
	})
}

// A create that succeeded but describes what must not be touched may have left a
// record, which the next apply finds.
func TestRefusedCreateFindsWhatItLeaves(t *testing.T) {
	for name, replace := range map[string][2]string{
		"another store":   {`"store_type":"aws"`, `"store_type":"vault"`},
		"another service": {":secretsmanager:", ":s3:"},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
				server.Inject(robototest.Fault{Operation: robototest.CreateSecret, Mutate: func(body []byte) []byte {
					return bytes.ReplaceAll(body, []byte(replace[0]), []byte(replace[1]))
				}})
				unsettled(t, server, c, c.Apply(versionedSecret))
			})
		})
	}
}

// A name whose secret was just deleted may not be free at once.
func TestNameThatIsNotFreeYet(t *testing.T) {
	inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
		server.Inject(robototest.Fault{Operation: robototest.CreateSecret, Status: http.StatusConflict, Code: "RobotoConflictException", Message: "Being deleted.", Times: 3})
		if err := c.Apply(versionedSecret); err != nil {
			t.Error(err)
		}
	})
}

// A gateway's 409 says nothing of the name, and its 503 may say when to come back.
func TestGatewayAnswersToACreate(t *testing.T) {
	inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
		server.Inject(robototest.Fault{Operation: robototest.CreateSecret, Status: http.StatusConflict, Body: "<html>Conflict</html>", Times: 1})
		if err := c.Apply(versionedSecret); err == nil || strings.Contains(err.Error(), "exists already") {
			t.Errorf("the error is %v", err)
		}
		server.Inject(robototest.Fault{
			Operation: robototest.CreateSecret, Status: http.StatusServiceUnavailable, Times: 1,
			Header: http.Header{"Retry-After": {"45"}},
		})
		start := time.Now()
		c.Must(c.Apply(versionedSecret))
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
		for _, config := range []fields{versionedSecret, {"name": "db"}} {
			t.Run(name, func(t *testing.T) {
				inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
					fault.Operation = robototest.CreateSecret
					server.Inject(fault)
					var group sync.WaitGroup
					group.Go(func() { _ = c.Apply(config) })
					time.Sleep(100 * time.Millisecond)
					server.AddSecret(robototest.DefaultOrg, "db")
					c.Interrupt()
					group.Wait()
					if _, exists := server.Record(robototest.DefaultOrg, "db"); !exists || c.State != nil {
						t.Errorf("the record exists: %t; it is in the state: %t", exists, c.State != nil)
					}
				})
			})
		}
	}
}

// AWS's lag begins when the secret is there, however long creating it took.
func TestLagAfterASlowCreate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := robototest.Start(t, robototest.Options{InMemory: true, PermissionLag: 5 * time.Second})
		fault := tooMany("45")
		fault.Operation, fault.Times = robototest.CreateSecret, 3
		server.Inject(fault)
		if err := protocol.NewCore(t, server).Apply(versionedSecret); err != nil {
			t.Error(err)
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
			inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
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
				if err := c.Apply(versionedSecret); err == nil || !strings.Contains(err.Error(), "exists already") {
					t.Errorf("the error is %v", err)
				}
				if value, _, _ := server.Value(robototest.DefaultOrg, "db"); value != test.value || c.State != nil {
					t.Errorf("the value is %q, the state %s", value, c.State)
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
				c := protocol.NewCore(t, server)
				server.Inject(robototest.Fault{Operation: robototest.CreateSecret, Drop: true, After: true, Times: 1})
				if test.fault.Operation != "" {
					server.Inject(test.fault)
				}
				c.Must(c.Apply(versionedSecret))
			})
		})
	}
}

// What was never sent cannot have taken effect, and is not looked for.
func TestWhatWasNotSentIsNotLookedFor(t *testing.T) {
	t.Run("a create", func(t *testing.T) {
		inBubble(t, func(t *testing.T, _ *robototest.Server, c *protocol.Core) {
			c.Vars["ROBOTO_ORG_ID"] = robototest.DefaultOrg
			c.Vars["ROBOTO_SERVICE_ENDPOINT"] = "http://127.0.0.1:9" // nobody listens
			if err := c.Apply(versionedSecret); err == nil || strings.Contains(err.Error(), "A record may have been left behind") {
				t.Errorf("the error is %v", err)
			}
		})
	})
	t.Run("a write", func(t *testing.T) {
		inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
			server.Inject(robototest.Fault{Operation: robototest.GetCredentials, Status: http.StatusForbidden, Message: "Forbidden"})
			if err := c.Apply(versionedSecret); err == nil {
				t.Error("there was no error")
			}
			if n := server.Count(robototest.GetCredentials); n != 1 {
				t.Errorf("credentials were asked for %d times", n)
			}
		})
	})
}

// A POST that takes effect when the provider has given up.
func TestCreateThatTakesEffectLate(t *testing.T) {
	inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
		c.Settings = fields{"max_attempts": 2, "request_timeout": "1s"}
		server.Inject(robototest.Fault{Operation: robototest.CreateSecret, Delay: 6 * time.Second})
		err := c.Apply(versionedSecret)
		time.Sleep(time.Minute)
		unsettled(t, server, c, err)
	})
}

// A refusal does not say what an earlier attempt without an answer does.
func TestRefusedCreateAfterLostAnswerNamesTheRecord(t *testing.T) {
	for name, refusal := range map[string]robototest.Fault{
		"throttled": {Status: http.StatusTooManyRequests, Message: "Too Many Requests"},
		"limit":     {Status: http.StatusForbidden, Code: "RobotoLimitExceededException", Message: "too many secrets"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := robototest.Start(t, robototest.Options{InMemory: true})
				c := protocol.NewCore(t, server)
				c.Settings = fields{"max_attempts": 2, "request_timeout": "1s"}
				server.Inject(robototest.Fault{Operation: robototest.CreateSecret, Delay: time.Hour, Times: 1})
				refusal.Operation = robototest.CreateSecret
				server.Inject(refusal)
				err := c.Apply(versionedSecret)
				if err == nil || !strings.Contains(err.Error(), "A record may have been left behind") || !strings.Contains(err.Error(), refusal.Message) {
					t.Errorf("the error is %v", err)
				}
			})
		})
	}
}

// A record that came into being meanwhile is ours, although a later attempt was refused.
func TestRefusedCreateAfterLostAnswerFindsTheRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := robototest.Start(t, robototest.Options{InMemory: true})
		c := protocol.NewCore(t, server)
		server.Inject(robototest.Fault{Operation: robototest.CreateSecret, Drop: true, Times: 1})
		server.Inject(robototest.Fault{
			Operation: robototest.CreateSecret, After: true, Times: 1,
			Status: http.StatusForbidden, Code: "RobotoLimitExceededException", Message: "too many secrets",
		})
		c.Must(c.Apply(versionedSecret))
	})
}

// With Terraform: a create that may take effect when the provider has given up.
func TestTerraformFindsRecordOfLateCreate(t *testing.T) {
	t.Parallel()
	server := robototest.Start(t, robototest.Options{})
	tf := newTerraform(t, server, "provider \"roboto\" {\n  request_timeout = \"1s\"\n  max_attempts    = 2\n}\n"+oneSecret)
	server.Inject(robototest.Fault{Operation: robototest.CreateSecret, Delay: time.Minute})
	tf.fails(t.Context(), applyNow, "A record may have been left behind")
	server.ClearFaults()
	server.AddSecret(robototest.DefaultOrg, "db")
	tf.succeeds(applyNow...)
	tf.endsRight(map[string]string{"test": "the value of db"})
}
