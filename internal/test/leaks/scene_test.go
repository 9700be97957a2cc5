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

// The classes of secrets, with which the names of needles begin.
const (
	secretValue     = "secret value"
	apiKey          = "API key"
	accessKeyID     = "access key ID"
	secretAccessKey = "secret access key"
	sessionToken    = "session token"
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

	// slotBytes is the length of the random text in place of a ~. It is long enough for
	// the search, which finds any 32 bytes of a value, to find a value in pieces too: those of
	// several lines are in pieces in Terraform's log. It is too short for a token, because
	// what looks like one is redacted wherever it comes from.
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

// newScene prepares a scene. What it leaves is collected when the test ends, however it ends.
func newScene(t *testing.T, name, terraform string, mirror terraformcli.Mirror, left *left) *scene {
	t.Helper()
	roboto := robototest.Start(t, robototest.Options{})
	s := &scene{t: t, name: name, roboto: roboto, terraform: terraform, root: terraformcli.TempDir(t), records: t.ArtifactDir()}
	var err error
	s.Workspace, err = terraformcli.NewWorkspace(s.root, terraform, mirror, append(roboto.Env(), "TF_LOG=TRACE")...)
	must(t, err)
	t.Cleanup(func() { left.collect(s) })
	return s
}

// canary makes up a value of a kind, which is nowhere else in the world, and looks
// for it from now on.
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

// variable sets an input variable for the runs that follow. Terraform takes text as
// it is, and anything else as an expression.
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
	s.keep(record+".stdout", result.Stdout)
	s.keep(record+".stderr", result.Stderr)
	files, _ := filepath.Glob(filepath.Join(s.Dir, "*.tfstate*")) // the pattern is well-formed
	for _, file := range files {                                  // later runs replace them
		content, err := os.ReadFile(file)
		must(s.t, err)
		s.keep(record+"."+filepath.Base(file), content)
	}
	if result.ExitCode != wantCode {
		// The output may hold what the search is about to find.
		s.t.Fatalf("terraform ended with exit code %d instead of %d; go test -artifacts keeps %s", result.ExitCode, wantCode, record)
	}
	return result.Output()
}

func (s *scene) keep(file string, content []byte) {
	s.t.Helper()
	must(s.t, os.WriteFile(file, content, 0o600))
}

// The parts of requests in which something secret has its place.
const (
	robotoAuthorization = "requests to Roboto, Authorization"
	awsAuthorization    = "requests to AWS, Authorization"
	awsSessionToken     = "requests to AWS, X-Amz-Security-Token"
	awsPutValue         = "requests to AWS, body of PutSecretValue"
)

// requests are all requests of the scene, cut where something secret has its place.
func (s *scene) requests() map[string][]byte {
	parts := map[string][]byte{}
	for _, r := range s.roboto.Requests() {
		service := "requests to Roboto"
		if r.AWS() {
			service = "requests to AWS"
		}
		parts[service] = fmt.Appendf(parts[service], "%s %s?%s\n", r.Method, r.Path, r.Query)
		for name, values := range r.Header {
			part := service + ", " + name
			if part != robotoAuthorization && part != awsAuthorization && part != awsSessionToken {
				part = service
			}
			parts[part] = fmt.Appendf(parts[part], "%s: %s\n", name, strings.Join(values, "\n"))
		}
		if r.Operation == robototest.PutValue {
			service = awsPutValue
		}
		parts[service] = fmt.Appendf(parts[service], "%s\n", r.Body)
	}
	return parts
}

// needles are all that must not be in the artifacts, and the names of the values that AWS was to write.
func (s *scene) needles() (needles []leaks.Needle, written []string) {
	s.hide(apiKey, "the only one", s.roboto.APIKey())
	for i, c := range s.roboto.IssuedCredentials() {
		s.hide(accessKeyID, strconv.Itoa(i), c.AccessKeyID)
		s.hide(secretAccessKey, strconv.Itoa(i), c.SecretAccessKey)
		s.hide(sessionToken, strconv.Itoa(i), c.SessionToken)
	}
	for _, r := range s.roboto.Requests() {
		var put struct{ SecretString string }
		if r.Operation != robototest.PutValue || json.Unmarshal(r.Body, &put) != nil {
			continue
		}
		for _, secret := range s.secrets {
			if secret.Value == put.SecretString {
				written = append(written, secret.Name)
			}
		}
	}
	return s.secrets, written
}
