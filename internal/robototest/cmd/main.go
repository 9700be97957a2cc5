// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// Command cmd runs the embedded Roboto as a process, for trying the provider by
// hand:
//
//	go run ./internal/robototest/cmd
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/robototest"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "robototest:", err)
		os.Exit(1)
	}
}

func run() error {
	var options robototest.Options
	flag.StringVar(&options.Listen, "listen", "127.0.0.1:0", "address of Roboto's endpoint, on loopback")
	flag.StringVar(&options.APIKey, "api-key", "", "API key to accept (default: a random one)")
	flag.IntVar(&options.PageSize, "page-size", 100, "records on a page")
	flag.Func("org", "ID of an organization, may be repeated (default: "+robototest.DefaultOrg+")", func(id string) error {
		options.Orgs = append(options.Orgs, id)
		return nil
	})
	quiet := flag.Bool("quiet", false, "do not log requests")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	server, err := robototest.New(options)
	if err != nil {
		return err
	}
	defer server.Close()

	fmt.Printf("An embedded Roboto is listening. In another terminal:\n\n"+
		"  export ROBOTO_API_KEY=%s\n"+
		"  export ROBOTO_SERVICE_ENDPOINT=%s\n"+
		"  export AWS_ENDPOINT_URL_SECRETS_MANAGER=%s\n\n"+
		"Press Ctrl-C to end it; its secrets end with it.\n\n",
		server.APIKey(), server.Endpoint(), server.SecretsManagerEndpoint())
	if *quiet {
		<-ctx.Done()
		return nil
	}
	logRequests(ctx, server)
	return nil
}

// logRequests prints a line per request: nothing of headers or bodies.
func logRequests(ctx context.Context, server *robototest.Server) {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	shown := 0
	for {
		requests := server.Requests()
		for _, r := range requests[shown:] {
			fmt.Printf("%s  %-14s %s %s  %d\n", r.Time.Format(time.TimeOnly), r.Operation, r.Method, r.Path, r.Status)
		}
		shown = len(requests)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
