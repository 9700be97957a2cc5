// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terraformcli"
)

func TestDemoTellsItsStoryAndCleansUp(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	// What a user may have set up is not to reach the demo's Terraform.
	t.Setenv("TF_VAR_webhook_token", "of the user")
	t.Setenv("TF_CLI_ARGS_plan", "-destroy")
	t.Setenv("ROBOTO_ORG_ID", "og_user")
	var out bytes.Buffer
	if err := demo(t.Context(), &screen{w: &out}, false); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	proved, values, written := "Not shown: actions need Terraform 1.14", "5 values", "4 values"
	if release(t).HasActions() {
		proved, values, written = "accepted it again", "6 values", "5 values"
	}
	for _, text := range []string{"7. Destroy", proved, "none holds any of the " + values, "does find the " + written} {
		if !strings.Contains(out.String(), text) {
			t.Errorf("the output lacks %q:\n%s", text, &out)
		}
	}
	if strings.Contains(out.String(), "Warning") || strings.Contains(out.String(), "\x1b") {
		t.Errorf("the output has warnings or colors:\n%s", &out)
	}
	wantEmpty(t, tmp)
}

// release is that of the terraform at hand.
func release(t *testing.T) terraformcli.Release {
	t.Helper()
	executable, err := terraformcli.Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	release, err := terraformcli.Identify(t.Context(), executable)
	if err != nil {
		t.Fatal(err)
	}
	return release
}

func TestDemoCleansUpWhenInterrupted(t *testing.T) {
	for _, moment := range []string{"being built", "$ terraform apply"} {
		tmp := t.TempDir()
		t.Setenv("TMPDIR", tmp)
		ctx, cancel := context.WithCancel(t.Context())
		err := demo(ctx, &screen{w: writerFunc(func(text string) {
			if strings.Contains(text, moment) {
				cancel()
			}
		})}, false)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("at %q: got %v", moment, err)
		}
		wantEmpty(t, tmp)
	}
}

type writerFunc func(string)

func (f writerFunc) Write(text []byte) (int, error) {
	f(string(text))
	return len(text), nil
}

func wantEmpty(t *testing.T, dir string) {
	t.Helper()
	left, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// told is a story whose values were written, and that left one file of each kind.
func told(t *testing.T) *story {
	t.Helper()
	roboto := robototest.Start(t, robototest.Options{})
	roboto.AllowViolations()
	work := t.TempDir()
	s := &story{
		out:       &screen{w: io.Discard},
		workspace: &terraformcli.Workspace{Dir: filepath.Join(work, "module")},
		roboto:    roboto,
	}
	for _, name := range []string{"module/main.tf", "module/terraform.tfstate", "module/create.tfplan", "01-plan.stdout", "01-plan.trace.log"} {
		plant(t, s, name, "nothing secret")
	}
	send(t, roboto.Endpoint()+"/v1/secrets", "", "{}")
	send(t, roboto.SecretsManagerEndpoint(), "secretsmanager.PutSecretValue", s.newValue("the password"))
	return s
}

func plant(t *testing.T, s *story, name, text string) {
	t.Helper()
	file := filepath.Join(filepath.Dir(s.workspace.Dir), name)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestSearchReportsAPlantedLeakWithoutRepeatingIt(t *testing.T) {
	if err := told(t).search(); err != nil {
		t.Fatalf("without a leak: %v", err)
	}
	for name, leak := range map[string]func(*testing.T, *story, string){
		"module/terraform.tfstate.backup holds the password": func(t *testing.T, s *story, value string) {
			plant(t, s, "module/terraform.tfstate.backup", value)
		},
		"01-plan.stderr holds the API key": func(t *testing.T, s *story, _ string) {
			plant(t, s, "01-plan.stderr", "token: "+s.roboto.APIKey())
		},
		"01-plan.trace.log holds a part of the password": func(t *testing.T, s *story, value string) {
			plant(t, s, "01-plan.trace.log", value[:20])
		},
		"to Roboto, CreateSecret holds the password": func(t *testing.T, s *story, value string) {
			send(t, s.roboto.Endpoint()+"/v1/secrets", "", value)
		},
	} {
		s := told(t)
		value := s.values[0].Value
		leak(t, s, value)
		err := s.search()
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("got %v, want %q", err, name)
		} else if strings.Contains(err.Error(), value[:20]) {
			t.Errorf("the error repeats the value: %v", err)
		}
	}
}

func TestSearchRefusesToProveNothing(t *testing.T) {
	for want, spoil := range map[string]func(*testing.T, *story){
		"are empty": func(t *testing.T, s *story) {
			plant(t, s, "01-plan.trace.log", "")
		},
		"needs artifacts": func(t *testing.T, s *story) {
			if err := os.Remove(filepath.Join(s.workspace.Dir, "terraform.tfstate")); err != nil {
				t.Fatal(err)
			}
		},
		"does not find the token in the requests to AWS": func(_ *testing.T, s *story) {
			s.newValue("the token")
		},
	} {
		s := told(t)
		spoil(t, s)
		if err := s.search(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// send makes a request that need not succeed to be recorded.
func send(t *testing.T, url, target, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Amz-Target", target)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
}
