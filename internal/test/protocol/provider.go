// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// Package protocol speaks to the provider as Terraform does, in the test's own
// process. It shows what the terraform at hand may be too old for or keeps to
// itself, and runs in the fake time of testing/synctest. A Provider answers single
// calls; a Core keeps one secret's state over many of them.
package protocol

import (
	"context"
	"iter"
	"maps"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/roboto-ai/terraform-provider-roboto/internal/provider"
	"github.com/roboto-ai/terraform-provider-roboto/internal/settings"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// The types of the provider's resources and data sources.
const (
	TypeSecret        = "roboto_secret"
	TypeSecrets       = "roboto_secrets"
	TypeOrganizations = "roboto_organizations"

	typeActionInvoke = "roboto_action_invoke"
)

// Machine is what a provider finds around it: a Roboto, and nothing of the real
// machine.
type Machine struct {
	Vars map[string]string
	Home string
	// Dial connects; nil means real sockets.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

// NewMachine leads to a server.
func NewMachine(server *robototest.Server) Machine {
	m := Machine{Vars: map[string]string{}}
	for _, variable := range server.Env() {
		name, value, _ := strings.Cut(variable, "=")
		m.Vars[name] = value
	}
	return m
}

// Server is a provider on this machine, which sees later changes of it.
func (m *Machine) Server() tfprotov6.ProviderServer {
	return providerserver.NewProtocol6(provider.New("test", settings.Environment{
		Getenv:      func(name string) string { return m.Vars[name] },
		UserHomeDir: func() (string, error) { return m.Home, nil },
		DialContext: m.Dial,
	})())()
}

// Schemas is all that the provider tells of its schemas.
type Schemas struct {
	*tfprotov6.GetProviderSchemaResponse
	*tfprotov6.GetResourceIdentitySchemasResponse
}

// ReadSchemas asks a new provider.
func ReadSchemas(ctx context.Context) (Schemas, error) {
	server := new(Machine).Server()
	schemas, err := server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return Schemas{}, err
	}
	identities, err := server.GetResourceIdentitySchemas(ctx, &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		return Schemas{}, err
	}
	return Schemas{schemas, identities}, Outcome{Diagnostics: append(schemas.Diagnostics, identities.Diagnostics...)}.Err()
}

// The schemas are the same for each provider process, and reading them takes long.
var readSchemasOnce = sync.OnceValues(func() (Schemas, error) { return ReadSchemas(context.Background()) })

// Provider is one provider process.
type Provider struct {
	t testing.TB
	// deferral is what an experimental terraform offers.
	deferral bool
	// BeforeWriteOnly makes it a terraform before 1.11.
	BeforeWriteOnly bool
	server          providerServer
	// Schemas are all of the provider's.
	Schemas  Schemas
	secret   tftypes.Type
	identity tftypes.Type
}

type providerServer interface {
	tfprotov6.ProviderServer
	tfprotov6.ListResourceServer
	tfprotov6.ActionServer
}

// Instance is a secret as Terraform keeps it in state.
type Instance struct {
	State, Identity Fields
	Private         []byte
}

// Start starts a provider, which is to be configured.
func Start(t testing.TB, server tfprotov6.ProviderServer) *Provider {
	t.Helper()
	p := &Provider{t: t}
	p.server = as[providerServer](p, server)
	var err error
	p.Schemas, err = readSchemasOnce()
	p.ok(err)
	p.secret = p.Schemas.ResourceSchemas[TypeSecret].ValueType()
	p.identity = p.Schemas.IdentitySchemas[TypeSecret].ValueType()
	return p
}

// Configure gives the provider its settings. As Terraform does, it validates them first.
func (p *Provider) Configure(given Fields) Outcome {
	p.t.Helper()
	block := p.encodeBlock(p.Schemas.Provider.ValueType(), given)
	valid := call(p, p.server.ValidateProviderConfig, &tfprotov6.ValidateProviderConfigRequest{Config: block})
	if out := (Outcome{Diagnostics: valid.Diagnostics}); out.Err() != nil {
		return out
	}
	resp := call(p, p.server.ConfigureProvider, &tfprotov6.ConfigureProviderRequest{TerraformVersion: "1.14.0", Config: block})
	return Outcome{Diagnostics: resp.Diagnostics}
}

// In returns the same provider for a subtest.
func (p *Provider) In(t testing.TB) *Provider {
	same := *p
	same.t = t
	return &same
}

// Deferring returns the same provider, spoken to by a terraform that can defer.
func (p *Provider) Deferring() *Provider {
	able := *p
	able.deferral = true
	return &able
}

// Stop is Ctrl-C.
func (p *Provider) Stop() {
	_, err := p.server.StopProvider(context.Background(), &tfprotov6.StopProviderRequest{})
	p.ok(err)
}

// Plan plans the change of a secret to a configuration, whose nil means to
// destroy it, and returns the planned state and the attributes that replace it.
func (p *Provider) Plan(prior Instance, config Fields) (planned Fields, replaces []string, out Outcome) {
	plan, out := p.plan(prior, config)
	for _, path := range plan.RequiresReplace {
		replaces = append(replaces, path.String())
	}
	return p.decode(p.secret, plan.PlannedState), replaces, out
}

// plan validates first, as Terraform does. What validation says is for Validate to test.
func (p *Provider) plan(prior Instance, config Fields) (*tfprotov6.PlanResourceChangeResponse, Outcome) {
	if config != nil {
		p.Validate(config)
	}
	resp := call(p, p.server.PlanResourceChange, &tfprotov6.PlanResourceChangeRequest{
		TypeName:           TypeSecret,
		PriorState:         p.encode(p.secret, prior.State),
		PriorPrivate:       prior.Private,
		PriorIdentity:      p.encodeIdentity(prior.Identity),
		Config:             p.encode(p.secret, config),
		ProposedNewState:   p.encode(p.secret, p.proposed(prior.State, config)),
		ClientCapabilities: &tfprotov6.PlanResourceChangeClientCapabilities{DeferralAllowed: p.deferral},
	})
	return resp, Outcome{resp.Diagnostics, resp.Deferred}
}

// proposed is what Terraform proposes to a provider: the configuration, with
// computed attributes as they were and without write-only ones.
func (p *Provider) proposed(prior, config Fields) Fields {
	if config == nil {
		return nil
	}
	proposed := maps.Clone(config)
	for _, attribute := range p.Schemas.ResourceSchemas[TypeSecret].Block.Attributes {
		switch name := attribute.Name; {
		case attribute.WriteOnly:
			delete(proposed, name)
		case attribute.Computed && config[name] == nil:
			proposed[name] = prior[name]
		}
	}
	return proposed
}

// Apply plans and applies a configuration, which must succeed.
func (p *Provider) Apply(prior Instance, config Fields) Instance {
	p.t.Helper()
	applied, out := p.TryApply(prior, config)
	p.Succeeds(out)
	return applied
}

// TryApply plans and applies, unless planning fails.
func (p *Provider) TryApply(prior Instance, config Fields) (Instance, Outcome) {
	plan, out := p.plan(prior, config)
	if out.Err() != nil || out.Deferred != nil {
		return prior, out
	}
	return p.applyPlanned(prior, config, plan)
}

func (p *Provider) applyPlanned(prior Instance, config Fields, plan *tfprotov6.PlanResourceChangeResponse) (Instance, Outcome) {
	resp := call(p, p.server.ApplyResourceChange, &tfprotov6.ApplyResourceChangeRequest{
		TypeName:        TypeSecret,
		PriorState:      p.encode(p.secret, prior.State),
		PlannedState:    plan.PlannedState,
		PlannedPrivate:  plan.PlannedPrivate,
		PlannedIdentity: plan.PlannedIdentity,
		Config:          p.encode(p.secret, config),
	})
	return Instance{p.decode(p.secret, resp.NewState), p.decodeIdentity(resp.NewIdentity), resp.Private},
		Outcome{Diagnostics: resp.Diagnostics}
}

// Read refreshes a secret.
func (p *Provider) Read(current Instance) (Instance, Outcome) {
	resp := call(p, p.server.ReadResource, &tfprotov6.ReadResourceRequest{
		TypeName:           TypeSecret,
		CurrentState:       p.encode(p.secret, current.State),
		CurrentIdentity:    p.encodeIdentity(current.Identity),
		Private:            current.Private,
		ClientCapabilities: &tfprotov6.ReadResourceClientCapabilities{DeferralAllowed: p.deferral},
	})
	return Instance{p.decode(p.secret, resp.NewState), p.decodeIdentity(resp.NewIdentity), resp.Private},
		Outcome{resp.Diagnostics, resp.Deferred}
}

// Import imports a secret by ID or, if that is empty, by identity. As with
// Terraform, a read has to follow.
func (p *Provider) Import(id string, identity Fields) (Instance, Outcome) {
	resp := call(p, p.server.ImportResourceState, &tfprotov6.ImportResourceStateRequest{
		TypeName:           TypeSecret,
		ID:                 id,
		Identity:           p.encodeIdentity(identity),
		ClientCapabilities: &tfprotov6.ImportResourceStateClientCapabilities{DeferralAllowed: p.deferral},
	})
	out := Outcome{resp.Diagnostics, resp.Deferred}
	if len(resp.ImportedResources) != 1 {
		return Instance{}, out
	}
	imported := resp.ImportedResources[0]
	return Instance{p.decode(p.secret, imported.State), p.decodeIdentity(imported.Identity), imported.Private}, out
}

// ReadDataSource reads a data source with a configuration.
func (p *Provider) ReadDataSource(typeName string, config Fields) (Fields, Outcome) {
	schema := p.Schemas.DataSourceSchemas[typeName].ValueType()
	resp := call(p, p.server.ReadDataSource, &tfprotov6.ReadDataSourceRequest{
		TypeName:           typeName,
		Config:             p.encodeBlock(schema, config),
		ClientCapabilities: &tfprotov6.ReadDataSourceClientCapabilities{DeferralAllowed: p.deferral},
	})
	return p.decode(schema, resp.State), Outcome{resp.Diagnostics, resp.Deferred}
}

// OpenEphemeral opens the ephemeral resource with a configuration.
func (p *Provider) OpenEphemeral(config Fields) (Fields, Outcome) {
	schema := p.Schemas.EphemeralResourceSchemas[TypeSecret].ValueType()
	resp := call(p, p.server.OpenEphemeralResource, &tfprotov6.OpenEphemeralResourceRequest{
		TypeName:           TypeSecret,
		Config:             p.encodeBlock(schema, config),
		ClientCapabilities: &tfprotov6.OpenEphemeralResourceClientCapabilities{DeferralAllowed: p.deferral},
	})
	return p.decode(schema, resp.Result), Outcome{resp.Diagnostics, resp.Deferred}
}

// Validate validates the configuration of the resource.
func (p *Provider) Validate(config Fields) Outcome {
	resp := call(p, p.server.ValidateResourceConfig, &tfprotov6.ValidateResourceConfigRequest{
		TypeName:           TypeSecret,
		Config:             p.encode(p.secret, config),
		ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{WriteOnlyAttributesAllowed: !p.BeforeWriteOnly},
	})
	return Outcome{Diagnostics: resp.Diagnostics}
}

// ValidateList validates the configuration of the list resource.
func (p *Provider) ValidateList(config Fields) Outcome {
	resp := call(p, p.server.ValidateListResourceConfig, &tfprotov6.ValidateListResourceConfigRequest{
		TypeName: TypeSecret,
		Config:   p.encodeBlock(p.Schemas.ListResourceSchemas[TypeSecret].ValueType(), config),
	})
	return Outcome{Diagnostics: resp.Diagnostics}
}

func (p *Provider) encodeAction(config Fields) *tfprotov6.DynamicValue {
	return p.encodeBlock(p.Schemas.ActionSchemas[typeActionInvoke].Schema.ValueType(), config)
}

// ValidateAction validates the configuration of the action.
func (p *Provider) ValidateAction(config Fields) Outcome {
	resp := call(p, p.server.ValidateActionConfig, &tfprotov6.ValidateActionConfigRequest{
		ActionType: typeActionInvoke, Config: p.encodeAction(config),
	})
	return Outcome{Diagnostics: resp.Diagnostics}
}

// PlanAction plans the action.
func (p *Provider) PlanAction(config Fields) Outcome {
	resp := call(p, p.server.PlanAction, &tfprotov6.PlanActionRequest{
		ActionType:         typeActionInvoke,
		Config:             p.encodeAction(config),
		ClientCapabilities: &tfprotov6.PlanActionClientCapabilities{DeferralAllowed: p.deferral},
	})
	return Outcome{resp.Diagnostics, resp.Deferred}
}

// InvokeAction invokes the action, and returns its progress line by line.
func (p *Provider) InvokeAction(config Fields) (progress []string, out Outcome) {
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

// Listing is a list block: 0 is no limit.
type Listing struct {
	Config          Fields
	Limit           int64
	IncludeResource bool
}

// Listed is one result of it.
type Listed struct {
	DisplayName        string
	Identity, Resource Fields
	Outcome
}

// List gives the results one by one. Whoever stops taking them stops the provider.
func (p *Provider) List(l Listing) iter.Seq[Listed] {
	stream := call(p, p.server.ListResource, &tfprotov6.ListResourceRequest{
		TypeName:        TypeSecret,
		Config:          p.encodeBlock(p.Schemas.ListResourceSchemas[TypeSecret].ValueType(), l.Config),
		IncludeResource: l.IncludeResource,
		Limit:           l.Limit,
	})
	return func(yield func(Listed) bool) {
		for result := range stream.Results {
			listed := Listed{
				DisplayName: result.DisplayName,
				Identity:    p.decodeIdentity(result.Identity),
				Resource:    p.decode(p.secret, result.Resource),
				Outcome:     Outcome{Diagnostics: result.Diagnostics},
			}
			if !yield(listed) {
				return
			}
		}
	}
}

// Call calls a function with strings, nil for null.
func (p *Provider) Call(name string, arguments ...any) (any, *tfprotov6.FunctionError) {
	request := &tfprotov6.CallFunctionRequest{Name: name}
	for _, argument := range arguments {
		encoded, err := tfprotov6.NewDynamicValue(tftypes.String, tftypes.NewValue(tftypes.String, argument))
		p.ok(err)
		request.Arguments = append(request.Arguments, &encoded)
	}
	resp := call(p, p.server.CallFunction, request)
	if resp.Error != nil {
		return nil, resp.Error
	}
	result, err := resp.Result.Unmarshal(p.Schemas.Functions[name].Return.Type)
	p.ok(err)
	return p.plain(result), nil
}

// call makes a call, and ends the test if it failed by itself.
func call[Request, Response any](p *Provider, method func(context.Context, Request) (Response, error), request Request) Response {
	p.t.Helper()
	response, err := method(p.t.Context(), request)
	p.ok(err)
	return response
}

// ok ends the test if there is an error that it is not about.
func (p *Provider) ok(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// as ends the test unless the value is of the type.
func as[T any](p *Provider, value any) T {
	p.t.Helper()
	typed, ok := value.(T)
	if !ok {
		p.t.Fatalf("%T is not expected here", value)
	}
	return typed
}

// Equal compares what a test got with what it expected.
func (p *Provider) Equal(what string, got, want any) {
	p.t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		p.t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}
