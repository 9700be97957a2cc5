// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package docs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// callerInActions is what the guide "Prove a rotation" needs for many secrets.
var callerInActions = feature{"caller in actions", 16, never}

// page is the text of a guide.
type page string

func readPage(t *testing.T, guide string) page {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(repository, "docs", "guides", guide+".md"))
	if err != nil {
		t.Fatal(err)
	}
	return page(content)
}

// run runs a command of the page, which has to end with the exit code. Nobody is asked anything.
func (p page) run(w *workspace, exitCode int, command string) {
	w.t.Helper()
	if !strings.Contains(string(p), "\n```shell\n"+command+"\n```\n") {
		w.t.Errorf("the page does not show %q", command)
	}
	w.env["TF_CLI_ARGS_apply"] = "-input=false -auto-approve"
	w.run(exitCode, command)
	delete(w.env, "TF_CLI_ARGS_apply")
}

// addAction adds an action with one parameter, which fails unless that has the value.
func (w *workspace) addAction(name, parameter, value string) {
	w.roboto.AddAction(robototest.Action{
		OrgID: testOrg, Name: name, Parameters: []robototest.Parameter{{Name: parameter, Required: true}}, Expect: map[string]string{parameter: value},
	})
}

// wantInvocations fails unless the invocations have these statuses.
func (w *workspace) wantInvocations(want ...int) {
	w.t.Helper()
	var got []int
	for _, invocation := range w.roboto.Invocations() {
		got = append(got, invocation.Status())
	}
	if !slices.Equal(got, want) {
		w.t.Errorf("the invocations have the statuses %v, want %v", got, want)
	}
}

func testActionInvoke(t *testing.T) {
	need(t, actions)
	w := newWorkspace(t)
	w.addAction("check-weather", "api_key", "sunny with a chance")
	w.roboto.AddAction(robototest.Action{OrgID: "roboto-public", Name: "reindex", Hub: true})
	w.use(providerBlock, "actions/roboto_action_invoke/*.tf")
	w.env["TF_VAR_weather_api_key"] = "sunny with a chance"
	w.init()
	w.contains(w.apply(), `of "check-weather": Completed`)
	w.wantInvocations(robototest.Completed)
	w.settled()
	w.terraform(0, "apply", "-input=false", "-auto-approve", "-invoke=action.roboto_action_invoke.reindex")
	w.wantInvocations(robototest.Completed, robototest.Completed)
}

// testProveRotation does what the guide says, to a value that the action refuses and back.
func testProveRotation(t *testing.T) {
	need(t, actions)
	needShell(t, "bash")
	w := newWorkspace(t)
	w.addAction("try-partner-token", "token", "open sesame")
	w.inGuide("prove-rotation")
	page := readPage(t, "prove-a-rotation")
	rotate := func(value, version string) {
		w.env["TF_VAR_partner_token"], w.env["TF_VAR_partner_token_version"] = value, version
	}
	rotate("open sesame", "1")
	w.init()
	w.apply()
	shown := blocks(string(page))
	first := threeLines(t, strings.TrimSpace(shown[slices.IndexFunc(shown, func(b block) bool { return b.language == "shell" })].text))
	reader := w.openTerminal(bash())
	reader.enter(first[0], input{"New partner token: ", "open barley", true})
	reader.enter(first[1])
	w.contains(reader.enter(first[2], input{"Enter a value: ", "yes", false}), "has ended with the status Failed (The action exited with code 1)")
	reader.close("open barley")
	rotate("any text", "2")
	w.wantValue(testOrg, "partner_token", "open barley")
	w.settled()
	page.run(w, 1, "terraform apply -invoke=action.roboto_action_invoke.try_partner_token")
	// The undo is an update, so it is proved too.
	w.write("good.tf", fmt.Sprintf("ephemeral \"roboto_secret\" \"good\" {\n  name       = \"partner_token\"\n  version_id = %q\n}\n", w.roboto.Versions(testOrg, "partner_token")[0].ID))
	w.replace("main.tf", "= var.partner_token\n", "= ephemeral.roboto_secret.good.value\n")
	rotate("any text", "3")
	w.apply()
	w.wantValue(testOrg, "partner_token", "open sesame")
	w.wantInvocations(robototest.Completed, robototest.Failed, robototest.Failed, robototest.Completed)
	w.terraform(0, "plan", "-input=false", "-invoke=action.roboto_action_invoke.try_partner_token", "-out=plan.tfplan")
	w.terraform(0, "apply", "-input=false", "plan.tfplan")
	w.wantInvocations(robototest.Completed, robototest.Failed, robototest.Failed, robototest.Completed, robototest.Completed)
}

func testProveModule(t *testing.T) {
	need(t, actions)
	w := newWorkspace(t)
	w.addAction("forecast", "api_key", "sunny")
	w.inGuide("prove-module")
	w.env["TF_VAR_weather_api_key"] = "sunny"
	w.init()
	w.apply()
	w.settled()
	w.env["TF_VAR_weather_api_key"] = "rain"
	w.replace("main.tf", `{ version = "1" }`, `{ version = "2" }`)
	w.contains(w.terraform(1, "apply", "-input=false", "-auto-approve"), "Roboto Action Failed")
	w.contains(w.terraform(1, "apply", "-input=false", "-auto-approve", "-invoke=action.roboto_action_invoke.forecast"), "Roboto Action Failed")
	w.wantInvocations(robototest.Completed, robototest.Failed, robototest.Failed)
}

// testProveEach has one action try each secret that is written, and those that are asked for.
func testProveEach(t *testing.T) {
	need(t, actions)
	w := newWorkspace(t)
	w.addAction("try-partner-token", "token", "open sesame")
	w.inGuide("prove-each")
	w.env["TF_VAR_partner_tokens"] = `{"north": "open sesame", "south": "open sesame"}`
	w.init()
	if !has(callerInActions) {
		w.contains(w.terraform(1, "plan", "-input=false"), "Reference to undeclared resource")
	}
	need(t, callerInActions)
	tried := func(want ...string) {
		t.Helper()
		var got []string
		for _, invocation := range w.roboto.Invocations() {
			got = append(got, invocation.Parameters["token"])
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("tried are %q, want %q", got, want)
		}
	}
	const north, south = "roboto-secret://partner_token_north@og_acme", "roboto-secret://partner_token_south@og_acme"
	w.apply()
	tried(north, south)
	w.settled()
	w.replace("main.tf", `south = "1"`, `south = "2"`)
	w.apply()
	tried(north, south, south)
	readPage(t, "prove-a-rotation").run(w, 0, `terraform apply -invoke=action.roboto_action_invoke.try_partner_token -target='roboto_secret.partner_token["south"]'`)
	tried(north, south, south, south)
	w.terraform(0, "apply", "-input=false", "-auto-approve", "-invoke=action.roboto_action_invoke.try_partner_token")
	tried(north, north, south, south, south, south)
}
