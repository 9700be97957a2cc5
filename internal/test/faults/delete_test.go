// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// A deletion looks once, and a replacement also whether the new name is free.
func TestTerraformLooksBeforeItDeletes(t *testing.T) {
	t.Parallel()
	server := robototest.Start(t, robototest.Options{})
	tf := newTerraform(t, server, oneSecret)
	tf.succeeds(applyNow...)
	for _, step := range []struct {
		do   func()
		want []string
	}{
		{
			func() { tf.configure(strings.ReplaceAll(oneSecret, `"db"`, `"other"`)); tf.succeeds(applyNow...) },
			[]string{"GetSecret db", "GetSecret other", "GetSecret db", "DeleteSecret db", "CreateSecret", "GetCredentials other", "PutValue other"},
		},
		{func() { tf.succeeds(destroyNow...) }, []string{"GetSecret other", "GetSecret other", "DeleteSecret other"}},
		{func() {
			tf.configure(oneSecret)
			tf.succeeds(applyNow...)
			server.ResetRequests()
			tf.succeeds("destroy", "-auto-approve", "-refresh=false")
		}, []string{"GetSecret db", "DeleteSecret db"}},
	} {
		server.ResetRequests()
		step.do()
		var got []string
		for _, request := range server.Requests() {
			if request.Operation != robototest.ListOrgs {
				got = append(got, strings.TrimSpace(fmt.Sprint(request.Operation, " ", request.Name)))
			}
		}
		if !slices.Equal(got, step.want) {
			t.Errorf("the requests are %q, want %q", got, step.want)
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
			{func() { time.Sleep(time.Second); server.AddSecret(robototest.DefaultOrg, "db") }, "another secret of this name"},
		} {
			step.change()
			if err := s.Change(rotated); err == nil || !strings.Contains(err.Error(), step.want) {
				t.Errorf("want %q: %v", step.want, err)
			}
		}
	})
}
