// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// Command conformance checks each fact about Roboto and AWS that the provider relies on,
// one by one and not through the provider's client. It asks a Roboto that is embedded in
// this process; with TF_ACC=1 it asks the service that the environment leads to, in the
// organization that ROBOTO_ORG_ID names. There it creates secrets of its own, and deletes
// them again whatever happens. An action is invoked only if ROBOTO_CONFORMANCE_ACTION
// names one of that organization.
//
// What it prints holds no key, no value and no account's ID. The exit code is 0 if no fact
// differs and nothing is left behind, 130 after an interrupt, otherwise 1.
//
//	go run ./internal/dev/conformance
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/dev/command"
	"github.com/roboto-ai/terraform-provider-roboto/internal/settings"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// lagLimit is for how long a real service may lag behind its own answers.
const lagLimit = 30 * time.Second

func main() {
	output := flag.String("o", "", "file that the report is also written to, as Markdown")
	flag.Parse()
	command.Main(func(ctx context.Context) error {
		return conform(ctx, settings.OSEnvironment(), os.Stdin, os.Stdout, *output)
	})
}

func conform(ctx context.Context, env settings.Environment, in io.Reader, out io.Writer, output string) error {
	open := newEmbedded
	if env.Getenv("TF_ACC") != "" {
		open = func() (opponent, error) { return newReal(env) }
	}
	against, err := open()
	if err != nil {
		return err
	}
	defer against.close()
	l := against.lab
	if err := l.checkAccess(ctx); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(out, "Against: %s\nFacts:   %s\n\n", against.name, sdk)
	leftovers, err := l.made.leftovers(ctx)
	if err != nil {
		_, _ = fmt.Fprintf(out, "It is not known whether earlier runs have left secrets: %v\n\n", err)
	}
	undeleted, err := l.made.offer(ctx, leftovers, in, out)
	if err != nil {
		return err
	}
	r := inspect(ctx, l, facts(), findings(), func(result result) { tellResult(out, result) })
	r.against = against.name
	r.left = append(undeleted, r.left...)
	r.tellRest(out)
	if output != "" {
		var markdown bytes.Buffer
		r.markdown(&markdown)
		if err := os.WriteFile(output, markdown.Bytes(), 0o644); err != nil { //nolint:gosec // a document, to be published
			return err
		}
		_, _ = fmt.Fprintf(out, "As Markdown, for an issue: %s\n", output)
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case len(r.left) > 0:
		return errors.New("something is left behind")
	case r.count(differs) > 0:
		return fmt.Errorf("facts that differ: %d", r.count(differs))
	}
	return nil
}

// opponent is the service that is checked.
type opponent struct {
	// name has no host in it, which may be private.
	name  string
	lab   *lab
	close func()
}

// newEmbedded has small pages, so that a listing takes several.
func newEmbedded() (opponent, error) {
	server, err := robototest.New(robototest.Options{PageSize: 2})
	if err != nil {
		return opponent{}, err
	}
	server.AddAction(robototest.Action{Name: "endless", Hang: true})
	s := newService(server.Endpoint(), server.APIKey(), server.SecretsManagerEndpoint(), http.DefaultTransport, settings.DefaultRequestTimeout)
	l := newLab(s, robototest.DefaultOrg, 0)
	l.action = "endless"
	return opponent{name: "the embedded Roboto", lab: l, close: server.Close}, nil
}

func newReal(env settings.Environment) (opponent, error) {
	config, _, err := settings.Resolve(settings.Explicit{}, env)
	if err != nil {
		return opponent{}, err
	}
	orgID, err := settings.DefaultOrgID(settings.Explicit{}, env)
	if err != nil {
		return opponent{}, err
	}
	if orgID == "" {
		return opponent{}, errors.New("secrets will be created and deleted: name an organization for tests in ROBOTO_ORG_ID")
	}
	endpoint, awsEndpoint, name := config.Endpoint.String(), "", "a Roboto at an endpoint of its own"
	if endpoint == settings.DefaultEndpoint {
		name = "Roboto at its public endpoint"
	}
	if config.SecretsManagerEndpoint != nil {
		awsEndpoint = config.SecretsManagerEndpoint.String()
	}
	s := newService(endpoint, config.APIKey.Reveal(), awsEndpoint, http.DefaultTransport, config.RequestTimeout)
	l := newLab(s, orgID, lagLimit)
	l.action = env.Getenv(actionVariable)
	return opponent{name: name, lab: l, close: func() {}}, nil
}
