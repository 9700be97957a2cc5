// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

//go:build race

package hostile

// mostMiB is ten times the limit of a normal build. The race detector takes five to ten
// times the memory (Go documentation, "Data Race Detector").
const (
	mostMiB       = 2000
	mostListedMiB = 4000
)
