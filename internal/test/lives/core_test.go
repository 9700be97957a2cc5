// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package lives

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// inFakeTime lives a life.
func inFakeTime(t *testing.T, l life) *wrong {
	var found *wrong
	synctest.Test(t, func(t *testing.T) {
		w := &world{others: map[string]int{}, theirs: map[string]bool{}, turn: make(chan struct{}, 1)}
		w.roboto = robototest.Start(recorder{t, w}, robototest.Options{InMemory: true, User: user, OnRequest: w.request})
		w.core = &core{Core: protocol.NewCore(recorder{t, w}, w.roboto)}
		found = w.live(l)
	})
	return found
}

// recorder is a test that goes on when something fails, so that the life can be printed
// and shortened.
type recorder struct {
	testing.TB
	*world
}

func (r recorder) Errorf(format string, args ...any) { r.fail(format, args...) }
func (r recorder) Error(args ...any)                 { r.fail("%s", fmt.Sprint(args...)) }
func (r recorder) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
func (r recorder) Fatal(args ...any)                 { panic(fmt.Sprint(args...)) }

// core is Terraform's core, which can be killed.
type core struct {
	*protocol.Core
	killed atomic.Bool
}

func (c *core) apply(config edit) error {
	before, tainted := c.Instance, c.Tainted
	c.killed.Store(false)
	err := c.Apply(fields(config))
	if c.killed.Load() { // which loses the state
		c.Instance, c.Tainted = before, tainted
	}
	return err
}

// importName forgets the secret and imports the one of the name.
func (c *core) importName(name string) error {
	c.Instance, c.Tainted = protocol.Instance{}, false
	return errors.Join(c.ImportID(name), c.MustStart().Refresh())
}

// kept is all that is stored, and what was printed last.
func (c *core) kept() string {
	return fmt.Sprint(c.State, c.Identity, string(c.Private), c.Warning)
}

// fields is the configuration for the provider, nil if there is no resource.
func fields(config edit) protocol.Fields {
	if config.Name == "" {
		return nil
	}
	fields := protocol.Fields{"name": config.Name}
	if config.Value != "" {
		fields["value_wo"] = text(config.Value)
	}
	if config.Version != "" {
		fields["value_wo_version"] = config.Version
	}
	if config.Drift {
		fields["detect_value_drift"] = true
	}
	return fields
}
