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
		config := fields{"name": "db", "value_wo": canary, "value_wo_version": "1"}
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
			if err := c.Apply(config); err != nil {
				return err
			}
			return c.Apply(nil)
		})
		loop("list", "", func(c *protocol.Core) error {
			names, err := readSecrets(c)
			if err == nil && len(names) < 5 {
				err = fmt.Errorf("the list lacks secrets: %v", names)
			}
			return err
		})
		loop("read", "RobotoNotFoundException", func(c *protocol.Core) error {
			_, err := c.ReadData("roboto_secret", fields{"name": "db"})
			return err
		})
		loop("refresh a copy in another state", "Cannot Import Roboto Secret\n\nThere is no secret", func(c *protocol.Core) error {
			if err := c.ImportID("db@og_test"); err != nil {
				return err
			}
			s, err := c.Start()
			if err != nil {
				return err
			}
			// The first refresh completes the import.
			if err := s.Refresh(); err != nil {
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

// Of two applies that create the same secret, one wins; the other says so and
// leaves the winner's secret alone.
func TestConcurrentCreates(t *testing.T) {
	for name, value := range map[string]func(i int) any{
		"with a value":    func(i int) any { return fmt.Sprint("value of ", i) },
		"without a value": func(int) any { return nil },
	} {
		t.Run(name, func(t *testing.T) { concurrentCreates(t, value) })
	}
}

func concurrentCreates(t *testing.T, value func(i int) any) {
	synctest.Test(t, func(t *testing.T) {
		server := robototest.Start(t, robototest.Options{InMemory: true})
		server.Latency(20 * time.Millisecond)
		cores := []*protocol.Core{protocol.NewCore(t, server), protocol.NewCore(t, server)}
		errs := make([]error, len(cores))
		var group sync.WaitGroup
		for i, c := range cores {
			group.Go(func() {
				errs[i] = c.Apply(fields{"name": "db", "value_wo": value(i)})
			})
		}
		group.Wait()
		winner := 0
		if errs[0] != nil {
			winner = 1
		}
		if errs[winner] != nil || errs[1-winner] == nil || !strings.Contains(errs[1-winner].Error(), "exists already") {
			t.Fatalf("the outcomes are %v and %v", errs[0], errs[1])
		}
		var stored any
		if value, _, written := server.Value(robototest.DefaultOrg, "db"); written {
			stored = value
		}
		if stored != value(winner) {
			t.Errorf("the value is %v", stored)
		}
		if cores[1-winner].State != nil {
			t.Error("the loser has a state")
		}
	})
}
