// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"net/http"
	"testing"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// leaveUnsettled leaves an entry in the state of which the provider does not know whether
// it has a record.
func leaveUnsettled(t *testing.T, server *robototest.Server, c *protocol.Core, config fields, hasRecord bool) {
	t.Helper()
	server.Inject(robototest.Fault{Operation: robototest.CreateSecret, Drop: true, After: hasRecord, Times: 1})
	server.Inject(robototest.Fault{Operation: robototest.CreateSecret, Drop: true})
	server.Inject(robototest.Fault{Operation: robototest.GetSecret, Status: http.StatusForbidden, Message: "Forbidden"})
	if err := c.Apply(config); err == nil || c.State == nil {
		t.Fatalf("the error is %v", err)
	}
	server.ClearFaults()
}

// Nothing is written or deleted by its name alone, and nothing is forgotten.
func TestUnsettledCreateWithoutARefresh(t *testing.T) {
	t.Run("tainted, refresh=false", func(t *testing.T) {
		inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
			leaveUnsettled(t, server, c, versionedSecret, false)
			server.AddSecret(robototest.DefaultOrg, "db")
			server.SetValue(robototest.DefaultOrg, "db", successorValue)
			if err := c.MustStart().ReplaceTainted(versionedSecret); err == nil {
				t.Error("the replacement succeeded")
			}
			if err := successorIsSafe(server); err != nil {
				t.Error(err)
			}
		})
	})
	t.Run("untainted, refresh=false", func(t *testing.T) {
		inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
			leaveUnsettled(t, server, c, versionedSecret, false)
			server.AddSecret(robototest.DefaultOrg, "db")
			server.SetValue(robototest.DefaultOrg, "db", successorValue)
			c.Tainted = false
			if err := c.MustStart().Change(versionedSecret); err == nil {
				t.Error("the update succeeded")
			}
			if err := successorIsSafe(server); err != nil {
				t.Error(err)
			}
		})
	})
	t.Run("untainted own, refresh=false, then apply", func(t *testing.T) {
		inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
			leaveUnsettled(t, server, c, versionedSecret, true)
			c.Tainted = false
			if err := c.MustStart().Change(versionedSecret); err == nil {
				t.Error("the update succeeded")
			}
			if err := c.Apply(versionedSecret); err != nil {
				t.Errorf("the next apply: %v", err)
			}
		})
	})
	t.Run("create_before_destroy, refresh=false, no value", func(t *testing.T) {
		inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
			bare := fields{"name": "db"}
			leaveUnsettled(t, server, c, bare, false)
			s := c.MustStart()
			deposed := c.Instance
			c.Instance, c.Tainted = protocol.Instance{}, false
			c.Must(s.Change(bare))
			c.Instance = deposed
			c.Must(s.Change(nil))
			if _, exists := server.Record(robototest.DefaultOrg, "db"); !exists {
				t.Error("the new secret was deleted")
			}
		})
	})
	t.Run("deposed, old plan", func(t *testing.T) {
		inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
			c.Must(c.Apply(versionedSecret))
			s := c.MustStart()
			c.Must(s.Refresh())
			time.Sleep(time.Hour)
			handOn(server)
			s = c.MustStart() // the apply
			deposed := c.Instance
			c.Instance = protocol.Instance{}
			c.Must(s.Change(fields{"name": "other", "value_wo": "v", "value_wo_version": "1"}))
			c.Instance = deposed
			c.Must(s.Change(nil))
			if err := successorIsSafe(server); err != nil {
				t.Error(err)
			}
		})
	})
	t.Run("not a member any more", func(t *testing.T) {
		inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
			leaveUnsettled(t, server, c, versionedSecret, true)
			server.Inject(robototest.Fault{Operation: robototest.GetSecret, Status: http.StatusNotFound, Code: "RobotoNotFoundException", Message: "no"})
			server.Inject(robototest.Fault{Operation: robototest.ListOrgs, Status: http.StatusForbidden, Message: "Forbidden"})
			if err := c.MustStart().Refresh(); err == nil || c.State == nil {
				t.Errorf("the error is %v, the state %v", err, c.State)
			}
		})
	})
}
