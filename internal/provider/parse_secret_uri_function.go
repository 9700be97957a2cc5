// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
)

func newParseSecretURIFunction() function.Function { return parseSecretURIFunction{} }

type parseSecretURIFunction struct{}

func (parseSecretURIFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "parse_secret_uri"
}

func (parseSecretURIFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Split the URI of a secret into name and organization",
		MarkdownDescription: "Parses a URI `roboto-secret://name@org_id` into an object with `name` and `org_id`. " +
			"`org_id` is null for a URI without an organization. The secret does not have to exist. `secret_uri` is the inverse.",
		Parameters: []function.Parameter{
			function.StringParameter{Name: "uri", MarkdownDescription: "URI of a secret."},
		},
		Return: function.ObjectReturn{AttributeTypes: map[string]attr.Type{
			"name":   types.StringType,
			"org_id": types.StringType,
		}},
	}
}

func (parseSecretURIFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var uri string
	if resp.Error = req.Arguments.Get(ctx, &uri); resp.Error != nil {
		return
	}
	ref, err := roboto.ParseURI(uri)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(0, sentence(err))
		return
	}
	result := struct {
		Name  types.String `tfsdk:"name"`
		OrgID types.String `tfsdk:"org_id"`
	}{Name: types.StringValue(ref.Name), OrgID: types.StringNull()}
	if ref.OrgID != "" {
		result.OrgID = types.StringValue(ref.OrgID)
	}
	resp.Error = resp.Result.Set(ctx, result)
}
