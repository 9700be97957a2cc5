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
	"os"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/roboto-ai/terraform-provider-roboto/internal/dev/command"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
)

func main() { command.Main(run) }

func run(ctx context.Context) error {
	schemas, err := protocol.ReadSchemas(ctx)
	if err != nil {
		return err
	}
	described, err := describe(schemas)
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")
	return encoder.Encode(tfjson.ProviderSchemas{
		FormatVersion: "1.0",
		// tfplugindocs looks for the short name, or for the namespace hashicorp.
		Schemas: map[string]*tfjson.ProviderSchema{"roboto": described},
	})
}
