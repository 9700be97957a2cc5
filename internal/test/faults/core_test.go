// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/roboto-ai/terraform-provider-roboto/internal/provider"
	"github.com/roboto-ai/terraform-provider-roboto/internal/settings"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// core does what Terraform's core does with one roboto_secret, without a process
// or a clock of its own: inside a testing/synctest bubble a retry's wait costs
// nothing. Each apply is a provider of its own, as in real life.
type core struct {
	t        testing.TB
	roboto   *robototest.Server
	settings map[string]tftypes.Value
	vars     map[string]string
	home     string
	// dial is nil for real sockets.
	dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// running is the provider of the operation under way.
	running atomic.Pointer[tfprotov6.ProviderServer]

	state    tftypes.Value
	identity *tfprotov6.ResourceIdentityData
	tainted  bool
	// warning is of the latest refresh.
	warning error
}

func newCore(t testing.TB, server *robototest.Server) *core {
	return &core{
		t:        t,
		roboto:   server,
		settings: map[string]tftypes.Value{},
		dial:     server.DialContext,
		vars: map[string]string{
			"ROBOTO_API_KEY":                   server.APIKey(),
			"ROBOTO_SERVICE_ENDPOINT":          server.Endpoint(),
			"AWS_ENDPOINT_URL_SECRETS_MANAGER": server.SecretsManagerEndpoint(),
		},
		state: nothing(t),
	}
}

// attributes are those of a configuration; what is left out is null.
type attributes map[string]tftypes.Value

func text(value string) tftypes.Value { return tftypes.NewValue(tftypes.String, value) }

// session is one provider process.
type session struct {
	*core
	server tfprotov6.ProviderServer
}

func (c *core) start(ctx context.Context) (*session, error) {
	server := newProtocolServer(settings.Environment{
		Getenv:      func(name string) string { return c.vars[name] },
		UserHomeDir: func() (string, error) { return c.home, nil },
		DialContext: c.dial,
	})
	c.running.Store(&server)
	resp, err := server.ConfigureProvider(ctx, &tfprotov6.ConfigureProviderRequest{
		Config: c.dynamic(object(providerType(c.t), c.settings)),
	})
	if err != nil {
		return nil, err
	}
	return &session{core: c, server: server}, diagnosticsError(resp.Diagnostics)
}

// apply refreshes, plans and applies a configuration; nil destroys.
func (c *core) apply(ctx context.Context, config attributes) error {
	s, err := c.start(ctx)
	if err != nil {
		return err
	}
	if err := s.refresh(ctx); err != nil {
		return err
	}
	if config == nil {
		return s.change(ctx, nothing(c.t))
	}
	desired := object(secretType(c.t), config)
	if err := s.validate(ctx, desired); err != nil {
		return err
	}
	if c.tainted {
		if err := s.change(ctx, nothing(c.t)); err != nil {
			return err
		}
	}
	planned, _, err := s.plan(ctx, desired)
	if err != nil {
		return err
	}
	if planned.Equal(c.state) {
		return nil
	}
	return s.change(ctx, desired)
}

// planIsEmpty refreshes and plans, and tells whether nothing is to be done.
func (c *core) planIsEmpty(ctx context.Context, config attributes) (bool, error) {
	s, err := c.start(ctx)
	if err != nil {
		return false, err
	}
	if err := s.refresh(ctx); err != nil {
		return false, err
	}
	planned, _, err := s.plan(ctx, object(secretType(c.t), config))
	return !c.tainted && planned.Equal(c.state), err
}

// planWarning refreshes and plans a configuration, whose nil destroys, and returns the
// plan's warnings.
func (c *core) planWarning(ctx context.Context, config attributes) error {
	s, err := c.start(ctx)
	c.must(err)
	c.must(s.refresh(ctx))
	desired := nothing(c.t)
	if config != nil {
		desired = object(secretType(c.t), config)
	}
	_, plan, err := s.plan(ctx, desired)
	c.must(err)
	return diagnosticsOf(plan.Diagnostics, tfprotov6.DiagnosticSeverityWarning)
}

func (s *session) validate(ctx context.Context, config tftypes.Value) error {
	resp, err := s.server.ValidateResourceConfig(ctx, &tfprotov6.ValidateResourceConfigRequest{
		TypeName: "roboto_secret", Config: s.dynamic(config),
		ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{WriteOnlyAttributesAllowed: true},
	})
	if err != nil {
		return err
	}
	return diagnosticsError(resp.Diagnostics)
}

func (s *session) refresh(ctx context.Context) error {
	if s.state.IsNull() {
		return nil
	}
	resp, err := s.server.ReadResource(ctx, &tfprotov6.ReadResourceRequest{
		TypeName: "roboto_secret", CurrentState: s.dynamic(s.state), CurrentIdentity: s.identity,
	})
	if err != nil {
		return err
	}
	if err := diagnosticsError(resp.Diagnostics); err != nil {
		return err
	}
	s.core.warning = diagnosticsOf(resp.Diagnostics, tfprotov6.DiagnosticSeverityWarning)
	s.state, s.identity = s.value(resp.NewState), resp.NewIdentity
	return nil
}

func (s *session) plan(ctx context.Context, config tftypes.Value) (tftypes.Value, *tfprotov6.PlanResourceChangeResponse, error) {
	resp, err := s.server.PlanResourceChange(ctx, &tfprotov6.PlanResourceChangeRequest{
		TypeName: "roboto_secret", PriorState: s.dynamic(s.state), PriorIdentity: s.identity,
		Config: s.dynamic(config), ProposedNewState: s.dynamic(s.proposed(config)),
	})
	if err != nil {
		return tftypes.Value{}, nil, err
	}
	if err := diagnosticsError(resp.Diagnostics); err != nil {
		return tftypes.Value{}, nil, err
	}
	return s.value(resp.PlannedState), resp, nil
}

// proposed merges as core does: what the configuration leaves to the provider
// keeps its prior value, and write-only arguments vanish.
func (s *session) proposed(config tftypes.Value) tftypes.Value {
	if config.IsNull() {
		return config
	}
	var proposed, prior map[string]tftypes.Value
	s.must(config.As(&proposed))
	proposed = maps.Clone(proposed)
	if !s.state.IsNull() {
		s.must(s.state.As(&prior))
		for _, name := range []string{"org_id", "version_id", "uri", "arn", "created", "created_by"} {
			if proposed[name].IsNull() {
				proposed[name] = prior[name]
			}
		}
	}
	proposed["value_wo"] = tftypes.NewValue(tftypes.String, nil)
	return tftypes.NewValue(config.Type(), proposed)
}

// change plans once more, as terraform does while applying, and applies.
func (s *session) change(ctx context.Context, config tftypes.Value) error {
	if config.IsNull() && s.state.IsNull() {
		return nil
	}
	_, plan, err := s.plan(ctx, config)
	if err != nil {
		return err
	}
	return s.applyPlanned(ctx, config, plan)
}

func (s *session) applyPlanned(ctx context.Context, config tftypes.Value, plan *tfprotov6.PlanResourceChangeResponse) error {
	creating := s.state.IsNull()
	resp, err := s.server.ApplyResourceChange(ctx, &tfprotov6.ApplyResourceChangeRequest{
		TypeName: "roboto_secret", PriorState: s.dynamic(s.state), PlannedState: plan.PlannedState,
		Config: s.dynamic(config), PlannedIdentity: plan.PlannedIdentity, PlannedPrivate: plan.PlannedPrivate,
	})
	if err != nil {
		return err
	}
	s.core.state, s.core.identity = s.value(resp.NewState), resp.NewIdentity
	failure := diagnosticsError(resp.Diagnostics)
	switch {
	case s.core.state.IsNull():
		s.core.tainted, s.core.identity = false, nil
	case creating:
		s.core.tainted = failure != nil
	}
	return failure
}

// readSecrets reads data.roboto_secrets and returns the names.
func (c *core) readSecrets(ctx context.Context) ([]string, error) {
	state, err := c.readData(ctx, "roboto_secrets", nil)
	if err != nil {
		return nil, err
	}
	var result map[string]tftypes.Value
	c.must(state.As(&result))
	var list []tftypes.Value
	c.must(result["names"].As(&list))
	names := make([]string, len(list))
	for i := range list {
		c.must(list[i].As(&names[i]))
	}
	return names, nil
}

func (c *core) readData(ctx context.Context, name string, config attributes) (tftypes.Value, error) {
	s, err := c.start(ctx)
	if err != nil {
		return tftypes.Value{}, err
	}
	kind := schemas(c.t).DataSourceSchemas[name].ValueType()
	resp, err := s.server.ReadDataSource(ctx, &tfprotov6.ReadDataSourceRequest{TypeName: name, Config: c.dynamic(object(kind, config))})
	if err != nil {
		return tftypes.Value{}, err
	}
	if err := diagnosticsError(resp.Diagnostics); err != nil {
		return tftypes.Value{}, err
	}
	return resp.State.Unmarshal(kind)
}

func (c *core) openEphemeral(ctx context.Context, config attributes) error {
	s, err := c.start(ctx)
	if err != nil {
		return err
	}
	kind := schemas(c.t).EphemeralResourceSchemas["roboto_secret"].ValueType()
	resp, err := s.server.OpenEphemeralResource(ctx, &tfprotov6.OpenEphemeralResourceRequest{TypeName: "roboto_secret", Config: c.dynamic(object(kind, config))})
	if err != nil {
		return err
	}
	return diagnosticsError(resp.Diagnostics)
}

func (c *core) importID(ctx context.Context, id string) error {
	s, err := c.start(ctx)
	if err != nil {
		return err
	}
	resp, err := s.server.ImportResourceState(ctx, &tfprotov6.ImportResourceStateRequest{TypeName: "roboto_secret", ID: id})
	if err != nil {
		return err
	}
	if err := diagnosticsError(resp.Diagnostics); err != nil {
		return err
	}
	c.state, c.identity = c.value(resp.ImportedResources[0].State), resp.ImportedResources[0].Identity
	return nil
}

// attribute is a string attribute of the state, "" for null.
func (c *core) attribute(name string) string {
	if c.state.IsNull() {
		return ""
	}
	var all map[string]tftypes.Value
	c.must(c.state.As(&all))
	var value *string
	c.must(all[name].As(&value))
	if value == nil {
		return ""
	}
	return *value
}

func (c *core) dynamic(value tftypes.Value) *tfprotov6.DynamicValue {
	dynamic, err := tfprotov6.NewDynamicValue(value.Type(), value)
	c.must(err)
	return &dynamic
}

func (c *core) value(dynamic *tfprotov6.DynamicValue) tftypes.Value {
	value, err := dynamic.Unmarshal(secretType(c.t))
	c.must(err)
	return value
}

func (c *core) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

func newProtocolServer(environment settings.Environment) tfprotov6.ProviderServer {
	return providerserver.NewProtocol6(provider.New("test", environment)())()
}

var providerSchemas = sync.OnceValues(func() (*tfprotov6.GetProviderSchemaResponse, error) {
	return newProtocolServer(settings.Environment{}).GetProviderSchema(context.Background(), &tfprotov6.GetProviderSchemaRequest{})
})

func schemas(t testing.TB) *tfprotov6.GetProviderSchemaResponse {
	t.Helper()
	resp, err := providerSchemas()
	if err == nil {
		err = diagnosticsError(resp.Diagnostics)
	}
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

func secretType(t testing.TB) tftypes.Type {
	t.Helper()
	return schemas(t).ResourceSchemas["roboto_secret"].ValueType()
}

// nothing is the configuration of a secret that is to go.
func nothing(t testing.TB) tftypes.Value {
	t.Helper()
	return tftypes.NewValue(secretType(t), nil)
}

func providerType(t testing.TB) tftypes.Type {
	t.Helper()
	return schemas(t).Provider.ValueType()
}

// object is a value of an object type with the given attributes, the others null.
func object(kind tftypes.Type, given map[string]tftypes.Value) tftypes.Value {
	objectType, ok := kind.(tftypes.Object)
	if !ok {
		panic("not an object type: " + kind.String())
	}
	all := map[string]tftypes.Value{}
	for name, attribute := range objectType.AttributeTypes {
		all[name] = tftypes.NewValue(attribute, nil)
		if value, ok := given[name]; ok {
			all[name] = value
		}
	}
	return tftypes.NewValue(kind, all)
}

func diagnosticsError(diagnostics []*tfprotov6.Diagnostic) error {
	return diagnosticsOf(diagnostics, tfprotov6.DiagnosticSeverityError)
}

func diagnosticsOf(diagnostics []*tfprotov6.Diagnostic, severity tfprotov6.DiagnosticSeverity) error {
	var all error
	for _, d := range diagnostics {
		if d.Severity == severity {
			all = errors.Join(all, fmt.Errorf("%s\n\n%s", d.Summary, d.Detail))
		}
	}
	return all
}
