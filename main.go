// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// Command terraform-provider-roboto serves the Roboto provider to Terraform
// over protocol version 6.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/roboto-ai/terraform-provider-roboto/internal/provider"
	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
)

// version is the released version, set by the linker. See .goreleaser.yml.
var version = "dev"

func main() {
	debug := flag.Bool("debug", false, "serve until interrupted, for a debugger, and print the TF_REATTACH_PROVIDERS to use")
	flag.Parse()

	// net/http logs bytes that a server sends unasked. They may repeat a secret, and
	// Terraform keeps what a provider writes to stderr in its own log.
	log.SetOutput(io.Discard)

	newProvider := provider.New(version, roboto.OSEnvironment())
	err := providerserver.Serve(context.Background(), newProvider, providerserver.ServeOpts{
		Address: "registry.terraform.io/roboto-ai/roboto",
		Debug:   *debug,
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
