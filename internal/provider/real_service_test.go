// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
	"github.com/roboto-ai/terraform-provider-roboto/internal/settings"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// realClient works at a real Roboto with plain HTTP and AWS's SDK.
type realClient struct {
	t      *testing.T
	config roboto.Config
	org    string
}

// call makes a request; its answer is read into data if there is one. The error of a
// failed one is in status.
func (s *realClient) call(method, path, orgHeader string, body, data any) (status int) {
	s.t.Helper()
	var sent io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			s.t.Fatal(err)
		}
		sent = bytes.NewReader(encoded)
	}
	// A clean-up comes when the test's own context has ended.
	r, err := http.NewRequestWithContext(context.Background(), method, s.config.Endpoint.JoinPath("v1").String()+path, sent)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+s.config.APIKey.Reveal())
	r.Header.Set("X-Roboto-Api-Version", "2026-05-20")
	r.Header.Set("X-Roboto-Requester", `{"schema_version":"v1","roboto_tool":"terraform-provider-roboto-test"}`)
	r.Header.Set(orgHeader, s.org)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	client := http.Client{Timeout: s.config.RequestTimeout}
	resp, err := client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if data != nil && resp.StatusCode/100 == 2 {
		if err := json.Unmarshal(answer, &struct{ Data any }{data}); err != nil {
			s.t.Fatalf("%s %s answered no data", method, path)
		}
	}
	return resp.StatusCode
}

const owner = "X-Roboto-Resource-Owner-Id"

func pathOf(name string) string { return "/secrets/name/" + url.PathEscape(name) }

func (s *realClient) create(name string) {
	if status := s.call(http.MethodPost, "/secrets", "X-Roboto-Org-Id", map[string]string{"name": name}, nil); status/100 != 2 {
		s.t.Fatalf("creating %q answered %d", name, status)
	}
}

func (s *realClient) remove(name string) {
	if status := s.call(http.MethodDelete, pathOf(name), owner, nil, nil); status/100 != 2 && s.exists(name) {
		s.t.Errorf("deleting %q answered %d", name, status)
	}
}

func (s *realClient) exists(name string) bool {
	return s.call(http.MethodGet, pathOf(name), owner, nil, nil)/100 == 2
}

func (s *realClient) write(name, value string) (versionID string) {
	s.reach(name, func(ctx context.Context, client *secretsmanager.Client, arn *string) error {
		out, err := client.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{SecretId: arn, SecretString: &value})
		if err == nil {
			versionID = *out.VersionId
		}
		return err
	})
	return versionID
}

func (s *realClient) read(name string) (value, versionID string) {
	s.reach(name, func(ctx context.Context, client *secretsmanager.Client, arn *string) error {
		out, err := client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: arn})
		if codeOf(err) == "ResourceNotFoundException" {
			return nil
		}
		if err == nil {
			value, versionID = *out.SecretString, *out.VersionId
		}
		return err
	})
	return value, versionID
}

// reach calls AWS with Roboto's credentials, whose permissions may lag behind a create.
func (s *realClient) reach(name string, call func(context.Context, *secretsmanager.Client, *string) error) {
	s.t.Helper()
	var access struct {
		Record struct{ Location struct{ ARN string } }
		Creds  struct {
			AccessKeyID     string `json:"access_key_id"`
			SecretAccessKey string `json:"secret_access_key"`
			SessionToken    string `json:"session_token"`
			Region          string
		}
	}
	if status := s.call(http.MethodGet, pathOf(name)+"/creds", owner, nil, &access); status/100 != 2 {
		s.t.Fatalf("asking for the credentials of %q answered %d", name, status)
	}
	options := secretsmanager.Options{Region: access.Creds.Region, Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: access.Creds.AccessKeyID, SecretAccessKey: access.Creds.SecretAccessKey, SessionToken: access.Creds.SessionToken}, nil
	})}
	if s.config.SecretsManagerEndpoint != nil {
		options.BaseEndpoint = aws.String(s.config.SecretsManagerEndpoint.String())
	}
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	for {
		err := call(ctx, secretsmanager.New(options), &access.Record.Location.ARN)
		if err == nil {
			return
		}
		if codeOf(err) != "AccessDeniedException" || ctx.Err() != nil {
			s.t.Fatalf("AWS, about %q: %v", name, err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

func codeOf(err error) string {
	if refused, ok := errors.AsType[smithy.APIError](err); ok {
		return refused.ErrorCode()
	}
	return ""
}

// TestRealServiceIsSeenAsTheEmbeddedOne compares what the tests see of the same service in
// both ways.
func TestRealServiceIsSeenAsTheEmbeddedOne(t *testing.T) {
	embedded := newEnvironment(t)
	variables := append(embedded.roboto.Env(), "ROBOTO_ORG_ID="+testOrg)
	getenv := func(name string) string {
		if name == "ROBOTO_ORG_ID" {
			return testOrg
		}
		return embedded.Vars[name]
	}
	e := realService(t, settings.Environment{Getenv: getenv, UserHomeDir: os.UserHomeDir}, variables)
	e.addSecrets("a b/ü?")
	both := func(want string) {
		t.Helper()
		for _, who := range []otherClient{e.others, embedded.others} {
			value, versionID := who.read("a b/ü?")
			if got := fmt.Sprintf("%s %t", value, versionID != ""); got != want {
				t.Errorf("%T sees %s, want %s", who, got, want)
			}
			if !who.exists("a b/ü?") || who.exists("a b") {
				t.Errorf("%T sees other secrets", who)
			}
		}
	}
	both(" false")
	if got, want := e.setValue("a b/ü?", "first"), embedded.roboto.Versions(testOrg, "a b/ü?")[0].ID; got != want {
		t.Errorf("wrote version %s, want %s", got, want)
	}
	both("first true")
	for range 2 {
		e.deleteSecret("a b/ü?")
		if e.others.exists("a b/ü?") || len(embedded.roboto.Records(testOrg)) > 0 {
			t.Error("it is still there")
		}
	}
	embedded.wantCount(robototest.Unknown, 0)
}
