// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider

// Descriptions that the resource, the data sources and the others share.
const (
	descriptionName      = "Name of the secret, unique within its organization."
	descriptionOrgID     = "ID of the organization that owns the secret."
	descriptionURI       = "URI of the secret, `roboto-secret://name@org_id`, as Roboto's actions and tools take it."
	descriptionARN       = "ARN of the secret in AWS Secrets Manager, where its value is kept."
	descriptionCreated   = "When the secret was created, in RFC 3339 and UTC."
	descriptionCreatedBy = "Who created the secret."
)
