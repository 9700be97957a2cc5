// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package robototest_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// signed is a request for Secrets Manager whose signature matches whatever it says.
type signed struct {
	method, path, region, service string
	late                          time.Duration
	// unsigned headers are added after signing.
	unsigned []string
	// body has ARN for the secret's.
	body string
}

func (c client) sendSigned(a access, s signed) answer {
	c.t.Helper()
	text := strings.ReplaceAll(s.body, "ARN", a.Record.Location.ARN)
	r, err := http.NewRequestWithContext(c.t.Context(), s.method, c.s.SecretsManagerEndpoint()+s.path, strings.NewReader(text))
	if err != nil {
		c.t.Fatal(err)
	}
	later := map[string]string{}
	for name, value := range map[string]string{"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "secretsmanager.PutSecretValue"} {
		r.Header.Set(name, value)
	}
	for _, name := range s.unsigned {
		later[name] = r.Header.Get(name)
		r.Header.Del(name)
	}
	hash := sha256.Sum256([]byte(text))
	err = v4.NewSigner().SignHTTP(c.t.Context(), aws.Credentials{
		AccessKeyID: a.Creds.AccessKeyID, SecretAccessKey: a.Creds.SecretAccessKey, SessionToken: a.Creds.SessionToken,
	}, r, hex.EncodeToString(hash[:]), s.service, s.region, time.Now().Add(-s.late))
	if err != nil {
		c.t.Fatal(err)
	}
	for name, value := range later {
		r.Header.Set(name, value)
	}
	return c.send(r)
}

func TestAMatchingSignatureIsNotEnough(t *testing.T) {
	const put = `{"SecretId":"ARN","SecretString":"some value","ClientRequestToken":"` + tokenA + `"}`
	for name, test := range map[string]struct {
		change    func(*signed)
		status    int
		text      string
		violation string
	}{
		"nothing changed":        {func(*signed) {}, 200, `"VersionId":"` + tokenA, ""},
		"other region":           {func(s *signed) { s.region = "us-east-1" }, 400, "InvalidSignatureException", ""},
		"other service":          {func(s *signed) { s.service = "s3" }, 400, "InvalidSignatureException", ""},
		"clock ahead":            {func(s *signed) { s.late = -6 * time.Minute }, 400, "InvalidSignatureException", ""},
		"clock behind":           {func(s *signed) { s.late = 6 * time.Minute }, 400, "InvalidSignatureException", ""},
		"clock a little ahead":   {func(s *signed) { s.late = -4 * time.Minute }, 200, "VersionId", ""},
		"clock a little behind":  {func(s *signed) { s.late = 4 * time.Minute }, 200, "VersionId", ""},
		"target not signed":      {func(s *signed) { s.unsigned = []string{"X-Amz-Target"} }, 400, "x-amz-target must be signed", ""},
		"type not signed":        {func(s *signed) { s.unsigned = []string{"Content-Type"} }, 400, "content-type must be signed", ""},
		"other method":           {func(s *signed) { s.method = http.MethodPut }, 400, "MalformedHttpRequestException", "JSON protocol"},
		"other path":             {func(s *signed) { s.path = "/secrets" }, 400, "MalformedHttpRequestException", "JSON protocol"},
		"body is no JSON":        {func(s *signed) { s.body = "{" }, 400, "AccessDeniedException", "something else"},
		"value missing":          {func(s *signed) { s.body = strings.ReplaceAll(put, "SecretString", "Secret") }, 400, "InvalidRequestException", ""},
		"value empty":            {func(s *signed) { s.body = strings.ReplaceAll(put, "some value", "") }, 400, "ValidationException", ""},
		"request token missing":  {func(s *signed) { s.body = strings.ReplaceAll(put, "ClientRequestToken", "Token") }, 400, "InvalidParameterException", ""},
		"length of 31 in tokens": {func(s *signed) { s.body = strings.ReplaceAll(put, tokenA, tokenA[:31]) }, 400, "InvalidParameterException", ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, robototest.Options{})
			c.s.AddSecret(org, "db")
			request := signed{method: http.MethodPost, path: "/", region: "us-west-2", service: "secretsmanager", body: put}
			test.change(&request)
			c.sendSigned(c.access("db"), request).want(t, test.status, test.text)
			if _, _, written := c.s.Value(org, "db"); written != (test.status == 200) {
				t.Errorf("written: %v", written)
			}
			if test.violation != "" {
				c.wantViolation(test.violation)
			}
		})
	}
}

func TestOldVersionsKeepTheirValueAndLoseTheirStage(t *testing.T) {
	c := newClient(t, robototest.Options{})
	c.s.AddSecret(org, "db")
	a := c.access("db")
	first := c.s.SetValue(org, "db", "first value")
	previous := c.s.SetValue(org, "db", "second value")
	c.s.SetValue(org, "db", "third value")
	if out, err := c.get(a, first); err != nil || *out.SecretString != "first value" || len(out.VersionStages) != 0 {
		t.Errorf("the oldest: %+v, %v", out, err)
	}
	for stage, want := range map[string]string{"AWSPREVIOUS": "success", "AWSCURRENT": "ResourceNotFoundException", "AWSPENDING": "ResourceNotFoundException"} {
		_, err := c.aws(a).GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{
			SecretId: &a.Record.Location.ARN, VersionId: &previous, VersionStage: &stage,
		})
		if code(err) != want {
			t.Errorf("the one before as %s: %v, want %s", stage, err, want)
		}
	}
}
