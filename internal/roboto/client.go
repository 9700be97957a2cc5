// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// Package roboto is a client for the secrets of Roboto (https://www.roboto.ai), and for
// invoking the actions that use them.
//
// Roboto keeps a record of each secret. The value is stored in AWS Secrets Manager and
// never passes through Roboto's API. The client gets temporary credentials for one secret
// from Roboto, and reads or writes the value at AWS itself.
//
// The wire format follows Roboto's public Python SDK (roboto-ai/roboto-python-sdk). File
// names in comments are paths in that repository.
package roboto

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/roboto-ai/terraform-provider-roboto/internal/transport"
)

// apiVersion is the version of Roboto's API that this client uses.
const apiVersion = "2026-05-20"

// Config configures a Client. Endpoint, RequestTimeout and MaxAttempts are required.
type Config struct {
	// APIKey may be empty. Calls then fail with KindNoAPIKey.
	APIKey Sensitive
	// APIKeySource is where APIKey came from, for errors.
	APIKeySource KeySource
	Endpoint     *url.URL
	// RequestTimeout limits one attempt of one request.
	RequestTimeout time.Duration
	// MaxAttempts includes the first attempt.
	MaxAttempts int
	// SecretsManagerEndpoint is nil for the public endpoint of the secret's region.
	SecretsManagerEndpoint *url.URL
	// BulkRefresh allows RefreshRecord to use listings.
	BulkRefresh bool
}

// Client speaks to one Roboto endpoint with one API key. It is safe for
// concurrent use.
type Client struct {
	config         Config
	keyForms       func() []string
	userAgent      string
	requester      string
	transport      *transport.Transport
	route          Route
	roboto         [2]*http.Client // the second is for requests that must be sent
	aws            [2]*http.Client
	secretsManager secretsManager
	orgs           lookup[[]Organization]
	user           lookup[string]
	bulk           bulkRefresh

	// completeErrorsUntil is when errors are no longer completed by a look-up that takes time.
	completeErrorsUntil func() time.Time
}

// Options describe the program that uses a Client.
type Options struct {
	// ToolName and ToolVersion identify the program to the service.
	ToolName, ToolVersion string
	// DialContext opens connections. If it is nil, the network is used, with the proxies
	// from the environment of the process.
	DialContext func(ctx context.Context, network, addr string) (net.Conn, error)
	// Log, if set, is called after each attempt of each request.
	Log func(context.Context, transport.Exchange)
}

// NewClient makes no call.
func NewClient(config Config, options Options) *Client {
	t := transport.New(transport.Options{Timeout: config.RequestTimeout, DialContext: options.DialContext, Log: options.Log})
	c := &Client{
		config:    config,
		keyForms:  keyForms(config.APIKey),
		transport: t,
		route:     Route{Host: config.Endpoint.Host, Proxy: t.Proxy(config.Endpoint), APIKey: config.APIKeySource},
		userAgent: options.ToolName + "/" + options.ToolVersion,
		requester: requesterHeader(options),
		orgs:      lookup[[]Organization]{refusalIsFinal: true},

		completeErrorsUntil: sync.OnceValue(func() time.Time { return time.Now().Add(orgLookupTime) }),
	}
	for i, mustSend := range []bool{false, true} {
		c.roboto[i] = t.Client(transport.Service{MaxAnswer: maxRobotoAnswer, Throttled: isTooManyRequests, MustSend: mustSend})
		c.aws[i] = t.Client(transport.Service{MaxAnswer: maxAWSAnswer, Throttled: isAWSThrottle, MustSend: mustSend})
	}
	c.secretsManager = newSecretsManager(config)
	return c
}

// The bounds of an answer, in bytes. Roboto's is far more than a page of records. AWS's is far
// more than a value of 65,536 bytes with any JSON escaping. It is small, because the AWS SDK can
// take a hundred times the memory of the JSON that it decodes.
const (
	maxRobotoAnswer = 8 << 20
	maxAWSAnswer    = 1 << 20
)

func isTooManyRequests(status int, _ http.Header, _ []byte) bool {
	return status == http.StatusTooManyRequests
}

// client is one of a pair of clients.
func client(pair [2]*http.Client, mustSend bool) *http.Client {
	if mustSend {
		return pair[1]
	}
	return pair[0]
}

// requesterHeader identifies the program to Roboto (src/roboto/http/requester.py).
func requesterHeader(options Options) string {
	header, _ := json.Marshal(struct {
		SchemaVersion string `json:"schema_version"`
		Platform      string `json:"platform"`
		Tool          string `json:"roboto_tool"`
		ToolVersion   string `json:"roboto_tool_version"`
	}{"v1", runtime.GOOS + "/" + runtime.GOARCH, options.ToolName, options.ToolVersion})
	return string(header)
}

// The headers that name an organization (src/roboto/http/constants.py).
const (
	headerActingOrg = "X-Roboto-Org-Id"
	headerOwnerOrg  = "X-Roboto-Resource-Owner-Id"
)

// request is one call to Roboto.
type request struct {
	route  Route
	method string
	// path lies below the endpoint, percent-encoded, with a leading slash.
	path  string
	query url.Values
	// actingOrg is the organization for which the caller creates something, ownerOrg the
	// owner of the requested object. Each may be "".
	actingOrg, ownerOrg string
	body                any
	// mustSend sends the request even to a host that is out of reach, because it finds out or
	// undoes what an earlier one did.
	mustSend bool
}

// String shows the name of the secret unescaped.
func (r request) String() string {
	if path, err := url.PathUnescape(r.path); err == nil {
		return r.method + " " + path
	}
	return r.method + " " + r.path
}

// answer is an answer with a status of 2xx.
type answer struct {
	data json.RawMessage
	// date is when the server answered, by its clock, or zero if it did not say. received
	// is when the answer arrived, by ours.
	date, received time.Time
}

// send makes a request. A GET is repeated if that may help. Errors are of type *Error.
func (c *Client) send(ctx context.Context, r request) (answer, error) {
	req, err := c.newRequest(ctx, r)
	if err != nil {
		return answer{}, err
	}
	resp, err := c.retrier(ctx, r).Do(req)
	if err != nil {
		return answer{}, noAnswer(ctx, ServiceRoboto, r.route, r.String(), err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, _ := io.ReadAll(resp.Body) // cannot fail, because the transport has read it already
	if resp.StatusCode/100 != 2 {
		return answer{}, c.refused(ctx, r, c.apiError(r, resp, body))
	}
	return parseAnswer(r, resp.Header, body)
}

// refused completes the error for a request that was refused. Roboto also answers 401 to
// somebody who does not belong to an organization.
func (c *Client) refused(ctx context.Context, r request, err *Error) error {
	if r.path != pathCallerOrgs && (err.Kind == KindTokenRefused || err.Code == codeUnauthorized) {
		return c.withOwnOrgs(ctx, cmp.Or(r.actingOrg, r.ownerOrg), err)
	}
	return err
}

func (c *Client) newRequest(ctx context.Context, r request) (*retryablehttp.Request, error) {
	if c.config.APIKey.IsEmpty() {
		return nil, &Error{Kind: KindNoAPIKey, Request: r.String()}
	}
	var body any // not []byte: retryablehttp takes a nil slice for a body
	if r.body != nil {
		encoded, err := json.Marshal(r.body)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r, err)
		}
		body = encoded
	}
	target := strings.TrimSuffix(c.config.Endpoint.String(), "/") + r.path
	if len(r.query) > 0 {
		target += "?" + r.query.Encode()
	}
	req, err := retryablehttp.NewRequestWithContext(ctx, r.method, target, body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r, err)
	}
	req.Header.Set("Authorization", "Bearer "+c.config.APIKey.Reveal())
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.userAgent)
	req.Header.Set("X-Roboto-Api-Version", apiVersion)
	req.Header.Set("X-Roboto-Requester", c.requester)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, orgID := range map[string]string{headerActingOrg: r.actingOrg, headerOwnerOrg: r.ownerOrg} {
		if orgID != "" {
			req.Header.Set(name, orgID)
		}
	}
	return req, nil
}

func (c *Client) apiError(r request, resp *http.Response, body []byte) *Error {
	code, message := parseErrorBody(body)
	if holdsPiece(code, c.keyForms()) {
		code = ""
	}
	kind, problem := robotoKind(resp.StatusCode, code, message), ""
	switch {
	case kind == KindUnexpectedAnswer && resp.StatusCode == http.StatusNotFound:
		problem = "this is not how Roboto itself says that something does not exist"
	case kind == KindUnexpectedAnswer:
		problem = "redirects are not followed, because they would send the API key to another server"
	}
	asked, _ := transport.RetryAfter(resp.Header)
	return &Error{
		Kind:       kind,
		Service:    ServiceRoboto,
		Route:      r.route,
		Request:    r.String(),
		StatusCode: resp.StatusCode,
		Code:       code,
		Message:    c.message(message),
		Problem:    problem,
		lost:       kind == KindUnavailable,
		retryAfter: asked,
	}
}

// parseAnswer unwraps {"data": …}. An empty body, {} or null is an answer without data,
// because no reference says what DELETE answers. Anything else is not an answer of
// Roboto's, whatever its status.
func parseAnswer(r request, header http.Header, body []byte) (answer, error) {
	result := answer{received: time.Now()}
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		result.date = date
	}
	// A struct, because a map of a hostile answer can take a dozen times its memory.
	var envelope struct {
		Data  json.RawMessage `json:"data"`
		Error json.RawMessage `json:"error"`
	}
	switch text := bytes.TrimSpace(body); {
	case len(text) == 0 || string(text) == "null" || len(bytes.Trim(text, "{ \t\r\n}")) == 0 && json.Valid(text):
		return result, nil
	case json.Unmarshal(text, &envelope) != nil:
		return answer{}, unreadable(r, "it is not JSON")
	case envelope.Error != nil && string(envelope.Error) != "null":
		return answer{}, unreadable(r, "it is an error with the status of a success")
	case envelope.Data == nil:
		return answer{}, wrongShape(r)
	}
	result.data = envelope.Data
	return result, nil
}

// decode fills target from the answer's data.
func (a answer) decode(r request, target any) error {
	if len(a.data) == 0 || string(a.data) == "null" || json.Unmarshal(a.data, target) != nil {
		return wrongShape(r)
	}
	return nil
}

// eachItem decodes the items of a JSON array one by one, and stops at the first error. A
// whole slice of items can take a hundred times the memory of its JSON.
func eachItem[T any](r request, array json.RawMessage, use func(T) error) error {
	decoder := json.NewDecoder(bytes.NewReader(array))
	if start, err := decoder.Token(); err != nil || start != json.Delim('[') {
		return wrongShape(r)
	}
	for decoder.More() {
		var item T
		if decoder.Decode(&item) != nil {
			return wrongShape(r)
		}
		if err := use(item); err != nil {
			return err
		}
	}
	return nil
}

func wrongShape(r request) error {
	return unreadable(r, "its JSON does not have the shape of Roboto's answers")
}
