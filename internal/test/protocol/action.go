// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package protocol

import (
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// typeActionInvoke is the type of the provider's action.
const typeActionInvoke = "roboto_action_invoke"

func (p *Provider) encodeAction(config Fields) *tfprotov6.DynamicValue {
	p.t.Helper()
	return p.encodeBlock(p.Schemas.ActionSchemas[typeActionInvoke].Schema.ValueType(), config)
}

// ValidateAction validates the configuration of the action.
func (p *Provider) ValidateAction(config Fields) Outcome {
	p.t.Helper()
	resp := call(p, p.server.ValidateActionConfig, &tfprotov6.ValidateActionConfigRequest{
		ActionType: typeActionInvoke, Config: p.encodeAction(config),
	})
	return Outcome{Diagnostics: resp.Diagnostics}
}

// PlanAction plans the action.
func (p *Provider) PlanAction(config Fields) Outcome {
	p.t.Helper()
	resp := call(p, p.server.PlanAction, &tfprotov6.PlanActionRequest{
		ActionType:         typeActionInvoke,
		Config:             p.encodeAction(config),
		ClientCapabilities: &tfprotov6.PlanActionClientCapabilities{DeferralAllowed: p.deferral},
	})
	return Outcome{resp.Diagnostics, resp.Deferred}
}

// InvokeAction invokes the action, and returns its progress line by line.
func (p *Provider) InvokeAction(config Fields) (progress []string, out Outcome) {
	p.t.Helper()
	stream := call(p, p.server.InvokeAction, &tfprotov6.InvokeActionRequest{
		ActionType: typeActionInvoke, Config: p.encodeAction(config), ClientCapabilities: &tfprotov6.InvokeActionClientCapabilities{},
	})
	for event := range stream.Events {
		switch event := event.Type.(type) {
		case tfprotov6.ProgressInvokeActionEventType:
			progress = append(progress, event.Message)
		case tfprotov6.CompletedInvokeActionEventType:
			out.Diagnostics = event.Diagnostics
		}
	}
	return progress, out
}

// RunAction validates, plans and invokes the action, as -invoke does, and returns its
// progress.
func (c *Core) RunAction(config Fields) ([]string, error) {
	c.t.Helper()
	c.Latest = Deed{Config: config, Do: func(config Fields) error {
		_, err := c.RunAction(config)
		return err
	}}
	s, err := c.Start()
	if err != nil {
		return nil, err
	}
	if err := s.errorOf(s.ValidateAction(config)); err != nil {
		return nil, err
	}
	if err := s.errorOf(s.PlanAction(config)); err != nil {
		return nil, err
	}
	progress, out := s.InvokeAction(config)
	return progress, s.errorOf(out)
}
