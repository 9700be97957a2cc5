// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// Package faults holds the tests of what the provider does when services and
// networks misbehave: each call with each fault, and what one more apply makes
// of it.
package faults
