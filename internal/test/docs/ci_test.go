// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package docs_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsimple"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
	"go.yaml.in/yaml/v3"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terraformcli"
)

// readYAML parses an example.
func (s *scene) readYAML(name string, into any) {
	s.Check(yaml.Unmarshal([]byte(readFile(s.t, "examples/guides/"+name)), into))
}

// steps runs commands as CI does, each in a shell of its own with the variables of the job. The last one
// has to end with the exit code 0, or with ! as a plan with changes does.
func (s *scene) steps(shell string, variables map[string]string, commands ...string) {
	for _, name := range []string{"ROBOTO_API_KEY", "TF_VAR_weather_api_key"} {
		s.Setenv(name, variables[name])
	}
	neg := s.neg
	for i, command := range commands {
		s.neg = neg && i == len(commands)-1
		s.run(2, shell, "-e", "-c", command)
	}
}

var secretPattern = regexp.MustCompile(`^\$\{\{ secrets\.(\w+) \}\}$`)

// githubJob: github JOB SECRETS runs a job of the workflow. It may use these secrets, which are variables
// of the scene.
func (s *scene) githubJob(args []string) {
	var workflow struct {
		Jobs map[string]struct {
			If    string
			Steps []struct {
				Uses, Run string
				With      map[string]any
				Env       map[string]string
			}
		}
	}
	s.readYAML("github-actions/secrets.yml", &workflow)
	job := workflow.Jobs[args[0]]
	if strings.Contains(job.If, "'pull_request'") &&
		!(strings.Contains(job.If, "'dependabot[bot]'") && strings.Contains(job.If, "head.repo.full_name == github.repository")) {
		s.Fatalf("the job %s gets no secrets from Dependabot or a fork, but runs if %s", args[0], job.If)
	}
	neg := s.neg
	for i, step := range job.Steps {
		if strings.HasPrefix(step.Uses, "hashicorp/setup-terraform@") && step.With["terraform_wrapper"] != false {
			s.Fatalf("the job %s runs Terraform in a wrapper, which takes the exit code 2 for a success", args[0])
		}
		for name, value := range step.Env {
			if secret := secretPattern.FindStringSubmatch(value); secret != nil {
				if !slices.Contains(args[1:], secret[1]) {
					s.Fatalf("the job %s uses %s", args[0], value)
				}
				step.Env[name] = s.Getenv(secret[1])
			}
		}
		if s.neg = neg && i == len(job.Steps)-1; step.Run != "" { // actions bring the sources and Terraform
			s.steps("bash", step.Env, step.Run)
		}
	}
}

// gitlabJob: gitlab JOB VARIABLES runs the jobs that GitLab runs in a pipeline with these predefined
// variables, which has to be the one.
func (s *scene) gitlabJob(args []string) {
	predefined := map[string]string{"CI_DEFAULT_BRANCH": "main"}
	for _, arg := range args[1:] {
		name, value, _ := strings.Cut(arg, "=")
		predefined[name] = value
	}
	// The variables of the project, by environment. Those of production are protected.
	variables := map[any]map[string]string{"plan": {"ROBOTO_API_KEY": s.Getenv("ROBOTO_PLAN_TOKEN")}}
	if predefined["CI_COMMIT_BRANCH"] == "main" {
		variables["production"] = map[string]string{
			"ROBOTO_API_KEY": s.Getenv("ROBOTO_APPLY_TOKEN"), "TF_VAR_weather_api_key": s.Getenv("WEATHER_API_KEY"),
		}
	}
	var jobs map[string]struct {
		Rules       []struct{ If string }
		Environment any
		Variables   map[string]string
		Script      []string
	}
	s.readYAML("gitlab/.gitlab-ci.yml", &jobs)
	var ran []string
	for name, job := range jobs {
		if len(job.Rules) != 1 || !holds(job.Rules[0].If, predefined) {
			continue
		}
		ran = append(ran, name)
		if mapping, ok := job.Environment.(map[string]any); ok {
			job.Environment = mapping["name"]
		}
		env := map[string]string{}
		maps.Copy(env, job.Variables)
		maps.Copy(env, variables[job.Environment]) // they come before the job's
		s.steps("sh", env, job.Script...)
	}
	s.want("the jobs that ran", ran, args[:1])
}

// holds evaluates a rule of GitLab's. Those of the example are comparisons joined by &&.
func holds(rule string, variables map[string]string) bool {
	expanded := os.Expand(rule, func(name string) string { return strconv.Quote(variables[name]) })
	for comparison := range strings.SplitSeq(expanded, " && ") {
		if left, right, _ := strings.Cut(comparison, " == "); left != right {
			return false
		}
	}
	return true
}

// atlantisStage: atlantis STAGE FILE runs the steps of a stage, with the commands of Atlantis and the value
// in the file.
func (s *scene) atlantisStage(args []string) {
	var config struct {
		Repos     []struct{ Workflow string }
		Workflows map[string]map[string]struct{ Steps []yaml.Node }
	}
	s.readYAML("atlantis/repos.yaml", &config)
	commands := map[string]string{
		"init":  "terraform init -input=false -upgrade",
		"plan":  "terraform plan -input=false -refresh -out plan.tfplan",
		"apply": "terraform apply -input=false plan.tfplan",
	}
	env := map[string]string{"ROBOTO_API_KEY": s.Getenv("ROBOTO_API_KEY")}
	var script []string
	for _, node := range config.Workflows[config.Repos[0].Workflow][args[0]].Steps {
		if node.Kind == yaml.ScalarNode {
			script = append(script, commands[node.Value])
			continue
		}
		var step struct {
			Env struct{ Name, Value, Command string }
		}
		s.Check(node.Decode(&step))
		if env[step.Env.Name] = step.Env.Value; step.Env.Command != "" {
			s.run(0, "sh", "-c", strings.ReplaceAll(step.Env.Command, "/run/secrets/weather_api_key", s.MkAbs(args[1])))
			env[step.Env.Name] = strings.TrimSuffix(s.ReadFile("stdout"), "\n")
		}
	}
	s.steps("sh", env, script...)
}

// terragrunt: terragrunt DIRECTORY enters the module of a unit, and hands its inputs over as Terragrunt does:
// a text as it is, everything else as JSON, each in a variable of the environment.
func (s *scene) terragrunt(args []string) {
	unit := filepath.Join(s.Getenv("WORK"), "examples", args[0])
	var config struct {
		Terraform struct {
			Source string `hcl:"source"`
		} `hcl:"terraform,block"`
		Inputs cty.Value `hcl:"inputs"`
	}
	s.Check(hclsimple.DecodeFile(filepath.Join(unit, "terragrunt.hcl"), nil, &config))
	s.Check(s.Chdir(filepath.Join(unit, config.Terraform.Source)))
	for name, value := range config.Inputs.AsValueMap() {
		if value.Type() == cty.String {
			s.Setenv("TF_VAR_"+name, value.AsString())
			continue
		}
		text, err := ctyjson.Marshal(value, value.Type())
		s.Check(err)
		s.Setenv("TF_VAR_"+name, string(text))
	}
}

// release: release DIRECTORY VERSION puts the provider into a mirror, as a release of the version. With
// TEXT, which is appended to the executable, it has another checksum.
func (s *scene) release(args []string) {
	executable, err := os.ReadFile(terraform.Executable)
	s.Check(err)
	executable = append(executable, strings.Join(args[2:], "")...)
	s.Check(terraformcli.AddProvider(s.MkAbs(args[0]), "roboto-ai/roboto", args[1], func(place string) error {
		return os.WriteFile(place, executable, 0o700)
	}))
}
