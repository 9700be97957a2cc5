// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"bytes"
	"context"
	"encoding/json"
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

// Config configures a Client. BulkRefresh, SecretsManagerEndpoint and Unusable are optional.
type Config struct {
	// Unusable is why there can be no call, or nil. Then calls fail with it, and only Endpoint has to
	// be set.
	Unusable error
	APIKey   Sensitive
	// APIKeySource is where APIKey came from, for errors.
	APIKeySource string
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

// Options describe the program that uses a Client.
type Options struct {
	// ToolName and ToolVersion identify the program to the service.
	ToolName, ToolVersion string
	// DialContext opens connections. If it is nil, the network is used, with the proxies
	// from the environment of the process.
	DialContext func(ctx context.Context, network, addr string) (net.Conn, error)
	// Log, if set, is called after each attempt of each request with fields that describe it.
	Log func(context.Context, map[string]any)
}

// api makes single calls to one Roboto endpoint with one API key. It is safe for concurrent use.
type api struct {
	config    Config
	guard     guard
	userAgent string
	requester string
	place     place
	transport *transport.Transport
	clients   clients

	// completeErrorsUntil is when errors are no longer completed by a look-up that takes time.
	completeErrorsUntil func() time.Time
}

func newAPI(config Config, options Options) *api {
	t := transport.New(transport.Options{Timeout: config.RequestTimeout, DialContext: options.DialContext, Log: options.Log})
	return &api{
		config:    config,
		guard:     newGuard(config.APIKey),
		userAgent: options.ToolName + "/" + options.ToolVersion,
		requester: requesterHeader(options),
		place:     place{service: ServiceRoboto, host: config.Endpoint.Host, proxy: t.Proxy(config.Endpoint), keySource: config.APIKeySource},
		transport: t,
		clients:   newClients(t, maxRobotoAnswer),

		completeErrorsUntil: sync.OnceValue(func() time.Time { return time.Now().Add(completeErrorsTime) }),
	}
}

// clients are a service's HTTP clients: one for requests that must be sent, and one for the others.
type clients map[bool]*http.Client

func newClients(t *transport.Transport, maxAnswer int) clients {
	result := clients{}
	for _, mustSend := range []bool{false, true} {
		result[mustSend] = t.Client(transport.Service{MaxAnswer: maxAnswer, Throttled: isThrottle, MustSend: mustSend})
	}
	return result
}

// completeErrorsTime limits the look-up that only completes errors, for all of them together.
const completeErrorsTime = 10 * time.Second

// maxRobotoAnswer is how many bytes of an answer are read. It is far more than a page of records.
const maxRobotoAnswer = 8 << 20

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
	method string
	// path holds the elements of the path below the endpoint, not escaped.
	path  []string
	query url.Values
	// actingOrg is the organization for which the caller creates something, ownerOrg the
	// owner of the requested object. Each may be "".
	actingOrg, ownerOrg string
	body                any
	// mustSend sends the request even to a host that is out of reach, because it finds out or
	// undoes what an earlier one did.
	mustSend bool
	// isNew is set if it is about a secret that Roboto may not know everywhere yet.
	isNew bool
}

// mayLag reports whether Roboto may refuse with the status only because the secret is new.
func (r request) mayLag(status int) bool { return r.isNew && status == http.StatusNotFound }

func (a *api) exchange(r request) exchange {
	return exchange{a.place, r.method + " /" + strings.Join(r.path, "/")}
}

// escapedPath is the path with each element percent-encoded.
func (r request) escapedPath() string {
	var path strings.Builder
	for _, element := range r.path {
		path.WriteString("/" + escapePathSegment(element))
	}
	return path.String()
}

// answer is an answer with a status of 2xx.
type answer struct {
	exchange
	data json.RawMessage
	// date is when the server answered, by its clock, or zero if it did not say. received
	// is when the answer arrived, by ours.
	date, received time.Time
}

// send makes a request, and repeats it as Roboto's SDK does (src/roboto/http/http_client.py). One that
// changes something is sent once: its caller looks at the effect first. Errors are of type *Error.
func (a *api) send(ctx context.Context, r request) (answer, error) {
	req, err := a.newRequest(ctx, r)
	if err != nil {
		return answer{}, err
	}
	began, attempts := time.Now(), a.config.MaxAttempts
	if r.method != http.MethodGet {
		attempts = 1
	}
	failed := func(e *Error, lags bool) (answer, error) {
		if attempts > 1 {
			e.tried(began, lags)
		}
		return answer{}, e
	}
	resp, err := retrier(ctx, a.clients[r.mustSend], attempts, r.mayLag).Do(req)
	if err != nil {
		return failed(a.exchange(r).noAnswer(ctx, err), false)
	}
	defer func() { _ = resp.Body.Close() }()
	body, _ := io.ReadAll(resp.Body) // cannot fail, because the transport has read it already
	if resp.StatusCode/100 != 2 {
		return failed(a.refusal(r, resp, body), r.mayLag(resp.StatusCode))
	}
	return a.answer(r, resp.Header, body)
}

func (a *api) newRequest(ctx context.Context, r request) (*retryablehttp.Request, error) {
	if a.config.Unusable != nil {
		return nil, a.config.Unusable
	}
	var body any // not []byte: retryablehttp takes a nil slice for a body
	if r.body != nil {
		encoded, err := json.Marshal(r.body)
		if err != nil {
			return nil, err
		}
		body = encoded
	}
	target := strings.TrimSuffix(a.config.Endpoint.String(), "/") + r.escapedPath()
	if len(r.query) > 0 {
		target += "?" + r.query.Encode()
	}
	req, err := retryablehttp.NewRequestWithContext(ctx, r.method, target, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+a.config.APIKey.Reveal())
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", a.userAgent)
	req.Header.Set("X-Roboto-Api-Version", apiVersion)
	req.Header.Set("X-Roboto-Requester", a.requester)
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

func (a *api) refusal(r request, resp *http.Response, body []byte) *Error {
	code, message := parseErrorBody(body)
	if a.guard().in(code) {
		code = ""
	}
	kind, problem := robotoKind(resp.StatusCode, code, message), ""
	switch {
	case kind == KindNotFound && r.ownerOrg == "":
		kind = KindRefused // what it asks for is there in any case
	case kind == KindUnexpectedAnswer && resp.StatusCode == http.StatusNotFound:
		problem = "this is not how Roboto itself says that something does not exist"
	case kind == KindUnexpectedAnswer:
		problem = "redirects are not followed, because they would send the API key to another server"
	}
	e := a.exchange(r).refused(kind, resp.StatusCode, code, a.guard.describe(message), problem)
	e.lost = kind == KindUnavailable && resp.StatusCode != http.StatusTooManyRequests
	e.retryAfter = transport.RetryAfter(resp.Header)
	return e
}

// answer unwraps {"data": …}. An empty body, {} or null is an answer without data,
// because no reference says what DELETE answers. Anything else is not an answer of
// Roboto's, whatever its status.
func (a *api) answer(r request, header http.Header, body []byte) (answer, error) {
	ans := answer{exchange: a.exchange(r), received: time.Now()}
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		ans.date = date
	}
	// A struct, because a map of a hostile answer can take a dozen times its memory.
	var envelope struct {
		Data  json.RawMessage `json:"data"`
		Error json.RawMessage `json:"error"`
	}
	switch text := bytes.TrimSpace(body); {
	case len(text) == 0 || string(text) == "null" || len(bytes.Trim(text, "{ \t\r\n}")) == 0 && json.Valid(text):
		return ans, nil
	case json.Unmarshal(text, &envelope) != nil:
		return ans, ans.unreadable("it is not JSON")
	case envelope.Error != nil && string(envelope.Error) != "null":
		return ans, ans.unreadable("it is an error with the status of a success")
	case envelope.Data == nil:
		return ans, ans.wrongShape()
	}
	ans.data = envelope.Data
	return ans, nil
}

// decode fills target from the answer's data.
func (a answer) decode(target any) error {
	if len(a.data) == 0 || string(a.data) == "null" || json.Unmarshal(a.data, target) != nil {
		return a.wrongShape()
	}
	return nil
}

func (a answer) wrongShape() *Error {
	return a.unreadable("its JSON does not have the shape of Roboto's answers")
}

// eachItem decodes the items of a JSON array one by one, and stops at the first error. A
// whole slice of items can take a hundred times the memory of its JSON.
func eachItem[T any](ans answer, array json.RawMessage, use func(T) error) error {
	decoder := json.NewDecoder(bytes.NewReader(array))
	if start, err := decoder.Token(); err != nil || start != json.Delim('[') {
		return ans.wrongShape()
	}
	for decoder.More() {
		var item T
		if decoder.Decode(&item) != nil {
			return ans.wrongShape()
		}
		if err := use(item); err != nil {
			return err
		}
	}
	return nil
}
