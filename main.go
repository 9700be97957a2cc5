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
	"math"
	"os"
	"runtime/debug"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/roboto-ai/terraform-provider-roboto/internal/provider"
	"github.com/roboto-ai/terraform-provider-roboto/internal/settings"
)

// version is the released version, set by the linker. See .goreleaser.yml.
var version = "dev"

func main() {
	serveForDebugger := flag.Bool("debug", false, "serve until interrupted, for a debugger, and print the TF_REATTACH_PROVIDERS to use")
	flag.Parse()

	// net/http logs bytes that a server sends unasked. They may repeat a secret, and
	// Terraform keeps what a provider writes to stderr in its own log.
	log.SetOutput(io.Discard)

	if !*serveForDebugger {
		muteUnreadLog()
	}
	limitMemory()

	newProvider := provider.New(version, settings.OSEnvironment())
	err := providerserver.Serve(context.Background(), newProvider, providerserver.ServeOpts{
		Address: "registry.terraform.io/roboto-ai/roboto",
		Debug:   *serveForDebugger,
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// limitMemory makes the garbage collector work harder beyond 600 MiB, which a listing of 100,000
// secrets needs. By default, it would let the heap grow to twice what is in use. GOMEMLIMIT is
// stronger.
func limitMemory() {
	if debug.SetMemoryLimit(-1) == math.MaxInt64 {
		debug.SetMemoryLimit(600 << 20)
	}
}

// muteUnreadLog turns off the log that Terraform is going to throw away. Terraform
// shows a provider's log only when TF_LOG or TF_LOG_PROVIDER is set (Terraform's
// documentation, "Debugging Terraform"), but without them the SDK's loggers write
// all they have, down to TRACE, and Terraform reads it all.
func muteUnreadLog() {
	if os.Getenv("TF_LOG") != "" || os.Getenv("TF_LOG_PROVIDER") != "" {
		return
	}
	for _, level := range []string{"TF_LOG_SDK", "TF_LOG_PROVIDER_ROBOTO"} {
		_ = os.Setenv(level, "OFF")
	}
}
