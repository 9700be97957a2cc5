// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"encoding/json"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
)

// keySeen is the key in the private data of a planned deletion. It never gets into
// the private data of a secret that stays: each plan would then change the state.
const keySeen = "seen"

// privateData is the framework's, whose type has no public name.
type privateData interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// setSeen keeps when the refresh before the plan saw the secret. The zero time, of a
// plan without a refresh, is kept too: it takes the place of what an earlier plan left.
func setSeen(ctx context.Context, private privateData, at time.Time) diag.Diagnostics {
	encoded, err := json.Marshal(at)
	if err != nil {
		return diag.Diagnostics{diag.NewErrorDiagnostic("Cannot Plan Roboto Secret Deletion", err.Error())}
	}
	return private.SetKey(ctx, keySeen, encoded)
}

// seen is the zero time if nothing usable was kept.
func seen(ctx context.Context, private privateData) time.Time {
	var at time.Time
	encoded, _ := private.GetKey(ctx, keySeen)
	if json.Unmarshal(encoded, &at) != nil {
		return time.Time{}
	}
	return at
}
