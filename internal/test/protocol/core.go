// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package protocol

import (
	"errors"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// Core does what Terraform's core does with one roboto_secret. Each apply is a
// provider of its own, as in real life.
type Core struct {
	Machine
	// Instance is the secret's, with no State while there is none.
	Instance
	Settings Fields
	Roboto   *robototest.Server
	Tainted  bool
	// Warning is all that was warned of since the latest start, which was at Began.
	Warning error
	Began   time.Time

	t testing.TB
	// warning guards Warning, because calls of one process may run at the same time.
	warning sync.Mutex
	// running is the provider of the operation under way.
	running atomic.Pointer[Provider]
}

// NewCore works with a server that is in memory.
func NewCore(t testing.TB, server *robototest.Server) *Core {
	c := &Core{t: t, Roboto: server, Machine: NewMachine(server), Settings: Fields{}}
	c.Dial = server.DialContext
	return c
}

// Session is one provider process at work on a secret.
type Session struct {
	*Core
	*Provider
}

// Start starts and configures a provider process.
func (c *Core) Start() (*Session, error) {
	p := Start(c.t, c.Server())
	c.running.Store(p)
	c.Warning, c.Began = nil, time.Now()
	return &Session{c, p}, c.errorOf(p.Configure(c.Settings))
}

// errorOf keeps the warnings.
func (c *Core) errorOf(out Outcome) error {
	c.warning.Lock()
	defer c.warning.Unlock()
	c.Warning = errors.Join(c.Warning, out.Warning())
	return out.Err()
}

// With is the same process at work on another secret.
func (s *Session) With(c *Core) *Session { return &Session{c, s.Provider} }

// Interrupt is Ctrl-C.
func (c *Core) Interrupt() { c.running.Load().Stop() }

// Apply refreshes, plans and applies a configuration; nil destroys.
func (c *Core) Apply(config Fields) error {
	s, err := c.refreshed()
	if err != nil {
		return err
	}
	if config == nil {
		return s.Change(nil)
	}
	if err := s.errorOf(s.Validate(config)); err != nil {
		return err
	}
	if c.Tainted && c.State != nil {
		return s.ReplaceTainted(config)
	}
	if empty, err := s.planIsEmpty(config); empty || err != nil {
		return err
	}
	return s.Change(config)
}

// PlanIsEmpty refreshes and plans, and tells whether nothing is to be done.
func (c *Core) PlanIsEmpty(config Fields) (bool, error) {
	s, err := c.refreshed()
	if err != nil {
		return false, err
	}
	return s.planIsEmpty(config)
}

func (c *Core) refreshed() (*Session, error) {
	s, err := c.Start()
	if err != nil {
		return nil, err
	}
	return s, s.Refresh()
}

// ReadData reads a data source.
func (c *Core) ReadData(typeName string, config Fields) (Fields, error) {
	s, err := c.Start()
	if err != nil {
		return nil, err
	}
	state, out := s.ReadDataSource(typeName, config)
	return state, s.errorOf(out)
}

// OpenEphemeral opens the ephemeral resource.
func (c *Core) OpenEphemeral(config Fields) (Fields, error) {
	s, err := c.Start()
	if err != nil {
		return nil, err
	}
	result, out := s.Provider.OpenEphemeral(config)
	return result, s.errorOf(out)
}

// ImportID imports the secret. As with Terraform, a refresh has to follow.
func (c *Core) ImportID(id string) error {
	s, err := c.Start()
	if err != nil {
		return err
	}
	imported, out := s.Import(id, nil)
	if err = s.errorOf(out); err == nil {
		c.Instance = imported
	}
	return err
}

// RunAction validates, plans and invokes the action, as -invoke does, and returns its
// progress.
func (c *Core) RunAction(config Fields) (progress []string, err error) {
	s, err := c.Start()
	if err != nil {
		return nil, err
	}
	for _, step := range []func(Fields) Outcome{s.ValidateAction, s.PlanAction} {
		if err := s.errorOf(step(config)); err != nil {
			return nil, err
		}
	}
	progress, out := s.InvokeAction(config)
	return progress, s.errorOf(out)
}

// Refresh reads the secret, if there is one.
func (s *Session) Refresh() error {
	if s.State == nil {
		return nil
	}
	current, out := s.Read(s.Instance)
	err := s.errorOf(out)
	if err == nil {
		s.Instance = current
	}
	return err
}

// Planned is a plan that may be applied later.
type Planned struct {
	config Fields
	resp   *tfprotov6.PlanResourceChangeResponse
}

// With returns the plan with the configuration that its apply sees: ignore_changes hides a value
// from the plan alone.
func (p Planned) With(config Fields) Planned {
	p.config = config
	return p
}

// Plan plans a configuration; nil destroys.
func (s *Session) Plan(config Fields) (Planned, error) {
	resp, out := s.Provider.plan(s.Instance, config)
	return Planned{config, resp}, s.errorOf(out)
}

func (s *Session) planIsEmpty(config Fields) (bool, error) {
	plan, err := s.Plan(config)
	return err == nil && !s.Tainted && reflect.DeepEqual(s.decode(s.secret, plan.resp.PlannedState), s.State), err
}

// Change plans a configuration, once more as terraform does while applying, and
// applies it; nil destroys.
func (s *Session) Change(config Fields) error {
	if config == nil && s.State == nil {
		return nil
	}
	plan, err := s.Plan(config)
	if err != nil {
		return err
	}
	if len(plan.resp.RequiresReplace) > 0 {
		return s.replace(config, plan.resp.PlannedPrivate)
	}
	return s.ApplyPlanned(plan)
}

// ReplaceTainted replaces the secret as Terraform does if it is tainted: without its
// private data.
func (s *Session) ReplaceTainted(config Fields) error {
	return s.replace(config, nil)
}

// PlanReplacement plans to replace the secret, and returns the plan of its deletion, as a saved
// plan has it.
func (s *Session) PlanReplacement(config Fields) (Planned, error) {
	plan, err := s.Plan(config)
	if err != nil {
		return Planned{}, err
	}
	return s.planDeletion(config, plan.resp.PlannedPrivate)
}

// planDeletion plans a create with the private data of an earlier plan, and hands on to the
// deletion what comes of it.
func (s *Session) planDeletion(config Fields, private []byte) (Planned, error) {
	prior := s.Instance
	s.Instance = Instance{Private: private}
	creation, err := s.Plan(config)
	s.Instance = prior
	if err != nil {
		return Planned{}, err
	}
	return Planned{resp: &tfprotov6.PlanResourceChangeResponse{PlannedState: s.encode(s.secret, nil), PlannedPrivate: creation.resp.PlannedPrivate}}, nil
}

// replace deletes the secret and creates it again.
func (s *Session) replace(config Fields, private []byte) error {
	deletion, err := s.planDeletion(config, private)
	if err != nil {
		return err
	}
	if err := s.ApplyPlanned(deletion); err != nil {
		return err
	}
	return s.Change(config)
}

// ApplyPlanned applies a plan.
func (s *Session) ApplyPlanned(plan Planned) error {
	creating := s.State == nil
	applied, out := s.applyPlanned(s.Instance, plan.config, plan.resp)
	s.Instance = applied
	err := s.errorOf(out)
	switch {
	case s.State == nil:
		s.Instance, s.Tainted = Instance{}, false
	case creating:
		s.Tainted = err != nil
	}
	return err
}

// Must ends the test if something failed that is not what it is about.
func (c *Core) Must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

// MustStart is Start for a test that is not about the settings.
func (c *Core) MustStart() *Session {
	c.t.Helper()
	s, err := c.Start()
	c.Must(err)
	return s
}
