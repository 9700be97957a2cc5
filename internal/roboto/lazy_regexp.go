// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"regexp"
	"sync"
)

// lazyRegexp compiles when first used: Terraform starts a provider several times
// in each command, and most starts meet no answer to check.
func lazyRegexp(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}
