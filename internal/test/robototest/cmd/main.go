// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// Command cmd runs the embedded Roboto as a process, for trying the provider by
// hand:
//
//	go run ./internal/test/robototest/cmd
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "robototest:", err)
		os.Exit(1)
	}
}

func run() error {
	var options robototest.Options
	flag.Func("org", "ID of an organization, may be repeated (default: "+robototest.DefaultOrg+")", func(id string) error {
		options.Orgs = append(options.Orgs, id)
		return nil
	})
	quiet := flag.Bool("quiet", false, "do not log requests")
	flag.Parse()
	if !*quiet {
		options.OnRequest = func(r robototest.Request) {
			client, _, _ := strings.Cut(r.Header.Get("User-Agent"), " ")
			fmt.Printf("%s  %-3d  %-14s  %-6s %s  %s\n", r.Time.Format(time.TimeOnly), r.Status, r.Operation, r.Method, r.Path, client)
		}
	}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	server, err := robototest.New(options)
	if err != nil {
		return err
	}
	defer server.Close()

	if len(options.Orgs) == 0 {
		options.Orgs = []string{robototest.DefaultOrg}
	}
	fmt.Printf("An embedded Roboto is listening. In another terminal:\n\n")
	for _, variable := range append(server.Env(), "ROBOTO_ORG_ID="+options.Orgs[0]) {
		fmt.Println("  export", variable)
	}
	fmt.Printf("\nOrganizations: %s. Press Ctrl-C to end it; its secrets end with it.\n\n", strings.Join(options.Orgs, ", "))
	<-ctx.Done()
	fmt.Println()
	for _, violation := range server.Violations() {
		fmt.Println("A client broke a rule:", violation)
	}
	return nil
}
