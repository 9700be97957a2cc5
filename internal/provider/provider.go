// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// Package provider is the Terraform side of the Roboto provider: schemas, plans,
// state and diagnostics. All knowledge of Roboto and AWS is in package roboto.
package provider

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
	"github.com/roboto-ai/terraform-provider-roboto/internal/settings"
)

var (
	_ provider.ProviderWithActions            = (*robotoProvider)(nil)
	_ provider.ProviderWithEphemeralResources = (*robotoProvider)(nil)
	_ provider.ProviderWithFunctions          = (*robotoProvider)(nil)
	_ provider.ProviderWithListResources      = (*robotoProvider)(nil)
)

// New returns the constructor that Terraform's plugin server asks for. The version is
// that of the release. The environment supplies the settings that the provider block
// leaves out.
func New(version string, environment settings.Environment) func() provider.Provider {
	return func() provider.Provider {
		return &robotoProvider{version: version, environment: environment}
	}
}

type robotoProvider struct {
	version     string
	environment settings.Environment
}

type providerModel struct {
	APIKey                 types.String `tfsdk:"api_key"`
	Endpoint               types.String `tfsdk:"endpoint"`
	Profile                types.String `tfsdk:"profile"`
	ConfigFile             types.String `tfsdk:"config_file"`
	OrgID                  types.String `tfsdk:"org_id"`
	RequestTimeout         types.String `tfsdk:"request_timeout"`
	MaxAttempts            types.Int64  `tfsdk:"max_attempts"`
	SecretsManagerEndpoint types.String `tfsdk:"secrets_manager_endpoint"`
	BulkRefresh            types.Bool   `tfsdk:"bulk_refresh"`
}

func (p *robotoProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "roboto"
	resp.Version = p.version
}

func (p *robotoProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Manages the secrets of [Roboto](https://www.roboto.ai). Secret values go straight to AWS Secrets Manager, " +
			"with temporary credentials from Roboto. They never appear in Terraform state or plans, or in requests to Roboto.",
		Attributes: map[string]schema.Attribute{
			"api_key": schema.StringAttribute{
				Optional:  true,
				Sensitive: true,
				MarkdownDescription: "Access token, created in Roboto's [token settings](https://app.roboto.ai/settings/tokens). " +
					"Falls back to the environment variables `ROBOTO_API_KEY` and `ROBOTO_BEARER_TOKEN`, then to a profile of the config file. " +
					"Prefer the environment: anyone who can read the configuration can use a token in it.",
				Validators: []validator.String{apiKeyValidator},
			},
			"endpoint": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Base URL of Roboto's API. Falls back to the source of the API key: " +
					"`ROBOTO_SERVICE_ENDPOINT` for a key from the environment, the profile's endpoint for a key from a profile. A key is thus never " +
					"sent to an endpoint that it was not meant for. Defaults to `" + settings.DefaultEndpoint + "`. Plain `http` is accepted for loopback addresses only.",
				Validators: []validator.String{endpointValidator},
			},
			"profile": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Profile of the config file that supplies the API key and the endpoint. When set here, it takes precedence over `ROBOTO_API_KEY`. " +
					"Falls back to `ROBOTO_PROFILE`, then to the file's default profile. Conflicts with `api_key`.",
				Validators: []validator.String{givenValidator, insteadOfAPIKey},
			},
			"config_file": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Path of the config file of Roboto's own tools. Both versions of its format are supported. When set here, it takes precedence over `ROBOTO_API_KEY`. " +
					"Falls back to `ROBOTO_CONFIG_FILE`, then to `~/.roboto/config.json`. Conflicts with `api_key`.",
				Validators: []validator.String{givenValidator, insteadOfAPIKey},
			},
			"org_id": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "ID of the default organization, for resources and data sources that do not set `org_id`. Falls back to `ROBOTO_ORG_ID`, then to the " +
					"organization of the API key's owner, if there is exactly one. Changing it never moves or replaces secrets that are in state.",
				Validators: []validator.String{orgIDValidator},
			},
			"request_timeout": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "How long one attempt of one request may take, as a duration such as `30s` or `1m30s`. " +
					"Falls back to `ROBOTO_DEFAULT_HTTP_TIMEOUT` (in seconds), then to the `default_http_timeout` of the profile in use, then to `30s`.",
				Validators: []validator.String{durationValidator},
			},
			"max_attempts": schema.Int64Attribute{
				Optional:            true,
				MarkdownDescription: "Maximum number of attempts for a request to Roboto or AWS, including the first one, when the service is busy or unreachable. Defaults to `10`.",
				Validators:          []validator.Int64{int64validator.AtLeast(1)},
			},
			"secrets_manager_endpoint": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "URL of AWS Secrets Manager, for private (VPC) endpoints and tests. Falls back to `AWS_ENDPOINT_URL_SECRETS_MANAGER`, then to " +
					"the public endpoint of the secret's region. Plain `http` is accepted for loopback addresses only.",
				Validators: []validator.String{endpointValidator},
			},
			"bulk_refresh": schema.BoolAttribute{
				Optional: true,
				MarkdownDescription: "Refreshes secrets from listings of whole organizations. A plan then requests pages of secrets instead of one secret at a time. " +
					"A listing may still show a secret that was deleted a moment ago, so a plan may notice the deletion one run later. Defaults to `false`.",
			},
		},
	}
}

const titleSettings = "Invalid Provider Configuration"

// settingValidator also refuses an empty setting, which comes from a variable that is not set: it
// would fall back to another identity.
func settingValidator(description string, check func(string) error) textValidator {
	return textValidator{
		description: description,
		summary:     titleSettings,
		secret:      true,
		check: func(text string) error {
			if text == "" {
				return errors.New("it is empty.\n\nTo use what the environment or the config file has, leave it out or make it null")
			}
			return check(text)
		},
	}
}

var (
	apiKeyValidator   = settingValidator("must be a token of Roboto", settings.CheckAPIKey)
	endpointValidator = settingValidator("must be a URL such as "+settings.DefaultEndpoint, func(text string) error {
		_, err := settings.ParseEndpoint(text)
		return err
	})
	givenValidator = settingValidator("must not be empty", func(string) error { return nil })
	// insteadOfAPIKey points at the other attribute: the line of api_key may hold the key.
	insteadOfAPIKey = stringvalidator.ConflictsWith(path.MatchRoot("api_key"))
)

// Configure makes no call. What is wrong outside of the provider block is an error of whatever needs
// it first, and so is a setting that Terraform does not know yet. If Configure refused it, Terraform
// would say without a provider block that it requires one, and nothing could be planned.
func (p *robotoProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var model providerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	unknown, err := unknownSettings(req.Config.Raw)
	if err != nil {
		resp.Diagnostics.AddError(titleSettings, err.Error())
	}
	if resp.Diagnostics.HasError() {
		return
	}
	data := &providerData{unknown: unknown, memory: newMemory()}
	explicit := model.settings()
	if !slices.Contains(unknown, "org_id") {
		data.orgID, data.orgErr = settings.DefaultOrgID(explicit, p.environment)
	}
	config, warning, err := settings.Resolve(explicit, p.environment)
	if !data.canCall(ofNoOrg) {
		err = data.errUnknown()
	}
	switch {
	case err != nil:
		config = roboto.Config{Endpoint: &url.URL{}, Unusable: err}
	case warning != "":
		resp.Diagnostics.AddWarning("Unsafe Provider Configuration", warning)
	}
	data.client = roboto.NewClient(config, roboto.Options{
		ToolName:    "terraform-provider-roboto",
		ToolVersion: p.version,
		DialContext: p.environment.DialContext,
		Log:         func(ctx context.Context, fields map[string]any) { tflog.Debug(ctx, "Sent request", fields) },
	})
	resp.ResourceData = data
	resp.DataSourceData = data
	resp.EphemeralResourceData = data
	resp.ListResourceData = data
	resp.ActionData = data
}

func (p *robotoProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{newSecretResource}
}

func (p *robotoProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{newSecretDataSource, newSecretsDataSource, newOrganizationsDataSource}
}

func (p *robotoProvider) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{newSecretEphemeralResource}
}

func (p *robotoProvider) ListResources(context.Context) []func() list.ListResource {
	return []func() list.ListResource{newSecretListResource}
}

func (p *robotoProvider) Actions(context.Context) []func() action.Action {
	return []func() action.Action{newActionInvokeAction}
}

func (p *robotoProvider) Functions(context.Context) []func() function.Function {
	return []func() function.Function{newSecretURIFunction, newParseSecretURIFunction}
}

// settings converts the provider block. Validation has checked the formats.
func (m providerModel) settings() settings.Explicit {
	timeout, _ := time.ParseDuration(m.RequestTimeout.ValueString())
	return settings.Explicit{
		APIKey:                 roboto.NewSensitive(m.APIKey.ValueString()),
		Endpoint:               m.Endpoint.ValueString(),
		Profile:                m.Profile.ValueString(),
		ConfigFile:             m.ConfigFile.ValueString(),
		OrgID:                  m.OrgID.ValueString(),
		RequestTimeout:         timeout,
		MaxAttempts:            int(m.MaxAttempts.ValueInt64()),
		SecretsManagerEndpoint: m.SecretsManagerEndpoint.ValueString(),
		BulkRefresh:            m.BulkRefresh.ValueBool(),
	}
}

// unknownSettings returns the names of the settings that Terraform does not know yet. It
// asks the block and not a list, because a forgotten setting would fall back to another
// source.
func unknownSettings(block tftypes.Value) (unknown []string, err error) {
	var values map[string]tftypes.Value
	err = block.As(&values)
	for setting, value := range values {
		if !value.IsKnown() {
			unknown = append(unknown, setting)
		}
	}
	slices.Sort(unknown)
	return unknown, err
}
