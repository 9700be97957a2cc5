// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

//go:build !linux

package main

// Other systems have no /proc.

func sample(string, map[int]usage) {}

func totalMemory() int64 { return 0 }

func loadAverage() string { return "" }
