// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

//go:build !linux && !darwin && !freebsd

package terminal

import (
	"errors"
	"os"
)

func echoes(*os.File) (bool, error) { return false, errors.ErrUnsupported }
