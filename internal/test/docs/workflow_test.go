// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package docs_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// workflow is what the example of a workflow has to run.
type workflow struct {
	Jobs map[string]struct {
		If    string `yaml:"if"`
		Steps []struct {
			Uses string            `yaml:"uses"`
			With map[string]any    `yaml:"with"`
			Run  string            `yaml:"run"`
			Env  map[string]string `yaml:"env"`
		} `yaml:"steps"`
	} `yaml:"jobs"`
}

var secretPattern = regexp.MustCompile(`\$\{\{ secrets\.(\w+) \}\}`)

// job runs the commands of a job, each in the environment that its step gives it. The last
// one has to end with the exit code.
func (w *workspace) job(name string, exitCode int, secrets map[string]string) string {
	w.t.Helper()
	content, err := os.ReadFile(filepath.Join(repository, "examples/guides/github-actions/secrets.yml"))
	if err != nil {
		w.t.Fatal(err)
	}
	var example workflow
	if err := yaml.Unmarshal(content, &example); err != nil {
		w.t.Fatal(err)
	}
	// Pull requests from these get no secrets, so the job would fail for want of a token.
	condition, steps := example.Jobs[name].If, example.Jobs[name].Steps
	if strings.Contains(condition, "'pull_request'") && (!strings.Contains(condition, "'dependabot[bot]'") || !strings.Contains(condition, "head.repo.full_name == github.repository")) {
		w.t.Errorf("the job %s runs if %s", name, condition)
	}
	printed := ""
	for i, step := range steps {
		if strings.HasPrefix(step.Uses, "hashicorp/setup-terraform@") && step.With["terraform_wrapper"] != false {
			w.t.Errorf("the job %s runs Terraform in a wrapper, which takes the exit code 2 for a success", name)
		}
		if step.Run == "" {
			continue // actions bring the sources and Terraform
		}
		delete(w.env, "ROBOTO_API_KEY")
		delete(w.env, "TF_VAR_weather_api_key")
		for variable, value := range step.Env {
			w.env[variable] = secretPattern.ReplaceAllStringFunc(value, func(reference string) string {
				value, ok := secrets[secretPattern.FindStringSubmatch(reference)[1]]
				if !ok {
					w.t.Errorf("the job %s uses %s", name, reference)
				}
				return value
			})
		}
		want := 0
		if i == len(steps)-1 {
			want = exitCode
		}
		printed = w.command(want, "bash", "-e", "-c", step.Run)
	}
	return printed
}

func testGitHubActions(t *testing.T) {
	need(t, writeOnly)
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("skipped: bash is not installed")
	}
	w := newWorkspace(t)
	w.use(providerBlock, "resources/roboto_secret/resource.tf")
	readOnly := map[string]string{"ROBOTO_PLAN_TOKEN": w.roboto.AddAPIKey(robototest.Grant{NoCredentials: true})}
	full := func(value string) map[string]string {
		return map[string]string{"ROBOTO_APPLY_TOKEN": w.roboto.APIKey(), "WEATHER_API_KEY": value}
	}

	w.contains(w.job("plan", 0, readOnly), "1 to add")
	w.job("apply", 0, full("sunny"))
	w.wantValue(testOrg, "weather_api_key", "sunny")
	w.contains(w.job("plan", 0, readOnly), "No changes.")
	w.job("drift", 0, readOnly)

	w.replace("resources_roboto_secret_resource.tf", `value_wo_version = "1"`, `value_wo_version = "2"`)
	w.contains(w.job("plan", 0, readOnly), "1 to change")
	w.job("apply", 0, full("rain"))
	w.wantValue(testOrg, "weather_api_key", "rain")

	w.roboto.DeleteSecret(testOrg, "weather_api_key")
	w.contains(w.job("drift", 2, readOnly), "1 to add")
}
