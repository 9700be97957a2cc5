// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// What the services answer to a correct client is tested in internal/test/conformance.
package robototest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/wire"
)

const (
	org    = robototest.DefaultOrg
	create = `POST /v1/secrets {"name":"new"}`
	getDB  = "GET /v1/secrets/name/db"
	listed = "GET /v1/secrets"

	// invoke lacks the brace at its end.
	invoke = `POST /v1/actions/check/invoke {"input_data":[],"idempotency_id":"0123456789abcdef"`
)

// client is a correct one, but for the edit of its requests after they were signed.
type client struct {
	*wire.Client
	t    *testing.T
	s    *robototest.Server
	next *http.Transport
	edit edit
}

type edit func(*http.Request)

func (c *client) RoundTrip(r *http.Request) (*http.Response, error) {
	if c.edit != nil {
		c.edit(r)
	}
	return c.next.RoundTrip(r)
}

func newClient(t *testing.T, options robototest.Options) *client {
	t.Helper()
	c := &client{t: t, s: robototest.Start(t, options), next: &http.Transport{}}
	if options.InMemory {
		c.next.DialContext = c.s.DialContext
	}
	t.Cleanup(c.next.CloseIdleConnections)
	c.Client = &wire.Client{
		Endpoint: c.s.Endpoint(), SecretsManagerEndpoint: c.s.SecretsManagerEndpoint(), APIKey: c.s.APIKey(), OrgID: org, Transport: c,
	}
	c.s.AddSecret(org, "db")
	return c
}

// inBubble runs a test in fake time against a server in memory.
func inBubble(t *testing.T, options robototest.Options, test func(*testing.T, *client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		options.InMemory = true
		test(t, newClient(t, options))
	})
}

// call makes a call to Roboto: a method and a path, then a body if there is one.
func (c *client) call(what string) (wire.Answer, error) {
	parts := strings.SplitN(what, " ", 3)
	call := wire.Call{Method: parts[0], Path: parts[1]}
	if len(parts) > 2 {
		call.Body = json.RawMessage(parts[2])
	}
	return c.Roboto(c.t.Context(), call)
}

// must makes a call that is answered.
func (c *client) must(what string) wire.Answer {
	c.t.Helper()
	a, err := c.call(what)
	if err != nil {
		c.t.Errorf("%s: %v", what, err)
	}
	return a
}

// aws calls Secrets Manager, and returns "success" or the code and the message of the error.
func (c *client) aws(a wire.Access, input wire.Object) string {
	switch answer, err := c.AWS(c.t.Context(), a, "PutSecretValue", input); {
	case err != nil:
		return err.Error()
	case answer.OK():
		return "success"
	default:
		return answer.Code() + ": " + answer.Output().Text("message")
	}
}

func (c *client) put(a wire.Access, value string) string {
	return c.aws(a, wire.Object{"SecretString": value, "ClientRequestToken": wire.NewToken()})
}

func (c *client) access() wire.Access { return c.must(getDB + "/creds").Access() }

// wantViolation expects exactly one, and takes it from the server's cleanup. "" is none.
func (c *client) wantViolation(text string) {
	c.t.Helper()
	if text == "" {
		return
	}
	c.s.AllowViolations()
	if got := c.s.Violations(); len(got) != 1 || !strings.Contains(got[0], text) {
		c.t.Errorf("violations are %q, want one with %q", got, text)
	}
}

func header(name string, values ...string) edit {
	return func(r *http.Request) { r.Header[name] = values }
}

func inAuthorization(pattern, replacement string) edit {
	return func(r *http.Request) {
		before := r.Header.Get("Authorization")
		after := regexp.MustCompile(pattern).ReplaceAllString(before, replacement)
		if after == before {
			panic("the edit does nothing")
		}
		r.Header.Set("Authorization", after)
	}
}

func TestSigning(t *testing.T) {
	const success, signature, unknown, unsigned = "success", "InvalidSignatureException", "UnrecognizedClientException", "MissingAuthenticationTokenException"
	const malformed, protocol, other = "MalformedHttpRequestException", "not AWS's JSON protocol", "something else than reading or writing"
	for name, test := range map[string]struct {
		edit      edit
		input     wire.Object
		access    func(*client, *wire.Access)
		clock     time.Duration
		want      string
		violation string
	}{
		"a correct request": {want: success},

		"another body": {edit: func(r *http.Request) {
			r.Body = io.NopCloser(strings.NewReader(`{"SecretId":"x"}`))
			r.ContentLength = 16
		}, want: signature},
		"a query":               {edit: func(r *http.Request) { r.URL.RawQuery = "a=b" }, want: signature},
		"another host":          {edit: func(r *http.Request) { r.Host = "example.com" }, want: signature},
		"another operation":     {edit: header("X-Amz-Target", "secretsmanager.GetSecretValue"), want: signature},
		"an unsigned type":      {edit: inAuthorization(`content-type;`, ""), want: signature},
		"an unsigned host":      {edit: inAuthorization(`;host;`, ";"), want: signature},
		"another signature":     {edit: inAuthorization(`Signature=.{8}`, "Signature=00000000"), want: signature},
		"another region":        {edit: inAuthorization(`/us-west-2/`, "/us-east-1/"), want: signature},
		"another day":           {edit: inAuthorization(`/\d{8}/`, "/20200101/"), want: signature},
		"no date":               {edit: header("X-Amz-Date"), want: signature + ": Signature expired"},
		"another session token": {edit: header("X-Amz-Security-Token", "x"), want: unknown},
		"half an Authorization": {edit: inAuthorization(`, Signature=.*`, ""), want: unsigned},
		"no Authorization":      {edit: header("Authorization"), want: unsigned},
		"a secret key of another": {access: func(c *client, a *wire.Access) {
			a.Creds["secret_access_key"] = c.access().Creds["secret_access_key"]
		}, want: signature},
		"a late clock":           {clock: 6 * time.Minute, want: signature},
		"an early clock":         {clock: -6 * time.Minute, want: signature},
		"a clock a little late":  {clock: 4 * time.Minute, want: success},
		"a clock a little early": {clock: -4 * time.Minute, want: success},

		"another method":     {edit: func(r *http.Request) { r.Method = http.MethodPut }, want: malformed, violation: protocol},
		"another path":       {edit: func(r *http.Request) { r.URL.Path = "/secrets" }, want: malformed, violation: protocol},
		"another type":       {edit: header("Content-Type", "application/json"), want: malformed, violation: protocol},
		"another secret":     {access: func(c *client, a *wire.Access) { a.ARN = c.s.AddSecret(org, "other").ARN }, want: "AccessDenied", violation: other},
		"a name for the ARN": {input: wire.Object{"SecretId": "db"}, want: "AccessDenied", violation: other},
		"no value":           {input: wire.Object{"SecretString": nil}, want: "InvalidRequestException"},
		"an empty value":     {input: wire.Object{"SecretString": ""}, want: "ValidationException"},
		"a token too short":  {input: wire.Object{"ClientRequestToken": strings.Repeat("t", 31)}, want: "InvalidParameterException"},
		"a token too long":   {input: wire.Object{"ClientRequestToken": strings.Repeat("t", 65)}, want: "InvalidParameterException"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, robototest.Options{ClockAhead: test.clock})
			access := c.access()
			if test.access != nil {
				test.access(c, &access)
			}
			input := wire.Object{"SecretString": "some value", "ClientRequestToken": wire.NewToken()}
			maps.Copy(input, test.input)
			c.edit = test.edit
			got := c.aws(access, input)
			if _, _, written := c.s.Value(org, "db"); !strings.HasPrefix(got, test.want) || written != (test.want == success) {
				t.Errorf("answered %q, and a value is there: %t; want %q", got, written, test.want)
			}
			c.wantViolation(test.violation)
		})
	}
}

func TestAccessBeginsAndEnds(t *testing.T) {
	inBubble(t, robototest.Options{PermissionLag: 10 * time.Second}, func(t *testing.T, c *client) {
		a := c.access()
		for at, want := range []string{"AccessDeniedException", "success", "success", "ExpiredTokenException"} {
			time.Sleep([]time.Duration{0, 10 * time.Second, 14 * time.Minute, 2 * time.Minute}[at])
			if got := c.put(a, "some value"); !strings.HasPrefix(got, want) {
				t.Errorf("attempt %d was answered %q, want %q", at, got, want)
			}
		}
	})
}

func TestViolations(t *testing.T) {
	const (
		version = "X-Roboto-Api-Version"
		asker   = "X-Roboto-Requester"
		owned   = "X-Roboto-Resource-Owner-Id"
		acting  = "X-Roboto-Org-Id"
		value   = "correct horse battery staple"
		leak    = " to Roboto carries a secret value"
	)
	for name, test := range map[string]struct {
		call      string
		edit      edit
		violation string
	}{
		"nothing": {listed, nil, ""},

		"no token":                   {listed, header("Authorization"), "no bearer token"},
		"a retired token":            {listed, header("Authorization", "Bearer robo_pat_1"), "retired format"},
		"no API version":             {listed, header(version), version},
		"a requester that is none":   {listed, header(asker, "null"), asker},
		"a requester without a tool": {listed, header(asker, `{"schema_version":"v1"}`), asker},
		"an owner when creating":     {create, header(owned, org), owned},
		"an actor when listing":      {listed, header(acting, org), acting},
		"no organization's name":     {listed, header(owned, ""), owned},
		"two organizations":          {listed, header(owned, org, org), owned},
		"no content type":            {create, header("Content-Type"), "Content-Type"},
		"an unknown key":             {`POST /v1/secrets {"name":"a","value":"b"}`, nil, "body"},
		"another key":                {`POST /v1/secrets {"value":"b"}`, nil, "body"},
		"a body with a GET":          {listed + ` {"name":"b"}`, nil, "body"},
		"a query":                    {listed + "?page_size=5", nil, "query"},
		"a query of another call":    {"GET /v1/actions/check?page_token=x", nil, "query"},
		"a double slash":             {"GET //v1/secrets", nil, "no call"},
		"an unescaped slash":         {"GET /v1/secrets/name/a/b", nil, "no call"},
		"an action without a name":   {"GET /v1/actions/", nil, "no call"},

		"an invocation without an idempotency ID":    {`POST /v1/actions/check/invoke {"input_data":[]}`, nil, "body"},
		"an invocation without a list of files":      {strings.ReplaceAll(invoke, "input_data", "files") + "}", nil, "body"},
		"an invocation with a value that is no text": {invoke + `,"parameter_values":{"key":[1]}}`, nil, "body"},

		"a value in the path":      {"GET /v1/secrets/name/" + url.PathEscape(value), nil, "GetSecret" + leak},
		"a value in the query":     {listed + "?page_token=" + url.QueryEscape(value), nil, "ListSecrets" + leak},
		"a value among parameters": {invoke + `,"parameter_values":{"key":"` + value + `"}}`, nil, "InvokeAction" + leak},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, robototest.Options{})
			c.edit = test.edit
			for range 2 {
				if a := c.must(test.call); test.violation == "no call" && a.String() != "404" {
					t.Errorf("answered %s", a)
				}
			}
			c.s.SetValue(org, "db", value) // a value that is known later leaks as well
			c.wantViolation(test.violation)
			c.s.ResetRequests()
			c.wantViolation(test.violation)
			if strings.Contains(fmt.Sprint(c.s.Violations()), value) {
				t.Error("the violation repeats the value")
			}
		})
	}
}

func TestLeaksAreViolations(t *testing.T) {
	const value = "correct horse battery staple"
	for name, leak := range map[string]func(*client){
		"a value that is written": func(c *client) { c.put(c.access(), value) },
		"a value that an action expects": func(c *client) {
			c.s.AddAction(robototest.Action{Name: "check", Expect: map[string]string{"key": value}})
		},
		"an API key at AWS": func(c *client) {
			a := c.access()
			c.edit = header("X-Other", c.s.APIKey())
			c.put(a, "another value")
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, violation := newClient(t, robototest.Options{}), "to Secrets Manager carries an API key"
			if strings.HasPrefix(name, "a value") {
				c.must(listed + "?page_token=" + url.QueryEscape(value))
				violation = "ListSecrets to Roboto carries a secret value"
			}
			leak(c)
			c.wantViolation(violation)
		})
	}
}

// judged is a test that may fail.
type judged struct {
	testing.TB
	cleanup  func()
	failures int
}

func (j *judged) Cleanup(f func())      { j.cleanup = f }
func (j *judged) Errorf(string, ...any) { j.failures++ }

func TestStartFailsTheTestOfAWrongClient(t *testing.T) {
	test := &judged{TB: t}
	s := robototest.Start(test, robototest.Options{})
	c := &wire.Client{Endpoint: s.Endpoint(), APIKey: s.APIKey()}
	for _, path := range []string{"/v1/secrets", "/nowhere", "/nowhere", "/nowhere/else"} {
		_, _ = c.Roboto(t.Context(), wire.Call{Path: path})
	}
	test.cleanup()
	if test.failures != 2 {
		t.Errorf("%d failures, want one for each of two paths", test.failures)
	}
	if _, err := c.Get(t.Context(), "db"); err == nil {
		t.Error("the server outlived its test")
	}
}

// A client that takes one field for another is noticed.
func TestFieldsOfARecordDiffer(t *testing.T) {
	c := newClient(t, robototest.Options{})
	c.s.TouchLastUsed(org, "db", time.Now().Add(time.Hour))
	fields := map[string]string{}
	for name, value := range c.must(getDB).Object() {
		text := fmt.Sprint(value)
		if other, ok := fields[text]; ok {
			t.Errorf("%s and %s are both %s", name, other, text)
		}
		fields[text] = name
	}
}

// A test that counts on a fault asks whether it happened.
func TestFaultsThatHappenAreCounted(t *testing.T) {
	replace := func(answer []byte) []byte { return bytes.ReplaceAll(answer, []byte("us-west-2"), []byte("evil.s3")) }
	for name, test := range map[string]struct {
		fault robototest.Fault
		count int
	}{
		"an answer in place of the service's own": {robototest.Fault{Status: 503}, 1},
		"an answer without a date":                {robototest.Fault{Header: http.Header{"Date": nil}}, 1},
		"a delay":                                 {robototest.Fault{Delay: time.Nanosecond}, 1},
		"half an answer":                          {robototest.Fault{Truncate: true}, 1},
		"a change of the answer":                  {robototest.Fault{Mutate: replace}, 1},
		"a change that changes nothing":           {robototest.Fault{Mutate: bytes.Clone}, 0},
		"a fault of another operation":            {robototest.Fault{Operation: robototest.ListOrgs, Status: 503}, 0},
	} {
		c := newClient(t, robototest.Options{})
		c.s.Inject(test.fault)
		c.must(getDB)
		if got := c.s.Faulted(); got != test.count {
			t.Errorf("%s is counted as %d faults, want %d", name, got, test.count)
		}
	}
}

func TestAnOutageEndsWhatIsBeingAnswered(t *testing.T) {
	inBubble(t, robototest.Options{}, func(t *testing.T, c *client) {
		release := make(chan struct{})
		c.s.Inject(robototest.Fault{Operation: robototest.GetSecret, Mutate: func(body []byte) []byte { <-release; return body }})
		c.s.Inject(robototest.Fault{Times: 1, Outage: time.Minute})
		go func() {
			if a, err := c.Get(t.Context(), "db"); err == nil {
				t.Errorf("answered %s during the outage", a)
			}
		}()
		synctest.Wait()
		for range 2 { // the first begins the outage, the second is refused
			if a, err := c.call(listed); err == nil {
				t.Errorf("answered %s", a)
			}
		}
		if n := c.s.Count(robototest.ListSecrets); n != 1 {
			t.Errorf("%d requests came in, want one: no connection can be made in an outage", n)
		}
		close(release)
		time.Sleep(time.Minute)
		c.must(listed)
	})
}

func TestEchoes(t *testing.T) {
	c := newClient(t, robototest.Options{})
	a := c.access()
	c.s.Inject(robototest.Fault{Echo: true})
	got := c.must(getDB)
	repeated := string(got.Body) + got.Header.Get("X-Echo") + c.put(a, `some "value"`)
	for _, want := range []string{c.APIKey + " ", a.Creds.Text("session_token"), ` value some "value"`, `\"value\"`} {
		if !strings.Contains(repeated, want) {
			t.Errorf("%s does not repeat %s", repeated, want)
		}
	}
}

// Without these, a test under load would pass for nothing.
func TestThrottleAndLatency(t *testing.T) {
	inBubble(t, robototest.Options{}, func(t *testing.T, c *client) {
		a := c.access()
		c.s.Throttle(2, robototest.Fault{AWSError: "ThrottlingException"})
		time.Sleep(time.Second - time.Duration(time.Now().Nanosecond()))
		for _, want := range []string{"success", "success", "ThrottlingException: "} {
			if got := c.put(a, "some value"); got != want {
				t.Errorf("AWS answered %q, want %q", got, want)
			}
		}
		c.s.Throttle(10, robototest.Fault{Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"1"}}})
		start := time.Now()
		for range 25 {
			c.must(getDB) // it is repeated after a second
		}
		c.s.ClearFaults()
		c.s.Latency(time.Minute)
		c.must(getDB)
		if took := time.Since(start); took != 62*time.Second {
			t.Errorf("25 requests, ten in a second, and a late one took %s", took)
		}
	})
}
