// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

//go:build linux || darwin || freebsd

package terminal

import (
	"os"

	"golang.org/x/sys/unix"
)

// echoes tells whether the terminal shows what is typed.
func echoes(terminal *os.File) (bool, error) {
	state, err := unix.IoctlGetTermios(int(terminal.Fd()), getState)
	if err != nil {
		return false, err
	}
	return state.Lflag&unix.ECHO != 0, nil
}
