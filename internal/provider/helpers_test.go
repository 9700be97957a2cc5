// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
)

// terraformState is what a check of a test step receives.
type terraformState = terraform.State

var compareDiffer = compare.ValuesDiffer()

func want(expected, got string) error {
	if got != expected {
		return fmt.Errorf("got %q, want %q", got, expected)
	}
	return nil
}
