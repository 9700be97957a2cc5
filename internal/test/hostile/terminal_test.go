// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

//go:build unix

package hostile

import (
	"bytes"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/creack/pty"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terminal"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terraformcli"
)

const (
	// controls are what a terminal or the log of a CI could obey.
	controls = "a\x1b]0;title\x07\x1b[2J\u009b2J\u202e\u2066\u200b\ufeff\u2028\u0085\x7f\n::stop-commands::x\r\n##[error]x\tz"
	// decodedControls are printable. Terraform decodes a string that is JSON, and prints what is in it.
	decodedControls = `{"a":"b\n\u001b]0;title\u0007\n\u202e","\u001b[2J":["\u009b2J\n\u2028"]}`
)

// brokenLines make Terraform break the line before each word, if it has no terminal.
var brokenLines = strings.Repeat("::error::"+strings.Repeat("x", 60)+" ", 2)

const screenModule = required + `
provider "roboto" { max_attempts = 1 }

resource "roboto_secret" "managed" {
  name             = "managed"
  value_wo         = "a value"
  value_wo_version = "1"
}

data "roboto_secret" "one" { name = "one" }

data "roboto_secrets" "all" {}

data "roboto_organizations" "all" {}

output "all" {
  value = [roboto_secret.managed.created_by, data.roboto_secret.one, data.roboto_secrets.all, data.roboto_organizations.all]
}
`

const refusedModule = `
data "roboto_secret" "refused" { name = "refused" }

data "roboto_secret" "refused_by_aws" {
  name            = "one"
  read_version_id = true
}
`

// TestScreen records each byte that Terraform sends to a terminal while all texts of both services hold
// what a terminal could obey. What comes is printable, or Terraform's own colors. Where there are no
// pseudo-terminals, TestDescribe and TestIdentifiers of package roboto look at the same texts.
func TestScreen(t *testing.T) {
	server := robototest.Start(t, robototest.Options{CreatedBy: controls})
	server.AddRecord(robototest.Record{OrgID: robototest.DefaultOrg, Name: "one", CreatedBy: controls, ModifiedBy: decodedControls})
	for _, text := range []string{controls, decodedControls} {
		server.AddRecord(robototest.Record{OrgID: robototest.DefaultOrg, Name: text, CreatedBy: text})
		server.AddOrg("og_other", text)
	}
	for operation, texts := range map[robototest.Operation]*strings.Replacer{
		robototest.ListOrgs:     strings.NewReplacer(`"premium"`, quoted(controls), `"active"`, quoted(decodedControls)),
		robototest.CreateSecret: strings.NewReplacer(quoted(controls), quoted(decodedControls)),
	} {
		server.Inject(robototest.Fault{Operation: operation, Mutate: func(b []byte) []byte { return []byte(texts.Replace(string(b))) }})
	}
	server.Inject(robototest.Fault{
		Operation: robototest.GetSecret, Code: controls, Message: brokenLines + controls + decodedControls,
		Match: func(r robototest.Request) bool { return r.Name == "refused" },
	})
	server.Inject(robototest.Fault{
		Operation: robototest.GetValue, AWSError: controls, Message: brokenLines + controls,
		Match: func(r robototest.Request) bool { return r.Name == "one" },
	})

	mirror, err := terraformcli.BuildMirror(t.Context(), t.TempDir())
	must(t, err)
	workspace := newWorkspace(t, mirror, append(server.Env(), "ROBOTO_ORG_ID="+robototest.DefaultOrg, "TF_CLI_ARGS=")...)
	must(t, workspace.Init(t.Context(), screenModule))
	for _, args := range []string{"plan", "apply -auto-approve", "show", "output", "refresh"} {
		onScreen(t, workspace, 0, args, `x1b]0;title`, `u001b]0;title`)
	}
	onScreen(t, workspace, 0, "destroy -auto-approve", `u001b]0;title`)
	must(t, workspace.Write("refused.tf", refusedModule))
	onScreen(t, workspace, 1, "plan", `\x1b]0;title`, `\\u001b]0;title`)
	result, err := workspace.Expect(t.Context(), 1, nil, "plan", "-no-color") // as in a CI
	must(t, err)
	isHarmless(t, "plan in a CI", []byte(result.Output()), `\x1b]0;title`, `\\u001b]0;title`, "\n:\\x3aerror:")
}

func quoted(text string) string {
	encoded, _ := json.Marshal(text) // a string can always be encoded
	return string(encoded)
}

// onScreen runs Terraform in a terminal.
func onScreen(t *testing.T, workspace *terraformcli.Workspace, exitCode int, args string, texts ...string) {
	t.Helper()
	session, err := terminal.Start(workspace.Command(t.Context(), nil, strings.Fields(args)...))
	if errors.Is(err, pty.ErrUnsupported) {
		t.Skipf("skipped: there are no pseudo-terminals here: %v", err)
	}
	must(t, err)
	code, screen, err := session.Wait()
	if code != exitCode || err != nil {
		t.Fatalf("terraform %s ended with exit code %d (%v):\n%q", args, code, err, screen)
	}
	isHarmless(t, args, screen, texts...)
}

// color is how Terraform begins and ends colors.
var color = regexp.MustCompile("\x1b\\[[0-9;]*m")

// isHarmless looks for what is unprintable, for lines that a CI could take for a command, and for texts
// that show that something was escaped.
func isHarmless(t *testing.T, what string, printed []byte, texts ...string) {
	t.Helper()
	plain := string(color.ReplaceAll(bytes.ReplaceAll(printed, []byte("\r\n"), []byte("\n")), nil))
	for line := range strings.SplitSeq(plain, "\n") {
		if strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }) ||
			strings.HasPrefix(strings.TrimSpace(line), "::") || strings.Contains(line, "##") {
			t.Errorf("terraform %s prints %q", what, line)
		}
	}
	for _, text := range texts {
		if !strings.Contains(plain, text) {
			t.Errorf("%q is not in what terraform %s prints:\n%s", text, what, plain)
		}
	}
}
