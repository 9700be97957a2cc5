// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"encoding/json"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
)

// keySeen is a key in the private data of a planned deletion. It must not get into the
// private data of a secret that stays, because each plan would then change the state.
const keySeen = "seen"

// privateData is the private data of the framework, whose type is not exported.
type privateData interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// setSeen stores when the secret was last seen. It also stores the zero time, which
// replaces what an earlier plan left.
func setSeen(ctx context.Context, private privateData, at time.Time) diag.Diagnostics {
	encoded, err := json.Marshal(at)
	if err != nil {
		return diag.Diagnostics{diag.NewErrorDiagnostic("Cannot Plan Roboto Secret Deletion", err.Error())}
	}
	return private.SetKey(ctx, keySeen, encoded)
}

// seen returns the stored time, or the zero time if there is none.
func seen(ctx context.Context, private privateData) time.Time {
	var at time.Time
	encoded, _ := private.GetKey(ctx, keySeen)
	if json.Unmarshal(encoded, &at) != nil {
		return time.Time{}
	}
	return at
}
