// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// Two configurations share an organization; one creates and destroys what the
// other lists, reads and manages too. AWS takes a while to let a name go.
func TestConcurrentConfigurations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := robototest.Start(t, robototest.Options{InMemory: true, PageSize: 2})
		server.Latency(20 * time.Millisecond)
		server.DelayReuse(2)
		for i := range 5 {
			server.AddSecret(robototest.DefaultOrg, fmt.Sprintf("other-%d", i))
		}
		var group sync.WaitGroup
		loop := func(name string, acceptable string, operation func(*protocol.Core) error) {
			group.Go(func() {
				c := protocol.NewCore(t, server)
				for range 20 {
					if err := operation(c); err != nil && (acceptable == "" || !strings.Contains(err.Error(), acceptable)) {
						t.Errorf("%s: %v", name, err)
					}
				}
			})
		}
		loop("create and destroy", "", func(c *protocol.Core) error {
			if err := c.Apply(versionedSecret); err != nil {
				return err
			}
			return c.Apply(nil)
		})
		loop("list", "", func(c *protocol.Core) error {
			result, err := c.ReadData(protocol.TypeSecrets, nil)
			names, _ := result["names"].([]any)
			return expect(err, len(names) >= 5, "the list lacks secrets: %v", names)
		})
		loop("read", "RobotoNotFoundException", func(c *protocol.Core) error {
			_, err := c.ReadData(protocol.TypeSecret, bareSecret)
			return err
		})
		loop("refresh a copy in another state", "Cannot Import Roboto Secret\n\nThere is no secret", func(c *protocol.Core) error {
			if err := c.ImportID("db@og_test"); err != nil {
				return err
			}
			s := c.MustStart()
			if err := s.Refresh(); err != nil { // which completes the import
				return err
			}
			return s.Refresh()
		})
		group.Wait()
		if _, exists := server.Record(robototest.DefaultOrg, "db"); exists {
			t.Error("the secret is left behind")
		}
	})
}
