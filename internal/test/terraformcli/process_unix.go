// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

//go:build unix

package terraformcli

import (
	"os"
	"os/exec"
	"syscall"
)

// isolate puts the child into a process group of its own. The terminal's Ctrl-C then
// reaches this process alone, which passes it on once: a second interrupt makes Terraform
// drop what it is doing.
func isolate(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
}

// reap ends what a child that has ended left running, such as the provider of a
// Terraform that had to be killed.
func reap(cmd *exec.Cmd) {
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
}
