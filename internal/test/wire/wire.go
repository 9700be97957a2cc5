// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// Package wire speaks to Roboto and to AWS Secrets Manager over plain HTTP, for tests that
// need to see what a service answers. It shares nothing with the provider's client, whose
// reading of the wire is in question there.
package wire

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/roboto-ai/terraform-provider-roboto/internal/settings"
)

// NamePrefix begins the name of each secret that a test creates at a real service.
const NamePrefix = "terraform-provider-test-"

// NewPrefix begins the names of one test.
func NewPrefix() string { return NamePrefix + strings.ToLower(rand.Text()[:8]) + "-" }

// NewToken makes a ClientRequestToken, which has to have 32 to 64 characters.
func NewToken() string { return "terraform-" + rand.Text() }

// Client acts for one organization.
type Client struct {
	// Endpoint is Roboto's. SecretsManagerEndpoint is "" for AWS's public one.
	Endpoint, SecretsManagerEndpoint string
	APIKey, OrgID                    string
	Timeout                          time.Duration
	// Transport is nil for http.DefaultTransport.
	Transport http.RoundTripper
}

// FromEnvironment leads to the service that the provider would use.
func FromEnvironment(env settings.Environment) (*Client, error) {
	config, _, err := settings.Resolve(settings.Explicit{}, env)
	if err != nil {
		return nil, err
	}
	orgID, err := settings.DefaultOrgID(settings.Explicit{}, env)
	if err != nil {
		return nil, err
	}
	if orgID == "" {
		return nil, errors.New("secrets will be created and deleted: name an organization for tests in ROBOTO_ORG_ID")
	}
	c := &Client{Endpoint: config.Endpoint.String(), APIKey: config.APIKey.Reveal(), OrgID: orgID, Timeout: config.RequestTimeout}
	if config.SecretsManagerEndpoint != nil {
		c.SecretsManagerEndpoint = config.SecretsManagerEndpoint.String()
	}
	return c, nil
}

// Call is one request to Roboto.
type Call struct {
	// Method is "" for GET.
	Method string
	// Path is percent-encoded, and may have a query.
	Path string
	// Acting is the organization that acts, and Owner that of what the call acts on. They
	// are named in a header each, if at all.
	Acting, Owner string
	// Body is nil for none.
	Body any
}

// SecretPath is the path of a secret's record.
func SecretPath(name string) string { return "/v1/secrets/name/" + url.PathEscape(name) }

// Create posts a record.
func (c *Client) Create(ctx context.Context, name string) (Answer, error) {
	return c.Roboto(ctx, Call{Method: http.MethodPost, Path: "/v1/secrets", Acting: c.OrgID, Body: map[string]string{"name": name}})
}

// Get asks for a record.
func (c *Client) Get(ctx context.Context, name string) (Answer, error) {
	return c.Roboto(ctx, Call{Path: SecretPath(name), Owner: c.OrgID})
}

// Delete refuses every name that is none of a test's.
func (c *Client) Delete(ctx context.Context, name string) (Answer, error) {
	if !strings.HasPrefix(name, NamePrefix) {
		return Answer{}, fmt.Errorf("%q is not the name of a test's secret", name)
	}
	return c.Roboto(ctx, Call{Method: http.MethodDelete, Path: SecretPath(name), Owner: c.OrgID})
}

// Credentials asks for access to a value.
func (c *Client) Credentials(ctx context.Context, name string) (Answer, error) {
	return c.Roboto(ctx, Call{Path: SecretPath(name) + "/creds", Owner: c.OrgID})
}

// Roboto makes a request to Roboto.
func (c *Client) Roboto(ctx context.Context, call Call) (Answer, error) {
	r, body, err := newRequest(ctx, call.Method, c.Endpoint, call.Path, call.Body)
	if err != nil {
		return Answer{}, err
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for name, value := range map[string]string{
		"Authorization":              "Bearer " + c.APIKey,
		"X-Roboto-Api-Version":       "2026-05-20",
		"X-Roboto-Requester":         `{"schema_version":"v1","roboto_tool":"terraform-provider-roboto-test"}`,
		"X-Roboto-Org-Id":            call.Acting,
		"X-Roboto-Resource-Owner-Id": call.Owner,
	} {
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	return c.send(r)
}

// newRequest also returns the body. None is not the same as an empty one.
func newRequest(ctx context.Context, method, endpoint, path string, content any) (r *http.Request, body []byte, err error) {
	var reader io.Reader
	if content != nil {
		if body, err = json.Marshal(content); err != nil {
			return nil, nil, err
		}
		reader = bytes.NewReader(body)
	}
	r, err = http.NewRequestWithContext(ctx, method, strings.TrimSuffix(endpoint, "/")+path, reader)
	if err != nil {
		return nil, nil, errors.New("the request cannot be made") // err may repeat the address
	}
	return r, body, nil
}

// Access is what reading and writing one value takes.
type Access struct {
	ARN   string
	Creds Object
}

// AWS makes a call of Secrets Manager in its JSON 1.1 protocol. It is about the secret of the access if
// the input names no other.
func (c *Client) AWS(ctx context.Context, access Access, operation string, input Object) (Answer, error) {
	if input["SecretId"] == nil {
		input["SecretId"] = access.ARN
	}
	region := access.Region()
	if !regexp.MustCompile(`^[a-z0-9-]+$`).MatchString(region) { // it becomes a part of the host
		return Answer{}, errors.New("the region is none")
	}
	r, body, err := newRequest(ctx, http.MethodPost, cmp.Or(c.SecretsManagerEndpoint, "https://secretsmanager."+region+".amazonaws.com"), "/", input)
	if err != nil {
		return Answer{}, err
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "secretsmanager."+operation)
	hash := sha256.Sum256(body)
	err = v4.NewSigner().SignHTTP(ctx, aws.Credentials{
		AccessKeyID: access.Creds.Text("access_key_id"), SecretAccessKey: access.Creds.Text("secret_access_key"), SessionToken: access.Creds.Text("session_token"),
	}, r, hex.EncodeToString(hash[:]), "secretsmanager", region, time.Now())
	if err != nil {
		return Answer{}, errors.New("the request cannot be signed")
	}
	return c.send(r)
}

// Region is that of the ARN.
func (a Access) Region() string {
	parts := strings.Split(a.ARN, ":")
	return parts[min(3, len(parts)-1)]
}

// errNoAnswer leaves out the address, in which the name of a host may be private.
var errNoAnswer = errors.New("no answer, or not all of it, in time")

// send repeats a request that came too early, and only such a one. Redirects are not followed.
func (c *Client) send(r *http.Request) (Answer, error) {
	client := http.Client{
		Transport: c.Transport, Timeout: c.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	for attempt := 1; ; attempt++ {
		fresh := r.Clone(r.Context())
		if r.GetBody != nil {
			fresh.Body, _ = r.GetBody() // the one before is read
		}
		start := time.Now()
		resp, err := client.Do(fresh)
		if err != nil {
			return Answer{}, errNoAnswer
		}
		body, err := io.ReadAll(io.LimitReader(resp.Body, 8<<20))
		_ = resp.Body.Close()
		if err != nil {
			return Answer{}, errNoAnswer
		}
		a := Answer{Status: resp.StatusCode, Header: resp.Header, Body: body, Took: time.Since(start)}
		if a.Status != http.StatusTooManyRequests || attempt == 5 {
			return a, nil
		}
		pause, err := strconv.Atoi(a.Header.Get("Retry-After"))
		if err != nil {
			pause = 1 << attempt
		}
		if err := Sleep(r.Context(), min(time.Duration(pause)*time.Second, 10*time.Second)); err != nil {
			return a, err
		}
	}
}

// Sleep ends early, with an error, if the context does.
func Sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// Answer is what a service answered.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	Took   time.Duration
}

// OK tells whether the answer is a success.
func (a Answer) OK() bool { return a.Status/100 == 2 }

// Refusal tells whether the caller may not ask so.
func (a Answer) Refusal() bool {
	return a.Status == http.StatusUnauthorized || a.Status == http.StatusForbidden
}

// codePattern finds the code of an error wherever it stands, so that another envelope is one
// difference and not many. It lets through nothing else. AWS may put a namespace before it.
var codePattern = regexp.MustCompile(`"(?:error_code|__type)"\s*:\s*"(?:[^"#]*#)?([A-Za-z_]{1,60})"`)

// Code is that of an error of Roboto or AWS, "" if there is none.
func (a Answer) Code() string {
	if match := codePattern.FindSubmatch(a.Body); match != nil {
		return string(match[1])
	}
	return ""
}

// String shows status and code, nothing else: messages may repeat anything.
func (a Answer) String() string { return strings.TrimSpace(fmt.Sprintf("%d %s", a.Status, a.Code())) }

// Date is the time by the clock of whoever answered.
func (a Answer) Date() (time.Time, error) { return http.ParseTime(a.Header.Get("Date")) }

// Output is an answer that is an object, such as AWS's, else nil.
func (a Answer) Output() (o Object) {
	_ = json.Unmarshal(a.Body, &o)
	return o
}

// Data is what Roboto's answer wraps, nil if it wraps nothing.
func (a Answer) Data() any {
	if !a.OK() {
		return nil
	}
	return a.Output()["data"]
}

// Object is Roboto's data if that is an object, else nil.
func (a Answer) Object() Object { return asObject(a.Data()) }

// Access is that to a value, from an answer to Credentials.
func (a Answer) Access() Access {
	data := a.Object()
	return Access{ARN: data.Object("record").ARN(), Creds: data.Object("creds")}
}

// Object is a JSON object whose fields are looked at one by one, so that one odd field is
// one difference.
type Object map[string]any

func asObject(value any) Object {
	fields, _ := value.(map[string]any)
	return fields
}

// Text is a field that is a string, "" for all else.
func (o Object) Text(key string) string {
	text, _ := o[key].(string)
	return text
}

// Object is a field that is an object, else nil.
func (o Object) Object(key string) Object { return asObject(o[key]) }

// Objects are the items of a list, nil for each that is none.
func Objects(list any) []Object {
	items, _ := list.([]any)
	all := make([]Object, len(items))
	for i, item := range items {
		all[i] = asObject(item)
	}
	return all
}

// ARN is where a record says that its value is.
func (o Object) ARN() string { return o.Object("location").Text("arn") }

var kinds = map[string]string{
	"string": "text", "float64": "a number", "bool": "true or false",
	"[]interface {}": "a list", "map[string]interface {}": "an object", "<nil>": "null",
}

// Kind says what a field is without saying what is in it.
func (o Object) Kind(key string) string {
	value, ok := o[key]
	switch {
	case !ok:
		return "missing"
	case value == "":
		return "empty text"
	}
	return kinds[fmt.Sprintf("%T", value)]
}
