// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
)

var _ datasource.DataSourceWithConfigure = (*secretsDataSource)(nil)

func newSecretsDataSource() datasource.DataSource { return &secretsDataSource{} }

type secretsDataSource struct {
	data *providerData
}

func (d *secretsDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_secrets"
}

func (d *secretsDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists the secrets of an organization: names, URIs and metadata, never values. Nothing in the result is sensitive, so you can use it in `for_each`. " +
			"A secret whose name has unprintable characters, or is not in Unicode NFC, is left out with a warning. Terraform changes all text to NFC, so the name would lead to another secret, or to none.",
		Attributes: map[string]schema.Attribute{
			"org_id": schema.StringAttribute{
				Optional:            true,
				Computed:            true,
				MarkdownDescription: "ID of the organization whose secrets are listed. Defaults to the provider's organization.",
				Validators:          []validator.String{orgIDValidator},
			},
			"name_prefix": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Lists only the secrets whose names begin with this text.",
			},
			"names": schema.ListAttribute{
				Computed:            true,
				ElementType:         types.StringType,
				MarkdownDescription: "Names of the secrets, sorted.",
			},
			"uris": schema.MapAttribute{
				Computed:            true,
				ElementType:         types.StringType,
				MarkdownDescription: "URIs of the secrets by name, ready for `for_each`. Omits secrets whose names do not fit into a URI, which other tools may have created.",
			},
			"secrets": schema.ListNestedAttribute{
				Computed:            true,
				MarkdownDescription: "The secrets, sorted by name.",
				NestedObject:        schema.NestedAttributeObject{Attributes: recordAttributes()},
			},
		},
	}
}

func (d *secretsDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	d.data, _ = req.ProviderData.(*providerData)
}

func (d *secretsDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var configuredOrg, prefix types.String
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, pathOrgID, &configuredOrg)...)
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, pathNamePrefix, &prefix)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if d.data.defersRead(configuredOrg.ValueString(), req, resp) {
		return
	}
	orgID, err := d.data.findOrg(ctx, configuredOrg.ValueString())
	if err != nil {
		d.data.addFailure(&resp.Diagnostics, failList, aboutOrg(""), err)
		return
	}
	var records []roboto.Record
	var omitted omissions
	for record, err := range recordsWithPrefix(ctx, d.data.client, orgID, prefix.ValueString(), &omitted) {
		if err != nil {
			d.data.addFailure(&resp.Diagnostics, failList, aboutOrg(orgID), err)
			return
		}
		records = append(records, record)
	}
	omitted.warn(&resp.Diagnostics, orgID)
	slices.SortFunc(records, func(a, b roboto.Record) int { return cmp.Compare(a.Name, b.Name) })
	resp.State.Raw = listValue(resp.State.Schema.Type().TerraformType(ctx), orgID, prefix, records)
}

// aboutOrg is the organization whose secrets are listed, or "" if it is not known.
func aboutOrg(orgID string) about {
	if orgID == "" {
		return about{"{secrets}", "The secrets"}
	}
	return about{"{secrets}", "The secrets of the organization " + orgID}
}

// recordsWithPrefix yields the records of an organization whose names begin with prefix,
// in the service's order. It stops after an error.
func recordsWithPrefix(ctx context.Context, client *roboto.Client, orgID, prefix string, omitted *omissions) iter.Seq2[roboto.Record, error] {
	return func(yield func(roboto.Record, error) bool) {
		for record, err := range client.Records(ctx, orgID, omitted.add) {
			if err == nil && !strings.HasPrefix(record.Name, prefix) {
				continue
			}
			if !yield(record, err) {
				return
			}
		}
	}
}

// omissions are the records that a list leaves out.
type omissions struct {
	count int
	first string
}

func (o *omissions) add(why string) {
	o.count++
	o.first = cmp.Or(o.first, why)
}

func (o *omissions) warn(diags *diag.Diagnostics, orgID string) {
	if o.count > 0 {
		addNotice(diags, noticeOmitted, about{"{org}", orgID, "{count}", strconv.Itoa(o.count), "{why}", o.first}, nil)
	}
}

// listValue is the result of the data source. The framework would build it by reflection, which takes
// several times the memory for a hundred thousand secrets.
func listValue(result tftypes.Type, orgID string, prefix types.String, records []roboto.Record) tftypes.Value {
	object, _ := result.(tftypes.Object)
	list, _ := object.AttributeTypes["secrets"].(tftypes.List)
	names, uris, secrets := make([]tftypes.Value, len(records)), make(map[string]tftypes.Value, len(records)), make([]tftypes.Value, len(records))
	for i, record := range records {
		names[i] = textValue(types.StringValue(record.Name))
		model := newRecordModel(record)
		if !model.URI.IsNull() {
			uris[record.Name] = textValue(model.URI)
		}
		secrets[i] = tftypes.NewValue(list.ElementType, model.values())
	}
	return tftypes.NewValue(object, map[string]tftypes.Value{
		"org_id":      textValue(types.StringValue(orgID)),
		"name_prefix": textValue(prefix),
		"names":       tftypes.NewValue(object.AttributeTypes["names"], names),
		"uris":        tftypes.NewValue(object.AttributeTypes["uris"], uris),
		"secrets":     tftypes.NewValue(list, secrets),
	})
}
