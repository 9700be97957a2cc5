// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
)

func newSecretURIFunction() function.Function { return secretURIFunction{} }

type secretURIFunction struct{}

func (secretURIFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "secret_uri"
}

func (secretURIFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Format the URI of a secret",
		MarkdownDescription: "Formats the URI of a secret from its name and, optionally, the ID of its organization: `roboto-secret://name@org_id`. " +
			"A URI without an organization refers to the default organization of its reader. The secret does not have to exist. `parse_secret_uri` is the inverse.",
		Parameters: []function.Parameter{
			function.StringParameter{Name: "name", MarkdownDescription: "Name of the secret."},
		},
		VariadicParameter: function.StringParameter{
			Name: "org_id",
			// parse_secret_uri gives null for a URI without an organization.
			AllowNullValue:      true,
			MarkdownDescription: "ID of the organization; at most one. Null means none.",
		},
		Return: function.StringReturn{},
	}
}

func (secretURIFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var name string
	var orgs []types.String
	if resp.Error = req.Arguments.Get(ctx, &name, &orgs); resp.Error != nil {
		return
	}
	ref := roboto.SecretRef{Name: name}
	if err := roboto.ValidateName(name); err != nil {
		resp.Error = function.NewArgumentFuncError(0, sentence(err))
		return
	}
	if len(orgs) > 1 {
		resp.Error = function.NewArgumentFuncError(2, "A secret belongs to one organization; give at most one org_id")
		return
	}
	if len(orgs) == 1 && !orgs[0].IsNull() {
		ref.OrgID = orgs[0].ValueString()
		if err := roboto.ValidateOrgID(ref.OrgID); err != nil {
			resp.Error = function.NewArgumentFuncError(1, sentence(err))
			return
		}
	}
	resp.Error = resp.Result.Set(ctx, ref.URI())
}

// sentence turns the text of a Go error into a sentence. Terraform adds the period.
func sentence(err error) string { return capitalize(err.Error()) }
