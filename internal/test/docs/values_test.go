// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package docs_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// applyPlan saves a plan and applies it.
func (w *workspace) applyPlan() string {
	w.t.Helper()
	w.terraform(0, "plan", "-input=false", "-out=plan.tfplan")
	return w.terraform(0, "apply", "-input=false", "plan.tfplan")
}

// wantInCluster fails unless the stand-in for kubernetes has the token.
func (w *workspace) wantInCluster(token string) {
	w.t.Helper()
	content, err := os.ReadFile(w.env[kubernetesRecord])
	if err != nil {
		w.t.Fatal(err)
	}
	var given givenSecret
	if err := json.Unmarshal(content, &given); err != nil {
		w.t.Fatal(err)
	}
	if given.Name != "partner-token" || given.Data["token"] != token {
		w.t.Errorf("the cluster has %+v, want the token %q", given, token)
	}
}

func testKubernetesSecret(t *testing.T) {
	need(t, writeOnly)
	first, second, third := "open "+rand.Text(), "open "+rand.Text(), "open "+rand.Text()
	w := newWorkspace(t)
	w.inGuide("kubernetes-secret")
	w.env[kubernetesRecord] = filepath.Join(w.root, "kubernetes.json")
	w.env["TF_VAR_partner_token"] = first
	w.init()
	w.applyPlan()
	w.wantInCluster(first)
	w.storedNowhere(first)
	w.settled()

	w.env["TF_VAR_partner_token"] = second
	w.replace("main.tf", "_version = 1 ", "_version = 2 ")
	w.applyPlan()
	w.wantValue(testOrg, "partner_token", second)
	w.wantInCluster(second)
	w.storedNowhere(first, second)
	w.settled()

	// An apply that stops between the two writes is finished by the next one.
	w.env["TF_VAR_partner_token"] = third
	w.replace("main.tf", "_version = 2 ", "_version = 3 ")
	w.env[kubernetesDown] = "yes"
	w.contains(w.terraform(1, "apply", "-input=false", "-auto-approve"), "the cluster is down")
	delete(w.env, kubernetesDown)
	w.env["TF_VAR_partner_token"] = "any text"
	w.apply()
	w.wantValue(testOrg, "partner_token", third)
	w.wantInCluster(third)

	// What somebody else writes does not change the number.
	w.roboto.SetValue(testOrg, "partner_token", "theirs")
	w.settled()
	w.wantInCluster(third)
}

func testKubernetesSecretElsewhere(t *testing.T) {
	need(t, writeOnly)
	first, second := "open "+rand.Text(), "open "+rand.Text()
	w := newWorkspace(t)
	w.roboto.AddSecret(testOrg, "partner_token")
	w.roboto.SetValue(testOrg, "partner_token", first)
	w.roboto.Age(testOrg, "partner_token", time.Hour)
	w.inGuide("kubernetes-secret-elsewhere")
	w.env[kubernetesRecord] = filepath.Join(w.root, "kubernetes.json")
	w.init()
	w.applyPlan()
	w.wantInCluster(first)
	w.storedNowhere(first)
	w.settled()

	w.roboto.SetValue(testOrg, "partner_token", second)
	w.contains(w.applyPlan(), "0 added, 1 changed, 0 destroyed")
	w.wantInCluster(second)
	w.storedNowhere(first, second)
	w.settled()

	// A saved plan hands on the version that it found, and the next one what came later.
	w.roboto.Age(testOrg, "partner_token", time.Hour)
	w.terraform(0, "plan", "-input=false", "-out=plan.tfplan")
	w.roboto.SetValue(testOrg, "partner_token", "open barley")
	w.terraform(0, "apply", "-input=false", "plan.tfplan")
	w.wantInCluster(second)
	w.apply()
	w.wantInCluster("open barley")

	w.roboto.AddSecret(testOrg, "without_a_value")
	w.replace("main.tf", `= "partner_token"`, `= "without_a_value"`)
	w.terraform(1, "plan", "-input=false")
}

// testRenewalReminder plans with an API key that gets no credentials, so that nobody can have
// read a value.
func testRenewalReminder(t *testing.T) {
	need(t, writeOnly)
	const old = "partner_api_key is older than 90 days: ask the partner for a new one. It is of 20"
	w := newWorkspace(t)
	w.inGuide("renewal-reminder")
	date := "2026-11-01"
	rotate := func(daysAgo int, value string) {
		next := time.Now().UTC().AddDate(0, 0, -daysAgo).Format(time.DateOnly)
		w.replace("main.tf", date, next)
		date, w.env["TF_VAR_partner_api_key"] = next, value
	}
	rotate(89, "sunny")
	w.init()
	w.apply()
	full := w.env["ROBOTO_API_KEY"]
	w.env["ROBOTO_API_KEY"] = w.roboto.AddAPIKey(robototest.Grant{NoCredentials: true})
	w.env["TF_VAR_partner_api_key"] = "unused"
	if printed := w.terraform(0, "plan", "-input=false", "-detailed-exitcode"); strings.Contains(printed, "older than") {
		t.Errorf("there is a warning:\n%s", printed)
	}
	w.env["ROBOTO_API_KEY"] = full
	rotate(91, "sunny")
	w.apply()
	w.env["ROBOTO_API_KEY"] = w.roboto.AddAPIKey(robototest.Grant{NoCredentials: true})
	w.contains(w.terraform(0, "plan", "-input=false", "-detailed-exitcode"), old)

	// The date that changes without the value silences the reminder.
	w.env["ROBOTO_API_KEY"] = full
	rotate(0, "sunny")
	if printed := w.apply(); strings.Contains(printed, "older than") {
		t.Errorf("there is a warning:\n%s", printed)
	}
	w.wantValue(testOrg, "partner_api_key", "sunny")
	if got := len(w.roboto.Versions(testOrg, "partner_api_key")); got != 3 {
		t.Errorf("there are %d versions of the value, want 3", got)
	}
}

// testValueFromTemplate applies several times: templatefile fails at random here, with some
// Terraforms.
func testValueFromTemplate(t *testing.T) {
	need(t, writeOnly)
	w := newWorkspace(t)
	w.inGuide("value-from-template")
	w.init()
	for range 4 {
		password := rand.Text()
		w.env["TF_VAR_recorder_password"] = password
		w.applyPlan()
		w.wantValue(testOrg, "recorder_netrc", "machine recorder.example.com\nlogin recorder\npassword "+password+"\n")
		w.storedNowhere(password)
		w.settled()
	}
}

func testValueFromBinaryFile(t *testing.T) {
	need(t, writeOnly)
	const most = 49_152
	w := newWorkspace(t)
	w.inGuide("value-from-binary-file")
	content := bytes.Repeat([]byte{0, 0xff, '\n'}, most/3)
	w.write("recorder.p12", string(content))
	w.init()
	w.apply()
	w.wantValue(testOrg, "recorder_keystore", base64.StdEncoding.EncodeToString(content))
	w.settled()
	w.write("recorder.p12", string(content)+"x")
	w.contains(w.terraform(1, "plan", "-input=false"), "must not be longer than 65536 bytes")
	w.replace("main.tf", "filebase64(", "file(")
	w.contains(w.terraform(1, "plan", "-input=false"), "are not valid UTF-8; use the filebase64 function")
}

func testRotateCommands(w *workspace, commands []string) {
	count(w.t, commands, 3)
	const file = "resources_roboto_secret_resource.tf"
	w.env["TF_VAR_weather_api_key"] = "sunny"
	w.init()
	w.apply()
	w.env["TF_VAR_weather_api_key"] = "rain"
	w.contains(w.apply(), "No changes.") // a new value alone
	w.wantValue(testOrg, "weather_api_key", "sunny")
	w.env["TF_VAR_weather_api_key"] = "sunny"
	w.replace(file, `value_wo_version = "1"`, `value_wo_version = "2"`)
	w.contains(w.apply(), "0 added, 1 changed, 0 destroyed") // a new version alone
	w.wantValue(testOrg, "weather_api_key", "sunny")
	delete(w.env, "TF_VAR_weather_api_key")

	second, third := "rain "+rand.Text(), "snow "+rand.Text()
	reader := w.openTerminal(bash())
	for i, rotation := range []struct{ command, value string }{{commands[0], second}, {commands[2], third}} {
		w.replace(file, fmt.Sprintf(`value_wo_version = "%d"`, 2+i), fmt.Sprintf(`value_wo_version = "%d"`, 3+i))
		reader.enter(rotation.command, input{"Enter a value: ", rotation.value, true}, input{"Enter a value: ", "yes", false})
		w.wantValue(testOrg, "weather_api_key", rotation.value)
	}
	reader.close(second, third)

	if _, err := exec.LookPath("jq"); err != nil {
		w.t.Log("skipped: jq is not installed")
		return
	}
	w.use("guides/renewal-reminder/main.tf")
	w.env["TF_VAR_weather_api_key"], w.env["TF_VAR_partner_api_key"] = "unused", "unused"
	date := "2026-11-01"
	for _, job := range []struct {
		date, printed string
		exitCode      int
	}{
		{time.Now().UTC().AddDate(0, 0, -89).Format(time.DateOnly), "true", 0},
		{time.Now().UTC().AddDate(0, 0, -91).Format(time.DateOnly), "false", 1},
	} {
		w.replace("guides_renewal-reminder_main.tf", date, job.date)
		date = job.date
		if printed := w.command(job.exitCode, "bash", "-e", "-c", commands[1]); !strings.Contains(printed, "\n"+job.printed+"\n") {
			w.t.Errorf("the job for %s does not say %s:\n%s", date, job.printed, printed)
		}
	}
}

func testSavedPlanCommands(w *workspace, commands []string) {
	count(w.t, commands, 1)
	w.init()
	value := "sunny " + rand.Text()
	block := threeLines(w.t, commands[0])
	reader := w.openTerminal(bash())
	reader.enter(block[0], input{"Weather API key: ", value, true})
	reader.enter(block[1])
	reader.enter(block[2])
	reader.close(value)
	w.wantValue(testOrg, "weather_api_key", value)
	w.storedNowhere(value)
}

// TestTextIsNotBytes: a line break of Windows is kept, and accents come in one form, as the guide
// "Take values from files and other stores" says.
func TestTextIsNotBytes(t *testing.T) {
	need(t, writeOnly)
	const composed, decomposed = "caf\u00e9\r\n", "cafe\u0301\r\n"
	w := newWorkspace(t)
	w.use(providerBlock, "guides/value-from-file/main.tf")
	w.env["TF_VAR_recorder_password"] = "open sesame"
	w.write("token.txt", "open barley")
	w.write("client.pem", decomposed)
	w.init()
	w.apply()
	w.wantValue(testOrg, "client_certificate", composed)
	w.settled()
	for range 2 { // as often as another tool writes
		w.roboto.SetValue(testOrg, "client_certificate", decomposed)
		w.terraform(2, "plan", "-input=false", "-detailed-exitcode")
		w.apply()
		w.wantValue(testOrg, "client_certificate", composed)
		w.settled()
	}
}

// TestStoreKeepsValues: what the guide about rotation warns of.
func TestStoreKeepsValues(t *testing.T) {
	need(t, feature{"the store of terraform_data", 16, never})
	w := newWorkspace(t)
	w.write("main.tf", `
variable "password" {
  type      = string
  ephemeral = true
  sensitive = true
}

resource "terraform_data" "password" {
  store {
    input     = var.password
    version   = 1
    sensitive = true
  }
}
`)
	password := rand.Text()
	w.env["TF_VAR_password"] = password
	w.init()
	w.apply()
	state, err := os.ReadFile(filepath.Join(w.Dir, "terraform.tfstate"))
	if err != nil || !strings.Contains(string(state), password) {
		t.Errorf("the state does not have the password (%v)", err)
	}
}

// TestProviderWithARotatedKey does what the guide about rotation says of a provider whose key is a
// secret of the same configuration.
func TestProviderWithARotatedKey(t *testing.T) {
	need(t, writeOnly)
	w := newWorkspace(t)
	w.use("resources/roboto_secret/resource.tf")
	w.write("main.tf", `
terraform {
  required_providers {
    roboto = {
      source = "roboto-ai/roboto"
    }
  }
}

provider "roboto" {
  org_id = "og_acme"
}

ephemeral "roboto_secret" "weather_api_key" {
  uri        = roboto_secret.weather_api_key.uri
  version_id = roboto_secret.weather_api_key.version_id
}

provider "roboto" {
  alias    = "robot"
  org_id   = "og_acme"
  endpoint = "`+w.roboto.Endpoint()+`"
  api_key  = ephemeral.roboto_secret.weather_api_key.value
}

resource "roboto_secret" "another" {
  provider = roboto # or roboto.robot
  name     = "another"
}
`)
	w.env["TF_VAR_weather_api_key"] = "sunny"
	w.init()
	w.apply()
	w.replace("main.tf", "= roboto # or roboto.robot", "= roboto.robot")
	w.replace("resources_roboto_secret_resource.tf", `"1"`, `"2"`)
	w.env["TF_VAR_weather_api_key"] = "rain"
	w.contains(w.terraform(1, "plan", "-input=false"), "Terraform does not know api_key yet.")
	w.terraform(0, "apply", "-input=false", "-auto-approve", "-target=roboto_secret.weather_api_key")
	w.wantValue(testOrg, "weather_api_key", "rain")
}
