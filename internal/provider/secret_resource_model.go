// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"time"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
)

// secretModel is the resource in configuration, plan and state.
type secretModel struct {
	Name               types.String `tfsdk:"name"`
	OrgID              types.String `tfsdk:"org_id"`
	ValueWO            types.String `tfsdk:"value_wo"`
	ValueWOVersion     types.String `tfsdk:"value_wo_version"`
	DetectValueDrift   types.Bool   `tfsdk:"detect_value_drift"`
	DeletionProtection types.Bool   `tfsdk:"deletion_protection"`
	VersionID          types.String `tfsdk:"version_id"`
	URI                types.String `tfsdk:"uri"`
	ARN                types.String `tfsdk:"arn"`
	Created            types.String `tfsdk:"created"`
	CreatedBy          types.String `tfsdk:"created_by"`
}

// secretIdentityModel is the resource's identity.
type secretIdentityModel struct {
	Name  types.String `tfsdk:"name"`
	OrgID types.String `tfsdk:"org_id"`
}

func (m *secretModel) ref() roboto.SecretRef {
	return roboto.SecretRef{Name: m.Name.ValueString(), OrgID: m.OrgID.ValueString()}
}

// describe names the secret of a configuration that may be invalid. An empty name is known.
func (m *secretModel) describe() string {
	if m.Name.Equal(types.StringValue("")) {
		return `""`
	}
	return describe(m.ref())
}

// identity omits an unknown organization, as in a deferred import, because Terraform does
// not accept an unknown identity.
func (m *secretModel) identity() secretIdentityModel {
	if m.OrgID.IsUnknown() {
		return secretIdentityModel{Name: m.Name, OrgID: types.StringNull()}
	}
	return secretIdentityModel{Name: m.Name, OrgID: m.OrgID}
}

// record returns what state knows about the secret's identity. A name alone is not enough,
// because another secret may have it now. After an import only the name is known.
func (m *secretModel) record() roboto.Record {
	record := roboto.Record{SecretRef: m.ref(), ARN: m.ARN.ValueString()}
	if created, err := time.Parse(time.RFC3339Nano, m.Created.ValueString()); err == nil {
		record.Created = created
	}
	return record
}

// setRecord copies the attributes that come from the service.
func (m *secretModel) setRecord(record roboto.Record) {
	m.Name = types.StringValue(record.Name)
	m.OrgID = types.StringValue(record.OrgID)
	m.URI = types.StringValue(record.URI())
	m.ARN = arnValue(record.ARN)
	m.Created = timeValue(record.Created)
	m.CreatedBy = types.StringValue(record.CreatedBy)
}
