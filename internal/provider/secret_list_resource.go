// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"strconv"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
)

var _ list.ListResourceWithConfigure = (*secretListResource)(nil)

func newSecretListResource() list.ListResource { return &secretListResource{} }

// secretListResource implements terraform query. It shares Metadata and Configure with the
// managed resource.
type secretListResource struct {
	secretResource
}

type secretListModel struct {
	OrgID      types.String `tfsdk:"org_id"`
	NamePrefix types.String `tfsdk:"name_prefix"`
}

func (l *secretListResource) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists the secrets of an organization for `terraform query`, so that existing secrets can be imported. It never reads values. " +
			"A secret with a name that Terraform cannot manage is left out, with a warning. " +
			"Terraform asks for at most 100 secrets unless the `list` block has a `limit`. Terraform warns if there are more. Requires Terraform 1.14 or later.",
		Attributes: map[string]schema.Attribute{
			"org_id": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "ID of the organization whose secrets are listed. Defaults to the provider's organization.",
				Validators:          []validator.String{orgIDValidator},
			},
			"name_prefix": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Lists only the secrets whose names begin with this text.",
			},
		},
	}
}

// List streams results in the service's order. A limit of ten then needs one page, even
// in an organization with thousands of secrets.
func (l *secretListResource) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	var model secretListModel
	diags := req.Config.Get(ctx, &model)
	if diags.HasError() {
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	stream.Results = func(push func(list.ListResult) bool) { l.push(ctx, req, model, push) }
}

func (l *secretListResource) push(ctx context.Context, req list.ListRequest, model secretListModel, push func(list.ListResult) bool) {
	fail := func(orgID string, err error) {
		var diags diag.Diagnostics
		l.data.addFailure(&diags, failList, aboutOrg(orgID), err)
		push(list.ListResult{Diagnostics: diags})
	}
	orgID, err := l.data.findOrg(ctx, model.OrgID.ValueString())
	if err != nil {
		fail("", err)
		return
	}
	// The last result within the limit waits until it is known whether there are more,
	// because Terraform reads nothing after it.
	var last *list.ListResult
	var omitted omissions
	found := int64(0)
	for record, err := range recordsWithPrefix(ctx, l.data.client, orgID, model.NamePrefix.ValueString(), &omitted) {
		nameErr := roboto.ValidateName(record.Name)
		switch {
		case err == nil && nameErr != nil:
			omitted.add(fmt.Sprintf("a secret is named %q, and %v", record.Name, nameErr))
			continue
		case last != nil:
			more := "and there are more."
			if err != nil {
				more = "and it is not known whether there are more. " + what(err) + " To find out, query again."
			}
			addNotice(&last.Diagnostics, noticeListLimit, about{"{org}", orgID, "{limit}", strconv.FormatInt(req.Limit, 10), "{more}", more}, nil)
			omitted.warn(&last.Diagnostics, orgID)
			push(*last)
			return
		case err != nil:
			fail(orgID, err)
			return
		}
		result := newListResult(ctx, req, record)
		if found++; found == req.Limit {
			last = &result
		} else if !push(result) {
			return
		}
	}
	if omitted.count > 0 && last == nil {
		last = &list.ListResult{}
	}
	if last != nil {
		omitted.warn(&last.Diagnostics, orgID)
		push(*last)
	}
}

func newListResult(ctx context.Context, req list.ListRequest, record roboto.Record) list.ListResult {
	var model secretModel
	model.setRecord(record)
	result := req.NewListResult(ctx)
	result.DisplayName = record.Name
	result.Diagnostics.Append(result.Identity.Set(ctx, model.identity())...)
	if req.IncludeResource {
		result.Diagnostics.Append(result.Resource.Set(ctx, model)...)
	}
	return result
}
