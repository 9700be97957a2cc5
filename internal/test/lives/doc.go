// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// Package lives takes secrets through random lives, against the embedded Roboto and in
// fake time. The table "When the value is written" says how each has to end.
package lives
