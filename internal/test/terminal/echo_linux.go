// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package terminal

import "golang.org/x/sys/unix"

const getState = unix.TCGETS
