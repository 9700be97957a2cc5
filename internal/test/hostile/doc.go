// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// Package hostile tries what somebody might who wants the values, the API key or an end of
// the work. SECURITY.md lists what came out.
package hostile
