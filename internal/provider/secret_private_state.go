// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-framework/diag"
)

// The keys of the planned private data, which Terraform hands from a plan to its apply. Nothing
// of it stays in the private data of a secret: each plan would then change the state.
const (
	// keyNullValue notes that value_wo was null while planning. Terraform hides an ignored value
	// from the plan, and not from the apply.
	keyNullValue = "null_value"

	// keyReplacement holds the plannedReplacement of a plan that deletes a secret and creates
	// another one in its place.
	keyReplacement = "replacement"
)

// plannedReplacement is the secret that a plan creates.
type plannedReplacement struct {
	Name string `json:"name"`
	// OrgID is "" if it was not known while planning.
	OrgID string `json:"org_id"`
	// Default is whether OrgID is the default organization.
	Default bool `json:"default"`
}

// privateData is the private data of the framework, whose type is not exported.
type privateData interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// setNote removes the key if note is nil.
func setNote(ctx context.Context, private privateData, key string, note any) diag.Diagnostics {
	var encoded []byte
	if note != nil {
		encoded, _ = json.Marshal(note) // cannot fail for the types that are stored
	}
	return private.SetKey(ctx, key, encoded)
}

// getNote leaves note as it is if there is no such note.
func getNote(ctx context.Context, private privateData, key string, note any) {
	if encoded, _ := private.GetKey(ctx, key); len(encoded) > 0 {
		_ = json.Unmarshal(encoded, note) // cannot fail for what setNote has encoded
	}
}
