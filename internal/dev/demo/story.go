// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/leakscan"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

const (
	passwordAddress = "roboto_secret.database_password"
	passwordName    = "database-password"
	passwordURI     = "roboto-secret://database-password@" + robototest.DefaultOrg
	tokenAddress    = "roboto_secret.webhook_token"
	tokenName       = "webhook-token"
	tokenURI        = "roboto-secret://webhook-token@" + robototest.DefaultOrg

	// Exit codes of terraform plan -detailed-exitcode.
	nothingToDo = 0
	changes     = 2
)

// story is what the demo tells, and checks as it goes.
type story struct {
	out       *screen
	terraform *terraform
	roboto    *robototest.Server

	// values are all secret values of this run: those that Terraform was to write, and
	// the one that came from elsewhere.
	values []leakscan.Needle
	// written are those of values that Terraform was to write.
	written []leakscan.Needle
	// password and token are the values that the configuration has now.
	password, token string
}

func (s *story) tell(ctx context.Context) error {
	for i, chapter := range []struct {
		heading string
		tell    func(context.Context) error
	}{
		{"Plan two secrets: database-password with a value_wo_version, webhook-token without", s.plan},
		{"Apply the saved plan", s.apply},
		{"Plan again: nothing to do", s.planNothing},
		{"Rotate: new values for both, and a new version for database-password", s.rotate},
		{"Drift: somebody overwrites webhook-token without Terraform", s.drift},
		{"Destroy", s.destroy},
	} {
		s.out.heading(fmt.Sprintf("%d. %s", i+1, chapter.heading))
		if err := chapter.tell(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (s *story) plan(ctx context.Context) error {
	s.input(s.newValue("the first password"), "1", s.newValue("the first token"))
	// Its output warns of a lock file for one platform, which is as it should be here.
	s.out.command([]string{"init"})
	if _, err := s.terraform.run(ctx, 0, "init"); err != nil {
		return err
	}
	if err := s.run(ctx, changes, "plan", "-detailed-exitcode", "-out=create.tfplan"); err != nil {
		return err
	}
	planned, err := s.terraform.show(ctx, "create.tfplan")
	if err != nil {
		return err
	}
	return errors.Join(
		s.verify("both URIs are known before anything exists", planned[passwordAddress].URI == passwordURI && planned[tokenAddress].URI == tokenURI),
		s.verify("Roboto holds no secret yet", len(s.roboto.Records(robototest.DefaultOrg)) == 0),
	)
}

func (s *story) apply(ctx context.Context) error {
	if err := s.run(ctx, 0, "apply", "create.tfplan"); err != nil {
		return err
	}
	if err := s.run(ctx, 0, "output"); err != nil {
		return err
	}
	state, err := s.terraform.show(ctx, "")
	if err != nil {
		return err
	}
	return errors.Join(
		s.verify("Roboto holds the two records", len(s.roboto.Records(robototest.DefaultOrg)) == 2),
		s.verifyStored(1, 1),
		s.verify("the state holds URIs and version IDs", s.describes(state)),
	)
}

func (s *story) planNothing(ctx context.Context) error {
	if err := s.run(ctx, nothingToDo, "plan", "-detailed-exitcode"); err != nil {
		return err
	}
	return s.verifyStored(1, 1)
}

func (s *story) rotate(ctx context.Context) error {
	before, err := s.terraform.show(ctx, "")
	if err != nil {
		return err
	}
	s.input(s.newValue("the second password"), "2", s.newValue("the second token"))
	if err := s.run(ctx, changes, "plan", "-detailed-exitcode", "-out=rotate.tfplan"); err != nil {
		return err
	}
	if _, err := s.terraform.show(ctx, "rotate.tfplan"); err != nil {
		return err
	}
	if err := s.run(ctx, 0, "apply", "rotate.tfplan"); err != nil {
		return err
	}
	after, err := s.terraform.show(ctx, "")
	if err != nil {
		return err
	}
	return errors.Join(
		s.verifyStored(2, 2),
		s.verify("the state holds their new version IDs", s.describes(after) &&
			before[passwordAddress].VersionID != after[passwordAddress].VersionID &&
			before[tokenAddress].VersionID != after[tokenAddress].VersionID),
	)
}

func (s *story) drift(ctx context.Context) error {
	foreign := canary("the token from elsewhere")
	s.values = append(s.values, foreign)
	s.roboto.SetValue(robototest.DefaultOrg, tokenName, foreign.Value)
	if err := s.run(ctx, changes, "plan", "-detailed-exitcode", "-out=repair.tfplan"); err != nil {
		return err
	}
	if _, err := s.terraform.show(ctx, "repair.tfplan"); err != nil {
		return err
	}
	if err := s.run(ctx, 0, "apply", "repair.tfplan"); err != nil {
		return err
	}
	// The token has two versions of before, the foreign one, and the repaired one.
	return errors.Join(
		s.verifyStored(2, 4),
		s.run(ctx, nothingToDo, "plan", "-detailed-exitcode"),
	)
}

func (s *story) destroy(ctx context.Context) error {
	if err := s.run(ctx, 0, "destroy", "-auto-approve"); err != nil {
		return err
	}
	return errors.Join(
		s.verify("Roboto holds no secret any more", len(s.roboto.Records(robototest.DefaultOrg)) == 0),
		s.verifyRequests(),
	)
}

// run shows a command and the essence of its output.
func (s *story) run(ctx context.Context, wantCode int, args ...string) error {
	s.out.command(args)
	output, err := s.terraform.run(ctx, wantCode, args...)
	if err != nil {
		return err
	}
	s.out.terraform(output)
	if args[0] == "plan" {
		s.out.line("    Exit code %d: %s", wantCode, map[int]string{nothingToDo: "nothing to do.", changes: "there are changes."}[wantCode])
	}
	return nil
}

func (s *story) verify(claim string, holds bool) error {
	if !holds {
		return fmt.Errorf("this does not hold: %s", claim)
	}
	s.out.verified(claim)
	return nil
}

// verifyStored asks the embedded Secrets Manager for the present values, and for how
// many versions there have been of each.
func (s *story) verifyStored(passwordVersions, tokenVersions int) error {
	stored := func(name, value string, versions int) bool {
		current, _, ok := s.roboto.Value(robototest.DefaultOrg, name)
		return ok && current == value && len(s.roboto.Versions(robototest.DefaultOrg, name)) == versions
	}
	return s.verify(
		fmt.Sprintf("AWS holds the configured values; versions so far: %d of %s, %d of %s",
			passwordVersions, passwordName, tokenVersions, tokenName),
		stored(passwordName, s.password, passwordVersions) && stored(tokenName, s.token, tokenVersions))
}

// verifyRequests asks the embedded services, which are strict.
func (s *story) verifyRequests() error {
	if violations := s.roboto.Violations(); len(violations) > 0 {
		return fmt.Errorf("the embedded services objected:\n  %s", strings.Join(violations, "\n  "))
	}
	s.out.verified("the embedded services, which are strict, objected to no request")
	return nil
}

// describes tells whether the secrets are those of the embedded services.
func (s *story) describes(state secrets) bool {
	current := func(name string) string {
		_, versionID, _ := s.roboto.Value(robototest.DefaultOrg, name)
		return versionID
	}
	password, token := state[passwordAddress], state[tokenAddress]
	return password.URI == passwordURI && password.VersionID != "" && password.VersionID == current(passwordName) &&
		token.URI == tokenURI && token.VersionID != "" && token.VersionID == current(tokenName)
}

// input sets the module's variables for the runs that follow.
func (s *story) input(password, passwordVersion, token string) {
	s.password, s.token = password, token
	s.terraform.variables = []string{
		"TF_VAR_database_password=" + password,
		"TF_VAR_database_password_version=" + passwordVersion,
		"TF_VAR_webhook_token=" + token,
	}
}

// newValue makes up a value for Terraform to write.
func (s *story) newValue(name string) string {
	value := canary(name)
	s.values = append(s.values, value)
	s.written = append(s.written, value)
	return value.Value
}

// canary is a value that is nowhere else in the world, and has a form of its own in
// each encoding.
func canary(name string) leakscan.Needle {
	random := rand.Text()
	return leakscan.Needle{Name: name, Value: random[:9] + "\"'\\ <" + random[9:18] + "ü&%" + random[18:] + "/+?>\n" + rand.Text()}
}
