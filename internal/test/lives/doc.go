// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// Package lives takes secrets through random lives, against the embedded Roboto: with the
// provider alone in fake time, and a few with real Terraform. The table in package decisions says
// how each has to end.
package lives
