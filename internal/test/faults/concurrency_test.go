// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// Two configurations share an organization; one creates and destroys what the
// other lists, reads and manages too. AWS takes a while to let a name go.
func TestConcurrentConfigurations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := robototest.Start(t, robototest.Options{InMemory: true, PageSize: 2})
		server.Latency(20 * time.Millisecond)
		server.DelayReuse(2)
		ctx := t.Context()
		for i := range 5 {
			server.AddSecret(robototest.DefaultOrg, fmt.Sprintf("other-%d", i))
		}
		config := attributes{"name": text("db"), "value_wo": text(canary), "value_wo_version": text("1")}
		var group sync.WaitGroup
		loop := func(name string, acceptable string, operation func(context.Context, *core) error) {
			group.Go(func() {
				c := newCore(t, server)
				for range 20 {
					if err := operation(ctx, c); err != nil && (acceptable == "" || !strings.Contains(err.Error(), acceptable)) {
						t.Errorf("%s: %v", name, err)
					}
				}
			})
		}
		loop("create and destroy", "", func(ctx context.Context, c *core) error {
			if err := c.apply(ctx, config); err != nil {
				return err
			}
			return c.apply(ctx, nil)
		})
		loop("list", "", func(ctx context.Context, c *core) error {
			names, err := c.readSecrets(ctx)
			if err == nil && len(names) < 5 {
				err = fmt.Errorf("the list lacks secrets: %v", names)
			}
			return err
		})
		loop("read", "RobotoNotFoundException", func(ctx context.Context, c *core) error {
			_, err := c.readData(ctx, "roboto_secret", attributes{"name": text("db")})
			return err
		})
		loop("refresh a copy in another state", `There is no secret "db" in the organization og_test`, func(ctx context.Context, c *core) error {
			if err := c.importID(ctx, "db@og_test"); err != nil {
				return err
			}
			s, err := c.start(ctx)
			if err != nil {
				return err
			}
			if err := s.refresh(ctx); err != nil {
				return err // the first refresh belongs to the import
			}
			if err := s.refresh(ctx); err != nil {
				return fmt.Errorf("after the import: %s", strings.ReplaceAll(err.Error(), "There is", "there is"))
			}
			return nil
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
	for name, value := range map[string]func(i int) tftypes.Value{
		"with a value":    func(i int) tftypes.Value { return text(fmt.Sprint("value of ", i)) },
		"without a value": func(int) tftypes.Value { return tftypes.NewValue(tftypes.String, nil) },
	} {
		t.Run(name, func(t *testing.T) { concurrentCreates(t, value) })
	}
}

func concurrentCreates(t *testing.T, value func(i int) tftypes.Value) {
	synctest.Test(t, func(t *testing.T) {
		server := robototest.Start(t, robototest.Options{InMemory: true})
		server.Latency(20 * time.Millisecond)
		cores := []*core{newCore(t, server), newCore(t, server)}
		errs := make([]error, len(cores))
		var group sync.WaitGroup
		for i, c := range cores {
			group.Go(func() {
				errs[i] = c.apply(t.Context(), attributes{"name": text("db"), "value_wo": value(i)})
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
		stored := tftypes.NewValue(tftypes.String, nil)
		if value, _, written := server.Value(robototest.DefaultOrg, "db"); written {
			stored = text(value)
		}
		if !stored.Equal(value(winner)) {
			t.Errorf("the value is %s", stored)
		}
		if !cores[1-winner].state.IsNull() {
			t.Error("the loser has a state")
		}
	})
}
