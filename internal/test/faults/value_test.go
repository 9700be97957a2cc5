// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"cmp"
	"fmt"
	"testing"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// A value that turns out unusable only while applying is refused before anything is created.
func TestValueIsCheckedWhenItBecomesKnown(t *testing.T) {
	for name, value := range map[string]any{"null": nil, "empty": ""} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
				config := func(version string) fields {
					return fields{"name": "db", "value_wo": value, "value_wo_version": version}
				}
				s := c.MustStart()
				if err := s.Change(config("1")); err == nil || server.Count(robototest.CreateSecret) != 0 {
					t.Errorf("%d records were created: %v", server.Count(robototest.CreateSecret), err)
				}
				c.Must(c.Apply(versionedSecret))
				if err := s.Change(config("2")); err == nil || c.State["value_wo_version"] != "1" {
					t.Errorf("the update was applied: %s (%v)", c.State, err)
				}
			})
		})
	}
}

// version_id names the current version, after somebody wrote the same value too.
func TestVersionIDIsNeverStale(t *testing.T) {
	inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
		c.Must(c.Apply(comparedFields))
		server.SetValue(robototest.DefaultOrg, "db", canary)
		if empty, err := c.PlanIsEmpty(comparedFields); empty || err != nil {
			t.Errorf("the plan is empty: %t (%v)", empty, err)
		}
		c.Must(c.Apply(comparedFields))
		c.Must(disagreement(c, faultCall{after: comparedFields, versions: 2}))
	})
}

// Terraform: what ignore_changes hides is left alone, and nothing else is. Each row is a resource. Where
// its value goes, version_id ends as null.
func TestTerraformIgnoresNoMoreThanItIsTold(t *testing.T) {
	t.Parallel()
	type secret struct{ value, version, orgID, name, more string }
	const (
		other     = "og_other"
		protected = "  deletion_protection = true\n"
	)
	var (
		versioned = secret{value: "old", version: "1"}
		compared  = secret{value: "old"}
	)
	rows := []struct {
		name, ignored string
		before, after secret
		// want is the value in the end.
		want string
	}{
		{"a value", "value_wo", versioned, secret{value: "new", version: "1", more: protected}, "old"},
		{"a compared value", "value_wo", compared, secret{value: "new", more: protected}, "old"},
		{"value and version", "value_wo, value_wo_version", versioned, secret{value: "new", version: "2", more: protected}, "old"},
		{"value and organization", "value_wo, org_id", versioned, secret{value: "new", version: "1", orgID: other, more: protected}, "old"},
		{"compared value and organization", "value_wo, org_id", compared, secret{value: "new", orgID: other, more: protected}, "old"},
		{"organization, and a new version", "org_id", versioned, secret{value: "new", version: "2", orgID: other}, "new"},
		{"organization, and a new value", "org_id", compared, secret{value: "new", orgID: other}, "new"},
		{"organization, and no value", "org_id", versioned, secret{orgID: other}, "old"},
		{"the same organization, and no value", "org_id", versioned, secret{}, "old"},
		{"the value of a replacement", "value_wo", versioned, secret{value: "new", version: "2", name: "renamed"}, "new"},
	}
	block := func(i int, s secret) string {
		lines := s.more
		for argument, value := range map[string]string{"value_wo": s.value, "value_wo_version": s.version} {
			if value != "" {
				lines += fmt.Sprintf("  %s = %q\n", argument, value)
			}
		}
		return fmt.Sprintf("resource \"roboto_secret\" \"row%d\" {\n  name = %q\n  org_id = %q\n%s  lifecycle {\n    ignore_changes = [%s]\n  }\n}\n\n",
			i, cmp.Or(s.name, rows[i].name), cmp.Or(s.orgID, robototest.DefaultOrg), lines, rows[i].ignored)
	}
	var was, is string
	for i, row := range rows {
		was += block(i, row.before)
		is += block(i, row.after)
	}
	server := robototest.Start(t, robototest.Options{Orgs: []string{robototest.DefaultOrg, other}})
	tf := newTerraform(t, server, was)
	tf.succeeds(applyNow...)
	tf.succeeds("plan", "-detailed-exitcode")
	tf.configure(is)
	tf.succeeds(applyNow...)
	state := tf.state()
	for i, row := range rows {
		name, versionID := cmp.Or(row.after.name, row.name), ""
		value, want, _ := server.Value(robototest.DefaultOrg, name)
		if row.after.value == "" {
			want = ""
		}
		if known := state[fmt.Sprint("row", i)].VersionID; known != nil {
			versionID = *known
		}
		if value != row.want || versionID != want {
			t.Errorf("%s: the value is %q, want %q; version_id is %q, want %q", row.name, value, row.want, versionID, want)
		}
	}
	tf.succeeds("plan", "-detailed-exitcode")

	// The provider sees a new version, and no new value.
	tf.configure(block(0, secret{value: "new", version: "2"}))
	tf.fails(t.Context(), planNow, "ignore_changes keeps it from the provider")
}
