// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// Package leaktest holds the proof that the provider leaks nothing: real
// Terraform takes secrets through their life, against honest and hostile services,
// and whatever is left behind is searched for each value, API key and temporary
// credential. make leakscan runs it.
package leaktest
