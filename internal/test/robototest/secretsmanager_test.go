// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package robototest_test

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

const (
	tokenA = "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa"
	tokenB = "bbbbbbbb-bbbb-bbbb-bbbb-bbbbbbbbbbbb"
)

func TestVersionsOfAValue(t *testing.T) {
	c := newClient(t, robototest.Options{})
	c.s.AddSecret(org, "db")
	a := c.access("db")
	if _, err := c.get(a, ""); code(err) != "ResourceNotFoundException" || !strings.Contains(err.Error(), "staging label: AWSCURRENT") {
		t.Errorf("no value yet: %v", err)
	}
	for _, step := range []struct{ token, value, want string }{
		{tokenA, "first", "success"},
		{tokenA, "first", "success"},
		{tokenA, "other", "ResourceExistsException"},
		{tokenB, "second", "success"},
		{tokenA, "first", "success"},
		{"too-short", "third", "InvalidParameterException"},
		{strings.Repeat("t", 65), "third", "InvalidParameterException"},
		{"", strings.Repeat("x", 65537), "ValidationException"},
	} {
		out, err := c.put(a, step.value, step.token)
		if code(err) != step.want {
			t.Errorf("put %.10q with %.10q: %v, want %s", step.value, step.token, err, step.want)
		}
		if err == nil && (*out.VersionId != step.token || *out.ARN != a.Record.Location.ARN) {
			t.Errorf("put answers %+v", out)
		}
	}
	if got := c.s.Versions(org, "db"); len(got) != 2 || got[0].ID != tokenA || got[0].Value != "first" || got[1].ID != tokenB {
		t.Errorf("versions %+v", got)
	}
	for which, want := range map[string]string{"": "second AWSCURRENT", "AWSCURRENT": "second AWSCURRENT", "AWSPREVIOUS": "first AWSPREVIOUS", tokenA: "first AWSPREVIOUS"} {
		out, err := c.get(a, which)
		if err != nil {
			t.Fatal(err)
		}
		if got := *out.SecretString + " " + strings.Join(out.VersionStages, ","); got != want || time.Since(*out.CreatedDate).Abs() > time.Minute {
			t.Errorf("get %q: %s of %v, want %s", which, got, out.CreatedDate, want)
		}
	}
	if _, err := c.get(a, strings.Repeat("0", 36)); code(err) != "ResourceNotFoundException" {
		t.Errorf("a version that does not exist: %v", err)
	}
	if _, err := c.get(a, "AWSPENDING"); code(err) != "ResourceNotFoundException" || !strings.Contains(err.Error(), "staging label: AWSPENDING") {
		t.Errorf("a stage that no version has: %v", err)
	}
	elsewhere := c.s.SetValue(org, "db", "third")
	if value, id, ok := c.s.Value(org, "db"); value != "third" || id != elsewhere || !ok {
		t.Errorf("after a write elsewhere %q %q %v", value, id, ok)
	}
	// The first version has lost its label.
	if out, err := c.get(a, "AWSPREVIOUS"); err != nil || *out.VersionId != tokenB {
		t.Errorf("the previous version is %v (%v)", out, err)
	}
	if out, err := c.get(a, tokenA); err != nil || *out.SecretString != "first" || len(out.VersionStages) != 0 {
		t.Errorf("the version without a label is %v (%v)", out, err)
	}
	c.s.RemoveOldVersions(org, "db")
	if _, err := c.get(a, tokenA); code(err) != "ResourceNotFoundException" {
		t.Errorf("a version that was removed: %v", err)
	}
	if got := c.s.Versions(org, "db"); len(got) != 2 || got[0].ID != tokenB || got[1].ID != elsewhere {
		t.Errorf("the versions left are %+v", got)
	}
	for _, value := range []string{"x", strings.Repeat("x", 65536)} {
		if _, err := c.put(a, value, ""); err != nil {
			t.Errorf("%d bytes: %v", len(value), err)
		}
	}
}

func TestCredentials(t *testing.T) {
	c := newClient(t, robototest.Options{})
	arn := c.s.AddSecret(org, "db").ARN
	if !regexp.MustCompile(`^arn:aws:secretsmanager:us-west-2:\d{12}:secret:roboto/` + org + `/[^/]+-\w{6}$`).MatchString(arn) {
		t.Error(arn)
	}
	a, b := c.access("db"), c.access("db")
	if a.Creds.AccessKeyID == b.Creds.AccessKeyID || a.Creds.SessionToken == b.Creds.SessionToken {
		t.Error("credentials are handed out twice")
	}
	if !strings.HasPrefix(a.Creds.AccessKeyID, "ASIA") || a.Creds.Region != "us-west-2" || a.Record.Location.ARN != arn {
		t.Errorf("%+v", a)
	}
	issued := c.s.IssuedCredentials()
	if len(issued) != 2 || issued[1].SessionToken != b.Creds.SessionToken || issued[1].SecretAccessKey != b.Creds.SecretAccessKey {
		t.Errorf("issued %+v", issued)
	}
}

func TestSignaturesAreVerified(t *testing.T) {
	inAuthorization := func(pattern, replacement string) edit {
		return func(r *http.Request) {
			before := r.Header.Get("Authorization")
			after := regexp.MustCompile(pattern).ReplaceAllString(before, replacement)
			if after == before {
				panic("the edit does nothing")
			}
			r.Header.Set("Authorization", after)
		}
	}
	for name, test := range map[string]struct {
		edit edit
		want string
	}{
		"untouched":              {func(*http.Request) {}, "success"},
		"body":                   {body(`{"SecretId":"x"}`), "InvalidSignatureException"},
		"path":                   {func(r *http.Request) { r.URL.RawQuery = "a=b" }, "InvalidSignatureException"},
		"host":                   {func(r *http.Request) { r.Host = "example.com" }, "InvalidSignatureException"},
		"signed header":          {header("Amz-Sdk-Invocation-Id", "x"), "InvalidSignatureException"},
		"other operation":        {header("X-Amz-Target", "secretsmanager.GetSecretValue"), "InvalidSignatureException"},
		"unsigned x-amz- header": {header("X-Amz-Other", "x"), "InvalidSignatureException: The header x-amz-other must be signed"},
		"signature":              {inAuthorization(`Signature=.{8}`, "Signature=00000000"), "InvalidSignatureException"},
		"region of the scope":    {inAuthorization(`/us-west-2/`, "/us-east-1/"), "InvalidSignatureException: Credential should be scoped"},
		"service of the scope":   {inAuthorization(`/secretsmanager/`, "/s3/"), "InvalidSignatureException: Credential should be scoped"},
		"date of the scope":      {inAuthorization(`/\d{8}/`, "/20200101/"), "InvalidSignatureException: Signature expired"},
		"unsigned content type":  {inAuthorization(`content-type;`, ""), "InvalidSignatureException: The header content-type must be signed"},
		"host is not signed":     {inAuthorization(`;host;`, ";"), "InvalidSignatureException"},
		"unknown key":            {inAuthorization(`=ASIA.{4}`, "=ASIA0000"), "UnrecognizedClientException"},
		"session token":          {header("X-Amz-Security-Token", "x"), "UnrecognizedClientException"},
		"no session token":       {without("X-Amz-Security-Token"), "UnrecognizedClientException"},
		"no date":                {without("X-Amz-Date"), "InvalidSignatureException"},
		"half an Authorization":  {inAuthorization(`, Signature=.*`, ""), "IncompleteSignatureException"},
		"no Authorization":       {without("Authorization"), "MissingAuthenticationTokenException"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, robototest.Options{})
			c.s.AddSecret(org, "db")
			if _, err := c.put(c.access("db"), "some value", "", test.edit); !strings.Contains(fmt.Sprint(code(err), " ", err), test.want) {
				t.Errorf("%v, want %s", err, test.want)
			}
			if _, _, written := c.s.Value(org, "db"); written != (test.want == "success") {
				t.Errorf("written: %v", written)
			}
		})
	}
	t.Run("secret key", func(t *testing.T) {
		c := newClient(t, robototest.Options{})
		c.s.AddSecret(org, "db")
		a := c.access("db")
		a.Creds.SecretAccessKey = c.access("db").Creds.SecretAccessKey
		if _, err := c.put(a, "some value", ""); code(err) != "InvalidSignatureException" {
			t.Error(err)
		}
	})
}

func TestCredentialsAreGoodForOneSecretAndTwoOperations(t *testing.T) {
	for name, call := range map[string]func(client, access) error{
		"other ARN": func(c client, a access) error {
			a.Record.Location.ARN = c.s.AddSecret(org, "other").ARN
			_, err := c.put(a, "some value", "")
			return err
		},
		"name in place of the ARN": func(c client, a access) error {
			a.Record.Location.ARN = "db"
			_, err := c.get(a, "")
			return err
		},
		"third operation": func(c client, a access) error {
			_, err := c.aws(a).DescribeSecret(c.t.Context(), &secretsmanager.DescribeSecretInput{SecretId: &a.Record.Location.ARN})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, robototest.Options{})
			c.s.AddSecret(org, "db")
			if err := call(c, c.access("db")); code(err) != "AccessDeniedException" {
				t.Error(err)
			}
			c.wantViolation("something else")
		})
	}
}

// inBubble runs a test in fake time against a server in memory.
func inBubble(t *testing.T, options robototest.Options, test func(*testing.T, client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		options.InMemory = true
		c := newClient(t, options)
		c.s.AddSecret(org, "db")
		test(t, c)
	})
}

func TestCredentialsExpire(t *testing.T) {
	inBubble(t, robototest.Options{}, func(t *testing.T, c client) {
		a := c.access("db")
		time.Sleep(14 * time.Minute)
		if _, err := c.put(a, "some value", ""); err != nil {
			t.Error(err)
		}
		time.Sleep(2 * time.Minute)
		if _, err := c.put(a, "some value", ""); code(err) != "ExpiredTokenException" {
			t.Error(err)
		}
		if _, err := c.put(c.access("db"), "some value", ""); err != nil {
			t.Error(err)
		}
	})
}

func TestPermissionsLagBehindCreation(t *testing.T) {
	inBubble(t, robototest.Options{PermissionLag: 10 * time.Second}, func(t *testing.T, c client) {
		a := c.access("db")
		if _, err := c.put(a, "some value", ""); code(err) != "AccessDeniedException" {
			t.Error(err)
		}
		time.Sleep(10 * time.Second)
		if _, err := c.put(a, "some value", ""); err != nil {
			t.Error(err)
		}
	})
}

func TestANameIsSlowToBeReused(t *testing.T) {
	c := newClient(t, robototest.Options{})
	c.s.DelayReuse(2)
	c.s.AddSecret(org, "db")
	gone := c.access("db")
	if _, err := c.put(gone, "some value", ""); err != nil {
		t.Errorf("a name that is new: %v", err)
	}
	c.call("DELETE /v1/secrets/name/db").want(t, http.StatusNoContent)
	marked := func(err error) bool {
		return code(err) == "InvalidRequestException" && strings.Contains(err.Error(), "marked for deletion")
	}
	if _, err := c.get(gone, ""); !marked(err) {
		t.Errorf("the deleted one: %v", err)
	}
	c.call(`POST /v1/secrets {"name":"db"}`).want(t, http.StatusOK)
	again := c.access("db")
	for try := range 3 {
		if _, err := c.put(again, "some value", ""); marked(err) != (try < 2) || try == 2 && err != nil {
			t.Errorf("try %d: %v", try, err)
		}
	}
}

func TestADeletedSecretIsGoneAtAWS(t *testing.T) {
	c := newClient(t, robototest.Options{})
	c.s.AddSecret(org, "db")
	a := c.access("db")
	c.s.DeleteSecret(org, "db")
	if _, err := c.get(a, ""); code(err) != "ResourceNotFoundException" {
		t.Error(err)
	}
}

func TestOtherProtocolsThanJSONAreRefused(t *testing.T) {
	c := newClient(t, robototest.Options{})
	c.s.AddSecret(org, "db")
	if _, err := c.put(c.access("db"), "some value", "", header("Content-Type", "application/json")); code(err) != "MalformedHttpRequestException" {
		t.Error(err)
	}
	c.wantViolation("not AWS's JSON protocol")
}

func TestManyClientsAtOnce(t *testing.T) {
	c := newClient(t, robototest.Options{PageSize: 10})
	names := 40
	var clients sync.WaitGroup
	for i := range names {
		clients.Go(func() {
			name := fmt.Sprintf("secret-%d", i)
			c.call(`POST /v1/secrets {"name":"`+name+`"}`).want(t, http.StatusOK)
			_ = c.s.Requests()
			if _, err := c.put(c.access(name), "value of "+name, ""); err != nil {
				t.Error(err)
			}
		})
	}
	clients.Wait()
	for _, r := range c.s.Records(org) {
		if value, _, _ := c.s.Value(org, r.Name); value != "value of "+r.Name {
			t.Errorf("%s holds %q", r.Name, value)
		}
	}
	if n := c.s.Count(robototest.PutValue); n != names || !slices.ContainsFunc(c.s.Requests(), robototest.Request.AWS) {
		t.Errorf("%d writes", n)
	}
}
