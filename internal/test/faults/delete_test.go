// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// The first deletion of a plain destroy or replacement is one request.
func TestTerraformDeletesWithOneRequest(t *testing.T) {
	server := robototest.Start(t, robototest.Options{})
	tf := newTerraform(t, server, oneSecret)
	tf.succeeds(applyNow...)
	for _, step := range []struct {
		do   func()
		want map[robototest.Operation]int
	}{
		{
			func() { tf.configure(strings.ReplaceAll(oneSecret, `"db"`, `"other"`)); tf.succeeds(applyNow...) },
			map[robototest.Operation]int{robototest.GetSecret: 1, robototest.DeleteSecret: 1, robototest.CreateSecret: 1, robototest.GetCredentials: 1, robototest.PutValue: 1},
		},
		{
			func() { tf.succeeds(destroyNow...) },
			map[robototest.Operation]int{robototest.GetSecret: 1, robototest.DeleteSecret: 1},
		},
	} {
		server.ResetRequests()
		step.do()
		got := map[robototest.Operation]int{}
		for _, request := range server.Requests() {
			got[request.Operation]++
		}
		delete(got, robototest.ListOrgs)
		if !maps.Equal(got, step.want) {
			t.Errorf("the requests are %v, want %v", got, step.want)
		}
	}
}

// A gateway that answers 200 has not deleted anything.
func TestDeleteBelievesOnlyRoboto(t *testing.T) {
	inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
		c.Must(c.Apply(versionedSecret))
		server.Inject(robototest.Fault{Operation: robototest.DeleteSecret, Status: http.StatusOK, Body: `{"message":"scheduled maintenance"}`})
		if err := c.Apply(nil); err == nil || c.State == nil {
			t.Errorf("gone from the state: %t (%v)", c.State == nil, err)
		}
	})
}

// Others have been at work between plan and apply.
func TestUpdateOfWhatWasDeletedSincePlanning(t *testing.T) {
	inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
		c.Must(c.Apply(versionedSecret))
		s := c.MustStart()
		rotated := fields{"name": "db", "value_wo": canary, "value_wo_version": "2"}
		for _, step := range []struct {
			change func()
			want   string
		}{
			{func() { server.DeleteSecret(robototest.DefaultOrg, "db") }, "deleted after the last refresh"},
			{func() { time.Sleep(time.Second); server.AddSecret(robototest.DefaultOrg, "db") }, "Another secret has its name now"},
		} {
			step.change()
			if err := s.Change(rotated); err == nil || !strings.Contains(err.Error(), step.want) {
				t.Errorf("want %q: %v", step.want, err)
			}
		}
	})
}
