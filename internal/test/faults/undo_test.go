// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"fmt"
	"maps"
	"runtime"
	"strings"
	"testing"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// undoRotation writes a version of "db" back, as the guide "Undo a rotation" does. valueVersion is
// value_wo_version, or nil.
func undoRotation(c *protocol.Core, version fields, valueVersion any) error {
	s, err := c.Start()
	if err != nil {
		return err
	}
	config := fields{"name": "db"}
	maps.Copy(config, version)
	read, out := s.Provider.OpenEphemeral(config)
	if err := out.Err(); err != nil {
		return err
	}
	return c.Apply(fields{"name": "db", "value_wo": read["value"], "value_wo_version": valueVersion})
}

func firstVersion(c *protocol.Core) string {
	return c.Roboto.Versions(robototest.DefaultOrg, "db")[0].ID
}

// The version before the current one is another one after the write, so an apply that was killed
// and runs again has to name the version by its ID.
func TestUndoAgainAfterItWasKilled(t *testing.T) {
	for by, test := range map[string]struct {
		version func(*protocol.Core) fields
		want    string
	}{
		"ID":    {func(c *protocol.Core) fields { return fields{"version_id": firstVersion(c)} }, canary},
		"stage": {func(*protocol.Core) fields { return fields{"version_stage": "AWSPREVIOUS"} }, canary + "2"},
	} {
		t.Run(by, func(t *testing.T) {
			inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
				c.Must(c.Apply(versionedSecret))
				c.Must(c.Apply(rotatedSecret))
				before := c.Instance
				c.Must(undoRotation(c, test.version(c), "3"))
				if value, _, _ := server.Value(robototest.DefaultOrg, "db"); value != canary {
					t.Errorf("the undo wrote %q", value)
				}
				c.Instance = before // which the kill keeps from being replaced
				c.Must(undoRotation(c, test.version(c), "3"))
				if value, versionID, _ := server.Value(robototest.DefaultOrg, "db"); value != test.want || c.State["version_id"] != versionID {
					t.Errorf("the second undo wrote %q, want %q; version_id is %v, want %q", value, test.want, c.State["version_id"], versionID)
				}
			})
		})
	}
}

// Without value_wo_version, nobody has to be killed for that.
func TestUndoAgainWithoutVersion(t *testing.T) {
	for by, test := range map[string]struct {
		version func(*protocol.Core) fields
		want    string
		stored  int
	}{
		"ID":    {func(c *protocol.Core) fields { return fields{"version_id": firstVersion(c)} }, canary, 3},
		"stage": {func(*protocol.Core) fields { return fields{"version_stage": "AWSPREVIOUS"} }, canary + "2", 4},
	} {
		t.Run(by, func(t *testing.T) {
			inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
				c.Must(c.Apply(comparedFields))
				c.Must(c.Apply(fields{"name": "db", "value_wo": canary + "2"}))
				for range 2 {
					c.Must(undoRotation(c, test.version(c), nil))
				}
				value, _, _ := server.Value(robototest.DefaultOrg, "db")
				if n := len(server.Versions(robototest.DefaultOrg, "db")); value != test.want || n != test.stored {
					t.Errorf("the second undo left %q in %d versions, want %q in %d", value, n, test.want, test.stored)
				}
			})
		})
	}
}

// With Terraform: create, a bad rotation, and an undo that is killed after its write and runs
// again. When AWS has removed what was pinned, the error says how to go on.
func TestTerraformUndoesRotation(t *testing.T) {
	t.Parallel()
	server := robototest.Start(t, robototest.Options{})
	rotated := func(value, version string) string {
		return strings.NewReplacer("the value of db", value, `"1"`, `"`+version+`"`).Replace(oneSecret)
	}
	tf := newTerraform(t, server, oneSecret)
	tf.succeeds(applyNow...)
	good := *tf.state()["test"].VersionID
	tf.configure(rotated("a bad value", "2"))
	tf.succeeds(applyNow...)

	undo := fmt.Sprintf("ephemeral \"roboto_secret\" \"good\" {\n  name       = \"db\"\n  version_id = %q\n}\n", good) +
		strings.Replace(rotated("", "3"), `""`, "ephemeral.roboto_secret.good.value", 1)
	tf.configure(undo)
	undone := 1
	if runtime.GOOS == "linux" { // where killProvider finds the process
		tf.failsHeld(tf.hold(robototest.Fault{Operation: robototest.PutValue, After: true}), func(func()) { killProvider(t, tf.Dir) }, applyNow)
		server.ClearFaults()
		if state := tf.state()["test"]; *state.ValueWOVersion != "2" {
			t.Errorf("the state has the version %s already", *state.ValueWOVersion)
		}
		undone = 2
	}
	tf.succeeds(applyNow...)
	tf.succeeds("plan", "-detailed-exitcode")
	value, current, _ := server.Value(robototest.DefaultOrg, "db")
	if n := len(server.Versions(robototest.DefaultOrg, "db")); value != "the value of db" || *tf.state()["test"].VersionID != current || n != 2+undone {
		t.Errorf("after the undo, %d versions, the value %q of %s, and the state %+v", n, value, current, tf.state()["test"])
	}

	server.RemoveOldVersions(robototest.DefaultOrg, "db")
	tf.fails(t.Context(), planNow, "has no version "+good, "The current version is "+current, "give value_wo its usual source again, and leave value_wo_version as it is")
	tf.configure(rotated("anything", "3"))
	tf.succeeds("plan", "-detailed-exitcode")
}
