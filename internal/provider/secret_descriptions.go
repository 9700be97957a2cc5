// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
)

// Descriptions that the resource, the data sources and the others share.
const (
	descriptionName      = "Name of the secret, unique within its organization."
	descriptionOrgID     = "ID of the organization that owns the secret."
	descriptionURI       = "URI of the secret, `roboto-secret://name@org_id`, as Roboto's actions and tools accept it."
	descriptionARN       = "ARN of the secret in AWS Secrets Manager, where its value is kept."
	descriptionCreated   = "When the secret was created, in RFC 3339 and UTC."
	descriptionCreatedBy = "Who created the secret."
)

// describe names a secret in a message.
func describe(ref roboto.SecretRef) string {
	switch {
	case ref.Name == "":
		return "whose name is not known yet"
	case ref.OrgID == "":
		return strconv.Quote(ref.Name)
	}
	return fmt.Sprintf("%q of the organization %s", ref.Name, ref.OrgID)
}

// joinParagraphs leaves empty ones out.
func joinParagraphs(paragraphs ...string) string {
	var given []string
	for _, paragraph := range paragraphs {
		if paragraph != "" {
			given = append(given, paragraph)
		}
	}
	return strings.Join(given, "\n\n")
}
