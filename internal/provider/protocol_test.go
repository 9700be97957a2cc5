// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"
)

const (
	typeSecret  = "roboto_secret"
	typeSecrets = "roboto_secrets"
)

// protocol is a configured provider, spoken to as Terraform speaks to it. It
// shows what the terraform at hand may be too old for or keeps to itself.
type protocol struct {
	t *testing.T
	// deferral is what an experimental terraform offers.
	deferral bool
	server   protocolServer
	schemas  *tfprotov6.GetProviderSchemaResponse
	secret   tftypes.Type
	identity tftypes.Type
}

type protocolServer interface {
	tfprotov6.ProviderServer
	tfprotov6.ListResourceServer
}

// fields are a configuration, a state or an identity: strings, bools, lists and
// maps, or unknown. What is absent is null, and nil is null as a whole. What is
// unknown as a whole has only unknown fields.
type fields map[string]any

type unknownField struct{}

func (unknownField) String() string { return "unknown" }

var unknown = unknownField{}

// outcome is what an answer says besides its result.
type outcome struct {
	diagnostics []*tfprotov6.Diagnostic
	deferred    *tfprotov6.Deferred
}

// instance is a secret as Terraform keeps it in state.
type instance struct {
	state, identity fields
	private         []byte
}

// protocol configures a provider with the settings.
func (e *environment) protocol(settings fields) *protocol {
	e.t.Helper()
	p := &protocol{t: e.t}
	server, err := e.factories()["roboto"]()
	p.ok(err)
	p.server = as[protocolServer](p, server)
	ctx := e.t.Context()
	p.schemas, err = p.server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	p.ok(err)
	p.succeeds(outcome{diagnostics: p.schemas.Diagnostics})
	p.secret = p.schemas.ResourceSchemas[typeSecret].ValueType()
	identities, err := p.server.GetResourceIdentitySchemas(ctx, &tfprotov6.GetResourceIdentitySchemasRequest{})
	p.ok(err)
	p.identity = identities.IdentitySchemas[typeSecret].ValueType()
	resp, err := p.server.ConfigureProvider(ctx, &tfprotov6.ConfigureProviderRequest{
		TerraformVersion: "1.14.0",
		Config:           p.encode(p.schemas.Provider.ValueType(), settings),
	})
	p.ok(err)
	p.succeeds(outcome{diagnostics: resp.Diagnostics})
	return p
}

// in returns the same environment for a subtest.
func (e *environment) in(t *testing.T) *environment {
	same := *e
	same.t = t
	return &same
}

// in returns the same provider for a subtest.
func (p *protocol) in(t *testing.T) *protocol {
	same := *p
	same.t = t
	return &same
}

// deferring returns the same provider, spoken to by a terraform that can defer.
func (p *protocol) deferring() *protocol {
	able := *p
	able.deferral = true
	return &able
}

// plan plans the change of a secret to a configuration, whose nil means to
// destroy it, and returns the planned state and the attributes that replace it.
func (p *protocol) plan(prior instance, config fields) (planned fields, replaces []string, out outcome) {
	p.t.Helper()
	resp, err := p.planChange(prior, config)
	p.ok(err)
	for _, path := range resp.RequiresReplace {
		replaces = append(replaces, path.String())
	}
	return p.decode(p.secret, resp.PlannedState), replaces, outcome{resp.Diagnostics, resp.Deferred}
}

func (p *protocol) planChange(prior instance, config fields) (*tfprotov6.PlanResourceChangeResponse, error) {
	return p.server.PlanResourceChange(p.t.Context(), &tfprotov6.PlanResourceChangeRequest{
		TypeName:           typeSecret,
		PriorState:         p.encode(p.secret, prior.state),
		PriorPrivate:       prior.private,
		PriorIdentity:      p.encodeIdentity(prior.identity),
		Config:             p.encode(p.secret, config),
		ProposedNewState:   p.encode(p.secret, p.proposed(prior.state, config)),
		ClientCapabilities: &tfprotov6.PlanResourceChangeClientCapabilities{DeferralAllowed: p.deferral},
	})
}

// proposed is what Terraform proposes to a provider: the configuration, with
// computed attributes as they were and without write-only ones.
func (p *protocol) proposed(prior, config fields) fields {
	if config == nil {
		return nil
	}
	proposed := maps.Clone(config)
	for _, attribute := range p.schemas.ResourceSchemas[typeSecret].Block.Attributes {
		switch name := attribute.Name; {
		case attribute.WriteOnly:
			delete(proposed, name)
		case attribute.Computed && config[name] == nil:
			proposed[name] = prior[name]
		}
	}
	return proposed
}

// apply plans and applies a configuration, which must succeed.
func (p *protocol) apply(prior instance, config fields) instance {
	p.t.Helper()
	applied, out := p.tryApply(prior, config)
	p.succeeds(out)
	return applied
}

// tryApply plans, which must succeed, and applies.
func (p *protocol) tryApply(prior instance, config fields) (instance, outcome) {
	p.t.Helper()
	plan, err := p.planChange(prior, config)
	p.ok(err)
	p.succeeds(outcome{plan.Diagnostics, plan.Deferred})
	resp, err := p.server.ApplyResourceChange(p.t.Context(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName:        typeSecret,
		PriorState:      p.encode(p.secret, prior.state),
		PlannedState:    plan.PlannedState,
		PlannedPrivate:  plan.PlannedPrivate,
		PlannedIdentity: plan.PlannedIdentity,
		Config:          p.encode(p.secret, config),
	})
	p.ok(err)
	return instance{p.decode(p.secret, resp.NewState), p.decodeIdentity(resp.NewIdentity), resp.Private},
		outcome{diagnostics: resp.Diagnostics}
}

func (p *protocol) read(current instance) (instance, outcome) {
	p.t.Helper()
	resp, err := p.server.ReadResource(p.t.Context(), &tfprotov6.ReadResourceRequest{
		TypeName:           typeSecret,
		CurrentState:       p.encode(p.secret, current.state),
		CurrentIdentity:    p.encodeIdentity(current.identity),
		Private:            current.private,
		ClientCapabilities: &tfprotov6.ReadResourceClientCapabilities{DeferralAllowed: p.deferral},
	})
	p.ok(err)
	return instance{p.decode(p.secret, resp.NewState), p.decodeIdentity(resp.NewIdentity), resp.Private},
		outcome{resp.Diagnostics, resp.Deferred}
}

// importSecret imports by ID or, if that is empty, by identity. As with
// Terraform, a read has to follow.
func (p *protocol) importSecret(id string, identity fields) (instance, outcome) {
	p.t.Helper()
	resp, err := p.server.ImportResourceState(p.t.Context(), &tfprotov6.ImportResourceStateRequest{
		TypeName:           typeSecret,
		ID:                 id,
		Identity:           p.encodeIdentity(identity),
		ClientCapabilities: &tfprotov6.ImportResourceStateClientCapabilities{DeferralAllowed: p.deferral},
	})
	p.ok(err)
	out := outcome{resp.Diagnostics, resp.Deferred}
	if len(resp.ImportedResources) != 1 {
		return instance{}, out
	}
	imported := resp.ImportedResources[0]
	return instance{p.decode(p.secret, imported.State), p.decodeIdentity(imported.Identity), imported.Private}, out
}

func (p *protocol) readDataSource(typeName string, config fields) (fields, outcome) {
	p.t.Helper()
	schema := p.schemas.DataSourceSchemas[typeName].ValueType()
	resp, err := p.server.ReadDataSource(p.t.Context(), &tfprotov6.ReadDataSourceRequest{
		TypeName:           typeName,
		Config:             p.encode(schema, config),
		ClientCapabilities: &tfprotov6.ReadDataSourceClientCapabilities{DeferralAllowed: p.deferral},
	})
	p.ok(err)
	return p.decode(schema, resp.State), outcome{resp.Diagnostics, resp.Deferred}
}

func (p *protocol) openEphemeral(config fields) (fields, outcome) {
	p.t.Helper()
	schema := p.schemas.EphemeralResourceSchemas[typeSecret].ValueType()
	resp, err := p.server.OpenEphemeralResource(p.t.Context(), &tfprotov6.OpenEphemeralResourceRequest{
		TypeName:           typeSecret,
		Config:             p.encode(schema, config),
		ClientCapabilities: &tfprotov6.OpenEphemeralResourceClientCapabilities{DeferralAllowed: p.deferral},
	})
	p.ok(err)
	return p.decode(schema, resp.Result), outcome{resp.Diagnostics, resp.Deferred}
}

// versionCheck is one of terraform-plugin-testing's, whose skip also says what
// was not shown.
type versionCheck struct {
	what  string
	check tfversion.TerraformVersionCheck
}

func orSkip(what string, check tfversion.TerraformVersionCheck) tfversion.TerraformVersionCheck {
	return versionCheck{what, check}
}

func (v versionCheck) CheckTerraformVersion(ctx context.Context, req tfversion.CheckTerraformVersionRequest, resp *tfversion.CheckTerraformVersionResponse) {
	v.check.CheckTerraformVersion(ctx, req, resp)
	if resp.Skip != "" {
		resp.Skip += fmt.Sprintf("; %s was shown at the level of the protocol only", v.what)
	}
}

// ok ends the test if a call failed by itself.
func (p *protocol) ok(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// as ends the test unless the value is of the type.
func as[T any](p *protocol, value any) T {
	p.t.Helper()
	typed, ok := value.(T)
	if !ok {
		p.t.Fatalf("%T is not expected here", value)
	}
	return typed
}

// succeeds ends the test if there is an error, or a deferral.
func (p *protocol) succeeds(out outcome) {
	p.t.Helper()
	if text := out.text(tfprotov6.DiagnosticSeverityError); text != "" {
		p.t.Fatalf("unexpected error:\n%s", text)
	}
	if out.deferred != nil {
		p.t.Fatalf("deferred: %s", out.deferred.Reason)
	}
}

// fails ends the test unless there is an error, which should hold each of the texts.
func (p *protocol) fails(out outcome, texts ...string) {
	p.t.Helper()
	got := out.text(tfprotov6.DiagnosticSeverityError)
	if got == "" {
		p.t.Fatal("there was no error")
	}
	for _, text := range texts {
		if !strings.Contains(got, text) {
			p.t.Errorf("%q is not in the error:\n%s", text, got)
		}
	}
}

func (o outcome) text(severity tfprotov6.DiagnosticSeverity) string {
	var text strings.Builder
	for _, d := range o.diagnostics {
		if d.Severity == severity {
			fmt.Fprintf(&text, "%s\n%s\n", d.Summary, d.Detail)
		}
	}
	return text.String()
}

// defers ends the test unless the provider put off its answer until its settings
// are known.
func (p *protocol) defers(out outcome) {
	p.t.Helper()
	if text := out.text(tfprotov6.DiagnosticSeverityError); text != "" {
		p.t.Fatalf("unexpected error:\n%s", text)
	}
	if out.deferred == nil || out.deferred.Reason != tfprotov6.DeferredReasonProviderConfigUnknown {
		p.t.Fatalf("deferred: %v", out.deferred)
	}
}

// equal compares what a test got with what it expected.
func (p *protocol) equal(what string, got, want any) {
	p.t.Helper()
	if !reflect.DeepEqual(got, want) {
		p.t.Errorf("%s:\n got %v\nwant %v", what, got, want)
	}
}

func (p *protocol) encode(schema tftypes.Type, given fields) *tfprotov6.DynamicValue {
	p.t.Helper()
	value := tftypes.NewValue(schema, nil)
	if given != nil {
		types := as[tftypes.Object](p, schema).AttributeTypes
		values := make(map[string]tftypes.Value, len(types))
		for name, typ := range types {
			value := given[name]
			if value == unknown {
				value = tftypes.UnknownValue
			}
			values[name] = tftypes.NewValue(typ, value)
		}
		for name := range given {
			if types[name] == nil {
				p.t.Fatalf("there is no attribute %q", name)
			}
		}
		value = tftypes.NewValue(schema, values)
	}
	encoded, err := tfprotov6.NewDynamicValue(schema, value)
	if err != nil {
		p.t.Fatal(err)
	}
	return &encoded
}

func (p *protocol) decode(schema tftypes.Type, encoded *tfprotov6.DynamicValue) fields {
	p.t.Helper()
	if encoded == nil {
		return nil
	}
	value, err := encoded.Unmarshal(schema)
	if err != nil {
		p.t.Fatal(err)
	}
	switch decoded := p.plain(value).(type) {
	case map[string]any:
		return decoded
	case nil:
		return nil
	}
	decoded := fields{}
	for name := range as[tftypes.Object](p, schema).AttributeTypes {
		decoded[name] = unknown
	}
	return decoded
}

func (p *protocol) encodeIdentity(identity fields) *tfprotov6.ResourceIdentityData {
	p.t.Helper()
	if identity == nil {
		return nil
	}
	return &tfprotov6.ResourceIdentityData{IdentityData: p.encode(p.identity, identity)}
}

func (p *protocol) decodeIdentity(identity *tfprotov6.ResourceIdentityData) fields {
	p.t.Helper()
	if identity == nil {
		return nil
	}
	return p.decode(p.identity, identity.IdentityData)
}

// plain is a value in Go's own types.
func (p *protocol) plain(value tftypes.Value) any {
	p.t.Helper()
	if !value.IsKnown() {
		return unknown
	}
	if value.IsNull() {
		return nil
	}
	var (
		text   string
		flag   bool
		list   []tftypes.Value
		object map[string]tftypes.Value
	)
	switch typ := value.Type(); {
	case typ.Is(tftypes.String):
		p.ok(value.As(&text))
		return text
	case typ.Is(tftypes.Bool):
		p.ok(value.As(&flag))
		return flag
	case typ.Is(tftypes.List{}):
		p.ok(value.As(&list))
		items := make([]any, len(list))
		for i, item := range list {
			items[i] = p.plain(item)
		}
		return items
	case typ.Is(tftypes.Map{}), typ.Is(tftypes.Object{}):
		p.ok(value.As(&object))
		members := make(map[string]any, len(object))
		for name, member := range object {
			members[name] = p.plain(member)
		}
		return members
	}
	p.t.Fatalf("a value of type %s is not expected here", value.Type())
	return nil
}
