// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"regexp"
	"sync"
)

// lazyRegexp compiles the expression at its first use. Terraform starts a provider
// several times in each command, and most of these processes never need it.
func lazyRegexp(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}
