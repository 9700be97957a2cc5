// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// Command providerschema prints the provider's schemas for tfplugindocs, in the
// format of terraform providers schema -json.
//
// It asks the provider itself. Each Terraform prints only what it knows, so with
// one older than 1.14 the documentation would lose the page of the list resource.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/roboto-ai/terraform-provider-roboto/internal/provider"
	"github.com/roboto-ai/terraform-provider-roboto/internal/settings"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "providerschema:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	schema, err := describe(ctx, providerserver.NewProtocol6(provider.New("dev", settings.OSEnvironment())())())
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")
	return encoder.Encode(map[string]any{
		"format_version": "1.0",
		// tfplugindocs looks for the short name, or for the namespace hashicorp.
		"provider_schemas": map[string]any{"roboto": schema},
	})
}
