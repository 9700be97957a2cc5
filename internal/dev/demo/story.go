// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/leaks"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terraformcli"
)

const (
	passwordAddress = "roboto_secret.database_password"
	passwordName    = "database-password"
	passwordURI     = "roboto-secret://database-password@" + robototest.DefaultOrg
	tokenAddress    = "roboto_secret.webhook_token"
	tokenName       = "webhook-token"
	tokenURI        = "roboto-secret://webhook-token@" + robototest.DefaultOrg
)

// story is what the demo tells. It checks each claim that it makes.
type story struct {
	out       *screen
	workspace *terraformcli.Workspace
	roboto    *robototest.Server
	release   terraformcli.Release

	// values are all secret values of this run, those that Terraform was to write and
	// the one that came from elsewhere.
	values []leaks.Needle
	// written are those of values that Terraform was to write.
	written []leaks.Needle
	// password and token are the values that the configuration has now; variables are
	// its input, in the form of the environment.
	password, token string
	variables       []string
	// runs counts the runs of Terraform.
	runs int
	// err is the first thing that went wrong. Nothing is told after it.
	err error
}

func (s *story) tell(ctx context.Context) error {
	for i, chapter := range []struct {
		heading string
		tell    func(context.Context)
	}{
		{"Plan two secrets: database-password with a value_wo_version, webhook-token without", s.plan},
		{"Apply the saved plan", s.apply},
		{"Plan again: nothing to do", s.planNothing},
		{"Rotate: new values for both, and a new version for database-password", s.rotate},
		{"Drift: somebody overwrites webhook-token without Terraform", s.drift},
		{"Prove: an action tries each new database-password", s.prove},
		{"Destroy", s.destroy},
	} {
		s.out.heading(fmt.Sprintf("%d. %s", i+1, chapter.heading))
		if chapter.tell(ctx); s.err != nil {
			return s.err
		}
	}
	return nil
}

func (s *story) plan(ctx context.Context) {
	s.input(s.newValue("the first password"), "1", s.newValue("the first token"))
	// Its output is not shown: it warns of a lock file for one platform.
	s.out.command([]string{"init"})
	s.terraform(ctx, 0, "init")
	s.run(ctx, terraformcli.Changes, "plan", "-detailed-exitcode", "-out=create.tfplan")
	planned := s.show(ctx, "create.tfplan")
	s.verify("both URIs are known before anything exists", planned[passwordAddress].URI == passwordURI && planned[tokenAddress].URI == tokenURI)
	s.verify("Roboto holds no secret yet", len(s.roboto.Records(robototest.DefaultOrg)) == 0)
}

func (s *story) apply(ctx context.Context) {
	s.run(ctx, 0, "apply", "create.tfplan")
	s.run(ctx, 0, "output")
	state := s.show(ctx)
	s.verify("Roboto holds the two records", len(s.roboto.Records(robototest.DefaultOrg)) == 2)
	s.verifyStored(1, 1)
	s.verify("the state holds URIs and version IDs", s.describes(state))
}

func (s *story) planNothing(ctx context.Context) {
	s.run(ctx, terraformcli.NothingToDo, "plan", "-detailed-exitcode")
	s.verifyStored(1, 1)
}

func (s *story) rotate(ctx context.Context) {
	before := s.show(ctx)
	s.input(s.newValue("the second password"), "2", s.newValue("the second token"))
	s.run(ctx, terraformcli.Changes, "plan", "-detailed-exitcode", "-out=rotate.tfplan")
	s.show(ctx, "rotate.tfplan") // for the search
	s.run(ctx, 0, "apply", "rotate.tfplan")
	after := s.show(ctx)
	s.verifyStored(2, 2)
	s.verify("the state holds their new version IDs", s.describes(after) &&
		before[passwordAddress].VersionID != after[passwordAddress].VersionID &&
		before[tokenAddress].VersionID != after[tokenAddress].VersionID)
}

func (s *story) drift(ctx context.Context) {
	foreign := canary("the token from elsewhere")
	s.values = append(s.values, foreign)
	s.roboto.SetValue(robototest.DefaultOrg, tokenName, foreign.Value)
	s.run(ctx, terraformcli.Changes, "plan", "-detailed-exitcode", "-out=repair.tfplan")
	s.show(ctx, "repair.tfplan") // for the search
	s.run(ctx, 0, "apply", "repair.tfplan")
	// The token has two versions from before, the foreign one, and the repaired one.
	s.verifyStored(2, 4)
	s.run(ctx, terraformcli.NothingToDo, "plan", "-detailed-exitcode")
}

// prove rotates to a password that the action refuses, and back.
func (s *story) prove(ctx context.Context) {
	if !s.release.HasActions() {
		s.out.line("  Not shown: actions need Terraform 1.14 or later, and this one is older or OpenTofu.")
		return
	}
	const actionName = "check-database"
	good := s.password
	s.roboto.AddAction(robototest.Action{
		Name: actionName, Parameters: []robototest.Parameter{{Name: "password", Required: true}}, Expect: map[string]string{"password": good},
	})
	if s.err == nil {
		s.err = s.workspace.Write("action.tf", action)
	}
	s.run(ctx, 0, "apply", "-auto-approve")
	s.input(s.newValue("the refused password"), "3", s.token)
	s.run(ctx, 1, "apply", "-auto-approve")
	s.input(good, "4", s.token)
	s.run(ctx, 0, "apply", "-auto-approve")
	var statuses []int
	for _, invocation := range s.roboto.Invocations() {
		statuses = append(statuses, invocation.Status())
		s.verifyParameters(invocation)
	}
	s.verify("the action accepted the password, refused another one, and accepted it again",
		slices.Equal(statuses, []int{robototest.Completed, robototest.Failed, robototest.Completed}))
}

func (s *story) verifyParameters(invocation robototest.Invocation) {
	s.verify("invocation "+invocation.ID+" was given the URI and no value", maps.Equal(invocation.Parameters, map[string]string{"password": passwordURI}))
}

func (s *story) destroy(ctx context.Context) {
	s.run(ctx, 0, "destroy", "-auto-approve")
	s.verify("Roboto holds no secret any more", len(s.roboto.Records(robototest.DefaultOrg)) == 0)
	if violations := s.roboto.Violations(); s.err == nil && len(violations) > 0 {
		s.err = fmt.Errorf("the embedded services objected:\n  %s", strings.Join(violations, "\n  "))
	}
	s.verify("the embedded services, which are strict, objected to no request", true)
}

// run shows a command and the essence of its output.
func (s *story) run(ctx context.Context, wantCode int, args ...string) {
	if s.err != nil {
		return
	}
	s.out.command(args)
	s.out.terraform(s.terraform(ctx, wantCode, args...))
	if args[0] == "plan" && s.err == nil {
		s.out.line("    Exit code %d: %s", wantCode, map[int]string{terraformcli.NothingToDo: "nothing to do.", terraformcli.Changes: "there are changes."}[wantCode])
	}
}

func (s *story) verify(claim string, holds bool) {
	switch {
	case s.err != nil:
	case holds:
		s.out.verified(claim)
	default:
		s.err = fmt.Errorf("this does not hold: %s", claim)
	}
}

// verifyStored asks the embedded Secrets Manager for the present values, and for the
// number of versions of each.
func (s *story) verifyStored(passwordVersions, tokenVersions int) {
	stored := func(name, value string, versions int) bool {
		current, _, ok := s.roboto.Value(robototest.DefaultOrg, name)
		return ok && current == value && len(s.roboto.Versions(robototest.DefaultOrg, name)) == versions
	}
	s.verify(
		fmt.Sprintf("AWS holds the configured values; versions so far: %d of %s, %d of %s",
			passwordVersions, passwordName, tokenVersions, tokenName),
		stored(passwordName, s.password, passwordVersions) && stored(tokenName, s.token, tokenVersions))
}

// describes tells whether the secrets are those of the embedded services.
func (s *story) describes(state map[string]secret) bool {
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
	s.variables = []string{
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

// canary is a value that is nowhere else in the world. Each encoding writes it in
// another form.
func canary(name string) leaks.Needle {
	random := rand.Text()
	return leaks.Needle{Name: name, Value: random[:9] + "\"'\\ <" + random[9:18] + "ü&%" + random[18:] + "/+?>\n" + rand.Text()}
}
