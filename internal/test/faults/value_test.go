// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

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

// A key of a few characters occurs in an ARN by chance, and a longer one may hold the name of an
// organization. What was asked for is no echo of it.
func TestAPIKeysThatOccurInAnswers(t *testing.T) {
	for orgID, key := range map[string]string{"og_test": "r", "og_production": "rbt_og_production_4711_x9f8e7d6c5b4a"} {
		synctest.Test(t, func(t *testing.T) {
			server := robototest.Start(t, robototest.Options{InMemory: true, APIKey: key, Orgs: []string{orgID}})
			c := protocol.NewCore(t, server)
			c.Must(c.Apply(fields{"name": "db", "org_id": orgID, "value_wo": canary, "value_wo_version": "1"}))
			_, err := c.ReadData(protocol.TypeOrganizations, nil)
			if len(key) < 8 {
				c.Must(err)
			} else {
				says(t, err, "repeats a part of the API key")
			}
		})
	}
}

// Terraform: what ignore_changes hides is left alone, and nothing else is. Each row is a resource. Where
// its value goes, version_id ends as null.
func TestTerraformIgnoresNoMoreThanItIsTold(t *testing.T) {
	t.Parallel()
	const (
		other      = "og_other"
		first, one = "  value_wo = \"old\"\n", "  value_wo_version = \"1\"\n"
		next, two  = "  value_wo = \"new\"\n", "  value_wo_version = \"2\"\n"
		protected  = "  deletion_protection = true\n"
		stays      = "  org_id = \"og_test\"\n"
		moves      = "  org_id = \"og_other\"\n"
	)
	rows := []struct {
		name, ignored, before, after string
		// want is the value in the end.
		want string
	}{
		{"a value", "value_wo", first + one + stays, next + one + stays + protected, "old"},
		{"value and version", "value_wo, value_wo_version", first + one + stays, next + two + stays + protected, "old"},
		{"value and organization", "value_wo, org_id", first + one + stays, next + one + moves + protected, "old"},
		{"compared value and organization", "value_wo, org_id", first + stays, next + moves + protected, "old"},
		{"organization, and a new version", "org_id", first + one + stays, next + two + moves, "new"},
		{"organization, and a new value", "org_id", first + stays, next + moves, "new"},
		{"organization, and no value", "org_id", first + one + stays, moves, "old"},
	}
	block := func(i int, lines string) string {
		return fmt.Sprintf("resource \"roboto_secret\" \"row%d\" {\n  name = %q\n%s  lifecycle {\n    ignore_changes = [%s]\n  }\n}\n\n",
			i, rows[i].name, lines, rows[i].ignored)
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
		value, current, _ := server.Value(robototest.DefaultOrg, row.name)
		want := []any{row.want, current}
		if row.after == moves {
			want[1] = nil
		}
		if diff := cmp.Diff(want, []any{value, state[fmt.Sprint("row", i)]["version_id"]}); diff != "" {
			t.Errorf("%s: value and version_id (-want +got):\n%s", row.name, diff)
		}
	}
	tf.succeeds("plan", "-detailed-exitcode")

	// The provider sees a new version, and no new value.
	tf.configure(block(0, next+two+stays))
	tf.fails(planNow, "ignore_changes keeps it from the provider")
}
