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
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/roboto-ai/terraform-provider-roboto/internal/settings"
)

// NamePrefix begins the name of each secret that a test creates at a real service.
const NamePrefix = "terraform-provider-test-"

// NewPrefix begins the names of one test.
func NewPrefix() string { return NamePrefix + strings.ToLower(rand.Text()[:8]) + "-" }

// NewToken makes a ClientRequestToken, which has to have 32 to 64 characters.
func NewToken() string { return "terraform-" + rand.Text() }

const (
	maxAnswer   = 8 << 20
	maxAttempts = 5
	maxPause    = 10 * time.Second
)

// Client acts for one organization.
type Client struct {
	// Endpoint is Roboto's. SecretsManagerEndpoint is "" for AWS's public one.
	Endpoint, SecretsManagerEndpoint string
	APIKey, OrgID                    string
	Timeout                          time.Duration
	// Transport is nil for http.DefaultTransport.
	Transport http.RoundTripper
	// Requests counts all requests so far, Throttled those that were answered 429.
	Requests, Throttled int
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
	// APIKey is another one than the client's, or "".
	APIKey string
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
	var body io.Reader // none is not the same as an empty one
	if call.Body != nil {
		raw, err := json.Marshal(call.Body)
		if err != nil {
			return Answer{}, err
		}
		body = bytes.NewReader(raw)
	}
	r, err := http.NewRequestWithContext(ctx, call.Method, strings.TrimSuffix(c.Endpoint, "/")+call.Path, body)
	if err != nil {
		return Answer{}, errors.New("the request cannot be made") // err may repeat the address
	}
	for name, value := range map[string]string{
		"Authorization":              "Bearer " + cmp.Or(call.APIKey, c.APIKey),
		"X-Roboto-Api-Version":       "2026-05-20",
		"X-Roboto-Requester":         `{"schema_version":"v1","roboto_tool":"terraform-provider-roboto-test"}`,
		"X-Roboto-Org-Id":            call.Acting,
		"X-Roboto-Resource-Owner-Id": call.Owner,
	} {
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	return c.send(r)
}

// Access is what reading and writing one value takes.
type Access struct {
	ARN   string
	Creds Object
}

var regionPattern = regexp.MustCompile(`^[a-z0-9-]+$`)

// AWS makes a call of Secrets Manager in its JSON 1.1 protocol. It is about the secret of the access if
// the input names no other.
func (c *Client) AWS(ctx context.Context, access Access, operation string, input Object) (Answer, error) {
	if input["SecretId"] == nil {
		input["SecretId"] = access.ARN
	}
	body, err := json.Marshal(input)
	if err != nil {
		return Answer{}, err
	}
	region := access.Region()
	address := c.SecretsManagerEndpoint
	if address == "" {
		if !regionPattern.MatchString(region) { // it becomes a part of the host
			return Answer{}, errors.New("the region is none")
		}
		endpoint, err := secretsmanager.NewDefaultEndpointResolverV2().ResolveEndpoint(
			ctx, secretsmanager.EndpointParameters{Region: &region}.WithDefaults())
		if err != nil {
			return Answer{}, errors.New("AWS has no endpoint for the region")
		}
		address = endpoint.URI.String()
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(address, "/")+"/", bytes.NewReader(body))
	if err != nil {
		return Answer{}, errors.New("the request cannot be made")
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
		c.Requests++
		a, err := attemptOnce(&client, fresh)
		if err != nil || a.Status != http.StatusTooManyRequests {
			return a, err
		}
		c.Throttled++
		if attempt == maxAttempts {
			return a, nil
		}
		pause, err := strconv.Atoi(a.Header.Get("Retry-After"))
		if err != nil {
			pause = 1 << attempt
		}
		if err := Sleep(r.Context(), min(time.Duration(pause)*time.Second, maxPause)); err != nil {
			return a, err
		}
	}
}

func attemptOnce(client *http.Client, r *http.Request) (Answer, error) {
	start := time.Now()
	resp, err := client.Do(r)
	if err != nil {
		return Answer{}, errNoAnswer
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return Answer{}, errNoAnswer
	}
	return Answer{Status: resp.StatusCode, Header: resp.Header, Body: body, Protocol: resp.Proto, Took: time.Since(start)}, nil
}

// errNoAnswer leaves out the address, in which the name of a host may be private.
var errNoAnswer = errors.New("no answer, or not all of it, in time")

// Sleep ends early, with an error, if the context does.
func Sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
