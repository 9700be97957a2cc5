// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package lives

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// core is Terraform with one secret, or what does the same.
type core interface {
	Apply(config edit) error
	PlanIsEmpty(config edit) (bool, error)
	// Import forgets the secret and imports the one of the name.
	Import(name string) error
	// Interrupt is Ctrl-C.
	Interrupt()
	// Kill ends all processes at once.
	Kill()
	// State is nil if there is no secret.
	State() (state map[string]any, tainted bool)
	// Kept is all that is stored, and what was printed last.
	Kept() string
}

// inFakeTime lives a life with the provider alone.
func inFakeTime(t *testing.T, l life) *wrong {
	var found *wrong
	synctest.Test(t, func(t *testing.T) {
		w, err := newWorld(robototest.Options{InMemory: true}, func() { time.Sleep(time.Second) })
		if err != nil {
			t.Fatal(err)
		}
		defer w.roboto.Close()
		w.core = &provider{Core: protocol.NewCore(recorder{t, w}, w.roboto)}
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

// provider is the provider without Terraform.
type provider struct {
	*protocol.Core
	killed atomic.Bool
}

func (p *provider) Apply(config edit) error {
	before, tainted := p.Instance, p.Tainted
	p.killed.Store(false)
	err := p.Core.Apply(fields(config))
	if p.killed.Load() {
		p.Instance, p.Tainted = before, tainted
	}
	return err
}

func (p *provider) PlanIsEmpty(config edit) (bool, error) { return p.Core.PlanIsEmpty(fields(config)) }

func (p *provider) Import(name string) error {
	p.Instance, p.Tainted = protocol.Instance{}, false
	return errors.Join(p.ImportID(name), p.MustStart().Refresh())
}

// Kill loses the state of the apply.
func (p *provider) Kill() { p.killed.Store(true) }

func (p *provider) State() (map[string]any, bool) { return p.Instance.State, p.Tainted }

func (p *provider) Kept() string {
	return fmt.Sprint(p.Instance.State, p.Identity, string(p.Private), p.Warning)
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
