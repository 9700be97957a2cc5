// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
)

// recordModel holds the metadata of a secret, for data sources.
type recordModel struct {
	Name       types.String `tfsdk:"name"`
	OrgID      types.String `tfsdk:"org_id"`
	URI        types.String `tfsdk:"uri"`
	ARN        types.String `tfsdk:"arn"`
	Created    types.String `tfsdk:"created"`
	CreatedBy  types.String `tfsdk:"created_by"`
	Modified   types.String `tfsdk:"modified"`
	ModifiedBy types.String `tfsdk:"modified_by"`
	LastUsed   types.String `tfsdk:"last_used"`
}

func newRecordModel(record roboto.Record) recordModel {
	model := recordModel{
		Name:       types.StringValue(record.Name),
		OrgID:      types.StringValue(record.OrgID),
		URI:        uriValue(record.SecretRef),
		ARN:        arnValue(record.ARN),
		Created:    timeValue(record.Created),
		CreatedBy:  types.StringValue(record.CreatedBy),
		Modified:   timeValue(record.Modified),
		ModifiedBy: types.StringValue(record.ModifiedBy),
		LastUsed:   types.StringNull(),
	}
	if record.LastUsed != nil {
		model.LastUsed = timeValue(*record.LastUsed)
	}
	return model
}

// values are those of Terraform, by attribute.
func (m recordModel) values() map[string]tftypes.Value {
	return map[string]tftypes.Value{
		"name":        textValue(m.Name),
		"org_id":      textValue(m.OrgID),
		"uri":         textValue(m.URI),
		"arn":         textValue(m.ARN),
		"created":     textValue(m.Created),
		"created_by":  textValue(m.CreatedBy),
		"modified":    textValue(m.Modified),
		"modified_by": textValue(m.ModifiedBy),
		"last_used":   textValue(m.LastUsed),
	}
}

// textValue is a known text or null.
func textValue(text types.String) tftypes.Value {
	return tftypes.NewValue(tftypes.String, text.ValueStringPointer())
}

// uriValue is null for a name that does not fit into a URI: the text would mean another secret.
func uriValue(ref roboto.SecretRef) types.String {
	if ref.Validate() != nil {
		return types.StringNull()
	}
	return types.StringValue(ref.URI())
}

// arnValue is null for a secret whose value is not stored at AWS.
func arnValue(arn string) types.String {
	if arn == "" {
		return types.StringNull()
	}
	return types.StringValue(arn)
}

// timeValue formats a time as RFC 3339 in UTC, so that another notation of the service
// does not look like drift. It is null for a time that is not known.
func timeValue(t time.Time) types.String {
	if t.IsZero() {
		return types.StringNull()
	}
	return types.StringValue(t.UTC().Format(time.RFC3339Nano))
}

func recordAttributes() map[string]schema.Attribute {
	attributes := map[string]schema.Attribute{}
	for name, description := range map[string]string{
		"name":        descriptionName,
		"org_id":      descriptionOrgID,
		"uri":         descriptionURI + " Null if the name does not fit into a URI.",
		"arn":         descriptionARN,
		"created":     descriptionCreated,
		"created_by":  descriptionCreatedBy,
		"modified":    "When the record was last modified, in RFC 3339 and UTC. Writing a value does not necessarily change it.",
		"modified_by": "Who last modified the record.",
		"last_used":   "When an action last used the secret, in RFC 3339 and UTC. Null if none has.",
	} {
		attributes[name] = schema.StringAttribute{Computed: true, MarkdownDescription: description}
	}
	return attributes
}
