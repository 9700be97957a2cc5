// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package docs_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	ephemeralschema "github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	resourceschema "github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// standIn takes the place of another provider that the examples use, so that they
// run offline. Names and types are those of hashicorp/random 3.7, hashicorp/time 0.14,
// cyrilgdn/postgresql 1.26, hashicorp/kubernetes 3.2, hashicorp/vault 5.0, hashicorp/aws 6.0,
// 1password/onepassword 3.3 and carlpett/sops 1.3, as far as the examples use them.
type standIn struct {
	name string
	// password is what the postgresql provider was configured with.
	password string
}

// newStandIn returns the stand-in that an executable of this name is, or nil.
func newStandIn(executable string) *standIn {
	for _, name := range []string{"random", "time", "postgresql", "kubernetes", "vault", "aws", "onepassword", "sops"} {
		if strings.HasPrefix(executable, "terraform-provider-"+name+"_v") {
			return &standIn{name: name}
		}
	}
	return nil
}

func (s *standIn) serve(ctx context.Context) error {
	return providerserver.Serve(ctx, func() provider.Provider { return s }, providerserver.ServeOpts{
		Address: "registry.terraform.io/stand-in/" + s.name,
	})
}

func (s *standIn) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = s.name
}

func (s *standIn) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	if s.name == "postgresql" {
		resp.Schema.Attributes = map[string]schema.Attribute{
			"host":     schema.StringAttribute{Optional: true},
			"username": schema.StringAttribute{Optional: true},
			"password": schema.StringAttribute{Optional: true, Sensitive: true},
		}
	}
}

type postgresqlModel struct {
	Host     types.String `tfsdk:"host"`
	Username types.String `tfsdk:"username"`
	Password types.String `tfsdk:"password"`
}

func (s *standIn) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	if s.name == "postgresql" {
		var model postgresqlModel
		resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
		s.password = model.Password.ValueString()
	}
	resp.ResourceData = s
}

func (s *standIn) DataSources(context.Context) []func() datasource.DataSource { return nil }

func (s *standIn) Resources(context.Context) []func() resource.Resource {
	switch s.name {
	case "postgresql":
		return []func() resource.Resource{func() resource.Resource { return &postgresqlRole{} }}
	case "kubernetes":
		return []func() resource.Resource{func() resource.Resource { return kubernetesSecret{} }}
	case "time":
		return []func() resource.Resource{func() resource.Resource { return timeRotating{} }}
	}
	return nil
}

// daysPassed is the environment variable with the days by which the stand-in for time is ahead.
const daysPassed = "DAYS_PASSED"

// timeRotating is time_rotating: when its days have passed, a refresh finds it gone.
type timeRotating struct{}

type timeRotatingModel struct {
	RotationDays types.Int64  `tfsdk:"rotation_days"`
	ID           types.String `tfsdk:"id"`
}

func (timeRotating) now() time.Time {
	days, _ := strconv.Atoi(os.Getenv(daysPassed))
	return time.Now().UTC().AddDate(0, 0, days)
}

func (timeRotating) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "time_rotating"
}

func (timeRotating) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema.Attributes = map[string]resourceschema.Attribute{
		"rotation_days": resourceschema.Int64Attribute{Optional: true},
		"id":            resourceschema.StringAttribute{Computed: true},
	}
}

func (r timeRotating) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var model timeRotatingModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &model)...)
	model.ID = types.StringValue(r.now().Format(time.RFC3339))
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
}

func (r timeRotating) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var model timeRotatingModel
	resp.Diagnostics.Append(req.State.Get(ctx, &model)...)
	created, err := time.Parse(time.RFC3339, model.ID.ValueString())
	if err != nil {
		resp.Diagnostics.AddError("Invalid ID", err.Error())
		return
	}
	if r.now().After(created.AddDate(0, 0, int(model.RotationDays.ValueInt64()))) {
		resp.State.RemoveResource(ctx)
	}
}

func (timeRotating) Update(context.Context, resource.UpdateRequest, *resource.UpdateResponse) {}

func (timeRotating) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}

func (s *standIn) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	if s.name == "random" {
		return []func() ephemeral.EphemeralResource{func() ephemeral.EphemeralResource { return randomPassword{} }}
	}
	if stored, ok := stores[s.name]; ok {
		return []func() ephemeral.EphemeralResource{func() ephemeral.EphemeralResource { return stored }}
	}
	return nil
}

// stored is an ephemeral resource that reads a value from a store.
type stored struct {
	typeName  string
	arguments []string
	// result is the attribute that has the value: a text, or a map with the value at
	// "api_key".
	result string
	isMap  bool
}

var stores = map[string]stored{
	"vault":       {"vault_kv_secret_v2", []string{"mount", "name"}, "data", true},
	"aws":         {"aws_secretsmanager_secret_version", []string{"secret_id"}, "secret_string", false},
	"onepassword": {"onepassword_item", []string{"vault", "title"}, "credential", false},
	"sops":        {"sops_file", []string{"source_file"}, "data", true},
}

// storedValue is the environment variable with the value in the store.
const storedValue = "STORED_VALUE"

func (s stored) Metadata(_ context.Context, _ ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = s.typeName
}

func (s stored) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema.Attributes = map[string]ephemeralschema.Attribute{}
	for _, name := range s.arguments {
		resp.Schema.Attributes[name] = ephemeralschema.StringAttribute{Required: true}
	}
	resp.Schema.Attributes[s.result] = ephemeralschema.StringAttribute{Computed: true, Sensitive: true}
	if s.isMap {
		resp.Schema.Attributes[s.result] = ephemeralschema.MapAttribute{ElementType: types.StringType, Computed: true, Sensitive: true}
	}
}

func (s stored) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	resp.Result.Raw = req.Config.Raw
	value := any(os.Getenv(storedValue))
	if s.isMap {
		value = map[string]string{"api_key": os.Getenv(storedValue)}
	}
	resp.Diagnostics.Append(resp.Result.SetAttribute(ctx, path.Root(s.result), value)...)
}

// randomPassword is random_password, another one each time.
type randomPassword struct{}

type randomPasswordModel struct {
	Length types.Int64  `tfsdk:"length"`
	Result types.String `tfsdk:"result"`
}

func (randomPassword) Metadata(_ context.Context, _ ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = "random_password"
}

func (randomPassword) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema.Attributes = map[string]ephemeralschema.Attribute{
		"length": ephemeralschema.Int64Attribute{Required: true},
		"result": ephemeralschema.StringAttribute{Computed: true, Sensitive: true},
	}
}

func (randomPassword) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var model randomPasswordModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	text := ""
	for int64(len(text)) < model.Length.ValueInt64() {
		text += rand.Text()
	}
	model.Result = types.StringValue(text[:model.Length.ValueInt64()])
	resp.Diagnostics.Append(resp.Result.Set(ctx, model)...)
}

// Environment variables for the stand-in for postgresql.
const (
	// postgresqlRecord names the file in which it tells what it was given.
	postgresqlRecord = "POSTGRESQL_RECORD"
	// postgresqlDown makes it fail if set.
	postgresqlDown = "POSTGRESQL_DOWN"
)

// givenPasswords are the passwords of the administrator and of the role.
type givenPasswords struct{ Admin, Role string }

// postgresqlRole is postgresql_role, without a database.
type postgresqlRole struct{ provider *standIn }

type postgresqlRoleModel struct {
	Name              types.String `tfsdk:"name"`
	Login             types.Bool   `tfsdk:"login"`
	PasswordWO        types.String `tfsdk:"password_wo"`
	PasswordWOVersion types.String `tfsdk:"password_wo_version"`
}

func (r *postgresqlRole) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "postgresql_role"
}

func (r *postgresqlRole) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema.Attributes = map[string]resourceschema.Attribute{
		"name":                resourceschema.StringAttribute{Required: true},
		"login":               resourceschema.BoolAttribute{Optional: true},
		"password_wo":         resourceschema.StringAttribute{Optional: true, WriteOnly: true, Sensitive: true},
		"password_wo_version": resourceschema.StringAttribute{Optional: true},
	}
}

func (r *postgresqlRole) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	r.provider, _ = req.ProviderData.(*standIn)
}

func (r *postgresqlRole) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var config postgresqlRoleModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if err := r.record(config); err != nil {
		resp.Diagnostics.AddError("Cannot Set Password", err.Error())
		return
	}
	resp.State.Raw = req.Plan.Raw
}

func (r *postgresqlRole) Read(context.Context, resource.ReadRequest, *resource.ReadResponse) {}

func (r *postgresqlRole) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var config postgresqlRoleModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if err := r.record(config); err != nil {
		resp.Diagnostics.AddError("Cannot Set Password", err.Error())
		return
	}
	resp.State.Raw = req.Plan.Raw
}

func (r *postgresqlRole) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}

func (r *postgresqlRole) record(config postgresqlRoleModel) error {
	if os.Getenv(postgresqlDown) != "" {
		return errors.New("the database is down")
	}
	content, err := json.Marshal(givenPasswords{Admin: r.provider.password, Role: config.PasswordWO.ValueString()})
	if err != nil {
		return err
	}
	return os.WriteFile(os.Getenv(postgresqlRecord), content, 0o600)
}

// Environment variables for the stand-in for kubernetes.
const (
	// kubernetesRecord names the file in which it tells what it was given.
	kubernetesRecord = "KUBERNETES_RECORD"
	// kubernetesDown makes it fail if set.
	kubernetesDown = "KUBERNETES_DOWN"
)

// givenSecret is what a cluster has of a secret.
type givenSecret struct {
	Name string
	Data map[string]string
}

// kubernetesSecret is kubernetes_secret_v1, without a cluster. As the real one, it writes
// data_wo when the revision changes, and not without a revision.
type kubernetesSecret struct{}

type kubernetesSecretModel struct {
	Metadata       []kubernetesMetadata `tfsdk:"metadata"`
	DataWO         types.Map            `tfsdk:"data_wo"`
	DataWORevision types.Int64          `tfsdk:"data_wo_revision"`
}

type kubernetesMetadata struct {
	Name types.String `tfsdk:"name"`
}

func (kubernetesSecret) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "kubernetes_secret_v1"
}

func (kubernetesSecret) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema.Attributes = map[string]resourceschema.Attribute{
		"data_wo":          resourceschema.MapAttribute{ElementType: types.StringType, Optional: true, WriteOnly: true},
		"data_wo_revision": resourceschema.Int64Attribute{Optional: true},
	}
	resp.Schema.Blocks = map[string]resourceschema.Block{
		"metadata": resourceschema.ListNestedBlock{NestedObject: resourceschema.NestedBlockObject{Attributes: map[string]resourceschema.Attribute{
			"name": resourceschema.StringAttribute{Optional: true},
		}}},
	}
}

func (k kubernetesSecret) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var config kubernetesSecretModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if err := k.record(ctx, config); err != nil {
		resp.Diagnostics.AddError("Cannot Write Secret", err.Error())
		return
	}
	resp.State.Raw = req.Plan.Raw
}

func (kubernetesSecret) Read(context.Context, resource.ReadRequest, *resource.ReadResponse) {}

func (k kubernetesSecret) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var config, state kubernetesSecretModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if !config.DataWORevision.Equal(state.DataWORevision) {
		if err := k.record(ctx, config); err != nil {
			resp.Diagnostics.AddError("Cannot Write Secret", err.Error())
			return
		}
	}
	resp.State.Raw = req.Plan.Raw
}

func (kubernetesSecret) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}

func (kubernetesSecret) record(ctx context.Context, config kubernetesSecretModel) error {
	if os.Getenv(kubernetesDown) != "" {
		return errors.New("the cluster is down")
	}
	given := givenSecret{Name: config.Metadata[0].Name.ValueString()}
	if config.DataWORevision.ValueInt64() >= 1 {
		if diagnostics := config.DataWO.ElementsAs(ctx, &given.Data, false); diagnostics.HasError() {
			return fmt.Errorf("data_wo: %v", diagnostics)
		}
	}
	content, err := json.Marshal(given)
	if err != nil {
		return err
	}
	return os.WriteFile(os.Getenv(kubernetesRecord), content, 0o600)
}
