// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package leaks_test

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/leaks"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terraformcli"
)

// TestNothingLeaks takes secrets through their life with a real Terraform, and searches whatever is left for each
// value, API key and temporary credential. It writes what it found into the file that ROBOTO_LEAK_REPORT names.
// With ROBOTO_LEAK_PLANT it leaks a value too, and so has to fail.
func TestNothingLeaks(t *testing.T) {
	scenes := map[string]func(*scene){
		"lifecycle": lifecycle,
		"hostile":   hostile,
		"crash":     crash,
		"literals":  literals,
		"functions": functions,
		"actions":   actions,
	}
	if os.Getenv("ROBOTO_LEAK_PLANT") != "" {
		scenes["planted"] = planted
	}
	wrong, report := scan(t, scenes)
	if path := os.Getenv("ROBOTO_LEAK_REPORT"); path != "" {
		must(t, os.WriteFile(path, []byte(report), 0o600))
		report = "see the report"
	}
	if len(wrong) > 0 {
		t.Error(report)
	}
}

// TestScanFindsPlantedLeaks leaks a value, because the scan is worth something only if it can fail.
func TestScanFindsPlantedLeaks(t *testing.T) {
	t.Parallel()
	found, report := scan(t, map[string]func(*scene){"planted": planted})
	for where, how := range map[string]string{
		"records/02-plan.stdout":                 "JSON",
		"records/03-show.stdout":                 "base64",
		"records/04-apply.terraform.tfstate":     "JSON",
		"records/05-plan.stderr":                 "raw",
		"records/05-plan.trace.log":              "URL path",
		"requests":                               "URL path",
		"workspace/module/planted.tfplan/tfplan": "base64 of JSON",
		"workspace/module/terraform.tfstate":     "base64",
	} {
		if !slices.ContainsFunc(found, func(leak string) bool {
			return strings.HasPrefix(leak, "leak: planted/"+where+" holds secret value (quotes, that leaks) of planted ("+how+", at")
		}) {
			t.Errorf("the value is not found in %s as %s", where, how)
		}
	}
	if t.Failed() {
		t.Log(report)
	}
}

// scan plays scenes, and looks for all secrets in all that they left. The report says all in words.
func scan(t *testing.T, scenes map[string]func(*scene)) (wrong []string, report string) {
	t.Helper()
	mirror, err := terraformcli.BuildMirror(t.Context(), t.TempDir(), "-ldflags=-s -w")
	must(t, err)
	terraform, err := terraformcli.Find(t.Context())
	must(t, err)
	var played []*scene
	t.Run("scenes", func(sub *testing.T) {
		for name, play := range scenes {
			s := newScene(t, name, terraform, mirror)
			played = append(played, s)
			sub.Run(name, func(t *testing.T) {
				t.Parallel()
				s.t = t
				play(s)
			})
		}
	})
	var artifacts []leaks.Artifact
	var needles []leaks.Needle
	for _, s := range played {
		for dir, path := range map[string]string{"records": s.records, "workspace": s.root} {
			files, err := leaks.Files(os.DirFS(path), nil)
			must(t, err)
			for _, file := range files {
				artifacts = append(artifacts, leaks.Bytes(s.name+"/"+dir+"/"+file.Name, file.Content))
			}
		}
		s.hide(apiKey, "the only one", s.roboto.APIKey())
		for i, c := range s.roboto.IssuedCredentials() {
			s.hide("access key ID", strconv.Itoa(i), c.AccessKeyID)
			s.hide("secret access key", strconv.Itoa(i), c.SecretAccessKey)
			s.hide("session token", strconv.Itoa(i), c.SessionToken)
		}
		artifacts = append(artifacts, leaks.Bytes(s.name+"/requests", s.requests(t)))
		needles = append(needles, s.secrets...)
	}
	findings, stats, err := leaks.Search(artifacts, needles)
	must(t, err)
	report = fmt.Sprintf("Terraform and the provider left %d artifacts, members of saved plans included: %d bytes.\n"+
		"Searched for %d secret values, API keys and temporary credentials in all encodings.\n\n"+
		"Found where Terraform itself puts what a configuration says:\n", stats.Artifacts, stats.Bytes, len(needles))
	for _, finding := range findings {
		at := slices.IndexFunc(places, func(p place) bool {
			return p.artifact == finding.Artifact && strings.HasPrefix(finding.Needle, p.class)
		})
		if at < 0 {
			wrong = append(wrong, "leak: "+finding.String())
		} else {
			report += fmt.Sprintf("  %s: %s\n", finding, places[at].reason)
		}
	}
	return wrong, fmt.Sprintf("%s\nFound anywhere else: %d\n  %s\n", report, len(wrong), strings.Join(wrong, "\n  "))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// place is where Terraform itself puts a class of secrets.
type place struct{ artifact, class, reason string }

// places are all that are known. In the scene "literals" the practitioner writes an API key and a value into
// the configuration; what comes of it is Terraform's doing.
var places = []place{
	{"literals/workspace/module/main.tf", apiKey, "the practitioner wrote it there"},
	{"literals/workspace/module/main.tf", secretValue, "the practitioner wrote it there"},
	{"literals/workspace/module/literals.tfplan/tfconfig/m-/main.tf", apiKey, "a saved plan holds a copy of the configuration"},
	{"literals/workspace/module/literals.tfplan/tfconfig/m-/main.tf", secretValue, "a saved plan holds a copy of the configuration"},
	{"literals/records/03-show.stdout", apiKey, "terraform show -json prints the configuration of a plan"},
	{"literals/records/03-show.stdout", secretValue, "terraform show -json prints the configuration of a plan"},
	{"literals/records/06-validate.stderr", apiKey, "Terraform prints the line of an argument of a wrong type"},
	{"functions/records/03-plan.stderr", secretValue, "some of Terraform's functions quote a sensitive argument"},
	{"functions/records/03-plan.trace.log", secretValue, "some of Terraform's functions quote a sensitive argument"},
}

// The classes of secrets that have a place. The names of needles begin with the class.
const (
	secretValue = "secret value"
	apiKey      = "API key"
)

// kinds are values that are hard to write down. Each ~ becomes random text; what
// stands between two is short, so that no piece of a value is anywhere else by chance.
var kinds = map[string]string{
	"quotes":        `"~"~'~\~` + "`~`",
	"newlines":      "~\n~\r\n~\t~\n",
	"non-ascii":     "~ü~日~😀~é~",
	"regexp-like":   `^(~|~)*[~-~]+\d{3}~.?$`,
	"json-like":     `{"~":"~","~":[~,~]}`,
	"template-like": `${var.~}%{if ~}~%%{~$${~}<%~%>`,
	longKind:        strings.Repeat("~", 60_000/slotBytes),
}

const (
	// longKind is the kind of which a variable of the environment has room for two.
	longKind = "60-kB"

	// slotBytes is the length of the random text in place of a ~. The search, which finds any 32 bytes, finds each
	// of them: values of several lines are in pieces in Terraform's log. It is too short for a token, because what
	// looks like one is redacted wherever it comes from.
	slotBytes = 36
)

// scene is a Roboto, a Terraform workspace that uses it, and all that the two leave.
type scene struct {
	t      *testing.T
	name   string
	roboto *robototest.Server
	// terraform is the path of Terraform.
	terraform string
	*terraformcli.Workspace

	// root is the workspace's directory, and records that of what each run left.
	root, records string
	runs          int
	secrets       []leaks.Needle
	// vars are the module's input variables, in the form of the environment.
	vars []string
}

// newScene prepares a scene, whose files stay until the test t ends.
func newScene(t *testing.T, name, terraform string, mirror terraformcli.Mirror) *scene {
	t.Helper()
	roboto := robototest.Start(t, robototest.Options{})
	s := &scene{t: t, name: name, roboto: roboto, terraform: terraform, root: terraformcli.TempDir(t), records: filepath.Join(t.ArtifactDir(), name)}
	must(t, os.Mkdir(s.records, 0o700))
	var err error
	s.Workspace, err = terraformcli.NewWorkspace(s.root, terraform, mirror, append(roboto.Env(), "TF_LOG=TRACE")...)
	must(t, err)
	s.module("versions.tf", `
terraform {
  required_providers {
    roboto = { source = "roboto-ai/roboto" }
  }
}
`)
	return s
}

// start makes main.tf the module, and initializes it.
func (s *scene) start(main string) {
	s.t.Helper()
	s.module("main.tf", main)
	s.run(0, "init")
}

// canary makes up a value of a kind, which is nowhere else in the world, and looks for it from now on.
func (s *scene) canary(kind, what string) string {
	pieces := strings.Split(kinds[kind], "~")
	value := pieces[0]
	for _, piece := range pieces[1:] {
		value += (rand.Text() + rand.Text())[:slotBytes] + piece
	}
	s.hide(secretValue, kind+", "+what, value)
	return value
}

func (s *scene) hide(class, what, value string) {
	s.secrets = append(s.secrets, leaks.Needle{Name: fmt.Sprintf("%s (%s) of %s", class, what, s.name), Value: value})
}

// module replaces the module's file.
func (s *scene) module(name, content string) {
	s.t.Helper()
	must(s.t, s.Write(name, content))
}

// variable sets an input variable for the next runs. Terraform takes text as it is, and all else as an expression.
func (s *scene) variable(name string, value any) {
	s.t.Helper()
	text, ok := value.(string)
	if !ok {
		encoded, err := json.Marshal(value)
		must(s.t, err)
		text = strings.NewReplacer("${", "$${", "%{", "%%{").Replace(string(encoded))
	}
	s.vars = append(s.vars, "TF_VAR_"+name+"="+text) // the last one of a name counts
}

// run runs Terraform, keeps what it leaves, and fails the test if its exit code is
// not the wanted one. It returns what Terraform printed.
func (s *scene) run(wantCode int, args ...string) string {
	s.t.Helper()
	s.runs++
	record := filepath.Join(s.records, fmt.Sprintf("%02d-%s", s.runs, args[0]))
	result, err := s.Run(s.t.Context(), append(slices.Clone(s.vars), "TF_LOG_PATH="+record+".trace.log"), args...)
	must(s.t, err)
	must(s.t, os.WriteFile(record+".stdout", result.Stdout, 0o600))
	must(s.t, os.WriteFile(record+".stderr", result.Stderr, 0o600))
	files, _ := filepath.Glob(filepath.Join(s.Dir, "*.tfstate*")) // the pattern is well-formed
	for _, file := range files {                                  // later runs replace them
		content, err := os.ReadFile(file)
		must(s.t, err)
		must(s.t, os.WriteFile(record+"."+filepath.Base(file), content, 0o600))
	}
	if result.ExitCode != wantCode {
		// The output may hold what the search is about to find.
		s.t.Fatalf("terraform ended with exit code %d instead of %d; go test -artifacts keeps %s", result.ExitCode, wantCode, record)
	}
	return result.Output()
}

// requests are all requests of the scene, without the secrets that have their place in them, which the search
// has to know. The embedded services verify the rest of these headers.
func (s *scene) requests(t *testing.T) (all []byte) {
	t.Helper()
	known := func(what, secret string) {
		if !slices.ContainsFunc(s.secrets, func(n leaks.Needle) bool { return n.Value == secret }) {
			t.Errorf("%s: a %s that was sent is not searched for", s.name, what)
		}
	}
	for _, r := range s.roboto.Requests() {
		header, body := r.Header.Clone(), string(r.Body)
		if r.AWS() {
			known("session token", header.Get("X-Amz-Security-Token"))
			header.Del("X-Amz-Security-Token")
		} else {
			known("key", strings.TrimPrefix(header.Get("Authorization"), "Bearer "))
		}
		header.Del("Authorization")
		if r.Operation == robototest.PutValue {
			var fields map[string]any
			must(t, json.Unmarshal(r.Body, &fields))
			known("value", fmt.Sprint(fields["SecretString"]))
			delete(fields, "SecretString")
			body = fmt.Sprint(fields)
		}
		all = fmt.Appendf(all, "%s %s?%s\n%v\n%s\n", r.Method, r.Path, r.Query, header, body)
	}
	return all
}
