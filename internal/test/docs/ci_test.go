// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package docs_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/hcl/v2/gohcl"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
	"go.yaml.in/yaml/v3"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// readExample parses an example in YAML.
func readExample(t *testing.T, name string, into any) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(repository, "examples/guides", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(content, into); err != nil {
		t.Fatal(err)
	}
}

// shell runs commands as CI does, in bash or sh. The last one has to end with the exit code.
func (w *workspace) shell(name string, exitCode int, env map[string]string, commands ...string) string {
	w.t.Helper()
	before := maps.Clone(w.env)
	maps.Copy(w.env, env)
	defer func() { w.env = before }()
	printed := ""
	for i, command := range commands {
		want := 0
		if i == len(commands)-1 {
			want = exitCode
		}
		printed = w.command(want, name, "-e", "-c", command)
	}
	return printed
}

// needShell skips the test without the shell.
func needShell(t *testing.T, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("skipped: %s is not installed", name)
	}
}

// gitlabJob is a job of a pipeline of GitLab.
type gitlabJob struct {
	Rules []struct {
		If string `yaml:"if"`
	} `yaml:"rules"`
	Environment gitlabEnvironment `yaml:"environment"`
	Variables   map[string]string `yaml:"variables"`
	Script      []string          `yaml:"script"`
}

// gitlabEnvironment is given by its name, or by a mapping with it.
type gitlabEnvironment string

func (e *gitlabEnvironment) UnmarshalYAML(node *yaml.Node) error {
	var mapping struct {
		Name string `yaml:"name"`
	}
	if node.Kind == yaml.MappingNode {
		err := node.Decode(&mapping)
		*e = gitlabEnvironment(mapping.Name)
		return err
	}
	return node.Decode((*string)(e))
}

// gitlabVariable is a CI/CD variable of a project.
type gitlabVariable struct {
	key, value, scope string
	protected         bool
}

// runs says whether a rule of the job holds. All rules that the example has are comparisons
// joined by &&.
func (j gitlabJob) runs(t *testing.T, pipeline map[string]string) bool {
	t.Helper()
	expand := func(operand string) string {
		if name, ok := strings.CutPrefix(operand, "$"); ok {
			return pipeline[name]
		}
		return strings.Trim(operand, `"`)
	}
	for _, rule := range j.Rules {
		holds := true
		for comparison := range strings.SplitSeq(rule.If, " && ") {
			left, right, ok := strings.Cut(comparison, " == ")
			if !ok {
				t.Fatalf("the test does not know how to evaluate %q", comparison)
			}
			holds = holds && expand(left) == expand(right)
		}
		if holds {
			return true
		}
	}
	return false
}

func testGitLab(t *testing.T) {
	need(t, writeOnly)
	needShell(t, "sh")
	w := newWorkspace(t)
	w.use(providerBlock, "resources/roboto_secret/resource.tf")
	variables := []gitlabVariable{
		{"ROBOTO_API_KEY", w.roboto.AddAPIKey(robototest.Grant{NoCredentials: true}), "plan", false},
		{"ROBOTO_API_KEY", w.roboto.APIKey(), "production", true},
		{"TF_VAR_weather_api_key", "sunny", "production", true},
	}
	delete(w.env, "ROBOTO_API_KEY")

	// pipeline runs the jobs that GitLab would run, which has to be the one. A variable of the
	// project comes before one of the job.
	pipeline := func(want string, exitCode int, predefined map[string]string) string {
		t.Helper()
		jobs := map[string]yaml.Node{}
		readExample(t, "gitlab/.gitlab-ci.yml", &jobs)
		delete(jobs, "image")
		var ran []string
		printed := ""
		for _, name := range slices.Sorted(maps.Keys(jobs)) {
			var job gitlabJob
			node := jobs[name]
			if err := node.Decode(&job); err != nil {
				t.Fatal(err)
			}
			if !job.runs(t, predefined) {
				continue
			}
			ran = append(ran, name)
			env := map[string]string{}
			maps.Copy(env, job.Variables)
			for _, v := range variables {
				isProtected := predefined["CI_COMMIT_BRANCH"] == "main"
				if v.scope == string(job.Environment) && (isProtected || !v.protected) {
					env[v.key] = v.value
				}
			}
			printed = w.shell("sh", exitCode, env, job.Script...)
		}
		if !slices.Equal(ran, []string{want}) {
			t.Errorf("the jobs %q ran, want %q", ran, want)
		}
		return printed
	}
	mergeRequest := map[string]string{"CI_PIPELINE_SOURCE": "merge_request_event", "CI_DEFAULT_BRANCH": "main"}
	merged := map[string]string{"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "main", "CI_DEFAULT_BRANCH": "main"}
	scheduled := map[string]string{"CI_PIPELINE_SOURCE": "schedule", "CI_COMMIT_BRANCH": "main", "CI_DEFAULT_BRANCH": "main"}

	w.contains(pipeline("plan", 0, mergeRequest), "1 to add")
	pipeline("apply", 0, merged)
	w.wantValue(testOrg, "weather_api_key", "sunny")
	w.contains(pipeline("plan", 0, mergeRequest), "No changes.")
	pipeline("drift", 0, scheduled)

	w.replace("resources_roboto_secret_resource.tf", `value_wo_version = "1"`, `value_wo_version = "2"`)
	variables[2].value = "rain"
	w.contains(pipeline("plan", 0, mergeRequest), "1 to change")
	pipeline("apply", 0, merged)
	w.wantValue(testOrg, "weather_api_key", "rain")

	w.roboto.DeleteSecret(testOrg, "weather_api_key")
	w.contains(pipeline("drift", 2, scheduled), "1 to add")
}

// atlantisStep is "init", "plan" or "apply", or a variable for those that follow.
type atlantisStep struct {
	command string
	env     struct{ Name, Value, Command string }
}

func (s *atlantisStep) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		return node.Decode(&s.command)
	}
	var step struct {
		Env struct{ Name, Value, Command string } `yaml:"env"`
	}
	err := node.Decode(&step)
	s.env = step.Env
	return err
}

// testAtlantis runs the workflow with the commands of Atlantis, the saved plan in between.
func testAtlantis(t *testing.T) {
	need(t, writeOnly)
	needShell(t, "sh")
	var config struct {
		Repos     []struct{ Workflow string }
		Workflows map[string]map[string]struct{ Steps []atlantisStep }
	}
	readExample(t, "atlantis/repos.yaml", &config)
	workflow := config.Workflows[config.Repos[0].Workflow]
	w := newWorkspace(t)
	w.use(providerBlock, "resources/roboto_secret/resource.tf")
	const place = "/run/secrets/weather_api_key"
	value := filepath.Join(w.root, "weather_api_key")
	commands := map[string]string{
		"init":  "terraform init -input=false -upgrade",
		"plan":  "terraform plan -input=false -refresh -out plan.tfplan",
		"apply": "terraform apply -input=false plan.tfplan",
	}
	stage := func(exitCode int, steps []atlantisStep) string {
		t.Helper()
		env := map[string]string{}
		var script []string
		for _, step := range steps {
			switch {
			case step.command != "":
				script = append(script, commands[step.command])
			case step.env.Value != "":
				env[step.env.Name] = step.env.Value
			default:
				if !strings.Contains(step.env.Command, place) {
					t.Fatalf("the command %q does not read %s", step.env.Command, place)
				}
				printed := w.command(0, "sh", "-c", strings.ReplaceAll(step.env.Command, place, value))
				env[step.env.Name] = strings.TrimSuffix(printed, "\n")
			}
		}
		return w.shell("sh", exitCode, env, script...)
	}
	for _, content := range []string{"sunny\n", "rain\n"} {
		if err := os.WriteFile(value, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		stage(0, workflow["plan"].Steps)
		// What the page says of a value that is not there in the apply.
		last := workflow["apply"].Steps[len(workflow["apply"].Steps)-1:]
		w.contains(stage(1, last), "No value for required variable")
		stage(0, workflow["apply"].Steps)
		w.wantValue(testOrg, "weather_api_key", strings.TrimSpace(content))
		if content == "sunny\n" {
			w.replace("resources_roboto_secret_resource.tf", `value_wo_version = "1"`, `value_wo_version = "2"`)
		}
	}
}

// testTerragrunt hands the inputs over as Terragrunt does: a text as it is, everything else as
// JSON, each in a variable of the environment.
func testTerragrunt(t *testing.T) {
	need(t, writeOnly)
	w := newWorkspace(t)
	unit := filepath.Join(w.root, "examples", "guides", "terragrunt", "prod")
	inputs := func() map[string]string {
		t.Helper()
		file, diagnostics := hclparse.NewParser().ParseHCLFile(filepath.Join(unit, "terragrunt.hcl"))
		if diagnostics.HasErrors() {
			t.Fatal(diagnostics)
		}
		var config struct {
			Terraform struct {
				Source string `hcl:"source"`
			} `hcl:"terraform,block"`
			Inputs cty.Value `hcl:"inputs"`
		}
		if diagnostics := gohcl.DecodeBody(file.Body, nil, &config); diagnostics.HasErrors() {
			t.Fatal(diagnostics)
		}
		w.Dir = filepath.Join(unit, config.Terraform.Source)
		env := map[string]string{}
		for name, value := range config.Inputs.AsValueMap() {
			if value.Type() == cty.String {
				env["TF_VAR_"+name] = value.AsString()
				continue
			}
			text, err := ctyjson.Marshal(value, value.Type())
			if err != nil {
				t.Fatal(err)
			}
			env["TF_VAR_"+name] = string(text)
		}
		return env
	}
	run := func(exitCode int, args ...string) string {
		t.Helper()
		before := maps.Clone(w.env)
		defer func() { w.env = before }()
		maps.Copy(w.env, inputs())
		return w.terraform(exitCode, args...)
	}
	w.env["TF_VAR_weather_api_key"] = "sunny"
	inputs()
	w.init()
	w.contains(run(0, "apply", "-input=false", "-auto-approve"), `value_wo_version = "1.10"`)
	w.wantValue(testOrg, "weather_api_key", "sunny")
	run(0, "plan", "-input=false", "-detailed-exitcode")

	// The comment in the file says what happens without quotes.
	w.Dir = unit
	w.replace("terragrunt.hcl", `"1.10"`, "1.10")
	w.contains(run(2, "plan", "-input=false", "-detailed-exitcode"), `value_wo_version = "1.10" -> "1.1"`)
}

// TestUnquotedVersion: what the guides say of versions without quotes, in Terraform's language
// and in YAML.
func TestUnquotedVersion(t *testing.T) {
	var parsed map[string]any
	if err := yaml.Unmarshal([]byte("unquoted: 1.10\nquoted: \"1.10\"\n"), &parsed); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(parsed["unquoted"], " ", parsed["quoted"]); got != "1.1 1.10" {
		t.Errorf("YAML has %s", got)
	}

	need(t, writeOnly)
	w := newWorkspace(t)
	w.use(providerBlock, "resources/roboto_secret/resource.tf")
	w.env["TF_VAR_weather_api_key"] = "sunny"
	w.replace("resources_roboto_secret_resource.tf", `value_wo_version = "1"`, "value_wo_version = 1.1")
	w.init()
	w.contains(w.apply(), `value_wo_version = "1.1"`)
	w.env["TF_VAR_weather_api_key"] = "rain"
	w.replace("resources_roboto_secret_resource.tf", "value_wo_version = 1.1", "value_wo_version = 1.10")
	w.settled()
	w.replace("resources_roboto_secret_resource.tf", "value_wo_version = 1.10", `value_wo_version = "1.10"`)
	w.apply()
	w.wantValue(testOrg, "weather_api_key", "rain")
}

const refusedInPlan = "The API key is not one for prod. Its owner does not belong to og_acme."

// environments are the organizations of the examples, with API keys.
func (w *workspace) environments() (dev, prod, both string) {
	w.roboto.AddOrg("og_acme_dev", "Acme Dev")
	w.roboto.AddOrg("og_acme_stage", "Acme Stage")
	return w.roboto.AddAPIKey(robototest.Grant{Orgs: []string{"og_acme_dev"}}),
		w.roboto.AddAPIKey(robototest.Grant{Orgs: []string{testOrg}}), w.roboto.APIKey()
}

// testEnvironments applies each environment, and goes wrong in each way that the guide names.
func testEnvironments(t *testing.T) {
	need(t, writeOnly)
	w := newWorkspace(t)
	dev, prod, both := w.environments()
	w.inGuide("environments")
	w.init()
	in := func(workspace, key, value string) {
		w.env["TF_WORKSPACE"], w.env["ROBOTO_API_KEY"], w.env["TF_VAR_weather_api_key"] = workspace, key, value
	}
	plan := func(exitCode int) string {
		t.Helper()
		return w.terraform(exitCode, "plan", "-input=false", "-detailed-exitcode")
	}

	in("default", dev, "sun over dev")
	w.contains(plan(1), `terraform.workspace is "default"`)
	in("dev", dev, "sun over dev")
	w.apply()
	w.wantValue("og_acme_dev", "weather_api_key", "sun over dev")
	w.settled()
	in("prod", dev, "sun over dev")
	w.contains(plan(1), refusedInPlan) // it is the plan of a new secret
	in("prod", prod, "sun over prod")
	w.contains(w.apply(), "roboto-secret://weather_api_key@og_acme")
	w.wantValue(testOrg, "weather_api_key", "sun over prod")
	w.wantValue("og_acme_dev", "weather_api_key", "sun over dev")
	in("prod", dev, "sun over dev")
	w.contains(plan(1), refusedInPlan)

	// With a key that is good for both, the value is not written as long as the version stays.
	in("prod", both, "sun over dev")
	plan(0)
	w.replace("main.tf", `{ org_id = "og_acme", weather_api_key_version = "1" }`, `{ org_id = "og_acme", weather_api_key_version = "2" }`)
	w.apply()
	w.wantValue(testOrg, "weather_api_key", "sun over dev")

	// Another organization in the map moves nothing.
	w.replace("main.tf", `{ org_id = "og_acme", `, `{ org_id = "og_acme_stage", `)
	plan(0)

	// Without the guard, a key of another environment is found out when a secret exists, and in
	// the apply when it does not.
	before, guard, ok := strings.Cut(w.read("main.tf"), "# Each plan fails")
	if !ok || !strings.Contains(guard, "postcondition") {
		t.Fatal("the guard is not where it was")
	}
	w.write("main.tf", strings.Replace(before, `{ org_id = "og_acme_stage", weather_api_key_version = "2" }`, `{ org_id = "og_acme", weather_api_key_version = "2" }`, 1))
	in("prod", dev, "sun over dev")
	w.contains(plan(1), "Cannot Read Roboto Secret")
	w.roboto.AddOrg(testOrg, "Acme")
	in("stage", dev, "sun over dev")
	plan(2)
	w.contains(w.terraform(1, "apply", "-input=false", "-auto-approve"), "Cannot Create Roboto Secret")
}

func testEnvironmentsOneOrganization(t *testing.T) {
	need(t, writeOnly)
	w := newWorkspace(t)
	w.inGuide("environments-one-organization")
	w.init()
	for _, environment := range []string{"dev", "stage", "prod"} {
		w.env["TF_WORKSPACE"], w.env["TF_VAR_weather_api_key"] = environment, "sun over "+environment
		w.apply()
		w.settled()
	}
	for _, environment := range []string{"dev", "stage", "prod"} {
		w.wantValue(testOrg, environment+"_weather_api_key", "sun over "+environment)
	}

	// The same name in two states is an error of the second one.
	w.replace("main.tf", `"${terraform.workspace}_weather_api_key"`, `"weather_api_key"`)
	w.apply()
	w.env["TF_WORKSPACE"] = "dev"
	w.contains(w.terraform(1, "apply", "-input=false", "-auto-approve"), "A secret of this name exists already in the organization.")
}

// testEnvironmentsCommands runs the commands of the page as somebody with profiles.
func testEnvironmentsCommands(w *workspace, commands []string) {
	count(w.t, commands, 3)
	dev, prod, _ := w.environments()
	w.inGuide("environments")
	profiles := map[string]any{}
	for name, key := range map[string]string{"dev": dev, "prod": prod} {
		profiles[name] = map[string]string{"api_key": key, "endpoint": w.roboto.Endpoint()}
	}
	config, err := json.Marshal(map[string]any{"version": "v1", "profiles": profiles})
	if err != nil {
		w.t.Fatal(err)
	}
	home := filepath.Join(w.root, "home", ".roboto")
	if err := errors.Join(os.MkdirAll(home, 0o700), os.WriteFile(filepath.Join(home, "config.json"), config, 0o600)); err != nil {
		w.t.Fatal(err)
	}
	w.env["ROBOTO_API_KEY"] = dev // which would win over the profile
	w.run(0, commands[0])
	w.contains(w.terraform(0, "workspace", "list"), "* prod")
	block := threeLines(w.t, commands[1])
	reader := w.openTerminal(bash())
	reader.enter(block[0])
	reader.enter(block[1])
	reader.enter(block[2], input{"Enter a value: ", "sun over prod", true}, input{"Enter a value: ", "yes", false})
	reader.close("sun over prod")
	w.wantValue(testOrg, "weather_api_key", "sun over prod")

	w.env["ROBOTO_API_KEY"] = prod
	w.runWithBackends(commands[2])
}

// runWithBackends runs the commands for backends of their own, with the state in an S3.
func (w *workspace) runWithBackends(commands string) {
	w.t.Helper()
	bucket := newS3(w)
	w.inGuide("environments-backends")
	w.env["TF_VAR_weather_api_key"] = "sun over prod"
	w.roboto.DeleteSecret(testOrg, "weather_api_key")
	w.run(0, commands)
	w.wantValue(testOrg, "weather_api_key", "sun over prod")
	if keys := bucket.keys(); !slices.Equal(keys, []string{"/acme-terraform-prod/secrets.tfstate"}) {
		w.t.Errorf("the bucket has %q", keys)
	}

	// Another environment's variables with this state: nothing happens, with any key.
	w.env["ROBOTO_API_KEY"] = w.roboto.APIKey()
	w.write("dev.tfvars", strings.Replace(w.read("prod.tfvars"), `"og_acme"`, `"og_acme_dev"`, 1))
	w.contains(w.terraform(1, "plan", "-input=false", "-var-file=dev.tfvars"), "This state has secrets of og_acme, and the variables are those of og_acme_dev.")
	w.terraform(0, "plan", "-input=false", "-var-file=prod.tfvars", "-detailed-exitcode")
}

func testEnvironmentsBackends(t *testing.T) {
	need(t, writeOnly)
	w := newWorkspace(t)
	w.environments()
	w.runWithBackends("terraform init -input=false -backend-config=prod.tfbackend\nterraform apply -input=false -auto-approve -var-file=prod.tfvars")
}

// s3 keeps the objects of an S3 that is good enough for Terraform's backend.
type s3 struct {
	mutex   sync.Mutex
	objects map[string][]byte
}

// newS3 starts an S3 and makes it the workspace's.
func newS3(w *workspace) *s3 {
	w.t.Helper()
	bucket := &s3{objects: map[string][]byte{}}
	server := httptest.NewServer(bucket)
	w.t.Cleanup(server.Close)
	maps.Copy(w.env, map[string]string{
		"AWS_ENDPOINT_URL_S3": server.URL, "AWS_ENDPOINT_URL_STS": server.URL, "AWS_ENDPOINT_URL_IAM": server.URL,
		"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true",
		"TF_CLI_ARGS_init": "-backend-config=use_path_style=true",
	})
	return bucket
}

func (b *s3) keys() []string {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return slices.Sorted(maps.Keys(b.objects))
}

func (b *s3) ServeHTTP(resp http.ResponseWriter, req *http.Request) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return
	}
	object, ok := b.objects[req.URL.Path]
	switch {
	case req.Method == http.MethodPost && strings.Contains(string(body), "Action=GetCallerIdentity"):
		_, _ = io.WriteString(resp, `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/test</Arn><UserId>test</UserId><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`)
	case req.Method == http.MethodPut && req.Header.Get("If-None-Match") == "*" && ok:
		resp.WriteHeader(http.StatusPreconditionFailed)
	case req.Method == http.MethodPut:
		b.objects[req.URL.Path] = body
	case req.Method == http.MethodDelete:
		delete(b.objects, req.URL.Path)
		resp.WriteHeader(http.StatusNoContent)
	case req.URL.Query().Has("list-type") || req.URL.Query().Has("prefix"):
		type content struct{ Key string }
		var list struct {
			XMLName  xml.Name `xml:"ListBucketResult"`
			Contents []content
		}
		for path := range b.objects {
			if key, ok := strings.CutPrefix(path, req.URL.Path+"/"); ok && strings.HasPrefix(key, req.URL.Query().Get("prefix")) {
				list.Contents = append(list.Contents, content{key})
			}
		}
		_ = xml.NewEncoder(resp).Encode(list)
	case !ok:
		resp.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(resp, `<Error><Code>NoSuchKey</Code></Error>`)
	default:
		_, _ = resp.Write(object)
	}
}

// testRunInCICommands runs a plan that has no value, and looks at tokens that the command line
// lists as JSON, one after the other.
func testRunInCICommands(w *workspace, commands []string) {
	count(w.t, commands, 2)
	w.env["TF_VAR_weather_api_key"] = "sunny"
	w.init()
	w.apply()
	delete(w.env, "TF_VAR_weather_api_key")
	w.env["ROBOTO_API_KEY"] = w.roboto.AddAPIKey(robototest.Grant{NoCredentials: true})
	w.roboto.ResetRequests()
	w.run(0, commands[0])
	if asked := w.roboto.Count(robototest.GetCredentials); asked != 0 {
		w.t.Errorf("the plan asked for credentials %d times", asked)
	}
	w.wantValue(testOrg, "weather_api_key", "sunny")
	w.env["ROBOTO_API_KEY"] = "not-a-key-of-roboto"
	w.env["TF_VAR_weather_api_key"] = "unused"
	w.contains(w.terraform(1, "plan", "-input=false", "-detailed-exitcode"), "It may have expired")

	needShell(w.t, "jq")
	w.installRobotoCLI()
	tokens := `{"secret": null, "user_id": "me@example.com", "context": {"token_id": "t1", "name": "ci-plan", "expires": "2026-12-01T09:00:00Z"}}
{"secret": null, "user_id": "me@example.com", "context": {"token_id": "t2", "name": "ci-apply", "expires": "2026-11-01T09:00:00Z"}}`
	script := "#!/bin/sh\n[ \"$*\" = 'tokens list' ] && cat <<'END'\n" + tokens + "\nEND\n"
	if err := os.WriteFile(filepath.Join(w.root, "bin", "roboto"), []byte(script), 0o700); err != nil {
		w.t.Fatal(err)
	}
	w.contains(w.command(0, "bash", "-c", commands[1]), "2026-11-01T09:00:00Z ci-apply 2026-12-01T09:00:00Z ci-plan")
}

// testChecksCommands runs the check of the exit code, and plans a new secret with an API key
// that Roboto refuses, as the page says.
func testChecksCommands(w *workspace, commands []string) {
	count(w.t, commands, 2)
	w.env["TF_VAR_weather_api_key"] = "sunny"
	w.init()
	key := w.env["ROBOTO_API_KEY"]
	delete(w.env, "ROBOTO_API_KEY")
	w.run(0, commands[0])
	w.env["ROBOTO_API_KEY"] = "not-a-key-of-roboto"
	w.run(2, commands[1])
	w.use("data-sources/roboto_organizations/data-source.tf")
	w.contains(w.terraform(1, "plan", "-input=false"), "It may have expired")
	w.write("data-sources_roboto_organizations_data-source.tf", "")
	w.env["ROBOTO_API_KEY"] = key
	w.run(2, commands[1])
	w.apply()
	w.run(0, commands[1])
	w.roboto.DeleteSecret(testOrg, "weather_api_key")
	w.run(2, commands[1])
}
