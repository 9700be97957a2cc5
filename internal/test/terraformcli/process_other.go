// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

//go:build !unix

package terraformcli

import "os/exec"

// isolate leaves the child to be killed by exec.CommandContext: elsewhere than on Unix
// a process cannot be sent an interrupt.
func isolate(*exec.Cmd) {}

func reap(*exec.Cmd) {}
