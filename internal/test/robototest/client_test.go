// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package robototest_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

const (
	org    = robototest.DefaultOrg
	getDB  = "GET /v1/secrets/name/db"
	creds  = "GET /v1/secrets/name/db/creds"
	listed = "GET /v1/secrets"
)

// client speaks to a server as a correct client does, but for its edits.
type client struct {
	t    *testing.T
	s    *robototest.Server
	http *http.Client
}

func newClient(t *testing.T, options robototest.Options) client {
	t.Helper()
	c := client{t: t, s: robototest.Start(t, options), http: &http.Client{Transport: &http.Transport{}}}
	if options.InMemory {
		c.http.Transport = &http.Transport{DialContext: c.s.DialContext}
	}
	t.Cleanup(c.http.CloseIdleConnections)
	return c
}

type answer struct {
	status int
	header http.Header
	body   string
	err    error
}

type edit func(*http.Request)

func header(name, value string) edit {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

// without leaves a header out.
func without(name string) edit {
	return func(r *http.Request) { r.Header.Del(name) }
}

// call makes a call to Roboto: a method and a path, then a body if there is one.
func (c client) call(what string, edits ...edit) answer {
	c.t.Helper()
	method, rest, _ := strings.Cut(what, " ")
	path, body, _ := strings.Cut(rest, " ")
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.s.Endpoint()+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+c.s.APIKey())
	r.Header.Set("X-Roboto-Api-Version", "2026-05-20")
	r.Header.Set("X-Roboto-Requester", `{"schema_version":"v1","roboto_tool":"test"}`)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, change := range edits {
		change(r)
	}
	return c.send(r)
}

func (c client) send(r *http.Request) answer {
	resp, err := c.http.Do(r)
	if err != nil {
		return answer{err: err}
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return answer{status: resp.StatusCode, header: resp.Header, body: string(text), err: err}
}

// want fails the test unless the answer has the status, and the texts in its body.
func (a answer) want(t *testing.T, status int, texts ...string) answer {
	t.Helper()
	if a.err != nil || a.status != status {
		t.Fatalf("status %d, error %v, want status %d: %s", a.status, a.err, status, a.body)
	}
	for _, text := range texts {
		if !strings.Contains(a.body, text) {
			t.Errorf("%q is not in %s", text, a.body)
		}
	}
	return a
}

// wantViolation expects exactly one, and takes it from the server's cleanup.
func (c client) wantViolation(text string) {
	c.t.Helper()
	c.s.AllowViolations()
	if got := c.s.Violations(); len(got) != 1 || !strings.Contains(got[0], text) {
		c.t.Errorf("violations are %q, want one with %q", got, text)
	}
}

func decode[T any](t *testing.T, a answer) T {
	t.Helper()
	var body struct {
		Data T `json:"data"`
	}
	if err := json.Unmarshal([]byte(a.body), &body); err != nil {
		t.Fatal(err)
	}
	return body.Data
}

type wireRecord struct {
	Name     string
	OrgID    string `json:"org_id"`
	Modified string
	LastUsed *string `json:"last_used"`
	Location struct{ ARN string }
}

type access struct {
	Record wireRecord
	Creds  struct {
		AccessKeyID     string `json:"access_key_id"`
		SecretAccessKey string `json:"secret_access_key"`
		SessionToken    string `json:"session_token"`
		Region          string
		StoreType       string `json:"store_type"`
	}
}

// access asks for credentials.
func (c client) access(name string) access {
	c.t.Helper()
	return decode[access](c.t, c.call("GET /v1/secrets/name/"+name+"/creds").want(c.t, http.StatusOK))
}

// roundTripper changes requests after they were signed.
type roundTripper struct {
	next   http.RoundTripper
	change func(*http.Request)
}

func (rt roundTripper) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	rt.change(r)
	return rt.next.RoundTrip(r)
}

// aws is AWS's own client with these credentials, one attempt a call. Edits
// happen after signing.
func (c client) aws(a access, edits ...edit) *secretsmanager.Client {
	return secretsmanager.New(secretsmanager.Options{
		Region:           a.Creds.Region,
		BaseEndpoint:     aws.String(c.s.SecretsManagerEndpoint()),
		RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{
				AccessKeyID: a.Creds.AccessKeyID, SecretAccessKey: a.Creds.SecretAccessKey, SessionToken: a.Creds.SessionToken,
			}, nil
		}),
		HTTPClient: &http.Client{Transport: roundTripper{next: c.http.Transport, change: func(r *http.Request) {
			for _, change := range edits {
				change(r)
			}
		}}},
	})
}

// put writes a value; an empty token is left to the SDK.
func (c client) put(a access, value, token string, edits ...edit) (*secretsmanager.PutSecretValueOutput, error) {
	input := &secretsmanager.PutSecretValueInput{SecretId: &a.Record.Location.ARN, SecretString: &value}
	if token != "" {
		input.ClientRequestToken = &token
	}
	return c.aws(a, edits...).PutSecretValue(c.t.Context(), input)
}

// get reads a value: "" is the current one, a name of a stage or a version's ID.
func (c client) get(a access, which string) (*secretsmanager.GetSecretValueOutput, error) {
	input := &secretsmanager.GetSecretValueInput{SecretId: &a.Record.Location.ARN}
	if strings.HasPrefix(which, "AWS") {
		input.VersionStage = &which
	} else if which != "" {
		input.VersionId = &which
	}
	return c.aws(a).GetSecretValue(c.t.Context(), input)
}

// code is the type of AWS's error, or what else went wrong.
func code(err error) string {
	if err == nil {
		return "success"
	}
	if refused, ok := errors.AsType[smithy.APIError](err); ok {
		return refused.ErrorCode()
	}
	return cmp.Or(err.Error(), "?")
}

func body(text string) edit {
	return func(r *http.Request) {
		r.Body = io.NopCloser(bytes.NewBufferString(text))
		r.ContentLength = int64(len(text))
	}
}
