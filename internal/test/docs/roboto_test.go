// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package docs_test

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/leaks"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// secret splits NAME@ORG, where the organization can be left out.
func secret(arg string) (orgID, name string) {
	name, orgID, _ = strings.Cut(arg, "@")
	return cmp.Or(orgID, testOrg), name
}

// command has the embedded Roboto do what users or Roboto itself would do: roboto VERB ARGUMENTS.
func (s *scene) command(args []string) {
	verb, args := args[0], args[1:]
	orgID, name := secret(append(args, "")[0])
	switch verb {
	case "add":
		for _, arg := range args {
			s.roboto.AddSecret(secret(arg))
		}
	case "created": // NAME DAYS ago, without a value
		s.roboto.AddRecord(robototest.Record{OrgID: orgID, Name: name, Created: time.Now().AddDate(0, 0, -s.number(args[1]))})
	case "set": // NAME VALUE
		if _, ok := s.roboto.Record(orgID, name); !ok {
			s.roboto.AddSecret(orgID, name)
		}
		s.roboto.SetValue(orgID, name, s.value(args[1]))
	case "age": // NAME DAYS
		s.roboto.Age(orgID, name, 24*time.Hour*time.Duration(s.number(args[1])))
	case "used": // NAME DAYS ago
		s.roboto.TouchLastUsed(orgID, name, time.Now().AddDate(0, 0, -s.number(args[1])))
	case "forget-versions":
		s.roboto.RemoveOldVersions(orgID, name)
	case "delete":
		s.roboto.DeleteSecret(orgID, name)
	case "organization": // ID NAME
		s.roboto.AddOrg(args[0], args[1])
	case "key": // VARIABLE ORGANIZATIONS
		s.Setenv(args[0], s.roboto.AddAPIKey(robototest.Grant{Orgs: args[1:]}))
	case "reader-key": // VARIABLE; it gets no credentials, so it reads no value
		s.Setenv(args[0], s.roboto.AddAPIKey(robototest.Grant{NoCredentials: true}))
	case "refuse": // OPERATION STATUS CODE
		s.roboto.Inject(robototest.Fault{Operation: robototest.Operation(args[0]), Status: s.number(args[1]), Code: args[2]})
	case "accept":
		s.roboto.ClearFaults()
	case "action": // NAME PARAMETER VALUE; it fails with another value
		s.roboto.AddAction(robototest.Action{
			OrgID: testOrg, Name: name, Parameters: []robototest.Parameter{{Name: args[1], Required: true}},
			Expect: map[string]string{args[1]: args[2]},
		})
	case "public-action":
		s.roboto.AddAction(robototest.Action{OrgID: "roboto-public", Name: name, Hub: true})
	default:
		s.Fatalf("roboto does not know %s", verb)
	}
}

// value is a text in which \n is a line break, or with @ the content of a file.
func (s *scene) value(arg string) string {
	if file, ok := strings.CutPrefix(arg, "@"); ok {
		return s.ReadFile(file)
	}
	return strings.ReplaceAll(arg, `\n`, "\n")
}

// want fails if two things differ that the text tells.
func (s *scene) want(what string, got, want any) {
	if diff := gocmp.Diff(want, got); diff != "" {
		s.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

// wantValue: value NAME TEXT.
func (s *scene) wantValue(args []string) {
	got, _, _ := s.roboto.Value(secret(args[0]))
	s.want("the value of "+args[0], got, s.value(args[1]))
}

// wantGenerated: generated NAME VARIABLE fails unless the secret has 32 characters that are not
// those of the variable, and sets the variable to them.
func (s *scene) wantGenerated(args []string) {
	got, _, _ := s.roboto.Value(secret(args[0]))
	if len(got) != 32 || got == s.Getenv(args[1]) {
		s.Fatalf("stored is %q after %q", got, s.Getenv(args[1]))
	}
	s.Setenv(args[1], got)
}

// wantSecrets: secrets NAMES are those that there are.
func (s *scene) wantSecrets(want []string) {
	got := []string{}
	for _, record := range s.roboto.Records(testOrg) {
		got = append(got, record.Name)
	}
	s.want("the secrets", got, append([]string{}, want...))
}

// version: version NAME VARIABLE sets the variable to the ID of the current version.
func (s *scene) version(args []string) {
	_, id, _ := s.roboto.Value(secret(args[0]))
	s.Setenv(args[1], id)
}

// wantInvocations: invocations STATUSES, or with parameters, invocations NAME=VALUE in any order.
func (s *scene) wantInvocations(want []string) {
	statuses := map[int]string{robototest.Completed: "Completed", robototest.Failed: "Failed"}
	var got, parameters []string
	for _, invocation := range s.roboto.Invocations() {
		got = append(got, statuses[invocation.Status()])
		for name, value := range invocation.Parameters {
			parameters = append(parameters, name+"="+value)
		}
	}
	if strings.Contains(want[0], "=") {
		got = slices.Sorted(slices.Values(parameters))
	}
	s.want("the invocations", got, want)
}

// fresh: fresh FILE makes a copy of the file in $WORK the module, and applies it without a state or secret of before.
func (s *scene) fresh(args []string) {
	s.Check(os.WriteFile(s.MkAbs("main.tf"), []byte(s.ReadFile(filepath.Join(s.Getenv("WORK"), args[0]))), 0o600))
	s.Check(os.RemoveAll(s.MkAbs("terraform.tfstate")))
	s.roboto.DeleteSecret(testOrg, "weather_api_key")
	s.terraform(0, nil, "apply", "-auto-approve")
	record, _ := s.roboto.Record(testOrg, "weather_api_key")
	s.Setenv("ARN", record.ARN)
}

// fate: fate kept, forgotten or deleted is what became of the secret that fresh made.
func (s *scene) fate(want []string) {
	record, _ := s.roboto.Record(testOrg, "weather_api_key")
	got := "forgotten"
	switch {
	case record.ARN != s.Getenv("ARN"):
		got = "deleted"
	case strings.Contains(s.ReadFile("terraform.tfstate"), record.ARN):
		got = "kept"
	}
	s.want("what became of the secret", got, want[0])
}

// called: called ARGUMENTS were given to Roboto's command line.
func (s *scene) called(want []string) {
	got := strings.TrimSuffix(s.ReadFile(filepath.Join(s.Getenv("WORK"), "called")), "\n")
	s.want("the arguments of roboto", strings.Split(got, "\n"), want)
}

// random sets variables to texts that nothing else has.
func (s *scene) random(names []string) {
	for _, name := range names {
		s.Setenv(name, rand.Text())
	}
}

// date: date VARIABLE DAYS ago.
func (s *scene) date(args []string) {
	s.Setenv(args[0], time.Now().UTC().AddDate(0, 0, -s.number(args[1])).Format(time.DateOnly))
}

// nowhere fails if one of the values is in the saved plan or in the state.
func (s *scene) nowhere(values []string) {
	var artifacts []leaks.Artifact
	for _, name := range []string{"plan.tfplan", "terraform.tfstate"} {
		artifacts = append(artifacts, leaks.Bytes(name, []byte(s.ReadFile(name))))
	}
	s.search(values, artifacts...)
}

func (s *scene) search(values []string, artifacts ...leaks.Artifact) {
	var needles []leaks.Needle
	for i, value := range values {
		needles = append(needles, leaks.Needle{Name: fmt.Sprint("value ", i+1), Value: value})
	}
	findings, _, err := leaks.Search(artifacts, needles)
	s.Check(err)
	if len(findings) > 0 {
		s.Fatalf("found where nothing may be: %v", findings)
	}
}

// s3 starts an S3 that is good enough for Terraform's backend, and makes it the environment's. Its objects are
// the files in $WORK/s3.
func (s *scene) s3([]string) {
	objects := filepath.Join(s.Getenv("WORK"), "s3")
	server := httptest.NewServer(http.HandlerFunc(func(resp http.ResponseWriter, req *http.Request) {
		object := filepath.Join(objects, filepath.FromSlash(path.Clean(req.URL.Path)))
		switch body, err := io.ReadAll(req.Body); {
		case req.URL.Query().Has("prefix"):
			_, _ = io.WriteString(resp, `<ListBucketResult/>`)
		case req.Method == http.MethodPut:
			err = errors.Join(err, os.MkdirAll(filepath.Dir(object), 0o700), os.WriteFile(object, body, 0o600))
			if err != nil {
				s.t.Error(err)
			}
		case req.Method == http.MethodDelete:
			_ = os.Remove(object)
			resp.WriteHeader(http.StatusNoContent)
		default:
			http.ServeFile(resp, req, object)
		}
	}))
	s.t.Cleanup(server.Close)
	s.Setenv("AWS_ENDPOINT_URL_S3", server.URL)
}
