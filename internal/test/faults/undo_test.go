// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"maps"
	"testing"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// undoRotation writes a version of "db" back, as the guide "Undo a rotation" does. valueVersion is
// value_wo_version, or nil.
func undoRotation(c *protocol.Core, version fields, valueVersion any) error {
	config := fields{"name": "db"}
	maps.Copy(config, version)
	read, err := c.OpenEphemeral(config)
	if err != nil {
		return err
	}
	return c.Apply(fields{"name": "db", "value_wo": read["value"], "value_wo_version": valueVersion})
}

func firstVersion(c *protocol.Core) string {
	return c.Roboto.Versions(robototest.DefaultOrg, "db")[0].ID
}

// The version before the current one is another one after the write, so an apply that was killed
// and runs again has to name the version by its ID. Without value_wo_version, nobody has to be killed
// for that.
func TestUndoAgainAfterItWasKilled(t *testing.T) {
	byID := func(c *protocol.Core) fields { return fields{"version_id": firstVersion(c)} }
	byStage := func(*protocol.Core) fields { return fields{"version_stage": "AWSPREVIOUS"} }
	for name, test := range map[string]struct {
		version func(*protocol.Core) fields
		// valueVersion is value_wo_version of the undo; nil for none at all.
		valueVersion any
		// want is the value in the end, and stored the number of versions.
		want   string
		stored int
	}{
		"by ID":                       {byID, "3", canary, 4},
		"by stage":                    {byStage, "3", canary + "2", 4},
		"by ID, without a version":    {byID, nil, canary, 3},
		"by stage, without a version": {byStage, nil, canary + "2", 4},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
				for i, value := range []string{canary, canary + "2"} {
					config := fields{"name": "db", "value_wo": value}
					if test.valueVersion != nil {
						config["value_wo_version"] = []string{"1", "2"}[i]
					}
					c.Must(c.Apply(config))
				}
				before := c.Instance
				c.Must(undoRotation(c, test.version(c), test.valueVersion))
				if value, _, _ := server.Value(robototest.DefaultOrg, "db"); value != canary {
					t.Errorf("the undo wrote %q", value)
				}
				if test.valueVersion != nil {
					c.Instance = before // which the kill keeps from being replaced
				}
				c.Must(undoRotation(c, test.version(c), test.valueVersion))
				c.Must(disagreement(c, test.want, test.stored))
				if n := len(server.Versions(robototest.DefaultOrg, "db")); n != test.stored {
					t.Errorf("%d versions are stored, want %d", n, test.stored)
				}
			})
		})
	}
}
