// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

//go:build !race

package hostile

// mostMiB is the memory that an attack may take, and mostListedMiB that of a listing, all of which is
// kept.
const (
	mostMiB       = 200
	mostListedMiB = 800
)
