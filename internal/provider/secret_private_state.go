// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
)

const (
	// keySeen is a key in the private data of a planned deletion, for when the secret was last
	// seen. It must not get into the private data of a secret that stays, because each plan
	// would then change the state.
	keySeen = "seen"

	// keyCreateBegan is the key of the start time of a create whose outcome is unknown.
	keyCreateBegan = "create_began"
)

// privateData is the private data of the framework, whose type is not exported.
type privateData interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// setTime also stores the zero time, which replaces what was stored before.
func setTime(ctx context.Context, private privateData, key string, at time.Time) diag.Diagnostics {
	return private.SetKey(ctx, key, strconv.AppendQuote(nil, at.Format(time.RFC3339Nano)))
}

// storedTime returns the zero time if there is none.
func storedTime(ctx context.Context, private privateData, key string) time.Time {
	var at time.Time
	encoded, _ := private.GetKey(ctx, key)
	if json.Unmarshal(encoded, &at) != nil {
		return time.Time{}
	}
	return at
}
